"""The home world's tables: what exists, how it is told, what goes with what."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from genrec.data.synthetic.dynamics import ALL_YEAR
from genrec.data.synthetic.home import build
from genrec.data.synthetic.home.attributes import BRANDS, CATEGORIES, NATURAL, SEASONAL, STAGES
from genrec.data.synthetic.home.furnishing import Piece, pieces
from genrec.data.synthetic.home.phrases import CUTS, NOUNS
from genrec.data.synthetic.home.shop import open_shop
from genrec.data.synthetic.home.synonyms import synonyms
from genrec.data.synthetic.palette import harmony
from genrec.data.synthetic.phrases import COLOUR_WORDS
from genrec.data.synthetic.world import World, popularity


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(tmp_path_factory.mktemp("home"), items=300, users=60, seed=11)


def test_every_piece_has_words_and_a_picture(world: World) -> None:
    table = world.catalog.table
    assert world.catalog.ids[:2] == ["H00000", "H00001"]
    for column in [
        "title",
        "text",
        "image",
        "category",
        "silhouette",
        "colour",
        "pattern",
        "material",
        "room",
        "price",
    ]:
        assert table[column].null_count() == 0
    path = world.catalog.image_path(299)
    assert path is not None and Image.open(path).size == (128, 128)
    assert world.catalog.audio_path(0) is None
    assert table["text"].n_unique() > 290


def test_texts_say_what_the_thing_is(world: World) -> None:
    styled = 0
    for row in world.catalog.table.iter_rows(named=True):
        text = row["text"]
        assert any(noun in text.lower() for noun in NOUNS.get(row["silhouette"], NOUNS[row["category"]]))
        assert any(word in text.lower() for word in COLOUR_WORDS[row["colour"]])
        assert row["material"] in text.lower() and row["brand"] in text
        assert "  " not in text and " ," not in text and ".." not in text and text == text.strip()
        styled += row["style"] in text.lower()
    assert styled < 200


def test_attributes_belong_together() -> None:
    made = pieces(1500, 4)
    assert {(one.category, one.silhouette) for one in made} == {
        (name, cut) for name, category in CATEGORIES.items() for cut in category.silhouettes
    }
    for one in made:
        category = CATEGORIES[one.category]
        assert one.material in category.materials and one.colour in NATURAL.get(one.material, (one.colour,))
        assert one.season in (ALL_YEAR, *SEASONAL.get(one.material, ()))
        assert one.tier == BRANDS[one.brand].tier and one.accent != one.colour
        assert one.pattern == "solid" or category.patterned
    assert all(
        f"{name} {cut}" in CUTS or cut in CUTS or cut in NOUNS
        for name, c in CATEGORIES.items()
        for cut in c.silhouettes
    )


def test_series_look_alike_and_are_bought_in_order() -> None:
    made = pieces(1500, 4)
    series: dict[str, list[Piece]] = {}
    for one in made:
        if one.series:
            series.setdefault(one.series, []).append(one)
    assert 0.45 < sum(map(len, series.values())) / 1500 < 0.55
    stage = {category: i for i, names in enumerate(STAGES) for category in names}
    for parts in series.values():
        parts.sort(key=lambda piece: piece.piece)
        assert 3 <= len(parts) <= 5 and [part.piece for part in parts] == list(range(len(parts)))
        assert len({(part.brand, part.style, part.colour, part.accent) for part in parts}) == 1
        order = [stage[part.category] for part in parts]
        assert order == sorted(set(order))


def test_weights_are_those_of_the_tables() -> None:
    made = pieces(80, 2)
    shop = open_shop(made, popularity(80, 2))
    for a, one in enumerate(made):
        for b, other in enumerate(made):
            weight = CATEGORIES[one.category].complements.get(other.category, 0) * harmony(one.colour, other.colour)
            weight *= (12 if one.style == other.style else 1) * (4 if one.room == other.room else 1)
            assert shop.complement[shop.group[a], b] == weight
        later = [
            b for b, other in enumerate(made) if one.series and other.series == one.series and other.piece > one.piece
        ]
        assert sorted(later) == sorted(shop.later[a][shop.later[a] >= 0].tolist())
    liked = shop.taste.max(axis=0)
    assert (liked == 14 * 5 * 6).all() and np.isin(
        shop.taste, [a * b * c for a in (1, 14) for b in (1, 5) for c in (1, 2, 6)]
    ).all()


def test_synonyms_fit_the_table(world: World) -> None:
    for column, values in synonyms(world.catalog.table).items():
        assert set(values) <= set(world.catalog.table[column])
        assert all(all(words) and words for words in values.values())
