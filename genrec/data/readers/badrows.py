"""Rows that cannot be used: an error by default; counted and listed where the user asked to skip them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import polars as pl

from genrec.data.catalog import Catalog
from genrec.data.interactions import Interactions
from genrec.errors import UserError

ROW = "#row"
"""The column that carries a row's number through the readers: from 1, a header line not counted."""

_SCHEMA = {"file": pl.String, "row": pl.Int64, "reason": pl.String}


@dataclass
class BadRows:
    """skip: list bad rows and go on; without it the first one raises UserError with file, row, reason and fix."""

    skip: bool = False
    _parts: list[pl.DataFrame] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(part.height for part in self._parts)

    def listing(self) -> BadRows:
        """The same list, but never an error: for rows that the user has asked to leave out."""
        return BadRows(True, self._parts)

    def table(self) -> pl.DataFrame:
        """One line per finding: file, row (from 1, header not counted), reason."""
        return pl.concat([pl.DataFrame(schema=_SCHEMA), *self._parts])

    def write(self, path: Path) -> None:
        """As JSON: {"count": n, "rows": [{"file", "row", "reason"}, …]}."""
        said = {"count": self.count, "rows": self.table().to_dicts()}
        path.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    def report(self, file: Path, found: pl.DataFrame, reason: pl.Expr, fix: str) -> None:
        """Tell of the rows `found` (a frame with the column `ROW`); reason: an expression over its columns."""
        if not found.height:
            return
        where = (pl.lit(str(file)).alias("file"), pl.col(ROW).cast(pl.Int64).alias("row"))
        listed = found.rechunk().select(*where, reason.alias("reason"))
        if not self.skip:
            more = f" (and {found.height - 1} more such row(s))" if found.height > 1 else ""
            raise UserError(
                f"{file}, row {listed['row'][0]}: {listed['reason'][0]}{more}. {fix}, "
                "or pass over such rows with --skip-bad-rows"
            )
        self._parts.append(listed)

    def sift(self, file: Path, frame: pl.DataFrame, bad: pl.Expr, reason: pl.Expr, fix: str) -> pl.DataFrame:
        """`frame` without the rows where `bad` holds, which are reported."""
        frame = frame.with_columns(bad.fill_null(False).alias("#bad"))
        self.report(file, frame.filter("#bad"), reason, fix)
        return frame.filter(~pl.col("#bad")).drop("#bad")


class Source(NamedTuple):
    """What a reader gives."""

    catalog: Catalog
    interactions: Interactions
    bad_rows: BadRows
