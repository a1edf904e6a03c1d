"""Ordinary recommenders, one file each, to measure ours against. They share nothing but `rank` below.

What a method knows nothing about (a user without history, an item without neighbour or vector) comes after what
it knows, in order of popularity: see `popular_below`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from genrec.data.interactions import Sequences
from genrec.evaluate.interface import TopK, top_k

CELLS = 1 << 24
"""Scores held at once: 64 MiB of float32, whatever the size of the catalogue."""


def rank(
    histories: Sequences, k: int, n_items: int, score: Callable[[Sequences], np.ndarray], exclude_seen: bool
) -> TopK:
    """The k best of the whole catalogue, some users at a time; score(histories) gives float32 (B, n_items)."""
    size = max(1, CELLS // max(1, n_items))
    parts = []
    for begin in range(0, max(1, len(histories)), size):
        asked = histories.take(np.arange(begin, min(begin + size, len(histories))))
        scores = score(asked)
        if exclude_seen:
            scores[np.repeat(np.arange(len(asked)), asked.lengths), asked.items] = -np.inf
        parts.append(top_k(scores, k))
    return TopK(np.concatenate([part.items for part in parts]), np.concatenate([part.scores for part in parts]))


def popular_below(train: Sequences, n_items: int, top: float) -> np.ndarray:
    """float32 (n_items,): scores in [top − 1, top), rising with the number of training events."""
    counts = np.bincount(train.items, minlength=n_items).astype(np.float64)
    below: np.ndarray = (counts / (counts.max(initial=0.0) + 1.0) + (top - 1.0)).astype(np.float32)
    return below


def recency(histories: Sequences, decay: float) -> np.ndarray:
    """float32 (n,): decay ** age of every event, the last event of each user having age 0."""
    age = np.repeat(histories.offsets[1:] - 1, histories.lengths) - np.arange(len(histories.items))
    weights: np.ndarray = np.power(decay, age, dtype=np.float64).astype(np.float32)
    return weights
