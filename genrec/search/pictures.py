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
from genrec.errors import UserError

if TYPE_CHECKING:
    from genrec.embed.items import ItemEncoder


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

    def look(self, pictures: list[Image.Image]) -> np.ndarray:
        """float32 (M, d), of unit length."""
        return self.encoder.look(pictures)


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
        """float32 (N,), the cosine to each item's picture; -1 for an item that has none."""
        return self.near(self.eye.look([image])[0])

    def near(self, vector: np.ndarray) -> np.ndarray:
        """The same by a picture's vector, float32 (d,)."""
        found: np.ndarray = np.where(self.mask, self.vectors @ vector, np.float32(-1))
        return found
