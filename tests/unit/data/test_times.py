"""Timestamps of every kind."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrec.data.readers.times import as_integers

NOON = 1_717_156_800_000  # 2024-05-31 12:00 UTC


@pytest.mark.parametrize(
    ("values", "integers"),
    [
        ([3, -1, None], [3, -1, None]),
        ([1.0, 2.0, None], [1, 2, None]),
        ([1.0, 2.5004, float("nan")], [1000, 2500, None]),
        ([1.7e12, 1.7e12 + 0.5], [1_700_000_000_000, 1_700_000_000_000]),
        (["12", " 7", "x", None, ""], [12, 7, None, None, None]),
        (["1e3", "5.0"], [1000, 5]),
        (["1.5", "2"], [1500, 2000]),
        ([date(2024, 5, 31)], [NOON - 43_200_000]),
        ([datetime(2024, 5, 31, 12), None], [NOON, None]),
        ([datetime(2024, 5, 31, 12, tzinfo=UTC)], [NOON]),
        (
            ["2024-05-31T12:00:00Z", "2024-05-31 12:00", "2024-05-31T14:00:00.25+02:00", "2024-05-31T08:30:00-0330"],
            [NOON, NOON, NOON + 250, NOON],
        ),
        (["2024-05-31", "2024-02-30", "31.5.2024", "1717156800"], [NOON - 43_200_000, None, None, None]),
        ([True, False], [None, None]),
    ],
)
def test_as_integers(values: list[object], integers: list[int | None]) -> None:
    assert as_integers(pl.Series(values, strict=False)).to_list() == integers


def test_zones_and_finer_units() -> None:
    local = pl.Series([datetime(2024, 5, 31, 12)]).dt.replace_time_zone("UTC").dt.convert_time_zone("Asia/Tokyo")
    assert as_integers(local.dt.cast_time_unit("ns")).to_list() == [NOON]


@given(st.lists(st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)), min_size=1))
def test_iso_text_means_the_same_as_the_datetime(moments: list[datetime]) -> None:
    text = pl.Series([moment.isoformat() for moment in moments])
    assert as_integers(text).to_list() == as_integers(pl.Series(moments)).to_list()
