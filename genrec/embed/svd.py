"""Truncated SVD with one answer per seed: randomised range finder, signs fixed."""

from __future__ import annotations

from typing import Any

import numpy as np


def truncated_svd(matrix: Any, dim: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The leading triplets of a dense or scipy-sparse (N, M) matrix: U (N, r), s (r,) falling, Vt (r, M), float64.

    r = dim, or fewer where the matrix has lower rank. Halko, Martinsson and Tropp 2011, algorithm 4.4 (scikit-learn).
    A singular pair is defined up to its sign: the entry of Vt with the largest magnitude is made positive.
    """
    from sklearn.utils.extmath import randomized_svd

    left, values, right = randomized_svd(
        matrix, min(dim, *matrix.shape), n_iter=7, power_iteration_normalizer="QR", random_state=seed, flip_sign=False
    )
    rank = int((values > values[0] * 1e-6).sum()) if values.size and values[0] > 0 else 0
    left, values, right = left[:, :rank], values[:rank], right[:rank]
    signs = np.sign(right[np.arange(rank), np.abs(right).argmax(axis=1)])
    return left * signs, values, right * signs[:, None]
