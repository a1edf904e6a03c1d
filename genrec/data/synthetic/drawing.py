"""Pictures of garments: alone on a light ground, or worn by a mannequin with a mask of where the garment is.

Drawn at four times the size with Pillow's integer polygons, then averaged down: anti-aliased and the same everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from genrec.data.synthetic import accessories, garments, mannequin
from genrec.data.synthetic.attributes import CATEGORIES, COLOURS, RGB
from genrec.data.synthetic.fabric import Box, cloth, luminance, mix
from genrec.data.synthetic.figure import FLAT, POSES, Pose
from genrec.data.synthetic.shapes import (
    ACCENT,
    ARM,
    BACK,
    BODY,
    DARK,
    FABRIC,
    LIGHT,
    METAL,
    PLAIN,
    SEAM,
    SOLE,
    STITCH,
    Shape,
)

SIZE = 128
_SCALE = 4
_CANVAS = SIZE * _SCALE
GROUND: RGB = (238, 235, 230)
_SHADOW: RGB = (219, 214, 207)


def picture(item: Mapping[str, Any]) -> Image.Image:
    """The product picture, RGB 128 × 128.

    item: category, silhouette, colour, accent, pattern, material, as they stand in the catalogue.
    """
    canvas = Image.new("RGB", (_CANVAS, _CANVAS), GROUND)
    small = CATEGORIES[item["category"]].slot in ("shoes", "bag", "hat")
    parts = _fit(_flat(item), 80 if small else 44)
    shadow = _cover(parts)
    canvas.paste(_SHADOW, (9, 13), shadow)
    paints = _paints(item)
    fabric = _fabric(item, parts, paints)
    _draw(canvas, parts, fabric, paints, 6)
    return canvas.reduce(_SCALE)


def wear(item: Mapping[str, Any], pose: int) -> tuple[Image.Image, np.ndarray]:
    """The same garment on a mannequin: the picture, RGB 128 × 128, and the garment's mask, bool (128, 128).

    pose: 0 … len(figure.POSES) - 1. Arms in front of the garment are not part of the mask.
    """
    posture = POSES[pose]
    canvas = Image.new("RGB", (_CANVAS, _CANVAS), GROUND)
    parts = _worn(item, posture)
    paints = _paints(item)
    fabric = _fabric(item, parts, paints)
    mannequin.shadow(ImageDraw.Draw(canvas), posture, _SHADOW)
    _draw(canvas, [p for p in parts if p.layer == BACK], fabric, paints, 4)
    mask = _cover([p for p in parts if p.layer == BACK])
    body = mannequin.body(posture)
    mannequin.draw(canvas, mask, body)
    _draw(canvas, [p for p in parts if p.layer == BODY], fabric, paints, 4)
    _cover([p for p in parts if p.layer == BODY], mask)
    mannequin.draw(canvas, mask, mannequin.arms(posture))
    _draw(canvas, [p for p in parts if p.layer == ARM], fabric, paints, 4)
    _cover([p for p in parts if p.layer == ARM], mask)
    return canvas.reduce(_SCALE), np.asarray(mask.reduce(_SCALE)) >= 128


def _flat(item: Mapping[str, Any]) -> list[Shape]:
    if CATEGORIES[item["category"]].slot in ("shoes", "bag", "hat"):
        return accessories.flat(item["category"], item["silhouette"])
    return _cut(item, FLAT)


def _worn(item: Mapping[str, Any], pose: Pose) -> list[Shape]:
    if CATEGORIES[item["category"]].slot in ("shoes", "bag", "hat"):
        return accessories.worn(item["category"], item["silhouette"], pose)
    return _cut(item, pose)


def _cut(item: Mapping[str, Any], pose: Pose) -> list[Shape]:
    category, silhouette = item["category"], item["silhouette"]
    if category == "skirt":
        return garments.skirt(silhouette, pose).shapes
    if category == "dress":
        return garments.dress(silhouette, pose).shapes
    if CATEGORIES[category].slot == "lower":
        return garments.lower(silhouette, pose, category).shapes
    return garments.upper(category, silhouette, pose).shapes


def _fit(parts: list[Shape], margin: int) -> list[Shape]:
    """Scaled and centred so that the whole thing fills the canvas up to the margin."""
    xs = [x for part in parts for x, _ in part.points]
    ys = [y for part in parts for _, y in part.points]
    room = _CANVAS - 2 * margin
    scale = min(room / (max(xs) - min(xs)), room / (max(ys) - min(ys)))
    dx = _CANVAS / 2 - scale * (max(xs) + min(xs)) / 2
    dy = _CANVAS / 2 - scale * (max(ys) + min(ys)) / 2
    return [part.moved(scale, dx, dy) for part in parts]


def _paints(item: Mapping[str, Any]) -> dict[str, RGB]:
    colour, accent = COLOURS[item["colour"]].rgb, COLOURS[item["accent"]].rgb
    bright = luminance(colour)
    ink: RGB = (24, 20, 30)
    light = mix(colour, (255, 255, 255), 30) if bright < 225 else mix(colour, ink, 9)
    return {
        PLAIN: mix(colour, ink, 7),
        ACCENT: accent if item["pattern"] != "solid" else mix(colour, ink, 26),
        DARK: mix(colour, ink, 42 if bright > 70 else 60),
        LIGHT: light,
        SOLE: (244, 242, 236) if bright < 215 else (206, 200, 190),
        METAL: (196, 190, 176) if bright < 150 else (122, 116, 108),
        SEAM: mix(colour, ink, 48) if bright > 75 else mix(colour, (255, 255, 255), 24),
        STITCH: (226, 172, 96) if bright < 165 else (150, 92, 44),  # the golden thread of jeans
        "outline": mix(colour, ink, 58),
    }


def _fabric(item: Mapping[str, Any], parts: list[Shape], paints: dict[str, RGB]) -> Image.Image:
    box = _box([part for part in parts if part.paint == FABRIC])
    colour, accent = COLOURS[item["colour"]].rgb, COLOURS[item["accent"]].rgb
    return cloth(_CANVAS, box, item["pattern"], colour, accent, item["material"])


def _box(parts: list[Shape]) -> Box:
    """What of the canvas the parts reach: left, top, right, bottom."""
    xs = [x for part in parts for x, _ in part.points]
    ys = [y for part in parts for _, y in part.points]
    left, top = max(0, int(min(xs)) - 2), max(0, int(min(ys)) - 2)
    return left, top, min(_CANVAS, int(max(xs)) + 3), min(_CANVAS, int(max(ys)) + 3)


def _whole(part: Shape) -> list[tuple[int, int]]:
    return [(int(x + 0.5), int(y + 0.5)) for x, y in part.points]


def _cover(parts: list[Shape], mask: Image.Image | None = None) -> Image.Image:
    """L canvas: 255 wherever a part is."""
    mask = mask or Image.new("L", (_CANVAS, _CANVAS), 0)
    draw = ImageDraw.Draw(mask)
    for part in parts:
        if part.stroke:
            draw.line(_whole(part), 255, max(2, int(part.stroke + 0.5)), joint="curve")
        else:
            draw.polygon(_whole(part), 255)
    return mask


def _draw(canvas: Image.Image, parts: list[Shape], fabric: Image.Image, paints: dict[str, RGB], pen: int) -> None:
    """The parts, layer by layer; `pen` is the width of the outline in pixels of the canvas."""
    draw = ImageDraw.Draw(canvas)
    for layer in (BACK, BODY, ARM):
        for part in (p for p in parts if p.layer == layer):
            points = _whole(part)
            if part.stroke:
                draw.line(points, paints[part.paint], max(pen // 2, int(part.stroke + 0.5)), joint="curve")
                continue
            if part.paint == FABRIC:
                box = _box([part])
                mask = Image.new("L", (box[2] - box[0], box[3] - box[1]), 0)
                ImageDraw.Draw(mask).polygon([(x - box[0], y - box[1]) for x, y in points], 255)
                canvas.paste(fabric.crop(box), box, mask)
            else:
                draw.polygon(points, paints[part.paint])
            width = pen if part.paint == FABRIC else pen - 1
            draw.line([*points, points[0], points[1]], paints["outline"], width, "curve")
