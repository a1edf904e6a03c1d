"""Product pictures: in their frame, different where what they show is, told apart by a simple rule."""

from __future__ import annotations

import hashlib
from dataclasses import asdict

import numpy as np
import pytest

from genrec.data.synthetic.home.attributes import CATEGORIES, PATTERNS
from genrec.data.synthetic.home.drawing import picture
from genrec.data.synthetic.home.furnishing import pieces
from genrec.data.synthetic.palette import COLOURS
from genrec.data.synthetic.rendering import GROUND, SIZE

CUTS = [(name, cut) for name, category in CATEGORIES.items() for cut in category.silhouettes]


def item(category: str, silhouette: str, **changes: str) -> dict[str, str]:
    plain = {"colour": "red", "accent": "white", "pattern": "solid", "material": "cotton", "style": "rustic"}
    return {"category": category, "silhouette": silhouette} | plain | changes


def small(one: dict[str, str]) -> np.ndarray:
    return np.asarray(picture(one).resize((64, 64))).astype(int)


@pytest.mark.parametrize(("category", "silhouette"), CUTS)
def test_every_piece_fills_its_frame(category: str, silhouette: str) -> None:
    image = np.asarray(picture(item(category, silhouette)))
    assert image.shape == (SIZE, SIZE, 3)
    drawn = np.abs(image.astype(int) - np.array(GROUND)).max(axis=2) > 40
    assert 0.05 < drawn.mean() < 0.75
    assert not drawn[[0, -1]].any() and not drawn[:, [0, -1]].any()
    assert np.ptp(np.argwhere(drawn), axis=0).max() > 96


def test_silhouettes_differ_at_64_pixels() -> None:
    made = {cut: small(item(*cut)) for cut in CUTS}
    for one in CUTS:
        for other in CUTS:
            if one < other:
                assert (np.abs(made[one] - made[other]).max(axis=2) > 30).sum() > 60, (one, other)


def test_colours_and_patterns_show() -> None:
    for name, colour in COLOURS.items():
        middle = np.asarray(picture(item("cabinet", "wardrobe", colour=name)))[30:80, 44:84].reshape(-1, 3)
        assert np.abs(np.median(middle, axis=0) - np.array(colour.rgb)).max() < 26, name
    looks = [small(item("sofa", "track-arm", pattern=pattern)) for pattern in PATTERNS]
    for i, one in enumerate(looks):
        for other in looks[:i]:
            assert (np.abs(one - other).max(axis=2) > 60).sum() > 100


def test_categories_can_be_told_by_the_nearest_outline() -> None:
    """No learning: each held-out picture's ink against the mean ink of every silhouette."""

    def ink(one: dict[str, str]) -> np.ndarray:
        return (np.abs(small(one) - np.array(GROUND)).max(axis=2) > 34).ravel().astype(float)

    centres = {}
    for cut in CUTS:
        looks = [
            ink(item(*cut, colour=colour, pattern=pattern))
            for colour, pattern in (("red", "solid"), ("navy", "dots"), ("beige", "stripes"))
        ]
        centres[cut] = np.mean(looks, axis=0)
    right = []
    for one in map(asdict, pieces(150, 9)):
        seen = ink(one)
        right.append(min(centres, key=lambda cut: np.abs(centres[cut] - seen).sum())[0] == one["category"])
    assert np.mean(right) > 0.95


def test_pictures_are_the_same_on_every_machine() -> None:
    digest = hashlib.sha256()
    for category, cut in CUTS[::3]:
        digest.update(picture(item(category, cut, pattern="floral", colour="teal")).tobytes())
    assert digest.hexdigest()[:16] == "5aa41af9e8308e9c"
