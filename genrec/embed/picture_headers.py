"""What the first bytes of a picture say of it, read by hand: before any decoder has reserved memory for it.

PNG (W3C, 3rd edition), JPEG (ITU-T T.81, annex B) and WebP (RFC 9649). Only structure is read here, in one walk over
chunks or markers, and nothing is unpacked.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Literal

Format = Literal["PNG", "JPEG", "WEBP"]
_SCANS = re.compile(rb"\xff([\xda\xd9])")
PIECES = 10_000
"""Chunks or segments of a file that are walked over; real ones have some dozens, large PNGs some thousands."""


@dataclass(frozen=True)
class PictureHeader:
    """metadata: bytes that are neither pixels nor how to read them. scans: passes over the pixels (JPEG; else 1)."""

    format: Format
    width: int
    height: int
    animated: bool
    metadata: int
    scans: int = 1


class BadPicture(ValueError):
    """It begins as a picture and goes on otherwise."""


def kind_of(data: bytes) -> Format | None:
    """The format by its magic bytes; what a name or a sender says of it counts for nothing."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    return None


def read_header(data: bytes) -> PictureHeader | None:
    """None for no known format; `BadPicture` for one that breaks off or lacks its size."""
    kind = kind_of(data)
    if kind is None:
        return None
    try:
        return {"PNG": _png, "JPEG": _jpeg, "WEBP": _webp}[kind](data)
    except (struct.error, IndexError):
        raise BadPicture(f"the {kind} breaks off") from None


def _png(data: bytes) -> PictureHeader:
    if data[12:16] != b"IHDR":
        raise BadPicture("the PNG does not begin with its size")
    width, height = struct.unpack(">II", data[16:24])
    at, animated, metadata = 8, False, 0
    for _ in range(PIECES):
        if at + 12 > len(data):
            raise BadPicture("the PNG breaks off")
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        animated |= kind == b"acTL"
        if kind[:1].islower():  # nobody needs it to show the pixels
            metadata += length
        if kind == b"IEND":
            break
        at += 12 + length
    else:
        raise BadPicture(f"the PNG has more than {PIECES:,} chunks")
    return PictureHeader("PNG", width, height, animated, metadata)


_PNG_KNOWN = {
    b"tRNS",
    b"gAMA",
    b"cHRM",
    b"sRGB",
    b"sBIT",
    b"bKGD",
    b"hIST",
    b"pHYs",
    b"sPLT",
    b"tIME",
    b"fdAT",
    b"fcTL",
}


def _jpeg(data: bytes) -> PictureHeader:
    at, metadata, size = 2, 0, None
    for _ in range(PIECES):
        if data[at] != 0xFF:
            raise BadPicture("the JPEG has something between its segments")
        marker = data[at + 1]
        if marker == 0xFF:  # filling
            at += 1
            continue
        if marker == 0xDA:
            break
        if marker in (0xD8, 0xD9, 0x00, 0x01) or 0xD0 <= marker <= 0xD7:
            raise BadPicture("the JPEG has no pixels")
        (length,) = struct.unpack(">H", data[at + 2 : at + 4])
        if 0xE0 <= marker <= 0xEF or marker == 0xFE:
            metadata += length
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            size = (width, height)
        at += 2 + length
    else:
        raise BadPicture(f"the JPEG has more than {PIECES:,} segments")
    if size is None:
        raise BadPicture("the JPEG does not say its size")
    scans = 0
    for mark in _SCANS.finditer(data, at):
        if mark[1] == b"\xd9":
            break
        scans += 1
    return PictureHeader("JPEG", *size, animated=False, metadata=metadata, scans=scans)


def _webp(data: bytes) -> PictureHeader:
    (said,) = struct.unpack("<I", data[4:8])
    end = min(len(data), 8 + said)
    at, size, animated, metadata = 12, None, False, 0
    for _ in range(PIECES):
        if at + 8 > end:
            break
        kind, length = struct.unpack("<4sI", data[at : at + 8])
        body = data[at + 8 : at + 18]
        found = None
        if kind == b"VP8X":
            animated |= bool(body[0] & 2)
            found = (1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little"))
        elif kind == b"VP8 ":
            width, height = struct.unpack("<HH", body[6:10])
            found = (width & 0x3FFF, height & 0x3FFF)
        elif kind == b"VP8L":
            (bits,) = struct.unpack("<I", body[1:5])
            found = (1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
        elif kind in (b"ANIM", b"ANMF"):
            animated = True
        elif kind in (b"EXIF", b"XMP ", b"ICCP"):
            metadata += length
        if found is not None:  # the canvas and the picture on it: the larger one counts
            size = found if size is None else (max(size[0], found[0]), max(size[1], found[1]))
        at += 8 + length + length % 2
    else:
        raise BadPicture(f"the WebP has more than {PIECES:,} chunks")
    if size is None:
        raise BadPicture("the WebP does not say its size")
    return PictureHeader("WEBP", *size, animated=animated, metadata=metadata)
