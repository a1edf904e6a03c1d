"""Product pictures of what a home is furnished with: each alone on a light ground."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PIL import Image

from genrec.data.synthetic.fabric import cloth, luminance, mix
from genrec.data.synthetic.home import cases, hangings, lights, seats
from genrec.data.synthetic.home.outlines import GLASS, GLOW, INK, PAPER, SHADE, SHINE, WOOD
from genrec.data.synthetic.palette import COLOURS, RGB
from genrec.data.synthetic.rendering import CANVAS, GROUND, SCALE, SHADOW, box_of, cover, draw, fit
from genrec.data.synthetic.shapes import ACCENT, DARK, FABRIC, LIGHT, METAL, PLAIN, SEAM, Shape, Sheet

# Legs and frames, by style.
_WOODS: dict[str, RGB] = {
    "scandinavian": (216, 180, 136), "industrial": (70, 70, 76), "rustic": (150, 106, 68),
    "art deco": (198, 160, 82), "mid-century": (136, 88, 56), "bohemian": (196, 150, 98),
}  # fmt: skip
_METALS: dict[str, RGB] = {"brass": (206, 166, 84), "art deco": (206, 166, 84), "industrial": (88, 90, 96)}
_BOOKS: dict[str, RGB] = {
    "red": (184, 74, 62), "ochre": (216, 168, 78), "blue": (74, 104, 142), "green": (92, 132, 98),
    "cream": (236, 228, 210),
}  # fmt: skip
# The grain that a material shows where fabric.py knows it by another name.
_GRAINS = {"jute": "straw", "rattan": "straw"}


def picture(item: Mapping[str, Any]) -> Image.Image:
    """The product picture, RGB 128 × 128.

    item: category, silhouette, colour, accent, pattern, material, style, as they stand in the catalogue.
    """
    canvas = Image.new("RGB", (CANVAS, CANVAS), GROUND)
    parts = fit(shapes(item, lying=False), 36)
    canvas.paste(SHADOW, (9, 13), cover(parts))
    paint(canvas, item, parts, 6)
    return canvas.reduce(SCALE)


def shapes(item: Mapping[str, Any], *, lying: bool) -> list[Shape]:
    """Its parts, where its category's file says. lying: rugs as one sees them in a room."""
    makers = {
        "sofa": seats.sofa, "armchair": seats.armchair, "chair": seats.chair, "pouf": seats.pouf, "bed": seats.bed,
        "dining table": cases.dining_table, "coffee table": cases.coffee_table, "desk": cases.desk,
        "shelf": cases.shelf, "cabinet": cases.cabinet, "floor lamp": lights.floor_lamp, "pendant": lights.pendant,
        "wall lamp": lights.wall_lamp, "curtain": hangings.curtain, "wall hanging": hangings.wall_hanging,
        "mirror": hangings.mirror, "picture": hangings.picture,
    }  # fmt: skip
    silhouette = item["silhouette"]
    made: Sheet = hangings.rug(silhouette, lying) if item["category"] == "rug" else makers[item["category"]](silhouette)
    return made.shapes


def paint(canvas: Image.Image, item: Mapping[str, Any], parts: list[Shape], pen: int) -> None:
    """The parts onto the canvas, in the item's colours; `pen` is the width of the outline."""
    box = box_of([part for part in parts if part.paint == FABRIC])
    colour, accent = COLOURS[item["colour"]].rgb, COLOURS[item["accent"]].rgb
    repeats = max(2, min(5, (box[2] - box[0]) // 52))  # coarse enough to be told in a room too
    grain = _GRAINS.get(item["material"], item["material"])
    draw(canvas, parts, cloth(CANVAS, box, item["pattern"], colour, accent, grain, repeats), _paints(item), pen)


def _paints(item: Mapping[str, Any]) -> dict[str, RGB]:
    colour, accent = COLOURS[item["colour"]].rgb, COLOURS[item["accent"]].rgb
    bright = luminance(colour)
    ink: RGB = (24, 20, 30)
    white: RGB = (255, 255, 255)
    printed = item["pattern"] != "solid" or item["category"] == "picture"
    return _BOOKS | {
        PLAIN: mix(colour, ink, 12) if bright > 70 else mix(colour, white, 12),
        ACCENT: accent if printed else mix(colour, ink, 26) if bright > 90 else mix(colour, white, 24),
        DARK: mix(colour, ink, 36 if bright > 70 else 60),
        LIGHT: mix(colour, white, 28) if bright < 225 else mix(colour, ink, 7),
        SEAM: mix(colour, ink, 40) if bright > 75 else mix(colour, white, 24),
        METAL: _METALS.get(item["material"], _METALS.get(item["style"], (170, 170, 174))),
        WOOD: _WOODS[item["style"]],
        SHADE: mix(colour, ink, 52) if bright > 70 else mix(colour, white, 16),
        GLOW: (255, 236, 168),
        GLASS: (196, 218, 228),
        SHINE: (232, 243, 247),
        PAPER: (250, 247, 240),
        INK: ink,
        "outline": mix(colour, ink, 58),
    }
