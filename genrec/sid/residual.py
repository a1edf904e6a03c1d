"""Residual quantization: what every tokenizer here shares.

A vector is written as a sum of codewords, one per level, each chosen for what the levels before left over. How the
codebooks are learned, and in which space they live, is the business of the tokenizers (`rqkmeans`, `rqvae`).
"""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from genrec.errors import UserError

Metric = Literal["l2", "cosine"]
SCHEMA_VERSION = 1
TABLE = 1 << 23  # floats in the largest table of path errors held at once: 32 MB


def checked_vectors(vectors: np.ndarray, dim: int | None = None) -> np.ndarray:
    """`vectors` as contiguous float32 (M, d), or a UserError that names the first row with NaN or infinity."""
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    if vectors.ndim != 2:
        raise ValueError(f"vectors have shape {vectors.shape}; (items, dimensions) is needed")
    if dim is not None and vectors.shape[1] != dim:
        raise UserError(
            f"vectors have {vectors.shape[1]} dimensions, the tokenizer was fitted on {dim}: "
            f"use the encoder that made its training vectors, or fit the tokenizer again"
        )
    broken = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(broken):
        raise UserError(
            f"vectors: row {broken[0]} holds NaN or infinity ({len(broken)} such row(s)): "
            f"check that item's text or image and embed it again, or drop the item"
        )
    return vectors


def checked_size(n_items: int, codebook_size: int) -> None:
    """A UserError where there are fewer vectors than a codebook has entries."""
    if n_items < codebook_size:
        fits = 1 << (n_items.bit_length() - 1)
        raise UserError(
            f"{n_items} vectors are fewer than the {codebook_size} entries of a codebook: set `codebook_size` to at "
            f"most {n_items} (--set tokenizer.codebook_size={fits}), or add items"
        )


def normalized(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to unit length; a row of zeros stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def residual_kmeans(vectors: np.ndarray, levels: int, size: int, iterations: int, seed: int) -> np.ndarray:
    """k-means on the vectors, then on what is left of them, level by level: float32 (levels, size, d)."""
    import faiss

    residuals = vectors.copy()
    codebooks = np.empty((levels, size, vectors.shape[1]), dtype=np.float32)
    for level in range(levels):
        kmeans = faiss.Kmeans(
            vectors.shape[1],
            size,
            niter=iterations,
            seed=seed + level,
            min_points_per_centroid=1,
            max_points_per_centroid=1024,  # larger catalogues are sampled, which bounds the time
        )
        kmeans.train(residuals)
        codebooks[level] = kmeans.centroids
        residuals -= codebooks[level][kmeans.index.search(residuals, 1)[1][:, 0]]
    return codebooks


def beam(vectors: np.ndarray, codebooks: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The `width` best ways, found by a beam over the levels, to write each vector as a sum of codewords.

    vectors: float32 (M, d). codebooks: float32 (L, K, d). Returns codes uint16 (M, W, L) and squared errors float32
    (M, W), best first, W = min(width, K^L). Width 1 is the usual greedy assignment.
    """
    levels, size, _ = codebooks.shape
    # 1. ‖x − Σc‖² opens into products of pairs, so that no residual vector is ever formed.
    cross = np.einsum("lkd,mjd->lmkj", codebooks, codebooks, optimize=True)
    squares = np.einsum("lkd,lkd->lk", codebooks, codebooks)
    reach = min(width, size**levels)
    codes = np.empty((len(vectors), reach, levels), dtype=np.uint16)
    errors = np.empty((len(vectors), reach), dtype=np.float32)
    rows = max(1, TABLE // (reach * size))
    for begin in range(0, len(vectors), rows):
        part = vectors[begin : begin + rows]
        paths = np.zeros((len(part), 1, 0), dtype=np.int64)
        best = np.einsum("md,md->m", part, part)[:, None]
        for level in range(levels):
            # 2. Error of every path followed by every codeword of this level.
            table = best[:, :, None] + (squares[level] - 2 * part @ codebooks[level].T)[:, None, :]
            for earlier in range(level):
                table += 2 * cross[earlier, level][paths[:, :, earlier]]
            table = table.reshape(len(part), -1)
            # 3. Keep the best paths, equal errors in order of their codes.
            keep = min(width, table.shape[1])
            if keep == 1:
                chosen = table.argmin(axis=1)[:, None]
            else:
                chosen = np.sort(np.argpartition(table, keep - 1, axis=1)[:, :keep], axis=1)
                order = np.argsort(np.take_along_axis(table, chosen, axis=1), axis=1, kind="stable")
                chosen = np.take_along_axis(chosen, order, axis=1)
            best = np.take_along_axis(table, chosen, axis=1)
            stems = np.take_along_axis(paths, (chosen // size)[:, :, None], axis=1)
            paths = np.concatenate([stems, (chosen % size)[:, :, None]], axis=2)
        codes[begin : begin + rows] = paths
        errors[begin : begin + rows] = best
    return codes, np.maximum(errors, 0)


class ResidualTokenizer(ABC):
    """Codebooks in some space, and the way there and back."""

    name: str
    levels: int
    codebook_size: int
    metric: Metric
    beam_width: int

    @abstractmethod
    def fit(self, vectors: np.ndarray, *, seed: int, folder: Path | None = None) -> None:
        """Learn codebooks from float32 (N, d); `folder` takes checkpoints, from which a killed fit goes on."""

    @property
    @abstractmethod
    def dim(self) -> int:
        """Dimensions d of the vectors that it was fitted on."""

    @property
    @abstractmethod
    def codebooks(self) -> list[np.ndarray]:
        """float32 (K, latent) per level."""

    @abstractmethod
    def _into(self, targets: np.ndarray) -> np.ndarray:
        """From the space of `prepare` into the codebooks' space."""

    @abstractmethod
    def _back(self, latents: np.ndarray) -> np.ndarray:
        """From the codebooks' space into that of `prepare`."""

    @abstractmethod
    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""

    @abstractmethod
    def _tensors(self) -> dict[str, np.ndarray]: ...

    @abstractmethod
    def _restore(self, tensors: dict[str, np.ndarray]) -> None: ...

    @property
    def codebook_sizes(self) -> tuple[int, ...]:
        return (self.codebook_size,) * self.levels

    def prepare(self, vectors: np.ndarray) -> np.ndarray:
        """What `decode` approximates: the vectors, or with the metric `cosine` the vectors at unit length."""
        vectors = checked_vectors(vectors)
        return normalized(vectors) if self.metric == "cosine" else vectors

    def encode(self, vectors: np.ndarray) -> np.ndarray:
        """float32 (M, d) to uint16 (M, levels)."""
        latents = self._into(self.prepare(checked_vectors(vectors, self.dim)))
        return beam(latents, np.stack(self.codebooks), self.beam_width)[0][:, 0]

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """uint16 (M, levels) to float32 (M, d): the reconstruction of `prepare(vectors)`."""
        latents = sum(codebook[codes[:, level]] for level, codebook in enumerate(self.codebooks))
        return self._back(np.asarray(latents, dtype=np.float32))

    def alternatives(self, vector: np.ndarray, count: int = 256) -> np.ndarray:
        """uint16 (count, levels): distinct codes for one vector (d,), smallest reconstruction error first.

        A beam of that width over the residuals, not a search of all codes; fewer rows where there are fewer codes.
        """
        target = self.prepare(checked_vectors(vector[None], self.dim))
        codes = beam(self._into(target), np.stack(self.codebooks), count)[0][0]
        errors = np.square(self.decode(codes) - target).sum(axis=1)
        return codes[np.argsort(errors, kind="stable")]

    def save_pretrained(self, folder: Path) -> None:
        """Write `config.json` and `model.safetensors`."""
        from safetensors.numpy import save_file

        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        save_file({k: np.ascontiguousarray(v) for k, v in self._tensors().items()}, folder / "model.safetensors.part")
        os.replace(folder / "model.safetensors.part", folder / "model.safetensors")
        said = {"schema_version": SCHEMA_VERSION, "tokenizer": self.name, **self.config()}
        (folder / "config.json.part").write_text(json.dumps(said, indent=2) + "\n")
        os.replace(folder / "config.json.part", folder / "config.json")

    @classmethod
    def from_pretrained(cls, folder: Path) -> Self:
        """Read what `save_pretrained` wrote; a UserError where it is not there or of another kind or version."""
        from safetensors.numpy import load_file

        said = read_config(folder)
        if said.pop("tokenizer") != cls.name:
            raise UserError(f"{folder}: not a tokenizer of kind {cls.name!r}; load it with genrec.sid.load_tokenizer")
        tokenizer = cls(**said)
        tokenizer._restore(load_file(Path(folder) / "model.safetensors"))
        return tokenizer


def read_config(folder: Path) -> dict[str, Any]:
    """`config.json` of a saved tokenizer, without its schema version."""
    path = Path(folder) / "config.json"
    if not path.exists():
        raise UserError(f"{path}: there is no such file; the stage `tokenize` writes it")
    said = json.loads(path.read_text())
    if said.pop("schema_version", None) != SCHEMA_VERSION or "tokenizer" not in said:
        raise UserError(f"{path}: not a tokenizer of schema version {SCHEMA_VERSION}; run the stage `tokenize` again")
    return said


def at_least_one(**values: int) -> None:
    """A UserError that names the first key whose value is below 1."""
    for key, value in values.items():
        if value < 1:
            raise UserError(f"`{key}` is {value}; it must be at least 1")
