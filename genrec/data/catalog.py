"""The catalogue: what there is to recommend, one row per item.

Row i of the table is item index i everywhere in the library; nothing here ever re-orders rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from genrec.errors import UserError, nearest

COLUMNS = ("item_id", "title", "text", "image")
PIECES = 16
"""Memory chunks that a growing table may have before it is put together."""


@dataclass(frozen=True, eq=False)
class Catalog:
    """N items with the columns `COLUMNS` (all String) and any further columns, which are attributes kept as they are.

    item_id: the user's own, unique. title: what people see. text: what text encoders read. image: path of a file,
    relative to `root`. All but item_id may be null: a null text or image is a missing modality. A further column
    `audio` holds a sound's path likewise.

    Raises UserError for a missing `item_id` column, an empty id or two items of one id.
    """

    table: pl.DataFrame
    root: Path | None = None

    def __post_init__(self) -> None:
        if "item_id" not in self.table.columns:
            raise UserError(f"the catalogue lacks the column item_id; it has {', '.join(self.table.columns)}")
        absent = [pl.lit(None, dtype=pl.String).alias(c) for c in COLUMNS if c not in self.table.columns]
        table = self.table.with_columns(absent).with_columns(pl.col(COLUMNS).cast(pl.String))
        object.__setattr__(self, "table", table.select(*COLUMNS, pl.exclude(COLUMNS)))
        ids = self.table["item_id"]
        if ids.null_count():
            raise UserError(f"catalogue row {ids.is_null().arg_true()[0] + 1} has no item_id: give it one")
        if ids.n_unique() < len(ids):
            twice = ids.filter(ids.is_duplicated())[0]
            rows = [row + 1 for row in (ids == twice).arg_true().to_list()]
            raise UserError(f"item_id {twice!r} stands in the catalogue rows {rows}: keep one of them")

    @cached_property
    def ids(self) -> list[str]:
        """The items' own ids, by item index."""
        return self.table["item_id"].to_list()

    @cached_property
    def index(self) -> dict[str, int]:
        """From an item's own id to its item index."""
        return {item_id: i for i, item_id in enumerate(self.ids)}

    def __len__(self) -> int:
        return self.table.height

    def image_path(self, item: int) -> Path | None:
        """Where the picture of item index `item` lies; None where it has none."""
        image = self.table["image"][item]
        return None if image is None else (self.root or Path()) / image

    def audio_path(self, item: int) -> Path | None:
        """Where the sound of item index `item` lies; None where it, or the whole catalogue, has none."""
        audio = self.table["audio"][item] if "audio" in self.table.columns else None
        return None if audio is None else (self.root or Path()) / audio

    def keep(self, ids: Iterable[str]) -> Catalog:
        """The items named, in the order in which they stand here (so their indices change)."""
        return Catalog(self.table.filter(pl.col("item_id").is_in(list(ids))), self.root)

    def conformed(self, rows: pl.DataFrame) -> pl.DataFrame:
        """`rows` with all columns of the catalogue, of its types and in its order; what they lack is null.

        UserError for a column that the catalogue lacks, or that holds something else there.
        """
        schema = self.table.schema
        unknown = [column for column in rows.columns if column not in schema]
        if unknown:
            raise UserError(
                f"the catalogue has no column {unknown[0]!r}; {nearest(unknown[0], list(schema))} "
                f"A new column needs a new run: leave it out here"
            )
        absent = [pl.lit(None).alias(name) for name in schema if name not in rows.columns]
        try:
            return rows.with_columns(absent).select(schema.names()).cast(schema)
        except pl.exceptions.PolarsError as error:
            raise UserError(f"a column has other values than the catalogue's: {error}") from None

    def extended(self, rows: pl.DataFrame) -> Catalog:
        """These items, then those of `rows`, as `conformed` takes them."""
        fresh = self.conformed(rows)
        # Once in a while in one piece: a table of very many pieces is slow to read.
        together = pl.concat([self.table, fresh], rechunk=self.table.n_chunks() >= PIECES)
        grown = Catalog(together, self.root)
        # To list a catalogue's ids takes a moment in which nothing else runs: what has been listed is gone on from.
        if "ids" in self.__dict__:
            grown.__dict__["ids"] = self.ids + fresh["item_id"].to_list()
        if "index" in self.__dict__:
            grown.__dict__["index"] = self.index | {name: len(self) + row for row, name in enumerate(fresh["item_id"])}
        return grown

    def changed(self, items: np.ndarray, rows: pl.DataFrame) -> Catalog:
        """The same items, where item index items[r] has row r's values in the columns of `rows`; no other changes."""
        columns = []
        order = np.arange(len(self))
        order[items] = len(self) + np.arange(len(items))
        for name in rows.columns:
            column = self.table[name]
            try:
                fresh = rows[name].cast(column.dtype)
                if column.dtype.is_nested():  # scatter has no lists
                    columns.append(pl.concat([column, fresh]).gather(order))
                else:
                    columns.append(column.rechunk().scatter(items, fresh))
            except pl.exceptions.PolarsError as error:
                raise UserError(f"column {name!r} holds {column.dtype} in the catalogue: {error}") from None
        other = Catalog(self.table.with_columns(columns), self.root)
        other.__dict__.update({name: self.__dict__[name] for name in ("ids", "index") if name in self.__dict__})
        return other

    def write(self, path: Path) -> None:
        """As Parquet; `root` travels in the file's metadata, relative to the file where it lies beneath its folder."""
        metadata = {}
        if self.root is not None:
            root, folder = self.root.resolve(), path.parent.resolve()
            metadata["root"] = (root.relative_to(folder) if root.is_relative_to(folder) else root).as_posix()
        self.table.write_parquet(path, metadata=metadata)

    @classmethod
    def read(cls, path: Path) -> Catalog:
        """What `write` wrote. UserError where there is no such file."""
        if not path.exists():
            raise UserError(f"there is no catalogue {path}: run `genrec prepare` first")
        root = pl.read_parquet_metadata(path).get("root")
        return cls(pl.read_parquet(path), None if root is None else path.parent / root)


def moved_rows(former: pl.DataFrame, table: pl.DataFrame) -> np.ndarray | None:
    """The rows of `former` that say something else in a later version of it, int64, sorted; rows of newcomers are none
    of them. None where `table` is no later version: fewer rows, other items, other columns."""
    if former.schema != table.schema or len(table) < len(former):
        return None
    old = table[: len(former)]
    if not old["item_id"].equals(former["item_id"]):
        return None
    differs = np.zeros(len(former), bool)
    for name in former.columns:
        if not old[name].equals(former[name]):
            differs |= old[name].ne_missing(former[name]).to_numpy()
    return np.flatnonzero(differs)
