"""Lamps. A floor lamp stands at y = 0, a pendant hangs from y = 0, a wall lamp is centred on the origin."""

from __future__ import annotations

import math

from genrec.data.synthetic.figure import bezier, oval, smooth
from genrec.data.synthetic.home.outlines import GLOW, box, dome, taper
from genrec.data.synthetic.shapes import DARK, LIGHT, METAL, PLAIN, SEAM, Sheet


def floor_lamp(silhouette: str) -> Sheet:
    sheet = Sheet()
    if silhouette == "arc":
        sheet.fill(oval(-66, -8, 46, 9), METAL)
        arc = bezier((-66, -12), (-76, -330), (70, -350), (72, -206), 16)
        sheet.line(arc, METAL, width=9)
        sheet.fill(oval(72, -158, 26, 8), GLOW)
        sheet.fill(dome(14, 130, -216, -158))
        sheet.line([(16, -160), (128, -160)], DARK, width=6)
    elif silhouette == "tripod":
        for splay in (-66, 66, 4):
            sheet.fill(taper(0, -160, 0 if splay != 4 else -10, 10, 8, splay), "wood")
        sheet.fill(oval(0, -162, 40, 8), GLOW)
        sheet.fill([(-50, -262), (50, -262), (70, -162), (-70, -162)])
        sheet.line([(-70, -165), (70, -165)], DARK, width=5)
    else:  # torchiere
        sheet.fill(oval(0, -8, 44, 9), METAL)
        sheet.fill(box(-5, -240, 5, -8), METAL)
        sheet.fill(oval(0, -266, 60, 12), GLOW)
        bowl = bezier((62, -266), (48, -222), (20, -224), (0, -222), 6)
        sheet.fill([*bowl, *((-x, y) for x, y in reversed(bowl))])
        sheet.fill(box(-10, -226, 10, -212, 3), DARK)
    return sheet


def pendant(silhouette: str) -> Sheet:
    sheet = Sheet()
    sheet.fill(box(-18, 0, 18, 10, 3), METAL)
    sheet.line([(0, 8), (0, 76)], DARK, width=5)
    if silhouette == "dome":
        sheet.fill(oval(0, 152, 34, 13), GLOW)
        sheet.fill(dome(-84, 84, 76, 150))
        sheet.line([(-84, 148), (84, 148)], DARK, width=7)
        sheet.fill(box(-12, 66, 12, 82, 3), METAL)
    elif silhouette == "globe":
        sheet.fill(oval(0, 132, 60, 60))
        sheet.fill(oval(-20, 112, 15, 12), GLOW)
        sheet.fill(box(-18, 64, 18, 82, 4), METAL)
    else:  # a ribbed paper lantern, wider than high
        sheet.fill(oval(0, 128, 88, 54))
        for y in range(-40, 41, 16):
            half = 88 * math.sqrt(1 - (y / 54) * (y / 54))
            sheet.line(smooth([(-half, 128 + y), (0, 134 + y), (half, 128 + y)]), SEAM, width=3)
        sheet.fill(oval(0, 76, 22, 6), DARK)
        sheet.fill(oval(0, 180, 20, 5), GLOW)
    return sheet


def wall_lamp(silhouette: str) -> Sheet:
    sheet = Sheet()
    if silhouette == "shade":
        sheet.fill(box(-14, 20, 14, 72, 12), METAL)
        sheet.line([(0, 44), (0, 16)], METAL, width=8)
        sheet.fill(oval(0, 22, 34, 7), GLOW)
        sheet.fill([(-36, -58), (36, -58), (54, 20), (-54, 20)])
        sheet.line([(-54, 18), (54, 18)], DARK, width=5)
    elif silhouette == "swing-arm":
        sheet.fill(box(-82, -22, -60, 66, 8), METAL)
        sheet.line([(-70, 30), (0, 46), (44, -8)], METAL, width=8)
        sheet.dot((0, 46), 9, DARK)
        sheet.fill(oval(48, 26, 26, 8), GLOW)
        sheet.fill([(32, -38), (62, -38), (90, 26), (6, 26)])
    else:
        sheet.fill(oval(0, 0, 17, 17), METAL)
        sheet.line(smooth([(-50, -8), (-40, 26), (0, 30), (40, 26), (50, -8)]), METAL, width=8)
        sheet.line([(0, 4), (0, 30)], METAL, width=8)
        for side in (-1, 1):
            sheet.fill(oval(side * 52, -30, 32, 32))
            sheet.fill(oval(side * 52 - 10, -40, 8, 7), GLOW)
            sheet.fill(box(side * 52 - 12, -2, side * 52 + 12, 8), PLAIN)
            sheet.line([(side * 52 - 18, -52), (side * 52 + 18, -52)], LIGHT, width=2)
    return sheet
