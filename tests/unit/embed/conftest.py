"""What the tests of this room share: coloured shapes with matching texts, which a small encoder learns in seconds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw

COLOURS = {"red": (200, 30, 40), "green": (30, 150, 60), "blue": (40, 70, 200), "yellow": (230, 200, 40)}
SHAPES = ("circle", "square", "triangle", "cross")
BACKGROUNDS = {"light": (245, 245, 245), "dark": (30, 30, 40)}


def draw(shape: str, colour: str, background: str, size: int, rng: np.random.Generator) -> Image.Image:
    picture = Image.new("RGB", (size, size), BACKGROUNDS[background])
    pen, fill = ImageDraw.Draw(picture), COLOURS[colour]
    x, y = size / 2 + rng.uniform(-0.08, 0.08, 2) * size
    r = rng.uniform(0.25, 0.4) * size
    if shape == "circle":
        pen.ellipse([x - r, y - r, x + r, y + r], fill=fill)
    elif shape == "square":
        pen.rectangle([x - r, y - r, x + r, y + r], fill=fill)
    elif shape == "triangle":
        pen.polygon([(x, y - r), (x - r, y + r), (x + r, y + r)], fill=fill)
    else:
        pen.rectangle([x - r, y - r / 3, x + r, y + r / 3], fill=fill)
        pen.rectangle([x - r / 3, y - r, x + r / 3, y + r], fill=fill)
    return picture


Shapes = Callable[..., tuple[list[Image.Image], list[str]]]


@pytest.fixture(scope="session")
def shapes() -> Shapes:
    """(count, seed, size=64) → that many pictures, and texts that say what is on them and a brand that is not."""

    def drawn(count: int, seed: int, size: int = 64) -> tuple[list[Image.Image], list[str]]:
        rng = np.random.default_rng(seed)
        pictures, texts = [], []
        for _ in range(count):
            shape, colour = str(rng.choice(SHAPES)), str(rng.choice(list(COLOURS)))
            background = str(rng.choice(list(BACKGROUNDS)))
            pictures.append(draw(shape, colour, background, size, rng))
            texts.append(f"{colour} {shape} on {background} ground, brand {rng.integers(10)}")
        return pictures, texts

    return drawn
