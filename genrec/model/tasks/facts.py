"""Facts: what a catalogue's columns say of its items, value by value, and which items meet a wish for several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from genrec.data.catalog import Catalog
from genrec.embed.attributes import suitable
from genrec.model.tasks import synonyms

TAG = "tag"
"""The attribute of a catalogue without columns of its own: sentences of the text that items share."""


@dataclass(frozen=True, order=True)
class Fact:
    """One value of one attribute: colour, red."""

    attribute: str
    value: str


class Facts:
    """attributes: the columns that count. facts: all V values of them that an item has, by column, then sorted.

    A fact's number is its place in `facts`. Columns of numbers say nothing here: nobody asks for a price of 95.9. A
    catalogue without further columns has the attribute `TAG`: what texts say beside the title, sentence by sentence,
    where another item's says the same (the category and brand that many data sets write there).
    """

    def __init__(self, catalog: Catalog) -> None:
        table = catalog.table
        said = {name: _said(table[name].to_list()) for name in suitable(table) if not table[name].dtype.is_numeric()}
        if not said:
            said = {TAG: _tags(table)}
        self.attributes = tuple(said)
        self.facts = tuple(
            Fact(name, value) for name, rows in said.items() for value in sorted({one for row in rows for one in row})
        )
        self.number = {fact: place for place, fact in enumerate(self.facts)}
        self._titles = [title or "" for title in table["title"].to_list()]
        self._of: list[tuple[int, ...]] = [
            tuple(self.number[Fact(name, value)] for name, rows in said.items() for value in rows[item])
            for item in range(len(catalog))
        ]

    def __len__(self) -> int:
        return len(self.facts)

    @property
    def total(self) -> int:
        """Items of the catalogue."""
        return len(self._of)

    def of(self, item: int) -> tuple[int, ...]:
        """The numbers of the facts of an item, by column."""
        return self._of[item]

    def columns(self, item: int) -> int:
        """How many attributes say something of an item."""
        return len({self.facts[fact].attribute for fact in self._of[item]})

    def items(self, facts: Iterable[int]) -> np.ndarray:
        """int32, sorted: the items of which all of `facts` hold; all of them where none is named."""
        lists = sorted((self._items[fact] for fact in facts), key=len)
        if not lists:
            return np.arange(len(self._of), dtype=np.int32)
        found = lists[0]
        for other in lists[1:]:
            found = np.intersect1d(found, other, assume_unique=True)
        return found

    def implied(self, one: int, other: int) -> bool:
        """Whether all items of one of the two facts have the other too."""
        return len(self.items((one, other))) == min(len(self._items[one]), len(self._items[other]))

    def siblings(self, fact: int) -> np.ndarray:
        """int64, sorted: the other values of its attribute."""
        name = self.facts[fact].attribute
        return np.array([n for n, other in enumerate(self.facts) if other.attribute == name and n != fact], np.int64)

    @cached_property
    def words(self) -> list[tuple[str, ...]]:
        """How each fact is said: its value as the column writes it, then what titles say, frequent words first."""
        learned = synonyms.learn(self._titles, self._of, len(self))
        return [
            (fact.value, *(word for word in words if word != fact.value.lower()))
            for fact, words in zip(self.facts, learned, strict=True)
        ]

    def stated(self, words: Iterable[str]) -> list[int]:
        """The facts that words state: all words of one way to say them are among these."""
        there = {word.lower() for word in words}
        return sorted({n for word in there for n, whole in self._by_word.get(word, ()) if whole <= there})

    @cached_property
    def _by_word(self) -> dict[str, list[tuple[int, frozenset[str]]]]:
        """Ways to say facts, by their first word."""
        found: dict[str, list[tuple[int, frozenset[str]]]] = {}
        for n, ways in enumerate(self.words):
            for way in ways:
                if split := way.lower().split():
                    found.setdefault(split[0], []).append((n, frozenset(split)))
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
        tuple(dict.fromkeys(" ".join(str(one).split()) for one in row if one is not None and str(one).strip()))
        for row in rows
    ]


def _tags(table: pl.DataFrame) -> list[tuple[str, ...]]:
    """The sentences of every item's text that are not its title and stand in another item's text too."""
    rows = []
    for title, text in table.select("title", "text").iter_rows():
        rest = (text or "").removeprefix(title or "")
        rows.append([" ".join(one.split()).strip(" .") for one in rest.split(". ")])
    # A first word that a third of all begin with says nothing: the department that the whole catalogue belongs to.
    while True:
        firsts = Counter(one.partition(" ")[0] for row in rows for one in row if " " in one)
        word, times = firsts.most_common(1)[0] if firsts else ("", 0)
        if not times or 3 * times < sum(bool(one) for row in rows for one in row):
            break
        rows = [[one.removeprefix(f"{word} ") for one in row] for row in rows]
    counts = Counter(one for row in rows for one in set(row))
    return [tuple(dict.fromkeys(one for one in row if one and 1 < counts[one] < len(rows))) for row in rows]
