"""Filters against plain Polars filters, their errors, and the reasons for answers that are short."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genrec.decode.bitmaps import RankBitmap
from genrec.decode.columns import ColumnIndex
from genrec.decode.limits import Limits, constraints_of, items_of, reason
from genrec.errors import UserError

BIG = 2**53
WORDS = ["red", "blue", "grün", "紅", "", "Red"]
MOMENTS = [dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 31, 12, 30), dt.datetime(1969, 12, 31, 23, 59, 59, 999000)]
DAYS = [dt.date(2024, 1, 1), dt.date(2024, 2, 29), dt.date(1950, 5, 5)]
POOLS: dict[str, tuple[pl.DataType, list[Any]]] = {
    "colour": (pl.String(), WORDS),
    "size": (pl.Enum(["S", "M", "L"]), ["S", "M", "L"]),
    "new": (pl.Boolean(), [True, False]),
    "stock": (pl.Int64(), [0, 1, -3, BIG, BIG + 1, -BIG - 1, 2**63 - 1]),
    "grade": (pl.UInt8(), [0, 7, 255]),
    "price": (pl.Float64(), [0.0, 9.99, 10.0, 50.5, -1.5, float("nan")]),
    "weight": (pl.Float32(), [0.1, 0.2, 3.0]),
    "released": (pl.Date(), list(DAYS)),
    "seen": (pl.Datetime("us"), list(MOMENTS)),
    "clock": (pl.Datetime("ms", "Europe/Berlin"), [moment.replace(tzinfo=dt.UTC) for moment in MOMENTS]),
    "tags": (pl.List(pl.String()), WORDS),
    "years": (pl.List(pl.Int32()), [1, 2, 3]),
}
LISTS = ("tags", "years")
RANGES = [name for name in POOLS if name not in ("colour", "size", "new", *LISTS)]


@st.composite
def tables(draw: st.DrawFn) -> pl.DataFrame:
    n = draw(st.integers(1, 12) | st.just(70))
    # A row of its own for each column would be slow to draw; the rows repeat a short pattern that has a random length.
    columns = {}
    for name, (dtype, pool) in POOLS.items():
        one = st.none() | st.sampled_from(pool)
        cell = (st.none() | st.lists(one, max_size=3)) if name in LISTS else one
        pattern = draw(st.lists(cell, min_size=1, max_size=6))
        columns[name] = pl.Series(name, [pattern[i * i % len(pattern)] for i in range(n)], dtype=dtype, strict=False)
    return pl.DataFrame(columns)


def usable(name: str) -> list[Any]:
    """Values that a filter may name."""
    return [value for value in POOLS[name][1] if value == value]


@st.composite
def conditions(draw: st.DrawFn) -> tuple[dict[str, Any], pl.Expr]:
    """A filter of one column and the same in Polars."""
    kind = draw(st.sampled_from(["one", "several", "not", "missing", "range", "null"]))
    name = draw(st.sampled_from(RANGES if kind == "range" else list(POOLS)))
    column, dtype = pl.col(name), POOLS[name][0]
    value = st.sampled_from(usable(name))
    if isinstance(dtype, pl.Float64 | pl.Float32):
        column = column.fill_nan(None)
    if kind in ("missing", "null"):
        wanted = kind == "null" or draw(st.booleans())
        said = None if kind == "null" else {"missing": wanted}
        return {name: said}, column.is_null() if wanted else column.is_not_null()
    if kind == "range":
        low, high = sorted([draw(value), draw(value)])
        parts, said = [], {}
        bound = draw(st.sampled_from(["min", "above", "none"]))
        if bound != "none":
            said[bound] = low
            parts.append(column >= lit(low, dtype) if bound == "min" else column > lit(low, dtype))
        bound = draw(st.sampled_from(["max", "below"]))
        said[bound] = high
        parts.append(column <= lit(high, dtype) if bound == "max" else column < lit(high, dtype))
        return {name: said}, pl.all_horizontal(parts)
    values = [draw(value)] if kind == "one" else draw(st.lists(value, max_size=3))
    if name in LISTS:
        inner = dtype.inner if isinstance(dtype, pl.List) else None
        hits = column.list.eval(pl.element().is_in(pl.Series(values, dtype=inner).implode())).list.any()
        hits = pl.when(column.is_not_null()).then(hits.fill_null(False))
    else:
        equal = [column == lit(one, dtype) for one in values]
        hits = pl.any_horizontal(equal) if equal else pl.when(column.is_not_null()).then(False)
    if kind == "not":
        return {name: {"not": values}}, ~hits
    return {name: values[0] if kind == "one" else values}, hits


def lit(value: Any, dtype: pl.DataType) -> pl.Expr:
    return pl.lit(pl.Series([value], dtype=dtype)).first()


@st.composite
def filters(draw: st.DrawFn, depth: int = 2) -> tuple[Any, pl.Expr]:
    kind = draw(st.sampled_from(["leaf", "any", "all", "not", "together", "polars"])) if depth else "leaf"
    if kind == "leaf":
        return draw(conditions())
    if kind == "not":
        said, meant = draw(filters(depth=depth - 1))
        return {"not": said}, ~meant
    if kind == "polars":
        _, meant = draw(conditions())
        return meant, meant
    parts = draw(st.lists(filters(depth=depth - 1), min_size=1, max_size=3))
    meant = [part for _, part in parts]
    if kind == "together":
        said, expected = draw(conditions())
        return {**said, "all": [part for part, _ in parts]}, pl.all_horizontal([expected, *meant])
    joined = pl.any_horizontal(meant) if kind == "any" else pl.all_horizontal(meant)
    return {kind: [said for said, _ in parts]}, joined


@settings(deadline=None, max_examples=300)
@given(tables(), filters(), st.integers(0, 100))
def test_a_filter_is_what_polars_makes_of_it(table: pl.DataFrame, filter_: tuple[Any, pl.Expr], seed: int) -> None:
    said, meant = filter_
    order = np.random.default_rng(seed).permutation(table.height).astype(np.int32)
    found = ColumnIndex(table, order).compile(said)
    expected = table.select(meant.fill_null(False).alias("x"))["x"].to_numpy()
    expected = np.broadcast_to(expected, table.height)[order]
    np.testing.assert_array_equal(found.mask(), expected)
    # Nothing is set beyond the last item.
    assert found.count() == expected.sum() == sum(int(word).bit_count() for word in found.words)


@pytest.mark.parametrize("n", [1000, 4096])
def test_intervals_of_many_values_are_exact(n: int) -> None:
    """Enough items for several cumulative bitmaps, in floats, repeated integers and nulls; frequent and rare values."""
    random = np.random.default_rng(n)
    table = pl.DataFrame(
        {
            "price": random.lognormal(size=n),
            "year": pl.Series(random.integers(0, 30, n)).set(pl.Series(random.random(n) < 0.1), None),
            "brand": [f"b{int(i)}" for i in random.zipf(1.5, n).clip(max=3000)],
        }
    )
    order = random.permutation(n)
    # A budget for hardly a bitmap: values go in and out.
    index = ColumnIndex(table, torch.from_numpy(order), budget=n // 4)
    ordered = table[order]
    for _ in range(150):
        low, high = np.sort(random.choice(table["price"].to_numpy(), 2))
        first, last = np.sort(random.integers(-1, 32, 2)).tolist()
        brands = random.choice(table["brand"].to_numpy(), random.integers(1, 40)).tolist()
        cases = [
            ({"price": {"min": low, "below": high}}, (pl.col("price") >= low) & (pl.col("price") < high)),
            ({"year": {"min": first, "max": last}}, pl.col("year").is_between(first, last)),
            ({"year": [first, last]}, pl.col("year").is_in([first, last])),
            ({"brand": brands}, pl.col("brand").is_in(brands)),
            ({"brand": {"not": brands}}, ~pl.col("brand").is_in(brands)),
        ]  # fmt: skip
        for said, meant in cases:
            expected = ordered.select(meant.fill_null(False).alias("x"))["x"].to_numpy()
            np.testing.assert_array_equal(index.compile(said).mask(), expected, err_msg=str(said))


def shop() -> ColumnIndex:
    table = pl.DataFrame(
        {
            "category": ["dress", "dress", "shoe", None, "dress"],
            "price": [10.0, 20.0, 5.0, None, 40.0],
            "released": [dt.date(2024, 1, day) for day in range(1, 6)],
            "clock": [dt.datetime(2024, 1, day) for day in range(1, 6)],
            "country": [["DE"], ["FR", "DE"], [], None, ["IT"]],
            "stock": [1, 2, 3, 4, 5],
            "shape": [{"w": 1}] * 5,
        }
    )
    return ColumnIndex(table, np.array([4, 0, 3, 1, 2], np.int32))


def items(index: ColumnIndex, said: Any) -> list[int]:
    return sorted(index.order[index.compile(said).ranks()].tolist())


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"category": "dress", "price": {"min": 15}}, [1, 4]),
        ({"category": ["shoe", None]}, [2, 3]),
        ({"category": {"not": ["shoe", None]}}, [0, 1, 4]),
        ({"category": {"missing": True}}, [3]),
        ({"country": "DE"}, [0, 1]),
        ({"country": {"not": "DE"}}, [2, 4]),
        ({"released": {"min": "2024-01-04"}}, [3, 4]),
        ({"released": {"above": "2024-01-04"}}, [4]),
        ({"clock": {"below": "2024-01-02T00:00:01"}}, [0, 1]),
        ({"stock": {"min": 1.5, "max": 3.5}}, [1, 2]),
        ({"stock": 2.5}, []),
        ({"stock": {"min": 2, "not": [3, 4], "max": 10**30}}, [1, 4]),
        ({"price": {"not": {"min": 15}}}, [0, 2]),
        ({"any": [{"category": "shoe"}, pl.col("stock") > 4]}, [2, 4]),
        (pl.col("price") < 15, [0, 2]),
        (pl.col("category").is_null() & pl.lit(True), [3]),
        ({}, [0, 1, 2, 3, 4]),
        ({"not": {}}, []),
        ({"any": []}, []),
        ({"category": []}, []),
        ({"category": "hat"}, []),
    ],
)
def test_the_language(said: Any, expected: list[int]) -> None:
    assert items(shop(), said) == expected


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"categry": "dress"}, r"filter: the catalogue has no column 'categry'; did you mean 'category'\?"),
        ({"any": [{"prize": 3}]}, r"filter.any\[0\]: .* 'prize'; did you mean 'price'\?"),
        ({"category": {"min": "a"}}, r"filter.category: a range is for numbers and dates, and 'category' is text"),
        ({"country": {"min": "a"}}, r"filter.country: a range is for numbers and dates, and 'country' is a list"),
        ({"price": "10"}, r"filter.price: 'price' is number: expected a number, not '10' \(str\)"),
        ({"price": True}, r"filter.price: .*not True \(bool\)"),
        ({"category": 3}, r"filter.category: 'category' is text: expected text, not 3 \(int\)"),
        ({"country": ["DE", 3]}, r"filter.country: .*not 3 \(int\)"),
        ({"price": float("nan")}, r"filter.price: nan is not a number to compare 'price' with; give a finite one"),
        ({"price": {"max": float("inf")}}, r"filter.price.max: inf is not a number"),
        ({"price": {"max": 10**400}}, r"filter.price.max: .* give a finite one"),
        ({"price": {"min": 5, "max": 3}}, r"filter.price: min 5 lies beyond max 3; swap them"),
        ({"price": {"min": 5, "above": 3}}, r"filter.price: both 'min' and 'above'; keep one"),
        ({"price": {"minimum": 5}}, r"filter.price: no such key 'minimum'; did you mean 'min'\?"),
        ({"price": {}}, r"filter.price: an empty condition; known: min"),
        ({"price": {"min": None}}, r"filter.price: a range without a bound"),
        ({"price": {"missing": 1}}, r"filter.price.missing: expected true or false"),
        ({"released": "January"}, r"filter.released: 'January' is not a date .*write 2024-01-31"),
        ({"released": dt.datetime(2024, 1, 1)}, r"filter.released: .*without a time of day.*give the day"),
        ({"released": 3}, r"filter.released: 'released' is date: expected a date, not 3"),
        ({"clock": {"min": "2024-01-01T00:00:00+00:00"}}, r"'clock' has no time zone"),
        ({"any": {"price": 3}}, r"filter.any: expected a list of filters"),
        ({3: 4}, r"filter: 3 is not the name of a column"),
        ("dress", r"filter: expected \{.*\}, not 'dress' \(str\)"),
        ({"shape": 3}, r"filter.shape: filters cannot read a column of type Struct.*use a Polars expression"),
        (pl.col("prise") > 3, r"filter: the catalogue has no column 'prise'; did you mean 'price'\?"),
        (pl.col("price") + 3, r"expected true or false for every item, not Float64; compare"),
        (pl.col("price").max() > 3, r"1 value\(s\) for 5 items; compare row by row"),
        (pl.col("price").str.len_chars() > 3, r"Polars cannot evaluate it"),
    ],
)
def test_mistakes_are_named(said: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        shop().compile(said)


def test_a_filter_that_was_read_can_be_used_again_and_compared() -> None:
    index = shop()
    one, other = (index.parse({"category": ["dress"], "price": {"min": 3}}) for _ in range(2))
    assert one == other and hash(one) == hash(other)
    assert str(one) == "category = 'dress' and price ≥ 3"
    assert str(index.parse({"any": [{"released": "2024-01-01"}, {"not": {"stock": [1, 2]}}]})) == (
        "released = 2024-01-01 or stock not in (1, 2)"
    )
    first, none, second = index.compile_all([one, None, {"category": "dress", "price": {"min": 3}}])
    assert first is second and none is None and first is not None and first.count() == 3


def test_prepared_columns_answer_the_same() -> None:
    index = shop()
    index.prepare()
    assert items(index, {"country": "DE"}) == [0, 1]


def test_one_item_may_have_several_values_and_one_of_them_twice() -> None:
    index = ColumnIndex(pl.DataFrame({"tags": [["a", "b", "a", "c"]]}), np.array([0]))
    assert [index.compile({"tags": tag}).count() for tag in ("a", "b", "c", "d")] == [1, 1, 1, 0]
    assert index.compile({"tags": ["a", "b", "c"]}).count() == 1


def test_a_table_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="2 ranks for a table of 1 rows"):
        ColumnIndex(pl.DataFrame({"a": [1]}), np.array([0, 1]))


# ---------------------------------------------------------------------- lists and reasons

IDS: Mapping[str, int] = {f"item-{i}": i for i in range(5)}


def test_lists_are_read_and_checked() -> None:
    index = shop()
    limits = Limits.read(index, IDS, allow=["item-3", "item-1"], deny=["item-0"])
    assert limits.allow is not None and limits.allow.tolist() == [3, 1]
    with pytest.raises(UserError, match="allow and deny both name 'item-1' and 1 more: take it out"):
        Limits.read(index, IDS, allow=["item-3", "item-2", "item-1"], deny=["item-1", "item-2"])
    with pytest.raises(
        UserError, match=r"deny: the catalogue has no item 'item1' \(nor 1 more\); did you mean 'item-1'"
    ):
        Limits.read(index, IDS, deny=["item1", "x"])
    with pytest.raises(UserError, match=r"allow: expected a list of item ids, not the text 'item-1'; write"):
        items_of("item-1", IDS, "allow")


def test_constraints_of_a_batch_hold_all_limits() -> None:
    index = shop()
    rank_of = torch.empty(5, dtype=torch.long)
    rank_of[torch.from_numpy(index.order).long()] = torch.arange(5)
    limits = [
        Limits(),
        Limits.read(index, IDS, where={"category": "dress"}, allow=["item-0", "item-2", "item-4"]),
        Limits.read(index, IDS, where={"category": "dress"}, deny=["item-0"]),
        Limits.read(index, IDS, allow=[]),
    ]
    seen = (torch.tensor([[2], [4], [1], [0]]), torch.tensor([[True], [False], [True], [True]]))
    available = RankBitmap.of_ranks(rank_of[[0, 1, 2, 4]].numpy(), 5)
    made = constraints_of(limits, index, rank_of, seen=seen, available=available)
    left = made.open_ranks(rank_of.expand(4, -1)).tolist()
    got = [[item for item in range(5) if row[item]] for row in left]
    assert got == [[0, 1, 4], [0, 4], [4], []]
    assert constraints_of([Limits()], index, rank_of).unbounded


@pytest.mark.parametrize(
    ("where", "lists", "seen", "expected"),
    [
        ({"category": "hat", "price": {"max": 3}}, {}, [], "no item has category = 'hat' and price ≤ 3"),
        ({"category": "dress"}, {}, [0, 1, 4], "all 3 items with category = 'dress' are in the history"),
        ({"category": "shoe"}, {"deny": ["item-2"]}, [], "the one item with category = 'shoe' is on the deny list"),
        ({"category": {"missing": True}}, {}, [], "the one item with category is missing is not available"),
        (None, {"allow": ["item-0", "item-1"]}, [1, 0],
         "all 2 items are in the history (3 not on the allow list before)"),
        (None, {"allow": []}, [], "all 5 items are not on the allow list"),
        ({"category": "dress"}, {}, [0], "2 items with category = 'dress' are left; 1 in the history"),
        (None, {}, [], "4 items are left; 1 not available"),
    ],
)  # fmt: skip
def test_a_short_answer_says_why(where: Any, lists: dict[str, list[str]], seen: list[int], expected: str) -> None:
    index = shop()
    rank_of = np.argsort(index.order)
    limits = Limits.read(index, IDS, where=where, **lists)
    available = RankBitmap.of_ranks(rank_of[[0, 1, 2, 4]], 5)
    assert reason(limits, index, rank_of, seen=seen, available=available) == expected
