"""The protocol: ask every question, check every answer, count what was right.

The full catalogue is ranked and nothing is sampled. Figures are over items. An answer that breaks the interface's
promise (an item twice, one that does not exist, one that was seen although seen items are excluded) raises
`InvalidAnswer`: a broken engine must not be averaged into a slightly lower figure.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from genrec import progress
from genrec.data.interactions import Sequences
from genrec.data.splits import Evaluation
from genrec.errors import UserError
from genrec.evaluate import metrics
from genrec.evaluate.interface import Recommends, TopK

INTERVALS = ("recall", "ndcg")
LENGTHS = ((0, 0), (1, 2), (3, 5), (6, 10), (11, 20), (21, None))
"""Buckets of history length, both ends included."""


class InvalidAnswer(RuntimeError):
    """A recommender broke the promise of `genrec.evaluate.interface.Recommends`."""


@dataclass(frozen=True, eq=False)
class Result:
    """One model on one split.

    row: what `genrec evaluate --json` prints. slices: rows {"by", "bucket", "questions", "metrics"}, the metrics empty
    where a bucket has no question. targets: int32 (Q,). ranks: int32 (Q,), the place of the right answer or
    `metrics.MISS`. items: int32 (Q, k), the answers themselves. seconds: spent in `recommend`; kept out of the row,
    which must be the same for every run.
    """

    row: dict[str, Any]
    slices: list[dict[str, Any]]
    targets: np.ndarray
    ranks: np.ndarray
    items: np.ndarray
    seconds: float

    def __getitem__(self, metric: str) -> float:
        return float(self.row["metrics"][metric])

    def write(self, path: Path) -> None:
        """One safetensors file; the tables are JSON in its header."""
        from safetensors.numpy import save_file

        said = json.dumps({"row": self.row, "slices": self.slices, "seconds": self.seconds})
        tensors = {"targets": self.targets, "ranks": self.ranks, "items": self.items}
        part = path.with_name(path.name + ".part")
        save_file({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, part, {"result": said})
        os.replace(part, path)

    @classmethod
    def read(cls, path: Path) -> Result:
        from safetensors import safe_open

        with safe_open(path, framework="numpy") as file:
            said = json.loads(file.metadata()["result"])
            tensors = {name: file.get_tensor(name) for name in ("targets", "ranks", "items")}
        return cls(said["row"], said["slices"], **tensors, seconds=said["seconds"])


def evaluate(
    recommender: Recommends,
    evaluation: Evaluation,
    *,
    train: Sequences,
    n_items: int,
    dataset: str,
    split: str,
    seed: int,
    exclude_seen: bool = False,
    ks: Sequence[int] = (5, 10, 20),
    batch: int = 512,
) -> Result:
    """Ask `recommender` all questions, `batch` at a time, and count.

    train: what popularity (novelty, long tail, slices) is counted on. dataset, split, seed: names for the row; the seed
    also draws the bootstrap. Metrics «name@k» for k in `ks`: recall, ndcg, mrr; coverage, gini, novelty, long_tail
    (share of answers outside the 20 % most popular items); filled (share of the k places that got an answer). recall
    and ndcg have `_low` and `_high`, a 95 % bootstrap interval over questions.
    """
    if not len(evaluation):
        raise UserError(f"{dataset}: the split {split!r} asks no question; are all histories shorter than 3 events?")
    answers, seconds = [], 0.0
    with progress.bar(f"Evaluating {recommender.name}", len(evaluation), "user") as shown:
        for begin in range(0, len(evaluation), batch):
            asked = evaluation.take(np.arange(begin, min(begin + batch, len(evaluation))))
            start = time.perf_counter()
            answer = recommender.recommend(asked.histories, max(ks), exclude_seen=exclude_seen)
            seconds += time.perf_counter() - start
            check(answer, asked.histories, max(ks), n_items, exclude_seen, recommender.name)
            answers.append(answer.items)
            shown.advance(len(asked))
    items = np.concatenate(answers).astype(np.int32)
    ranks = metrics.ranks_of(items, evaluation.targets)
    popularity = np.bincount(train.items, minlength=n_items)
    row = {
        "model": recommender.name,
        "dataset": dataset,
        "split": split,
        "seed": seed,
        "exclude_seen": exclude_seen,
        "metrics": _accuracy(ranks, ks, seed) | _beyond(items, popularity, ks),
    }
    slices = []
    for by, bucket, rows in _buckets(evaluation, popularity):
        figures = _accuracy(ranks[rows], ks, seed) if len(rows) else {}
        slices.append({"by": by, "bucket": bucket, "questions": len(rows), "metrics": figures})
    return Result(row, slices, np.asarray(evaluation.targets, np.int32), ranks, items, seconds)


def compare(a: Result, b: Result, metric: str = "ndcg@10", *, seed: int = 0, resamples: int = 2000) -> dict[str, Any]:
    """`a` against `b` on the same questions: both means, difference and ratio with paired bootstrap intervals."""
    if not np.array_equal(a.targets, b.targets):
        raise ValueError(f"{a.row['model']} and {b.row['model']} answered different questions: no paired comparison")
    values = [metrics.per_question(metric, result.ranks) for result in (a, b)]
    paired = metrics.paired(values[0], values[1], seed=seed, resamples=resamples)
    return {"metric": metric, "model_a": a.row["model"], "model_b": b.row["model"]} | asdict(paired)


def check(answer: TopK, histories: Sequences, k: int, n_items: int, exclude_seen: bool, name: str) -> None:
    """Raise `InvalidAnswer` unless each row is distinct items of the catalogue, best first, -1 only at the end."""
    items, scores = np.asarray(answer.items), np.asarray(answer.scores)
    shape = (len(histories), k)
    if items.shape != shape or scores.shape != shape:
        raise InvalidAnswer(f"{name}: answers of shape {items.shape}, scores {scores.shape}; asked for {shape}")
    there = items >= 0
    ordered = np.sort(items, axis=1)
    wrong = {
        "an item outside the catalogue": (items < -1) | (items >= n_items),
        "an item twice": np.pad((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0), ((0, 0), (1, 0))),
        "a gap before an item": np.pad(there[:, 1:] & ~there[:, :-1], ((0, 0), (1, 0))),
        "a score that is not a number": there & ~np.isfinite(scores),
        "scores that rise": np.pad((scores[:, 1:] > scores[:, :-1]) & there[:, 1:], ((0, 0), (1, 0))),
    }
    if exclude_seen:
        first = np.arange(len(items), dtype=np.int64) * n_items  # item i of row r has the number first[r] + i
        seen = np.repeat(first, histories.lengths) + histories.items
        wrong["an item of the history"] = there & np.isin(first[:, None] + items, seen)
    for what, where in wrong.items():
        if where.any():
            row = int(np.flatnonzero(where.any(axis=1))[0])
            raise InvalidAnswer(f"{name}: user {histories.users[row]!r} was given {what}: {items[row].tolist()}")


def _accuracy(ranks: np.ndarray, ks: Sequence[int], seed: int) -> dict[str, float]:
    row: dict[str, float] = {}
    for k in ks:
        for name, function in metrics.PER_QUESTION.items():
            values = function(ranks, k)
            row[f"{name}@{k}"] = float(values.mean())
            if name in INTERVALS:
                row[f"{name}@{k}_low"], row[f"{name}@{k}_high"] = metrics.interval(values, seed=seed)
    return row


def _beyond(items: np.ndarray, popularity: np.ndarray, ks: Sequence[int]) -> dict[str, float]:
    row: dict[str, float] = {}
    tail = metrics.long_tail(popularity)
    for k in ks:
        shown = metrics.exposure(items[:, :k], len(popularity))
        row[f"coverage@{k}"] = metrics.coverage(shown)
        row[f"gini@{k}"] = metrics.gini(shown)
        row[f"novelty@{k}"] = metrics.novelty(shown, popularity)
        row[f"long_tail@{k}"] = float(shown[tail].sum() / max(1, shown.sum()))
        row[f"filled@{k}"] = float((items[:, :k] >= 0).mean())
    return row


def _buckets(evaluation: Evaluation, popularity: np.ndarray) -> Iterator[tuple[str, str, np.ndarray]]:
    """(by, bucket, rows): questions by length of history, and by popularity of the right answer.

    cold: no training event. Of the others, head: the 20 % of the catalogue with most events, torso: the next 30 %,
    tail: the rest.
    """
    lengths = evaluation.histories.lengths
    for low, high in LENGTHS:
        inside = (lengths >= low) & (lengths <= (high if high is not None else lengths.max(initial=0)))
        label = str(low) if low == high else f"{low}+" if high is None else f"{low}–{high}"
        yield "history", label, np.flatnonzero(inside)
    place = np.empty(len(popularity), np.int64)
    place[metrics.by_popularity(popularity)] = np.arange(len(popularity))
    share = place[evaluation.targets] / len(popularity)
    cold = popularity[evaluation.targets] == 0
    yield "popularity", "cold", np.flatnonzero(cold)
    yield "popularity", "tail", np.flatnonzero(~cold & (share >= 0.5))
    yield "popularity", "torso", np.flatnonzero(~cold & (share >= 0.2) & (share < 0.5))
    yield "popularity", "head", np.flatnonzero(~cold & (share < 0.2))
