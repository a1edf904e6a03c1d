"""Instruments, as they lie on a cover: about 170 units across, centred on the origin."""

from __future__ import annotations

from genrec.data.synthetic.figure import Point, bezier, oval, smooth
from genrec.data.synthetic.shapes import Shape, Sheet

# Flat paints; the cover mixes them from its palette.
BODY, EDGE, HOLE, KEY = "body", "edge", "hole", "key"


def icon(instrument: str) -> list[Shape]:
    """The shapes of it, in drawing order."""
    sheet = Sheet()
    _ICONS[instrument](sheet)
    turned = {
        "acoustic guitar": (4, 3),
        "electric guitar": (4, 3),
        "violin": (4, 3),
        "flute": (1, 1),
        "trumpet": (6, -1),
    }
    if instrument not in turned:
        return sheet.shapes
    # Turned by the angle of a right triangle, so that no sine is needed.
    a, b = turned[instrument]
    length = (a * a + b * b) ** 0.5
    cos, sin = a / length, b / length
    return [
        Shape([(x * cos - y * sin, x * sin + y * cos) for x, y in shape.points], shape.paint, shape.layer, shape.stroke)
        for shape in sheet.shapes
    ]


def _box(left: float, top: float, right: float, bottom: float) -> list[Point]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _neck(sheet: Sheet, top: float, bottom: float) -> None:
    sheet.fill(_box(-8, top, 8, bottom), EDGE)
    sheet.fill([(-12, top - 26), (12, top - 26), (9, top + 2), (-9, top + 2)], EDGE)
    for y in (top - 20, top - 8):
        for side in (-1, 1):
            sheet.fill(oval(side * 15, y, 5, 4), HOLE)


def _acoustic(sheet: Sheet) -> None:
    half: list[Point] = [(0, -20), (26, -20), (36, 0), (26, 24), (46, 54), (36, 84), (0, 92)]
    sheet.fill(smooth([*half, *((-x, y) for x, y in reversed(half[1:-1]))], closed=True), BODY)
    _neck(sheet, -88, 10)
    sheet.fill(oval(0, 22, 17, 17), HOLE)
    sheet.fill(_box(-22, 62, 22, 70), EDGE)


def _electric(sheet: Sheet) -> None:
    body: list[Point] = [(-8, 4), (-30, -26), (-46, -20), (-34, 22), (-46, 62), (-30, 88), (0, 84), (30, 90), (46, 64),
                         (34, 26), (42, 2), (28, -12), (8, 10)]  # fmt: skip
    sheet.fill(smooth(body, closed=True), BODY)
    _neck(sheet, -92, 22)
    sheet.fill([(10, 24), (30, 30), (34, 74), (8, 70)], KEY)
    for y in (34, 50):
        sheet.fill(_box(-16, y, 16, y + 9), HOLE)
    sheet.fill(_box(-18, 68, 18, 76), HOLE)


def _violin(sheet: Sheet) -> None:
    half: list[Point] = [(0, -14), (26, -10), (32, 12), (19, 30), (18, 42), (38, 62), (32, 84), (0, 92)]
    sheet.fill(smooth([*half, *((-x, y) for x, y in reversed(half[1:-1]))], closed=True), BODY)
    sheet.fill([(-6, -80), (6, -80), (9, 30), (-9, 30)], EDGE)
    sheet.fill(oval(0, -88, 10, 10), EDGE)
    for side in (-1, 1):
        sheet.line(bezier((side * 20, 28), (side * 8, 36), (side * 26, 50), (side * 16, 58), 6), HOLE, width=5)
        sheet.fill(oval(side * 14, -74, 7, 4), HOLE)
    sheet.fill([(-10, 60), (10, 60), (5, 86), (-5, 86)], EDGE)
    sheet.line([(62, -70), (-62, 62)], HOLE, width=5)


def _piano(sheet: Sheet) -> None:
    """A grand, from above: its curved side, its lid's edge, its keys."""
    side = bezier((82, 34), (86, -18), (40, -6), (26, -46), 10)
    top = bezier((26, -46), (10, -92), (-74, -96), (-82, -52), 10)
    sheet.fill([*side, *top, (-82, 34)], BODY)
    inner = [(x * 0.8 - 2, y * 0.72 - 8) for x, y in [*side, *top]]
    sheet.fill([*inner, (-66, 16)], EDGE)
    for x in range(-50, 36, 14):
        sheet.line([(x, 14), (x - 6, -44 + (x + 50) // 3)], KEY, width=3)
    sheet.fill(_box(-86, 34, 86, 84), KEY)
    for x in range(-86, 86, 19):
        sheet.line([(x, 34), (x, 84)], HOLE, width=3)
    for number, x in enumerate(range(-67, 86, 19)):
        if number % 7 not in (2, 6):
            sheet.fill(_box(x - 6, 34, x + 6, 64), HOLE)


def _synthesizer(sheet: Sheet) -> None:
    sheet.fill(_box(-94, -48, 94, 58), BODY)
    sheet.fill(_box(-84, -38, -20, -8), HOLE)
    sheet.line([(-78, -24), (-66, -34), (-58, -14), (-46, -34), (-36, -14), (-26, -24)], KEY, width=4)
    for x in (0, 22, 44, 66):
        sheet.line([(x + 4, -40), (x + 4, -6)], HOLE, width=4)
        sheet.fill(_box(x - 4, -34 + x % 4 * 6, x + 12, -24 + x % 4 * 6), KEY)
    sheet.fill(_box(-86, 4, 86, 50), KEY)
    for x in range(-67, 86, 19):
        sheet.line([(x, 4), (x, 50)], HOLE, width=3)
    for number, x in enumerate(range(-67, 80, 19)):
        if number % 7 not in (2, 6):
            sheet.fill(_box(x - 6, 4, x + 6, 30), HOLE)


def _saxophone(sheet: Sheet) -> None:
    sheet.line(smooth([(-62, -70), (-46, -88), (-22, -84), (-18, -62)]), EDGE, width=9)
    sheet.fill([(-78, -62), (-66, -78), (-54, -70), (-66, -56)], HOLE)
    outer: list[Point] = [(-28, -66), (-26, 30), (-16, 74), (18, 90), (52, 72), (62, 34), (84, -14)]
    inner: list[Point] = [(34, -14), (36, 26), (28, 48), (14, 54), (2, 44), (-6, 20), (-12, -66)]
    sheet.fill([*smooth(outer), *smooth(inner)], BODY)
    sheet.fill(oval(59, -16, 29, 11), HOLE)
    for y in (-48, -26, -4, 18):
        sheet.fill(oval(-20, y, 10, 8), KEY)
    for x, y in ((0, 70), (30, 68)):
        sheet.fill(oval(x, y, 9, 8), KEY)
    sheet.line([(-34, -40), (-34, 24)], EDGE, width=4)


def _trumpet(sheet: Sheet) -> None:
    loop = [(-62, -6), (-78, 16), (-60, 40), (-10, 42), (30, 40), (42, 16), (26, -4)]
    sheet.line(smooth([(float(x), float(y)) for x, y in loop]), EDGE, width=10)
    sheet.line([(-84, -8), (52, -8)], BODY, width=12)
    sheet.fill(
        [*bezier((40, -14), (66, -16), (80, -32), (88, -48), 8), *bezier((88, 32), (80, 16), (66, 0), (40, -2), 8)],
        BODY,
    )
    sheet.fill(oval(88, -8, 8, 40), KEY)
    sheet.fill(_box(-96, -16, -84, 0), EDGE)
    for x in (-34, -12, 10):
        sheet.fill(_box(x - 8, -30, x + 8, 52), BODY)
        sheet.fill(_box(x - 4, -46, x + 4, -30), EDGE)
        sheet.fill(oval(x, -48, 9, 5), KEY)


def _flute(sheet: Sheet) -> None:
    sheet.fill(_box(-104, -13, 104, 13), BODY)
    for x in (-76, 60, 96):
        sheet.fill(_box(x, -15, x + 8, 15), EDGE)
    sheet.fill(oval(-90, -12, 15, 9), EDGE)
    sheet.fill(oval(-90, -14, 7, 4), HOLE)
    for x in range(-48, 56, 20):
        sheet.fill(oval(x, -6, 8, 8), KEY)
        sheet.fill(oval(x, -6, 3, 3), HOLE)
    sheet.line([(-52, 12), (52, 12)], EDGE, width=4)


def _voice(sheet: Sheet) -> None:
    """A microphone on its stand."""
    sheet.fill(_box(-5, 56, 5, 84), EDGE)
    sheet.fill(_box(-40, 82, 40, 92), EDGE)
    sheet.line(bezier((-52, -14), (-54, 72), (54, 72), (52, -14), 12), EDGE, width=9)
    sheet.fill(
        smooth(
            [(-36, -46), (-32, -82), (0, -94), (32, -82), (36, -46), (36, 0), (24, 34), (0, 42), (-24, 34), (-36, 0)],
            closed=True,
        ),
        BODY,
    )
    for y in (-70, -52, -34):
        sheet.line([(-30, y), (30, y)], HOLE, width=5)
    sheet.fill(_box(-37, -20, 37, -8), KEY)


_ICONS = {
    "acoustic guitar": _acoustic, "electric guitar": _electric, "violin": _violin, "piano": _piano, "voice": _voice,
    "synthesizer": _synthesizer, "saxophone": _saxophone, "trumpet": _trumpet, "flute": _flute,
}  # fmt: skip
