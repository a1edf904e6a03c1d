"""The catalogue's columns as bitmap indices over ranks: a filter becomes a bitmap without a look at the items.

Value columns (text, booleans, lists) keep the ranks of every value; frequent values get a bitmap when they are first
asked for. Columns of an order (numbers, dates) keep the ranks sorted by value and cumulative bitmaps at every 1/128 of
them: an interval is the exclusive or of two of those, corrected by the ranks between its ends and the nearest bitmaps.
"""

from __future__ import annotations

import datetime as dt
import math
import threading
import zoneinfo
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
import polars as pl
from torch import Tensor

from genrec.decode.bitmaps import RankBitmap, add, pack, remove, width
from genrec.decode.filters import Expression, Missing, Range, Value, Values, Where, kind_of, parse
from genrec.errors import UserError, nearest

BUCKETS = 128
FREQUENT = 128
"""A value that at least one item in so many has is worth a bitmap: longer to scatter its ranks than to copy that."""


class ColumnIndex:
    """Compiles filters over `table` (row = item index) into bitmaps over the ranks of a trie.

    order: int32 (N,), the item of every rank (`Trie.order`). A column is indexed when it is first asked for, or by
    `prepare`; an order column takes N / 8 · 128 bytes and 12 to 20 a row, a value column 4 bytes a value and row.
    budget: bytes that bitmaps of frequent values may take, the least recently used going first. Safe to share by
    threads.
    """

    def __init__(self, table: pl.DataFrame, order: Tensor | np.ndarray, *, budget: int = 1 << 27) -> None:
        self.table, self.schema = table, table.schema
        self.order = np.asarray(order.cpu() if isinstance(order, Tensor) else order)
        if len(self.order) != table.height:
            raise ValueError(f"{len(self.order)} ranks for a table of {table.height} rows")
        self.n = table.height
        self._columns: dict[str, _ValueColumn | _OrderColumn] = {}
        self._cache = _Cache(budget)
        self._lock = threading.Lock()

    def prepare(self, columns: Iterable[str] | None = None) -> None:
        """Index these columns now, else all that a filter can read."""
        for name in self.schema if columns is None else columns:
            if kind_of(self.schema[name]) is not None:
                self._column(name)

    def parse(self, where: Any) -> Where:
        """`genrec.decode.filters.parse` with this table's columns."""
        return parse(where, self.schema)

    def compile(self, where: Any) -> RankBitmap:
        """The ranks of the items for which a filter holds. UserError where it cannot be read (see `filters`)."""
        return RankBitmap(self._words(self.parse(where)), self.n)

    def compile_all(self, filters: Iterable[Any]) -> list[RankBitmap | None]:
        """One bitmap a request, the same object for equal filters; None where a request has no filter."""
        made: dict[Where, RankBitmap] = {}
        found: list[RankBitmap | None] = []
        for said in filters:
            if said is None:
                found.append(None)
                continue
            where = self.parse(said)
            if where not in made:
                made[where] = self.compile(where)
            found.append(made[where])
        return found

    def _column(self, name: str) -> _ValueColumn | _OrderColumn:
        with self._lock:
            if name not in self._columns:
                series = self.table[name].gather(self.order)
                listed = isinstance(series.dtype, pl.List | pl.Array)
                by_value = listed or kind_of(series.dtype) in ("text", "boolean")
                self._columns[name] = _ValueColumn(series, self._cache) if by_value else _OrderColumn(series)
            return self._columns[name]

    def _words(self, where: Where) -> np.ndarray:
        """A fresh uint32 (width(N),)."""
        if isinstance(where, Expression):
            return self._expression(where.expression)
        if isinstance(where, Values | Range | Missing):
            column = self._column(where.column)
            if isinstance(where, Missing):
                known = column.known()
                return known.copy() if where.negated else RankBitmap.everything(self.n).words & ~known
            words = column.words(where)
            return column.known() & ~words if where.negated else words
        if not where.parts:
            return (RankBitmap.everything(self.n) if where.every else RankBitmap.nothing(self.n)).words
        words = self._words(where.parts[0])
        join = np.bitwise_and if where.every else np.bitwise_or
        for part in where.parts[1:]:
            join(words, self._words(part), out=words)
        return words

    def _expression(self, expression: pl.Expr) -> np.ndarray:
        unknown = [name for name in expression.meta.root_names() if name not in self.schema]
        if unknown:
            raise UserError(f"filter: the catalogue has no column {unknown[0]!r}; {nearest(unknown[0], self.schema)}")
        try:
            found = self.table.select(expression.alias("_")).to_series()
        except pl.exceptions.PolarsError as error:
            raise UserError(f"filter {expression}: Polars cannot evaluate it: {error}") from error
        if found.dtype != pl.Boolean:
            raise UserError(f"filter {expression}: expected true or false for every item, not {found.dtype}; compare")
        if len(found) != self.n:
            raise UserError(f"filter {expression}: {len(found)} value(s) for {self.n} items; compare row by row")
        return pack(found.fill_null(False).to_numpy()[self.order])


class _Cache:
    """Bitmaps of frequent values up to a number of bytes, least recently used first out."""

    def __init__(self, budget: int) -> None:
        self.budget, self.used = budget, 0
        self.kept: OrderedDict[Any, np.ndarray] = OrderedDict()
        self.lock = threading.Lock()

    def get(self, key: Any, make: Callable[[], np.ndarray]) -> np.ndarray:
        with self.lock:
            if key in self.kept:
                self.kept.move_to_end(key)
                return self.kept[key]
        made = make()
        with self.lock:
            if key not in self.kept:
                self.kept[key] = made
                self.used += made.nbytes
            while self.used > self.budget:
                self.used -= self.kept.popitem(last=False)[1].nbytes
        return made


class _ValueColumn:
    """Text, booleans, or lists of anything: the sorted ranks of every value."""

    def __init__(self, series: pl.Series, cache: _Cache) -> None:
        """series: by rank."""
        self.n, self.cache, self.name = len(series), cache, series.name
        self._known = pack(series.is_not_null().to_numpy())
        listed = isinstance(series.dtype, pl.List | pl.Array)
        inner = series.dtype.inner if isinstance(series.dtype, pl.List | pl.Array) else series.dtype
        if isinstance(inner, pl.Categorical | pl.Enum) or isinstance(series.dtype, pl.Array):
            plain = pl.String if isinstance(inner, pl.Categorical | pl.Enum) else inner
            series = series.cast(pl.List(plain) if listed else plain)
        pairs = pl.DataFrame({"value": series, "rank": np.arange(self.n, dtype=np.int32)})
        if listed:
            pairs = pairs.explode("value").with_columns(pl.col("value").to_physical())
        groups = pairs.drop_nulls("value").group_by("value").agg("rank")
        lengths = groups["rank"].list.len().to_numpy().astype(np.int64)
        ranks = groups["rank"].explode().to_numpy().astype(np.int32)
        ends = np.cumsum(lengths)
        if listed and len(ranks):
            # A list that names a value twice: the same rank twice in a row, within one value.
            again = np.append(False, ranks[1:] == ranks[:-1])
            again[ends[:-1]] = False
            ranks, ends = ranks[~again], ends - np.cumsum(again)[ends - 1]
        self.ranks, self.ends, self.listed = ranks, ends, listed
        values = groups["value"].to_list()
        self.place: dict[Value, int] = {value: i for i, value in enumerate(values)}
        self.dtype = inner

    def known(self) -> np.ndarray:
        return self._known

    def words(self, where: Values | Range) -> np.ndarray:
        assert isinstance(where, Values)
        words = np.zeros(width(self.n), np.uint32)
        rare = []
        for value in where.values:
            place = self.place.get(_stored(value, self.dtype, self.name))
            if place is None:
                continue
            own = self.ranks[(self.ends[place - 1] if place else 0) : self.ends[place]]
            if len(own) * FREQUENT >= self.n:
                words |= self.cache.get((self.name, place), partial(_bitmap, own, self.n))
            else:
                rare.append(own)
        ranks = np.concatenate(rare) if len(rare) > 1 else rare[0] if rare else self.ranks[:0]
        if self.listed and rare:
            # One item may have several of the values; what the frequent ones have set may not be added again.
            ranks = np.sort(ranks)
            words |= _bitmap(ranks[np.append(True, ranks[1:] != ranks[:-1])], self.n)
        else:
            add(words, ranks)
        return words


class _OrderColumn:
    """Numbers and dates: the ranks sorted by value, and cumulative bitmaps over them."""

    def __init__(self, series: pl.Series) -> None:
        """series: by rank. NaN counts as missing."""
        self.n, self.name, self.dtype = len(series), series.name, series.dtype
        if series.dtype.is_decimal():
            series = series.cast(pl.Float64)
        there = series.is_not_null().to_numpy()
        if series.dtype.is_float():
            there = there & series.is_not_nan().fill_null(False).to_numpy()
        self._known = pack(there)
        ranks = np.flatnonzero(there).astype(np.int32)
        values = series.to_physical().filter(pl.Series(there)).to_numpy()
        by_value = np.argsort(values, kind="stable")
        self.values, self.ranks = values[by_value], ranks[by_value]
        self.step = max(1, math.ceil(len(ranks) / BUCKETS))
        ends = range(0, len(ranks), self.step)
        self.below = np.zeros((len(ends) + 1, width(self.n)), np.uint32)
        """below[j]: the first j · step ranks by value, at the end all of them."""
        for j, begin in enumerate(ends):
            self.below[j + 1] = self.below[j]
            add(self.below[j + 1], self.ranks[begin : begin + self.step])

    def known(self) -> np.ndarray:
        return self._known

    def words(self, where: Values | Range) -> np.ndarray:
        if isinstance(where, Range):
            return self._between(*self._positions(where.low, where.high, where.low_excluded, where.high_excluded))
        words = np.zeros(width(self.n), np.uint32)
        for value in where.values:
            begin, end = self._positions(value, value, False, False)
            if begin < end:
                words |= self._between(begin, end)
        return words

    def _positions(self, low: Any, high: Any, low_excluded: bool, high_excluded: bool) -> tuple[int, int]:
        """Where in the sorted values an interval begins and ends."""
        begin, end = 0, len(self.values)
        if low is not None:
            begin = self._position(_stored(low, self.dtype, self.name), after=low_excluded)
        if high is not None:
            end = self._position(_stored(high, self.dtype, self.name), after=not high_excluded)
        return begin, max(begin, end)

    def _position(self, bound: Any, after: bool) -> int:
        """How many values are less than `bound`, or with `after` at most `bound`."""
        kind = self.values.dtype
        if kind.kind == "f":
            with np.errstate(over="ignore"):
                return int(np.searchsorted(self.values, kind.type(bound), "right" if after else "left"))
        # Exact among integers: v < 2.5 is v < 3, v ≤ 2.5 is v ≤ 2; and v ≤ x is v < x + 1.
        least = math.floor(bound) + 1 if after else math.ceil(bound)
        limits = np.iinfo(kind)
        if least > limits.max:
            return len(self.values)
        return int(np.searchsorted(self.values, kind.type(max(least, limits.min)), "left"))

    def _between(self, begin: int, end: int) -> np.ndarray:
        """The ranks at the sorted places begin … end - 1."""
        if end - begin <= self.step:
            return _bitmap(self.ranks[begin:end], self.n)
        first, last = (min(round(place / self.step), len(self.below) - 1) for place in (begin, end))
        words = self.below[first] ^ self.below[last]
        # What the two bitmaps have too little and too much. A rank near both ends is put in and taken out again.
        low, high = self._start(first), self._start(last)
        add(words, self.ranks[begin:low])
        add(words, self.ranks[high:end])
        remove(words, self.ranks[low:begin])
        remove(words, self.ranks[end:high])
        return words

    def _start(self, bucket: int) -> int:
        return min(bucket * self.step, len(self.ranks))


def _bitmap(ranks: np.ndarray, n: int) -> np.ndarray:
    """Words of distinct ranks."""
    words = np.zeros(width(n), np.uint32)
    add(words, ranks)
    return words


def _stored(value: Value, dtype: Any, column: str) -> Any:
    """A filter's value as the column stores it: dates as numbers of days, moments as numbers of their time unit."""
    if not isinstance(value, dt.date):
        return float(np.float32(value)) if isinstance(dtype, pl.Float32) else value
    if not isinstance(dtype, pl.Datetime):
        return (value - dt.date(1970, 1, 1)).days
    assert isinstance(value, dt.datetime)
    if value.tzinfo is not None and dtype.time_zone is None:
        raise UserError(f"filter: {column!r} has no time zone, {value.isoformat()} has one; leave it out")
    if value.tzinfo is None:
        value = value.replace(tzinfo=zoneinfo.ZoneInfo(dtype.time_zone) if dtype.time_zone else dt.UTC)
    since = value - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    micros = (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds
    if dtype.time_unit == "ns":
        return micros * 1000
    return micros if dtype.time_unit == "us" else micros / 1000
