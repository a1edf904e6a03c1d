"""What stands in a room already and tells which kind it is. At y = 0 on the floor, about 80 units wide."""

from __future__ import annotations

from genrec.data.synthetic.figure import oval, smooth
from genrec.data.synthetic.home.outlines import box, taper
from genrec.data.synthetic.palette import RGB
from genrec.data.synthetic.shapes import Sheet

PAINTS: dict[str, RGB] = {
    "pot": (196, 112, 78), "leaf": (88, 132, 88), "stem": (116, 90, 66), "wood": (168, 124, 84), "dark": (112, 80, 58),
    "cream": (244, 236, 218), "glow": (255, 236, 168), "red": (184, 74, 62), "ochre": (216, 168, 78),
    "blue": (74, 104, 142), "green": (92, 132, 98), "metal": (164, 164, 168), "glass": (206, 224, 230),
    "outline": (70, 58, 54),
}  # fmt: skip


def props(kind: str) -> Sheet:
    """living room: a big plant. bedroom: a night table. study: books. dining room: plates. hallway: a coat stand."""
    sheet = Sheet()
    if kind == "living room":
        sheet.line([(0, -60), (2, -190)], "stem", width=8)
        for x, y, dx in ((-6, -110, -44), (6, -124, 42), (-4, -150, -46), (6, -168, 46), (0, -186, -30), (2, -196, 26)):
            leaf = [(x, y), (x + dx * 0.5, y - 30), (x + dx, y - 24), (x + dx * 0.7, y + 2)]
            sheet.fill(smooth([(float(a), float(b)) for a, b in leaf], closed=True), "leaf")
        sheet.fill([(-32, -62), (32, -62), (24, 0), (-24, 0)], "pot")
        sheet.fill(box(-36, -72, 36, -56, 3), "pot")
    elif kind == "bedroom":
        for side in (-1, 1):
            sheet.fill(taper(side * 30, -20, 0, 10, 6), "dark")
        sheet.fill(box(-42, -86, 42, -16, 3), "wood")
        sheet.fill(box(-34, -76, 34, -50), "wood")
        sheet.fill(box(-34, -46, 34, -24), "wood")
        for y in (-63, -35):
            sheet.fill(oval(0, y, 5, 5), "metal")
        sheet.fill(smooth([(-8, -122), (-16, -104), (-12, -86), (12, -86), (16, -104), (8, -122)]), "blue")
        sheet.fill([(-22, -168), (22, -168), (36, -120), (-36, -120)], "glow")
    elif kind == "study":
        sheet.fill(box(-46, -282, 80, 0), "dark")
        for row, bottom in enumerate((-226, -172, -118, -64, -12)):
            sheet.fill(box(-38, bottom - 46, 80, bottom), "wood")
            for book in range(5):
                height = (36, 30, 40, 33, 38)[(book + row) % 5]
                paint = ("red", "cream", "blue", "ochre", "green")[(book * 2 + row) % 5]
                sheet.fill(box(-34 + book * 16, bottom - height, -20 + book * 16, bottom), paint)
    elif kind == "dining room":
        sheet.fill(box(-46, -86, 80, 0, 2), "wood")
        sheet.fill(box(-36, -74, 20, -14), "wood")
        sheet.fill(oval(10, -44, 5, 5), "metal")
        sheet.fill(box(-40, -258, 80, -84), "dark")
        for y in (-246, -168):
            sheet.fill(box(-32, y, 80, y + 72), "glass")
            for x in (-10, 32):
                sheet.fill(oval(x, y + 42, 19, 19), "cream")
                sheet.fill(oval(x, y + 42, 9, 9), "blue")
    else:
        sheet.fill(box(-4, -270, 4, -8), "dark")
        for splay in (-34, 34):
            sheet.fill(taper(0, -24, 0, 9, 7, splay), "dark")
        for side in (-1, 1):
            sheet.line([(0, -240), (side * 26, -262)], "dark", width=7)
        sheet.fill(smooth([(-26, -250), (-40, -200), (-42, -110), (0, -100), (2, -244)], closed=True), "ochre")
        sheet.line([(-20, -240), (-22, -112)], "outline", width=3)
        sheet.fill(smooth([(-8, -266), (0, -290), (20, -290), (28, -266)]), "blue")
        sheet.fill(oval(10, -266, 32, 6), "blue")
        sheet.line([(32, -14), (26, -98)], "red", width=8)
    return sheet
