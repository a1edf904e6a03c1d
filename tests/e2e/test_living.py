"""A run whose catalogue is changed while it answers, through the one object that its user holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from genrec import Recommender
from genrec.errors import UserError

NEW = [
    {"item_id": "N1", "title": "Blue Wool Coat", "text": "A warm blue coat of wool for winter"},
    {"item_id": "N2", "title": "Red Dress"},
]
HISTORIES: list[list[str]] = [["F00001", "F00002"], ["F00040"], [], ["F00007", "F00042", "F00100"]]


def opened(run: Path) -> Recommender:
    return Recommender.from_pretrained(run, beam=20)


def answers(recommender: Recommender) -> list:
    return recommender.recommend_many([one for one in HISTORIES if set(one) <= recommender.catalog.index.keys()], k=12)


def ids(recommender: Recommender, history: list[str], k: int) -> set[str]:
    return {one.item_id for one in recommender.recommend(history, k=k)}


def test_a_catalogue_lives_and_is_there_again_after_a_restart(copy: Callable, tmp_path: Path) -> None:
    run = copy("evaluate")
    recommender = opened(run)
    before, codes = answers(recommender), recommender.snapshot.ids.codes
    assert recommender.version == 0 and recommender.log == [] and not (run / "live").exists()

    added = recommender.add_items(NEW)
    assert (added.version, added.kind, added.item_ids, added.items) == (1, "add", ("N1", "N2"), 302)
    assert recommender.catalog.table["text"][301] == "Red Dress"
    assert ids(recommender, ["F00001"], 301) >= {"N1", "N2"} and len(recommender.recommend(["N1", "N2"], k=5)) == 5
    assert np.array_equal(recommender.snapshot.ids.codes[:300], codes)

    best = [one.item_id for one in recommender.recommend(["F00001"], k=3)]
    recommender.withdraw(best)
    assert not ids(recommender, ["F00001"], 302) & set(best)
    assert len(recommender.recommend([best[0]], k=302)) == 299  # it may stand in a history still
    recommender.restore(best[:1])
    recommender.change_items([{"item_id": "N2", "title": "Crimson Dress"}, {"item_id": "F00003", "text": "A fur hat"}])
    changed = recommender.catalog.table.filter(pl.col("item_id").is_in(["N2", "F00003"]))
    assert changed["text"].to_list() == ["A fur hat", "Red Dress"] and changed["title"][1] == "Crimson Dress"
    assert [entry.kind for entry in recommender.log] == ["add", "withdraw", "restore", "change"]

    again = opened(run)
    assert again.version == 4 and again.log == recommender.log
    assert again.catalog.table.equals(recommender.catalog.table)
    assert answers(again) == answers(recommender) != before
    recommender.save_pretrained(tmp_path / "saved")
    assert answers(opened(tmp_path / "saved")) == answers(again)

    again.rollback(0)
    assert answers(again) == before and again.version == 5 and len(again.catalog) == 300
    with pytest.raises(UserError, match="no item 'N1'"):
        again.recommend(["N1"])
    again.rollback(4)
    assert answers(again) == answers(recommender)
    assert answers(opened(run)) == answers(again)


def test_generate_and_update_know_of_changes(copy: Callable, cli: Callable, tmp_path: Path) -> None:
    run = copy("evaluate")
    asked = ("generate", run, "--k", "5", "--beam", "10")
    cli(*asked).ok()
    shown = pl.read_parquet(run / "generate" / "*.parquet")["item_id"].value_counts(sort=True)["item_id"][0]
    opened(run).withdraw([shown])
    said = cli(*asked).ok()
    assert "up to date" not in said.err
    assert shown not in pl.read_parquet(run / "generate" / "*.parquet")["item_id"]
    assert "up to date" in cli(*asked).ok().err

    items = tmp_path / "items.csv"
    items.write_text("item_id,title\nN9,Green Scarf\n")
    refused = cli("update", run, "--items", items)
    assert refused.code == 2 and "live holds changes" in refused.err and not (run / "staging").exists()


def test_what_is_wrong_is_named(copy: Callable) -> None:
    run = copy("evaluate")
    recommender = opened(run)
    for call, message in (
        (lambda: recommender.add_items([{"item_id": "F00001", "title": "x"}]), "has item 'F00001' already"),
        (lambda: recommender.add_items([{"item_id": "N1"}]), "'N1' has neither text nor image"),
        (lambda: recommender.add_items([{"item_id": "N1", "title": "x", "weight": 3}]), "no column 'weight'"),
        (lambda: recommender.change_items([{"item_id": "F00001", "titel": "x"}]), "did you mean 'title'"),
        (lambda: recommender.change_items([{"title": "x"}]), "names no item_id"),
        (lambda: recommender.change_items([{"item_id": "N1", "title": "x"}]), "no item 'N1'"),
        (lambda: recommender.withdraw(["F0001"]), "no item 'F0001'"),
        (lambda: recommender.rollback(1), "versions here are 0 to 0"),
    ):
        with pytest.raises(UserError, match=message):
            call()
    assert recommender.version == 0 and not (run / "live" / "log.jsonl").exists()


def test_changes_to_other_semantic_ids_are_refused(copy: Callable) -> None:
    run = copy("evaluate")
    opened(run).withdraw(["F00001"])
    log = run / "live" / "log.jsonl"
    first, *rest = log.read_text().splitlines(keepends=True)
    log.write_text(json.dumps(json.loads(first) | {"base": "0" * 64}) + "\n" + "".join(rest))
    with pytest.raises(UserError, match="holds changes to another catalogue"):
        opened(run)
