"""Everybody gets what most people took: items by number of training events."""

from __future__ import annotations

import numpy as np

from genrec.data.interactions import Sequences
from genrec.evaluate import baselines
from genrec.evaluate.interface import TopK


class Popularity:
    name = "popularity"

    def fit(self, train: Sequences, n_items: int) -> Popularity:
        self.counts = np.bincount(train.items, minlength=n_items).astype(np.float32)
        return self

    def recommend(self, histories: Sequences, k: int, *, exclude_seen: bool = False) -> TopK:
        def score(asked: Sequences) -> np.ndarray:
            return np.repeat(self.counts[None, :], len(asked), axis=0)

        return baselines.rank(histories, k, len(self.counts), score, exclude_seen)
