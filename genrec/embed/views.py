"""Pictures as another camera might have taken them, for an image encoder to learn what does not matter.

A product stands alone on a plain ground in most catalogues, and in photos that people search with it does not. So what
is in front is told from a plain ground, and put before others: larger, smaller, askew, mirrored, bent, in other light,
with something beside it. (Random crops and colours as in Chen et al. 2020, «A simple framework for contrastive
learning», section 3, would cut a pattern off and turn a red dress blue.) Colours only change as light changes them.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

PLAIN = 24
"""How far a ground's colours may lie apart, of 255, to be one ground."""
APART = 20
"""How far from the ground's colour what is in front begins."""
TURN, SCALE, STRETCH, BEND = 0.25, (0.55, 1.5), 0.15, 0.05
"""Radians; from and to; logarithm of height over width; how far points wander, of half a picture."""
LAMP, TINT, SHADE, NOISE = 0.25, 0.08, 0.15, 0.04
OWN_GROUND = 0.35
"""How often a picture keeps the ground it has."""


def in_front(pictures: np.ndarray) -> np.ndarray:
    """uint8 (B, S, S), 255 where something stands before a plain ground, 255 everywhere where the ground is none.

    pictures: uint8 (B, S, S, 3). What an outline encloses is in front, though it have the ground's colour.
    """
    from scipy.ndimage import label

    pixels = pictures.astype(np.int16)
    border = np.concatenate([pixels[:, 0], pixels[:, -1], pixels[:, :, 0], pixels[:, :, -1]], axis=1)
    ground = np.median(border, axis=1).astype(np.int16)[:, None]
    plain = (np.abs(border - ground).max(axis=2) < PLAIN).mean(axis=1) > 0.8
    away = np.abs(pixels - ground[:, None]).max(axis=3)
    within = np.zeros((3, 3, 3), int)
    within[1] = [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
    patches, count = label(away <= APART, structure=within)
    outside = np.zeros(count + 1, bool)
    for edge in (patches[:, 0], patches[:, -1], patches[:, :, 0], patches[:, :, -1]):
        outside[np.unique(edge)] = True
    outside[0] = False
    soft = np.clip(away * 10, 0, 255)
    soft[~outside[patches]] = 255
    soft[~plain] = 255
    return soft.astype(np.uint8)


def elsewhere(pictures: Tensor, front: Tensor) -> Tensor:
    """uint8 (B, S, S, 3), each picture taken anew. front: uint8 (B, S, S), see `in_front`. Draws from torch's state."""
    count, size = pictures.shape[:2]
    seen = pictures.permute(0, 3, 1, 2).float() / 255
    own = seen[:, :, :1, :1]
    layers = torch.cat([seen, front[:, None].float() / 255, torch.ones(count, 1, size, size)], dim=1)
    layers = functional.grid_sample(layers, _places(count, size), align_corners=False)
    seen, mask, there = layers[:, :3], layers[:, 3:4], layers[:, 4:]
    keeps = (torch.rand(count, 1, 1, 1) < OWN_GROUND).float()
    before_own = seen + own * (1 - there)
    before_other = seen * mask + _grounds(count, size) * (1 - mask)
    seen = keeps * before_own + (1 - keeps) * before_other
    bar = _bar(count, size)
    bar = bar * (1 - mask * (torch.rand(count, 1, 1, 1) < 0.7).float())
    seen = seen * (1 - bar) + torch.rand(count, 3, 1, 1) * bar
    taken = _lit(seen)
    return (taken.clamp(0, 1) * 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def _between(low: float, high: float, *shape: int) -> Tensor:
    return torch.rand(*shape) * (high - low) + low


def _places(count: int, size: int) -> Tensor:
    """Where each pixel of the new picture was in the old one, as `grid_sample` takes it."""
    angle = _between(-TURN, TURN, count)
    scale = _between(math.log(SCALE[0]), math.log(SCALE[1]), count).exp()
    stretch = _between(-STRETCH, STRETCH, count).exp()
    mirror = torch.where(torch.rand(count) < 0.5, -1.0, 1.0)
    cos, sin = angle.cos(), angle.sin()
    across = torch.stack([mirror * cos * stretch / scale, -mirror * sin * stretch / scale], dim=1)
    down = torch.stack([sin / stretch / scale, cos / stretch / scale], dim=1)
    room = 0.9 * (1 - 1 / scale).abs() + 0.1
    shift = _between(-1, 1, count, 2) * room[:, None]
    affine = torch.cat([torch.stack([across, down], dim=1), shift[:, :, None]], dim=2)
    bend = functional.interpolate(BEND * torch.randn(count, 2, 4, 4), size=(size, size), mode="bicubic")
    return functional.affine_grid(affine, [count, 3, size, size], align_corners=False) + bend.permute(0, 2, 3, 1)


def _grounds(count: int, size: int) -> Tensor:
    """Walls of one colour, of soft patches of colours, with lines across or down."""
    wall = torch.rand(count, 3, 1, 1)
    patches = functional.interpolate(torch.rand(count, 3, 5, 5), size=(size, size), mode="bilinear")
    share = torch.rand(count, 1, 1, 1) * (torch.rand(count, 1, 1, 1) < 0.5)
    ground = wall * (1 - share) + patches * share
    for shape in ((count, 1, 1, size), (count, 1, size, 1)):
        lined = torch.rand(count, 1, 1, 1) < 0.25
        ground = ground * torch.where(lined & (torch.rand(shape) < 0.12), 0.75, 1.0)
    return ground


def _bar(count: int, size: int) -> Tensor:
    """(B, 1, S, S), 1 along a bar anywhere, of any length and direction: an arm, a branch, an edge."""
    middle, angle = _between(-1, 1, 2, count, 1, 1), _between(0, math.pi, count, 1, 1)
    long, wide = _between(0.2, 0.8, count, 1, 1), _between(0.03, 0.14, count, 1, 1)
    line = torch.linspace(-1, 1, size)
    x, y = line[None, None] - middle[0], line[None, :, None] - middle[1]
    inside = ((x * angle.cos() + y * angle.sin()).abs() < long) & ((y * angle.cos() - x * angle.sin()).abs() < wide)
    return (inside & (torch.rand(count, 1, 1) < 0.6)).float()[:, None]


def _lit(seen: Tensor) -> Tensor:
    """In another light, a little out of focus, with some noise."""
    count, size = len(seen), seen.shape[-1]
    lamp = _between(1 - 1.2 * LAMP, 1 + 0.8 * LAMP, count, 1, 1, 1) * (1 + _between(-TINT, TINT, count, 3, 1, 1))
    line = torch.linspace(-1, 1, size)
    shade = 1 + _between(-SHADE, SHADE, count, 1, 1, 1) * line + _between(-SHADE, SHADE, count, 1, 1, 1) * line[:, None]
    soft = functional.avg_pool2d(functional.pad(seen, (1, 1, 1, 1), mode="replicate"), 3, 1)
    focus = _between(0, 0.8, count, 1, 1, 1)
    lit = (seen * (1 - focus) + soft * focus) * (lamp * shade)
    return lit + torch.randn_like(lit) * _between(0, NOISE, count, 1, 1, 1)
