"""Semantic IDs: which codes stand for which item. Knows nothing of how the codes were made."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from genrec.errors import UserError

SCHEMA_VERSION = 1


def row_keys(codes: np.ndarray) -> np.ndarray:
    """One key per row of uint16 (N, L), (N,), that sorts as the rows do: an integer up to four levels, else bytes."""
    if codes.shape[1] <= 4:
        keys = np.zeros(len(codes), dtype=np.uint64)
        for level in range(codes.shape[1]):
            keys <<= np.uint64(16)
            keys |= codes[:, level].astype(np.uint64)
        return keys
    big_endian = np.ascontiguousarray(codes, dtype=">u2")
    # Rows have equal length, so that NumPy's padding of byte strings with zeros never makes two of them equal.
    return big_endian.view(f"S{2 * codes.shape[1]}").reshape(len(codes))


def checked_codes(codes: np.ndarray, codebook_sizes: tuple[int, ...]) -> np.ndarray:
    """`codes` as contiguous uint16 (N, L), or a UserError that names the first code out of its codebook."""
    codes = np.asarray(codes)
    if codes.ndim != 2 or codes.shape[1] != len(codebook_sizes):
        raise UserError(
            f"semantic IDs have shape {codes.shape}, their codebook sizes {codebook_sizes} ask for "
            f"(items, {len(codebook_sizes)}): give one size per level"
        )
    wrong = np.argwhere((codes < 0) | (codes >= np.asarray(codebook_sizes, dtype=np.int64)))
    if len(wrong):
        row, level = (int(n) for n in wrong[0])
        raise UserError(
            f"item {row} has code {int(codes[row, level])} on level {level}, whose codebook has "
            f"{codebook_sizes[level]} entries: codes and codebook sizes are not of one tokenizer"
        )
    return np.ascontiguousarray(codes, dtype=np.uint16)


@dataclass(frozen=True, eq=False)
class SemanticIds:
    """Item i's semantic ID is ``codes[i]``; no two items share one.

    codes: uint16 (N, L). codebook_sizes: L ints, ``codes[:, l] < codebook_sizes[l] <= 65536``.
    """

    codes: np.ndarray
    codebook_sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        sizes = tuple(int(size) for size in self.codebook_sizes)
        if any(not 1 <= size <= 65_536 for size in sizes):
            raise UserError(
                f"codebook sizes {sizes} must lie between 1 and 65536, which is what a uint16 code can name"
            )
        codes = checked_codes(self.codes, sizes)
        codes.flags.writeable = False
        object.__setattr__(self, "codes", codes)
        object.__setattr__(self, "codebook_sizes", sizes)
        order, keys = self._sorted
        same = np.flatnonzero(keys[1:] == keys[:-1])
        if len(same):
            first, second = sorted((int(order[same[0]]), int(order[same[0] + 1])))
            raise UserError(
                f"items {first} and {second} share the semantic ID {tuple(codes[first].tolist())} "
                f"({len(same)} such item(s)): give every item its own with genrec.sid.collisions.resolve"
            )

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def levels(self) -> int:
        return len(self.codebook_sizes)

    @cached_property
    def _sorted(self) -> tuple[np.ndarray, np.ndarray]:
        keys = row_keys(self.codes)
        # Distinct keys need no stable sort, which takes several times as long; equal ones are an error to be told.
        order = np.argsort(keys)
        if (keys[order][1:] == keys[order][:-1]).any():
            order = np.argsort(keys, kind="stable")
        return order, keys[order]

    def following(self, prefixes: np.ndarray) -> np.ndarray:
        """Of uint16 (P, L - 1), all codes but the last: 1 + the largest last code below each, int64 (P,), or 0."""
        if len(self) == 0:
            return np.zeros(len(prefixes), dtype=np.int64)
        order, keys = self._sorted
        ends = np.column_stack([prefixes, np.full(len(prefixes), 65_535, np.uint16)])
        places = np.searchsorted(keys, row_keys(ends), side="right") - 1
        last = self.codes[order[places]]
        there = (places >= 0) & (last[:, :-1] == prefixes).all(axis=1)
        found: np.ndarray = np.where(there, last[:, -1].astype(np.int64) + 1, 0)
        return found

    def lookup(self, codes: np.ndarray) -> np.ndarray:
        """The items that `codes` (integer (B, L)) stand for: int32 (B,), -1 where no item has that ID."""
        codes = np.asarray(codes)
        if codes.ndim != 2 or codes.shape[1] != self.levels:
            raise ValueError(f"codes have shape {codes.shape}, semantic IDs here have {self.levels} levels")
        inside = ((codes >= 0) & (codes < np.asarray(self.codebook_sizes))).all(axis=1)
        items = np.full(len(codes), -1, dtype=np.int32)
        if len(self) == 0:
            return items
        order, keys = self._sorted
        wanted = row_keys(codes[inside])
        places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        items[inside] = np.where(keys[places] == wanted, order[places], -1)
        return items

    def prefix_counts(self, length: int) -> tuple[np.ndarray, np.ndarray]:
        """The distinct first `length` codes, in order: (uint16 (P, length), items under each int64 (P,))."""
        if not 0 <= length <= self.levels:
            raise ValueError(f"prefix length {length} is not between 0 and {self.levels}")
        prefixes = self.codes[:, :length]
        _, first, counts = np.unique(row_keys(prefixes), return_index=True, return_counts=True)
        return prefixes[first], counts.astype(np.int64)

    def save(self, path: Path) -> None:
        """Write `path` (.safetensors): the tensors `codes` and `codebook_sizes`, the schema version as metadata.

        One key of metadata only: safetensors writes several in any order, and equal IDs shall be equal files.
        """
        from safetensors.numpy import save_file

        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        tensors = {"codes": self.codes, "codebook_sizes": np.array(self.codebook_sizes, np.int64)}
        save_file(tensors, part, metadata={"schema_version": str(SCHEMA_VERSION)})
        os.replace(part, path)

    @classmethod
    def load(cls, path: Path) -> SemanticIds:
        """Read what `save` wrote; a UserError where the file is missing, broken, foreign or of another version."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="numpy") as file:
                version = (file.metadata() or {}).get("schema_version")
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no iterator)
        except FileNotFoundError as error:
            raise UserError(f"{path}: there is no such file; the stage `tokenize` writes it") from error
        except SafetensorError as error:
            raise UserError(
                f"{path}: not a readable safetensors file ({error}); run the stage `tokenize` again"
            ) from error
        if not {"codes", "codebook_sizes"} <= tensors.keys() or version != str(SCHEMA_VERSION):
            raise UserError(
                f"{path}: holds no semantic IDs of schema version {SCHEMA_VERSION} (found {version}); "
                f"run the stage `tokenize` again"
            )
        return cls(tensors["codes"], tuple(tensors["codebook_sizes"].tolist()))
