"""Outlines that furniture is made of. Units: 512 to the width of a room; y grows downwards."""

from __future__ import annotations

from genrec.data.synthetic.figure import Point, bezier, oval

# Paints beside those of shapes.py, flat colours that follow from the item (see drawing.py).
WOOD, SHADE, GLOW, GLASS, SHINE, PAPER, INK = "wood", "shade", "glow", "glass", "shine", "paper", "ink"


def box(left: float, top: float, right: float, bottom: float, radius: float = 0.0) -> list[Point]:
    """A rectangle, its corners rounded."""
    if radius <= 0:
        return [(left, top), (right, top), (right, bottom), (left, bottom)]
    r = min(radius, (right - left) / 2, (bottom - top) / 2)
    k = r * 0.45
    corners = (
        ((left, top + r), (left, top + k), (left + k, top), (left + r, top)),
        ((right - r, top), (right - k, top), (right, top + k), (right, top + r)),
        ((right, bottom - r), (right, bottom - k), (right - k, bottom), (right - r, bottom)),
        ((left + r, bottom), (left + k, bottom), (left, bottom - k), (left, bottom - r)),
    )
    return [point for corner in corners for point in bezier(*corner, steps=5)]


def taper(x: float, top: float, bottom: float, width: float, foot: float, splay: float = 0.0) -> list[Point]:
    """A leg from (x, top) down to (x + splay, bottom), `width` wide above and `foot` below."""
    half, end = width / 2, foot / 2
    return [(x - half, top), (x + half, top), (x + splay + end, bottom), (x + splay - end, bottom)]


def ring(x: float, y: float, rx: float, ry: float, inner: float) -> list[Point]:
    """An ellipse with a hole, as one outline; inner: the hole's share of the radii."""
    outside, inside = oval(x, y, rx, ry), oval(x, y, rx * inner, ry * inner)
    return [*outside, outside[0], inside[0], *reversed(inside)]


def dome(left: float, right: float, top: float, bottom: float) -> list[Point]:
    """Round above, flat below."""
    rise = bottom - top
    return bezier((left, bottom), (left, bottom - 1.33 * rise), (right, bottom - 1.33 * rise), (right, bottom), 12)
