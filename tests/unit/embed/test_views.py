"""Pictures taken anew: what is in front stays what it is, all else changes."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image, ImageDraw

from genrec.embed.views import elsewhere, in_front


def ring() -> np.ndarray:
    """A thin dark ring on a light ground: its inside has the ground's colour."""
    picture = Image.new("RGB", (64, 64), (240, 240, 236))
    ImageDraw.Draw(picture).ellipse((12, 12, 51, 51), outline=(90, 20, 30), width=3)
    return np.asarray(picture)


def test_what_an_outline_encloses_is_in_front() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    mask = in_front(np.stack([ring(), noise, np.full((64, 64, 3), 240, np.uint8)]))
    assert mask[0, 32, 32] == 255 and mask[0, 2, 2] == 0
    assert abs((mask[0] > 128).sum() - np.pi * 20**2) < 80
    assert (mask[1] == 255).all()  # no plain ground: nothing is taken away
    assert not mask[2].any()


def test_it_is_another_picture_each_time_of_the_same_thing() -> None:
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[...] = (235, 235, 235)
    picture[16:48, 16:48] = (200, 30, 30)
    many = torch.from_numpy(np.repeat(picture[None], 200, axis=0))
    torch.manual_seed(0)
    front = torch.from_numpy(in_front(many.numpy()))
    taken = elsewhere(many, front)
    assert taken.shape == many.shape and taken.dtype == torch.uint8
    assert len(torch.unique(taken.flatten(1), dim=0)) == 200
    torch.manual_seed(0)
    assert torch.equal(elsewhere(many, front), taken)
    red = taken.float()
    share = ((red[..., 0] > red[..., 1] + 40) & (red[..., 0] > red[..., 2] + 40)).float().mean(dim=(1, 2))
    assert (share > 0.04).float().mean() > 0.95  # red things stay red
    corners = taken[:, 2, 2].float()
    assert corners.std(dim=0).min() > 40  # and stand before other grounds
