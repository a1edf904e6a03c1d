"""The painters that come with GenRec: whole, small, made by the recipe that is named, and able to draw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from genrec.data.synthetic import drawing
from genrec.data.synthetic.palette import COLOURS
from genrec.imagery.artist import WEIGHTS
from genrec.imagery.commission import Commission, Subject, Taste
from genrec.imagery.small.domains import DOMAINS
from genrec.recipes import ImageryRecipe, load

SHIPPED = sorted(path.parent for path in WEIGHTS.glob("*/model_index.json"))


def test_they_fit_into_a_package() -> None:
    assert {folder.name for folder in SHIPPED} == DOMAINS.keys()
    assert sum(path.stat().st_size for path in WEIGHTS.rglob("*") if path.is_file()) < 25e6


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_they_are_what_their_card_says(folder: Path) -> None:
    pytest.importorskip("diffusers")
    from genrec.imagery.small.card import verify
    from genrec.imagery.small.painter import SmallPainter
    from genrec.imagery.small.training import parameters

    verify(folder)
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "license: apache-2.0" in card and "## Figures" in card and "embedding-only" in card
    said = yaml.safe_load((folder / "recipe.yaml").read_text(encoding="utf-8"))
    assert ImageryRecipe(**said) == load(f"imagery_{folder.name}", ImageryRecipe)
    painter = SmallPainter.from_pretrained(folder)
    assert painter.pipeline.config.domain == folder.name
    assert f"{parameters(painter.pipeline):,} parameters" in card and parameters(painter.pipeline) < 12e6


def _colour(picture: Image.Image, names: list[str]) -> str:
    """The nearest of the palette to the middle of a garment."""
    inside = np.asarray(picture.convert("RGB"), dtype=float)[24:44, 24:40].reshape(-1, 3)
    middle = np.median(inside, axis=0)
    return min(names, key=lambda name: float(np.abs(middle - COLOURS[name].rgb).sum()))


def test_fashion_is_drawn_in_the_colour_that_is_told_and_moves_to_the_one_that_is_loved() -> None:
    pytest.importorskip("diffusers")
    from genrec.imagery.small.painter import SmallPainter

    painter = SmallPainter.from_pretrained(WEIGHTS / "fashion")
    names = ["red", "navy", "olive", "mustard", "black", "white", "teal", "lilac"]
    plain = {
        "accent": "white",
        "pattern": "solid",
        "material": "cotton",
        "category": "t-shirt",
        "silhouette": "regular",
    }
    own = {name: drawing.picture(plain | {"colour": name}) for name in names}
    assert all(_colour(picture.resize((64, 64)), names) == name for name, picture in own.items())
    told = [
        Subject(name, text=f"{name.title()} Regular T-Shirt. A regular t-shirt in {name}, solid, made of cotton.")
        for name in names
    ]
    drawn = painter.draw([Commission("cover", one) for one in told])
    right = sum(_colour(picture, names) == name for name, picture in zip(names, drawn, strict=True))
    assert right >= 6
    loved = painter.draw([Commission("cover", one, Taste(keywords=("navy", "navy")), love=1.0) for one in told])
    before, after = (sum(_colour(one, names) in ("navy", "black") for one in shown) for shown in (drawn, loved))
    assert after > before


@pytest.mark.parametrize("name", [name for name, domain in DOMAINS.items() if domain.place_in is not None])
def test_a_preview_is_nearer_to_the_truth_than_the_pasted_picture(name: str, tmp_path: Path) -> None:
    pytest.importorskip("diffusers")
    from genrec.imagery.commission import Scene
    from genrec.imagery.measures.paste import WAYS, pasted
    from genrec.imagery.small.painter import SmallPainter

    world = DOMAINS[name]
    assert world.place_in is not None and world.preview is not None
    catalog, _ = world.build(tmp_path, 24, 8, 5)
    rows = catalog.table.to_dicts()
    own = [Image.open(path).convert("RGB") for item in range(len(rows)) if (path := catalog.image_path(item))]
    made = [world.place_in(row, n % len(world.scenes)) for n, row in enumerate(rows)]
    drawn = SmallPainter.from_pretrained(WEIGHTS / name).draw(
        [
            Commission(world.preview, Subject(row["item_id"], picture=shown), scene=Scene(one.scene, one.region))
            for row, shown, one in zip(rows, own, made, strict=True)
        ]
    )

    def apart(pictures: list[Image.Image]) -> float:
        """Mean absolute difference to the truth inside the masks."""
        found = []
        for picture, one in zip(pictures, made, strict=True):
            there, true = (np.asarray(each.convert("RGB"), dtype=float) for each in (picture, one.placed))
            found.append(np.abs(there - true)[one.region].mean())
        return float(np.mean(found))

    for picture, one in zip(drawn, made, strict=True):
        np.testing.assert_array_equal(np.asarray(picture)[~one.region], np.asarray(one.scene)[~one.region])
    for way in WAYS:
        assert apart(drawn) < 0.6 * apart(
            [pasted(one.scene, one.region, shown, way) for one, shown in zip(made, own, strict=True)]
        )
