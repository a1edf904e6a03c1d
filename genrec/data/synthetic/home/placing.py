"""A piece in a room: standing on the floor, hanging on the wall or from the ceiling, framing the window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from genrec.data.synthetic.draws import Draws
from genrec.data.synthetic.home.attributes import CATEGORIES
from genrec.data.synthetic.home.drawing import paint, shapes
from genrec.data.synthetic.home.rooms import Room, masks, painted, room
from genrec.data.synthetic.rendering import CANVAS, SCALE, box_of, cover
from genrec.data.synthetic.shapes import Shape

# Small things stand a little larger than beside a wardrobe, so that 64 pixels still show what they are.
_SCALES = {
    "armchair": 1.1, "chair": 1.2, "pouf": 1.3, "coffee table": 1.1, "rug": 1.08,
    "wall lamp": 0.95, "mirror": 0.94, "picture": 0.72, "wall hanging": 0.86,
}  # fmt: skip
_INK = (30, 24, 30)


def stand(item: Mapping[str, Any], number: int) -> tuple[Image.Image, np.ndarray]:
    """The item in the room of that number: the picture, RGB 128 × 128, and its mask, bool (128, 128).

    The mask is every pixel that the piece changes: itself, its soft edge, the shadow at its feet or behind it. Outside
    of it the picture is `rooms.empty(number)` exactly. item: as for `drawing.picture`.
    """
    here = room(number)
    before = painted(here)
    parts = _placed(item, here)
    after = before.copy()
    after.paste(_INK, (0, 0), _shadow(item, parts))
    paint(after, item, parts, 4)
    bare, full = before.reduce(SCALE), after.reduce(SCALE)
    mask = (np.asarray(bare) != np.asarray(full)).any(axis=2) | (np.asarray(cover(parts).reduce(SCALE)) > 0)
    return full, mask


def space(category: str, number: int) -> np.ndarray:
    """Where in the room a thing of the category has its place, bool (128, 128).

    The floor for what stands, the wall for what hangs; for curtains the wall with its window.
    """
    floor, wall = masks(number)
    place = CATEGORIES[category].place
    if place == "window":
        left, top, right, bottom = (edge // SCALE for edge in room(number).window)
        wall[top - 3 : bottom + 5, left - 3 : right + 4] = True
    return floor if place == "floor" else wall


def reach(category: str, number: int) -> np.ndarray:
    """Where any piece of the category may be in the room, whatever its silhouette, bool (128, 128)."""
    here = room(number)
    covers = []
    for silhouette in CATEGORIES[category].silhouettes:
        item = {"category": category, "silhouette": silhouette}
        parts = _placed(item, here)
        covers += [cover(parts), _shadow(item, parts)]
    return np.logical_or.reduce([np.asarray(one.reduce(SCALE)) > 0 for one in covers])


def _placed(item: Mapping[str, Any], here: Room) -> list[Shape]:
    """Where it stands depends on the room, and a little on the category: sofas before the wall, rugs before sofas."""
    category = item["category"]
    draws = Draws(here.number, 41)
    aside, nearer = draws.below(31) - 15, draws.below(21)
    scale = _SCALES.get(category, 0.94)
    parts, place = shapes(item, lying=True), CATEGORIES[category].place
    if place == "floor":
        depth = 116 if category == "rug" else 62
        return [part.moved(scale, here.x(286 + aside), here.horizon + depth + nearer) for part in parts]
    if place == "ceiling":
        return [part.moved(0.9, here.x(316 + aside), 6) for part in parts]
    if place == "window":
        left, _, right, _ = here.window
        return [part.moved(0.98, (left + right) / 2, 182) for part in parts]
    return [part.moved(_SCALES[category], here.x(322 + aside // 4), 142) for part in parts]


def _shadow(item: Mapping[str, Any], parts: list[Shape]) -> Image.Image:
    """L canvas: how dark. On the floor an ellipse under the feet, on the wall the outline a little lower."""
    shadow = Image.new("L", (CANVAS, CANVAS), 0)
    place = CATEGORIES[item["category"]].place
    if place != "floor":
        shadow.paste(46, (5, 7), cover(parts))
    elif item["category"] != "rug":
        left, _, right, bottom = box_of([part for part in parts if _low(part, parts)])
        deep = 14 if right - left > 120 else 9
        ImageDraw.Draw(shadow).ellipse((left - 6, bottom - deep - 4, right + 6, bottom + deep - 4), 76)
    return shadow


def _low(part: Shape, parts: list[Shape]) -> bool:
    """Whether it reaches down to where the piece touches the floor."""
    floor = max(y for one in parts for _, y in one.points)
    return max(y for _, y in part.points) > floor - 16
