"""What people read: the template, the model's words where they hold, and nothing that does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from genrec.data.catalog import Catalog
from genrec.data.interactions import Sequences
from genrec.explain.evidence import Citation, Evidence, Influence, Reason, cite, gather
from genrec.explain.template import names, sentence
from genrec.explain.writer import Explainer, Explanation
from genrec.model.tasks.facts import Facts
from genrec.model.tasks.wording import claim
from genrec.model.vocabulary import text


@pytest.fixture(scope="module")
def explainer(world: Any, additive: Any) -> Explainer:
    """Scores rise with a shared style, and with the newer thing of that style more."""
    style = np.array(world.catalog.table["style"].to_list())
    return Explainer(world.catalog, world.ids, additive((style[:, None] == style[None]) * 1.0), facts=world.facts)


@pytest.fixture(scope="module")
def case(world: Any) -> tuple[Sequences, int, list[int]]:
    """A history of three things, two of them (the first and the last) of the item's style, and the item."""
    style = world.catalog.table["style"].to_list()
    item = 0
    same = [
        one
        for one in range(1, len(style))
        if style[one] == style[item] and len(set(world.facts.of(one)) & set(world.facts.of(item))) == 1
    ]
    other = next(one for one in range(1, len(style)) if not set(world.facts.of(one)) & set(world.facts.of(item)))
    return Sequences.from_lists([[same[0], other, same[1]]]), item, [same[0], other, same[1]]


def said_by(answer: str) -> Callable[[list[dict[str, str]]], str]:
    return lambda messages: answer


def name(world: Any, item: int) -> str:
    return text(world.ids.codes[item])


def test_the_template_names_the_things_and_the_reason(world: Any, explainer: Explainer, case: Any) -> None:
    histories, item, (first, _, last) = case
    told = explainer.explain(histories, 0, item)
    title = world.catalog.table["title"]
    style = world.values(item, "style")
    assert told.source == "template" and told.item_id == world.catalog.ids[item] and told.dropped == ()
    assert set(told.cited) == {world.catalog.ids[first], world.catalog.ids[last]} and told.reason == ("style", style)
    assert told.text.startswith("Because you bought ") and told.text.endswith(f"also in {style} style.")
    assert all(title[one].removeprefix("The ")[:12] in told.text for one in (first, last, item))
    assert (world.catalog.ids[item], "style", style) in told.claims


def test_true_words_of_the_model_are_kept_and_shown_with_titles(world: Any, explainer: Explainer, case: Any) -> None:
    histories, item, (first, _, last) = case
    style = world.values(item, "style")
    said = claim([name(world, first), name(world, last), name(world, item)], "style", style)
    told = explainer.explain(histories, 0, item, said_by(f"{said} {said} It is a good choice."))
    assert told.source == "model" and told.dropped == ()
    assert told.text.count("share style") == 1 and told.text.endswith("It is a good choice.")
    assert "<|sid" not in told.text and world.catalog.table["title"][first].split(",")[0] in told.text
    assert told.cited == (world.catalog.ids[first], world.catalog.ids[last]) and told.reason == ("style", style)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "It is a good choice.",
        "<item> is by Nobody & Sons.",
        "You bought <stranger>, and <item> has the same style: <style>.",
        "<first> and <item> share style <wrong>.",
        "You bought <other>.",
        "<|sid_begin|><|sid_0_1|>",
    ],
)
def test_where_nothing_true_cites_what_matters_the_template_speaks(
    world: Any, explainer: Explainer, case: Any, answer: str
) -> None:
    """Not even a true sentence is enough, if it cites nothing, or a thing that the score does not need."""
    histories, item, (first, other, _) = case
    style = world.values(item, "style")
    wrong = next(one for one in ("boho", "street", "minimal") if one != style)
    stranger = next(one for one in range(200) if one not in (item, *histories[0]))
    for mark, words in {
        "<item>": name(world, item), "<first>": name(world, first), "<other>": name(world, other),
        "<stranger>": name(world, stranger), "<style>": style, "<wrong>": wrong,
    }.items():  # fmt: skip
        answer = answer.replace(mark, words)
    told = explainer.explain(histories, 0, item, said_by(answer))
    plain = explainer.explain(histories, 0, item)
    assert told.source == "template" and told.text == plain.text and told.cited == plain.cited
    assert bool(told.dropped) == any(word in answer for word in ("Nobody", "same", "share", "<|sid_0_1|>"))


def test_a_false_sentence_is_dropped_and_the_true_one_beside_it_stays(
    world: Any, explainer: Explainer, case: Any
) -> None:
    histories, item, (first, *_) = case
    style = world.values(item, "style")
    good = claim([name(world, first), name(world, item)], "style", style)
    told = explainer.explain(histories, 0, item, said_by(f"{good} It is made of titanium."))
    assert told.source == "model" and told.dropped == ("It is made of titanium.",) and "titanium" not in told.text


def test_the_model_is_given_the_evidence(world: Any, additive: Any) -> None:
    """The reason, what to cite, and no more of a long history than the newest things and those."""
    style = world.catalog.table["style"].to_list()
    item = 0
    far = next(one for one in range(1, len(style)) if style[one] == style[item])
    others = [one for one in range(1, len(style)) if style[one] != style[item]][:30]
    asked: list[list[dict[str, str]]] = []
    sporty = np.array(style) == style[item]
    explainer = Explainer(
        world.catalog, world.ids, additive(sporty[:, None] & sporty[None], decay=1.0), facts=world.facts
    )
    explainer.explain(Sequences.from_lists([[far, *others]]), 0, item, lambda messages: asked.append(messages) or "")
    ((message,),) = asked
    question = message["content"]
    assert message["role"] == "user" and question.startswith(f"Why {name(world, item)}, style {style[item]} like")
    assert question.count(name(world, far)) == 2 and name(world, others[-1]) in question
    assert name(world, others[0]) not in question


def test_an_empty_history_rests_on_popularity_and_asks_no_model(explainer: Explainer) -> None:
    told = explainer.explain(Sequences.from_lists([[]]), 0, 4, lambda messages: pytest.fail("asked"))
    assert told.source == "template" and "popularity" in told.text and told.cited == () and told.reason is None


def test_a_history_that_speaks_for_nothing_is_said_to(world: Any, explainer: Explainer) -> None:
    style = world.catalog.table["style"].to_list()
    others = [one for one in range(1, len(style)) if style[one] != style[0]][:3]
    told = explainer.explain(Sequences.from_lists([others]), 0, 0)
    assert told.text.startswith("No single thing you bought") and told.cited == ()


def test_every_template_passes_the_check(world: Any, additive: Any) -> None:
    """Whatever the scores: what is said is true, as the checker reads it."""
    scorer = additive(np.random.default_rng(3).normal(size=(len(world.catalog), len(world.catalog))))
    explainer = Explainer(world.catalog, world.ids, scorer, facts=world.facts)
    reasons = set()
    for row in range(len(world.histories)):
        for item in range(row, len(world.catalog), 60):
            if item in world.histories[row]:
                continue
            evidence = gather(scorer, world.facts, world.ids, world.histories, row, item)
            for reason in (*evidence.reasons, None):
                things = evidence.supporting[:1] if reason is None else reason.items[:2]
                if not things:
                    continue
                named = explainer.names([item, *things])
                said = sentence(evidence, Citation(things, reason), named)
                read = explainer.checker.check(said, evidence.history, item)
                assert all(one.kept for one in read), (said, read)
                assert set(things) <= {thing for one in read for thing in one.things}, said
                reasons.add(reason and reason.attribute)
    assert reasons >= {"style", "colour", "brand", "category", "material", "season", "pattern", None}


def evidence(history: tuple[int, ...], reason: Reason | None, codes: int = 0) -> tuple[Evidence, Citation]:
    influences = tuple(Influence(thing, 1.0, codes, ()) for thing in history)
    made = Evidence(9, history, 0.0, influences, (reason,) if reason else ())
    return made, Citation(history[:2], reason)


def test_how_the_template_reads() -> None:
    titles = names({1: "Navy Tee", 2: "Rust Skirt", 3: "The Cape", 9: "Olive Coat in Wool"})
    reason = Reason(0, "style", "boho", 1.0, (1, 2, 3, 4, 5))
    assert sentence(*evidence((1, 2, 3), reason), titles) == (
        "Because you bought the Navy Tee, the Rust Skirt and three other things in boho style, we suggest the Olive "
        "Coat in Wool, also in boho style."
    )
    one = Reason(0, "brand", "Kerb", 1.0, (3, 5))
    assert sentence(*evidence((3,), one), titles) == (
        "Because you bought The Cape and one other thing by Kerb, we suggest the Olive Coat in Wool, also by Kerb."
    )
    size = Reason(0, "shoe_size", "42", 1.0, (1,))
    assert sentence(*evidence((1,), size), titles).endswith("also with the same shoe size: 42.")
    made, _ = evidence((1,), None, codes=2)
    assert sentence(made, Citation((1,), None), titles) == (
        "Because you bought the Navy Tee, we suggest the Olive Coat in Wool. The two are close relatives."
    )


def test_names_are_as_long_as_it_takes_to_tell_them_apart() -> None:
    long = "Steel Wire Brush Set, for drills, 3 pieces, "
    found = names({1: long + "coarse", 2: long + "fine", 3: "Tea Cup, blue"})
    assert found == {1: long + "coarse", 2: long + "fine", 3: "Tea Cup, blue"}
    assert names({1: long + "coarse", 3: "Tea Cup"})[1] == "Steel Wire Brush Set"
    assert names({1: "Tea Cup", 2: "Tea Cup"}) == {1: "Tea Cup", 2: "Tea Cup"}


def test_a_catalogue_without_titles_and_columns_is_explained_by_ids(world: Any, additive: Any) -> None:
    bare = Catalog(world.catalog.table.select("item_id", "text"))
    scorer = additive(np.eye(len(bare))[::-1].copy())
    told: Explanation = Explainer(bare, world.ids, scorer, facts=Facts(bare)).explain(
        Sequences.from_lists([[3, 239 - 7]]), 0, 7
    )
    assert told.text.startswith("Because you bought the F232, we suggest the F007") and told.cited == ("F232",)
    assert cite(told.evidence).items == (232,)
