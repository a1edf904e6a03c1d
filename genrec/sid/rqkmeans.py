"""Residual k-means: the plain tokenizer, no network, seconds.

Level by level, faiss clusters what the levels before left over (the RQ-Kmeans of the OneRec technical report, 2025; in
quantization terms a greedy residual quantizer). With `refine` rounds, codes and codebooks are then improved jointly, in
the manner of additive quantization (Babenko and Lempitsky 2014): encode by beam, move every codeword to the mean of
what the other levels leave it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from genrec.errors import UserError
from genrec.sid.residual import (
    Metric,
    ResidualTokenizer,
    at_least_one,
    beam,
    checked_size,
    checked_vectors,
    residual_kmeans,
)


class ResidualKMeans(ResidualTokenizer):
    """levels × codebook_size codes; metric `cosine` quantizes directions only; beam_width 1 is greedy encoding."""

    name = "rqkmeans"

    def __init__(
        self,
        *,
        levels: int = 3,
        codebook_size: int = 256,
        metric: Metric = "l2",
        iterations: int = 25,
        refine: int = 0,
        beam_width: int = 1,
    ) -> None:
        at_least_one(levels=levels, codebook_size=codebook_size, iterations=iterations, beam_width=beam_width)
        if metric not in ("l2", "cosine"):
            raise UserError(f"`metric` is {metric!r}; it must be 'l2' or 'cosine'")
        self.levels, self.codebook_size, self.metric = levels, codebook_size, metric
        self.iterations, self.refine, self.beam_width = iterations, refine, beam_width
        self._codebooks: np.ndarray | None = None

    def config(self) -> dict[str, Any]:
        return {
            "levels": self.levels,
            "codebook_size": self.codebook_size,
            "metric": self.metric,
            "iterations": self.iterations,
            "refine": self.refine,
            "beam_width": self.beam_width,
        }

    def fit(self, vectors: np.ndarray, *, seed: int, folder: Path | None = None) -> None:
        """vectors: float32 (N, d), N >= codebook_size. It takes seconds, so that `folder` gets no checkpoints."""
        vectors = self.prepare(checked_vectors(vectors))
        checked_size(len(vectors), self.codebook_size)
        codebooks = residual_kmeans(vectors, self.levels, self.codebook_size, self.iterations, seed)
        for _ in range(self.refine):
            codes = beam(vectors, codebooks, self.beam_width)[0][:, 0].astype(np.int64)
            rest = vectors - sum(codebooks[level][codes[:, level]] for level in range(self.levels))
            for level in range(self.levels):
                rest += codebooks[level][codes[:, level]]
                sums = np.zeros_like(codebooks[level])
                np.add.at(sums, codes[:, level], rest)
                counts = np.bincount(codes[:, level], minlength=self.codebook_size)
                used = counts > 0
                codebooks[level][used] = sums[used] / counts[used, None]
                rest -= codebooks[level][codes[:, level]]
        self._codebooks = codebooks

    @property
    def codebooks(self) -> list[np.ndarray]:
        return list(self._fitted)

    @property
    def dim(self) -> int:
        return self._fitted.shape[2]

    @property
    def _fitted(self) -> np.ndarray:
        if self._codebooks is None:
            raise RuntimeError("this ResidualKMeans is not fitted: call fit first")
        return self._codebooks

    def _into(self, targets: np.ndarray) -> np.ndarray:
        return targets

    def _back(self, latents: np.ndarray) -> np.ndarray:
        return latents

    def _tensors(self) -> dict[str, np.ndarray]:
        return {"codebooks": self._fitted}

    def _restore(self, tensors: dict[str, np.ndarray]) -> None:
        self._codebooks = tensors["codebooks"]
