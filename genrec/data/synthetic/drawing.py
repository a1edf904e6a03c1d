"""Pictures of garments: alone on a light ground, or worn by a mannequin with a mask of where the garment is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from genrec.data.synthetic import accessories, garments, mannequin
from genrec.data.synthetic.attributes import CATEGORIES
from genrec.data.synthetic.fabric import cloth, luminance, mix
from genrec.data.synthetic.figure import FLAT, POSES, Pose
from genrec.data.synthetic.palette import COLOURS, RGB
from genrec.data.synthetic.rendering import CANVAS, GROUND, SCALE, SHADOW, SIZE, box_of, cover, draw, fit
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

__all__ = ["GROUND", "SIZE", "picture", "wear"]


def picture(item: Mapping[str, Any]) -> Image.Image:
    """The product picture, RGB 128 × 128.

    item: category, silhouette, colour, accent, pattern, material, as they stand in the catalogue.
    """
    canvas = Image.new("RGB", (CANVAS, CANVAS), GROUND)
    small = CATEGORIES[item["category"]].slot in ("shoes", "bag", "hat")
    parts = fit(_flat(item), 80 if small else 44)
    shadow = cover(parts)
    canvas.paste(SHADOW, (9, 13), shadow)
    paints = _paints(item)
    fabric = _fabric(item, parts, paints)
    draw(canvas, parts, fabric, paints, 6)
    return canvas.reduce(SCALE)


def bare(pose: int | Pose) -> Image.Image:
    """The mannequin with nothing on, RGB 128 × 128: the scene that `wear` dresses."""
    posture = POSES[pose] if isinstance(pose, int) else pose
    canvas, hole = Image.new("RGB", (CANVAS, CANVAS), GROUND), Image.new("L", (CANVAS, CANVAS), 0)
    mannequin.shadow(ImageDraw.Draw(canvas), posture, SHADOW)
    mannequin.draw(canvas, hole, mannequin.body(posture))
    mannequin.draw(canvas, hole, mannequin.arms(posture))
    return canvas.reduce(SCALE)


def wear(item: Mapping[str, Any], pose: int | Pose) -> tuple[Image.Image, np.ndarray]:
    """The same garment on a mannequin: the picture, RGB 128 × 128, and the garment's mask, bool (128, 128).

    pose: 0 … len(figure.POSES) - 1, or any other posture. Arms in front of the garment are not part of the mask.
    """
    posture = POSES[pose] if isinstance(pose, int) else pose
    canvas = Image.new("RGB", (CANVAS, CANVAS), GROUND)
    parts = _worn(item, posture)
    paints = _paints(item)
    fabric = _fabric(item, parts, paints)
    mannequin.shadow(ImageDraw.Draw(canvas), posture, SHADOW)
    draw(canvas, [p for p in parts if p.layer == BACK], fabric, paints, 4)
    mask = cover([p for p in parts if p.layer == BACK])
    body = mannequin.body(posture)
    mannequin.draw(canvas, mask, body)
    draw(canvas, [p for p in parts if p.layer == BODY], fabric, paints, 4)
    cover([p for p in parts if p.layer == BODY], mask)
    mannequin.draw(canvas, mask, mannequin.arms(posture))
    draw(canvas, [p for p in parts if p.layer == ARM], fabric, paints, 4)
    cover([p for p in parts if p.layer == ARM], mask)
    return canvas.reduce(SCALE), np.asarray(mask.reduce(SCALE)) >= 128


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
    box = box_of([part for part in parts if part.paint == FABRIC])
    colour, accent = COLOURS[item["colour"]].rgb, COLOURS[item["accent"]].rgb
    return cloth(CANVAS, box, item["pattern"], colour, accent, item["material"])
