"""kill -9 in every stage, at moments that nobody chose, and the same command again: the figures of an unbroken run."""

from __future__ import annotations

import json
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

STAGES = ("data", "embed", "sid", "model", "evaluate")
SAME = (
    "data/catalog.parquet", "data/interactions.parquet", "data/images/F00299.png", "embed/text.npy", "embed/image.npy",
    "embed/fused.npy", "sid/sids.safetensors", "sid/trie.safetensors", "model/model.safetensors", "model/leaf.json",
)  # fmt: skip


def kill_inside(stage: str, run: Path, after: float, launch: Callable) -> bool:
    """Start the run and kill it `after` seconds into `stage`; whether it was still there then."""
    started = run / f"{stage}.part" / "started.json"
    begin = time.time_ns()
    process = launch("run", run)
    while process.poll() is None and not (started.exists() and started.stat().st_mtime_ns >= begin):
        time.sleep(0.002)
    time.sleep(after)
    inside = started.exists()
    process.send_signal(signal.SIGKILL)
    process.wait()
    return inside


def broken_run(fashion: Path, run: Path, seed: int, kills: int, genrec: Callable, launch: Callable) -> None:
    run.mkdir()
    for name in ("workspace.json", "experiment.json"):
        shutil.copy(fashion / name, run / name)
    chance = random.Random(seed)
    killed = dict.fromkeys(STAGES, 0)
    for stage in STAGES:
        seconds = json.loads((fashion / stage / "manifest.json").read_text())["seconds"]
        for _ in range(kills):
            if not (run / stage).exists():
                killed[stage] += kill_inside(stage, run, chance.uniform(0, 0.7) * seconds, launch)
    assert sum(count > 0 for count in killed.values()) >= 4, killed

    said = genrec("run", run).ok()
    assert said.out == f"{run}/evaluate/report.html\n"
    for path in SAME:
        assert (run / path).read_bytes() == (fashion / path).read_bytes(), path
    rows, unbroken = (json.loads((path / "evaluate" / "rows.json").read_text()) for path in (run, fashion))
    for row, other in zip(rows, unbroken, strict=True):
        assert row["model"] == other["model"]
        for name, value in row["metrics"].items():
            assert value == pytest.approx(other["metrics"][name], abs=1e-6), (row["model"], name)
    assert {path.name for path in run.iterdir()} == {path.name for path in fashion.iterdir()}


def test_killed_in_every_stage(fashion: Path, tmp_path: Path, genrec: Callable, launch: Callable) -> None:
    broken_run(fashion, tmp_path / "run", seed=0, kills=1, genrec=genrec, launch=launch)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_killed_over_and_over(fashion: Path, tmp_path: Path, seed: int, genrec: Callable, launch: Callable) -> None:
    broken_run(fashion, tmp_path / "run", seed, kills=3, genrec=genrec, launch=launch)
