"""What of a photo is looked at."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from genrec.search.crops import in_front, parts

GROUND = (240, 240, 240)


def photo(kind: str) -> Image.Image:
    """A dark disc of a fifth of the picture, right of the middle, on four grounds."""
    picture = Image.new("RGB", (200, 120), (90, 160, 200))
    pen = ImageDraw.Draw(picture)
    if kind == "boards":
        for x in range(0, 200, 20):
            pen.line((x, 0, x, 120), (60, 120, 160), 3)
    elif kind == "two walls":
        pen.rectangle((0, 70, 200, 120), (200, 150, 90))
    elif kind == "ramp":
        ramp = np.linspace(90, 200, 200)[None, :, None] * np.ones((120, 1, 3))
        picture = Image.fromarray(ramp.astype(np.uint8))
        pen = ImageDraw.Draw(picture)
    pen.ellipse((110, 30, 170, 90), (150, 20, 40))
    return picture


@pytest.mark.parametrize("kind", ["plain", "boards", "two walls", "ramp"])
def test_it_finds_what_stands_before_a_ground(kind: str) -> None:
    mask = in_front(np.asarray(photo(kind), np.float32))
    assert mask is not None
    y, x = np.mgrid[:120, :200]
    disc = (x - 140) ** 2 + (y - 60) ** 2 <= 30**2
    assert (mask & disc).sum() / (mask | disc).sum() > 0.9


def test_what_is_in_front_is_put_alone_on_the_catalogue_s_ground() -> None:
    seen = parts(photo("boards"), GROUND)
    found, less = seen.pictures, seen.less
    assert np.abs(np.median(seen.thing, axis=0) - (150, 20, 40)).max() < 9
    alone = np.asarray(found[1], int)
    assert found[0].size == (200, 120) and alone.shape[0] == alone.shape[1]
    assert (
        np.abs(alone[0] - GROUND).max() == 0
        and np.abs(alone[len(alone) // 2, len(alone) // 2] - (150, 20, 40)).max() < 9
    )
    assert less[0] == less[1] == 0 and (less[2:] > 0).all() and len(found) == len(less)


def test_a_picture_that_is_all_ground_or_all_thing_is_looked_at_as_it_is() -> None:
    assert in_front(np.full((40, 40, 3), 200, np.float32)) is None
    found = parts(Image.new("RGB", (50, 80), "red"), GROUND).pictures
    assert found[0].size == (50, 80) and all(one.size[0] == one.size[1] for one in found[1:])


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (500, 2)])
def test_no_size_breaks_it(size: tuple[int, int]) -> None:
    assert all(min(one.size) >= 1 for one in parts(Image.new("RGB", size, "blue"), GROUND).pictures)
