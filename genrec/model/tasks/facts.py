"""Facts: what a catalogue's columns say of its items, value by value, and which items meet a wish for several."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from genrec.data.catalog import Catalog
from genrec.embed.attributes import suitable


@dataclass(frozen=True, order=True)
class Fact:
    """One value of one attribute: colour, red."""

    attribute: str
    value: str


class Facts:
    """attributes: the columns that count. facts: all V values of them that an item has, sorted by column and value.

    A fact's number is its place in `facts`. Columns of numbers say nothing here: nobody asks for a price of 95.9.
    """

    def __init__(self, catalog: Catalog) -> None:
        table = catalog.table
        named = [name for name in suitable(table) if not table[name].dtype.is_numeric()]
        said = {name: _said(table[name].to_list()) for name in named}
        self.attributes = tuple(named)
        self.facts = tuple(
            Fact(name, value) for name in named for value in sorted({one for values in said[name] for one in values})
        )
        self.number = {fact: place for place, fact in enumerate(self.facts)}
        self._of: list[tuple[int, ...]] = [
            tuple(self.number[Fact(name, value)] for name in named for value in said[name][item])
            for item in range(len(catalog))
        ]

    def __len__(self) -> int:
        return len(self.facts)

    def of(self, item: int) -> tuple[int, ...]:
        """The numbers of the facts of an item, by column."""
        return self._of[item]

    def items(self, facts: Iterable[int]) -> np.ndarray:
        """int32, sorted: the items of which all of `facts` hold; all of them where none is named."""
        lists = sorted((self._items[fact] for fact in facts), key=len)
        if not lists:
            return np.arange(len(self._of), dtype=np.int32)
        found = lists[0]
        for other in lists[1:]:
            found = np.intersect1d(found, other, assume_unique=True)
        return found

    @cached_property
    def _items(self) -> list[np.ndarray]:
        numbers = np.array([fact for facts in self._of for fact in facts], np.int64)
        items = np.repeat(np.arange(len(self._of), dtype=np.int32), [len(facts) for facts in self._of])
        order = np.argsort(numbers, kind="stable")
        return np.split(items[order], np.cumsum(np.bincount(numbers, minlength=len(self.facts)))[:-1])


def _said(column: list) -> list[tuple[str, ...]]:
    """Every item's values as text: none where one is missing, several where the column holds lists."""
    rows = (value if isinstance(value, list) else [value] for value in column)
    return [
        tuple(dict.fromkeys(str(one).strip() for one in row if one is not None and str(one).strip())) for row in rows
    ]
