"""What of a photo may be the thing that is looked for: all of it, what stands before its ground, or a part of that.

An item's own picture shows it alone and large. A photo does not; which part of it is meant nobody says, so each is
looked at, and what looks most like an item counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

SIDE = 96
"""Pixels of the longer side at which a photo is taken apart."""
SHADES = 6
"""Colours of a ground at most: boards, tiles, a room out of focus."""
RARE = 0.02
"""Share of a picture's edge below which a colour there is no ground."""
APART, SPREAD = 18.0, 1.5
"""How far from the ground's colours what is in front begins, of 255, and in spreads of the ground's own colours."""
ROOM = 0.09
"""Left around the thing, of its longer side: as product pictures do."""
WINDOWS = (0.55, 0.35)
"""Sizes of the parts that are looked at, of the longer side of what is in front."""
PART = 0.1
"""How much more a part must look like an item than the whole, as a cosine."""


@dataclass(frozen=True, eq=False)
class Parts:
    """What may be meant. pictures: the whole first. less: float32 (M,), what is taken off the likeness of each.

    thing: float32 (P, 3), the pixels of what is in front; of all where nothing is told from the ground.
    """

    pictures: list[Image.Image]
    less: np.ndarray
    thing: np.ndarray


def parts(picture: Image.Image, ground: tuple[int, int, int]) -> Parts:
    """ground: the colour that items' own pictures have around them; what is in front is put before that."""
    found, less = [picture], [0.0]
    small = picture.copy()
    small.thumbnail((SIDE, SIDE))
    pixels = np.asarray(small, np.float32)
    mask = in_front(pixels)
    if mask is not None:
        found.append(_alone(small, mask, ground))
        less.append(0.0)
    scale = max(picture.size) / max(small.size)
    edges = (0, 0, *small.size) if mask is None else _edges(mask)
    for window in _windows(*edges):
        left, top, right, bottom = (round(scale * edge) for edge in window)
        found.append(picture.crop((left, top, max(right, left + 1), max(bottom, top + 1))))
        less.append(PART)
    thing = pixels.reshape(-1, 3) if mask is None else pixels[mask]
    return Parts(found, np.array(less, np.float32), thing)


def in_front(pixels: np.ndarray) -> np.ndarray | None:
    """bool (H, W): what has other colours than the picture's edge, holes filled; None where that is nothing or all.

    pixels: float32 (H, W, 3).
    """
    from scipy.ndimage import binary_closing, binary_fill_holes, binary_opening, label

    wide = max(2, min(pixels.shape[:2]) // 32)
    sides = (pixels[:wide], pixels[-wide:], pixels[:, :wide], pixels[:, -wide:])
    edge = np.concatenate([side.reshape(-1, 3) for side in sides])
    shades = _shades(edge)
    spread = float(np.quantile(_distance(edge, shades), 0.95))
    away = _distance(pixels.reshape(-1, 3), shades).reshape(pixels.shape[:2])
    mask = binary_closing(binary_opening(away > max(APART, SPREAD * spread)), iterations=2)
    patches, count = label(mask)
    if not count:
        return None
    sizes = np.bincount(patches.ravel())[1:]
    found: np.ndarray = binary_fill_holes(np.isin(patches, 1 + np.flatnonzero(sizes >= 0.15 * sizes.max())))
    return found if 0.01 < found.mean() < 0.95 else None


def _shades(edge: np.ndarray) -> np.ndarray:
    """The colours of a ground, float32 (≤ SHADES, 3), by k-means from evenly spaced beginnings."""
    centres = edge[np.linspace(0, len(edge) - 1, SHADES).astype(int)]
    for _ in range(6):
        nearest = ((edge[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
        counts = np.bincount(nearest, minlength=SHADES)
        sums = np.stack([np.bincount(nearest, edge[:, channel], SHADES) for channel in range(3)], axis=1)
        centres = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centres)
    found: np.ndarray = centres[counts > RARE * len(edge)].astype(np.float32)
    return found


def _distance(pixels: np.ndarray, shades: np.ndarray) -> np.ndarray:
    """float32 (P,): to the nearest shade."""
    found: np.ndarray = np.sqrt(((pixels[:, None] - shades) ** 2).sum(axis=2).min(axis=1))
    return found


def _edges(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right, bottom."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _alone(picture: Image.Image, mask: np.ndarray, ground: tuple[int, int, int]) -> Image.Image:
    """What the mask shows in the middle of a square of the ground's colour."""
    from scipy.ndimage import gaussian_filter

    left, top, right, bottom = _edges(mask)
    side = round(max(right - left, bottom - top) * (1 + 2 * ROOM))
    soft = Image.fromarray((255 * gaussian_filter(mask.astype(np.float32), 0.7)).astype(np.uint8))
    box = (max(0, left - 2), max(0, top - 2), min(picture.width, right + 2), min(picture.height, bottom + 2))
    canvas = Image.new("RGB", (side, side), ground)
    at = (side - box[2] + box[0]) // 2, (side - box[3] + box[1]) // 2
    canvas.paste(picture.crop(box), at, soft.crop(box))
    return canvas


def _windows(left: int, top: int, right: int, bottom: int) -> list[tuple[float, float, float, float]]:
    """Squares along the longer side, each overlapping the next by half."""
    width, height = right - left, bottom - top
    found = []
    for share in WINDOWS:
        side = share * max(width, height)
        for step in np.linspace(0, 1, 2 * int(np.ceil(1 / share)) - 1).tolist():
            x = (left + right - side) / 2 if height >= width else left + step * (width - side)
            y = top + step * (height - side) if height >= width else (top + bottom - side) / 2
            found.append((x, y, x + side, y + side))
    return found
