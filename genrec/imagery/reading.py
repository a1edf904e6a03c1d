"""Pictures and masks that people bring as files: scenes to draw into, references to draw from.

A file is measured by its header before any decoder reserves memory for it, and only then decoded.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from genrec.embed.images import decoded
from genrec.embed.picture_headers import BadPicture, read_header
from genrec.errors import UserError
from genrec.imagery.commission import Scene

MOST_BYTES = 50 * 1024 * 1024
MOST_PIXELS = 40_000_000
MOST_ON_A_SIDE = 16_000
WHITE = 128
"""From this grey on a pixel of a mask counts as white."""


def read_picture(path: Path) -> Image.Image:
    """A PNG, JPEG or WebP as RGB, upright, transparency on white.

    Raises UserError, naming the file, for one that is missing, broken, animated or too large.
    """
    data = _checked(path)
    try:
        return decoded(io.BytesIO(data))
    except Exception as error:  # Pillow's readers let errors of every kind out of a broken file
        raise UserError(f"{path}: the picture is broken ({error}): save it anew") from None


def read_mask(path: Path) -> np.ndarray:
    """bool (height, width), true where the file is white (grey from `WHITE` on), where transparent or black false.

    Raises UserError as `read_picture` does. Size and emptiness are checked where mask and picture meet, by `Scene`.
    """
    data = _checked(path)
    try:
        with Image.open(io.BytesIO(data)) as opened:
            opened.load()
            mask = ImageOps.exif_transpose(opened)
            if mask.mode.startswith("I") or mask.mode == "F":  # 16 bits a pixel: Pillow's own conversion would clip
                return np.asarray(mask).astype(np.float64) >= WHITE * 256
            if mask.has_transparency_data:
                mask = mask.convert("RGBA")
                mask = Image.alpha_composite(Image.new("RGBA", mask.size, "black"), mask)
            grey: np.ndarray = np.asarray(mask.convert("L")) >= WHITE
            return grey
    except Exception as error:
        raise UserError(f"{path}: the mask is broken ({error}): save it anew") from None


def read_scene(picture: Path, mask: Path) -> Scene:
    """A scene of two files; UserError names the one at fault."""
    name = f"{picture} with mask {mask}"
    return Scene(read_picture(picture), read_mask(mask), name)


def _checked(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise UserError(f"{path}: {size:,} bytes; a picture may have {MOST_BYTES:,}: save it smaller")
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}): name a picture file") from None
    try:
        header = read_header(data)
    except BadPicture as error:
        raise UserError(f"{path}: {error}: save the picture anew") from None
    if header is None:
        raise UserError(f"{path}: no PNG, JPEG or WebP picture: save it as one of these")
    if header.animated:
        raise UserError(f"{path}: the picture is animated: save one frame of it")
    if header.width * header.height > MOST_PIXELS or max(header.width, header.height) > MOST_ON_A_SIDE:
        found = f"{header.width:,} × {header.height:,} pixels"
        most = f"{MOST_PIXELS:,} in all and {MOST_ON_A_SIDE:,} on a side"
        raise UserError(f"{path}: {found}; a picture may have {most}: save it smaller")
    return data
