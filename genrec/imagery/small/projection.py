"""From a run's item vectors to meanings: what lets weights that ship with the package serve any run.

A run's vectors are a space of its own; the network knows only meanings, sums of words' embeddings. Ridge regression on
the run's own catalogue (pairs of an item's vector and its row's words) maps one onto the other in seconds, and is saved
with the run. It is linear, so the mean of a history's vectors becomes the mean of its meanings.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import torch
from safetensors.numpy import load_file, save_file

from genrec.errors import UserError
from genrec.imagery.small.conditioner import Conditioner
from genrec.imagery.small.lessons import told_columns
from genrec.imagery.small.words import column_words, text_words

RIDGES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""In units of the vectors' mean variance; the one that predicts a fifth of the items best is taken."""
FEWEST = 20


@dataclass(frozen=True, eq=False)
class Projection:
    """meaning = (vector - centre) @ weights + offset. centre (d,), weights (d, width), offset (width,), all float32.

    explained: share of the meanings' variance that it tells of items it was not fitted on (every fifth).
    """

    centre: np.ndarray
    weights: np.ndarray
    offset: np.ndarray
    explained: float = 0.0

    @classmethod
    def fit(cls, vectors: np.ndarray, meanings: np.ndarray) -> Projection:
        """vectors float32 (N, d), meanings float32 (N, width), rows in one order."""
        if len(vectors) != len(meanings):
            raise UserError(f"{len(vectors)} vectors for {len(meanings)} items: embed again")
        if len(vectors) < FEWEST:
            raise UserError(f"{len(vectors)} item(s): the projection needs at least {FEWEST} with a vector and a text")
        rows = np.arange(len(vectors))
        kept, left = rows[rows % 5 != 4], rows[rows % 5 == 4]
        shares = [
            cls._solved(vectors[kept], meanings[kept], ridge)._share(vectors[left], meanings[left]) for ridge in RIDGES
        ]
        best = int(np.argmax(shares))
        found = cls._solved(vectors, meanings, RIDGES[best])
        return cls(found.centre, found.weights, found.offset, float(shares[best]))

    @classmethod
    def of_run(cls, conditioner: Conditioner, table: pl.DataFrame, vectors: np.ndarray, mask: np.ndarray) -> Projection:
        """Of a catalogue's rows and its run's item vectors; mask: bool (N,), which rows have one and may be used."""
        rows = np.flatnonzero(mask)
        meanings = told_meanings(conditioner, table)[rows]
        return cls.fit(np.asarray(vectors[rows], dtype=np.float32), meanings)

    @classmethod
    def _solved(cls, vectors: np.ndarray, meanings: np.ndarray, ridge: float) -> Projection:
        centre, offset = vectors.mean(axis=0), meanings.mean(axis=0)
        x, y = (vectors - centre).astype(np.float64), (meanings - offset).astype(np.float64)
        gram = x.T @ x
        gram[np.diag_indices_from(gram)] += ridge * gram.trace() / len(gram)
        weights = np.linalg.solve(gram, x.T @ y)
        return cls(centre.astype(np.float32), weights.astype(np.float32), offset.astype(np.float32))

    def _share(self, vectors: np.ndarray, meanings: np.ndarray) -> float:
        apart = np.square(self(vectors) - meanings).sum()
        return float(1 - apart / np.square(meanings - meanings.mean(axis=0)).sum())

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """float32 (..., d) → float32 (..., width). UserError for vectors of another run's length."""
        if vectors.shape[-1] != len(self.centre):
            raise UserError(
                f"a vector of {vectors.shape[-1]} numbers; this painter's projection was fitted on {len(self.centre)}: "
                "fit it on this run"
            )
        found: np.ndarray = (np.asarray(vectors, dtype=np.float32) - self.centre) @ self.weights + self.offset
        return found

    def save(self, path: Path) -> None:
        part = path.with_name(f"{path.name}.part")
        save_file(
            {
                "centre": self.centre,
                "weights": self.weights,
                "offset": self.offset,
                "explained": np.array([self.explained], dtype=np.float32),
            },
            part,
        )
        os.replace(part, path)

    @classmethod
    def load(cls, path: Path) -> Projection:
        if not path.exists():
            raise UserError(f"there is no projection {path}: fit it on the run first")
        held = load_file(path)
        return cls(held["centre"], held["weights"], held["offset"], float(held["explained"][0]))


@torch.no_grad()
def told_meanings(conditioner: Conditioner, table: pl.DataFrame) -> np.ndarray:
    """float32 (N, width): of every row, text and columns together."""
    texts = [text_words(text or "") for text in table["text"].to_list()]
    rows = [text + column_words(told) for text, told in zip(texts, told_columns(table), strict=True)]
    found: np.ndarray = conditioner.meaning(rows).float().cpu().numpy()
    return found
