"""The mannequin: where its joints are in each pose, and the curves that bodies and garments are made of.

Body units: the figure stands 512 high and 512 wide, facing us, its axis at x = 256. Only additions, products,
quotients and square roots of Python floats, rounded to integers when drawn: the same everywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Point = tuple[float, float]
AXIS = 256.0


@dataclass(frozen=True)
class Pose:
    """Joints of a posture. arms and legs: left (as we see it), then right; each three points from the body outward.

    turn: how wide the torso looks, 1 = seen from the front. lean: how far the axis of the body moves aside.
    """

    name: str
    arms: tuple[tuple[Point, Point, Point], tuple[Point, Point, Point]]
    legs: tuple[tuple[Point, Point, Point], tuple[Point, Point, Point]]
    turn: float = 1.0

    def at(self, x: float, y: float) -> Point:
        """A point of the torso, given as seen from the front (x relative to the axis)."""
        return (AXIS + x * self.turn, y)


_STAND = (((236, 248), (232, 352), (230, 456)), ((276, 248), (280, 352), (282, 456)))
_APART = (((235, 248), (226, 352), (216, 456)), ((277, 248), (286, 352), (296, 456)))

FLAT = Pose("flat", (((210, 118), (176, 184), (148, 246)), ((302, 118), (336, 184), (364, 246))), _APART)
POSES = (
    Pose("arms down", (((210, 118), (194, 188), (190, 254)), ((302, 118), (318, 188), (322, 254))), _STAND),
    Pose("arms out", (((210, 118), (150, 148), (88, 168)), ((302, 118), (362, 148), (424, 168))), _APART),
    Pose("one arm up", (((210, 118), (166, 176), (208, 226)), ((302, 116), (354, 78), (346, 22))), _APART),
    Pose(
        "walking",
        (((212, 118), (182, 178), (200, 240)), ((300, 118), (328, 184), (362, 234))),
        (((238, 248), (220, 348), (188, 446)), ((274, 248), (296, 350), (300, 462))),
        0.94,
    ),
    Pose(
        "turned",
        (((224, 118), (208, 188), (226, 246)), ((290, 118), (304, 188), (296, 252))),
        (((244, 248), (242, 352), (236, 454)), ((270, 248), (272, 352), (276, 460))),
        0.76,
    ),
)


def smooth(points: list[Point], closed: bool = False, steps: int = 6) -> list[Point]:
    """A Catmull-Rom curve through the points, as cubic Béziers of `steps` chords each."""
    n = len(points)
    curve: list[Point] = []
    for i in range(n if closed else n - 1):
        before = points[(i - 1) % n] if closed or i > 0 else points[0]
        a, b = points[i], points[(i + 1) % n]
        after = points[(i + 2) % n] if closed or i + 2 < n else points[-1]
        c1 = (a[0] + (b[0] - before[0]) / 6, a[1] + (b[1] - before[1]) / 6)
        c2 = (b[0] - (after[0] - a[0]) / 6, b[1] - (after[1] - a[1]) / 6)
        curve.extend(bezier(a, c1, c2, b, steps)[:-1])
    return curve if closed else [*curve, points[-1]]


def bezier(a: Point, c1: Point, c2: Point, b: Point, steps: int = 8) -> list[Point]:
    """Points of the cubic Bézier from a to b, both ends included."""
    curve = []
    for step in range(steps + 1):
        t = step / steps
        u = 1 - t
        w = (u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t)
        curve.append(
            (
                w[0] * a[0] + w[1] * c1[0] + w[2] * c2[0] + w[3] * b[0],
                w[0] * a[1] + w[1] * c1[1] + w[2] * c2[1] + w[3] * b[1],
            )
        )
    return curve


def oval(x: float, y: float, rx: float, ry: float) -> list[Point]:
    """An ellipse, of four Béziers."""
    k = 0.5523
    quarters = (
        ((x + rx, y), (x + rx, y + k * ry), (x + k * rx, y + ry), (x, y + ry)),
        ((x, y + ry), (x - k * rx, y + ry), (x - rx, y + k * ry), (x - rx, y)),
        ((x - rx, y), (x - rx, y - k * ry), (x - k * rx, y - ry), (x, y - ry)),
        ((x, y - ry), (x + k * rx, y - ry), (x + rx, y - k * ry), (x + rx, y)),
    )
    return [point for quarter in quarters for point in bezier(*quarter, steps=6)[:-1]]


def mirrored(half: list[Point]) -> list[Point]:
    """A closed outline from its right half, which runs from the axis to the axis; x relative to the axis."""
    return half + [(-x, y) for x, y in reversed(half)]


def along(line: tuple[Point, Point, Point], fraction: float) -> tuple[Point, Point]:
    """The point at a fraction of the way from the first joint to the last, and the unit direction there."""
    first, second = _distance(line[0], line[1]), _distance(line[1], line[2])
    way = fraction * (first + second)
    a, b, length = (line[0], line[1], first) if way <= first else (line[1], line[2], second)
    t = (way if way <= first else way - first) / length
    return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t), ((b[0] - a[0]) / length, (b[1] - a[1]) / length)


def across(line: tuple[Point, Point, Point], fraction: float, half: float) -> list[Point]:
    """The two points `half` to either side of a limb, a fraction of the way along it."""
    (x, y), (dx, dy) = along(line, fraction)
    return [(x - dy * half, y + dx * half), (x + dy * half, y - dx * half)]


def tube(line: tuple[Point, Point, Point], widths: list[tuple[float, float]]) -> list[Point]:
    """The outline of a limb or sleeve along three joints. widths: (fraction of the way, half the width there)."""
    left, right = [], []
    for fraction, half in widths:
        one, other = across(line, fraction, half)
        left.append(one)
        right.append(other)
    return smooth(left) + list(reversed(smooth(right)))


def _distance(a: Point, b: Point) -> float:
    return math.sqrt((b[0] - a[0]) * (b[0] - a[0]) + (b[1] - a[1]) * (b[1] - a[1]))
