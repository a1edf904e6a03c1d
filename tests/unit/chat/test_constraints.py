"""Constraints and bounds: what is valid, how newer bounds join older ones, how they are said and filtered."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from genrec.chat.constraints import Bounds, Constraints
from genrec.decode.columns import ColumnIndex
from genrec.errors import UserError

ENDS = st.one_of(st.none(), st.integers(0, 50).map(float))


def test_bounds_that_leave_nothing_are_refused() -> None:
    for wrong in ({}, {"min": 5, "max": 4}, {"min": 1, "above": 2}, {"max": 1, "below": 2}, {"min": 1, "max": "2020"}):
        with pytest.raises(ValidationError):
            Bounds(**wrong)  # type: ignore[arg-type]


@given(ENDS, ENDS, ENDS, ENDS)
def test_newer_bounds_count(low: float | None, high: float | None, newer: float | None, newest: float | None) -> None:
    if (low is None and high is None) or (low or 0) > (high if high is not None else 99):
        return
    if (newer is None and newest is None) or (newer or 0) > (newest if newest is not None else 99):
        return
    both = Bounds(min=low, max=high).but(Bounds(min=newer, max=newest))
    assert newer is None or both.low == newer
    assert newest is None or both.high == newest
    if newer is None and low is not None and newest is not None and low <= newest:
        assert both.low == low


def test_said_and_filtered() -> None:
    wishes = Constraints(
        wanted={"colour": ("red", "blue"), "waterproof": (True,)}, unwanted={"material": ("wool",)},
        bounds={"price": Bounds(below=50), "pages": Bounds(min=100, max=200)}, words="picnic",
    )  # fmt: skip
    assert wishes.said() == ("red or blue", "waterproof", "not wool", "under 50", "pages 100 to 200", "“picnic”")
    assert Constraints().where() is None and Constraints().empty and not wishes.empty
    table = pl.DataFrame(
        {
            "item_id": list("abcdef"),
            "colour": ["red", "blue", "red", "green", "red", "red"],
            "waterproof": [True, True, True, True, False, True],
            "material": ["silk", None, "wool", "silk", "silk", "silk"],
            "price": [10.0, 49.9, 10.0, 10.0, 10.0, 50.0],
            "pages": [100, 200, 150, 150, 150, 150],
        }
    )
    index = ColumnIndex(table, np.arange(6, dtype=np.int32))
    assert index.compile(wishes.where()).mask().tolist() == [True, True, False, False, False, False]


def test_checked_against_a_catalogue() -> None:
    known = {"colour": {"red": 3, "blue": 1}}
    assert Constraints.checked({"wanted": {"colour": ["red"]}}, known).wanted == {"colour": ("red",)}
    with pytest.raises(UserError, match="no column 'color'; did you mean 'colour'"):
        Constraints.checked({"wanted": {"color": ["red"]}}, known)
    with pytest.raises(UserError, match="no item has 'redd'; did you mean 'red'"):
        Constraints.checked({"unwanted": {"colour": ["redd"]}}, known)
    with pytest.raises(UserError, match="secret"):
        Constraints.checked({"secret": 1}, known)
