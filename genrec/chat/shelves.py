"""A catalogue as one speaks about it: columns of words, of yes and no, of numbers and dates, and what is counted there.

Everything is read from the table by column when it is first asked for; nothing is done item by item.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from genrec.chat.constraints import Constraints, Value
from genrec.data.catalog import COLUMNS, Catalog
from genrec.decode.columns import ColumnIndex
from genrec.decode.filters import kind_of
from genrec.embed.attributes import suitable
from genrec.model.tasks.facts import TAG, Facts
from genrec.model.tasks.messages import PRICES

SAMPLE = 5_000
"""Rows that decide which columns are spoken of, and from which words are learned."""
TAGS = 500
"""Tags of a catalogue without columns that are listened for."""
KINDS = ("category", "kind", "type", "product_type", "department", "genre", "genres", "categories", "class")
"""What the column is called that says what a thing is, if one of these is there."""
THINGS = ("category", "kind", "type", "product_type")
"""Those by which what goes with a thing is told from it: a drill and its case, but no mystery and another book."""


Coded = tuple[np.ndarray, np.ndarray, list[Value]]
"""Pairs of an item and a value: int64 (P,) item indices, int64 (P,) places in the list of values."""


class Shelves:
    """Of one catalogue. words: columns of words; flags: of yes and no; numbers; dates. kind: the column that says what
    a thing is, None where none does. price: the column of prices, or None. All by name."""

    def __init__(self, catalog: Catalog, index: ColumnIndex | None = None, available: np.ndarray | None = None) -> None:
        self.catalog, self.table = catalog, catalog.table
        self.index = index
        self.available = available
        schema = self.table.schema
        spoken = [name for name in suitable(self.sample.table) if kind_of(schema[name]) is not None]
        self.flags = tuple(name for name in schema if name not in COLUMNS and schema[name] == pl.Boolean)
        self.numbers = tuple(name for name in spoken if schema[name].is_numeric())
        self.dates = tuple(name for name in schema if kind_of(schema[name]) in ("date", "datetime"))
        words = tuple(name for name in spoken if kind_of(schema[name]) == "text")
        self.tagged = not words and not self.flags and not self.numbers
        self.words = (TAG,) if self.tagged else words
        self.price = next((name for name in self.numbers if name.lower() in PRICES), None)
        self._tables: dict[str, Coded] = {}
        self._former: tuple[pl.DataFrame, Mapping[str, Coded]] | None = None

    @cached_property
    def sample(self) -> Catalog:
        """Every so many rows."""
        step = math.ceil(self.table.height / SAMPLE) or 1
        return self.catalog if step == 1 else Catalog(self.table.gather_every(step), self.catalog.root)

    @cached_property
    def facts(self) -> Facts:
        """Of the sample: what titles call values, and tags."""
        return Facts(self.sample)

    @cached_property
    def kind(self) -> str | None:
        lower = {name.lower(): name for name in self.words if name != TAG}
        named = next((lower[name] for name in KINDS if name in lower), None)
        return named

    @cached_property
    def titled(self) -> dict[str, float]:
        """By column of words: of how many items the title says the value. What is said most is what is meant."""
        rows = self.sample.table.head(2_000)
        titles = [(title or "").lower() for title in rows["title"].to_list()]
        found = {}
        for name in self.words:
            if name == TAG:
                found[name] = 1.0
                continue
            pairs = [(t, v) for t, v in zip(titles, rows[name].to_list(), strict=True) if v is not None]
            said = sum(any(str(one).lower() in t for one in (v if isinstance(v, list) else [v])) for t, v in pairs)
            found[name] = said / max(len(pairs), 1)
        return found

    @cached_property
    def named(self) -> tuple[str, ...]:
        """All columns that a wish may be about."""
        return (*self.words, *self.flags, *self.numbers, *self.dates)

    def take(self, former: Shelves) -> None:
        """What was made for an earlier version of the catalogue and holds for this one, or for most of its rows."""
        same = former.catalog is self.catalog
        for name in ("sample", "facts", "kind", "titled", *(("lower", "titles") if same else ())):
            if name in former.__dict__:
                self.__dict__[name] = former.__dict__[name]
        if same:
            self._tables, self._former = former._tables, former._former
        else:
            self._former = former.table, dict(former._tables)

    @cached_property
    def lower(self) -> pl.Series:
        """All texts in lower case."""
        return self.table["text"].str.to_lowercase()

    @cached_property
    def titles(self) -> pl.Series:
        """All titles in lower case."""
        return self.table["title"].str.to_lowercase()

    def values(self, column: str) -> dict[Value, int]:
        """Every value of a column of words or flags and how many items have it, frequent ones first."""
        _, codes, values = self.codes(column)
        counts = np.bincount(codes, minlength=len(values))
        return {values[place]: int(counts[place]) for place in np.argsort(-counts, kind="stable")}

    def codes(self, column: str) -> Coded:
        """Which items have which values; see `Coded`."""
        if column not in self._tables:
            self._tables[column] = self._coded(column)
        return self._tables[column]

    def _coded(self, column: str) -> Coded:
        if column == TAG:
            return self._tags()
        if self._former is not None and column in self._former[1]:
            return self._grown(column, *self._former)
        return coded(self.table[column])

    def _grown(self, column: str, table: pl.DataFrame, tables: Mapping[str, Coded]) -> Coded:
        """From an earlier version's: only rows that are new or other now are looked at."""
        items, codes, values = tables[column]
        old, now = table[column], self.table[column]
        if old.dtype.is_nested() or len(now) < len(old):
            return coded(now)
        changed = (~now.head(len(old)).eq_missing(old)).arg_true().to_numpy()
        if len(changed):
            kept = ~np.isin(items, changed)
            items, codes = items[kept], codes[kept]
        fresh = np.concatenate([changed.astype(np.int64), np.arange(len(old), len(now))])
        own, new, names = coded(now.gather(fresh))
        place = {value: at for at, value in enumerate(values)}
        values = [*values, *(value for value in names if value not in place)]
        place = {value: at for at, value in enumerate(values)}
        moved = np.array([place[value] for value in names], np.int64)
        return np.concatenate([items, fresh[own]]), np.concatenate([codes, moved[new]]), values

    def _tags(self) -> Coded:
        """A tag stands in a text or not; which ones there are, the sample says."""
        values: list[Value] = []
        values += [fact.value for fact in self.facts.facts if fact.attribute == TAG][:TAGS]
        text = self.table["text"].fill_null("")
        items, codes = [], []
        for place, value in enumerate(values):
            there = text.str.contains(str(value), literal=True).arg_true().to_numpy()
            items.append(there)
            codes.append(np.full(len(there), place))
        if not items:
            return np.empty(0, np.int64), np.empty(0, np.int64), []
        return np.concatenate(items).astype(np.int64), np.concatenate(codes).astype(np.int64), values

    def kinds_of(self, column: str, values: Collection[Value]) -> set[Value]:
        """Which kinds of thing have one of these values; none where no column says kinds."""
        if self.kind is None:
            return set()
        items, codes, known = self.codes(column)
        places = [place for place, value in enumerate(known) if value in set(values)]
        having = np.zeros(len(self.catalog), bool)
        having[items[np.isin(codes, places)]] = True
        own, kinds, names = self.codes(self.kind)
        return {names[place] for place in np.unique(kinds[having[own]])}

    # ------------------------------------------------------------------ of one item

    def of(self, item: int, column: str) -> tuple[Value, ...]:
        """The values of an item in a column of words or flags; none where it says nothing."""
        if column == TAG:
            text = self.table["text"][item] or ""
            return tuple(value for value in self.values(TAG) if str(value) in text)
        value = self.table[column][item]
        several = value.to_list() if isinstance(value, pl.Series) else [value]
        return tuple(
            one if isinstance(one, bool) else str(one) for one in several if one is not None and str(one).strip()
        )

    def number(self, item: int, column: str) -> float | None:
        value = self.table[column][item]
        if value is None or isinstance(value, bool) or not np.isfinite(float(value)):
            return None
        return float(value)

    # ------------------------------------------------------------------ what is left

    def filter(self, constraints: Constraints) -> Any:
        """`Constraints.where` and the tags, for a request."""
        parts: list[Any] = [one for one in (constraints.where(),) if one is not None]
        text = pl.col("text")
        if tags := constraints.wanted.get(TAG):
            parts.append(pl.any_horizontal([text.str.contains(str(tag), literal=True) for tag in tags]))
        if tags := constraints.unwanted.get(TAG):
            parts.append(~pl.any_horizontal([text.str.contains(str(tag), literal=True) for tag in tags]))
        if not parts:
            return None
        return parts[0] if len(parts) == 1 else {"all": parts}

    def left(self, where: Any) -> np.ndarray:
        """bool (N,), by item index: for which items a filter holds that are there to be had."""
        if where is None:
            mask = np.ones(len(self.catalog), bool)
        else:
            if self.index is None:
                self.index = ColumnIndex(self.table, np.arange(self.table.height, dtype=np.int32))
            mask = np.empty(len(self.catalog), bool)
            mask[self.index.order] = self.index.compile(where).mask()
        return mask if self.available is None else mask & self.available

    def quantile(self, column: str, share: float, mask: np.ndarray | None = None) -> float | None:
        """The number below which `share` of the items lie that `mask` leaves."""
        numbers = self.table[column].cast(pl.Float64, strict=False)
        if mask is not None:
            numbers = numbers.filter(pl.Series(mask))
        found = numbers.drop_nulls().drop_nans().quantile(share, "linear")
        return None if found is None else float(found)


def coded(column: pl.Series) -> Coded:
    """A column's values by row. Lists count value by value, blanks not at all."""
    items = np.arange(len(column))
    if isinstance(column.dtype, pl.List | pl.Array):
        column = column.cast(pl.List(pl.String))
        rows = pl.DataFrame({"item": items, "value": column}).explode("value").unique(maintain_order=True)
        items, column = rows["item"].to_numpy(), rows["value"]
    if column.dtype == pl.Boolean:
        there = column.is_not_null().to_numpy()
        return items[there], column.fill_null(False).to_numpy()[there].astype(np.int64), [False, True]
    column = column.cast(pl.String)
    there = (column.is_not_null() & (column.str.strip_chars() != "").fill_null(False)).to_numpy()
    column = column.filter(pl.Series(there))
    values = column.unique().sort()
    return items[there], column.cast(pl.Enum(values)).to_physical().to_numpy().astype(np.int64), values.to_list()
