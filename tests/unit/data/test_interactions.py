"""Events as a table and as arrays of item indices."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrec.data import Catalog, Interactions, Sequences
from genrec.data.interactions import SCHEMA
from genrec.errors import UserError

CATALOG = Catalog(pl.DataFrame({"item_id": ["c", "a", "b"]}))
ROWS = st.lists(st.tuples(st.sampled_from("uvw"), st.sampled_from("abc"), st.integers(0, 3)), max_size=30)
HISTORIES = st.lists(st.lists(st.integers(0, 99), max_size=6), max_size=6)


@given(ROWS)
def test_sequences_are_sorted_by_time_and_ties_keep_the_order(rows: list[tuple[str, str, int]]) -> None:
    got = Interactions(pl.DataFrame(rows, schema=SCHEMA, orient="row")).sequences(CATALOG)
    assert got.users == sorted({user for user, _, _ in rows})
    for user, history in zip(got.users, got, strict=True):
        own = sorted((row for row in rows if row[0] == user), key=lambda row: row[2])
        assert [CATALOG.ids[item] for item in history] == [item for _, item, _ in own]
    assert got.times.tolist() == [time for _, _, time in sorted(rows, key=lambda row: (row[0], row[2]))]
    assert (got.items.dtype, got.times.dtype, got.offsets.dtype) == (np.int32, np.int64, np.int64)


def test_unknown_items_and_missing_columns() -> None:
    events = Interactions(pl.DataFrame([("u", "zz", 1)], schema=SCHEMA, orient="row"))
    with pytest.raises(UserError, match=r"1 interaction.*'zz'"):
        events.sequences(CATALOG)
    with pytest.raises(UserError, match=r"lack the column.*timestamp"):
        Interactions(events.table.drop("timestamp"))


def test_write_and_read(tmp_path: Path) -> None:
    events = Interactions(pl.DataFrame([("u", "a", 1), ("u", "b", 2)], schema=SCHEMA, orient="row"))
    events.write(tmp_path / "interactions.parquet")
    assert Interactions.read(tmp_path / "interactions.parquet").table.equals(events.table)
    assert len(events) == 2


@given(HISTORIES, st.integers(1, 4), st.data())
def test_views_of_sequences(histories: list[list[int]], limit: int, data: st.DataObject) -> None:
    whole = Sequences.from_lists(histories)
    assert [h.tolist() for h in whole] == histories and whole.lengths.tolist() == [len(h) for h in histories]
    assert [h.tolist() for h in whole.recent(limit)] == [h[-limit:] for h in histories]
    items, mask = whole.padded(limit)
    assert [row[seen].tolist() for row, seen in zip(whole.padded_times(limit), mask, strict=True)] == [
        list(range(len(h)))[-limit:] for h in histories
    ]
    assert items.shape == mask.shape == (len(histories), limit)
    for row, seen, history in zip(items, mask, histories, strict=True):
        assert row[seen].tolist() == history[-limit:] and not row[~seen].any()
        assert seen.tolist() == sorted(seen.tolist(), reverse=True)
    rows = data.draw(st.lists(st.integers(0, len(histories) - 1), max_size=5)) if histories else []
    taken = whole.take(np.array(rows, dtype=int))
    assert [h.tolist() for h in taken] == [histories[row] for row in rows]
    assert taken.users == [str(row) for row in rows]
    begin = np.array([min(1, len(h)) for h in histories], dtype=int)
    assert [h.tolist() for h in whole.clip(begin, whole.lengths)] == [h[1:] for h in histories]


@pytest.mark.parametrize(
    ("times", "unit"),
    [
        ([1_700_000_000, 1_710_000_000], 1.0),
        ([1_700_000_000_000, 1_710_000_000_000], 1e-3),
        ([0, 1, 2, 3], 0.0),
        ([20230101, 20230102], 0.0),
        ([], 0.0),
    ],
)
def test_what_times_count_in(times: list[int], unit: float) -> None:
    some = Sequences(["u"], np.array([0, len(times)]), np.zeros(len(times), np.int32), np.array(times, np.int64))
    assert some.seconds_per_unit == unit
