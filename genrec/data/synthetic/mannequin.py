"""The mannequin itself: a faceless figure of pale wood, in two layers, arms last."""

from __future__ import annotations

from PIL import Image, ImageDraw

from genrec.data.synthetic.figure import Point, Pose, mirrored, oval, smooth, tube
from genrec.data.synthetic.palette import RGB

_WOOD: RGB = (226, 211, 193)
_EDGE: RGB = (184, 165, 145)
_ARM = [(-0.04, 11.0), (0.2, 10.5), (0.5, 8.5), (0.75, 8.0), (1.0, 5.5)]
_LEG = [(-0.04, 20.0), (0.2, 19.0), (0.48, 13.0), (0.66, 13.5), (1.0, 7.0)]


def body(pose: Pose) -> list[list[Point]]:
    """Outlines of legs, feet, torso, neck and head, in drawing order."""
    legs = [tube(leg, _LEG) for leg in pose.legs]
    feet = []
    for out, (_, _, (x, y)) in zip((-1, 1), pose.legs, strict=True):
        foot: list[Point] = [(x - out * 7, y - 4), (x + out * 8, y - 3), (x + out * 20, y + 13), (x - out * 7, y + 14)]
        feet.append(smooth(foot, closed=True))
    side = smooth([(46, 113), (43, 152), (34, 200), (42, 240), (36, 262)])
    torso = mirrored([(0, 98), (14, 100), *side, (0, 272)])
    neck = mirrored([(0, 80), (12, 82), (12, 104), (0, 110)])
    head = oval(256, 54, 25, 33)
    return [*feet, *legs, [pose.at(x, y) for x, y in torso], [pose.at(x, y) for x, y in neck], head]


def arms(pose: Pose) -> list[list[Point]]:
    outlines = []
    for arm in pose.arms:
        outlines.append(tube(arm, _ARM))
        (ex, ey), (wx, wy) = arm[1], arm[2]
        outlines.append(oval(wx + (wx - ex) * 0.12, wy + (wy - ey) * 0.12, 7, 8.5))
    return outlines


def draw(canvas: Image.Image, mask: Image.Image, outlines: list[list[Point]]) -> None:
    """Paints the outlines, and takes them out of the garment's mask, which they cover."""
    pen, hole = ImageDraw.Draw(canvas), ImageDraw.Draw(mask)
    for outline in outlines:
        points = [(int(x + 0.5), int(y + 0.5)) for x, y in outline]
        pen.polygon(points, _WOOD)
        pen.line([*points, points[0]], _EDGE, 4, joint="curve")
        hole.polygon(points, 0)


def shadow(pen: ImageDraw.ImageDraw, pose: Pose, colour: RGB) -> None:
    """On the floor, under both feet."""
    (_, _, left), (_, _, right) = pose.legs
    pen.ellipse((int(left[0]) - 44, 460, int(right[0]) + 44, 492), colour)
