"""A scene on its way into a pipeline and back: sizes that latents have, the item beside it, a seam that is not seen."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageOps

from genrec.imagery.commission import Scene
from genrec.imagery.seams import blend


def working_size(scene: tuple[int, int], painter: tuple[int, int], multiple: int) -> tuple[int, int]:
    """(width, height) with the scene's proportions and about the painter's area, in multiples of `multiple`."""
    scale = math.sqrt(painter[0] * painter[1] / (scene[0] * scene[1]))
    width, height = (max(1, round(side * scale / multiple)) * multiple for side in scene)
    return width, height


def canvas(scene: Scene, size: tuple[int, int], item: Image.Image | None) -> tuple[Image.Image, Image.Image]:
    """(picture, mask) for a pipeline, white where it may draw.

    item: its picture stands to the right of the scene, on white and outside the mask, so that self-attention can look
    at it (CatVTON, Chong et al. 2024, section 3.2, concatenates latents like that); twice as wide then.
    """
    picture = scene.picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    # Every pixel of the scene that may change must be one that the pipeline draws.
    grey = Image.fromarray(scene.mask.astype(np.uint8) * 255).resize(size, Image.Resampling.BOX)
    mask = grey.point(lambda value: 255 if value > 0 else 0)
    if item is None:
        return picture, mask
    both = Image.new("RGB", (2 * size[0], size[1]), "white")
    both.paste(picture, (0, 0))
    both.paste(ImageOps.pad(item.convert("RGB"), size, Image.Resampling.LANCZOS, color="white"), (size[0], 0))
    covered = Image.new("L", both.size, 0)
    covered.paste(mask, (0, 0))
    return both, covered


def back(scene: Scene, drawn: Image.Image, size: tuple[int, int]) -> Image.Image:
    """What was drawn, in the scene: equal to it outside the mask, blended over a few pixels inside of its edge."""
    part = drawn.crop((0, 0, *size)).resize(scene.picture.size, Image.Resampling.LANCZOS)
    return blend(scene.picture, part, scene.mask, max(1.0, 0.01 * min(scene.picture.size)))
