"""Facts: what a catalogue's columns say of its items, value by value, and which items meet a wish for several."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import polars as pl

from genrec.data.catalog import Catalog
from genrec.embed.attributes import suitable
from genrec.model.tasks import synonyms

T = TypeVar("T")
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
        self._tagged, self._empty = not said, tuple[str, ...]()
        if self._tagged:
            tags, self._empty = _tags(table)
            said = {TAG: tags}
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

    def after(self, catalog: Catalog, rows: np.ndarray) -> Facts:
        """Of a later version of the catalogue. rows: int64, the items that differ and those that are new.

        The same facts hold of the same items as in facts made anew, but numbers are kept: a value that no item had gets
        the next one, and one that no item has any more keeps its own. Columns, the words that titles taught and, in a
        catalogue without columns, what counts as a tag stay what they were.
        """
        new = Facts.__new__(Facts)
        new.attributes, new._tagged, new._empty = self.attributes, self._tagged, self._empty
        table = catalog.table[rows]
        said = (
            {TAG: self._known_tags(table)} if self._tagged else {n: _said(table[n].to_list()) for n in self.attributes}
        )
        every = (Fact(name, value) for name, column in said.items() for row in column for value in row)
        fresh = [fact for fact in dict.fromkeys(every) if fact not in self.number]
        new.facts, new.number = self.facts, self.number
        if fresh:
            new.facts = (*self.facts, *fresh)
            new.number = self.number | {fact: place for place, fact in enumerate(fresh, start=len(self))}
        own = [
            tuple(new.number[Fact(name, value)] for name, column in said.items() for value in column[place])
            for place in range(len(rows))
        ]
        items, titles = rows.tolist(), [title or "" for title in table["title"].to_list()]
        new._titles, new._of = replaced(self._titles, items, titles), replaced(self._of, items, own)
        if "_items" in self.__dict__:
            new.__dict__["_items"] = _turned(self._items, self._of, new._of, items, len(fresh))
        if "words" in self.__dict__:
            new.__dict__["words"] = [*self.words, *((fact.value,) for fact in fresh)]
        return new

    def _known_tags(self, table: pl.DataFrame) -> list[tuple[str, ...]]:
        rows = _sentences(table)
        for word in self._empty:
            rows = [[one.removeprefix(f"{word} ") for one in row] for row in rows]
        return [tuple(dict.fromkeys(one for one in row if Fact(TAG, one) in self.number)) for row in rows]

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


def _tags(table: pl.DataFrame) -> tuple[list[tuple[str, ...]], tuple[str, ...]]:
    """The sentences of every item's text that are not its title and stand in another item's text too; and the first
    words that were left out of them."""
    rows, empty = _sentences(table), []
    # A first word that a third of all begin with says nothing: the department that the whole catalogue belongs to.
    while True:
        firsts = Counter(one.partition(" ")[0] for row in rows for one in row if " " in one)
        word, times = firsts.most_common(1)[0] if firsts else ("", 0)
        if not times or 3 * times < sum(bool(one) for row in rows for one in row):
            break
        empty.append(word)
        rows = [[one.removeprefix(f"{word} ") for one in row] for row in rows]
    counts = Counter(one for row in rows for one in set(row))
    found = [tuple(dict.fromkeys(one for one in row if one and 1 < counts[one] < len(rows))) for row in rows]
    return found, tuple(empty)


def _sentences(table: pl.DataFrame) -> list[list[str]]:
    rows = []
    for title, text in table.select("title", "text").iter_rows():
        rest = (text or "").removeprefix(title or "")
        rows.append([" ".join(one.split()).strip(" .") for one in rest.split(". ")])
    return rows


def replaced(former: list[T], items: Sequence[int], values: Sequence[T]) -> list[T]:
    """A list by item index with other values for `items`, which are sorted; those beyond its end make it longer."""
    grown = [*former]
    for item, value in zip(items, values, strict=True):
        if item < len(grown):
            grown[item] = value
        else:
            grown.append(value)
    return grown


def _turned(
    items: list[np.ndarray], before: list[tuple[int, ...]], after: list[tuple[int, ...]], rows: list[int], fresh: int
) -> list[np.ndarray]:
    """The items of every fact, where only these rows have other facts than before."""
    gone, come = defaultdict[int, list[int]](list), defaultdict[int, list[int]](list)
    for item in rows:
        old, new = set(before[item]) if item < len(before) else set[int](), set(after[item])
        for fact in old - new:
            gone[fact].append(item)
        for fact in new - old:
            come[fact].append(item)
    found = [*items, *(np.empty(0, np.int32) for _ in range(fresh))]
    for fact in {*gone, *come}:
        stay = np.setdiff1d(found[fact], np.array(gone[fact], np.int32), assume_unique=True)
        found[fact] = np.union1d(stay, np.array(come[fact], np.int32))
    return found
