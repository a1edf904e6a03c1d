"""What a catalogue can be filtered by, counted beside an oracle that counts row by row."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrec.decode.filters import parse
from genrec.serve.columns import LISTED, columns
from genrec.serve.schemas.catalogue import Column

CELLS: dict[str, tuple[pl.DataType, st.SearchStrategy[Any]]] = {
    "words": (pl.String(), st.none() | st.sampled_from("abcde")),
    "names": (pl.String(), st.none() | st.text("xyz", min_size=1, max_size=6)),
    "flag": (pl.Boolean(), st.none() | st.booleans()),
    "count": (pl.Int64(), st.none() | st.integers(0, 4)),
    "price": (pl.Float64(), st.none() | st.floats(0, 9) | st.sampled_from([math.nan, math.inf])),
    "day": (pl.Date(), st.none() | st.dates(dt.date(2020, 1, 1), dt.date(2020, 1, 9))),
    "tags": (pl.List(pl.String()), st.none() | st.lists(st.sampled_from("abc"), max_size=3, unique=True)),
}


def shown(table: pl.DataFrame, available: list[bool]) -> dict[str, Column]:
    return {one.name: one for one in columns(table, np.array(available, bool))}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_counts_are_those_of_the_rows(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 30))
    rows = {name: data.draw(st.lists(cell, min_size=n, max_size=n)) for name, (_, cell) in CELLS.items()}
    available = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    table = pl.DataFrame(rows, schema={name: dtype for name, (dtype, _) in CELLS.items()})
    found = shown(table, available)
    assert list(found) == list(CELLS)
    for name, column in found.items():
        cells = [cell for cell, there in zip(rows[name], available, strict=True) if there]
        has = [cell for cell in cells if cell not in (None, []) and not (isinstance(cell, float) and math.isnan(cell))]
        values = [one for cell in has for one in (cell if isinstance(cell, list) else [cell])]
        values = [one for one in values if not (isinstance(one, float) and math.isinf(one))]
        counts = Counter(values)
        assert column.missing == len(cells) - len(has)
        assert column.distinct == len(counts)
        if name in ("words", "flag", "count", "tags"):
            assert {one.value: one.count for one in column.values} == counts
            assert [one.count for one in column.values] == sorted(counts.values(), reverse=True)
        if name in ("count", "price", "day") and values:
            text = [one.isoformat() if isinstance(one, dt.date) else one for one in (min(values), max(values))]
            assert [column.min, column.max] == text
        else:
            assert (column.min, column.max) == (None, None)


def test_the_items_own_columns_are_no_filters() -> None:
    table = pl.DataFrame({"item_id": ["1"], "title": ["T"], "text": ["t"], "image": [None], "colour": ["red"]})
    assert list(shown(table, [True])) == ["colour"]


def test_long_lists_end_and_prose_has_none() -> None:
    n = 4 * LISTED
    table = pl.DataFrame(
        {
            "brand": [f"brand {i % (2 * LISTED)}" for i in range(n)],
            "description": [f"one of a kind: {i}" for i in range(n)],
            "nested": [[[1]]] * n,
        }
    )
    found = shown(table, [True] * n)
    assert list(found) == ["brand", "description"], "what filters cannot read is left out"
    assert (found["brand"].distinct, len(found["brand"].values)) == (2 * LISTED, LISTED)
    assert (found["description"].distinct, found["description"].values) == (n, [])


@pytest.mark.parametrize("name", list(CELLS))
def test_filters_read_every_value_and_bound(name: str) -> None:
    rows = {
        "words": "a",
        "names": "x",
        "flag": True,
        "count": 3,
        "price": 2.5,
        "day": dt.date(2020, 1, 2),
        "tags": ["b"],
    }
    table = pl.DataFrame({name: [rows[name]] * 3}, schema={name: CELLS[name][0]})
    column = shown(table, [True] * 3)[name]
    for one in column.values:
        parse({name: [one.value]}, table.schema)
    if column.min is not None:
        parse({name: {"min": column.min, "max": column.max}}, table.schema)
    assert column.values or column.min is not None
