"""What a sentence says of two: again, of whom by another name, as proof of taste, against each other, dearer, alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrec.explain.checker import Checker
from genrec.model.vocabulary import text

SURE = (
    "You own {A}; {R} is another {ra.style} one.",
    "Since {A} is from {a.brand}, you might enjoy another {ra.brand} piece.",
    "{A} was {a.brand}, and {R} is {ra.brand} again.",
    "You bought {A}, and {R} is from {ra.brand} as well.",
    "More of the {ra.material} that you know from {A}.",
    "{A} was made by {a.brand}; so was {R}. | r.brand = a.brand",
    "To match {A}, we found a {r.category} that is also {ra.style}.",
    "It costs less than {A} and is also {r.style}. | r.price < a.price",
    "Your {a.category}, {A}, is made of {a.material}.",
    "The {a.brand} {a.category} you own, {A}, is {a.style}.",
    "You own a {a.style} {a.category}, {A}.",
    "{A}, your {a.style} {a.category}, goes well with it.",
    "Your {y.style} {y.category} goes with it, and so does {A}.",
    "Given your {A}, we know that you like {a.style}.",
    "Judging by {A} and {B}, {ab.style} is your style.",
    "You chose {a.brand} with {A}.",
    "Because of {A} and because you like {h.style}, we suggest {R}.",
    "{A} is {a.style}, but {R} is {r.style}. | r.style != a.style",
    "Even though {A} is from {a.brand}, {R} is from {r.brand}. | r.brand != a.brand",
    "Its {r.material} matches the {a.material} of your {A}. | r.material = a.material",
    "It is cheaper than {A} and {B}. | r.price < a.price, r.price < b.price",
    "{R} is cheaper than {A}, {B} and {C}. | r.price < a.price, r.price < b.price, r.price < c.price",
    "{R} costs less than both {A} and {B}. | r.price < a.price, r.price < b.price",
    "Both {A} and {B} are cheaper than this one. | a.price < r.price, b.price < r.price",
    "It isn't cheaper than {A}. | r.price >= a.price",
    "{A} is the dearer of the two. | a.price > r.price",
    "{R} has a different colour than {A}. | r.colour != a.colour",
    "It is by another brand than {A}. | r.brand != a.brand",
    "{R} is in the style of {A}. | r.style = a.style",
    "Its brand is that of {A}. | r.brand = a.brand",
    "It has the style of {A} in a different colour. | r.style = a.style, r.colour != a.colour",
    "{R} changes the colour of {A} but keeps its style. | r.colour != a.colour, r.style = a.style",
    "There is {ra.material} in both {A} and {R}.",
    "Neither of {A} and {R} is {no.ra.style}.",
    "{R} is {r.style} rather than {a.style} like {A}. | r.style != a.style",
)
"""What must not be got wrong either way."""


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(SURE), st.integers(0, 2**31))
def test_sentences_about_two(checker: Checker, cases: Any, pattern: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    for wrong, case in ((False, cases.true(pattern, random, 200)), (True, cases.false(pattern, random, 200))):
        assert case is None or all(one.kept for one in checker.check(case.text, case.history, case.item)) != wrong, case


class Cast:
    """r is recommended to somebody who owns `same`, of r's brand and style, and `other`, of neither and in no colour
    that either has; each is another kind of thing."""

    def __init__(self, world: Any, checker: Checker) -> None:
        self.world, self.checker = world, checker
        rows = world.catalog.table.to_dicts()
        self.r, self.same, self.other = next(
            (r, same, other)
            for r, a in enumerate(rows)
            for same, b in enumerate(rows)
            for other, c in enumerate(rows)
            if a["style"] == b["style"] == "minimal" and c["style"] == "sporty" and a["brand"] == b["brand"]
            and r != same and a["brand"] != c["brand"] and len({a["category"], b["category"], c["category"]}) == 3
            and a["material"] == b["material"] != c["material"] and a["colour"] != b["colour"]
            and not {c["colour"], c["accent"]} & {a["colour"], a["accent"], b["colour"], b["accent"]}
        )  # fmt: skip
        self.rows = {"r": rows[self.r], "same": rows[self.same], "other": rows[self.other]}

    def kept(self, said: str, *history: str) -> bool:
        names = {who: text(self.world.ids.codes[getattr(self, who)]) for who in self.rows}
        words = {f"{who}_{column}": value for who, row in self.rows.items() for column, value in row.items()}
        things = [getattr(self, who) for who in history or ("same", "other")]
        (read,) = self.checker.check(said.format(**names, **words), things, self.r)
        return read.kept


@pytest.fixture(scope="module")
def cast(world: Any, checker: Checker) -> Cast:
    return Cast(world, checker)


def test_another_implies_a_first(cast: Cast) -> None:
    for said in (
        "Another {r_brand} piece for your collection, next to {%s}.",
        "Your {%s} was a good start, and this is {r_brand} again.",
        "You own {%s}, so we looked for more {r_brand}.",
        "After {%s}, a further {r_brand} piece makes sense.",
        "You bought {%s}; this one is {r_style} too.",
    ):
        assert cast.kept(said % "same") and not cast.kept(said % "other"), said
    for said in ("It is from {r_brand} again.", "Another {r_style} piece."):
        assert cast.kept(said) and not cast.kept(said, "other"), said
    # Added to what else is said of it, it is said of nothing else.
    for said in ("It is {r_style} and also from {r_brand}.", "It goes with {other}, and it is also {r_style}."):
        assert cast.kept(said), said


def test_a_thing_by_another_name(cast: Cast) -> None:
    for said in (
        "It goes with your {%s_colour} {%s_category}, {other}.",
        "The {%s_category} you bought, {other}, is {other_style}.",
        "Because of the {%s_category} in your wardrobe, {other}, we picked {r}.",
        "{other}, your {%s_category}, goes well with it.",
        "{other} ({%s_colour}, {%s_material}) led us to {r}.",
        "That {%s_category} you have, {other}, needs a {r_category}.",
    ):
        assert cast.kept(said.replace("%s", "other")) and not cast.kept(said.replace("%s", "same")), said
    for said in (
        "It goes with your {other_category}, and with {same}.",
        "Given your {other_category}, {r} is a good choice.",
        "You bought a {other_category}, {same} and {other}.",
    ):
        assert cast.kept(said), said


def test_what_things_tell_of_a_person(cast: Cast) -> None:
    for said in (
        "Thanks to your {other} we know that you wear {%s_colour}.",
        "Looking at {other}, {%s_style} seems to be your style.",
        "Based on {other}, you prefer {%s_style}.",
        "You wear {%s_colour}, as {other} shows.",
        "You own {other}, so {%s_colour} must be your colour.",
        "You chose {%s_brand} before, with {other}.",
    ):
        assert cast.kept(said.replace("%s", "other")) and not cast.kept(said.replace("%s", "same")), said
    for said in (
        "Looking at {same} and {other}, magenta seems to be your colour.",
        "You own {other}, so magenta must be your colour.",
    ):
        assert not cast.kept(said), said
    for said in (
        "Because of {other} and because you like {same_style}, we suggest {r}.",
        "Since you bought {other} and like {same_style}, try {r}.",
        "You like {same_style}, so it goes with {other}.",
    ):
        assert cast.kept(said), said


def test_a_contrast_needs_two_values(cast: Cast) -> None:
    assert not cast.kept("Although {same} is minimal, this one is clean-lined.")
    assert not cast.kept("{r} is clean-lined, but {same} is minimal.")
    assert cast.kept("Although {other} is sporty, this one is clean-lined.")
    assert cast.kept("Although {same} is in {same_colour}, this one is in {r_colour}.")
    assert cast.kept("{same} is minimal, and {r} is clean-lined too.")
    assert cast.kept("Its {r_material} matches the {same_material} of your {same}.")
    assert not cast.kept("Its {r_material} matches the {other_material} of your {other}.")
    assert cast.kept("Its {r_colour} goes well with the {other_colour} of your {other}.")


def test_a_sentence_that_breaks_off_is_read_to_its_end(cast: Cast) -> None:
    for said in (
        "Its brand is the same",
        "Your {other} is too",
        "It is not",
        "The colour of",
        "another",
        "also",
        "both",
    ):
        cast.kept(said)
