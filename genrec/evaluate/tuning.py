"""Choosing hyper-parameters on validation, with a budget that is the same for every model that is compared."""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from genrec import progress
from genrec.data.splits import Evaluation
from genrec.evaluate import metrics
from genrec.evaluate.interface import Recommends


@dataclass(frozen=True, eq=False)
class Tuned:
    """best: the winning hyper-parameters. trials: {"params", <metric>, "seconds"}. model: the winner, fitted."""

    best: dict[str, Any]
    trials: list[dict[str, Any]]
    model: Recommends


def grid(values: Mapping[str, Iterable[Any]]) -> list[dict[str, Any]]:
    """Every combination, the last name varying fastest."""
    return [dict(zip(values, combination, strict=True)) for combination in itertools.product(*values.values())]


def tune(
    make: Callable[[dict[str, Any]], Recommends],
    trials: Iterable[dict[str, Any]],
    validation: Evaluation,
    *,
    metric: str = "ndcg@10",
    seconds: float | None = None,
    exclude_seen: bool = False,
    record: Path | None = None,
    description: str = "Tuning",
) -> Tuned:
    """Fit and score the trials in order; the best on `validation` wins, the earlier one where two are equal.

    make(params) gives a fitted recommender. seconds: no trial starts once that much was spent (the first always runs;
    one that runs is never cut short). record: a JSON file of the finished trials, so that a killed tuning goes on.
    """
    plan = list(trials)
    if not plan:
        raise ValueError("tuning without trials")
    done: list[dict[str, Any]] = json.loads(record.read_text()) if record is not None and record.exists() else []
    if [trial["params"] for trial in done] != json.loads(json.dumps(plan[: len(done)])):
        done = []  # another plan: its trials answer another question
    best: tuple[int, Recommends] | None = None
    for params in plan[len(done) :]:
        if done and seconds is not None and sum(trial["seconds"] for trial in done) >= seconds:
            break
        start = time.perf_counter()
        model = make(params)
        score = score_of(model, validation, metric, exclude_seen=exclude_seen)
        done.append({"params": params, metric: score, "seconds": time.perf_counter() - start})
        if _best(done, metric) == len(done) - 1:
            best = (len(done) - 1, model)
        if record is not None:
            record.parent.mkdir(parents=True, exist_ok=True)
            part = record.with_suffix(".part")
            part.write_text(json.dumps(done, indent=1))
            os.replace(part, record)
    winner = _best(done, metric)
    params = plan[winner]
    said = ", ".join(f"{name} {value}" for name, value in params.items())
    progress.say(f"{description}: best of {len(done)} trials, validation {metric} {done[winner][metric]:.4f}: {said}")
    return Tuned(params, done, best[1] if best is not None and best[0] == winner else make(params))


def score_of(
    model: Recommends, evaluation: Evaluation, metric: str = "ndcg@10", *, exclude_seen: bool = False
) -> float:
    """The metric «name@k» of a fitted recommender, without the rest of the protocol."""
    answer = model.recommend(evaluation.histories, int(metric.partition("@")[2]), exclude_seen=exclude_seen)
    return float(np.mean(metrics.per_question(metric, metrics.ranks_of(answer.items, evaluation.targets))))


def _best(trials: list[dict[str, Any]], metric: str) -> int:
    return int(np.argmax([trial[metric] for trial in trials]))
