"""Pictures of items as vectors, and any picture beside them: by the run's own image encoder.

What `genrec embed` computed is read; newcomers and items whose picture changed are looked at when they come.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from PIL import Image

from genrec.data.catalog import Catalog
from genrec.embed import vectors
from genrec.embed.images import read_picture, thumbnail
from genrec.embed.vectors import item_name
from genrec.errors import UserError
from genrec.search.crops import crops

if TYPE_CHECKING:
    from genrec.embed.items import ItemEncoder


SHARPNESS = 30.0
"""Of encoders that have not learned one."""
SAMPLES = 50
"""Pictures that the ground's colour is read from."""


@dataclass(eq=False)
class Eye:
    """The encoders of a run, loaded when they are first needed; shared by all versions of its catalogue."""

    run: Path
    _lock: Lock = field(default_factory=Lock)

    @cached_property
    def encoder(self) -> ItemEncoder:
        from genrec.embed.items import ItemEncoder

        with self._lock:
            return ItemEncoder.from_pretrained(self.run / "embed" / "encoders")

    @cached_property
    def learned(self) -> tuple[np.ndarray, np.ndarray, list[str | None]]:
        """Vectors float32 (N, d), mask bool (N,) and picture of every item as `genrec embed` saw them."""
        folder = self.run / "embed"
        if not (folder / "image.npy").exists():
            raise UserError(
                f"{self.run} cannot be searched by picture: its items' pictures were never encoded. Set "
                "embed.image.kind to contrastive or transformers and run `genrec embed` and all after it"
            )
        found, mask = vectors.load(folder, "image")
        images = pl.read_parquet(self.run / "data" / "catalog.parquet", columns=["image"])["image"]
        return np.asarray(found), mask, images.to_list()

    @property
    def sharpness(self) -> float:
        """What cosines of pictures are multiplied by before a softmax."""
        return float(getattr(self.encoder.image, "sharpness", SHARPNESS))

    @cached_property
    def ground(self) -> tuple[int, int, int]:
        """The colour around the things in the run's own pictures: the median at the edges of some of them."""
        catalog = Catalog.read(self.run / "data" / "catalog.parquet")
        there = catalog.table["image"].is_not_null().arg_true().to_list()
        edges = []
        for item in there[:: max(1, len(there) // SAMPLES)][:SAMPLES]:
            path = catalog.image_path(item)
            if path is not None and path.exists():
                pixels = thumbnail(read_picture(path, item_name(catalog.ids, item)))
                edges += [pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]
        red, green, blue = np.median(np.concatenate(edges), axis=0).astype(int).tolist() if edges else (255, 255, 255)
        return red, green, blue


@dataclass(frozen=True, eq=False)
class Pictures:
    """vectors: float32 (N, d), of unit length, zero for an item without a picture. mask: bool (N,), who has one."""

    eye: Eye
    vectors: np.ndarray
    mask: np.ndarray
    images: list[str | None]

    @classmethod
    def of(cls, eye: Eye, catalog: Catalog, former: Pictures | None = None) -> Pictures:
        """What `former`, of an earlier version, or `genrec embed` knows already is not looked at again.

        UserError where the run's items have no picture vectors.
        """
        if former is None:
            former = cls(eye, *eye.learned)
        images: list[str | None] = catalog.table["image"].to_list()
        old = min(len(images), len(former.images))
        fresh = [item for item in range(old) if images[item] != former.images[item]]
        if not fresh and old == len(images):
            return former if old == len(former.images) else cls(eye, former.vectors[:old], former.mask[:old], images)
        fresh += range(old, len(images))
        found = np.zeros((len(images), former.vectors.shape[1]), np.float32)
        mask = np.zeros(len(images), bool)
        found[:old], mask[:old] = former.vectors[:old], former.mask[:old]
        some = Catalog(catalog.table[fresh], catalog.root)
        found[fresh], mask[fresh] = eye.encoder.images(some)
        return cls(eye, found, mask, images)

    def like(self, image: Image.Image) -> np.ndarray:
        """float32 (N,), the cosine of each item's picture to what of this one is most like it; -1 for an item that has
        none."""
        parts, less = crops(image, self.eye.ground)
        likeness = (self.vectors @ self.eye.encoder.look(parts).T - less).max(axis=1)
        found: np.ndarray = np.where(self.mask, likeness, np.float32(-1))
        return found

    def sure(self, likeness: np.ndarray) -> np.ndarray:
        """float32 (N,), how surely a picture of this likeness shows each item, if it shows one of these."""
        odds = np.where(self.mask, np.exp(self.eye.sharpness * (likeness - likeness.max())), np.float32(0))
        found: np.ndarray = odds / max(float(odds.sum()), 1e-12)
        return found
