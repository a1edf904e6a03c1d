"""Tables, desks, shelves, cabinets. Standing at y = 0, centred on x = 0, painted in the item's colour."""

from __future__ import annotations

from genrec.data.synthetic.figure import oval, smooth
from genrec.data.synthetic.home.outlines import SHADE, WOOD, box, taper
from genrec.data.synthetic.shapes import ACCENT, DARK, LIGHT, METAL, PLAIN, SEAM, Sheet

_SPINES = ("red", "ochre", "blue", "green", "cream")  # of the books on a shelf


def dining_table(silhouette: str) -> Sheet:
    sheet = Sheet()
    if silhouette == "round":
        sheet.fill(smooth([(-13, -110), (-9, -60), (-14, -30), (14, -30), (9, -60), (13, -110)], closed=True), PLAIN)
        sheet.fill(
            smooth([(-62, 0), (-40, -14), (-12, -34), (12, -34), (40, -14), (62, 0), (0, -10)], closed=True), PLAIN
        )
        sheet.fill(oval(0, -108, 132, 26), DARK)
        sheet.fill(oval(0, -116, 132, 26))
    elif silhouette == "trestle":
        for side in (-1, 1):
            sheet.fill(taper(side * 92, -108, 0, 12, 12, side * 26), PLAIN)
            sheet.fill(taper(side * 92, -108, 0, 12, 12, side * -26), PLAIN)
            sheet.fill(box(side * 92 - 22, -44, side * 92 + 22, -36), DARK)
        sheet.fill(box(-92, -56, 92, -46), PLAIN)
        _top(sheet, 140, -110)
    else:
        for side in (-1, 1):
            sheet.fill(taper(side * 104, -108, -14, 12, 9), DARK)
        sheet.fill(box(-118, -104, 118, -84), PLAIN)
        _top(sheet, 134, -108)
        for side in (-1, 1):
            sheet.fill(taper(side * 120, -98, 0, 18, 12))
    return sheet


def coffee_table(silhouette: str) -> Sheet:
    sheet = Sheet()
    if silhouette == "round":
        for x in (-62, 0, 62):
            sheet.fill(taper(x * 0.8, -54, 0 if x else -6, 10, 5, x * 0.3), WOOD)
        sheet.fill(oval(0, -54, 100, 22), DARK)
        sheet.fill(oval(0, -61, 100, 22))
    elif silhouette == "slatted":
        for side in (-1, 1):
            sheet.fill(taper(side * 96, -60, 0, 12, 9, side * 6), WOOD)
        sheet.fill(box(-104, -28, 104, -20), PLAIN)
        for x in range(-90, 91, 18):
            sheet.line([(x, -26), (x, -22)], SEAM, width=3)
        sheet.fill(box(30, -44, 82, -36), LIGHT)
        sheet.fill(box(36, -36, 86, -28), ACCENT)
        _top(sheet, 120, -62)
    else:  # drum
        sheet.fill([(-78, -70), (78, -70), (74, -10), (-74, -10)], PLAIN)
        sheet.fill([*smooth([(-78, -70), (-74, -10), (0, 0), (74, -10), (78, -70)])])
        for x in (-60, -42, -22, 0, 22, 42, 60):
            sheet.line([(x, -58 + abs(x) * 0.06), (x * 0.95, -4 - abs(x) * 0.1)], SEAM, width=3)
        sheet.fill(oval(0, -72, 80, 18), LIGHT)
    return sheet


def desk(silhouette: str) -> Sheet:
    sheet = Sheet()
    if silhouette == "writing":
        for side in (-1, 1):
            sheet.fill(taper(side * 100, -108, -14, 8, 6), DARK)
        sheet.fill(box(-120, -104, 120, -78, 2), PLAIN)
        for x in (-60, 60):
            sheet.fill(box(x - 52, -100, x + 52, -82, 2))
            sheet.dot((x, -91), 5, METAL)
        _top(sheet, 132, -108)
        for side in (-1, 1):
            sheet.fill(taper(side * 116, -80, 0, 14, 7, side * 6), WOOD)
    else:
        sheet.fill(box(-118, -104, -106, 0))
        sheet.fill(box(-108, -100, 20, -84), DARK)
        sheet.fill(box(20, -104, 122, -4), PLAIN)
        for y in (-100, -70, -40):
            sheet.fill(box(28, y, 114, y + 26, 2))
            sheet.line([(60, y + 13), (82, y + 13)], METAL, width=5)
        sheet.fill(box(20, -4, 122, 0), DARK)
        _top(sheet, 134, -106)
    # What says that one works here: an open laptop and a lamp.
    sheet.fill([(-60, -158), (0, -158), (4, -122), (-64, -122)], DARK)
    sheet.fill([(-55, -153), (-5, -153), (-2, -127), (-58, -127)], "glass")
    sheet.fill(box(-70, -123, 10, -117), METAL)
    return sheet


def shelf(silhouette: str) -> Sheet:
    sheet = Sheet()
    if silhouette == "ladder":
        widths = {-216: 46, -160: 56, -104: 66, -48: 78}
        for side in (-1, 1):
            sheet.fill(taper(side * 40, -256, 0, 11, 11, side * 44))
        for number, (y, half) in enumerate(widths.items()):
            sheet.fill(box(-half - 8, y, half + 8, y + 11))
            _books(sheet, -half + 6, y, 3 + number, number)
        sheet.fill(smooth([(20, -216), (16, -240), (34, -250), (50, -238), (46, -216)], closed=True), "green")
    elif silhouette == "bookcase":
        sheet.fill(box(-80, -252, 80, 0))
        for number, y in enumerate((-240, -182, -124, -66)):
            sheet.fill(box(-68, y, 68, y + 48), SHADE)
            _books(sheet, -64, y + 48, 7 - number % 2, number)
        sheet.fill(box(-84, -258, 84, -248), PLAIN)
        sheet.fill(box(-80, -12, 80, 0), PLAIN)
    else:  # cube
        sheet.fill(box(-112, -176, 112, -4))
        for row in range(2):
            for column in range(3):
                x, y = -103 + column * 71, -168 + row * 83
                if (row + column) % 2:
                    sheet.fill(box(x, y, x + 64, y + 75), ACCENT)
                    sheet.dot((x + 32, y + 20), 6, METAL)
                else:
                    sheet.fill(box(x, y, x + 64, y + 75), SHADE)
                    _books(sheet, x + 4, y + 75, 4, row + column)
        for x in (-100, 100):
            sheet.fill(box(x - 6, -6, x + 6, 0), DARK)
    return sheet


def cabinet(silhouette: str) -> Sheet:
    sheet = Sheet()
    if silhouette == "sideboard":
        for x in (-112, 112):
            sheet.fill(taper(x, -40, 0, 13, 7, x * 0.08), WOOD)
        sheet.fill(box(-140, -128, 140, -34, 4), PLAIN)
        for x in (-92, 0, 92):
            sheet.fill(box(x - 42, -118, x + 42, -42, 2))
            sheet.dot((x + (30 if x < 50 else -30), -80), 6, METAL)
        sheet.fill(box(-144, -134, 144, -124, 2), LIGHT)
    elif silhouette == "chest":
        for x in (-76, 76):
            sheet.fill(box(x - 8, -16, x + 8, 0), WOOD)
        sheet.fill(box(-92, -176, 92, -12, 3), PLAIN)
        for y in (-164, -126, -88, -50):
            sheet.fill(box(-82, y, 82, y + 32, 2))
            for x in (-38, 38):
                sheet.dot((x, y + 16), 6, METAL)
        sheet.fill(box(-98, -184, 98, -172, 2), LIGHT)
    else:  # wardrobe
        for x in (-84, 84):
            sheet.fill(box(x - 10, -14, x + 10, 0), WOOD)
        sheet.fill(box(-98, -276, 98, -12, 3), PLAIN)
        for side in (-1, 1):
            left, right = sorted((side * 4, side * 88))
            sheet.fill(box(left, -262, right, -72))
            sheet.line([*box(left + 14, -248, right - 14, -92), (left + 14, -248)], SEAM, width=4)
            sheet.line([(side * 16, -176), (side * 16, -148)], METAL, width=7)
        sheet.fill(box(-88, -64, 88, -22))
        sheet.line([(-24, -43), (24, -43)], METAL, width=7)
        sheet.fill(box(-106, -288, 106, -272, 3), LIGHT)
    return sheet


def _top(sheet: Sheet, half: float, y: float) -> None:
    """A table's top, seen a little from above."""
    sheet.fill([(-half + 16, y - 20), (half - 16, y - 20), (half, y - 4), (-half, y - 4)])
    sheet.fill(box(-half, y - 5, half, y + 7), DARK)


def _books(sheet: Sheet, left: float, bottom: float, count: int, start: int) -> None:
    for number in range(count):
        height = (34, 28, 38, 31, 36)[(number + start) % 5]
        paint = _SPINES[(number * 2 + start) % 5]
        sheet.fill(box(left + number * 13, bottom - height, left + number * 13 + 12, bottom), paint)
