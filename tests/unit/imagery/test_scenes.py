"""The square around a mask: outside is untouched to the byte, inside is what was drawn, whatever the mask."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from genrec.imagery.seams import blend
from genrec.imagery.small.scenes import SMALLEST, around, cover, dilated, laid, put_back


def _picture(width: int, height: int, seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


@given(
    st.integers(20, 90),
    st.integers(20, 90),
    st.floats(0, 0.9),
    st.floats(0, 0.9),
    st.floats(0.02, 1),
    st.integers(0, 9),
)
def test_outside_is_untouched_and_the_square_holds_the_mask(
    width: int, height: int, x: float, y: float, share: float, seed: int
) -> None:
    mask = np.zeros((height, width), dtype=bool)
    left, top = int(x * (width - 1)), int(y * (height - 1))
    mask[top : top + 1 + int(share * (height - top)), left : left + 1 + int(share * (width - left))] = True
    scene, drawn = _picture(width, height, seed), _picture(64, 64, seed + 1)
    square = around(mask)
    ys, xs = np.nonzero(mask)
    assert square.left <= xs.min() and xs.max() < square.left + square.side
    assert square.top <= ys.min() and ys.max() < square.top + square.side
    assert square.side >= SMALLEST
    result = np.asarray(put_back(scene, mask, square, drawn))
    np.testing.assert_array_equal(result[~mask], np.asarray(scene)[~mask])


def test_the_middle_of_the_mask_is_what_was_drawn_and_the_edge_is_between() -> None:
    scene, drawn = Image.new("RGB", (40, 40), (0, 0, 0)), Image.new("RGB", (40, 40), (200, 200, 200))
    mask = np.zeros((40, 40), dtype=bool)
    mask[10:30, 10:30] = True
    result = np.asarray(blend(scene, drawn, mask, 2))[:, :, 0]
    assert result[20, 20] == 200
    assert (result[~mask] == 0).all()
    assert 0 < result[20, 10] < 200


def test_a_square_beyond_the_edge_repeats_it() -> None:
    picture = _picture(20, 20, 0)
    mask = np.zeros((20, 20), dtype=bool)
    mask[0, 0] = True
    square = around(mask)
    cut = np.asarray(square.cut(picture, square.side))
    assert cut.shape == (SMALLEST, SMALLEST, 3)
    np.testing.assert_array_equal(cut[0, 0], np.asarray(picture)[0, 0])


def test_cover_is_the_share_of_each_pixel() -> None:
    mask = np.zeros((128, 128), dtype=bool)
    mask[32:96, 32:96] = True
    square = around(mask)
    shares = cover(mask, square, 64)
    assert shares.min() >= 0 and shares.max() <= 1
    assert shares.mean() == pytest.approx(mask.sum() / square.side**2, abs=0.02)


def test_dilated_by_hand() -> None:
    mask = np.zeros((9, 9), dtype=bool)
    mask[4, 4] = True
    assert dilated(mask, 2).sum() == 25
    assert dilated(mask, 0) is mask


def test_the_thing_is_stretched_to_the_masks_box_on_its_own_ground() -> None:
    picture = np.full((64, 64, 3), 230, np.uint8)
    picture[10:30, 20:30] = (200, 20, 20)
    mask = np.zeros((64, 64))
    mask[40:60, 4:44] = 1.0
    shown, where = laid(picture, mask)
    reds = (shown[..., 0].astype(int) - shown[..., 1]) > 100
    ys, xs = np.flatnonzero(reds.any(axis=1)), np.flatnonzero(reds.any(axis=0))
    assert (ys[0], ys[-1], xs[0], xs[-1]) == (40, 59, 4, 43)
    assert (shown[~reds] == 230).all()
    np.testing.assert_array_equal(where == 255, reds)
    page, there = laid(picture, np.zeros((64, 64)))
    assert (page == 230).all() and not there.any()  # nowhere to lay it


def test_what_has_no_ground_is_all_thing_and_a_thin_mask_is_a_mask() -> None:
    swatch, mask = np.full((64, 64, 3), 90, np.uint8), np.zeros((64, 64))
    mask[40:60, 4:44] = 1.0
    assert (laid(swatch, mask)[1][40:60, 4:44] == 255).all()
    mask[:] = 0
    mask[10, 4:44] = 0.3
    assert (laid(swatch, mask)[1][10, 4:44] == 255).all()
