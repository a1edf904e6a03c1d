"""What a genre puts on a cover, around the plate in the middle. Drawn onto a square of 512 in three colours."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import ImageDraw

from genrec.data.synthetic.figure import Point, oval, smooth
from genrec.data.synthetic.palette import RGB

SIDE = 512


@dataclass(frozen=True)
class Inks:
    """The mood's colours: ground, the motif, a second tone, and the darkest or lightest of them for icons."""

    ground: RGB
    motif: RGB
    second: RGB
    ink: RGB


def motif(brush: ImageDraw.ImageDraw, genre: str, inks: Inks, look: int) -> None:
    """look: 0 to 3, small differences from artist to artist."""
    _MOTIFS[genre](brush, inks, look)


def _fill(brush: ImageDraw.ImageDraw, points: list[Point], colour: RGB) -> None:
    brush.polygon([(int(x + 0.5), int(y + 0.5)) for x, y in points], colour)


def _pop(brush: ImageDraw.ImageDraw, inks: Inks, look: int) -> None:
    """Hearts and stars, like confetti."""
    for row in range(6):
        for column in range(6):
            x, y = 40 + column * 88 + row % 2 * 22 - 12, 44 + row * 86
            size = 27 + (row * 5 + column * 3 + look) % 3 * 5
            if (row + column + look) % 2:
                k = size / 10
                half = [(0, -5), (4, -9), (9, -8), (10, -2), (5, 5), (0, 10)]
                heart = [*half, *((-a, b) for a, b in reversed(half[1:-1]))]
                _fill(brush, smooth([(x + a * k, y + b * k) for a, b in heart], closed=True), inks.motif)
            else:
                star = [
                    (0, -10),
                    (3, -3),
                    (10, -3),
                    (4.5, 1.5),
                    (6.5, 9),
                    (0, 4.5),
                    (-6.5, 9),
                    (-4.5, 1.5),
                    (-10, -3),
                    (-3, -3),
                ]
                _fill(brush, [(x + a * size / 10, y + b * size / 10) for a, b in star], inks.second)


def _rock(brush: ImageDraw.ImageDraw, inks: Inks, look: int) -> None:
    """Rays, and two bolts of lightning."""
    reach = (
        (-600, -200),
        (-400, -600),
        (-80, -700),
        (260, -700),
        (600, -400),
        (700, -40),
        (700, 300),
        (460, 700),
        (100, 700),
        (-240, 700),
        (-600, 500),
        (-700, 160),
    )
    for number in range(0, 12, 2):
        (ax, ay), (bx, by) = reach[number], reach[(number + 1) % 12]
        brush.polygon([(256, 256), (256 + ax, 256 + ay), (256 + bx, 256 + by)], inks.second)
    bolt = [(40, -240), (-44, 10), (2, 0), (-40, 236), (64, -56), (14, -44), (70, -240)]
    for x, k in ((84, 0.98), (424, 0.98)):
        _fill(brush, [(x + a * k, 256 + b * k) for a, b in bolt], inks.motif)
        brush.line([(int(x + a * k), int(256 + b * k)) for a, b in [*bolt, bolt[0]]], inks.ink, 7, "curve")


def _hiphop(brush: ImageDraw.ImageDraw, inks: Inks, look: int) -> None:
    """A brick wall, sprayed on."""
    for row in range(10):
        for column in range(-1, 5):
            x, y = column * 118 + row % 2 * 59 + look * 7, row * 54
            brush.rectangle((x + 5, y + 5, x + 112, y + 48), inks.second if (row * 3 + column) % 5 == 0 else inks.motif)
    for x, drop in ((60, 96), (120, 150), (196, 70), (320, 80), (398, 140), (458, 100)):
        brush.rectangle((x, 40, x + 22, 40 + drop), inks.ink)
        brush.ellipse((x - 3, 28 + drop, x + 25, 56 + drop), inks.ink)
    _fill(
        brush,
        smooth([(16, 60), (40, 26), (256, 14), (470, 26), (498, 60), (470, 88), (256, 76), (40, 88)], closed=True),
        inks.ink,
    )


def _electronic(brush: ImageDraw.ImageDraw, inks: Inks, look: int) -> None:
    """The bars of an equaliser."""
    heights = (5, 8, 11, 7, 12, 9, 10, 6, 8, 4)
    for column in range(10):
        top = heights[(column + look * 3) % 10]
        for step in range(top):
            x, y = 14 + column * 49, 470 - step * 38
            brush.rectangle((x, y, x + 38, y + 27), inks.second if step > top - 3 else inks.motif)


def _folk(brush: ImageDraw.ImageDraw, inks: Inks, look: int) -> None:
    """Mountains, a sun, and fir trees before them."""
    brush.ellipse((336 - look * 70, 30, 446 - look * 70, 140), inks.second)
    brush.polygon([(-60, 420), (120, 110), (250, 330), (330, 190), (580, 440)], inks.motif)
    for x, y in ((120, 110), (330, 190)):
        brush.polygon([(x, y), (x - 36, y + 62), (x - 12, y + 46), (x + 8, y + 66), (x + 38, y + 64)], inks.second)
    brush.rectangle((0, 410, 512, 512), inks.second)
    for x, k in ((40, 1.1), (110, 0.8), (404, 0.85), (470, 1.15)):
        brush.rectangle((x - 7, 430, x + 7, 470), inks.ink)
        for step in range(3):
            top, half = 440 - (3 - step) * 62 * k + 40, (22 + step * 14) * k
            _fill(brush, [(x, top - 30 * k), (x + half, top + 50 * k), (x - half, top + 50 * k)], inks.ink)


def _jazz(brush: ImageDraw.ImageDraw, inks: Inks, look: int) -> None:
    """A city at night, with a moon above."""
    x = 60 + look * 96
    brush.ellipse((x, 24, x + 104, 128), inks.second)
    brush.ellipse((x + 34, 16, x + 128, 112), inks.ground)
    tops = (250, 170, 300, 210, 330, 190, 260, 150, 280)
    for column in range(9):
        left, top = column * 58 - 4, tops[(column + look * 2) % 9]
        brush.rectangle((left, top, left + 54, 512), inks.motif)
        for row in range(top + 18, 500, 36):
            for side in (10, 32):
                if (row // 6 + side + column) % 5:
                    brush.rectangle((left + side, row, left + side + 12, row + 18), inks.second)


def _classical(brush: ImageDraw.ImageDraw, inks: Inks, look: int) -> None:
    """Two staves with their notes."""
    for number, y in enumerate((46, 372)):
        brush.rectangle((0, y - 20, 512, y + 116), inks.second)
        for line in range(5):
            brush.rectangle((0, y + line * 24, 512, y + line * 24 + 5), inks.motif)
        for place in range(6):
            x, step = 44 + place * 84, (place * 3 + number * 2 + look) % 5
            top = y + step * 20 + 4
            brush.ellipse((x - 19, top - 8, x + 19, top + 20), inks.motif)
            stem = x + 15
            brush.rectangle((stem - 3, top - 70, stem + 4, top + 6), inks.motif)
            if place % 2 == 0:
                brush.polygon(
                    [(stem, top - 70), (stem + 30, top - 44), (stem + 26, top - 24), (stem, top - 46)], inks.motif
                )


def _reggae(brush: ImageDraw.ImageDraw, inks: Inks, look: int) -> None:
    """A low sun over the sea, and palms."""
    brush.ellipse((116, 60, 396, 340), inks.second)
    for row, y in enumerate((330, 376, 422, 468)):
        brush.rectangle((0, y, 512, y + 48), inks.motif if row % 2 == 0 else inks.second)
        wave: list[Point] = [(-20, y + 12)]
        for step in range(14):
            wave.append((step * 42 - 20, y - 8 if step % 2 else y + 10))
        _fill(brush, [*smooth(wave), (560, y + 30), (-20, y + 30)], inks.motif if row % 2 == 0 else inks.second)
    for x, bend, k in ((70, 26, 1.0), (446, -26, 0.92)):
        top = 512 - 350 * k
        trunk = smooth([(x, 512.0), (x + bend * 0.2, 400.0), (x + bend, top)])
        brush.line([(int(a), int(b)) for a, b in trunk], inks.ink, 20)
        for dx, dy in ((-100, 30), (-84, -36), (-30, -74), (40, -70), (90, -30), (98, 36)):
            leaf: list[Point] = [
                (x + bend, top),
                (x + bend + dx * 0.55, top + dy - 26),
                (x + bend + dx, top + dy + 10),
                (x + bend + dx * 0.5, top + dy + 4),
            ]
            _fill(brush, smooth(leaf, closed=True), inks.ink)
    _fill(brush, oval(70 + 26, 512 - 350, 14, 12), inks.motif)


_MOTIFS = {
    "pop": _pop, "rock": _rock, "hip-hop": _hiphop, "electronic": _electronic, "folk": _folk, "jazz": _jazz,
    "classical": _classical, "reggae": _reggae,
}  # fmt: skip
