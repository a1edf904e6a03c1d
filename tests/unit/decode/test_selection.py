"""Choosing the largest, by brute force over plain lists. Scores come from few values, so that ties are the rule."""

from __future__ import annotations

import math

import torch
from hypothesis import given
from hypothesis import strategies as st

from genrec.decode.selection import best, largest, spread_out

VALUE = st.sampled_from([-math.inf, -2.5, -1.0, -(2.0**-100), -0.0, 0.0, 2.0**-100, 3.0, 2.0**100])


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[float]], list[list[int]], int]:
    """Scores, keys that are distinct in a row, and how many are wanted."""
    width = draw(st.integers(1, 9))
    scores = draw(st.lists(st.lists(VALUE, min_size=width, max_size=width), min_size=1, max_size=4))
    key = st.integers(0, 2**31 - 1) | st.integers(0, 5)
    keys = [draw(st.lists(key, min_size=width, max_size=width, unique=True)) for _ in scores]
    return scores, keys, draw(st.integers(1, 11))


def finite(order: list[int], scores: list[float]) -> list[int]:
    return [place for place in order if scores[place] > -math.inf]


@given(tables())
def test_the_largest_with_ties_to_the_smaller_key(table: tuple[list[list[float]], list[list[int]], int]) -> None:
    scores, keys, count = table
    asked, by = torch.tensor(scores), torch.tensor(keys)
    for named in (None, lambda rows: by[rows]):
        found = largest(asked, count, named)
        assert found.shape == (len(scores), min(count, len(scores[0])))
        for row, own in enumerate(scores):
            key = keys[row] if named else list(range(len(own)))
            ranking = sorted(range(len(own)), key=lambda place, own=own, key=key: (-own[place], key[place]))
            assert sorted(finite(found[row].tolist(), own)) == sorted(finite(ranking[:count], own))
    places, values = best(asked, by, count)
    for row, own in enumerate(scores):
        ranking = sorted(range(len(own)), key=lambda place, own=own, row=row: (-own[place], keys[row][place]))
        assert finite(places[row].tolist(), own) == finite(ranking[:count], own)
        assert values[row].tolist() == [own[place] for place in places[row].tolist()]


@given(tables(), st.data())
def test_groups_give_way_only_while_there_are_others(
    table: tuple[list[list[float]], list[list[int]], int], data: st.DataObject
) -> None:
    scores, keys, count = table
    groups = [[data.draw(st.integers(0, 3)) for _ in row] for row in scores]
    most = data.draw(st.integers(1, 3))
    found = spread_out(torch.tensor(scores), torch.tensor(groups), count, most, torch.tensor(keys))
    for row, own in enumerate(scores):
        ranking = sorted(range(len(own)), key=lambda place, own=own, row=row: (-own[place], keys[row][place]))
        ranking = finite(ranking, own)
        first = [
            p for at, p in enumerate(ranking) if [groups[row][q] for q in ranking[:at]].count(groups[row][p]) < most
        ]
        expected = [*first, *(place for place in ranking if place not in first)][:count]
        assert sorted(finite(found[row].tolist(), own)) == sorted(expected)
