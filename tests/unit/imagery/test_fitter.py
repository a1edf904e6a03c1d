"""The fitter: begins as a paste, keeps to the mask, learns where a thing has to go, moves prints whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from genrec.imagery.small.autoencoding import pixels
from genrec.imagery.small.fitter import Fitter, Fittings, fit_fitter, fitted
from genrec.imagery.small.lessons import Lessons

SIDE = 64


@pytest.fixture(scope="module")
def moved(studio: Path) -> Lessons:
    """A red thing with a white bar on it, that is worn half as high as the mask is, and hangs from its top."""
    rng, count = np.random.default_rng(0), 24
    pictures = np.full((1, SIDE, SIDE, 3), 230, np.uint8)
    pictures[0, 8:56, 16:48] = (200, 20, 20)
    pictures[0, 24:32, 16:48] = 255
    scenes = np.full((count, SIDE, SIDE, 3), 120, np.uint8)
    placed, masks = scenes.copy(), np.zeros((count, SIDE, SIDE), np.uint8)
    for n in range(count):
        top, left = rng.integers(4, 16, 2)
        masks[n, top : top + 44, left : left + 40] = 255
        placed[n, top : top + 22, left : left + 40] = (200, 20, 20)
        placed[n, top + 7 : top + 11, left : left + 40] = 255
    table = Lessons.read(studio / "lessons").table[:1]
    of, held = np.zeros(count, np.int64), np.zeros(1, bool)
    return Lessons(pictures, scenes, placed, masks, of, table, [], held)


def test_it_begins_with_the_picture_as_it_is_laid(moved: Lessons) -> None:
    fittings = Fittings.of(moved)
    with torch.no_grad():
        found = Fitter((8, 8, 8)).eval()(*fittings.asked(np.arange(4)))
    assert not found.flow.any()
    inside = moved.masks[:4, None] > 0
    own = pixels(fittings.own[:4]).numpy()
    close = np.abs(found.shown.numpy() - own) < 0.1  # but for how soft its edge is
    assert close[np.broadcast_to(inside, close.shape)].mean() > 0.9


def test_nothing_is_changed_outside_the_mask(moved: Lessons) -> None:
    torch.manual_seed(0)
    wild = Fitter((8, 8, 8)).eval()
    torch.nn.init.normal_(wild.told.weight)
    made = fitted(wild, Fittings.of(moved))
    outside = moved.masks == 0
    np.testing.assert_array_equal(made[outside], moved.scenes[outside])
    assert (made[~outside] != moved.scenes[~outside]).any()


def test_it_learns_where_a_thing_goes_and_takes_its_print_along(moved: Lessons, tmp_path: Path) -> None:
    torch.manual_seed(0)
    fittings, fitter = Fittings.of(moved), Fitter((16, 16, 16))

    def apart() -> float:
        inside = moved.masks > 0
        return float(np.abs(fitted(fitter, fittings).astype(float) - moved.placed)[inside].mean())

    before = apart()
    fit_fitter(fitter, fittings, steps=120, batch=12, learning_rate=4e-3, seed=0, folder=tmp_path)
    assert apart() < 0.4 * before
    made = fitted(fitter, fittings)
    bar = (moved.placed == 255).all(axis=3)
    assert made[bar].min(axis=1).mean() > 120 and made[(moved.masks > 0) & ~bar][:, 1].mean() < 110
