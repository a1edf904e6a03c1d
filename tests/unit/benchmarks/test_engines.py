"""What engines.py calls the same, a tie and an invalid answer."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from genrec.data.interactions import Sequences
from genrec.evaluate.interface import TopK


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[3] / "benchmarks"))
    return importlib.import_module("engines")


def answer(*rows: dict[int, float]) -> TopK:
    """From item → score, in order."""
    return TopK(
        np.array([list(row) for row in rows], np.int32), np.array([list(row.values()) for row in rows], np.float32)
    )


BEST = {item: -1.0 - item for item in range(12)}


def changed(**scores: float) -> dict[int, float]:
    told = BEST | {int(name[1:]): score for name, score in scores.items()}
    return dict(sorted(told.items(), key=lambda pair: -pair[1]))


def test_agreement(engines: ModuleType) -> None:
    ours = answer(BEST, BEST, BEST, BEST, changed(i10=-10.0004))
    theirs = answer(
        BEST,
        changed(i3=-4.0002),  # another rounding
        changed(i3=-5.0),  # a tie with item 4, which has the same place by index in both
        {0: -1.0, 2: -1.9995, 1: -2.0005} | {item: -1.0 - item for item in range(3, 12)},  # far apart in ours
        changed(i10=-9.9998),  # at the border of ten: 10 instead of 9
    )
    found = engines.agreement(ours, theirs, tie=1e-3)
    assert found["equal"] == 3
    assert found["equal_but_for_ties"] == 4
    assert found["other_items"] == 1
    assert found["largest_difference"] == pytest.approx(1.0005)


def test_invalid(engines: ModuleType) -> None:
    histories = Sequences.from_lists([[0], [1, 2], [3], [], [0, 1, 2, 3, 4]])
    good = np.array([[1, 2, 3], [0, 3, 4], [0, 1, 2], [5, 4, 3], [5, -1, -1]], np.int32)
    assert engines.invalid(TopK(good, np.zeros((5, 3), np.float32)), histories, 6) == {"invalid": 0}
    wrong = {(0, 0): 6, (1, 1): 0, (2, 2): 3, (3, 2): -1}  # no item; twice; from the history; missing
    for place, item in wrong.items():
        items = good.copy()
        items[place] = item
        assert engines.invalid(TopK(items, np.zeros((5, 3), np.float32)), histories, 6) == {"invalid": 1}, place
