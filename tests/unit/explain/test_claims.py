"""Claims against a world that is small enough to know by heart."""

from __future__ import annotations

import polars as pl
import pytest

from genrec.data.catalog import Catalog
from genrec.explain.claims import (
    Alike,
    AnyOf,
    Cheaper,
    Claim,
    Has,
    Known,
    Owned,
    Priced,
    Shares,
    Size,
    Some,
    Unknown,
    World,
)  # fmt: skip
from genrec.model.tasks.facts import Fact, Facts

ROWS = {
    "item_id": ["a", "b", "c", "d", "e"],
    "colour": ["red", "red", "blue", "blue", "green"],
    "trim": ["blue", "red", "blue", "red", "red"],
    "shape": ["round", "flat", "flat", None, "round"],
    "price": [10.0, 20.0, 10.0, 5.5, None],
}


@pytest.fixture(scope="module")
def here() -> World:
    """a is recommended after c, b, c, d, e."""
    catalog = Catalog(pl.DataFrame(ROWS))
    return World(Facts(catalog), 0, (2, 1, 2, 3, 4), ROWS["price"], ROWS["item_id"])


def facts(here: World, *said: str) -> frozenset[int]:
    return frozenset(here.facts.number[Fact(*one.split("="))] for one in said)


def test_what_holds_and_what_does_not(here: World) -> None:
    red, red_any = facts(here, "colour=red"), facts(here, "colour=red", "trim=red")
    blue_any, flat = facts(here, "colour=blue", "trim=blue"), facts(here, "shape=flat")
    cases: list[tuple[Claim, bool]] = [
        (Has(0, red), True), (Has(2, red), False), (Has(2, red, True), True), (Has(3, red_any), True),
        (Has(3, red_any, True), False),
        # Things count once, by whichever column the word means; the count is exact or open.
        (Some((red,)), True), (Some((red,), 1, 1), True), (Some((red,), 2), False), (Some((red_any,), 3, 3), True),
        (Some((red_any, flat), 1, 1), True), (Some((flat,), 2, 2), True), (Some((flat,), 1, 1, beside=(1,)), True),
        (Some((flat,), 1, 1, recent=3), True), (Some((flat,), 0, 0, recent=2), True), (Some((red,), 0, 0), False),
        (Some((flat,), share=0.4), True), (Some((flat,), share=0.5), False), (Some((blue_any,), 2, 2), True),
        (Owned(2), True), (Owned(0), False), (Owned(4, -1), True), (Owned(2, -1), False), (Owned(2, 0), True),
        (Owned(2, times=2), True), (Owned(1, times=2), False),
        (Alike((1, 2), "shape"), True), (Alike((0, 1, 2), "shape"), False), (Alike((0, 1), "shape", True), True),
        (Alike((3, 0), "shape"), False), (Alike((0, 2), "price"), True), (Alike((0, 4), "price"), False),
        (Shares(0, 1, red_any), True), (Shares(0, 3, red_any), False), (Shares(0, 3, red_any, True), True),
        (Shares(4, 1, red, True), False),
        (Known(0, "colour"), True), (Known(0, "shape"), True), (Known(3, "shape"), False),
        (Priced(1, 19.95, 20.05), True), (Priced(1, 0, 19), False), (Priced(4, 0, 99), False),
        (Cheaper(0, 1), True), (Cheaper(1, 0), False), (Cheaper(0, 2), False), (Cheaper(0, 4), False),
        (Size(5), True), (Size(4), True), (Size(3), False), (Unknown("velvet"), False),
        (AnyOf((Owned(0), Has(0, red))), True), (AnyOf((Owned(0), Has(2, red))), False),
    ]  # fmt: skip
    for claim, holds in cases:
        assert claim.holds(here) is holds, claim


def test_what_is_logged_is_in_the_user_s_words(here: World) -> None:
    assert Has(1, facts(here, "colour=red")).triple(here) == ("b", "colour", "red")
    assert Has(1, facts(here, "colour=red"), True).triple(here) == ("b", "colour", "not red")
    assert Cheaper(0, 1).triple(here) == ("a", "price", "less than that of b")
    assert Alike((0, 1), "shape").triple(here) == ("a b", "shape", "the same")
    assert Shares(0, 1, facts(here, "colour=red", "trim=red")).triple(here) == ("a b", "colour or trim", "red")
    for claim in (
        Owned(1, -1),
        Size(4),
        Known(0, "shape"),
        Unknown("x"),
        Priced(0, 1, 2),
        Some((facts(here, "trim=red"),)),
    ):
        assert len(claim.triple(here)) == 3 and all(claim.triple(here))
