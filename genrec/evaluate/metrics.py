"""Figures of ranked answers, in plain NumPy: per question, as a mean with its bootstrap interval, over the catalogue.

Everything is computed from the *rank* of a question's one right answer: 0 for the first place, `MISS` where it is not
among the answers. With one right answer recall@k is hit rate@k, and ndcg@k is 1/log2(rank + 2), its ideal being 1
(Järvelin and Kekäläinen 2002). Nothing here knows of recommenders or files.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MISS = np.int32(np.iinfo(np.int32).max)
"""The rank of an answer that is not there; larger than every k."""

LONG_TAIL = 0.8
"""Share of the catalogue, the least popular, that counts as long tail."""


def ranks_of(items: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """int32 (Q,): the place of ``targets[q]`` (int, (Q,)) in ``items[q]`` (int, (Q, k), best first), else `MISS`."""
    hit = items == np.asarray(targets)[:, None]
    if not hit.shape[1]:
        return np.full(len(items), MISS)
    return np.where(hit.any(axis=1), hit.argmax(axis=1), MISS).astype(np.int32)


def recall(ranks: np.ndarray, k: int) -> np.ndarray:
    """float64 (Q,): 1 where the right answer is among the first k."""
    return (ranks < k).astype(np.float64)


def ndcg(ranks: np.ndarray, k: int) -> np.ndarray:
    """float64 (Q,): 1/log2(rank + 2) within the first k, else 0."""
    return np.where(ranks < k, 1.0 / np.log2(ranks.astype(np.float64) + 2.0), 0.0)


def mrr(ranks: np.ndarray, k: int) -> np.ndarray:
    """float64 (Q,): 1/(rank + 1) within the first k, else 0."""
    return np.where(ranks < k, 1.0 / (ranks.astype(np.float64) + 1.0), 0.0)


PER_QUESTION = {"recall": recall, "ndcg": ndcg, "mrr": mrr}


def per_question(metric: str, ranks: np.ndarray) -> np.ndarray:
    """The metric called «name@k», for instance "ndcg@10", of every question: float64 (Q,)."""
    name, _, k = metric.partition("@")
    return PER_QUESTION[name](ranks, int(k))


def resampled_means(values: np.ndarray, *, seed: int, resamples: int = 1000) -> np.ndarray:
    """Means of `resamples` bootstrap samples of the rows of float (Q, m): float64 (resamples, m).

    Drawing Q rows with replacement is drawing how often each *distinct* row comes: one multinomial draw. Ranks up to k
    give at most k + 1 distinct values, so a million questions cost no more than a hundred.
    """
    distinct, counts = np.unique(values, axis=0, return_counts=True)
    generator = np.random.default_rng(seed)
    total = counts.sum()
    draws = generator.multinomial(total, counts / total, size=resamples)
    means: np.ndarray = draws @ distinct / total
    return means


def interval(values: np.ndarray, *, seed: int, resamples: int = 1000, level: float = 0.95) -> tuple[float, float]:
    """Bootstrap percentile interval (Efron 1979) of the mean of float (Q,)."""
    means = resampled_means(np.asarray(values, np.float64)[:, None], seed=seed, resamples=resamples)[:, 0]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


@dataclass(frozen=True)
class Paired:
    """Two models on the same questions: means, a − b and a / b, each with its interval. No ratio to a mean of 0."""

    a: float
    b: float
    difference: float
    difference_low: float
    difference_high: float
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None


def paired(a: np.ndarray, b: np.ndarray, *, seed: int, resamples: int = 1000, level: float = 0.95) -> Paired:
    """Paired bootstrap of float (Q,) against float (Q,): each resample draws the same questions for both."""
    if a.shape != b.shape:
        raise ValueError(f"paired comparison of {len(a)} with {len(b)} questions: they must be the same ones")
    means = resampled_means(np.stack([a, b], axis=1).astype(np.float64), seed=seed, resamples=resamples)
    bounds = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(means[:, 0] - means[:, 1], bounds).tolist()
    mean_a, mean_b = float(np.mean(a)), float(np.mean(b))
    ratio, ratio_low, ratio_high = None, None, None
    if mean_b > 0 and (means[:, 1] > 0).all():
        ratio = mean_a / mean_b
        ratio_low, ratio_high = np.quantile(means[:, 0] / means[:, 1], bounds).tolist()
    return Paired(mean_a, mean_b, mean_a - mean_b, low, high, ratio, ratio_low, ratio_high)


def exposure(items: np.ndarray, n_items: int) -> np.ndarray:
    """int64 (n_items,): how often each item was shown in answers int (Q, k); -1 is no item."""
    counts: np.ndarray = np.bincount(items[items >= 0], minlength=n_items)
    return counts


def coverage(shown: np.ndarray) -> float:
    """Share of the catalogue that was shown to anybody; shown: int (n_items,) from `exposure`."""
    return float((shown > 0).mean())


def gini(shown: np.ndarray) -> float:
    """Gini coefficient of exposure over the whole catalogue: 0 = all items equally often, towards 1 = one item only."""
    ordered = np.sort(shown.astype(np.float64))
    total = ordered.sum()
    if total == 0:
        return 0.0
    n = len(ordered)
    return float(2 * (np.arange(1, n + 1) * ordered).sum() / (n * total) - (n + 1) / n)


def novelty(shown: np.ndarray, popularity: np.ndarray) -> float:
    """Mean self-information of the answers shown, −log2 of the item's share of training events (Zhou et al. 2010).

    popularity: int (n_items,), training events. One event is added to every item, so that a cold item's is finite.
    """
    share = (popularity + 1.0) / (popularity + 1.0).sum()
    return float((shown * -np.log2(share)).sum() / max(1, shown.sum()))


def by_popularity(popularity: np.ndarray) -> np.ndarray:
    """int64 (n_items,): items from the most to the least popular, equal ones in order of index."""
    return np.argsort(-popularity, kind="stable")


def long_tail(popularity: np.ndarray) -> np.ndarray:
    """bool (n_items,): outside the top 20 % of the catalogue by training events."""
    tail = np.ones(len(popularity), bool)
    tail[by_popularity(popularity)[: round(len(popularity) * (1 - LONG_TAIL))]] = False
    return tail
