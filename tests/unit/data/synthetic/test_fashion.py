"""The whole world, small."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from genrec.data.synthetic.attributes import BRANDS, CATEGORIES, STAGES, WORN_IN
from genrec.data.synthetic.fashion import FashionWorld, build
from genrec.data.synthetic.fashion_shop import open_shop
from genrec.data.synthetic.palette import COLOURS
from genrec.data.synthetic.phrases import COLOUR_WORDS, NOUNS, PATTERN_NOUNS, PATTERN_WORDS
from genrec.data.synthetic.wardrobe import garments
from genrec.data.synthetic.world import popularity
from genrec.errors import UserError


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> FashionWorld:
    return build(tmp_path_factory.mktemp("fashion"), items=300, users=200, seed=11)


def test_every_item_has_words_and_a_picture(world: FashionWorld) -> None:
    table = world.catalog.table
    assert world.catalog.ids[:2] == ["F00000", "F00001"] and len(world.catalog) == 300
    attributes = ["category", "silhouette", "colour", "pattern", "material", "season", "style", "brand", "price"]
    for column in ["title", "text", "image", *attributes]:
        assert table[column].null_count() == 0
    for i in (0, 150, 299):
        path = world.catalog.image_path(i)
        assert path is not None and Image.open(path).size == (128, 128)
    assert table["text"].n_unique() > 295
    assert (table["price"] > 5).all()


def test_texts_say_what_the_thing_is(world: FashionWorld) -> None:
    said = {"category": 0, "colour": 0, "pattern": 0, "material": 0, "brand": 0, "series": 0}
    for row in world.catalog.table.iter_rows(named=True):
        text = row["text"].lower()
        nouns = NOUNS.get(row["silhouette"], NOUNS[row["category"]])
        assert any(noun.lower() in text for noun in nouns)
        said["colour"] += any(word in text for word in COLOUR_WORDS[row["colour"]])
        said["pattern"] += any(w in text for w in PATTERN_WORDS[row["pattern"]] + PATTERN_NOUNS.get(row["pattern"], ()))
        said["material"] += row["material"] in text
        said["brand"] += row["brand"] in row["text"]
        said["series"] += row["series"] is not None and row["series"] in row["text"]
    assert said["colour"] == said["brand"] == said["material"] == 300
    assert 150 < said["pattern"] < 300
    in_series = 300 - world.catalog.table["series"].null_count()
    assert 0.8 * in_series < said["series"] < in_series


def test_texts_are_tidy(world: FashionWorld) -> None:
    for text in world.catalog.table["text"]:
        assert "  " not in text and " ," not in text and ".." not in text and text == text.strip()


def test_attributes_belong_together() -> None:
    made = garments(1500, 4)
    for garment in made:
        category = CATEGORIES[garment.category]
        assert garment.silhouette in category.silhouettes
        assert garment.accent != garment.colour and garment.colour in COLOURS
        assert garment.tier == BRANDS[garment.brand].tier
        if garment.material == "linen" and not garment.series:
            assert garment.season in WORN_IN["linen"]
    dear = np.mean([g.price / CATEGORIES[g.category].price for g in made if g.tier == 2])
    assert dear > 1.8 * np.mean([g.price / CATEGORIES[g.category].price for g in made if g.tier == 0])


def test_series_look_alike_and_are_worn_in_order() -> None:
    made = garments(1500, 4)
    series: dict[str, list] = {}
    for garment in made:
        if garment.series:
            series.setdefault(garment.series, []).append(garment)
    assert 0.45 < sum(map(len, series.values())) / 1500 < 0.55
    stage = {category: i for i, names in enumerate(STAGES) for category in names}
    for pieces in series.values():
        pieces.sort(key=lambda garment: garment.piece)
        assert 2 <= len(pieces) <= 5 and [g.piece for g in pieces] == list(range(len(pieces)))
        assert len({(g.brand, g.style, g.colour, g.season) for g in pieces}) == 1
        order = [stage[g.category] for g in pieces]
        assert order == sorted(set(order))


def test_interactions_fit_the_catalogue(world: FashionWorld) -> None:
    sequences = world.interactions.sequences(world.catalog)
    assert sequences.users[0] == "u00000" and len(sequences) == 200
    assert sequences.lengths.min() >= 5
    assert sequences.times.min() > 1_640_995_200_000  # 2022, in milliseconds
    assert world.interactions.table.schema["timestamp"] == pl.Int64
    assert json.loads(json.dumps(world.oracles))["users"] == 200


def test_same_seed_same_world(world: FashionWorld, tmp_path: Path) -> None:
    again = build(tmp_path, items=300, users=200, seed=11)
    assert again.catalog.table.equals(world.catalog.table)
    assert again.interactions.table.equals(world.interactions.table)
    assert again.oracles == world.oracles
    other = build(tmp_path, items=30, users=20, seed=12)
    assert not other.catalog.table["title"].equals(world.catalog.table["title"][:30])


def test_the_same_world_on_every_machine(world: FashionWorld) -> None:
    digest = hashlib.sha256()
    for row in world.catalog.table.iter_rows():
        digest.update(repr(row).encode())
    for row in world.interactions.table.iter_rows():
        digest.update(repr(row).encode())
    assert digest.hexdigest()[:16] == "893ddfb1356ef1ee"


def test_weights_are_exact() -> None:
    """Whole numbers below 2^53: not even the order of a sum can change what somebody buys."""
    shop = open_shop(garments(60, 1), popularity(60, 1))
    total = shop.complement_sum
    assert (total == np.rint(total)).all() and total.max() < 2**53
    assert (shop.base_sum == np.rint(shop.base_sum)).all()


@pytest.mark.parametrize(("items", "users"), [(5, 10), (100, 0)])
def test_worlds_too_small_are_refused(tmp_path: Path, items: int, users: int) -> None:
    with pytest.raises(UserError, match="at least"):
        build(tmp_path, items=items, users=users)


def test_the_smallest_world_works(tmp_path: Path) -> None:
    small = build(tmp_path, items=20, users=3, seed=0)
    assert len(small.catalog) == 20 and len(small.interactions) >= 15
