"""The preference stage over a run: it begins where training ended, belongs to the same base, asks nothing held out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from genrec.data import Sequences
from genrec.stages.preferring import questions

TINY_BASE = ("width=48", "layers=1", "heads=2", "key_heads=1", "head_width=32", "inner=96", "epochs=1", "pieces=512")
TINY_LM = ("epochs=1", "rank=4", "validation_users=20", "tasks={next_item: 1.0}")
ROUNDS = ("rounds=2", "questions=64", "group=8", "validation_users=50")


def sets(changes: tuple[str, ...]) -> list[str]:
    return [word for change in changes for word in ("--set", change)]


@pytest.fixture(scope="module")
def trained(fashion: Path, cli: Callable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("preferring") / "run"
    shutil.copytree(fashion, path)
    cli("lm", "pretrain", path, *sets(TINY_BASE)).ok()
    cli("lm", "train", path, *sets(TINY_LM)).ok()
    return path


@pytest.mark.parametrize("method", ["grpo", "dpo"])
def test_a_preferred_model_is_a_model_beside_the_first(trained: Path, cli: Callable, method: str) -> None:
    cli("lm", "prefer", trained, "--recipe", method, "--name", method, *sets(ROUNDS)).ok()
    first, made = trained / "lm", trained / f"lm-{method}"
    about, before = (json.loads((folder / "lm.json").read_text()) for folder in (made, first))
    # The same base: its adapters are exchanged while a server runs.
    assert about["rows"] == before["rows"] and about["adapter"]
    assert about["validation_ndcg@10"] >= about["validation_ndcg@10_before"]
    assert len(json.loads((made / "curves.json").read_text())) == 2
    assert cli("lm", "evaluate", trained, "--name", method).ok()


def test_names_that_clash_are_refused(trained: Path, cli: Callable) -> None:
    said = cli("lm", "prefer", trained, "--name", "x", "--from", "x")
    assert said.code == 2 and "another name" in said.err


def test_the_last_training_event_is_what_is_asked_for() -> None:
    train = Sequences.from_lists([[3, 1, 2], [5], [4, 0]])
    before, clicked = questions(train)
    assert [row.tolist() for row in before] == [[3, 1], [4]]
    np.testing.assert_array_equal(clicked, [2, 0])
