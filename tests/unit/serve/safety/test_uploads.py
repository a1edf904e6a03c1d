"""Pictures of every honest kind come in; bombs, films, fragments and addresses stay out."""

from __future__ import annotations

import base64
import contextlib
import io
import resource
import socket
import struct
import threading
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from genrec.embed.picture_headers import PIECES, BadPicture, read_header
from genrec.serve.safety.asgi import Refusal
from genrec.serve.safety.uploads import PictureLimits, read_image_url, read_upload


def pixels(height: int = 30, width: int = 40) -> np.ndarray:
    across, down = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return np.stack([across, down, 255 - across], 2).astype(np.uint8)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    held = io.BytesIO()
    image.save(held, kind, **options)
    return held.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *more: bytes, rows: bytes = b"") -> bytes:
    size = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + size + b"".join(more) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def code(data: bytes | str, **limits: int) -> str:
    with pytest.raises(Refusal) as caught:
        (read_image_url if isinstance(data, str) else read_upload)(data, PictureLimits(**limits))  # type: ignore[operator]
    assert caught.value.param is not None
    return caught.value.code


PNG, JPEG, WEBP = (saved(Image.fromarray(pixels()), kind) for kind in ("PNG", "JPEG", "WEBP"))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["PNG", "JPEG", "WEBP"]), st.integers(1, 300), st.integers(1, 300), st.booleans(), st.booleans())
def test_the_header_read_by_hand_says_what_the_decoder_says(
    kind: str, width: int, height: int, clear: bool, option: bool
) -> None:
    mode = "RGBA" if clear and kind != "JPEG" else "RGB"
    options: dict[str, bool] = {
        "PNG": {"optimize": option},
        "JPEG": {"progressive": option},
        "WEBP": {"lossless": option},
    }[kind]
    data = saved(Image.new(mode, (width, height), (9, 99, 199)), kind, **options)
    header = read_header(data)
    assert header is not None and (header.format, header.width, header.height) == (kind, width, height)
    assert not header.animated and header.metadata <= 100
    assert read_upload(data).size == (width, height)


@pytest.mark.parametrize("data", [PNG, JPEG, WEBP])
def test_pixels_come_through(data: bytes) -> None:
    image = read_upload(data)
    assert image.mode == "RGB" and not image.info
    assert np.abs(np.asarray(image).astype(int) - pixels()).mean() < 6


def test_depths_palettes_and_transparency_become_plain() -> None:
    half = np.full((4, 4), 32_768, np.uint16)
    assert abs(int(np.asarray(read_upload(saved(Image.fromarray(half), "PNG")))[0, 0, 0]) - 128) <= 1
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    for data in (saved(clear, "PNG"), saved(clear, "WEBP", lossless=True)):
        assert np.asarray(read_upload(data)).min() == 255  # what shows through is white
    palette = Image.new("RGB", (4, 4), (200, 10, 10)).convert("P", palette=Image.Palette.ADAPTIVE)
    assert tuple(np.asarray(read_upload(saved(palette, "PNG")))[0, 0]) == (200, 10, 10)
    ink = Image.new("CMYK", (4, 4), (0, 255, 255, 0))
    assert np.asarray(read_upload(saved(ink, "JPEG")))[0, 0].argmax() == 0


def test_pictures_are_turned_upright_and_lose_what_else_they_carry() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    exif[0x010E] = "taken at home"
    image = read_upload(saved(Image.fromarray(pixels(30, 40)), "JPEG", exif=exif))
    assert image.size == (30, 40) and not image.info and not dict(image.getexif())


def test_large_pictures_are_made_small() -> None:
    for kind in ("PNG", "JPEG", "WEBP"):
        image = read_upload(saved(Image.new("RGB", (3000, 1500)), kind), PictureLimits(kept=512))
        assert image.size == (512, 256)


def test_a_bomb_is_refused_before_memory_is_taken_for_it() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    canvas = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (16_382).to_bytes(3, "little") * 2
    webp = b"RIFF" + struct.pack("<I", len(canvas) + 4) + b"WEBP" + canvas
    inner = WEBP[12:]  # a small canvas that claims less than the picture on it
    liar = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (0).to_bytes(3, "little") * 2 + inner
    for data in (
        png(60_000, 60_000, rows=bytes(100_000)),
        JPEG.replace(struct.pack(">HH", 30, 40), struct.pack(">HH", 65_535, 65_535)),
        webp,
    ):
        assert code(data) == "image_too_large"
    assert code(b"RIFF" + struct.pack("<I", len(liar) + 4) + b"WEBP" + liar) == "broken_image"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB; one of these is 10 GB


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_limits_are_met_exactly(kind: str) -> None:
    data = saved(Image.new("RGB", (50, 20)), kind)
    read_upload(data, PictureLimits(bytes=len(data), pixels=1000, side=50))
    assert code(data, bytes=len(data) - 1) == "image_too_large"
    assert code(data, pixels=999) == "image_too_large"
    assert code(data, side=49) == "image_too_large"


def test_films_are_refused() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    for kind in ("PNG", "WEBP"):
        assert code(saved(frames[0], kind, save_all=True, append_images=frames[1:])) == "animated_image"
    assert code(saved(frames[0], "GIF", save_all=True, append_images=frames[1:])) == "unsupported_image"


def test_metadata_is_bounded() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("comment", "x" * 70_000, zip=False)
    heavy = [saved(Image.fromarray(pixels()), "PNG", pnginfo=text)]
    heavy += [saved(Image.fromarray(pixels()), kind, exif=b"Exif\0\0" + b"x" * 60_000) for kind in ("JPEG", "WEBP")]
    for data in heavy:
        read_upload(data)
        assert code(data, metadata=50_000) == "image_too_large"
    small = saved(Image.fromarray(pixels()), "PNG", pnginfo=_unpacking())
    assert len(small) < 30_000  # 10 MB of text, packed
    assert code(small) == "broken_image"


def _unpacking() -> PngImagePlugin.PngInfo:
    text = PngImagePlugin.PngInfo()
    text.add_text("comment", "x" * 10_000_000, zip=True)
    return text


def test_endless_scans_and_pieces_are_refused() -> None:
    progressive = saved(Image.fromarray(pixels()), "JPEG", progressive=True)
    header = read_header(progressive)
    assert header is not None and header.scans > 3 and read_header(JPEG).scans == 1  # type: ignore[union-attr]
    last = progressive.rindex(b"\xff\xda")
    many = progressive[:-2] + progressive[last:-2] * 200 + b"\xff\xd9"
    assert code(many) == "image_too_large"
    for crumbs in (
        b"\xff\xd8" + b"\xff" * 3_000_000,
        b"\xff\xd8" + b"\xff\xe0\x00\x02" * 500_000,
        png(5, 5, chunk(b"abCd", b"") * (PIECES + 1)),
        b"RIFF" + struct.pack("<I", 8 * 100_000 + 4) + b"WEBP" + (b"JUNK" + bytes(4)) * 100_000,
    ):
        assert code(crumbs) == "broken_image"


@pytest.mark.parametrize("data", [PNG, JPEG, WEBP])
def test_fragments_are_refused_wherever_they_break_off(data: bytes) -> None:
    for end in [*range(12, 60), *range(60, len(data) - 8, 7)]:
        assert code(data[:end]) in ("broken_image", "unsupported_image")


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([PNG, JPEG, WEBP]), st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=12))
def test_damaged_pictures_are_read_or_refused_and_nothing_else(data: bytes, damage: list[tuple[int, int]]) -> None:
    broken = bytearray(data)
    for place, value in damage:
        broken[place % len(broken)] = value
    try:
        image = read_upload(bytes(broken), PictureLimits(pixels=100_000))
    except Refusal as refusal:
        assert refusal.status in (400, 413, 415)
    else:
        assert image.mode == "RGB"


@given(st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x10\0\0\0WEBP"]), st.binary(max_size=200))
def test_headers_of_anything(magic: bytes, rest: bytes) -> None:
    try:
        read_header(magic + rest)
    except BadPicture as error:
        assert str(error)


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"%PDF-1.7", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"BM", b"II*\0", b"\0" * 99]
)
def test_other_formats_are_refused_whatever_they_are_called(data: bytes) -> None:
    assert code(data) == "unsupported_image"
    assert code("data:image/png;base64," + base64.b64encode(data).decode()) == "unsupported_image"


def test_pictures_in_text() -> None:
    for kind, data in (("png", PNG), ("jpeg", JPEG), ("jpg", JPEG), ("webp", WEBP)):
        encoded = base64.b64encode(data).decode()
        for text in (encoded, f"data:image/{kind};base64,{encoded}", f"DATA:image/{kind};name=a.x;base64,{encoded}"):
            assert read_image_url(text).size == (40, 30)
    encoded = base64.b64encode(PNG).decode()
    assert code(f"data:image/png,{encoded}") == "invalid_image_url"
    assert code(f"data:;base64,{encoded}") == "unsupported_image"
    assert code(f"data:text/html;base64,{encoded}") == "unsupported_image"
    assert code(f"data:image/svg+xml;base64,{encoded}") == "unsupported_image"
    assert code(encoded[:-1]) == "invalid_image_url"
    assert code(encoded + "\n") == "invalid_image_url"
    assert code("data:image/png;base64," + encoded, bytes=len(PNG) - 1) == "image_too_large"
    read_image_url("data:image/png;base64," + encoded, PictureLimits(bytes=len(PNG)))
    assert code("A" * 40_000_000) == "image_too_large"


def test_addresses_are_never_followed() -> None:
    """A listener on this machine hears nothing, however the address is written."""
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.3)
        port = listener.getsockname()[1]

        def listen() -> None:
            with contextlib.suppress(TimeoutError):
                heard.append(listener.accept()[1])

        waiting = threading.Thread(target=listen)
        waiting.start()
        for address in (
            "http://127.0.0.1:{}/a.png",
            "HTTPS://127.0.0.1:{}/",
            "ftp://127.0.0.1:{}/",
            "gopher://127.0.0.1:{}/",
        ):
            assert code(address.format(port)) == "image_url_not_fetched"
        waiting.join()
    assert not heard
    for address in ("file:///etc/passwd", "FILE:/etc/passwd", "jar:http://x!/", "data:image/png;base64;http://x/"):
        assert code(address) == "image_url_not_fetched"
    assert code("//127.0.0.1/a.png") in ("invalid_image_url", "unsupported_image")
