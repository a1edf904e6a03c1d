"""Who touched what, and when.

`Interactions` is the table as the user knows it (string ids); `Sequences` is the same as arrays of item indices, one
history per user, which is what everything downstream computes with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from genrec.errors import UserError

if TYPE_CHECKING:
    from genrec.data.catalog import Catalog

FIRST_SECOND, LAST_SECOND = 315_532_800, 4_102_444_800
"""1980 and 2100: what lies between may be a Unix time in seconds; a thousand times as much, in milliseconds."""

SCHEMA = {"user_id": pl.String, "item_id": pl.String, "timestamp": pl.Int64}


@dataclass(frozen=True, eq=False)
class Sequences:
    """Histories of U users over item indices, oldest event first, in compressed rows.

    users: the users' own ids, U strings. offsets: int64 (U+1,). items: int32 (n,), indices into the catalogue.
    times: int64 (n,). User u's history is ``items[offsets[u]:offsets[u + 1]]``; it may be empty.
    """

    users: list[str]
    offsets: np.ndarray
    items: np.ndarray
    times: np.ndarray

    @classmethod
    def from_lists(cls, histories: Iterable[Iterable[int]], users: Iterable[str] | None = None) -> Sequences:
        """From plain lists; where no users are named they are called by position, times are positions."""
        rows = [np.asarray(list(history), dtype=np.int32) for history in histories]
        lengths = np.fromiter((len(row) for row in rows), dtype=np.int64, count=len(rows))
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        items = np.concatenate(rows).astype(np.int32) if rows else np.empty(0, np.int32)
        times = np.arange(len(items), dtype=np.int64) - np.repeat(offsets[:-1], lengths)
        return cls(list(users) if users is not None else [str(u) for u in range(len(rows))], offsets, items, times)

    def __len__(self) -> int:
        return len(self.users)

    def __getitem__(self, user: int) -> np.ndarray:
        return self.items[self.offsets[user] : self.offsets[user + 1]]

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[user] for user in range(len(self)))

    @property
    def lengths(self) -> np.ndarray:
        """int64 (U,)"""
        return np.diff(self.offsets)

    def take(self, rows: np.ndarray) -> Sequences:
        """The histories of the users at `rows` (int, (R,)), in that order."""
        rows = np.asarray(rows, dtype=np.int64)
        return self._gather(rows, self.offsets[rows], self.offsets[rows + 1])

    def clip(self, begin: np.ndarray, end: np.ndarray) -> Sequences:
        """Every user's events from position `begin` up to (not with) `end`, both int (U,) and counted per user."""
        return self._gather(np.arange(len(self)), self.offsets[:-1] + begin, self.offsets[:-1] + end)

    def recent(self, limit: int) -> Sequences:
        """Every user's last `limit` events."""
        return self.clip(np.maximum(self.lengths - limit, 0), self.lengths)

    def padded(self, length: int) -> tuple[np.ndarray, np.ndarray]:
        """The last `length` events as (items int64 (U, length) padded with 0 on the right, mask bool (U, length))."""
        recent = self.recent(length)
        mask = np.arange(length)[None, :] < recent.lengths[:, None]
        items = np.zeros((len(self), length), dtype=np.int64)
        items[mask] = recent.items
        return items, mask

    def padded_times(self, length: int) -> np.ndarray:
        """The times of `padded`'s events, int64 (U, length), 0 where there is none."""
        recent = self.recent(length)
        times = np.zeros((len(self), length), dtype=np.int64)
        times[np.arange(length)[None, :] < recent.lengths[:, None]] = recent.times
        return times

    @property
    def seconds_per_unit(self) -> float:
        """What the times count in: 1 where they look like Unix seconds, 0.001 for milliseconds; 0 for anything else."""
        if not len(self.times):
            return 0.0
        middle = float(np.median(self.times))
        if FIRST_SECOND <= middle < LAST_SECOND:
            return 1.0
        return 1e-3 if FIRST_SECOND * 1000 <= middle < LAST_SECOND * 1000 else 0.0

    def _gather(self, rows: np.ndarray, begin: np.ndarray, end: np.ndarray) -> Sequences:
        lengths = np.maximum(end - begin, 0)
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        events = np.arange(offsets[-1]) + np.repeat(begin - offsets[:-1], lengths)
        return Sequences([self.users[row] for row in rows], offsets, self.items[events], self.times[events])


@dataclass(frozen=True, eq=False)
class Interactions:
    """A table of events with the columns of `SCHEMA`.

    `timestamp` is whatever integer the source has (Unix seconds, milliseconds, or a mere position); parsed dates are
    Unix milliseconds. Rows stand in the order in which they were read: among equal times of one user that order holds.
    """

    table: pl.DataFrame

    def __post_init__(self) -> None:
        missing = [column for column in SCHEMA if column not in self.table.columns]
        if missing:
            raise UserError(f"interactions lack the column(s) {', '.join(missing)}; they have {self.table.columns}")

    def __len__(self) -> int:
        return self.table.height

    def write(self, path: Path) -> None:
        self.table.write_parquet(path)

    @classmethod
    def read(cls, path: Path) -> Interactions:
        return cls(pl.read_parquet(path))

    def sequences(self, catalog: Catalog) -> Sequences:
        """Histories by user, users in order of their id, events in order of time, then of the table."""
        index = pl.DataFrame({"item_id": catalog.ids, "item": np.arange(len(catalog), dtype=np.int32)})
        events = self.table.join(index, on="item_id", how="left", maintain_order="left")
        unknown = events.filter(pl.col("item").is_null())
        if unknown.height:
            raise UserError(
                f"{unknown.height} interaction(s) with items that are not in the catalogue, "
                f"the first with item_id {unknown['item_id'][0]!r}: add the items or drop the rows (--skip-bad-rows)"
            )
        events = events.sort(["user_id", "timestamp"], maintain_order=True)
        counts = events.group_by("user_id", maintain_order=True).len()
        offsets = np.concatenate([[0], np.cumsum(counts["len"].to_numpy())]).astype(np.int64)
        return Sequences(
            counts["user_id"].to_list(),
            offsets,
            events["item"].to_numpy().astype(np.int32),
            events["timestamp"].to_numpy().astype(np.int64),
        )
