"""Means and how sure they are."""

from __future__ import annotations

import numpy as np

DRAWS = 2000


def mean_and_interval(values: np.ndarray, seed: int = 0) -> dict[str, float]:
    """{"mean", "low", "high", "n"}: 95 % percentile bootstrap over the first axis (people, things); others averaged."""
    rows = np.asarray(values, dtype=np.float64)
    rows = rows.reshape(len(rows), -1).mean(axis=1)
    rng = np.random.default_rng(seed)
    means = rows[rng.integers(len(rows), size=(DRAWS, len(rows)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return {"mean": float(rows.mean()), "low": float(low), "high": float(high), "n": float(len(rows))}


def frechet(one: np.ndarray, other: np.ndarray) -> float:
    """The Fréchet distance of two sets of features (N, d) taken as Gaussians (Heusel et al. 2017, section 2).

    With this library's own classifier for features it is comparable with itself alone, and no FID.
    """
    from scipy.linalg import sqrtm

    first, second = np.cov(one, rowvar=False), np.cov(other, rowvar=False)
    root = sqrtm(first @ second)
    apart = np.square(one.mean(axis=0) - other.mean(axis=0)).sum()
    return float(apart + np.trace(first + second - 2 * np.real(root)))
