"""What lies on the floor or hangs on the wall. Rugs lie at y = 0; the others are centred on the origin."""

from __future__ import annotations

from genrec.data.synthetic.figure import Point, bezier, oval, smooth
from genrec.data.synthetic.home.outlines import GLASS, PAPER, SHINE, WOOD, box, ring
from genrec.data.synthetic.shapes import ACCENT, DARK, LIGHT, METAL, SEAM, Sheet


def rug(silhouette: str, lying: bool) -> Sheet:
    """From above, as it is sold; or lying in a room, as one sees it there."""
    sheet = Sheet()
    if silhouette == "round":
        rx, ry = (146, 46) if lying else (130, 130)
        y = -ry if lying else 0
        sheet.fill(oval(0, y, rx, ry), DARK)
        sheet.fill(oval(0, y, rx * 0.93, ry * 0.93))
        sheet.fill(ring(0, y, rx * 0.78, ry * 0.78, 0.9), ACCENT)
        return sheet
    if lying:
        back, front, deep = (116, 166, 92) if silhouette == "rectangular" else (146, 170, 52)
        edges: list[Point] = [(-back, -deep), (back, -deep), (front, 0), (-front, 0)]
        inner = [(x * 0.92, -deep / 2 + (y + deep / 2) * 0.84) for x, y in edges]
        border = [(x * 0.8, -deep / 2 + (y + deep / 2) * 0.62) for x, y in edges]
        for side in (-1, 1):  # the fringe
            sheet.fill(
                [(side * back, -deep), (side * (back + 9), -deep), (side * (front + 10), 0), (side * front, 0)], PAPER
            )
        sheet.fill(edges, DARK)
        sheet.fill(inner)
        sheet.line([*border, border[0], border[1]], ACCENT, width=5)
        return sheet
    half, tall = (104, 150) if silhouette == "rectangular" else (58, 160)
    for y in (-tall, tall):
        for x in range(-half + 4, half, 10):
            sheet.line([(x, y), (x, y + (14 if y > 0 else -14))], PAPER, width=4)
    sheet.fill(box(-half, -tall, half, tall), DARK)
    sheet.fill(box(-half + 10, -tall + 10, half - 10, tall - 10))
    edge = box(-half + 24, -tall + 24, half - 24, tall - 24)
    sheet.line([*edge, edge[0], edge[1]], ACCENT, width=7)
    return sheet


def curtain(silhouette: str) -> Sheet:
    """A pair on its rod, around a window of about 150 × 190."""
    sheet = Sheet()
    for side in (-1, 1):
        if silhouette == "straight":
            sheet.fill([(side * 34, -128), (side * 116, -128), (side * 120, 150), (side * 40, 150)])
            for x in (48, 64, 82, 100):
                sheet.line([(side * x, -124), (side * (x + 3), 148)], SEAM, width=3)
        else:
            inner = [*bezier((side * 8, -128), (side * 14, -40), (side * 60, -6), (side * 84, 14), 8)]
            outer = [(side * 118, 14), (side * 118, -128)]
            sheet.fill([*inner, *outer])
            sheet.fill([(side * 86, 12), (side * 116, 12), (side * 122, 150), (side * 58, 150)])
            for x in (36, 66, 94):
                sheet.line(
                    bezier(
                        (side * x, -122),
                        (side * (x + 6), -50),
                        (side * (90 + x // 8), -20),
                        (side * (92 + x // 6), 8),
                        6,
                    ),
                    SEAM,
                    width=3,
                )
            for x in (80, 98):
                sheet.line([(side * 98, 26), (side * x, 148)], SEAM, width=3)
            sheet.fill(box(min(side * 80, side * 122), 6, max(side * 80, side * 122), 24, 6), ACCENT)
    sheet.fill(box(-134, -140, 134, -128, 5), METAL)
    for side in (-1, 1):
        sheet.fill(oval(side * 138, -134, 11, 11), METAL)
    return sheet


def wall_hanging(silhouette: str) -> Sheet:
    sheet = Sheet()
    sheet.line([(0, -116), (-66, -84)], DARK, width=4)
    sheet.line([(0, -116), (66, -84)], DARK, width=4)
    if silhouette == "pennant":
        sheet.fill([(-60, -82), (60, -82), (60, 40), (0, 104), (-60, 40)])
        sheet.line([(-56, 38), (0, 98), (56, 38)], ACCENT, width=8)
    else:
        for x in range(-52, 60, 13):
            sheet.line([(x, 40), (x, 108 - abs(x) * 2 // 3)], ACCENT, width=7)
        sheet.fill(box(-60, -82, 60, 44))
        sheet.line([(-58, 38), (58, 38)], DARK, width=7)
    sheet.fill(box(-78, -90, 78, -78, 5), WOOD)
    return sheet


def mirror(silhouette: str) -> Sheet:
    sheet = Sheet()
    if silhouette == "round":
        sheet.fill(oval(0, 0, 80, 80))
        sheet.fill(oval(0, 0, 62, 62), GLASS)
    elif silhouette == "arched":
        sheet.fill([*bezier((-62, -40), (-62, -132), (62, -132), (62, -40), 12), (62, 104), (-62, 104)])
        sheet.fill([*bezier((-48, -38), (-48, -110), (48, -110), (48, -38), 12), (48, 90), (-48, 90)], GLASS)
    else:
        sheet.fill(box(-68, -92, 68, 92))
        sheet.line([*box(-60, -84, 60, 84), (-60, -84)], LIGHT, width=5)
        sheet.fill(box(-50, -74, 50, 74), GLASS)
    sheet.fill([(-34, 12), (16, -46), (30, -46), (-34, 30)], SHINE)
    sheet.fill([(-14, 34), (38, -26), (38, -10), (0, 34)], SHINE)
    return sheet


def picture(silhouette: str) -> Sheet:
    """A framed print; its paper is of the item's colour, what is printed of the accent."""
    sheet = Sheet()
    if silhouette == "landscape":
        sheet.fill(box(-108, -72, 108, 72), WOOD)
        sheet.fill(box(-96, -60, 96, 60))
        sheet.fill(oval(40, -22, 22, 22), LIGHT)
        sheet.fill(
            [(-96, 60), (-96, 16), *smooth([(-96, 16), (-52, -26), (-10, 14), (30, -4), (96, 30)]), (96, 60)], ACCENT
        )
        sheet.fill([(-96, 60), *smooth([(-96, 44), (-30, 30), (40, 46), (96, 38)]), (96, 60)], DARK)
    elif silhouette == "portrait":
        sheet.fill(box(-72, -100, 72, 100), WOOD)
        sheet.fill(box(-60, -88, 60, 88))
        sheet.line([(0, 34), (-4, -52)], DARK, width=5)
        for y, reach in ((-44, 26), (-20, 34), (6, 34)):
            for side in (-1, 1):
                leaf: list[Point] = [
                    (0, y + 16),
                    (side * reach * 0.5, y - 12),
                    (side * reach, y - 14),
                    (side * reach * 0.6, y + 10),
                ]
                sheet.fill(smooth(leaf, closed=True), ACCENT)
        sheet.fill([(-24, 34), (24, 34), (18, 72), (-18, 72)], DARK)
    else:  # trio: three narrow frames, one shape each
        for number, x in enumerate((-86, 0, 86)):
            sheet.fill(box(x - 37, -66, x + 37, 66), WOOD)
            sheet.fill(box(x - 29, -58, x + 29, 58))
            if number == 0:
                sheet.fill(oval(x, 8, 20, 20), ACCENT)
            elif number == 1:
                sheet.fill([(x, -34), (x + 22, 30), (x - 22, 30)], ACCENT)
            else:
                sheet.fill(box(x - 18, -24, x + 18, 12), ACCENT)
                sheet.fill(box(x - 18, 16, x + 18, 30), DARK)
    return sheet
