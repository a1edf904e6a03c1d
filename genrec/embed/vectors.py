"""The shape that every encoder gives, its check, and its home on disk: ``<name>.npy`` beside ``<name>.mask.npy``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from genrec.errors import UserError


def item_name(ids: Sequence[str] | None, row: int) -> str:
    """How an error calls the item of this row."""
    return f"item {ids[row]!r}" if ids is not None else f"row {row}"


def checked(
    vectors: np.ndarray, mask: np.ndarray, *, source: str, ids: Sequence[str] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """(vectors float32 (N, d), mask bool (N,)) with rows of missing items zeroed; `source` names the origin in errors.

    Raises UserError, naming the first item, where a present row holds NaN or infinity.
    """
    mask = np.asarray(mask, dtype=bool)
    # A value too large for float32 becomes infinite here, and is then reported like any other infinity.
    with np.errstate(over="ignore"):
        vectors = np.array(vectors, dtype=np.float32)
    if vectors.ndim != 2 or mask.shape != vectors.shape[:1]:
        raise UserError(
            f"{source}: vectors must be (items, dim) with one mask entry each, got {vectors.shape}, {mask.shape}"
        )
    bad = np.flatnonzero(mask & ~np.isfinite(vectors).all(axis=1))
    if bad.size:
        more = f" and {bad.size - 1} more" if bad.size > 1 else ""
        raise UserError(
            f"{source}: the vector of {item_name(ids, int(bad[0]))}{more} holds NaN or infinity: "
            "mend the vector, or mark the item as missing in the mask"
        )
    vectors[~mask] = 0.0
    return vectors, mask


def save(folder: Path, name: str, vectors: np.ndarray, mask: np.ndarray) -> None:
    """Write both files; the vectors come last, so where ``<name>.npy`` exists both are whole."""
    folder.mkdir(parents=True, exist_ok=True)
    write_npy(folder / f"{name}.mask.npy", np.asarray(mask, dtype=bool))
    write_npy(folder / f"{name}.npy", np.ascontiguousarray(vectors, dtype=np.float32))


def load(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """(float32 (N, d) memory map, read-only; bool (N,))."""
    path, mask_path = folder / f"{name}.npy", folder / f"{name}.mask.npy"
    for needed in (path, mask_path):
        if not needed.exists():
            raise UserError(f"{needed} does not exist: run `genrec embed` first")
    vectors, mask = _read_npy(path), np.array(_read_npy(mask_path))
    if vectors.ndim != 2 or mask.dtype != bool or mask.shape != vectors.shape[:1]:
        raise UserError(f"{path} {vectors.shape} and {mask_path.name} {mask.shape} do not belong together: embed again")
    return vectors, mask


def read_own(path: Path, ids: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """A user's own vectors, (N, d) in catalogue order, checked; ``<stem>.mask.npy`` beside them may be their mask."""
    if not path.exists():
        raise UserError(f"{path}: no such file; `vectors:` names a .npy file of shape (items, dim)")
    vectors = _read_npy(path)
    if vectors.ndim != 2 or vectors.dtype.kind not in "fiu":
        raise UserError(f"{path}: need numbers of shape (items, dim), got {vectors.dtype} of shape {vectors.shape}")
    if len(vectors) != len(ids):
        raise UserError(f"{path} has {len(vectors)} rows, the catalogue {len(ids)} items: one row an item, same order")
    mask_path = path.with_name(f"{path.stem}.mask.npy")
    mask = np.array(_read_npy(mask_path)) if mask_path.exists() else np.ones(len(ids), dtype=bool)
    if mask.shape != (len(ids),) or mask.dtype != bool:
        raise UserError(f"{mask_path}: need {len(ids)} booleans, got {mask.dtype} of shape {mask.shape}")
    return checked(vectors, mask, source=str(path), ids=ids)


def write_npy(path: Path, array: np.ndarray) -> None:
    """Write beside, then rename: a kill at any moment leaves the old file or the new one, whole."""
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as handle:
        np.save(handle, array, allow_pickle=False)
    os.replace(part, path)


def _read_npy(path: Path) -> np.ndarray:
    try:
        array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise UserError(f"{path}: not a readable .npy array ({error}): write it with numpy.save") from error
    return array
