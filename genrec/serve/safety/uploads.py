"""Pictures that strangers send: from bytes, base64 or a data URL to pixels, or a refusal that says why.

Everything that can be known without decoding is checked before: format by magic bytes, size in bytes and pixels,
animation, metadata. Only then one decoder, that of the format found, may see the bytes. What comes out is plain RGB
without metadata (a phone's picture says where it was taken) and no larger than an encoder reads. Addresses are never
followed: a server that fetches what a stranger names can be sent to places that only it can reach.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from genrec.embed.picture_headers import BadPicture, Format, PictureHeader, read_header
from genrec.serve.safety.asgi import Refusal

if TYPE_CHECKING:
    from PIL import Image

FORMATS: tuple[Format, ...] = ("PNG", "JPEG", "WEBP")
_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w.+-]+=[\w.+-]*)*)(;base64)?,", re.ASCII | re.IGNORECASE)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class PictureLimits:
    """bytes: of the file. pixels: width times height. side: the longer one's pixels; 30,000 × 1 is no picture either.

    metadata: bytes of EXIF, profiles and texts. scans: passes of a progressive JPEG, each as dear as a whole picture.
    kept: pixels of the longer side of what is returned.
    """

    bytes: int = 8 * 1024 * 1024
    pixels: int = 24_000_000
    side: int = 12_000
    metadata: int = 1024 * 1024
    scans: int = 50
    kept: int = 1024


def read_upload(
    data: bytes,
    limits: PictureLimits = PictureLimits(),
    *,
    param: str | None = "image",
) -> Image.Image:
    """The picture in `data`, RGB, upright, transparency on white, its longer side at most `limits.kept` pixels.

    param: the request's field, for the refusal: 413 for what is too large, 415 for no PNG, JPEG or WebP, 400 for one
    that is broken, empty or animated. It decodes, so call it in a thread.
    """
    if len(data) > limits.bytes:
        raise _too_large(f"the picture has more than {limits.bytes:,} bytes", param)
    try:
        header = read_header(data)
    except BadPicture as error:
        raise Refusal(400, "broken_image", str(error), param=param) from None
    if header is None:
        raise Refusal(415, "unsupported_image", "that is no PNG, JPEG or WebP picture", param=param)
    _check(header, limits, param)
    return _decoded(data, header, limits, param)


def read_image_url(
    text: str,
    limits: PictureLimits = PictureLimits(),
    *,
    param: str | None = "image_url",
) -> Image.Image:
    """The picture in a data URL (RFC 2397) or in bare base64; all limits are `read_upload`'s.

    400 for an address of any kind: nothing is fetched.
    """
    said = _DATA_URL.match(text[:1000])
    if said is None and _ADDRESS.match(text[:100]):
        why = "pictures are not fetched from addresses; send the picture itself as data:image/png;base64,…"
        raise Refusal(400, "image_url_not_fetched", why, param=param)
    if said is not None:
        media = (said[1] or "text/plain").lower().replace("image/jpg", "image/jpeg")
        if said[3] is None:
            raise Refusal(
                400, "invalid_image_url", "the data URL is not in base64: data:image/png;base64,…", param=param
            )
        if media.removeprefix("image/").upper() not in FORMATS:
            raise Refusal(415, "unsupported_image", f"{media[:40]} is no PNG, JPEG or WebP picture", param=param)
    begin = 0 if said is None else said.end()
    if (len(text) - begin) * 3 // 4 - 2 > limits.bytes:  # before there is a second copy of it
        raise _too_large(f"the picture has more than {limits.bytes:,} bytes", param)
    try:
        data = base64.b64decode(text[begin:], validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(400, "invalid_image_url", "the picture's base64 cannot be read", param=param) from None
    return read_upload(data, limits, param=param)


def _check(header: PictureHeader, limits: PictureLimits, param: str | None) -> None:
    width, height = header.width, header.height
    if min(width, height) < 1:
        raise Refusal(400, "broken_image", "the picture has no pixels", param=param)
    if width * height > limits.pixels or max(width, height) > limits.side:
        most = f"{limits.pixels:,} pixels, or {limits.side:,} on a side"
        raise _too_large(f"the picture has {width:,} × {height:,}; at most {most}", param)
    if header.animated:
        raise Refusal(400, "animated_image", "the picture is animated: send one that stands still", param=param)
    if header.metadata > limits.metadata:
        raise _too_large(f"the picture carries more than {limits.metadata:,} bytes of metadata", param)
    if header.scans > limits.scans:
        raise _too_large(f"the JPEG has more than {limits.scans} scans", param)


def _decoded(data: bytes, header: PictureHeader, limits: PictureLimits, param: str | None) -> Image.Image:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=[header.format]) as opened:
            if opened.size != (header.width, header.height):
                raise Refusal(400, "broken_image", "the picture's size is not what it says", param=param)
            opened.draft("RGB", (limits.kept, limits.kept))  # a JPEG is not unpacked larger than needed
            opened.load()
            return _plain(_upright(opened), limits.kept)
    except Refusal:
        raise
    except Exception as error:  # a decoder may raise anything on bytes made to break it
        kind = "breaks off" if "truncated" in str(error) else "cannot be decoded"
        raise Refusal(400, "broken_image", f"the {header.format} {kind}", param=param) from None


def _upright(image: Image.Image) -> Image.Image:
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # what cannot be read of its metadata does not spoil a picture
        return image


def _plain(image: Image.Image, most: int) -> Image.Image:
    """RGB on white, smaller if need be, and nothing but pixels."""
    from PIL import Image

    if image.mode.startswith("I") or image.mode == "F":  # 16 bits a pixel: Pillow's own conversion would cut them off
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    image.thumbnail((most, most))
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        layers = image.convert("RGBA")
        image = Image.new("RGBA", layers.size, "white")
        image.alpha_composite(layers)
    plain = image.convert("RGB")
    plain.info = {}
    return plain


def _too_large(why: str, param: str | None) -> Refusal:
    return Refusal(413, "image_too_large", why, param=param)
