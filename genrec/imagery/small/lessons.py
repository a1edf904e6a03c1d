"""What the painter learns from: worlds of other seeds than anybody's catalogue, drawn once and kept as arrays.

A tenth of all combinations of the judged columns' values is in no lesson, whatever the seed: `held_out` says which, so
that in any catalogue of the domain there are things of which neither picture nor combination was ever learned from.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from PIL import Image

from genrec.data.catalog import COLUMNS, Catalog
from genrec.errors import UserError
from genrec.imagery.small.domains import VALUES, Domain, Preview
from genrec.imagery.small.scenes import around, cover, dilated
from genrec.progress import bar

SIZE = 64
FIRST_SEED = 1_000_000
"""Seeds of the worlds that lessons are drawn from; catalogues that people make have others."""


@dataclass(frozen=True, eq=False)
class Lessons:
    """N things, M previews of them, U people.

    pictures: uint8 (N, 64, 64, 3). scenes, placed: uint8 (M, 64, 64, 3), the square around the mask, without the thing
    and with it. masks: uint8 (M, 64, 64), 0 to 255. of: int64 (M,), which thing. table: the N rows. histories: of each
    person the things' indices in order. held: bool (N,), what must not be learned from (their pictures stand here all
    the same, for histories tell of them).
    """

    pictures: np.ndarray
    scenes: np.ndarray
    placed: np.ndarray
    masks: np.ndarray
    of: np.ndarray
    table: pl.DataFrame
    histories: list[np.ndarray]
    held: np.ndarray

    @cached_property
    def told(self) -> list[dict[str, str]]:
        """Of every row what its columns say, as `told_columns` gives it."""
        return told_columns(self.table)

    def siblings(self, identity: Sequence[str]) -> dict[int, np.ndarray]:
        """Of every row that may be learned from: those, itself too, that have the same values of these columns."""
        kinds = [tuple(row.get(name) for name in identity) for row in self.told]
        alike: dict[tuple[str | None, ...], list[int]] = {}
        free = np.flatnonzero(~np.asarray(self.held)).tolist()
        for row in free:
            alike.setdefault(kinds[row], []).append(row)
        return {row: np.array(alike[kinds[row]]) for row in free}

    @classmethod
    def read(cls, folder: Path) -> Lessons:
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS}
        lengths, flat = np.load(folder / "lengths.npy"), np.load(folder / "histories.npy")
        histories = np.split(flat, np.cumsum(lengths)[:-1]) if len(lengths) else []
        return cls(table=pl.read_parquet(folder / "table.parquet"), histories=histories, **arrays)


_ARRAYS = ("pictures", "scenes", "placed", "masks", "of", "held")


def told_columns(table: pl.DataFrame) -> list[dict[str, str]]:
    """Per row: column → value, of those columns that say what an item is like (few values, no prose, no floats)."""
    kept = [
        name
        for name in table.columns
        if name not in COLUMNS
        and (table.schema[name] == pl.String or table.schema[name].is_integer())
        and 2 <= table[name].drop_nulls().n_unique() <= VALUES
    ]
    rows = table.select(kept).iter_rows(named=True)
    return [{name: str(value) for name, value in row.items() if value is not None} for row in rows]


def held_out(table: pl.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """bool (N,): the rows whose values of these columns together are of the tenth that no lesson has."""
    absent = [name for name in columns if name not in table.columns]
    if absent:
        raise UserError(f"the catalogue has no column {absent[0]!r}, by which pictures of this domain are judged")
    rows = table.select(columns).iter_rows()
    return np.array([_mark("|".join(map(str, row))) % 10 == 0 for row in rows], dtype=bool)


def _mark(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def thumbnail(path: Path) -> np.ndarray:
    """uint8 (64, 64, 3)."""
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BOX))


def drawn(
    domain: Domain, folder: Path, *, worlds: int, items: int, users: int, previews: int, seed: int, data: str = ""
) -> Lessons:
    """The lessons in `folder`; made there, world by world, where they are not yet. previews: per world. data: what
    else they follow from, of whatever is no synthetic world."""
    said = {"domain": domain.name, "worlds": worlds, "items": items, "users": users, "previews": previews, "seed": seed}
    said |= {"data": data} if data else {}
    mark = folder / "lessons.json"
    if mark.exists() and json.loads(mark.read_text()) == said:
        return Lessons.read(folder)
    folder.mkdir(parents=True, exist_ok=True)
    parts = [
        _world(
            domain, folder / f"world-{n:02d}", items, users, previews, FIRST_SEED + 1000 * seed + n, json.dumps(said)
        )
        for n in range(worlds)
    ]
    _together(parts, folder)
    mark.write_text(json.dumps(said))
    for n in range(worlds):
        shutil.rmtree(folder / f"world-{n:02d}", ignore_errors=True)
    return Lessons.read(folder)


def made(folder: Path, name: str) -> Lessons | None:
    """The lessons that are finished in `folder`, whatever their recipe; None where there are none.

    UserError where they are of another domain.
    """
    mark = folder / "lessons.json"
    if not mark.exists():
        return None
    said = json.loads(mark.read_text())["domain"]
    if said != name:
        raise UserError(f"{folder} holds lessons of the domain {said!r}, not of {name!r}: give another folder")
    return Lessons.read(folder)


def _world(domain: Domain, folder: Path, items: int, users: int, previews: int, seed: int, said: str) -> Lessons:
    """said: what the lessons follow from; parts of others, left by a killed run, are made anew."""
    if (folder / "done").exists() and (folder / "done").read_text() == said:
        return Lessons.read(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        catalog, interactions = domain.build(Path(place), items, users, seed)
        pictures = np.stack([thumbnail(_path(catalog, item)) for item in range(len(catalog))])
    held = held_out(catalog.table, domain.held_by)
    histories = [own.astype(np.int64) for own in interactions.sequences(catalog)]
    scenes, placed, masks, of = _previews(domain, catalog.table, held, previews, seed)
    made = Lessons(pictures, scenes, placed, masks, of, catalog.table, histories, held)
    _together([made], folder)
    (folder / "done").write_text(said)
    return made


def _path(catalog: Catalog, item: int) -> Path:
    path = catalog.image_path(item)
    if path is None:
        raise UserError(f"item {catalog.ids[item]} of the lessons has no picture")
    return path


def _previews(
    domain: Domain, table: pl.DataFrame, held: np.ndarray, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng([seed, 1])
    free = np.flatnonzero(~held)
    rows: Sequence[Mapping[str, Any]] = table.to_dicts()
    count = count if domain.place is not None and len(free) else 0
    of = rng.choice(free, count) if count else np.empty(0, np.int64)
    scenes, placed = (np.empty((count, SIZE, SIZE, 3), np.uint8) for _ in range(2))
    masks = np.empty((count, SIZE, SIZE), np.uint8)
    with bar("previews", count, "preview") as progress:
        for place, item in enumerate(of):
            assert domain.place is not None
            preview = domain.place(rows[item], rng)
            scenes[place], placed[place], masks[place] = framed(preview, rng)
            progress.advance()
    return scenes, placed, masks, of.astype(np.int64)


def framed(preview: Preview, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scene, scene with the thing, and mask in the square around a mask that is now tight, now generous."""
    mask = preview.region if rng.random() < 0.6 else dilated(preview.tight, int(rng.integers(1, 4)))
    square = around(mask, margin=float(rng.uniform(0.06, 0.2)))
    shown = (np.asarray(square.cut(picture, SIZE)) for picture in (preview.scene, preview.placed))
    scene, placed = shown
    return scene, placed, np.round(cover(mask, square, SIZE) * 255).astype(np.uint8)


def _together(parts: list[Lessons], folder: Path) -> None:
    """Several worlds as one, written; indices of things are moved on."""
    starts = np.cumsum([0, *(len(part.pictures) for part in parts)])
    for name in _ARRAYS:
        stacked = [
            getattr(part, name) + (start if name == "of" else 0) for part, start in zip(parts, starts, strict=False)
        ]
        joined = np.concatenate(stacked)
        np.save(folder / f"{name}.npy", joined.astype(bool) if name == "held" else joined)
    histories = [one + start for part, start in zip(parts, starts, strict=False) for one in part.histories]
    np.save(folder / "lengths.npy", np.array([len(one) for one in histories], dtype=np.int64))
    np.save(folder / "histories.npy", np.concatenate(histories) if histories else np.empty(0, np.int64))
    pl.concat([part.table for part in parts], how="vertical_relaxed").write_parquet(folder / "table.parquet")
