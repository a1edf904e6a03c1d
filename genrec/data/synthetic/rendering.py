"""From shapes to pixels: parts are fitted to the canvas, filled with cloth or flat paint, outlined.

Drawn at four times the size with Pillow's integer polygons, then averaged down: anti-aliased and the same everywhere.
"""

from __future__ import annotations

from PIL import Image, ImageDraw

from genrec.data.synthetic.fabric import Box
from genrec.data.synthetic.palette import RGB
from genrec.data.synthetic.shapes import ARM, BACK, BODY, FABRIC, Shape

SIZE = 128
SCALE = 4
CANVAS = SIZE * SCALE
GROUND: RGB = (238, 235, 230)
SHADOW: RGB = (219, 214, 207)


def fit(parts: list[Shape], margin: int) -> list[Shape]:
    """Scaled and centred so that the whole thing fills the canvas up to the margin."""
    xs = [x for part in parts for x, _ in part.points]
    ys = [y for part in parts for _, y in part.points]
    room = CANVAS - 2 * margin
    scale = min(room / (max(xs) - min(xs)), room / (max(ys) - min(ys)))
    dx = CANVAS / 2 - scale * (max(xs) + min(xs)) / 2
    dy = CANVAS / 2 - scale * (max(ys) + min(ys)) / 2
    return [part.moved(scale, dx, dy) for part in parts]


def box_of(parts: list[Shape]) -> Box:
    """What of the canvas the parts reach: left, top, right, bottom."""
    xs = [x for part in parts for x, _ in part.points]
    ys = [y for part in parts for _, y in part.points]
    left, top = max(0, int(min(xs)) - 2), max(0, int(min(ys)) - 2)
    return left, top, min(CANVAS, int(max(xs)) + 3), min(CANVAS, int(max(ys)) + 3)


def _whole(part: Shape) -> list[tuple[int, int]]:
    return [(int(x + 0.5), int(y + 0.5)) for x, y in part.points]


def cover(parts: list[Shape], mask: Image.Image | None = None) -> Image.Image:
    """L canvas: 255 wherever a part is."""
    mask = mask or Image.new("L", (CANVAS, CANVAS), 0)
    brush = ImageDraw.Draw(mask)
    for part in parts:
        if part.stroke:
            brush.line(_whole(part), 255, max(2, int(part.stroke + 0.5)), joint="curve")
        else:
            brush.polygon(_whole(part), 255)
    return mask


def draw(canvas: Image.Image, parts: list[Shape], fabric: Image.Image, paints: dict[str, RGB], pen: int) -> None:
    """The parts, layer by layer; `pen` is the width of the outline in pixels of the canvas."""
    brush = ImageDraw.Draw(canvas)
    for layer in (BACK, BODY, ARM):
        for part in (p for p in parts if p.layer == layer):
            points = _whole(part)
            if part.stroke:
                brush.line(points, paints[part.paint], max(pen // 2, int(part.stroke + 0.5)), joint="curve")
                continue
            if part.paint == FABRIC:
                box = box_of([part])
                mask = Image.new("L", (box[2] - box[0], box[3] - box[1]), 0)
                ImageDraw.Draw(mask).polygon([(x - box[0], y - box[1]) for x, y in points], 255)
                canvas.paste(fabric.crop(box), box, mask)
            else:
                brush.polygon(points, paints[part.paint])
            width = pen if part.paint == FABRIC else pen - 1
            brush.line([*points, points[0], points[1]], paints["outline"], width, "curve")
