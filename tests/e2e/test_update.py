"""`genrec update`: new events and items on a finished run, and the way back."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from genrec import Recommender
from genrec.data import Catalog, Interactions
from genrec.sid import SemanticIds

NEW = ["N1", "N2", "N3"]


@pytest.fixture
def files(fashion: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Three new garments (copies of old ones in new words), and events on new and old ones of old and new people."""
    old = pl.read_parquet(fashion / "data" / "interactions.parquet")
    last = old["timestamp"].max()
    assert isinstance(last, int)
    items, events = tmp_path / "items.csv", tmp_path / "events.csv"
    pl.DataFrame(
        {"item_id": NEW, "title": ["Blue Wool Coat", "Red Dress", "Green Silk Scarf"],
         "text": ["A warm blue coat of wool for winter", "A red dress for summer", "A green scarf of silk"]}
    ).write_csv(items)  # fmt: skip
    user = old["user_id"][0]
    rows = [(user, "N1"), (user, "F00007"), ("newcomer", "N2"), ("newcomer", "N3"), ("newcomer", "F00011")]
    table = [{"user_id": who, "item_id": what, "timestamp": last + 60 * n} for n, (who, what) in enumerate(rows, 1)]
    pl.DataFrame(table).write_csv(events)
    return items, events


def answers(run: Path) -> list:
    return Recommender.from_pretrained(run, beam=20).recommend_many([["F00001", "F00002"], ["F00040"], []], k=10)


def contents(run: Path) -> dict[Path, bytes]:
    return {
        path: path.read_bytes() for stage in ("data", "embed", "sid", "model") for path in (run / stage).glob("*.*")
    }


def versions(run: Path) -> list[str]:
    return sorted(path.name for path in (run / "versions").iterdir())


def test_update_and_the_way_back(copy: Callable, cli: Callable, files: tuple[Path, Path]) -> None:
    run = copy()
    items, events = files
    before, rows = answers(run), (run / "evaluate" / "rows.json").read_bytes()
    ids = SemanticIds.load(run / "sid" / "sids.safetensors")

    said = cli("update", run, events, "--items", items).ok()
    assert "update: 3 new item(s), 5 new event(s)" in said.err
    assert said.out.startswith(f"{run} is at version 2;")
    assert versions(run) == ["1"] and not (run / "staging").exists()

    # What was there stays: items, their order, their semantic IDs; newcomers have IDs of their own.
    grown = SemanticIds.load(run / "sid" / "sids.safetensors")
    catalog = Catalog.read(run / "data" / "catalog.parquet")
    assert len(catalog) == len(grown) == 303 and catalog.ids[300:] == NEW
    assert np.array_equal(grown.codes[:300], ids.codes) and grown.codebook_sizes == ids.codebook_sizes
    assert catalog.image_path(0) is not None and catalog.image_path(0).is_file()  # type: ignore[union-attr]
    events_now = Interactions.read(run / "data" / "interactions.parquet").table
    events_then = pl.read_parquet(run / "versions" / "1" / "data" / "interactions.parquet")
    assert events_now[: len(events_then)].equals(events_then) and len(events_now) == len(events_then) + 5

    # Newcomers can be recommended and can be what a recommendation starts from.
    recommender = Recommender.from_pretrained(run)
    assert {one.item_id for one in recommender.recommend([], k=303)} >= set(NEW)
    assert {one.item_id for one in recommender.recommend(["F00001"], k=302)} >= set(NEW)
    assert len(recommender.recommend(["N1", "N2"], k=10)) == 10
    cli("generate", run, "--k", "5", "--beam", "10").ok()
    assert "newcomer" in pl.read_parquet(run / "generate" / "*.parquet")["user_id"]

    # The table is made anew for the new version, without the oracles of the old data.
    assert not (run / "evaluate").exists()
    new_rows = json.loads(cli("evaluate", run, "--json").ok().out)
    assert len(new_rows) == 6 and "oracle: history" not in (run / "evaluate" / "report.html").read_text()
    guarded = cli("run", run)
    assert guarded.code == 2 and "was extended by `genrec update`" in guarded.err

    assert cli("update", run, "--rollback").ok().out == f"{run} is at version 1 again\n"
    assert answers(run) == before
    assert (run / "evaluate" / "rows.json").read_bytes() == rows
    assert versions(run) == ["2"]
    nothing = cli("update", run, "--rollback")
    assert nothing.code == 2 and "has no version before this" in nothing.err


def test_updates_follow_each_other(copy: Callable, cli: Callable, files: tuple[Path, Path]) -> None:
    run = copy("evaluate")
    items, events = files
    cli("update", run, "--items", items).ok()
    said = cli("update", run, events).ok()
    assert "update: 0 new item(s), 5 new event(s)" in said.err and versions(run) == ["1", "2"]
    again = cli("update", run, events, "--items", items).ok()
    assert "3 item(s) of" in again.err and "update: 0 new item(s), 0 new event(s)" in again.err


def test_what_is_wrong_changes_nothing(copy: Callable, cli: Callable, files: tuple[Path, Path], tmp_path: Path) -> None:
    run = copy("evaluate")
    before = contents(run)
    _, events = files
    broken, image = tmp_path / "broken.csv", tmp_path / "image.csv"
    broken.write_text("item_id,title,text\nN1,,\n")
    image.write_text("item_id,title,image\nN1,Coat,nowhere.png\nN2,Hat,image.csv\n")
    for asked, message in (
        ((events,), "events.csv, row 1: item_id 'N1' is not in the catalogue (and 2 more such row(s)). Add the item"),
        (("--items", broken), "broken.csv, row 1: item_id 'N1' has neither text nor image"),
        (("--items", image), "no such file"),
        ((tmp_path / "none.csv",), f"there is no file {tmp_path}/none.csv"),
        ((), "nothing to update with"),
    ):
        said = cli("update", run, *asked)
        assert said.code == 2 and message in said.err, said.err
        assert contents(run) == before
        assert not (run / "versions").exists()
    known = cli("update", run, events, "--skip-bad-rows").ok()
    assert "update: 0 new item(s), 2 new event(s)" in known.err
    assert json.loads((run / "data" / "bad_rows.json").read_text())["count"] == 3


def test_only_a_run_can_be_updated(tmp_path: Path, cli: Callable, files: tuple[Path, Path]) -> None:
    said = cli("update", tmp_path / "typo", files[1])
    assert said.code == 2 and "is no run yet" in said.err and not (tmp_path / "typo").exists()


def test_a_killed_update_goes_on(copy: Callable, genrec: Callable, launch: Callable, files: tuple[Path, Path]) -> None:
    items, events = files
    straight, broken = copy("evaluate"), copy("evaluate")
    before = answers(broken)
    unbroken = launch("update", straight, events, "--items", items)
    process = launch("update", broken, events, "--items", items)
    while process.poll() is None and not (broken / "staging" / "model.part" / "started.json").exists():
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert answers(broken) == before

    said = genrec("update", broken, events, "--items", items).ok()
    assert unbroken.wait() == 0
    assert said.err.count("up to date, skipped") >= 2
    assert answers(broken) == answers(straight) != before
    for path in ("sid/sids.safetensors", "model/model.safetensors", "data/interactions.parquet"):
        assert (broken / path).read_bytes() == (straight / path).read_bytes()
