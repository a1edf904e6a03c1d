"""Sentences made true by the catalogue stay, sentences made false by one substitution go; by hand and in bulk."""

from __future__ import annotations

import importlib
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrec.explain.checker import Checker
from genrec.model.tasks.wording import claim
from genrec.model.vocabulary import text

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
PLAIN = (
    "It is made of {r.material}.",
    "It is {r.colour}.",
    "{R} is by {r.brand}.",
    "This is a {r.style} {r.category} in {r.colour}.",
    "You bought {A} and {B}.",
    "You bought {A}, a {a.colour} {a.category}.",
    "{R} is {ra.style}, just like your {A}.",
    "Both {A} and {R} are {ra.colour}.",
    "{A}, {B} and {R} are all {rab.season:for}.",
    "It belongs to the {ra.series} series, like your {A}.",
    "It is not {no.r.colour}.",
    "It is cheaper than your {A}. | r.price < a.price",
    "It costs {r.price}.",
    "It has the same brand as your {A}. | r.brand = a.brand",
    "You own {n} {n.style} pieces.",
    "Your last purchase was {A}. | last a",
)
"""What the check must never get wrong."""


def kept(checker: Checker, case: Any) -> bool:
    return all(one.kept for one in checker.check(case.text, case.history, case.item))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PLAIN), st.integers(0, 2**31))
def test_a_true_sentence_is_never_rejected(checker: Checker, cases: Any, pattern: str, seed: int) -> None:
    case = cases.true(pattern, np.random.default_rng(seed), tries=400)
    assert case is None or kept(checker, case), case


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PLAIN), st.integers(0, 2**31))
def test_a_false_substitution_always_is(checker: Checker, cases: Any, pattern: str, seed: int) -> None:
    case = cases.false(pattern, np.random.default_rng(seed), tries=400)
    assert case is None or not kept(checker, case), case


def test_most_phrasings_that_it_was_written_with_are_read_rightly(checker: Checker, cases: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        banks = importlib.import_module("phrasings")
    random, counts = np.random.default_rng(2), Counter()
    for pattern in (*banks.DEVELOPMENT, *banks.SECOND, *banks.THIRD, *banks.FOURTH):
        for wrong, case in ((False, cases.true(pattern, random, 200)), (True, cases.false(pattern, random, 200))):
            if case is not None:
                counts[wrong, kept(checker, case)] += 1
    true, false = counts[False, True] + counts[False, False], counts[True, True] + counts[True, False]
    assert true > 150 and false > 150
    assert counts[False, False] <= 0.02 * true and counts[True, True] <= 0.02 * false


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**31))
def test_the_sentences_that_a_model_learns_to_write(world: Any, checker: Checker, seed: int) -> None:
    """«ITEMS share ATTRIBUTE VALUE.» holds exactly where the columns say so of every item."""
    random = np.random.default_rng(seed)
    history = random.choice(len(world.catalog), 6, replace=False).tolist()
    *things, item = history[: int(random.integers(2, 4))]
    fact = world.facts.facts[int(random.choice(world.facts.of(item)))]
    said = claim([text(world.ids.codes[one]) for one in (*things, item)], fact.attribute, fact.value)
    words = {fact.value} if fact.attribute not in ("colour", "accent") else set()
    truth = all(world.values(one, fact.attribute) == fact.value for one in things)
    (read,) = checker.check(said, history[: len(things)] + history[len(things) + 1 :], item)
    assert read.things == tuple(things)
    assert read.kept == truth or (not truth and not words)  # navy may be the other column's


def name(world: Any, item: int) -> str:
    return text(world.ids.codes[item])


@cache
def some(seed: int) -> tuple[int, ...]:
    return tuple(np.random.default_rng(seed).choice(240, 5, replace=False).tolist())


def test_what_is_cited_as_owned_must_be_there(world: Any, checker: Checker) -> None:
    item, one, other, stranger, _ = some(1)
    said = "Because you bought {}, we suggest {}."
    check = lambda *things: checker.check(said.format(*(name(world, t) for t in things)), (one, other), item)[0]  # noqa: E731
    assert check(one, item).kept and check(one, item).things == (one,)
    assert not check(stranger, item).kept and not check(one, stranger).kept and not check(item, item).kept
    assert not checker.check("You bought the Velvet Moonbeam Cape.", (one, other), item)[0].kept


def test_sentences_stand_and_fall_alone(world: Any, checker: Checker) -> None:
    item, one, *_ = some(2)
    brand, wrong = world.values(item, "brand"), "Kerb" if world.values(item, "brand") != "Kerb" else "Halvt"
    said = f"It is by {brand}. It is by {wrong}. You bought {name(world, one)}. Enjoy it!"
    read = checker.check(said, (one,), item)
    assert [sentence.kept for sentence in read] == [True, False, True, True]
    assert [sentence.text for sentence in read][1] == f"It is by {wrong}."
    assert read[1].refuted[0].triple(checker.world((one,), item)) == (f"F{item:03d}", "brand", wrong)
    assert not read[3].claims and read[3].things == ()
    assert checker.check("", (one,), item) == [] and checker.check(" \n ", (one,), item) == []


def test_words_that_no_column_and_no_text_has_support_nothing(world: Any, checker: Checker) -> None:
    item, one, *_ = some(3)
    for said in ("It is made of titanium.", "It is waterproof.", "A purple velvet cape.", "It is by Gucci."):
        assert not checker.check(said, (one,), item)[0].kept, said
    for said in ("It is a great choice.", "We hope that you like it.", "This could be your next favourite."):
        assert checker.check(said, (one,), item)[0].kept, said


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from(list("abc ,.;:()—<|>0123456789$&'-\n")) | st.characters(), max_size=80))
def test_any_text_can_be_read(checker: Checker, said: str) -> None:
    """Whatever a model writes: the sentences are pieces of it, in order."""
    at = 0
    for sentence in checker.check(said, (1, 2), 3):
        at = said.index(sentence.text, at) + len(sentence.text)


SPOKEN = """
you bought own like your this it both and , . is not navy boho sweater same colour share as with of three most cheaper
than which that <A> <R> <X> people $20 last another in by so but while
"""
WORDS = st.sampled_from(SPOKEN.split())


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS, max_size=18))
def test_any_order_of_words_can_be_read(world: Any, checker: Checker, said: list[str]) -> None:
    names = {"<A>": name(world, 1), "<R>": name(world, 3), "<X>": name(world, 9)}
    read = checker.check(" ".join(names.get(word, word) for word in said), (1, 2), 3)
    # A thing that is nobody's is never let pass.
    assert not any(one.kept and name(world, 9) in one.text for one in read)
