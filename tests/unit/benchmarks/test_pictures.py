"""The picture benchmark: what it draws anew is the same garment, and its newcomers are none of the catalogue's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genrec.data.catalog import Catalog
from genrec.data.synthetic import fashion
from genrec.data.synthetic.palette import COLOURS
from genrec.embed.images import read_thumbnails
from tests.scripts import script


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return fashion.build(tmp_path_factory.mktemp("world"), items=60, users=2, seed=5).catalog


def test_every_way_of_drawing_draws_the_garment_and_never_the_product_picture(catalog: Catalog) -> None:
    redrawn = script("redrawn")
    row = next(one for one in catalog.table.iter_rows(named=True) if one["colour"] == "red" or one["colour"] == "teal")
    own = np.asarray(Image.open(catalog.root / row["image"]).convert("RGB"))  # type: ignore[operator]
    for name, redraw in redrawn.REDRAWS.items():
        drawn = redraw(row, np.random.default_rng(3))
        assert drawn.mode == "RGB" and min(drawn.size) > 4, name
        assert np.array_equal(np.asarray(drawn), np.asarray(redraw(row, np.random.default_rng(3)))), name
        assert drawn.size != (128, 128) or not np.array_equal(np.asarray(drawn), own), name
        away = np.abs(np.asarray(drawn, float) - COLOURS[row["colour"]].rgb).max(axis=2)
        assert (away < 80).mean() > 0.005, name  # its colour is there, whatever the light


def test_newcomers_look_like_nothing_that_is_there(catalog: Catalog, tmp_path: Path) -> None:
    pictures = script("pictures")
    fresh = pictures.newcomers(tmp_path, catalog, 20)
    assert fresh.height == 20 and not set(fresh["item_id"]) & set(catalog.ids)
    look = list(script("redrawn").LOOK)
    assert not set(fresh.select(look).iter_rows()) & set(catalog.table.select(look).iter_rows())
    assert all(Path(path).exists() for path in fresh["image"])


def test_baselines_find_a_picture_among_others(catalog: Catalog) -> None:
    pictures = script("pictures")
    paths = [catalog.image_path(item) for item in range(20)]
    small, _ = read_thumbnails(paths)
    for vectors in (pictures.histogram, pictures.pixels):
        found = vectors(small)
        assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-4)
        assert np.array_equal((found @ found.T).argmax(axis=1), np.arange(20))
