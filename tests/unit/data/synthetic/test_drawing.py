"""Pictures: legible, inside their frame, the same everywhere; masks that cover the garment and nothing else."""

from __future__ import annotations

import hashlib
from dataclasses import asdict

import numpy as np
import pytest

from genrec.data.synthetic.attributes import CATEGORIES, PATTERNS
from genrec.data.synthetic.drawing import GROUND, SIZE, picture, wear
from genrec.data.synthetic.figure import POSES
from genrec.data.synthetic.palette import COLOURS
from genrec.data.synthetic.wardrobe import Garment

CUTS = [(category, cut) for category, what in CATEGORIES.items() for cut in what.silhouettes]


def item(category: str, silhouette: str, **changes: str) -> dict[str, object]:
    plain = {"colour": "red", "accent": "white", "pattern": "solid", "material": CATEGORIES[category].materials[0]}
    look = plain | changes
    return asdict(
        Garment(category, silhouette, season="summer", style="classic", brand="Kerb", tier=0, price=1.0, **look)
    )


def ink(image: np.ndarray) -> np.ndarray:
    """bool: where it is neither ground nor shadow."""
    return np.abs(image.astype(int) - np.array(GROUND)).max(axis=2) > 40


@pytest.mark.parametrize(("category", "silhouette"), CUTS)
def test_every_cut_fills_its_frame(category: str, silhouette: str) -> None:
    image = np.asarray(picture(item(category, silhouette)))
    assert image.shape == (SIZE, SIZE, 3)
    drawn = ink(image)
    assert 0.08 < drawn.mean() < 0.75
    assert not drawn[[0, -1]].any() and not drawn[:, [0, -1]].any()
    centre = np.argwhere(drawn).mean(axis=0)
    assert np.abs(centre - 64).max() < 18


def test_cuts_of_a_category_differ_at_64_pixels() -> None:
    small = {cut: np.asarray(picture(item(*cut)).resize((64, 64))).astype(int) for cut in CUTS}
    for one in CUTS:
        for other in CUTS:
            if one < other:
                assert (np.abs(small[one] - small[other]).max(axis=2) > 30).sum() > 40, (one, other)


def test_colours_are_the_named_ones() -> None:
    for name, colour in COLOURS.items():
        middle = np.asarray(picture(item("skirt", "a-line", colour=name)))[48:80, 44:62].reshape(-1, 3)
        assert np.abs(np.median(middle, axis=0) - np.array(colour.rgb)).max() < 22, name


def test_patterns_show_and_differ_at_64_pixels() -> None:
    small = [np.asarray(picture(item("t-shirt", "regular", pattern=p)).resize((64, 64))).astype(int) for p in PATTERNS]
    for i, one in enumerate(small):
        for other in small[:i]:
            assert (np.abs(one - other).max(axis=2) > 60).sum() > 150


@pytest.mark.parametrize("pose", range(len(POSES)))
@pytest.mark.parametrize(("category", "silhouette"), [*CUTS[::2], ("bag", "tote"), ("bag", "backpack")])
def test_masks_are_where_the_garment_is(category: str, silhouette: str, pose: int) -> None:
    """A garment changes colour: the picture changes inside the mask, and (but for its soft edge) nowhere else."""
    red, mask = wear(item(category, silhouette), pose)
    teal, same = wear(item(category, silhouette, colour="teal", accent="grey"), pose)
    assert mask.dtype == bool and mask.shape == (SIZE, SIZE) and (mask == same).all()
    changed = np.abs(np.asarray(red).astype(int) - np.asarray(teal)).max(axis=2) > 24
    grown = mask.copy()
    for axis in (0, 1):
        grown |= np.roll(grown, 1, axis) | np.roll(grown, -1, axis)
    assert (changed & ~grown).sum() <= 2  # a slit between two fingers of pixels
    assert changed[mask].mean() > 0.6
    assert mask.sum() > (40 if CATEGORIES[category].slot in ("shoes", "bag", "hat") else 300)


def test_poses_differ_and_slots_sit_right() -> None:
    shirts = [wear(item("shirt", "regular"), pose)[1] for pose in range(len(POSES))]
    assert len(POSES) >= 4
    for i, one in enumerate(shirts):
        for other in shirts[:i]:
            assert (one ^ other).sum() > 100

    def height(category: str, silhouette: str) -> float:
        return float(np.argwhere(wear(item(category, silhouette), 0)[1])[:, 0].mean())

    assert height("hat", "cap") < 20 < height("t-shirt", "slim") < 55
    assert 55 < height("jeans", "straight") < 100 < height("shoes", "pump")


def test_pictures_are_the_same_on_every_machine() -> None:
    """Pixels, not files: PNG compression may differ."""
    digest = hashlib.sha256()
    for category, cut in CUTS[::5]:
        for pattern in ("checks", "floral"):
            digest.update(picture(item(category, cut, pattern=pattern)).tobytes())
        worn, mask = wear(item(category, cut, pattern="dots"), 3)
        digest.update(worn.tobytes() + mask.tobytes())
    assert digest.hexdigest()[:16] == "97968424fb7f1543"
