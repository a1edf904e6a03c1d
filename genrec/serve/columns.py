"""What a catalogue can be filtered by: its columns, their values and ranges, counted over the available items."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from genrec.decode.filters import kind_of
from genrec.serve.cards import OWN, plain
from genrec.serve.schemas.catalogue import Column, Value

LISTED = 50
"""Values of a column, at most."""
COUNTED = ("text", "boolean", "integer")
"""Kinds whose values are worth a list; the others have a range."""
RANGED = ("integer", "number", "date", "datetime")


def columns(table: pl.DataFrame, available: np.ndarray) -> list[Column]:
    """Those that filters can name, but the item's own (cards.OWN). available: bool (N,) over the rows."""
    rows = table.select(name for name in table.columns if name not in OWN).filter(pl.Series(available))
    found = []
    for column in rows.get_columns():
        kind = kind_of(column.dtype)
        if kind is not None:
            found.append(_column(column, kind))
    return found


def _column(column: pl.Series, kind: Any) -> Column:
    several = isinstance(column.dtype, pl.List | pl.Array)
    values = column.explode() if several else column
    if values.dtype.is_float():
        values = values.fill_nan(None)
        values = values.filter(values.is_finite())
    values = values.drop_nulls()
    distinct = values.n_unique()
    listed: list[Value] = []
    # A column in which values hardly repeat is prose, a number of its own or an id: its values say nothing.
    if kind in COUNTED and distinct and (distinct <= LISTED or 2 * distinct <= len(values)):
        name = "value"
        text = values.cast(pl.String) if kind == "text" else values
        counts = text.alias(name).value_counts().sort(["count", name], descending=[True, False]).head(LISTED)
        listed = [Value(value=one, count=count) for one, count in counts.iter_rows()]
    ranged = kind in RANGED and distinct > 0 and not several
    has = column.len() - int(_empty(column, several).sum())
    return Column(
        name=column.name,
        kind=kind,
        several=several,
        distinct=distinct,
        missing=column.len() - has,
        values=listed,
        min=plain(values.min()) if ranged else None,
        max=plain(values.max()) if ranged else None,
    )


def _empty(column: pl.Series, several: bool) -> pl.Series:
    """bool (N,): rows without a value."""
    empty = column.is_null()
    if several:
        return empty | (column.list.len() == 0).fill_null(True) if isinstance(column.dtype, pl.List) else empty
    return empty | column.is_nan().fill_null(True) if column.dtype.is_float() else empty
