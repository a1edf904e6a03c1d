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
from PIL import Image

from genrec.data.catalog import Catalog
from genrec.embed import vectors
from genrec.embed.colours import colours, colours_of
from genrec.embed.images import read_picture, thumbnail
from genrec.embed.vectors import item_name
from genrec.errors import UserError
from genrec.search.crops import parts

if TYPE_CHECKING:
    from genrec.embed.items import ItemEncoder


SHARPNESS = 20.0
"""How surely a picture shows what it is most like: of a softmax over likeness, measured in its spread over the items,
so that it holds for any encoder."""
COLOURS = 0.4
"""How much shared colours count beside a cosine of pictures' vectors."""
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
    def learned(self) -> Pictures:
        """The pictures of the catalogue that the run was made of, as `genrec embed` saw them.

        UserError where it looked at none.
        """
        folder, catalog = self.run / "embed", Catalog.read(self.run / "data" / "catalog.parquet")
        if not (folder / "image.npy").exists():
            raise UserError(
                f"{self.run} cannot be searched by picture: its items' pictures were never encoded. Set "
                "embed.image.kind to contrastive or transformers and run `genrec embed` and all after it"
            )
        found, mask = vectors.load(folder, "image")
        known = (folder / "colours.npy").exists()  # what was embedded before there were searches has none
        shares = vectors.load(folder, "colours")[0] if known else colours_of(catalog)[0]
        return Pictures(self, np.asarray(found), np.asarray(shares), mask, catalog.table["image"].to_list())

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
    """vectors: float32 (N, d), of unit length, and colours: float32 (N, C), see `genrec.embed.colours`; zero for an
    item without a picture. mask: bool (N,), who has one. images: their paths in the catalogue."""

    eye: Eye
    vectors: np.ndarray
    colours: np.ndarray
    mask: np.ndarray
    images: list[str | None]

    @classmethod
    def of(cls, eye: Eye, catalog: Catalog, former: Pictures | None = None) -> Pictures:
        """What `former`, of an earlier version, or `genrec embed` knows already is not looked at again.

        UserError where the run's items have no picture vectors.
        """
        former = former or eye.learned
        images: list[str | None] = catalog.table["image"].to_list()
        old, count = min(len(images), len(former.images)), len(images)
        fresh = [item for item in range(old) if images[item] != former.images[item]] + list(range(old, count))
        kept = former.vectors[:old], former.colours[:old], former.mask[:old]
        if not fresh:
            return cls(eye, *kept, images)
        some = Catalog(catalog.table[fresh], catalog.root)
        seen, mask = eye.encoder.images(some)
        grown = []
        for values, more in zip(kept, (seen, colours_of(some)[0], mask), strict=True):
            grown.append(np.concatenate([values, np.zeros((count - old, *values.shape[1:]), values.dtype)]))
            grown[-1][fresh] = more
        return cls(eye, grown[0], grown[1], grown[2], images)

    def like(self, image: Image.Image) -> np.ndarray:
        """float32 (N,), how like items' pictures are to this one: the cosine to what of it is most like them, and the
        colours they share. -1 for an item that has no picture."""
        seen = parts(image, self.eye.ground)
        likeness = (self.vectors @ self.eye.encoder.look(seen.pictures).T - seen.less).max(axis=1)
        shared = self.colours @ colours(seen.thing[None], np.ones((1, len(seen.thing))))[0]
        found: np.ndarray = np.where(self.mask, likeness + COLOURS * shared, np.float32(-1))
        return found

    def sure(self, likeness: np.ndarray) -> np.ndarray:
        """float32 (N,), how surely a picture of this likeness shows each item, if it shows one of these."""
        spread = max(float(likeness[self.mask].std()), 1e-6) if self.mask.any() else 1.0
        odds = np.where(self.mask, np.exp(SHARPNESS * (likeness - likeness.max()) / spread), np.float32(0))
        found: np.ndarray = odds / max(float(odds.sum()), 1e-12)
        return found
