"""A scene as the painter sees it: a square around the mask, drawn anew and put back inside the mask, and only there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from genrec.imagery.seams import blend

MARGIN = 0.12
"""Of the mask's longer side, left around it on every side."""
SMALLEST = 24
"""Pixels of the scene that the square has at least."""
GROUND = 40
"""How far, summed over RGB, a pixel may be from the ground's colour and still be ground; soft shadows are within."""
SEAM = 2
"""Pixels within the mask over which scene and drawing run into one another."""


@dataclass(frozen=True)
class Square:
    """Part of a picture: left and top corner, side, in pixels; may reach beyond the picture, which is then padded."""

    left: int
    top: int
    side: int

    def cut(self, picture: Image.Image, size: int) -> Image.Image:
        """The part, `size` × `size`; what lies beyond the picture repeats its edge."""
        arrays = np.asarray(picture)
        rows = np.clip(np.arange(self.top, self.top + self.side), 0, arrays.shape[0] - 1)
        columns = np.clip(np.arange(self.left, self.left + self.side), 0, arrays.shape[1] - 1)
        part = Image.fromarray(np.ascontiguousarray(arrays[rows][:, columns]))
        return part.resize((size, size), Image.Resampling.BOX if self.side >= size else Image.Resampling.BICUBIC)

    def put(self, picture: Image.Image, drawn: Image.Image) -> Image.Image:
        """A copy of `picture` with `drawn` where the square is."""
        result = picture.copy()
        result.paste(drawn.resize((self.side, self.side), Image.Resampling.BICUBIC), (self.left, self.top))
        return result


def around(mask: np.ndarray, margin: float = MARGIN) -> Square:
    """The square around what is true in bool (height, width), with a margin."""
    height, width = mask.shape
    top, bottom, left, right = _box(mask)
    side = max(SMALLEST, round(max(bottom - top, right - left) * (1 + 2 * margin)))
    x, y = (left + right - side) // 2, (top + bottom - side) // 2
    # Rather a little off the middle than beyond the edge.
    x = min(max(x, 0), width - side) if side <= width else (width - side) // 2
    y = min(max(y, 0), height - side) if side <= height else (height - side) // 2
    return Square(x, y, side)


def cover(mask: np.ndarray, square: Square, size: int) -> np.ndarray:
    """float32 (size, size): which share of each pixel of the square the mask has."""
    cut = square.cut(Image.fromarray(mask.astype(np.uint8) * 255), size)
    return np.asarray(cut, dtype=np.float32) / 255


def laid(picture: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The thing of a picture, uint8 (s, s, 3), on its own ground, but stretched to the box of a mask (s, s) in [0, 1];
    and where it is there, uint8 (s, s), 0 to 255.

    What the fitter sees of the thing: it is then about where it has to be.
    """
    ground = picture[0, 0].astype(int)
    apart = np.abs(picture.astype(int) - ground).sum(axis=2) > GROUND
    if not apart.any():  # of one colour: a swatch, which is all thing
        apart[:] = True
    page, where = np.empty_like(picture), np.zeros(picture.shape[:2], np.uint8)
    page[:] = picture[0, 0]
    there = mask >= 0.5 if (mask >= 0.5).any() else mask > 0  # a line may be thinner than a pixel
    if not there.any():
        return page, where
    top, bottom, left, right = _box(apart)
    above, below, before, behind = _box(there)
    size = behind - before, below - above
    for full, part in ((page, picture), (where, apart.astype(np.uint8) * 255)):
        thing = Image.fromarray(np.ascontiguousarray(part[top:bottom, left:right]))
        full[above:below, before:behind] = np.asarray(thing.resize(size, Image.Resampling.BILINEAR))
    return page, where


def _box(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Top, bottom, left, right; bottom and right lie behind the last."""
    ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(ys[0]), int(ys[-1]) + 1, int(xs[0]), int(xs[-1]) + 1


def put_back(scene: Image.Image, mask: np.ndarray, square: Square, drawn: Image.Image) -> Image.Image:
    """The scene with the drawing inside the mask; equal to it outside, to the byte. The seam lies within the mask."""
    full = square.put(scene, drawn)
    return blend(scene, full, mask, SEAM)


def dilated(mask: np.ndarray, pixels: int) -> np.ndarray:
    """The mask and what lies within so many pixels of it (in squares)."""
    if pixels < 1:
        return mask
    grown = Image.fromarray(mask.astype(np.uint8) * 255).filter(ImageFilter.MaxFilter(2 * pixels + 1))
    return np.asarray(grown) > 0
