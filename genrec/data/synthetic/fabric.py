"""Cloth: a square of pattern, the grain of the material, a little light from the left."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw

from genrec.data.synthetic.palette import RGB

Box = tuple[int, int, int, int]  # left, top, right, bottom


def mix(colour: RGB, other: RGB, percent: int) -> RGB:
    """`percent` of the way from one colour to the other."""
    r, g, b = ((a * (100 - percent) + c * percent) // 100 for a, c in zip(colour, other, strict=True))
    return r, g, b


def luminance(colour: RGB) -> int:
    return (299 * colour[0] + 587 * colour[1] + 114 * colour[2]) // 1000


def cloth(size: int, box: Box, pattern: str, colour: RGB, accent: RGB, material: str, repeats: int = 7) -> Image.Image:
    """RGB square of `size` pixels; the pattern is laid out over `box` and only there, so many times across."""
    image = Image.new("RGB", (size, size), colour)
    if pattern != "solid":
        _pattern(ImageDraw.Draw(image), box, pattern, colour, accent, repeats)
    left, top, right, bottom = box
    region = image.crop(box)
    grain = _grain(material, size).crop((0, 0, right - left, bottom - top))
    dark = luminance(colour) < 70
    region.paste(mix(colour, (255, 255, 255), 45) if dark else mix(colour, (20, 16, 30), 75), (0, 0), grain)
    light = _light(size).resize((right - left, bottom - top), Image.Resampling.NEAREST)
    region.paste(mix(colour, (10, 8, 30), 82), (0, 0), light)
    image.paste(region, (left, top))
    return image


def _pattern(draw: ImageDraw.ImageDraw, box: Box, pattern: str, colour: RGB, accent: RGB, repeats: int) -> None:
    left, top, right, bottom = box
    # Never finer than what 64 pixels can show.
    pitch = max((right - left) // repeats, 26)
    middle = (left + right) // 2
    if pattern == "stripes":
        for y in range(top + pitch // 3, bottom, pitch):
            draw.rectangle((left, y, right, y + pitch * 2 // 5), accent)
    elif pattern == "checks":
        half = mix(colour, accent, 55)
        columns = range(middle - pitch // 4 - pitch * 12, right, pitch)
        for x in columns:
            draw.rectangle((x, top, x + pitch // 2, bottom), half)
        for y in range(top, bottom, pitch):
            draw.rectangle((left, y, right, y + pitch // 2), half)
            for x in columns:
                draw.rectangle((x, y, x + pitch // 2, y + pitch // 2), accent)
    elif pattern == "dots":
        radius = max(pitch * 27 // 100, 7)
        for row, y in enumerate(range(top, bottom + pitch, pitch * 4 // 5)):
            for x in range(middle - pitch * 12 + (row % 2) * pitch // 2, right + pitch, pitch):
                draw.ellipse((x - radius, y - radius, x + radius, y + radius), accent)
    elif pattern == "floral":
        _flowers(draw, box, pitch, colour, accent)
    else:  # colour-block: the lower part, and a slanted edge
        edge = top + (bottom - top) * 52 // 100
        tilt = (right - left) // 7
        draw.polygon([(left, edge + tilt), (right, edge - tilt), (right, bottom), (left, bottom)], accent)


def _flowers(draw: ImageDraw.ImageDraw, box: Box, pitch: int, colour: RGB, accent: RGB) -> None:
    left, top, right, bottom = box
    step = pitch * 5 // 4
    petal = max(step * 20 // 100, 6)
    heart = mix(accent, (255, 214, 90), 70) if luminance(accent) < 190 else (226, 160, 40)
    leaf = mix(colour, (60, 110, 60), 60)
    for row, y0 in enumerate(range(top, bottom + step, step)):
        for column, x0 in enumerate(range(left - step, right + step, step)):
            jitter = (row * 7919 + column * 104729 + row * column * 31) % 97
            x = x0 + (row % 2) * step // 2 + jitter % 11 - 5
            y = y0 + jitter % 7 - 3
            draw.line((x, y, x + petal * 2, y + petal * 3), leaf, max(petal // 2, 3))
            for dx, dy in ((0, -10), (10, -3), (6, 8), (-6, 8), (-10, -3)):
                px, py = x + dx * petal // 9, y + dy * petal // 9
                draw.ellipse((px - petal, py - petal, px + petal, py + petal), accent)
            draw.ellipse((x - petal * 2 // 3, y - petal * 2 // 3, x + petal * 2 // 3, y + petal * 2 // 3), heart)


@lru_cache(maxsize=32)
def _grain(material: str, size: int) -> Image.Image:
    """L square: how much darker (on dark cloth: lighter) each pixel of this material is."""
    image = Image.new("L", (size, size), 0)
    draw = ImageDraw.Draw(image)
    if material in ("wool", "cashmere", "fleece"):  # rows of knitted v
        for y in range(0, size, 14):
            for x in range(0, size, 12):
                draw.line([(x, y), (x + 6, y + 7), (x + 12, y)], 34, 3)
    elif material == "corduroy":
        for x in range(0, size, 12):
            draw.rectangle((x, 0, x + 4, size), 60)
    elif material == "denim":
        for x in range(-size, size, 10):
            draw.line((x, 0, x + size, size), 44, 3)
    elif material in ("linen", "canvas", "straw"):
        strength = 64 if material == "straw" else 30
        for x in range(0, size, 10):
            draw.line((x, 0, x, size), strength, 3)
            draw.line((0, x, size, x), strength, 3)
    return image


@lru_cache(maxsize=4)
def _light(size: int) -> Image.Image:
    """L square: the shadow grows towards the right edge, and a little towards the left."""
    image = Image.new("L", (size, 1))
    image.putdata([max(0, (x * 5 - size * 2) * 22 // size, (size - x * 6) * 12 // size) for x in range(size)])
    return image.resize((size, size), Image.Resampling.NEAREST)
