"""How a catalogue is filled: half of it with the pieces of series, the rest with items of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from genrec.data.synthetic.draws import Draws

T = TypeVar("T")

_SERIES_PERCENT = 50  # of all items belong to a series
_LONGEST = 5  # pieces of a series, at most


def stock(n: int, draws: Draws, series: Callable[[Draws, int], list[T]], single: Callable[[Draws], T]) -> list[T]:
    """`n` items in random order. series: the pieces of the series of that number. single: an item of none."""
    made: list[T] = []
    number = 0
    while len(made) * 100 < n * _SERIES_PERCENT and len(made) + _LONGEST <= n:
        made.extend(series(draws, number))
        number += 1
    while len(made) < n:
        made.append(single(draws))
    return [made[i] for i in draws.order(n)]


def series_name(number: int, first: tuple[str, ...], last: tuple[str, ...]) -> str:
    """One word of each list. Their lengths share no factor, so that every pair is met before one comes twice."""
    again = number // (len(first) * len(last))
    name = f"{first[number % len(first)]} {last[number % len(last)]}"
    return f"{name} {again + 1}" if again else name
