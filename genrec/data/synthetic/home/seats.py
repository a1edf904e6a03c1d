"""What one sits or lies on. Standing at y = 0, centred on x = 0."""

from __future__ import annotations

from genrec.data.synthetic.figure import Point, bezier, oval, smooth
from genrec.data.synthetic.home.outlines import SHADE, WOOD, box, taper
from genrec.data.synthetic.shapes import ACCENT, DARK, LIGHT, PLAIN, SEAM, Sheet


def sofa(silhouette: str) -> Sheet:
    sheet = Sheet()
    if silhouette == "track-arm":
        for x in (-128, 128):
            sheet.fill(box(x - 6, -18, x + 6, 0), WOOD)
        sheet.fill(box(-124, -128, 124, -40, 10), PLAIN)
        for x in (-60, 60):
            sheet.fill(box(x - 60, -122, x + 60, -60, 14))
        for x in (-60, 60):
            sheet.fill(box(x - 61, -68, x + 61, -40, 10))
        sheet.fill(box(-124, -42, 124, -14, 4), PLAIN)
        for x in (-130, 130):
            sheet.fill(box(x - 17, -98, x + 17, -12, 6))
    elif silhouette == "rolled-arm":
        for x in (-112, 112):
            sheet.fill(taper(x, -20, 0, 18, 10), WOOD)
        back: list[Point] = [(-120, -60), (-118, -112), (-70, -124), (0, -142), (70, -124), (118, -112), (120, -60)]
        sheet.fill([*smooth(back)])
        for x, y in ((-80, -100), (-40, -106), (0, -110), (40, -106), (80, -100), (-60, -84), (-20, -86), (20, -86),
                     (60, -84)):  # fmt: skip
            sheet.dot((x, y), 4, DARK)
        sheet.fill(box(-104, -70, 104, -44, 12))
        sheet.fill(box(-118, -46, 118, -14, 8), PLAIN)
        for side in (-1, 1):
            sheet.fill(box(side * 122 - 18, -84, side * 122 + 18, -14, 6))
            sheet.fill(oval(side * 124, -84, 24, 22))
            sheet.fill(oval(side * 124, -84, 10, 9), PLAIN)
    elif silhouette == "slender":
        for x in (-118, -40, 40, 118):
            sheet.fill(taper(x, -42, 0, 11, 5, x * 0.08), WOOD)
        for x in (-80, 0, 80):
            sheet.fill(box(x - 39, -118, x + 39, -58, 8))
        for x in (-80, 0, 80):
            sheet.fill(box(x - 40, -64, x + 40, -44, 6))
        sheet.fill(box(-128, -46, 128, -36, 3), WOOD)
        for side in (-1, 1):
            sheet.fill(box(side * 124 - 15, -84, side * 124 + 15, -54, 15), ACCENT)
            sheet.fill(box(side * 138 - 4, -92, side * 138 + 4, -36, 3), WOOD)
    else:  # chaise: one side stretched towards us
        for x in (-140, 40, 142):
            sheet.fill(box(x - 6, -14, x + 6, 0), WOOD)
        sheet.fill(box(-140, -126, 120, -40, 14))
        sheet.fill(box(-124, -74, 30, -44, 10))
        sheet.fill(box(-140, -46, 30, -12, 5), PLAIN)
        sheet.fill([(24, -72), (112, -72), (150, -48), (26, -48)])
        sheet.fill(box(26, -50, 150, -8, 6), PLAIN)
        sheet.fill(box(-152, -92, -122, -12, 8))
        sheet.fill(box(-112, -112, -60, -66, 12), ACCENT)
    return sheet


def armchair(silhouette: str) -> Sheet:
    sheet = Sheet()
    if silhouette == "wingback":
        for x in (-50, 50):
            sheet.fill(taper(x, -26, 0, 13, 7, x * 0.1), WOOD)
        sheet.fill(smooth([(-56, -60), (-60, -150), (-46, -186), (0, -196), (46, -186), (60, -150), (56, -60)]))
        for x, y in ((-22, -150), (22, -150), (0, -126), (-22, -104), (22, -104)):
            sheet.dot((x, y), 4, DARK)
        for side in (-1, 1):
            wing: list[Point] = [(side * 56, -176), (side * 76, -158), (side * 74, -104), (side * 58, -92)]
            sheet.fill(smooth(wing, closed=True), PLAIN)
            sheet.fill(box(side * 62 - 14, -98, side * 62 + 14, -24, 12))
        sheet.fill(box(-48, -74, 48, -48, 12))
        sheet.fill(box(-62, -50, 62, -22, 6), PLAIN)
    elif silhouette == "tub":
        for x in (-46, 46):
            sheet.fill(taper(x, -22, 0, 12, 8), WOOD)
        shell: list[Point] = [(-84, -70), (-82, -118), (-50, -142), (0, -148), (50, -142), (82, -118), (84, -70)]
        sheet.fill([*smooth(shell), *bezier((84, -70), (84, -8), (-84, -8), (-84, -70))])
        for x in (-58, -40, -20, 0, 20, 40, 58):
            sheet.line([(x, -142 + abs(x) * 0.22), (x * 0.82, -78)], SEAM, width=2.6)
        sheet.fill(oval(0, -72, 58, 17), LIGHT)
        sheet.fill(
            [
                *smooth([(-60, -72), (-40, -60), (0, -56), (40, -60), (60, -72)]),
                *bezier((58, -42), (30, -30), (-30, -30), (-58, -42)),
            ]
        )
    else:  # lounge: leaning, a wooden frame, loose cushions
        for side in (-1, 1):
            sheet.fill(taper(side * 62, -70, 0, 10, 7, side * 12), WOOD)
        sheet.fill(box(-54, -158, 54, -64, 16))
        sheet.line([(-50, -112), (50, -112)], SEAM, width=3)
        sheet.fill(box(-44, -182, 44, -146, 16), ACCENT)
        sheet.fill(box(-56, -72, 56, -42, 12))
        sheet.fill(box(-64, -44, 64, -34, 3), WOOD)
        for side in (-1, 1):
            sheet.fill(box(side * 68 - 14, -92, side * 68 + 14, -82, 4), WOOD)
            sheet.fill(taper(side * 66, -84, -38, 9, 9), WOOD)
    return sheet


def chair(silhouette: str) -> Sheet:
    """Of wood or steel all over, painted in the item's colour."""
    sheet = Sheet()
    if silhouette == "shell":
        for side in (-1, 1):
            sheet.fill(taper(side * 22, -84, 0, 10, 6, side * 26), WOOD)
            sheet.fill(taper(side * 14, -84, -8, 9, 5, side * 14), WOOD)
        sheet.fill(smooth([(-44, -92), (-54, -150), (-34, -184), (0, -188), (34, -184), (54, -150), (44, -92)]))
        sheet.fill(smooth([(-56, -112), (0, -98), (56, -112), (52, -84), (0, -74), (-52, -84)], closed=True))
        return sheet
    for side in (-1, 1):
        sheet.fill(taper(side * 30, -84, -6, 10, 8, side * 4), PLAIN)
    if silhouette == "spindle-back":
        for x in (-30, -15, 0, 15, 30):
            sheet.fill(taper(x * 1.1, -176, -84, 6, 6))
        sheet.fill(smooth([(-54, -172), (0, -194), (54, -172), (54, -156), (0, -176), (-54, -156)], closed=True))
        sheet.fill(taper(-47, -168, -84, 9, 9, 4))
        sheet.fill(taper(47, -168, -84, 9, 9, -4))
    else:
        for side in (-1, 1):
            sheet.fill([(side * -40, -168), (side * -30, -172), (side * 40, -102), (side * 32, -96)])
            sheet.fill(taper(side * 46, -192, -84, 12, 12, side * -2))
        sheet.fill(box(-50, -188, 50, -170, 8))
        sheet.fill(box(-44, -108, 44, -98))
    sheet.fill([(-50, -94), (50, -94), (58, -78), (-58, -78)])
    sheet.fill(box(-58, -79, 58, -68, 3), PLAIN)
    for side in (-1, 1):
        sheet.fill(taper(side * 48, -69, 0, 12, 8, side * 4))
    sheet.line([(-48, -34), (48, -34)], DARK, width=6)
    return sheet


def pouf(silhouette: str) -> Sheet:
    sheet = Sheet()
    if silhouette == "round":
        sheet.fill(
            smooth([(-70, -34), (-60, -66), (0, -76), (60, -66), (70, -34), (56, -6), (0, 0), (-56, -6)], closed=True)
        )
        for x in (-46, -24, 0, 24, 46):
            sheet.line(smooth([(x * 0.5, -72), (x * 1.16, -36), (x * 0.8, -2)]), SEAM, width=3)
        sheet.fill(oval(0, -70, 11, 5), ACCENT)
    else:
        sheet.fill([(-56, -72), (56, -72), (68, -54), (-68, -54)], LIGHT)
        sheet.fill(box(-68, -56, 68, 0, 10))
        sheet.line([(-68, -54), (68, -54)], DARK, width=5)
        sheet.line([(-66, -8), (66, -8)], DARK, width=4)
    return sheet


def bed(silhouette: str) -> Sheet:
    """Seen from the foot."""
    sheet = Sheet()
    if silhouette == "four-poster":
        sheet.fill(box(-140, -252, 140, -240), WOOD)
        for side in (-1, 1):
            sheet.fill([(side * 134, -240), (side * 100, -240), (side * 112, -170), (side * 134, -120)], PLAIN)
        sheet.fill(box(-112, -160, 112, -70, 6), SHADE)
    elif silhouette == "padded":
        sheet.fill(smooth([(-132, -60), (-134, -170), (-60, -184), (0, -194), (60, -184), (134, -170), (132, -60)]))
        for y, xs in ((-160, (-90, -45, 0, 45, 90)), (-136, (-68, -22, 22, 68))):
            for x in xs:
                sheet.dot((x, y), 4, DARK)
    else:
        sheet.fill(box(-136, -142, 136, -60, 6), WOOD)
        sheet.line([(-132, -102), (132, -102)], SHADE, width=4)
    for side in (-1, 1):
        sheet.fill(box(side * 62 - 50, -128, side * 62 + 50, -84, 18), "paper")
    sheet.fill(box(-36, -112, 36, -76, 14), ACCENT)
    sheet.fill([(-122, -92), (122, -92), (138, -44), (-138, -44)], "paper")
    sheet.fill([(-126, -80), (126, -80), (142, -36), (-142, -36)])
    sheet.fill(box(-142, -38, 142, -10, 6))
    if silhouette == "platform":
        sheet.fill(box(-146, -16, 146, -6), WOOD)
    for side in (-1, 1):
        top = -252 if silhouette == "four-poster" else -20
        sheet.fill(box(side * 136 - 6, top, side * 136 + 6, 0), WOOD)
    return sheet
