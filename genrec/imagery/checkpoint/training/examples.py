"""What a checkpoint is tuned on: pictures of items with their words and vectors, or scenes with the item in them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from genrec.errors import UserError
from genrec.imagery.checkpoint import previews
from genrec.imagery.commission import Scene

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Example:
    """picture: RGB, what is to be drawn. text: the item's. vector: float32 (d,), the item's. taste: float32 (d,), of
    somebody who likes it, whose history does not hold it.

    For pairs: mask, bool (height, width), is true where the item is in `picture`, and item is its own picture.
    UserError where the mask does not fit, as `Scene` has it.
    """

    item_id: str
    picture: Image.Image
    text: str = ""
    vector: np.ndarray | None = None
    taste: np.ndarray | None = None
    mask: np.ndarray | None = None
    item: Image.Image | None = None

    def __post_init__(self) -> None:
        if self.mask is not None:
            Scene(self.picture, self.mask, f"item {self.item_id}")


@dataclass(frozen=True, eq=False)
class Pixels:
    """A batch on its way into the autoencoder. pictures: float32 (B, 3, h, w), -1 to 1. masks: float32 (B, 1, h, w), 1
    where the item is; None where the whole picture is to be learned."""

    pictures: Tensor
    masks: Tensor | None


def checked(examples: Sequence[Example], *, pairs: bool, vectors: bool) -> None:
    """UserError for examples that the task cannot be learned from."""
    if not examples:
        raise UserError("there is no example to learn from: the catalogue has no pictures")
    for one in examples:
        if pairs and (one.mask is None or one.item is None):
            raise UserError(f"item {one.item_id}: task pairs needs a mask and the item's own picture with each scene")
    known = {one.vector.shape for one in examples if one.vector is not None}
    known |= {one.taste.shape for one in examples if one.taste is not None}
    if vectors and not any(one.vector is not None for one in examples):
        raise UserError("an image prompt is learned from items' vectors, and no example has one: set tokens: 0")
    if len(known) > 1:
        raise UserError(f"the vectors have different sizes: {sorted(known)}; take all from one run")


def pixels(examples: Sequence[Example], size: tuple[int, int], *, pairs: bool) -> Pixels:
    """size: (width, height) of a picture; pairs are twice as wide, the item to the right."""
    import torch

    pictures, masks = [], []
    for one in examples:
        if pairs:
            assert one.mask is not None
            picture, mask = previews.canvas(Scene(one.picture, one.mask, one.item_id), size, one.item)
            masks.append(np.asarray(mask, dtype=np.float32)[None] / 255)
        else:
            picture = ImageOps.pad(one.picture.convert("RGB"), size, Image.Resampling.LANCZOS, color="white")
        pictures.append(np.asarray(picture, dtype=np.float32).transpose(2, 0, 1) / 127.5 - 1)
    return Pixels(
        torch.from_numpy(np.stack(pictures)), torch.from_numpy(np.stack(masks) > 0.5).float() if masks else None
    )


def fingerprint(examples: Sequence[Example]) -> str:
    """Of everything that training reads, in its order."""
    digest = hashlib.sha256()
    for one in examples:
        digest.update(f"{one.item_id}\0{one.text}\0{one.picture.size}\0".encode())
        digest.update(one.picture.convert("RGB").tobytes())
        for array in (one.vector, one.taste, one.mask):
            digest.update(b"\0" if array is None else np.ascontiguousarray(array).tobytes())
        digest.update(b"\0" if one.item is None else one.item.convert("RGB").tobytes())
    return digest.hexdigest()
