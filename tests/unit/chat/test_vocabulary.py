"""What values are called, and what a catalogue that changes adds to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from genrec.chat.conversation import Conversation
from genrec.chat.shelves import Shelves
from genrec.chat.vocabulary import Vocabulary, stems
from genrec.data.synthetic.synonyms import synonyms
from genrec.errors import UserError


def means(talk: Conversation, phrase: str) -> tuple[str, tuple[Any, ...]]:
    way = talk.vocabulary.ways[stems(phrase)][0]
    return way.column, tuple(sorted(way.values))


def test_values_are_called_what_columns_titles_and_english_call_them(fashion: Any, tools: Any, books: Any) -> None:
    assert means(fashion.talk, "navy") == ("colour", ("navy",))  # and not the accent, which no title says
    assert means(fashion.talk, "jumpers") == ("category", ("sweater",))
    assert means(fashion.talk, "blue") == ("colour", ("navy", "sky blue"))
    assert means(fashion.talk, "gray") == ("colour", ("grey",))
    assert means(fashion.talk, "Roll Neck") == ("silhouette", ("roll-neck",))
    assert means(tools.talk, "waterproof") == ("waterproof", (True,))
    assert means(tools.talk, "battery-powered") == ("power_source", ("cordless",))
    assert means(books.talk, "sci-fi") == ("genres", ("science fiction",))


def test_the_owners_synonyms_count(fashion: Any) -> None:
    own = Vocabulary(fashion.talk.shelves, {"colour": {"navy": ["midnight"]}})
    assert own.ways[("midnight",)][0].values == ("navy",)
    Vocabulary(fashion.talk.shelves, synonyms(fashion.now.catalog.table))
    with pytest.raises(UserError, match="no value 'nvy'; did you mean 'navy'"):
        Vocabulary(fashion.talk.shelves, {"colour": {"nvy": ["midnight"]}})
    with pytest.raises(UserError, match="no column 'clour'"):
        Vocabulary(fashion.talk.shelves, {"clour": {"navy": ["midnight"]}})


def test_newcomers_are_heard_and_withdrawn_things_do_not_come(fashion: Any, make: Any) -> None:
    rows = fashion.now.catalog.table.to_dicts()
    fresh = {**rows[0], "item_id": "N1", "title": "Aurora Velvet Kimono", "text": "Aurora Velvet Kimono.",
             "category": "kimono", "material": "velvet"}  # fmt: skip
    later = make([*rows, fresh], series=pl.String)
    talk = Conversation(later.now, former=fashion.talk)
    assert means(talk, "kimonos") == ("category", ("kimono",))
    assert means(talk, "jumpers") == means(fashion.talk, "jumpers")  # taught by titles, and kept
    assert talk.gazetteer.hear("what is the Aurora Velvet Kimono made of?", fashion.talk.fold([])).about == ("N1",)
    assert ("kimono",) not in fashion.talk.vocabulary.ways
    later.talk = talk
    assert [one.item_id for one in later.say("a kimono")[0].items] == ["N1"]
    changed = make([*rows[:5], {**rows[5], "title": "The Renamed Thing"}, *rows[6:]], series=pl.String)
    renamed = Conversation(changed.now, former=fashion.talk).gazetteer
    assert renamed.hear("how much is The Renamed Thing?", fashion.talk.fold([])).about == (rows[5]["item_id"],)
    assert renamed.hear(f"why {rows[5]['title']}?", fashion.talk.fold([])).about != (rows[5]["item_id"],)


def test_only_what_is_there_counts(fashion: Any) -> None:
    catalog = fashion.now.catalog
    available = np.ones(len(catalog), bool)
    available[(catalog.table["category"] == "hat").to_numpy()] = False
    shelves = Shelves(catalog, None, available)
    assert not shelves.left({"category": "hat"}).any()
    assert shelves.left({"category": "bag"}).sum() == (catalog.table["category"] == "bag").sum()


def test_left_is_what_polars_filters(fashion: Any) -> None:
    shelves, table = fashion.talk.shelves, fashion.now.catalog.table
    where = {"all": [{"colour": ["red", "navy"]}, {"price": {"below": 90}}]}
    expected = (table["colour"].is_in(["red", "navy"]) & (table["price"] < 90)).to_numpy()
    assert (shelves.left(where) == expected).all()
    assert (Shelves(fashion.now.catalog).left(where) == expected).all()
