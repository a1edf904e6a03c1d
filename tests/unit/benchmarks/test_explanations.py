"""The benchmark of explanations on a tiny shop: the figures it promises, and what must hold even there."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

from genrec import recipes, stages
from genrec.workspace import Workspace

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
TINY = (
    "data.n_items=120", "data.n_users=150", "embed.image.kind=none", "tokenizer=rqkmeans", "tokenizer.codebook_size=16",
    "train.epochs=1", "train.beam=10",
)  # fmt: skip


def test_explanations_are_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    experiment = recipes.load("demo", recipes.Experiment, TINY)
    workspace = Workspace(tmp_path / "run")
    workspace.remember(experiment.model_dump())
    for stage in (stages.prepare, stages.embed, stages.tokenize, stages.train):
        stage(workspace, experiment)
    capsys.readouterr()
    script = importlib.import_module("explanations")
    script.main(
        [
            str(tmp_path / "run"),
            "--users",
            "40",
            "--sentences",
            "1",
            "--examples",
            "2",
            "--json",
            str(tmp_path / "e.json"),
        ]
    )
    found, printed = json.loads((tmp_path / "e.json").read_text()), capsys.readouterr().out
    assert found["users"] == 40 and found["writing"]["template"] == 40 and found["writing"]["model"] == 0
    for parts in found["deletion"].values():
        # The most needed thing is cited, or one nearly as much: it can hardly lose against others.
        assert parts["one against random"]["share"] > 0.7 and 0 < parts["one against random"]["users"] <= 40
        assert 0 < parts["cited"] <= 2
    for parts in found["causes"].values():
        assert all(0 <= one["share"] <= 1 for one in parts.values())
        assert parts["cited, doubled"]["share"] <= parts["cited"]["share"] <= parts["cited, raised at all"]["share"]
    assert set(found["check"]) == set(script.BANKS)
    for one in found["check"].values():
        assert one["true"] > 0.8 * one["phrasings"] and one["false rejections"] < 0.2 and one["recall"] > 0.8
    assert "| one against random |" in printed and "| held out |" in printed and printed.count("\n> ") == 2
