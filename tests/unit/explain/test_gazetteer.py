"""What words of a text name."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from genrec.data.catalog import Catalog
from genrec.data.synthetic.synonyms import synonyms
from genrec.errors import UserError
from genrec.explain.gazetteer import Gazetteer, short
from genrec.model.tasks.facts import Facts
from genrec.model.vocabulary import text
from genrec.sid.codes import SemanticIds


@pytest.fixture(scope="module")
def shop() -> tuple[Catalog, Facts, SemanticIds]:
    rows = [
        ("Red Tea Pot", "red", "Night Bus", "pots", 12.5),
        ("Red Tea Pot, Large, with a Lid", "red", "Night Bus", "pots", 19.0),
        ("The Blue Cup", "blue", "plain sight", "cups", 4.0),
        ("The Blue Cup No. 5 in Stone", "blue", "plain sight", "cups", 6.0),
        ("Red Tea Pot", "green", "Night Bus", "pots", 11.0),
        ("1.75 mm Wire (Spool), 5 kg", "green", "Night Bus", "wires", 5.0),
    ]
    table = pl.DataFrame(rows, schema=["title", "colour", "brand", "category", "price"], orient="row")
    table = table.with_columns(pl.Series("item_id", list("abcdef")), pl.col("title").alias("text"))
    catalog = Catalog(table)
    codes = [[n // 3, n % 3] for n in range(6)]
    import numpy as np

    return catalog, Facts(catalog), SemanticIds(np.array(codes), (2, 3))


def kinds(gazetteer: Gazetteer, said: str) -> list[tuple[str, str]]:
    return [(mark.kind, mark.text) for mark in gazetteer.marks(said) if mark.kind not in ("stop", "word", "cue")]


def test_items_by_semantic_id_title_and_short_title(shop: Any) -> None:
    catalog, facts, ids = shop
    gazetteer = Gazetteer(catalog, facts, ids)

    def named(said: str) -> list[tuple[int, ...]]:
        return [mark.items for mark in gazetteer.marks(said) if mark.kind == "item"]

    for item in range(6):
        assert named(f"You own {text(ids.codes[item])}, which is nice.") == [(item,)]
        assert item in named(f"You own the {catalog.table['title'][item]}.")[0]
    assert named("the Red Tea Pot") == [(0, 1, 4)]  # the large one too, by its short form
    assert named("the Red Tea Pot, Large, with a Lid and the Blue Cup") == [(1,), (2,)]
    # The longest title, wherever its article belongs, and whatever stands in it.
    assert named("The Blue Cup No. 5 in Stone. It is blue.") == [(3,)]
    assert named("the 1.75 mm Wire (Spool), 5 kg!") == [(5,)]
    # In small letters these are words.
    assert named("a red tea pot and the blue cup") == []


def test_what_is_no_item_is_unknown(shop: Any) -> None:
    gazetteer = Gazetteer(*shop)
    for wrong in ("<|sid_begin|><|sid_0_7|><|sid_1_0|><|sid_end|>", "<|sid_begin|><|sid_0_0|>", "<|sid_0_0|>"):
        assert ("unknown", wrong) in kinds(gazetteer, f"Because of {wrong} you like it.")


def test_values_names_and_numbers(shop: Any) -> None:
    gazetteer = Gazetteer(*shop)
    assert kinds(gazetteer, "a Red pot from Night Bus") == [("value", "Red"), ("value", "pot"), ("value", "Night Bus")]
    assert kinds(gazetteer, "on the night bus") == [("value", "night bus")]
    assert kinds(gazetteer, "by plain sight") == [("value", "plain sight")]
    assert kinds(gazetteer, "the same colour, shade and brand") == [
        ("name", "colour"),
        ("name", "shade"),
        ("name", "brand"),
    ]
    marks = [mark for mark in gazetteer.marks("$12.50, 12.5 euros, €7, three or 4") if mark.number]
    assert [(mark.kind, mark.number) for mark in marks] == [
        ("amount", 12.5), ("amount", 12.5), ("amount", 7.0), ("number", 3.0), ("number", 4.0),
    ]  # fmt: skip


def test_a_word_of_two_columns_stands_for_both(world: Any) -> None:
    gazetteer = Gazetteer(world.catalog, world.facts, world.ids)
    (mark,) = (mark for mark in gazetteer.marks("It is navy.") if mark.kind == "value")
    assert mark.facts == {world.fact("colour", "navy"), world.fact("accent", "navy")}


def test_a_name_of_one_word_has_a_capital(world: Any) -> None:
    gazetteer = Gazetteer(world.catalog, world.facts, world.ids)
    assert kinds(gazetteer, "on the kerb by Kerb") == [("value", "Kerb")]


def test_synonyms_are_the_owner_s(world: Any) -> None:
    plain = Gazetteer(world.catalog, world.facts, world.ids)
    own = Gazetteer(world.catalog, world.facts, world.ids, {"material": {"wool": ["sheep", "sheep’s coat"]}})
    assert kinds(plain, "made of sheep") == [] and kinds(own, "made of Sheep") == [("value", "Sheep")]
    assert kinds(own, "made of sheep's coat") == [("value", "sheep's coat")]
    fashion = Gazetteer(world.catalog, world.facts, world.ids, synonyms(world.catalog.table))
    (mark,) = (mark for mark in fashion.marks("It is midnight-navy.") if mark.kind == "value")
    assert mark.facts == {world.fact("colour", "navy")}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"clour": {"red": ["scarlet"]}}, "no column 'clour'.*did you mean 'colour'"),
        ({"colour": {"rad": ["scarlet"]}}, "colour has no value 'rad'.*did you mean 'red'"),
    ],
)
def test_wrong_synonyms_are_named(shop: Any, wrong: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        Gazetteer(*shop, wrong)


def test_sentences_end_at_stops_and_not_in_titles_and_numbers(shop: Any) -> None:
    gazetteer = Gazetteer(*shop)
    said = "You own The Blue Cup No. 5 in Stone. It costs $6.00! Is it blue? Yes\nand no"
    found = [said[marks[0].begin : marks[-1].end] for marks in gazetteer.sentences(said)]
    assert found == ["You own The Blue Cup No. 5 in Stone.", "It costs $6.00!", "Is it blue?", "Yes", "and no"]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Filament 1.75 mm, black, 1 kg", "Filament 1.75 mm"),
        ("Tape, black, very wide", "Tape, black, very wide"),
        ("One two three four five six seven eight nine", "One two three four five six seven eight"),
        ("Big Blue Wrench - for filters", "Big Blue Wrench"),
    ],
)
def test_short_titles(title: str, expected: str) -> None:
    assert short(title) == expected
