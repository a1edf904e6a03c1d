"""Forgetting a person: no file of the run names them any more, nothing is made again, and they do not come back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from genrec.workspace import Workspace
from tests.runs import Said


def naming(run: Path, user: str) -> list[str]:
    """Files below `run` that name the person, tables read as tables."""
    found = []
    for path in sorted(run.rglob("*")):
        if not path.is_file():
            continue
        if path.suffix == ".parquet":
            table = pl.read_parquet(path)
            named = "user_id" in table.columns and user in table["user_id"]
        else:
            named = user.encode() in path.read_bytes()
        if named:
            found.append(path.relative_to(run).as_posix())
    return found


@pytest.fixture
def run(copy: Callable[..., Path], cli: Callable[..., Said]) -> Path:
    """A run with answers for everybody."""
    path = copy()
    cli("generate", path, "--k", 3, "--beam", 10).ok()
    return path


@pytest.fixture
def user(run: Path) -> str:
    """Somebody whose history the report shows."""
    report = (run / "evaluate" / "report.html").read_text()
    return next(name for name in _people(run) if f'"User {name}"' in report)


def _people(run: Path) -> list[str]:
    return pl.read_parquet(run / "data" / "interactions.parquet")["user_id"].unique(maintain_order=True).to_list()


def test_a_forgotten_person_is_in_no_file_and_no_stage_is_made_again(
    run: Path, user: str, cli: Callable[..., Said], small_recipe: list[str]
) -> None:
    before = naming(run, user)
    assert {"data/interactions.parquet", "evaluate/report.html", "generate/part-00000.parquet"} <= set(before)
    others = [name for name in _people(run) if name != user]
    said = dict(line.split("\t") for line in cli("forget", run, user).ok().out.splitlines())
    assert int(said["run.interactions"]) >= 3 and said["run.generate"] == "3"
    assert said["run.report"] in ("1", "2")  # as an example, and among those that are drawn for
    assert naming(run, user) == [] and _people(run) == others
    assert naming(run, others[0])  # and nobody else is
    Workspace(run).verify()
    again = cli("run", run, *small_recipe).ok()
    assert again.err.count("up to date, skipped") == 5, again.err
    assert "up to date" in cli("generate", run, "--k", 3, "--beam", 10).ok().err
    assert int(dict(line.split("\t") for line in cli("forget", run, user).ok().out.splitlines())["histories"]) == 0


def test_they_do_not_come_back_when_the_data_are_prepared_again(
    run: Path, user: str, cli: Callable[..., Said], small_recipe: list[str]
) -> None:
    cli("forget", run, user).ok()
    said = cli("prepare", run, *small_recipe, "--set", "data.name=again").ok()
    assert "forgotten are left out" in said.err
    assert naming(run, user) == [] and Workspace(run).manifest("data").metrics["forgotten"] >= 3


def test_an_update_leaves_out_what_they_did_before_and_takes_what_they_do_after(
    run: Path, user: str, cli: Callable[..., Said], tmp_path: Path
) -> None:
    cli("forget", run, user).ok()
    moment = json.loads((run / "forgotten.json").read_text())["people"].popitem()[1] * 1000
    events = pl.DataFrame({
        "user_id": [user, user, "newcomer"],
        "item_id": ["F00001", "F00002", "F00003"],
        "timestamp": [int(moment - 60_000), int(moment + 60_000), int(moment - 60_000)],
    })  # fmt: skip
    events.write_csv(tmp_path / "events.csv")
    said = cli("update", run, tmp_path / "events.csv").ok()
    assert "1 event(s) of people who were forgotten are left out" in said.err
    table = pl.read_parquet(run / "data" / "interactions.parquet")
    assert table.filter(pl.col("user_id") == user)["item_id"].to_list() == ["F00002"]
    assert naming(run / "versions", user) == []
