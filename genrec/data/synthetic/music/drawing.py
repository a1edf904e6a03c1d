"""Cover art: the genre's motif in the mood's colours, the lead instrument on a plate, the era's way to make a cover.

Genre, mood, era and instrument can be told from the picture; who plays shows a little in the motif. Drawn at four
times the size and averaged down, like all pictures of the synthetic worlds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zlib import crc32

from PIL import Image, ImageDraw

from genrec.data.synthetic.fabric import luminance, mix
from genrec.data.synthetic.music.icons import BODY, EDGE, HOLE, KEY, icon
from genrec.data.synthetic.music.motifs import Inks, motif
from genrec.data.synthetic.palette import RGB
from genrec.data.synthetic.rendering import CANVAS, SCALE, draw

PALETTES: dict[str, Inks] = {
    "upbeat": Inks((255, 206, 70), (240, 96, 66), (255, 244, 214), (60, 44, 84)),
    "romantic": Inks((246, 178, 192), (204, 72, 116), (255, 232, 228), (98, 26, 64)),
    "calm": Inks((172, 216, 204), (84, 152, 150), (234, 246, 238), (40, 78, 92)),
    "melancholic": Inks((84, 106, 158), (48, 62, 108), (158, 176, 214), (22, 28, 58)),
    "dark": Inks((40, 34, 48), (138, 34, 54), (92, 78, 112), (10, 8, 16)),
}
_WHITE: RGB = (250, 248, 242)
_BLACK: RGB = (22, 20, 26)


def picture(item: Mapping[str, Any]) -> Image.Image:
    """The cover, RGB 128 × 128. item: genre, mood, era, instrument, artist, as they stand in the catalogue."""
    inks = PALETTES[item["mood"]]
    art = Image.new("RGB", (CANVAS, CANVAS), inks.ground)
    motif(ImageDraw.Draw(art), item["genre"], inks, crc32(item["artist"].encode()) % 4)
    _plate(art, item["instrument"], inks)
    return _cover(art, item["era"], inks).reduce(SCALE)


def _plate(art: Image.Image, instrument: str, inks: Inks) -> None:
    """A record in the middle, and on it the instrument."""
    brush = ImageDraw.Draw(art)
    middle = CANVAS // 2
    light = mix(inks.second, _WHITE, 55)
    for radius, colour in ((146, inks.ink), (136, light), (126, mix(light, inks.ink, 8)), (122, light)):
        brush.ellipse((middle - radius, middle - radius, middle + radius, middle + radius), colour)
    dark = inks.ink if luminance(inks.ink) < 60 else mix(inks.ink, _BLACK, 40)
    paints = {
        BODY: mix(inks.motif, inks.ink, 10), EDGE: mix(dark, inks.motif, 30), HOLE: dark, KEY: _WHITE, "outline": dark,
    }  # fmt: skip
    shapes = [shape.moved(1.24, middle, middle) for shape in icon(instrument)]
    draw(art, shapes, art, paints, 5)


def _cover(art: Image.Image, era: str, inks: Inks) -> Image.Image:
    """The art, framed as covers were in its time."""
    cover = Image.new("RGB", (CANVAS, CANVAS), _WHITE)
    brush = ImageDraw.Draw(cover)
    if era == "sixties":  # a cream sleeve, the title above, «stereo» across
        cream: RGB = (240, 228, 200)
        brush.rectangle((0, 0, CANVAS, CANVAS), cream)
        cover.paste(art.resize((400, 400), Image.Resampling.BOX), (56, 92))
        brush.rectangle((54, 90, 458, 494), outline=mix(cream, _BLACK, 70), width=4)
        brush.rectangle((56, 24, 300, 46), _BLACK)
        brush.rectangle((56, 58, 220, 72), mix(cream, _BLACK, 50))
        for number in range(3):
            brush.rectangle((340, 24 + number * 18, 456, 34 + number * 18), inks.motif)
    elif era == "eighties":  # black, with neon lines and stripes across a corner
        neon: RGB = (255, 64, 168)
        other: RGB = (56, 226, 236)
        brush.rectangle((0, 0, CANVAS, CANVAS), _BLACK)
        cover.paste(art.resize((432, 432), Image.Resampling.BOX), (40, 40))
        brush.rectangle((14, 14, CANVAS - 15, CANVAS - 15), outline=neon, width=9)
        brush.rectangle((32, 32, CANVAS - 33, CANVAS - 33), outline=other, width=7)
        for number, colour in enumerate((neon, other, (255, 226, 72))):
            near = 70 + number * 34
            brush.polygon([(0, near), (near, 0), (near + 20, 0), (0, near + 20)], colour)
            far = CANVAS - near
            brush.polygon([(CANVAS, far), (far, CANVAS), (far - 20, CANVAS), (CANVAS, far - 20)], colour)
    elif era == "noughties":  # in a jewel case: hinge, gloss, a label in the corner
        cover.paste(art, (48, 0))
        gloss = Image.new("L", (CANVAS, CANVAS), 0)
        shine = ImageDraw.Draw(gloss)
        shine.polygon([(330, 0), (420, 0), (130, CANVAS), (40, CANVAS)], 58)
        shine.polygon([(450, 0), (474, 0), (184, CANVAS), (160, CANVAS)], 58)
        cover.paste((255, 255, 255), (0, 0), gloss)
        brush.rectangle((0, 0, 50, CANVAS), (58, 60, 66))
        brush.rectangle((44, 0, 50, CANVAS), (150, 154, 160))
        for y in range(18, CANVAS, 28):
            brush.rectangle((6, y, 34, y + 12), (96, 100, 108))
        brush.rectangle((386, 434, 500, 500), _WHITE, (12, 12, 14), 5)
        brush.rectangle((394, 442, 492, 462), (12, 12, 14))
        brush.rectangle((394, 474, 492, 490), (12, 12, 14))
    else:  # as a tile of a streaming app: full bleed above, a player below
        cover.paste(art.crop((0, 40, CANVAS, 442)), (0, 0))
        brush.rectangle((0, 402, CANVAS, CANVAS), (252, 252, 254))
        brush.polygon([(36, 428), (36, 486), (84, 457)], _BLACK)
        brush.rectangle((116, 450, 484, 464), (206, 206, 212))
        brush.rectangle((116, 450, 300, 464), inks.motif)
        brush.ellipse((284, 440, 318, 474), inks.motif)
    return cover
