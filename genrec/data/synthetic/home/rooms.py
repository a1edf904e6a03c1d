"""Rooms to try furniture in: a wall with a window, a floor, and what says which kind of room it is.

A room follows from its number alone, so that some numbers can be held out: number % 5 is its kind, the rest is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from genrec.data.synthetic.draws import Draws
from genrec.data.synthetic.fabric import mix
from genrec.data.synthetic.home.attributes import ROOMS
from genrec.data.synthetic.home.props import PAINTS, props
from genrec.data.synthetic.palette import RGB
from genrec.data.synthetic.rendering import CANVAS, SCALE, cover, draw
from genrec.data.synthetic.shapes import Shape

_WALLS: tuple[RGB, ...] = (
    (240, 233, 222), (196, 208, 190), (182, 202, 214), (234, 212, 204), (228, 214, 188), (214, 216, 218),
    (224, 184, 158), (92, 126, 130), (98, 110, 136), (234, 212, 156), (206, 194, 216), (150, 160, 134),
)  # fmt: skip
_PAPERS = ("plain", "panelled", "striped", "two-tone")
_FLOORS: tuple[RGB, ...] = (
    (206, 168, 124),
    (172, 126, 88),
    (118, 84, 62),
    (222, 200, 168),
    (168, 168, 168),
    (196, 186, 176),
)
_LAID = ("planks", "tiles", "carpet")
_WHITE: RGB = (252, 250, 246)
_INK: RGB = (24, 20, 30)
_WINDOW = (90, 62, 210, 246)  # before the room is mirrored: left, top, right, bottom


@dataclass(frozen=True)
class Room:
    """horizon: where wall and floor meet, in 512ths of the height. mirrored: the window is on the right."""

    number: int
    kind: str
    wall: RGB
    paper: str
    floor: RGB
    laid: str
    horizon: int
    mirrored: bool
    night: bool

    @property
    def window(self) -> tuple[int, int, int, int]:
        left, top, right, bottom = _WINDOW
        return (CANVAS - right, top, CANVAS - left, bottom) if self.mirrored else _WINDOW

    def x(self, x: float) -> float:
        """A place across the room, given as if the window were on the left."""
        return CANVAS - x if self.mirrored else x


def room(number: int) -> Room:
    """The room of that number, 0 or more."""
    draws = Draws(number, 40)
    return Room(
        number,
        ROOMS[number % len(ROOMS)],
        draws.one(_WALLS),
        draws.one(_PAPERS, (4, 3, 2, 2)),
        draws.one(_FLOORS),
        draws.one(_LAID, (4, 2, 2)),
        336 + draws.below(25),
        draws.chance(50),
        draws.chance(15),
    )


def empty(number: int) -> Image.Image:
    """The room with nothing in it that is for sale, RGB 128 × 128."""
    return painted(room(number)).reduce(SCALE)


def masks(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Where things can stand and where they can hang: floor and wall, bool (128, 128) each, disjoint.

    What stands there already belongs to neither, nor does the window.
    """
    here = room(number)
    floor, wall = Image.new("L", (CANVAS, CANVAS), 0), Image.new("L", (CANVAS, CANVAS), 0)
    ImageDraw.Draw(floor).rectangle((0, here.horizon, CANVAS, CANVAS), 255)
    ImageDraw.Draw(wall).rectangle((0, 0, CANVAS, here.horizon - 18), 255)  # above the skirting board
    left, top, right, bottom = here.window
    ImageDraw.Draw(wall).rectangle((left - 10, top - 10, right + 10, bottom + 16), 0)
    taken = cover(_props(here))
    for mask in (floor, wall):
        mask.paste(0, (0, 0), taken)
    return np.asarray(floor.reduce(SCALE)) >= 128, np.asarray(wall.reduce(SCALE)) >= 128


def painted(here: Room) -> Image.Image:
    """The empty room at four times its size, RGB 512 × 512."""
    canvas = Image.new("RGB", (CANVAS, CANVAS), here.wall)
    brush = ImageDraw.Draw(canvas)
    _wall(brush, here)
    _floor(brush, here)
    _daylight(canvas, here)
    _pane(brush, here)
    draw(canvas, _props(here), canvas, PAINTS, 4)
    return canvas


def _props(here: Room) -> list[Shape]:
    """On the floor at the edge away from the window."""
    return [part.moved(1, here.x(470), here.horizon + 16, mirror=here.mirrored) for part in props(here.kind).shapes]


def _wall(brush: ImageDraw.ImageDraw, here: Room) -> None:
    edge, wall = here.horizon, here.wall
    if here.paper == "striped":
        for x in range(0, CANVAS, 48):
            brush.rectangle((x, 0, x + 23, edge), mix(wall, _WHITE, 22))
    elif here.paper == "two-tone":
        brush.rectangle((0, edge - 130, CANVAS, edge), mix(wall, _INK, 12))
        brush.rectangle((0, edge - 134, CANVAS, edge - 128), mix(wall, _WHITE, 50))
    elif here.paper == "panelled":
        board = mix(wall, _WHITE, 45)
        brush.rectangle((0, edge - 118, CANVAS, edge), board)
        brush.rectangle((0, edge - 122, CANVAS, edge - 112), mix(board, _WHITE, 50))
        for x in range(14, CANVAS, 98):
            brush.rectangle((x, edge - 98, x + 74, edge - 32), outline=mix(board, _INK, 14), width=4)
    brush.rectangle((0, 0, CANVAS, 8), mix(wall, _WHITE, 60))
    brush.rectangle((0, edge - 18, CANVAS, edge), _WHITE)
    brush.line((0, edge - 18, CANVAS, edge - 18), mix(wall, _INK, 22), 3)


def _floor(brush: ImageDraw.ImageDraw, here: Room) -> None:
    edge, floor = here.horizon, here.floor
    brush.rectangle((0, edge, CANVAS, CANVAS), floor)
    seam = mix(floor, _INK, 16)
    ys = [edge]
    while ys[-1] < CANVAS:
        ys.append(ys[-1] + 12 + 9 * len(ys))  # rows look wider the nearer they are
    if here.laid == "carpet":
        for y in range(edge + 8, CANVAS, 12):
            for x in range((y // 12 % 2) * 8, CANVAS, 16):
                brush.rectangle((x, y, x + 3, y + 3), mix(floor, _WHITE, 16))
    elif here.laid == "tiles":
        for row, (top, bottom) in enumerate(pairwise(ys)):
            for column in range(-9, 9):
                if (row + column) % 2:
                    corners = [
                        (_deep(x, y, edge), y)
                        for y, x in ((top, column), (top, column + 1), (bottom, column + 1), (bottom, column))
                    ]
                    brush.polygon(corners, mix(floor, _WHITE, 34))
    else:
        for y in ys[1:]:
            brush.line((0, y, CANVAS, y), seam, 3)
        for row, (top, bottom) in enumerate(pairwise(ys)):
            for column in range(-8, 9):
                if (column + row * 3) % 4 == 0:
                    brush.line((_deep(column, top, edge), top, _deep(column, bottom, edge), bottom), seam, 3)
    brush.rectangle((0, edge, CANVAS, edge + 4), mix(floor, _INK, 30))


def _deep(column: int, y: int, edge: int) -> int:
    """x of the column's line at height y; the lines meet far behind the wall."""
    return CANVAS // 2 + column * (44 + (y - edge) * 22 // 100)


def _daylight(canvas: Image.Image, here: Room) -> None:
    """What falls through the window onto the floor."""
    if here.night:
        return
    light = Image.new("L", (CANVAS, CANVAS), 0)
    shape = [(104, here.horizon + 20), (196, here.horizon + 20), (286, CANVAS), (150, CANVAS)]
    ImageDraw.Draw(light).polygon([(int(here.x(x)), y) for x, y in shape], 52)
    canvas.paste(_WHITE, (0, 0), light)


def _pane(brush: ImageDraw.ImageDraw, here: Room) -> None:
    left, top, right, bottom = here.window
    frame = _WHITE
    brush.rectangle((left - 10, top - 10, right + 10, bottom + 10), mix(frame, _INK, 20))
    brush.rectangle((left - 7, top - 7, right + 7, bottom + 7), frame)
    sky: RGB = (52, 62, 104) if here.night else (188, 220, 240)
    brush.rectangle((left, top, right, bottom), sky)
    if here.night:
        brush.ellipse((right - 48, top + 18, right - 18, top + 48), (246, 238, 206))
    else:
        brush.ellipse((left + 14, top + 34, left + 62, top + 58), _WHITE)
        brush.ellipse((left + 40, top + 26, left + 84, top + 56), _WHITE)
    hill: RGB = (44, 62, 74) if here.night else (142, 184, 126)
    brush.polygon(
        [(left, bottom), (left, bottom - 34), (left + 44, bottom - 56), (right, bottom - 26), (right, bottom)], hill
    )
    middle = (left + right) // 2
    brush.rectangle((middle - 4, top, middle + 4, bottom), frame)
    brush.rectangle((left, top + 76, right, top + 83), frame)
    brush.rectangle((left - 16, bottom + 6, right + 16, bottom + 16), frame)
    brush.line((left - 16, bottom + 17, right + 16, bottom + 17), mix(frame, _INK, 24), 3)
