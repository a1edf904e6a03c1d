"""Which colours a thing has and how much of each: what a picture says whatever pose or shape the thing is in.

Histograms over a grid of colours (Swain and Ballard 1991, «Color indexing»), each pixel shared among the corners of its
cell so that a little more light moves little; of what stands before the ground alone, where that is plain.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from genrec.data.catalog import Catalog
from genrec.embed.images import read_picture, thumbnail
from genrec.embed.vectors import checked, item_name
from genrec.embed.views import in_front

STEPS = 6
"""Shades of red, of green and of blue that are told apart."""
BATCH = 64


def colours(pictures: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """float32 (B, STEPS³), square roots of shares: a dot product is the Bhattacharyya coefficient of two pictures.

    pictures: uint8 or float (B, P, 3), pixels; weights: float (B, P), how much each belongs to the thing.
    """
    place = pictures.astype(np.float32) * ((STEPS - 1) / 256)
    low = place.astype(np.int64)
    part = place - low
    count = STEPS**3
    found = np.zeros(len(pictures) * count)
    first = count * np.arange(len(pictures))[:, None]
    for corner in product((0, 1), repeat=3):
        share = np.prod(np.where(np.array(corner) == 1, part, 1 - part), axis=2) * weights
        cell = ((low[..., 0] + corner[0]) * STEPS + low[..., 1] + corner[1]) * STEPS + low[..., 2] + corner[2]
        found += np.bincount((first + cell).ravel(), share.ravel(), len(found))
    shares = found.reshape(len(pictures), count)
    whole = np.maximum(shares.sum(axis=1, keepdims=True), 1e-9)
    return np.sqrt(shares / whole).astype(np.float32)


def colours_of(catalog: Catalog) -> tuple[np.ndarray, np.ndarray]:
    """Of items' pictures, float32 (N, STEPS³), and mask bool (N,), who has one."""
    paths = [catalog.image_path(item) for item in range(len(catalog))]
    found = np.zeros((len(paths), STEPS**3), np.float32)
    mask = np.array([path is not None for path in paths], bool)
    there = [(item, path) for item, path in enumerate(paths) if path is not None]
    for begin in range(0, len(there), BATCH):
        some = [item for item, _ in there[begin : begin + BATCH]]
        read = [read_picture(path, item_name(catalog.ids, item)) for item, path in there[begin : begin + BATCH]]
        small = np.stack([thumbnail(picture) for picture in read])
        front = in_front(small).reshape(len(small), -1)
        # A picture of nothing but its ground has the ground's colours.
        front[~front.any(axis=1)] = 255
        found[some] = colours(small.reshape(len(small), -1, 3), front)
    return checked(found, mask, source="colours", ids=catalog.ids)
