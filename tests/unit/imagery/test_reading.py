"""Scenes and masks from files: honest ones come in, bombs and fragments are named with their cure."""

from __future__ import annotations

import resource
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genrec.errors import UserError
from genrec.imagery import reading


def mask_of(mode: str, path: Path) -> None:
    levels = np.full((20, 30), 10, dtype=np.uint8)
    levels[5:10, 5:15] = 250
    picture = Image.fromarray(levels)
    if mode == "alpha":  # what is transparent is not painted, whatever colour lies under it
        rgba = Image.new("RGBA", (30, 20), (255, 255, 255, 0))
        rgba.paste((255, 255, 255, 255), (5, 5, 15, 10))
        picture = rgba
    elif mode == "16":
        picture = Image.fromarray(levels.astype(np.uint16) * 256)
    elif mode == "1":
        picture = Image.fromarray((levels > 128).astype(np.uint8) * 255).convert("1")
    elif mode == "RGB":
        picture = picture.convert("RGB")
    picture.save(path, quality=95) if path.suffix == ".jpg" else picture.save(path)


@pytest.mark.parametrize(
    ("mode", "name"), [("L", "m.png"), ("1", "m.png"), ("RGB", "m.png"), ("alpha", "m.png"), ("16", "m.png"),
                       ("L", "m.jpg"), ("RGB", "m.webp")]
)  # fmt: skip
def test_masks_of_all_kinds(mode: str, name: str, tmp_path: Path) -> None:
    mask_of(mode, tmp_path / name)
    mask = reading.read_mask(tmp_path / name)
    assert mask.shape == (20, 30) and mask.dtype == np.bool_
    expected = np.zeros((20, 30), dtype=bool)
    expected[5:10, 5:15] = True
    assert (mask != expected).sum() <= (8 if name != "m.png" else 0)  # JPEG and WebP ring at edges


def test_a_scene_of_two_files_names_the_one_at_fault(tmp_path: Path) -> None:
    Image.new("RGB", (30, 20), "red").save(tmp_path / "room.png")
    mask_of("L", tmp_path / "mask.png")
    scene = reading.read_scene(tmp_path / "room.png", tmp_path / "mask.png")
    assert scene.picture.size == (30, 20) and scene.mask.sum() == 50
    Image.new("L", (30, 20), 0).save(tmp_path / "black.png")
    with pytest.raises(UserError, match=r"black\.png: the mask is empty"):
        reading.read_scene(tmp_path / "room.png", tmp_path / "black.png")
    Image.new("L", (31, 20), 255).save(tmp_path / "wide.png")
    with pytest.raises(UserError, match=r"wide\.png: the mask is 31 × 20, its picture 30 × 20"):
        reading.read_scene(tmp_path / "room.png", tmp_path / "wide.png")


def bomb(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = zlib.compress(bytes(1000))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("read", [reading.read_picture, reading.read_mask])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (bomb(60_000, 60_000), "60,000 × 60,000 pixels"),
        (bomb(20_000, 1), "20,000 × 1 pixels"),
        (bomb(200, 200), "is broken"),
        (b"", "no PNG, JPEG or WebP"),
        (b"<svg></svg>", "no PNG, JPEG or WebP"),
        (bomb(20, 20)[:50], "breaks off"),
    ],
    ids=["bomb", "line", "short", "empty", "svg", "fragment"],
)
def test_files_that_are_refused(read: object, content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "file.png"
    path.write_bytes(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UserError, match=rf"file\.png: .*{message}"):
        read(path)  # type: ignore[operator]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB: nothing was unpacked


def test_files_that_are_not_there_animated_or_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        reading.read_picture(tmp_path / "nowhere.png")
    with pytest.raises(UserError, match="cannot be read"):
        reading.read_picture(tmp_path)
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "film.png", save_all=True, append_images=frames[1:])
    with pytest.raises(UserError, match="animated"):
        reading.read_picture(tmp_path / "film.png")
    monkeypatch.setattr(reading, "MOST_BYTES", 10)
    with pytest.raises(UserError, match="10: save it smaller"):
        reading.read_picture(tmp_path / "film.png")


def test_pictures_come_upright_and_on_white(tmp_path: Path) -> None:
    picture = Image.new("RGB", (20, 10), "red")
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "turned.jpg", exif=exif)
    assert reading.read_picture(tmp_path / "turned.jpg").size == (10, 20)
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert reading.read_picture(tmp_path / "clear.png").getpixel((0, 0)) == (255, 255, 255)
