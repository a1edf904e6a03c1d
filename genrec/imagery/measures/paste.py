"""The baseline of previews: the thing's own picture, cut out, fitted to the mask's box and clipped by the mask."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from genrec.imagery.seams import blend
from genrec.imagery.small.scenes import GROUND

WAYS = ("stretched", "whole")
"""Fitted to the box in both directions, or as large as fits with its proportions kept, hung from the box's top."""
_MARK = (255, 0, 255)


def cut_out(picture: Image.Image) -> Image.Image:
    """RGBA, cropped to the thing: what is reached from the corners over pixels of nearly their colour is ground."""
    filled = picture.convert("RGB")
    for corner in ((0, 0), (filled.width - 1, 0), (0, filled.height - 1), (filled.width - 1, filled.height - 1)):
        ImageDraw.floodfill(filled, corner, _MARK, thresh=GROUND)
    ground = (np.asarray(filled) == np.array(_MARK)).all(axis=2)
    if ground.all():
        ground[:] = False
    alpha = Image.fromarray((~ground).astype(np.uint8) * 255)
    thing = picture.convert("RGB")
    thing.putalpha(alpha)
    return thing.crop(alpha.getbbox())


def pasted(scene: Image.Image, mask: np.ndarray, picture: Image.Image, way: str = "stretched") -> Image.Image:
    """The scene with the thing's picture in the mask; equal to the scene outside, the seam softened."""
    thing = cut_out(picture)
    ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    left, top, width, height = int(xs[0]), int(ys[0]), int(np.ptp(xs)) + 1, int(np.ptp(ys)) + 1
    if way == "whole":
        share = min(width / thing.width, height / thing.height)
        size = max(1, round(thing.width * share)), max(1, round(thing.height * share))
        left += (width - size[0]) // 2
    else:
        size = width, height
    laid = scene.convert("RGB").copy()
    fitted = thing.resize(size, Image.Resampling.LANCZOS)
    laid.paste(fitted.convert("RGB"), (left, top), fitted.getchannel("A"))
    return blend(scene.convert("RGB"), laid, mask, seam=1)
