"""Garments drawn anew, as another camera would see them: for `pictures.py`. Nothing here is seen in training.

The encoder learns from the catalogue's own pictures, each a garment flat on a light ground. Here the same garment is
worn by a mannequin in five poses, or stands on another ground, nearer or farther, askew, mirrored, in another light,
out of focus, badly compressed.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps
from scipy.ndimage import binary_fill_holes

from genrec.data.synthetic.drawing import GROUND, SIZE, picture, wear
from genrec.data.synthetic.figure import POSES

Item = Mapping[str, Any]
Redraw = Callable[[Item, np.random.Generator], Image.Image]

LOOK = ("category", "silhouette", "colour", "accent", "pattern", "material")
"""What of a garment its picture shows: those that share all of it are drawn alike."""


def worn(item: Item, random: np.random.Generator) -> Image.Image:
    """On the mannequin, the whole figure in the picture."""
    return wear(item, int(random.integers(len(POSES))))[0]


def worn_cropped(item: Item, random: np.random.Generator) -> Image.Image:
    """On the mannequin, cut out around the garment with some room, as one cuts a photo before one searches with it."""
    drawn, mask = wear(item, int(random.integers(len(POSES))))
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return drawn
    room = random.uniform(0.05, 0.25, 4) * max(np.ptp(rows), np.ptp(columns), 8)
    edges = columns[0] - room[0], rows[0] - room[1], columns[-1] + 1 + room[2], rows[-1] + 1 + room[3]
    left, top, right, bottom = (round(min(max(edge, 0), SIZE)) for edge in edges)
    return drawn.crop((left, top, right, bottom))


def turned(item: Item, random: np.random.Generator) -> Image.Image:
    """The product picture mirrored or not, up to 12° askew, from 0.6 to 1.2 times as large, off the middle."""
    return _placed(picture(item), random, Image.new("RGB", (SIZE, SIZE), GROUND))


def elsewhere(item: Item, random: np.random.Generator) -> Image.Image:
    """The same on another ground: a wall with its light, boards, tiles, or a room out of focus."""
    return _placed(picture(item), random, _ground(random))


def light(item: Item, random: np.random.Generator) -> Image.Image:
    """The product picture under another lamp: darker or brighter, warmer or colder, with a shadow across."""
    return _lit(picture(item), random)


def compressed(item: Item, random: np.random.Generator) -> Image.Image:
    """Small, noisy, a little out of focus, and a JPEG of poor quality."""
    return _shot(picture(item), random)


def photo(item: Item, random: np.random.Generator) -> Image.Image:
    """All of that at once: another ground, askew, another light, a bad camera."""
    return _shot(_lit(elsewhere(item, random), random), random)


def worn_photo(item: Item, random: np.random.Generator) -> Image.Image:
    """Worn, cut out, mirrored or not, in another light, by a bad camera."""
    drawn = worn_cropped(item, random)
    return _shot(_lit(ImageOps.mirror(drawn) if random.random() < 0.5 else drawn, random), random)


REDRAWS: dict[str, Redraw] = {
    "turned": turned,
    "another ground": elsewhere,
    "another light": light,
    "compressed": compressed,
    "photo (all of these)": photo,
    "worn": worn,
    "worn, cut out": worn_cropped,
    "worn, cut out, photo": worn_photo,
}


def _placed(drawn: Image.Image, random: np.random.Generator, ground: Image.Image) -> Image.Image:
    """The garment of a product picture put on `ground`, (128, 128)."""
    pixels = np.asarray(drawn, np.int16)
    away = np.abs(pixels - np.array(GROUND)).max(axis=2)
    # What its outline encloses belongs to it, however light it is.
    solid = np.where(binary_fill_holes(away > 24), 255, 0)
    mask = Image.fromarray(np.maximum(solid, np.clip(away * 6, 0, 255)).astype(np.uint8))
    if random.random() < 0.5:
        drawn, mask = ImageOps.mirror(drawn), ImageOps.mirror(mask)
    angle, scale = float(random.uniform(-12, 12)), float(random.uniform(0.6, 1.2))
    size = round(SIZE * scale)
    drawn = drawn.rotate(angle, Image.Resampling.BICUBIC, fillcolor=GROUND).resize((size, size))
    mask = mask.rotate(angle, Image.Resampling.BICUBIC).resize((size, size))
    room = (SIZE - size) // 2
    at = tuple(room + int(random.integers(-abs(room) // 2 - 4, abs(room) // 2 + 5)) for _ in range(2))
    placed = ground.copy()
    placed.paste(drawn, at, mask)
    return placed


def _ground(random: np.random.Generator) -> Image.Image:
    colour = random.integers(40, 245, 3)
    kind = random.integers(4)
    if kind == 0:  # a wall, lighter to one side
        ramp = np.linspace(0.75, 1.15, SIZE)
        wall = (ramp[None, :, None] if random.random() < 0.5 else ramp[:, None, None]) * colour
        return Image.fromarray(np.clip(np.broadcast_to(wall, (SIZE, SIZE, 3)), 0, 255).astype(np.uint8))
    ground = Image.new("RGB", (SIZE, SIZE), tuple(colour.tolist()))
    draw = ImageDraw.Draw(ground)
    if kind == 1:  # boards
        for x in range(0, SIZE, int(random.integers(12, 30))):
            draw.line((x, 0, x, SIZE), tuple((colour * 0.7).astype(int).tolist()), 2)
    elif kind == 2:  # tiles
        step = int(random.integers(14, 32))
        for at in range(0, SIZE, step):
            draw.line((at, 0, at, SIZE), tuple((colour * 0.85).astype(int).tolist()), 2)
            draw.line((0, at, SIZE, at), tuple((colour * 0.85).astype(int).tolist()), 2)
    else:  # a room out of focus
        for _ in range(6):
            x, y = random.integers(-20, SIZE, 2)
            width, height = random.integers(20, 90, 2)
            draw.rectangle((x, y, x + width, y + height), tuple(random.integers(30, 250, 3).tolist()))
        ground = ground.filter(ImageFilter.GaussianBlur(8))
    return ground


def _lit(drawn: Image.Image, random: np.random.Generator) -> Image.Image:
    pixels = np.asarray(drawn, np.float64)
    height, width = pixels.shape[:2]
    lamp = random.uniform(0.75, 1.15) * (1 + random.uniform(-0.08, 0.08, 3))
    across = np.add.outer(np.linspace(-1, 1, height), np.linspace(-1, 1, width) * random.uniform(-1, 1))
    shadow = 1 + random.uniform(-0.12, 0.12) * across
    return Image.fromarray(np.clip(pixels * lamp * shadow[:, :, None], 0, 255).astype(np.uint8))


def _shot(drawn: Image.Image, random: np.random.Generator) -> Image.Image:
    drawn = drawn.filter(ImageFilter.GaussianBlur(float(random.uniform(0, 0.8))))
    pixels = np.asarray(drawn, np.float64) + random.normal(0, 5, np.asarray(drawn).shape)
    written = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(
        written, "JPEG", quality=int(random.integers(25, 70))
    )
    return Image.open(written).convert("RGB")
