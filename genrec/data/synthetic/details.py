"""What is sewn onto a garment: collars, bands, buttons, zips, pockets, pleats."""

from __future__ import annotations

from genrec.data.synthetic.figure import Point, Pose, bezier, mirrored, oval, smooth
from genrec.data.synthetic.shapes import ACCENT, ARM, BODY, DARK, LIGHT, METAL, PLAIN, Sheet


def on(pose: Pose, points: list[Point]) -> list[Point]:
    """Points of the torso as that pose shows them."""
    return [pose.at(x, y) for x, y in points]


def folds(sheet: Sheet, cut: str, pose: Pose, waist: float, top: float, hem: float, bottom: float) -> None:
    count = {"pleated": 9, "a-line": 3, "maxi": 5, "gown": 5}.get(cut, 0)
    for i in range(count):
        place = 2 * (i + 1) / (count + 1) - 1
        start = top if cut == "pleated" else top + 30 + 14 * (i % 2)
        sheet.line([pose.at(place * waist * (1 if cut == "pleated" else 1.2), start), pose.at(place * hem, bottom + 2)])
    if cut == "pencil":
        sheet.line([pose.at(14, bottom - 44), pose.at(13, bottom)])


def neckband(sheet: Sheet, silhouette: str, pose: Pose, neck: float, dip: float) -> None:
    if silhouette == "cardigan":
        return
    if silhouette == "roll-neck":
        sheet.fill(on(pose, smooth(mirrored([(0, 82), (15, 84), (18, 100), (14, 112), (0, 115)]), closed=True)), PLAIN)
        sheet.line(on(pose, smooth([(-17, 96), (0, 101), (17, 96)])))
        return
    back = smooth([(-neck, 97), (0, 102), (neck, 97)])
    front = bezier((neck, 97), (neck, 98 + dip), (-neck, 98 + dip), (-neck, 97), 10)
    outer = bezier((-neck - 5, 98), (-neck, 106 + dip), (neck, 106 + dip), (neck + 5, 98), 10)
    sheet.fill(on(pose, [*back, *front]), DARK)
    sheet.fill(on(pose, [*front, *outer]), LIGHT)


def band(sheet: Sheet, pose: Pose, hem: float, bottom: float, height: float) -> None:
    """The ribbed hem."""
    sheet.fill(
        on(pose, mirrored([(0, bottom - height), (hem + 1, bottom - height), (hem, bottom), (0, bottom + 2)])), PLAIN
    )
    for i in range(-5, 6):
        sheet.line([pose.at(i * hem / 6, bottom - height + 1), pose.at(i * hem / 6, bottom)], width=0.8)


def placket(sheet: Sheet, pose: Pose, top: float, bottom: float, buttons: int) -> None:
    sheet.line([pose.at(0, top), pose.at(0, bottom + 2)])
    for i in range(buttons):
        sheet.dot(pose.at(4, top + 8 + (bottom - top - 16) * i / (buttons - 1)), 2.2)


def collar(sheet: Sheet, pose: Pose, size: float) -> None:
    sheet.fill(on(pose, smooth([(-14, 96), (0, 103), (14, 96), (0, 116)], closed=True)), DARK)
    for side in (-1, 1):
        points: list[Point] = [(0, 117), (side * 17, 93), (side * 23, 103), (side * size, 127)]
        sheet.fill(on(pose, points), LIGHT)


def lapels(sheet: Sheet, pose: Pose, low: float, paint: str = LIGHT, layer: str = BODY) -> None:
    sheet.fill(on(pose, mirrored([(0, low), (15, 97), (0, 101)])), DARK, layer)
    for side in (-1, 1):
        points: list[Point] = [(0, low), (side * 14, 95), (side * 24, 101), (side * 28, 132), (side * 20, 136)]
        sheet.fill(on(pose, points), paint, layer)


def hoodie(sheet: Sheet, silhouette: str, pose: Pose, bottom: float) -> None:
    sheet.fill(on(pose, smooth([(-17, 98), (0, 106), (17, 98), (10, 116), (0, 121), (-10, 116)], closed=True)), DARK)
    sheet.line([pose.at(-6, 118), pose.at(-7, 146)], LIGHT, width=2.6)
    sheet.line([pose.at(6, 118), pose.at(8, 142)], LIGHT, width=2.6)
    if silhouette == "zip-up":
        sheet.line([pose.at(0, 119), pose.at(0, bottom)], METAL, width=2.6)
        for side in (-1, 1):
            sheet.line([pose.at(side * 20, bottom - 42), pose.at(side * 32, bottom - 14)])
    else:
        low = bottom - 9
        sheet.fill(on(pose, mirrored([(0, low - 32), (20, low - 32), (33, low - 12), (33, low), (0, low)])), PLAIN)


def jacket(sheet: Sheet, silhouette: str, pose: Pose, bottom: float, hem: float) -> None:
    if silhouette == "blazer":
        lapels(sheet, pose, 178)
        sheet.line([pose.at(0, 178), pose.at(2, bottom + 2)])
        for y in (190, 210):
            sheet.dot(pose.at(5, y), 2.8, METAL)
        for side in (-1, 1):
            sheet.fill(on(pose, [(side * 16, 218), (side * 38, 216), (side * 38, 224), (side * 16, 226)]), PLAIN)
    elif silhouette == "biker":
        lapels(sheet, pose, 150)
        sheet.line([pose.at(-3, 150), pose.at(-14, bottom)], METAL, width=2.8)
        sheet.line([pose.at(18, 190), pose.at(34, 180)], METAL, width=2.4)
        sheet.line([pose.at(-24, 200), pose.at(-36, 192)], METAL, width=2.4)
        sheet.fill(on(pose, mirrored([(0, bottom - 8), (hem, bottom - 8), (hem, bottom), (0, bottom + 2)])), DARK)
    else:
        sheet.fill(on(pose, smooth(mirrored([(0, 92), (16, 90), (20, 103), (0, 113)]), closed=True)), PLAIN)
        sheet.line([pose.at(0, 112), pose.at(0, bottom)], METAL, width=2.4)
        if silhouette == "puffer":
            for y in range(130, int(bottom) - 6, 21):
                sheet.line(on(pose, smooth([(-60, y), (0, y + 6), (60, y)])), width=2)
        else:
            for side in (-1, 1):
                sheet.line([pose.at(side * 24, 196), pose.at(side * 34, 218)], METAL, width=2)


def coat(sheet: Sheet, silhouette: str, pose: Pose, bottom: float) -> None:
    layer = ARM if silhouette == "cape" else BODY
    if silhouette == "trench":
        lapels(sheet, pose, 160)
        sheet.fill(on(pose, mirrored([(0, 194), (44, 194), (44, 205), (0, 205)])), ACCENT)
        sheet.fill(on(pose, [(-6, 192), (6, 192), (6, 207), (-6, 207)]), METAL)
        for side in (-1, 1):
            for y in (172, 184, 222, 240):
                sheet.dot(pose.at(side * 11, y), 2.4, DARK)
    elif silhouette == "overcoat":
        lapels(sheet, pose, 170)
        for y in (184, 212, 240):
            sheet.dot(pose.at(5, y), 3, DARK)
        for side in (-1, 1):
            sheet.line([pose.at(side * 20, 244), pose.at(side * 42, 240)], width=2.4)
    elif silhouette == "parka":
        sheet.fill(on(pose, smooth(mirrored([(0, 108), (16, 96), (26, 96), (20, 114), (0, 126)]), closed=True)), ACCENT)
        sheet.line([pose.at(-4, 206), pose.at(-56, 206)], width=2)
        sheet.line([pose.at(4, 206), pose.at(56, 206)], width=2)
        for side in (-1, 1):
            sheet.fill(on(pose, [(side * 18, 236), (side * 46, 236), (side * 46, 272), (side * 18, 272)]), PLAIN)
            sheet.line([pose.at(side * 18, 246), pose.at(side * 46, 246)])
    else:
        sheet.fill(on(pose, oval(0, 104, 20, 9)), DARK, layer)
        for side in (-1, 1):
            sheet.fill(on(pose, [(0, 116), (side * 18, 96), (side * 25, 106), (side * 16, 128)]), LIGHT, layer)
            sheet.line([pose.at(side * 44, 190), pose.at(side * 50, 240)], layer=layer, width=2.2)
    sheet.line([pose.at(0, 178 if silhouette != "cape" else 124), pose.at(1, bottom + 2)], layer=layer)
