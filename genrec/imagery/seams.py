"""Where what was drawn meets the scene: nothing changes outside the mask; within its edge one runs into the other."""

from __future__ import annotations

import numpy as np
from PIL import Image


def blend(scene: Image.Image, drawn: Image.Image, mask: np.ndarray, seam: float) -> Image.Image:
    """`drawn` inside the mask, bool (height, width), and `scene` outside, equal to it to the byte.

    Both RGB, of one size. Over the `seam` pixels next to the mask's edge, on its inner side, they are mixed.
    """
    from scipy.ndimage import distance_transform_edt

    # A frame of «outside» would blend the picture's own border too; there is nothing to blend with.
    inside = distance_transform_edt(np.pad(mask, 1, mode="edge"))[1:-1, 1:-1]
    alpha = np.clip(inside / (seam + 1), 0, 1)[..., None]
    before, above = (np.asarray(one.convert("RGB"), dtype=np.float64) for one in (scene, drawn))
    return Image.fromarray(np.rint(before + alpha * (above - before)).astype(np.uint8))
