"""Shares of colours: of the thing alone, whatever its place, and not far from those of a little more light."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image, ImageDraw

from genrec.data.catalog import Catalog
from genrec.embed.colours import colours, colours_of


def test_shares_are_shares_and_alike_colours_are_near() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 500, 3))
    found = colours(pixels, np.ones((3, 500)))
    assert np.allclose((found**2).sum(axis=1), 1, atol=1e-5)
    plain = np.array([[[200, 40, 40]] * 4, [[206, 44, 42]] * 4, [[40, 40, 200]] * 4])
    red, redder, blue = colours(plain, np.ones((3, 4)))
    assert red @ redder > 0.9 and red @ blue < 0.3
    half = colours(np.array([[[200, 40, 40], [40, 40, 200]]]), np.array([[1.0, 0.0]]))[0]
    assert np.allclose(half, red, atol=1e-5)  # what does not belong to the thing counts for nothing


def test_items_colours_are_those_of_what_stands_before_the_ground(tmp_path: Path) -> None:
    for name, at in (("left", 4), ("right", 30)):
        picture = Image.new("RGB", (64, 64), (240, 240, 240))
        ImageDraw.Draw(picture).rectangle((at, 10, at + 25, 40), fill=(20, 120, 60))
        picture.save(tmp_path / f"{name}.png")
    Image.new("RGB", (64, 64), (240, 240, 240)).save(tmp_path / "bare.png")
    table = pl.DataFrame({"item_id": list("abcd"), "image": ["left.png", "right.png", None, "bare.png"]})
    found, mask = colours_of(Catalog(table, tmp_path))
    assert mask.tolist() == [True, True, False, True] and not found[2].any()
    assert found[0] @ found[1] > 0.99 and found[0] @ found[3] < 0.3 and np.isfinite(found).all()
