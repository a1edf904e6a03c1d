"""Why an item is recommended, from a trained run: in Python, on the command line, over a catalogue that changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from genrec import Recommender
from genrec.errors import UserError
from genrec.model.vocabulary import text


@pytest.fixture(scope="module")
def recommender(fashion: Path) -> Recommender:
    return Recommender.from_pretrained(fashion, beam=20)


def test_every_recommendation_can_be_explained(recommender: Recommender) -> None:
    history = ["F00003", "F00017", "F00200"]
    for found in recommender.recommend(history, k=10):
        told = recommender.explain(history, found.item_id)
        assert told.item_id == found.item_id and told.source == "template" and set(told.cited) <= set(history)
        assert told.evidence.score == pytest.approx(found.score, abs=1e-4)
        assert len(told.evidence.influences) == 3 and told.text.endswith(".")
        if told.reason is not None:
            column, value = told.reason
            table, index = recommender.catalog.table, recommender.catalog.index
            assert all(table[column][index[one]] == value for one in (found.item_id, *told.cited))


def test_without_a_history_it_rests_on_popularity(recommender: Recommender) -> None:
    told = recommender.explain([], "F00003")
    assert "popularity" in told.text and told.cited == () and told.evidence.influences == ()


def test_what_a_writer_says_is_checked(recommender: Recommender) -> None:
    history = ["F00003", "F00017", "F00200"]
    item = recommender.recommend(history, k=1)[0].item_id
    plain = recommender.explain(history, item)
    assert plain.cited
    words = {one: text(recommender.snapshot.ids.codes[recommender.catalog.index[one]]) for one in (*plain.cited, item)}
    true = f"You bought {words[plain.cited[0]]}."
    told = recommender.explain(history, item, write=lambda _: f"{true} It is made of titanium.")
    assert told.source == "model" and told.cited == plain.cited[:1] and len(told.dropped) == 1
    lied = recommender.explain(history, item, write=lambda _: f"You bought {words[item]}.")
    assert lied.source == "template" and lied.text == plain.text
    own = {"material": {"cotton": ["plant wool"]}}
    assert recommender.explain(history, item, synonyms=own).text == plain.text


def test_on_the_command_line(fashion: Path, cli: Callable, recommender: Recommender) -> None:
    said = cli("explain", fashion, "F00001", "F00002", "--item", "F00005").ok().out
    told = recommender.explain(["F00001", "F00002"], "F00005")
    assert said.splitlines()[0] == told.text and "F00001" in said and "F00002" in said
    assert "--item ID" in cli("explain", fashion, "F00001").err
    assert "no item 'F5'" in cli("explain", fashion, "F00001", "--item", "F5").err
    assert "no item 'F1'" in cli("explain", fashion, "F1", "--item", "F00005").err
    assert "genrec lm train" in cli("explain", fashion, "F00001", "--item", "F00005", "--lm").err


def test_errors_name_the_item(recommender: Recommender) -> None:
    with pytest.raises(UserError, match="no item 'nothing'"):
        recommender.explain(["F00001"], "nothing")
    with pytest.raises(UserError, match="no item 'nothing'"):
        recommender.explain(["nothing"], "F00001")
    with pytest.raises(UserError, match="no column 'clour'"):
        recommender.explain(["F00001"], "F00002", synonyms={"clour": {"red": ["scarlet"]}})


def test_newcomers_and_withdrawn_things_are_explained(copy: Callable) -> None:
    changed = Recommender.from_pretrained(copy(), beam=20)
    before = changed.explain(["F00001", "F00002"], "F00005")
    row = changed.catalog.table.row(1, named=True)
    changed.add_items([{"item_id": "new", "title": "Velvet Moonbeam Cape", "text": "A cape.", "style": row["style"]}])
    changed.withdraw(["F00001"])
    assert changed.explain(["F00001", "F00002"], "F00005").text == before.text
    told = changed.explain(["F00001", "F00002"], "new")
    assert "Velvet Moonbeam Cape" in told.text and len(told.evidence.influences) == 2
