"""Items that look like the history: cosine of item vectors, recent events first."""

from __future__ import annotations

from typing import Any

import numpy as np

from genrec.data.interactions import Sequences
from genrec.evaluate import baselines
from genrec.evaluate.interface import TopK

GRID: dict[str, list[Any]] = {"decay": [0.95, 0.9, 0.8, 0.7, 0.5, 0.3]}


NO_EVENTS = -2.5
"""What `rest` gives an item without events, where it was fitted."""


class ContentKNN:
    """The score of item i is the cosine of x_i with the sum over the history of decay ** age · x_j / |x_j|.

    An item without a vector takes no part in the sum and is ranked below all that have one, by popularity; so is
    everything for a history without any vector. Training events serve for that order only.
    """

    name = "contentknn"

    def __init__(self, vectors: np.ndarray, present: np.ndarray | None = None, *, decay: float = 0.5) -> None:
        """vectors: float32 (N, d), of any length. present: bool (N,), False where an item has none; None = all have."""
        self.decay = decay
        self.vectors, self.present = normalised(vectors, present)
        self.rest = np.zeros(len(vectors), np.float32)

    def fit(self, train: Sequences, n_items: int) -> ContentKNN:
        if n_items != len(self.vectors):
            raise ValueError(f"{len(self.vectors)} item vectors for a catalogue of {n_items}")
        self.rest = baselines.popular_below(train, n_items, top=-1.5)
        return self

    def over(self, vectors: np.ndarray, present: np.ndarray) -> ContentKNN:
        """The same over a catalogue that has grown or changed; both (N', …) as `normalised` gives them, not copied."""
        other = ContentKNN(vectors[:0], decay=self.decay)
        other.vectors, other.present = vectors, present
        other.rest = np.concatenate([self.rest, np.full(len(vectors) - len(self.rest), NO_EVENTS, np.float32)])
        return other

    def scores(self, histories: Sequences) -> np.ndarray:
        """float32 (B, N): the cosine, 0 where either side has no vector. Needs no `fit`."""
        return self._query(histories) @ self.vectors.T

    def recommend(self, histories: Sequences, k: int, *, exclude_seen: bool = False) -> TopK:
        def score(asked: Sequences) -> np.ndarray:
            query = self._query(asked)
            known = (query != 0).any(axis=1, keepdims=True) & self.present[None, :]
            filled: np.ndarray = np.where(known, query @ self.vectors.T, self.rest[None, :])
            return filled

        return baselines.rank(histories, k, len(self.vectors), score, exclude_seen)

    def _query(self, histories: Sequences) -> np.ndarray:
        """float32 (B, d) of length 1, or 0 where the history has no vector."""
        from scipy.sparse import csr_matrix

        weights = (baselines.recency(histories, self.decay), histories.items, histories.offsets)
        query = csr_matrix(weights, shape=(len(histories), len(self.vectors))) @ self.vectors
        norms = np.linalg.norm(query, axis=1, keepdims=True)
        return np.divide(query, norms, out=np.zeros_like(query), where=norms > 0)


def normalised(vectors: np.ndarray, present: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Rows at unit length, zeros where there is no vector, float32 (N, d); and where there is one, bool (N,)."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    present = norms[:, 0] > 0 if present is None else present & (norms[:, 0] > 0)
    return np.where(present[:, None], vectors / np.maximum(norms, 1e-12), 0).astype(np.float32), present
