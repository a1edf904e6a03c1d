"""Shoes, bags and hats: how they lie on the table, and where they sit on the mannequin."""

from __future__ import annotations

from genrec.data.synthetic.figure import AXIS, Point, Pose, bezier, mirrored, oval, smooth
from genrec.data.synthetic.shapes import ACCENT, ARM, BACK, DARK, LIGHT, METAL, PLAIN, SOLE, Shape, Sheet


def flat(category: str, silhouette: str) -> list[Shape]:
    """The thing alone, about 200 units wide, centred on the origin."""
    if category == "shoes":
        one = shoe(silhouette)
        right, up = (52, -56) if silhouette == "ankle boot" else (22, -44)
        return [part.moved(0.94, right, up) for part in one] + [part.moved(1, -14, 30) for part in one]
    return bag(silhouette) if category == "bag" else hat(silhouette)


def worn(category: str, silhouette: str, pose: Pose) -> list[Shape]:
    if category == "shoes":
        (_, _, left), (_, _, right) = pose.legs
        one = shoe(silhouette)
        outward = [part.moved(0.3, left[0] - 11, left[1] + 8) for part in one]
        return outward + [part.moved(0.3, right[0] + 11, right[1] + 8, mirror=True) for part in one]
    if category == "hat":
        return [part.moved(0.41, AXIS, 50) for part in hat(silhouette)]
    return _carried(silhouette, pose)


def shoe(silhouette: str) -> list[Shape]:
    """From the side, the toe to the left."""
    sheet = Sheet()
    if silhouette == "sneaker":
        upper: list[Point] = [(-98, 18), (-92, 0), (-50, -14), (-16, -46), (30, -44), (60, -40), (88, -50), (98, 20)]
        sheet.fill(smooth([*upper, (0, 24)], closed=True))
        sheet.fill(smooth([(-98, 20), (-96, 2), (-72, -6), (-60, 20)], closed=True), LIGHT)
        sheet.fill(smooth([(66, -40), (88, -48), (96, -10), (74, -14)], closed=True), ACCENT)
        sheet.fill(smooth([(-104, 14), (0, 16), (102, 12), (104, 32), (60, 36), (-90, 36)], closed=True), SOLE)
        for i in range(4):
            x, y = -42 + i * 15, -18 - i * 9
            sheet.line([(x, y), (x + 18, y + 8)], SOLE, width=5)
    elif silhouette == "ankle boot":
        upper = [(-100, 22), (-92, -2), (-46, -16), (-8, -40), (0, -98), (40, -104), (74, -98), (78, -40), (86, 20)]
        sheet.fill(smooth([*upper, (0, 26)], closed=True))
        sheet.fill([(14, -99), (42, -103), (44, -40), (24, -40)], DARK)
        sheet.line(smooth([(-60, 20), (-54, -2), (-40, -16)]), width=2.6)
        sheet.fill([(-104, 20), (88, 18), (88, 44), (46, 44), (44, 32), (-100, 32)], DARK)
    elif silhouette == "loafer":
        upper = [(-100, 22), (-94, 0), (-52, -14), (-10, -26), (26, -12), (62, -22), (88, -28), (96, 20)]
        sheet.fill(smooth([*upper, (0, 26)], closed=True))
        sheet.fill(smooth([(-46, -14), (-12, -26), (8, -16), (2, 4), (-34, 4)], closed=True), PLAIN)
        sheet.fill([(-34, -10), (0, -14), (2, -4), (-32, 0)], METAL)
        sheet.fill(smooth([(10, -17), (30, -14), (60, -21), (84, -27), (60, -10), (30, -6)], closed=True), DARK)
        sheet.fill([(-102, 20), (98, 18), (98, 38), (52, 38), (48, 30), (-96, 30)], DARK)
    else:
        toe, top = (
            bezier((-100, 46), (-70, 14), (-30, 20), (20, -6), 6),
            bezier((20, -6), (50, -40), (70, -40), (92, -44)),
        )
        heel, sole = bezier((92, -44), (100, -20), (96, 0), (90, 8), 4), bezier((90, 8), (40, 6), (0, 58), (-96, 56), 8)
        sheet.fill([*toe, *top, *heel, *sole])
        sheet.fill(smooth([(16, -5), (52, -30), (88, -43), (66, -20), (34, 0)], closed=True), DARK)
        sheet.fill([(72, 4), (94, -4), (90, 58), (82, 58)], DARK)
    return sheet.shapes


def bag(silhouette: str) -> list[Shape]:
    sheet = Sheet()
    if silhouette == "tote":
        for y, paint in ((-104, DARK), (-96, PLAIN)):
            sheet.line(bezier((-40, -38), (-36, y - 26), (36, y - 26), (40, -38), 12), paint, width=8)
        sheet.fill([(-84, -46), (84, -46), (70, 92), (-70, 92)])
        sheet.fill([(-85, -46), (85, -46), (83, -30), (-83, -30)], ACCENT)
        for x in (-40, 40):
            sheet.dot((x, -36), 5, METAL)
    elif silhouette == "backpack":
        sheet.line(bezier((-18, -92), (-14, -122), (14, -122), (18, -92), 10), DARK, width=8)
        for side in (-1, 1):
            sheet.fill(smooth([(side * 58, -40), (side * 84, 0), (side * 80, 74), (side * 58, 84)], closed=True), DARK)
        sheet.fill(smooth(mirrored([(0, -100), (40, -96), (64, -58), (70, 20), (66, 88), (0, 96)]), closed=True))
        sheet.fill(smooth(mirrored([(0, 12), (44, 14), (48, 48), (42, 80), (0, 82)]), closed=True), PLAIN)
        sheet.line([(-40, 30), (40, 30)], METAL, width=4)
        sheet.line(smooth([(-62, -40), (-40, -66), (0, -72), (40, -66), (62, -40)]), METAL, width=4)
        sheet.fill([(-12, -56), (12, -56), (12, -38), (-12, -38)], ACCENT)
    else:
        sheet.line(bezier((-74, -14), (-66, -130), (66, -130), (74, -14), 14), DARK, width=7)
        sheet.fill(smooth(mirrored([(0, -30), (66, -28), (82, -6), (80, 60), (58, 78), (0, 80)]), closed=True))
        sheet.fill(smooth(mirrored([(0, -32), (70, -30), (84, -8), (62, 22), (0, 34)]), closed=True), PLAIN)
        sheet.fill([(-10, 22), (10, 22), (10, 42), (-10, 42)], METAL)
        for side in (-1, 1):
            sheet.dot((side * 75, -14), 6, METAL)
    return sheet.shapes


def hat(silhouette: str) -> list[Shape]:
    """Around a head of 114 × 150 units, whose brow is at the origin."""
    sheet = Sheet()
    if silhouette == "beanie":
        sheet.fill(smooth(mirrored([(0, -86), (40, -76), (62, -40), (64, 0), (0, 6)]), closed=True))
        sheet.fill(smooth(mirrored([(0, -16), (64, -18), (70, 0), (64, 18), (0, 22)]), closed=True), PLAIN)
        for i in range(-5, 6):
            sheet.line([(i * 11.5, -14), (i * 11.5, 17)], width=2.4)
        sheet.fill(oval(0, -92, 19, 18), ACCENT)
    elif silhouette == "cap":
        sheet.fill(smooth(mirrored([(0, -72), (42, -62), (62, -26), (64, 4), (0, 6)]), closed=True))
        for side in (-1, 1):
            sheet.line(smooth([(0, -72), (side * 24, -40), (side * 28, 4)]), width=2.4)
        peak: list[Point] = [(-62, 0), (0, -12), (62, 0), (72, 26), (40, 24), (0, 18), (-40, 24), (-72, 26)]
        sheet.fill(smooth(peak, closed=True), ACCENT)
        sheet.dot((0, -73), 6, DARK)
    elif silhouette == "wide-brim":
        sheet.fill(oval(0, 6, 128, 29))
        sheet.fill(smooth(mirrored([(0, -70), (34, -78), (54, -50), (60, 2), (0, 14)]), closed=True))
        sheet.fill([*smooth([(-59, -18), (0, -8), (59, -18)]), *smooth([(61, 2), (0, 14), (-61, 2)])], ACCENT)
        sheet.line(smooth([(-26, -66), (0, -58), (26, -66)]), width=2.6)
    else:
        sheet.fill(smooth([(-60, -8), (60, -8), (94, 30), (50, 44), (0, 48), (-50, 44), (-94, 30)], closed=True))
        sheet.fill(smooth(mirrored([(0, -72), (46, -68), (58, -40), (64, -2), (0, 8)]), closed=True))
        sheet.line(smooth([(-74, 14), (0, 30), (74, 14)]), width=2.4)
        sheet.line(smooth([(-82, 22), (0, 38), (82, 22)]), width=2.4)
    return sheet.shapes


def _carried(silhouette: str, pose: Pose) -> list[Shape]:
    """A tote hangs from a hand, a crossbody lies on the hip, a backpack looks out behind the shoulders."""
    parts = bag(silhouette)
    if silhouette == "tote":
        hand = max((arm[2] for arm in pose.arms), key=lambda joint: joint[1])
        side = -1 if hand[0] < AXIS else 1
        return [Shape(p.points, p.paint, ARM, p.stroke).moved(0.42, hand[0] + side * 4, hand[1] + 58) for p in parts]
    sheet = Sheet()
    if silhouette == "crossbody":
        sheet.line(smooth([pose.at(-30, 104), pose.at(2, 172), pose.at(34, 236)]), DARK, width=4)
        body = [p for p in parts if not p.stroke]
        return sheet.shapes + [p.moved(0.36, *pose.at(38, 252)) for p in body]
    behind = [Shape(p.points, p.paint, BACK, p.stroke).moved(0.8, AXIS, 172) for p in parts]
    for side in (-1, 1):
        strap: list[Point] = [pose.at(side * 24, 101), pose.at(side * 31, 140), pose.at(side * 42, 186)]
        sheet.line(smooth(strap), PLAIN, width=9)
    return behind + sheet.shapes
