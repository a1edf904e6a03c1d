"""Shapes of garments with sleeves, legs and hems, cut for any pose of the mannequin."""

from __future__ import annotations

from genrec.data.synthetic.details import band, coat, collar, folds, hoodie, jacket, neckband, on, placket
from genrec.data.synthetic.figure import Point, Pose, across, bezier, mirrored, smooth, tube
from genrec.data.synthetic.shapes import ACCENT, ARM, BACK, DARK, LIGHT, METAL, PLAIN, STITCH, Sheet

# Half widths of the torso at shoulder, chest, waist and hem; how much lower the hem hangs.
FITS: dict[str, tuple[float, float, float, float, float]] = {
    "slim": (46, 44, 37, 42, -2), "regular": (50, 49, 47, 50, 0), "oversized": (58, 60, 62, 64, 20),
    "cropped": (51, 51, 51, 50, -48), "crew-neck": (50, 49, 48, 48, 0), "roll-neck": (48, 47, 44, 46, 2),
    "cardigan": (50, 50, 49, 51, 10), "pullover": (52, 53, 54, 52, 2), "zip-up": (51, 52, 51, 50, 4),
    "bomber": (53, 56, 58, 49, -8), "blazer": (54, 50, 44, 54, 26), "biker": (50, 49, 43, 46, -18),
    "puffer": (57, 60, 61, 57, 2), "trench": (53, 50, 42, 66, 116), "overcoat": (55, 54, 53, 58, 104),
    "parka": (56, 58, 57, 60, 76), "cape": (40, 70, 92, 104, 66),
}  # fmt: skip
# Half widths of a trouser leg at knee and ankle, and how far down it goes.
LEGS: dict[str, tuple[float, float, float]] = {
    "slim": (17, 12, 0.97), "straight": (20, 19, 0.98), "wide-leg": (27, 36, 1.0), "tapered": (23, 12, 0.86),
    "skinny": (14, 9, 0.97), "flared": (16, 31, 1.0), "baggy": (29, 28, 0.99), "tailored": (22, 23, 0.42),
    "cargo": (26, 27, 0.53), "running": (27, 30, 0.28),
}  # fmt: skip
# Half widths of a skirt at hip and hem, the hem's height.
SKIRTS: dict[str, tuple[float, float, float]] = {
    "pencil": (45, 37, 352), "a-line": (50, 80, 318), "pleated": (52, 88, 338), "maxi": (50, 72, 442),
    "sheath": (44, 40, 336), "fit-and-flare": (54, 92, 326), "slip": (45, 54, 366), "gown": (50, 80, 442),
}  # fmt: skip
HEM, SHOULDER = 248.0, 110.0
_CAP = [(-0.05, 5.0), (0.0, 10.0), (0.07, 14.0)]  # the rounded top of a sleeve


def upper(category: str, silhouette: str, pose: Pose) -> Sheet:
    """T-shirt to coat: a body, two sleeves, and what makes each of them what it is."""
    sheet = Sheet()
    shoulder, chest, waist, hem, drop = FITS[silhouette]
    bottom = HEM + drop + (12 if category == "shirt" else 0)
    neck, dip = (19, 17) if category == "t-shirt" else (16, 11)
    if category == "hoodie" or silhouette == "parka":
        hood = mirrored([(0, 68), (22, 72), (31, 92), (27, 116), (0, 124)])
        sheet.fill(on(pose, smooth(hood, closed=True)), PLAIN, BACK)
        sheet.fill(on(pose, smooth(mirrored([(0, 80), (14, 84), (20, 100), (0, 120)]), closed=True)), DARK, BACK)
    sides = smooth([(shoulder, SHOULDER + 4), (chest, 152), (waist, 200), (hem, bottom)])
    if silhouette in ("bomber", "puffer", "pullover"):
        sides = smooth(
            [(shoulder, SHOULDER + 4), (chest, 156), (waist + 1, 212), (hem + 3, bottom - 12), (hem, bottom)]
        )
    neckline = bezier((0, 100 + dip), (neck * 0.6, 100 + dip), (neck, 98 + dip * 0.5), (neck, 97), 5)
    body = mirrored([*neckline, *sides, (0, bottom + 3)])
    if silhouette == "cape":
        sheet.fill(on(pose, body), layer=ARM)
        coat(sheet, silhouette, pose, bottom)
        return sheet
    sheet.fill(on(pose, body))
    _sleeves(sheet, category, silhouette, pose)
    if category in ("t-shirt", "sweater"):
        neckband(sheet, silhouette, pose, neck, dip)
    if category in ("sweater", "hoodie") or silhouette == "bomber":
        band(sheet, pose, hem, bottom, 8)
    if category == "shirt":
        collar(sheet, pose, 15)
        placket(sheet, pose, 118, bottom, buttons=6)
    if silhouette == "cardigan":
        sheet.fill(on(pose, mirrored([(0, 168), (15, 98), (10, 98), (0, 154)])), DARK)
        placket(sheet, pose, 166, bottom, buttons=4)
    if category == "hoodie":
        hoodie(sheet, silhouette, pose, bottom)
    if category == "jacket":
        jacket(sheet, silhouette, pose, bottom, hem)
    if category == "coat":
        coat(sheet, silhouette, pose, bottom)
    return sheet


def lower(silhouette: str, pose: Pose, category: str) -> Sheet:
    """Trousers, jeans and shorts."""
    sheet = Sheet()
    knee, ankle, length = LEGS[silhouette]
    for outline in _legs(pose, knee, ankle, length):
        sheet.fill(outline)
    sheet.line([pose.at(-35, 214), pose.at(35, 214)])
    if category == "jeans":
        for side in (-1, 1):
            pocket = bezier((side * 16, 215), (side * 20, 228), (side * 30, 232), (side * 42, 233), 5)
            sheet.line(on(pose, pocket), STITCH, width=2)
            sheet.line([pose.at(side * 24, 205), pose.at(side * 24, 213)], STITCH, width=2.4)
        sheet.line([pose.at(6, 216), pose.at(7, 240), pose.at(1, 250)], STITCH, width=2)
        for leg in pose.legs:
            if silhouette in ("straight", "baggy"):  # turned up
                sheet.fill(tube(leg, [(length - 0.1, ankle + 2.5), (length, ankle + 2.5)]), LIGHT)
            else:
                sheet.line(across(leg, length - 0.03, ankle - 1), STITCH, width=2)
        sheet.dot(pose.at(0, 210), 2.4, METAL)
    elif silhouette == "running":
        sheet.line([pose.at(-6, 212), pose.at(-8, 228)], LIGHT, width=2.4)
        sheet.line([pose.at(5, 212), pose.at(8, 230)], LIGHT, width=2.4)
    else:
        for side in (-1, 1):
            sheet.line([pose.at(side * 26, 216), pose.at(side * 36, 238)])
            if silhouette in ("slim", "straight", "wide-leg", "tailored"):  # the crease
                (hip, mid, end) = pose.legs[(side + 1) // 2]
                last = end if length > 0.6 else (mid[0], mid[1] - 36)
                sheet.line([(hip[0], hip[1] + 6), mid if length > 0.6 else last, (last[0], last[1] - 4)], width=0.9)
    if silhouette == "cargo":
        for side, leg in zip((-1, 1), pose.legs, strict=True):
            x, y = (leg[0][0] + leg[1][0]) / 2 + side * 12, 306
            sheet.fill([(x - 11, y), (x + 11, y), (x + 11, y + 27), (x - 11, y + 27)], PLAIN)
            sheet.line([(x - 11, y + 8), (x + 11, y + 8)])
    return sheet


def skirt(silhouette: str, pose: Pose) -> Sheet:
    sheet = Sheet()
    hip, hem, bottom = SKIRTS[silhouette]
    sheet.fill(on(pose, _flare(34, 204, hip, hem, bottom)))
    folds(sheet, silhouette, pose, 34, 212, hem, bottom)
    sheet.line([pose.at(-35, 212), pose.at(35, 212)])
    return sheet


def dress(silhouette: str, pose: Pose) -> Sheet:
    sheet = Sheet()
    cut = "gown" if silhouette == "maxi" else silhouette
    hip, hem, bottom = SKIRTS[cut]
    waist = {"sheath": 39.0, "slip": 41.0}.get(silhouette, 34.0)
    if silhouette == "slip":
        top: list[Point] = [(0, 142), (14, 136), (26, 124), (32, 130), (43, 150)]
        for side in (-1, 1):
            sheet.line([pose.at(side * 26, 126), pose.at(side * 25, 104)], PLAIN, width=3.2)
    elif silhouette == "maxi":
        top = [(0, 148), (18, 100), (30, 103), (44, 112), (45, 150)]
    else:
        top = [*bezier((0, 118), (14, 118), (20, 110), (21, 99), 4), (38, 106), (41, 124), (44, 150)]
    sides = smooth([top[-1], (waist, 196), (hip, 242), ((hip + hem) / 2 + 1, (242 + bottom) / 2), (hem, bottom)])
    sheet.fill(on(pose, mirrored([*top[:-1], *sides, *_hem(hem, bottom)])))
    if silhouette in ("fit-and-flare", "maxi"):
        for arm in pose.arms:
            wide = 24 if silhouette == "maxi" else 17
            sheet.fill(tube(arm, [*_CAP, (0.14, 16), (0.3, wide)]), layer=ARM)
        sheet.fill(on(pose, mirrored([(0, 192), (waist + 1, 192), (waist + 1, 201), (0, 201)])), ACCENT)
        folds(sheet, "pleated" if silhouette == "fit-and-flare" else cut, pose, waist, 203, hem, bottom)
    elif silhouette == "sheath":
        for side in (-1, 1):
            sheet.line(on(pose, smooth([(side * 22, 140), (side * 19, 196), (side * 24, 240)])))
        sheet.line([pose.at(0, bottom - 34), pose.at(0, bottom)])
    return sheet


def _hem(hem: float, bottom: float) -> list[Point]:
    return bezier((hem, bottom), (hem * 0.6, bottom + 6), (hem * 0.3, bottom + 7), (0, bottom + 7), 4)[1:]


def _flare(waist: float, top: float, hip: float, hem: float, bottom: float) -> list[Point]:
    sides = smooth([(waist, top), (hip, 244), ((hip + hem) / 2 + 1, (244 + bottom) / 2), (hem, bottom)])
    return mirrored([(0, top), *sides, *_hem(hem, bottom)])


def _legs(pose: Pose, knee: float, ankle: float, length: float) -> list[list[Point]]:
    """An outline for each leg, from the waist down and back up to the middle seam."""
    outlines = []
    for side, joints in zip((-1, 1), pose.legs, strict=True):
        if length < 0.6:
            cut = tube(joints, [(0.2, knee), (length, ankle)])
        else:
            cut = tube(joints, [(0.24, max(knee, 21)), (0.48, knee), (0.75, (knee + ankle) / 2), (length, ankle)])
        half = len(cut) // 2
        one, other = cut[:half], list(reversed(cut[half:]))
        outer, inner = (one, other) if side < 0 else (other, one)
        hips = smooth([pose.at(side * 35, 204), pose.at(side * 45, 246)])
        outlines.append([pose.at(0, 204), *hips, *outer, *reversed(inner), pose.at(0, 266)])
    return outlines


def _sleeves(sheet: Sheet, category: str, silhouette: str, pose: Pose) -> None:
    roomy = {"oversized": 5.0, "puffer": 6.0, "parka": 4.0, "bomber": 3.0, "slim": -2.0}.get(silhouette, 0.0)
    thick = roomy + (0 if category in ("t-shirt", "shirt") else 2)
    for arm in pose.arms:
        if category == "t-shirt":
            end = 0.46 if silhouette == "oversized" else 0.36
            sheet.fill(tube(arm, [*_CAP, (0.16, 17 + thick), (end, 17 + thick)]), layer=ARM)
            continue
        cuff = 9 + thick * 0.7
        widths = [*_CAP, (0.2, 15 + thick), (0.55, 13 + thick), (0.9, cuff + 2), (0.95, cuff)]
        sheet.fill(tube(arm, widths), layer=ARM)
        if category in ("sweater", "hoodie", "shirt") or silhouette == "bomber":
            sheet.fill(tube(arm, [(0.88, cuff + 1.5), (0.96, cuff)]), PLAIN if category != "shirt" else LIGHT, ARM)
        if silhouette == "puffer":
            for place in (0.2, 0.4, 0.6, 0.8):
                sheet.line(across(arm, place, 19 if place < 0.5 else 17), layer=ARM)
