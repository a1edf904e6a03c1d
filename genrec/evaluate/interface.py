"""What evaluation knows of a recommender, and nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from genrec.data.interactions import Sequences


@dataclass(frozen=True, eq=False)
class TopK:
    """Ranked answers. items: int32 (B, k), best first, -1 where there is none. scores: float32 (B, k), -inf there."""

    items: np.ndarray
    scores: np.ndarray


class Recommends(Protocol):
    """Anything that ranks items for histories: a baseline, a generator, a service behind HTTP."""

    name: str

    def recommend(self, histories: Sequences, k: int, *, exclude_seen: bool = False) -> TopK:
        """The k best items after each history (it may be empty), distinct, all from the catalogue."""
        ...


def top_k(scores: np.ndarray, k: int) -> TopK:
    """The k largest of each row of float32 (B, N); equal scores go to the smaller index; -inf is «never».

    Exact: the tie rule also decides which of several equal items at the border are taken.
    """
    rows, n = scores.shape
    width = min(k, n)
    if width < n:
        border = -np.partition(-scores, width - 1, axis=1)[:, width - 1 : width]
        above = scores > border
        level = scores == border
        room = width - above.sum(axis=1, keepdims=True)
        taken = above | (level & (np.cumsum(level, axis=1) <= room))
        candidates = np.nonzero(taken)[1].reshape(rows, width)
    else:
        candidates = np.broadcast_to(np.arange(n), (rows, n))
    values = np.take_along_axis(scores, candidates, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    items = np.take_along_axis(candidates, order, axis=1).astype(np.int32)
    values = np.take_along_axis(values, order, axis=1).astype(np.float32)
    items = np.where(np.isneginf(values), np.int32(-1), items)
    if width < k:
        items = np.pad(items, ((0, 0), (0, k - width)), constant_values=-1)
        values = np.pad(values, ((0, 0), (0, k - width)), constant_values=-np.inf)
    return TopK(items, values)
