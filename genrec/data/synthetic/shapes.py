"""What pictures are put together from: filled outlines and strokes, in body units, in layers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from genrec.data.synthetic.figure import Point

# Paints: `fabric` carries the pattern; the others are flat colours derived from the item (see drawing.py).
FABRIC, PLAIN, ACCENT, DARK, LIGHT, SOLE, METAL, SEAM, STITCH = (
    "fabric", "plain", "accent", "dark", "light", "sole", "metal", "seam", "stitch",
)  # fmt: skip
# Layers, from behind the mannequin to in front of its arms.
BACK, BODY, ARM = "back", "body", "arm"


@dataclass(frozen=True)
class Shape:
    """A filled outline, or with `stroke` > 0 a line of that width (in body units)."""

    points: list[Point]
    paint: str = FABRIC
    layer: str = BODY
    stroke: float = 0.0

    def moved(self, scale: float, dx: float, dy: float, mirror: bool = False) -> Shape:
        """Scaled about the origin, mirrored in the y axis if asked, then moved."""
        sign = -1 if mirror else 1
        points = [(sign * x * scale + dx, y * scale + dy) for x, y in self.points]
        return replace(self, points=points, stroke=self.stroke * scale)


@dataclass
class Sheet:
    """Shapes in the order in which they are drawn."""

    shapes: list[Shape] = field(default_factory=list)

    def fill(self, points: list[Point], paint: str = FABRIC, layer: str = BODY) -> None:
        self.shapes.append(Shape(points, paint, layer))

    def line(self, points: list[Point], paint: str = SEAM, layer: str = BODY, width: float = 1.3) -> None:
        self.shapes.append(Shape(points, paint, layer, width))

    def dot(self, point: Point, size: float = 2.0, paint: str = LIGHT) -> None:
        x, y = point
        self.fill([(x - size, y), (x, y - size), (x + size, y), (x, y + size)], paint)
