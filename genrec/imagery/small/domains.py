"""What the painter must know of a world to learn it: how to build one, which columns matter, and how its things are
previewed. A new world is a new `Domain` here and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from PIL import Image

from genrec.data.catalog import Catalog
from genrec.data.interactions import Interactions
from genrec.data.synthetic import drawing, fashion, home, music
from genrec.data.synthetic.attributes import CATEGORIES
from genrec.data.synthetic.figure import POSES, Pose
from genrec.data.synthetic.home import placing, rooms
from genrec.data.synthetic.home.attributes import ROOMS
from genrec.data.synthetic.world import World
from genrec.errors import UserError, nearest
from genrec.imagery.commission import Kind
from genrec.imagery.small.poses import random_pose
from genrec.imagery.small.scenes import dilated

Row = Mapping[str, Any]
VALUES = 64
"""A column with more different values than this tells items apart rather than what they are like."""
FEWEST = 100
"""Pictures that a painter needs to learn from."""


@dataclass(frozen=True, eq=False)
class Preview:
    """A thing in a scene. scene: without it; placed: with it; both RGB of one size. tight: bool (height, width), where
    it is; region: where it may be, whichever of its sort it were; holds `tight`."""

    scene: Image.Image
    placed: Image.Image
    tight: np.ndarray
    region: np.ndarray


@dataclass(frozen=True, eq=False)
class Domain:
    """identity: columns that stay whatever somebody's taste. judged: columns whose values a picture shows, by which
    pictures are measured; those that are no identity are what a taste may change. preview: its kind, if there is one.

    apart: columns of whose values' combinations a tenth is held out, by default the judged ones. build(folder, items,
    users, seed): catalogue with pictures, and histories. place(row, rng): a preview in a scene at
    random, for training. scenes: the names of the scenes kept for measures; place_in(row, number): a preview there.
    """

    name: str
    identity: tuple[str, ...]
    judged: tuple[str, ...]
    build: Callable[[Path, int, int, int], tuple[Catalog, Interactions]]
    preview: Kind | None = None
    place: Callable[[Row, np.random.Generator], Preview] | None = None
    scenes: tuple[str, ...] = ()
    place_in: Callable[[Row, int], Preview] | None = None
    apart: tuple[str, ...] = ()

    @property
    def held_by(self) -> tuple[str, ...]:
        return self.apart or self.judged


def _made(build: Callable[..., World], **more: Any) -> Callable[[Path, int, int, int], tuple[Catalog, Interactions]]:
    def made(folder: Path, items: int, users: int, seed: int) -> tuple[Catalog, Interactions]:
        world = build(folder, items=items, users=users, seed=seed, **more)
        return world.catalog, world.interactions

    return made


# The garments of a slot that reach farthest: together they say where one of its kind may be.
_FARTHEST: dict[str, tuple[tuple[str, str], ...]] = {
    "upper": (("sweater", "oversized"), ("t-shirt", "oversized"), ("hoodie", "pullover")),
    "outer": (("coat", "trench"), ("coat", "cape"), ("jacket", "puffer")),
    "lower": (("jeans", "baggy"), ("skirt", "maxi"), ("skirt", "pleated")),
    "full": (("dress", "maxi"), ("dress", "fit-and-flare")),
    "shoes": (("shoes", "sneaker"), ("shoes", "ankle boot"), ("shoes", "pump")),
    "bag": (("bag", "tote"), ("bag", "backpack"), ("bag", "crossbody")),
    "hat": (("hat", "beanie"), ("hat", "wide-brim"), ("hat", "bucket")),
}


def region(category: str, pose: int | Pose) -> np.ndarray:
    """bool (128, 128): where on the mannequin a garment that is worn as this category is may be."""
    plain = {"colour": "grey", "accent": "teal", "pattern": "solid", "material": "cotton"}
    slot = CATEGORIES[category].slot
    masks = [drawing.wear(plain | {"category": c, "silhouette": s}, pose)[1] for c, s in _FARTHEST[slot]]
    return dilated(np.logical_or.reduce(masks), 3)


def _worn(row: Row, pose: int | Pose) -> Preview:
    placed, tight = drawing.wear(row, pose)
    # An outline that is finer than a pixel may leave the mask empty: then it is where the pictures differ.
    scene = drawing.bare(pose)
    if not tight.any():
        tight = (np.asarray(scene) != np.asarray(placed)).any(axis=2)
    return Preview(scene, placed, tight, region(row["category"], pose) | dilated(tight, 1))


# Rooms of these numbers are kept for measures: two of each kind. Those of the lessons begin far above.
_ROOMS = tuple(range(10))
_LESSON_ROOMS = 1000, 1_000_000


def _stood(row: Row, number: int) -> Preview:
    placed, tight = placing.stand(row, number)
    where = dilated(placing.reach(row["category"], number), 3) | dilated(tight, 1)
    return Preview(rooms.empty(number), placed, tight, where)


DOMAINS: dict[str, Domain] = {
    "fashion": Domain(
        "fashion",
        identity=("category", "silhouette"),
        judged=("category", "silhouette", "colour", "pattern"),
        build=_made(fashion.build),
        preview="tryon",
        place=lambda row, rng: _worn(row, random_pose(rng)),
        scenes=tuple(pose.name for pose in POSES),
        place_in=_worn,
    ),
    "home": Domain(
        "home",
        identity=("category", "silhouette"),
        judged=("category", "silhouette", "colour", "pattern"),
        build=_made(home.build),
        preview="room",
        place=lambda row, rng: _stood(row, int(rng.integers(*_LESSON_ROOMS))),
        scenes=tuple(f"{rooms.room(number).kind} {number // len(ROOMS) + 1}" for number in _ROOMS),
        place_in=_stood,
    ),
    "music": Domain(
        "music",
        identity=("genre", "instrument"),
        judged=("genre", "instrument", "mood", "era"),
        build=_made(music.build, sound=False),
    ),
}


def of_run(run: Path, name: str, columns: Sequence[str], identity: Sequence[str]) -> Domain:
    """A run's own catalogue to learn from, its items with a picture; a tenth of the items is held out.

    columns: those whose values a picture may show; identity: of them what no taste may change. UserError for a column
    that the catalogue lacks, and for no picture at all.
    """
    catalog = Catalog.read(run / "data" / "catalog.parquet")
    for column in (*columns, *identity):
        if column not in catalog.table.columns:
            raise UserError(f"{run}: the catalogue has no column {column!r}: {nearest(column, catalog.table.columns)}")
    shown = [catalog.ids[item] for item in range(len(catalog)) if catalog.image_path(item) is not None]
    if len(shown) < FEWEST:
        raise UserError(f"{run}: {len(shown)} items have a picture; a painter needs {FEWEST} to learn from")
    kept = catalog.keep(shown)
    said = kept.table.with_columns(pl.col(list(columns)).cast(pl.String).fill_null("unknown"))
    for column in columns:
        if not 2 <= said[column].n_unique() <= VALUES:
            count = said[column].n_unique()
            raise UserError(f"{run}: the column {column!r} has {count} values; a painter is judged by 2 to {VALUES}")
    kept = Catalog(said, kept.root)

    def build(folder: Path, items: int, users: int, seed: int) -> tuple[Catalog, Interactions]:
        path = run / "data" / "interactions.parquet"
        there = Interactions.read(path).table.filter(pl.col("item_id").is_in(shown))
        return kept, Interactions(there)

    return Domain(name, tuple(identity), tuple(columns), build, apart=("item_id",))


def domain(name: str) -> Domain:
    """UserError for a world that nobody made."""
    if name not in DOMAINS:
        raise UserError(f"there is no domain {name!r}: {nearest(name, list(DOMAINS))}")
    return DOMAINS[name]
