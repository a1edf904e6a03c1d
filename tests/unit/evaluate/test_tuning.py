from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genrec.data.interactions import Sequences
from genrec.data.splits import Evaluation
from genrec.evaluate.interface import TopK
from genrec.evaluate.tuning import grid, score_of, tune

VALIDATION = Evaluation(Sequences.from_lists([[0], [1], [2]]), np.array([3, 3, 3], np.int32))


class Places:
    """Puts item 3 at a given place."""

    name = "places"

    def __init__(self, place: int) -> None:
        self.place = place

    def recommend(self, histories: Sequences, k: int, *, exclude_seen: bool = False) -> TopK:
        items = np.insert(np.arange(100, 100 + k - 1, dtype=np.int32), self.place, 3)
        return TopK(np.tile(items, (len(histories), 1)), np.zeros((len(histories), k), np.float32))


class Maker:
    def __init__(self, stop_at: int | None = None) -> None:
        self.made: list[int] = []
        self.stop_at = stop_at

    def __call__(self, params: dict[str, Any]) -> Places:
        if len(self.made) == self.stop_at:
            raise KeyboardInterrupt
        self.made.append(params["place"])
        return Places(params["place"])


def test_the_best_on_validation_wins_and_the_earlier_of_equals() -> None:
    trials = [{"place": 4, "x": 0}, {"place": 1, "x": 1}, {"place": 1, "x": 2}, {"place": 3, "x": 3}]
    tuned = tune(Maker(), trials, VALIDATION)
    assert tuned.best == trials[1] and isinstance(tuned.model, Places) and tuned.model.place == 1
    assert [trial["params"] for trial in tuned.trials] == trials
    assert tuned.trials[1]["ndcg@10"] == pytest.approx(1 / np.log2(3)) == score_of(Places(1), VALIDATION)


def test_budget_of_seconds_still_runs_the_first() -> None:
    maker = Maker()
    tuned = tune(maker, grid({"place": [5, 0]}), VALIDATION, seconds=0.0)
    assert maker.made == [5] and tuned.best == {"place": 5}


def test_a_killed_tuning_goes_on_and_ends_alike(tmp_path: Path) -> None:
    record = tmp_path / "itemknn" / "trials.json"
    trials = grid({"place": [6, 0, 2, 5]})
    with pytest.raises(KeyboardInterrupt):
        tune(Maker(stop_at=2), trials, VALIDATION, record=record)
    assert len(json.loads(record.read_text())) == 2
    maker = Maker()
    tuned = tune(maker, trials, VALIDATION, record=record)
    # The two left over, then the winner once more, which the killed process had fitted.
    assert maker.made == [2, 5, 0] and tuned.best == {"place": 0}
    again = Maker()
    assert tune(again, trials, VALIDATION, record=record).best == {"place": 0} and again.made == [0]


def test_the_record_of_another_plan_is_not_believed(tmp_path: Path) -> None:
    record = tmp_path / "trials.json"
    tune(Maker(), grid({"place": [0, 1]}), VALIDATION, record=record)
    maker = Maker()
    assert tune(maker, grid({"place": [7, 8]}), VALIDATION, record=record).best == {"place": 7}
    assert maker.made == [7, 8]


def test_grid_and_no_trials() -> None:
    assert grid({"a": [1, 2], "b": [None]}) == [{"a": 1, "b": None}, {"a": 2, "b": None}]
    with pytest.raises(ValueError, match="without trials"):
        tune(Maker(), [], VALIDATION)
