"""Normalised weighted concatenation with whitening; missing modalities are predicted, never zero.

1. Each modality is centred and whitened on the items that have it (shrunk towards its mean variance), so no modality
   speaks louder because its numbers are larger or its directions repeat, and each row is then brought to length 1.
2. Blocks are weighted by the square root of their share and concatenated: for complete items the dot product of two
   fused vectors is the weighted mean of their cosines per modality.
3. A missing block becomes its linear prediction from the blocks the item has (ridge regression, fitted on items that
   have both), and the whole is brought to length 1 again. The alternatives fail a quantizer: a zero block is a place of
   its own, so items without a picture gather in codes that mean «no picture»; one average picture for all of them is no
   better. A predicted block is as long as the prediction is certain (the regression shrinks what it cannot know), and
   the last normalisation hands the weight it lacks to the modalities that are there. So a fused vector means: what we
   expect the item to be, given what we have of it.
4. Optionally, the leading principal components of that.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np

from genrec.embed.vectors import checked, item_name
from genrec.errors import UserError, nearest

Modality = tuple[np.ndarray, np.ndarray]
RIDGES = (0.01, 0.1, 1.0, 10.0, 100.0)


class WhitenedConcat:
    """Fit on the catalogue, frozen afterwards: `transform` gives new items vectors in the same space."""

    def __init__(
        self, *, weights: Mapping[str, float] | None = None, shrinkage: float = 0.3, dim: int | None = None
    ) -> None:
        """weights: by modality, on any positive scale; 1 where unnamed.

        shrinkage in [0, 1]: 0 whitens fully, 1 only centres. Full whitening leaves a quantizer (or `dim`) no large
        directions to spend its codes on; none leaves neighbours worse.
        dim: principal components of the fused vector to keep; None keeps all.
        """
        if not 0 <= shrinkage <= 1:
            raise UserError(f"fuse: shrinkage is {shrinkage}, must lie between 0 and 1")
        self.weights, self.shrinkage, self.dim = dict(weights or {}), shrinkage, dim
        self.names: list[str] = []
        self.ridge = RIDGES[-1]
        # Per modality: mean.<name> (d,), whiten.<name> (d, r). With two or more: cross (D, D), the second moment of the
        # blocks side by side, D = Σ r. With dim: centre (D,), basis (D, dim).
        self.tensors: dict[str, np.ndarray] = {}

    def fit(self, modalities: Mapping[str, Modality], ids: Sequence[str] | None = None) -> Self:
        """modalities: name → (vectors float32 (N, d_m), mask bool (N,)), all of one N."""
        unknown = sorted(set(self.weights) - set(modalities))
        if unknown:
            raise UserError(f"fuse: weight for the modality {unknown[0]!r}: {nearest(unknown[0], modalities)}")
        self.names, self.tensors = sorted(modalities), {}
        for name in self.names:
            if not self.weights.setdefault(name, 1.0) > 0:
                raise UserError(
                    f"fuse: the weight of {name!r} is {self.weights[name]}; leave a modality out to ignore it"
                )
            self._fit_whitening(name, *checked(*modalities[name], source=f"modality {name!r}", ids=ids))
        if len(self.names) > 1:
            self._fit_prediction(*self._blocks(modalities, ids))
        if self.dim is not None:
            fused = self._fused(modalities, ids)
            centre = fused.mean(axis=0)
            _, directions = np.linalg.eigh(np.cov(fused, rowvar=False, dtype=np.float64).reshape(fused.shape[1], -1))
            basis = _fixed_signs(directions[:, ::-1][:, : self.dim])
            self.tensors |= {"centre": centre.astype(np.float32), "basis": basis.astype(np.float32)}
        return self

    def transform(self, modalities: Mapping[str, Modality], ids: Sequence[str] | None = None) -> np.ndarray:
        """float32 (N, D), or (N, dim). A modality that is not given is missing for all. `ids` name items in errors.

        Raises UserError naming the item where an item has no modality at all.
        """
        fused = self._fused(modalities, ids)
        if "basis" in self.tensors:
            fused = (fused - self.tensors["centre"]) @ self.tensors["basis"]
        return np.ascontiguousarray(fused, dtype=np.float32)

    def whitened(self, name: str, vectors: np.ndarray) -> np.ndarray:
        """float32 (N, r): step 1 before rows are brought to length 1; at shrinkage 0 their covariance is identity."""
        white: np.ndarray = (vectors - self.tensors[f"mean.{name}"]) @ self.tensors[f"whiten.{name}"]
        return white

    def _fit_whitening(self, name: str, vectors: np.ndarray, mask: np.ndarray) -> None:
        rows = vectors[mask].astype(np.float64)
        if len(rows) < 2 or rows.shape[1] == 0:
            raise UserError(f"fuse: {len(rows)} item(s) have the modality {name!r}; leave it out, two are the least")
        mean = rows.mean(axis=0)
        variances, directions = np.linalg.eigh((rows - mean).T @ (rows - mean) / len(rows))
        kept = variances > max(variances[-1], 0.0) * 1e-6
        if not kept.any() or variances[-1] < 1e-12:
            raise UserError(
                f"fuse: all vectors of the modality {name!r} are the same; they tell no items apart, leave it out"
            )
        variances, directions = variances[kept][::-1], _fixed_signs(directions[:, kept][:, ::-1])
        shrunk = (1 - self.shrinkage) * variances + self.shrinkage * variances.mean()
        self.tensors[f"mean.{name}"] = mean.astype(np.float32)
        self.tensors[f"whiten.{name}"] = (directions / np.sqrt(shrunk)).astype(np.float32)

    def _blocks(self, modalities: Mapping[str, Modality], ids: Sequence[str] | None) -> tuple[np.ndarray, np.ndarray]:
        """(float32 (N, D) unit blocks side by side, zero where missing; bool (N, modalities) which are there)."""
        for name in modalities:
            if name not in self.names:
                raise UserError(f"fuse: unknown modality {name!r}: {nearest(name, self.names)}")
        given = {name: checked(*modalities[name], source=f"modality {name!r}", ids=ids) for name in modalities}
        sizes = {len(mask) for _, mask in given.values()}
        if len(sizes) != 1:
            raise UserError(f"fuse: modalities have different numbers of items ({sorted(sizes)}): embed again")
        count, widths = sizes.pop(), self._widths()
        blocks = np.zeros((count, sum(widths)), np.float32)
        there = np.zeros((count, len(self.names)), dtype=bool)
        for index, name in enumerate(self.names):
            if name not in given:
                continue
            vectors, mask = given[name]
            expected = len(self.tensors[f"mean.{name}"])
            if vectors.shape[1] != expected:
                raise UserError(
                    f"fuse: {name!r} vectors have {vectors.shape[1]} dimensions, the fuser learned {expected}"
                )
            white = self.whitened(name, vectors[mask])
            # A row on the very mean of its modality has no direction, and stays zero: that is what it says.
            white /= np.maximum(np.linalg.norm(white, axis=1, keepdims=True), 1e-6)
            begin = sum(widths[:index])
            blocks[mask, begin : begin + widths[index]] = white
            there[:, index] = mask
        return blocks, there

    def _widths(self) -> list[int]:
        return [self.tensors[f"whiten.{name}"].shape[1] for name in self.names]

    def _fit_prediction(self, blocks: np.ndarray, there: np.ndarray) -> None:
        """The blocks' second moments, and the ridge with which the other items predict every fifth item best."""
        rows = np.arange(len(blocks))
        held = there & (rows % 5 == 4)[:, None]
        errors = []
        cross = self._second_moments(blocks, there & (rows % 5 != 4)[:, None])
        for ridge in RIDGES:
            error = 0.0
            for target in range(len(self.names)):
                asked = np.flatnonzero(held[:, target] & (held.sum(axis=1) > 1))
                known = there[asked].copy()
                known[:, target] = False
                columns = self._columns(target)
                predicted = self._predict(blocks[asked], known, cross, ridge)[:, columns]
                error += float(((predicted - blocks[asked][:, columns]) ** 2).sum())
            errors.append(error)
        self.ridge = RIDGES[int(np.argmin(errors))] if max(errors) > 0 else RIDGES[-1]
        self.tensors["cross"] = self._second_moments(blocks, there).astype(np.float32)

    def _second_moments(self, blocks: np.ndarray, there: np.ndarray) -> np.ndarray:
        """float64 (D, D); blocks that no item has together stay 0, so nothing is predicted from one to the other."""
        cross = np.zeros((blocks.shape[1],) * 2)
        for first in range(len(self.names)):
            for second in range(len(self.names)):
                both = there[:, first] & there[:, second]
                if both.any():
                    one, other = self._columns(first), self._columns(second)
                    cross[one, other] = blocks[both, one].T.astype(np.float64) @ blocks[both, other] / both.sum()
        # Parts averaged over different items need not fit together as one matrix of moments: the nearest that does.
        values, vectors = np.linalg.eigh(cross)
        nearest_psd: np.ndarray = (vectors * np.maximum(values, 0.0)) @ vectors.T
        return nearest_psd

    def _columns(self, index: int) -> slice:
        widths = self._widths()
        return slice(sum(widths[:index]), sum(widths[: index + 1]))

    def _predict(self, blocks: np.ndarray, there: np.ndarray, cross: np.ndarray, ridge: float) -> np.ndarray:
        """blocks with every block that is not there replaced by its ridge prediction from those that are."""
        filled = blocks.copy()
        for pattern in np.unique(there, axis=0):
            if pattern.all() or not pattern.any():
                continue
            rows = np.flatnonzero((there == pattern).all(axis=1))
            known = np.repeat(pattern, self._widths())
            moments = cross[np.ix_(known, known)].astype(np.float64)
            # In units of a block's mean variance, so that one grid of ridges serves every width.
            moments[np.diag_indices_from(moments)] += ridge * moments.trace() / len(moments)
            mapping = np.linalg.solve(moments, cross[np.ix_(known, ~known)])
            filled[np.ix_(rows, np.flatnonzero(~known))] = blocks[np.ix_(rows, np.flatnonzero(known))] @ mapping
        return filled

    def _fused(self, modalities: Mapping[str, Modality], ids: Sequence[str] | None) -> np.ndarray:
        blocks, there = self._blocks(modalities, ids)
        nothing = np.flatnonzero(~there.any(axis=1))
        if nothing.size:
            more = f" (and {nothing.size - 1} more)" if nothing.size > 1 else ""
            raise UserError(
                f"{item_name(ids, int(nothing[0]))}{more} has none of {', '.join(self.names)}: "
                "give it a text or a picture, or take it out of the catalogue"
            )
        if len(self.names) > 1:
            blocks = self._predict(blocks, there, self.tensors["cross"], self.ridge)
        shares = np.array([self.weights[name] for name in self.names])
        scales = np.repeat(np.sqrt(shares / shares.sum()), self._widths())
        fused = blocks * scales
        lengths = np.linalg.norm(fused, axis=1, keepdims=True)
        unit: np.ndarray = (fused / np.maximum(lengths, 1e-6)).astype(np.float32)
        return unit

    def save_pretrained(self, folder: Path) -> None:
        """fuser.safetensors and fuser.json."""
        from safetensors.numpy import save_file

        folder.mkdir(parents=True, exist_ok=True)
        part = folder / "fuser.safetensors.part"
        save_file({name: np.ascontiguousarray(tensor) for name, tensor in self.tensors.items()}, part)
        os.replace(part, folder / "fuser.safetensors")
        said = {
            "weights": self.weights,
            "shrinkage": self.shrinkage,
            "dim": self.dim,
            "names": self.names,
            "ridge": self.ridge,
        }
        part = folder / "fuser.json.part"
        part.write_text(json.dumps(said, indent=2))
        os.replace(part, folder / "fuser.json")

    @classmethod
    def from_pretrained(cls, folder: Path) -> Self:
        from safetensors.numpy import load_file

        try:
            said = json.loads((folder / "fuser.json").read_text())
            tensors = load_file(folder / "fuser.safetensors")
        except FileNotFoundError as error:
            raise UserError(f"{folder} holds no fuser ({error.filename} is missing): embed again") from error
        fuser = cls(weights=said["weights"], shrinkage=said["shrinkage"], dim=said["dim"])
        fuser.names, fuser.ridge, fuser.tensors = said["names"], said["ridge"], tensors
        return fuser


def _fixed_signs(directions: np.ndarray) -> np.ndarray:
    """Columns with their entry of largest magnitude positive: an eigenvector is defined up to its sign."""
    largest = directions[np.abs(directions).argmax(axis=0), np.arange(directions.shape[1])]
    signed: np.ndarray = directions * np.where(largest < 0, -1.0, 1.0)
    return signed
