"""What a PNG says of itself comes back, is where others look for it, and names nobody."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

import genrec
from genrec.errors import UserError
from genrec.imagery import Commission, Scene, Subject, Taste
from genrec.imagery.pictures import XMP_KEY, Provenance, labelled, read_provenance, write_picture

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40)


def gradient(width: int = 40, height: int = 30) -> Image.Image:
    rows, columns = np.mgrid[0:height, 0:width]
    return Image.fromarray(np.stack([columns * 5, rows * 7, rows + columns], axis=2).astype(np.uint8))


@given(model=TEXT, licence=TEXT, item=TEXT, catalogue=TEXT, refused=st.just("") | TEXT, seed=st.integers(0, 2**63),
       love=st.floats(0, 1), kind=st.sampled_from(["cover", "tryon", "room"]))  # fmt: skip
def test_it_comes_back(
    tmp_path_factory: pytest.TempPathFactory, model: str, licence: str, item: str, catalogue: str, refused: str,
    seed: int, love: float, kind: str,
) -> None:  # fmt: skip
    path = tmp_path_factory.mktemp("png") / "one.png"
    said = Provenance(model, licence, item, kind, seed, love, catalogue, refused)  # type: ignore[arg-type]
    write_picture(path, gradient(), said)
    assert read_provenance(path) == said
    with Image.open(path) as opened:
        assert opened.convert("RGB").tobytes() == gradient().tobytes()


@pytest.mark.parametrize(
    ("kind", "source"),
    [("cover", "trainedAlgorithmicMedia"), ("tryon", "compositeWithTrainedAlgorithmicMedia")],
)
def test_the_standard_field(tmp_path: Path, kind: str, source: str) -> None:
    said = Provenance("m", "apache-2.0", "i", kind, 3, 0.5, "7")  # type: ignore[arg-type]
    write_picture(tmp_path / "deep" / "one.png", gradient(), said)
    with Image.open(tmp_path / "deep" / "one.png") as opened:
        text = dict(opened.text)  # type: ignore[attr-defined]
    assert (text["generated"], text["seed"], text["Software"]) == ("true", "3", f"GenRec {genrec.__version__}")
    tree = ElementTree.fromstring(text[XMP_KEY].split("?>", 1)[1].rsplit("<?", 1)[0])
    rdf = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"
    described = next(tree.iter(rdf))
    key = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
    assert described.attrib[key] == f"http://cv.iptc.org/newscodes/digitalsourcetype/{source}"


def test_nobody_is_named(tmp_path: Path) -> None:
    """Neither keywords of a taste nor what the scene's own file said."""
    mask = np.zeros((30, 40), dtype=bool)
    mask[5:20, 5:20] = True
    scene = gradient()
    scene.info["exif"] = b"Exif\0\0GPS 48.2 N"
    one = Commission(
        "tryon", Subject("i-1", text="a dress"), Taste(keywords=("secretive",)), Scene(scene, mask), love=1
    )
    write_picture(tmp_path / "one.png", scene, Provenance.of(one, model="m", licence="l", catalogue="1"))
    data = (tmp_path / "one.png").read_bytes()
    assert b"secretive" not in data and b"GPS" not in data and b"i-1" in data


def test_a_picture_that_is_not_ours(tmp_path: Path) -> None:
    gradient().save(tmp_path / "plain.png")
    assert read_provenance(tmp_path / "plain.png") is None
    info = PngImagePlugin.PngInfo()
    for key, value in {"generated": "true", "Software": "GenRec 9", "kind": "cover", "seed": "many"}.items():
        info.add_text(key, value)
    gradient().save(tmp_path / "odd.png", pnginfo=info)
    assert read_provenance(tmp_path / "odd.png") is None
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n")
    for name in ("broken.png", "nowhere.png"):
        with pytest.raises(UserError, match=name):
            read_provenance(tmp_path / name)


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "one.png"
    said = Provenance("m", "l", "i", "cover", 1, 0.0, "1")
    write_picture(path, gradient(), said)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError):
        write_picture(path, gradient(8, 8), said)
    assert path.read_bytes() == before and [one.name for one in tmp_path.iterdir()] == ["one.png"]


@pytest.mark.parametrize("size", [(64, 64), (512, 384), (40, 300)])
def test_the_label_stands_in_the_corner_alone(size: tuple[int, int], tmp_path: Path) -> None:
    plain = gradient(*size)
    after = np.asarray(labelled(plain)).astype(int)
    changed = np.abs(after - np.asarray(plain)).max(axis=2) > 0
    rows, columns = np.nonzero(changed)
    assert len(rows) and rows.min() > size[1] * 0.7 and columns.min() == 0
    assert after[changed].min() == 0 and after[changed].max() > 200  # black, and small letters in nearly white
    write_picture(tmp_path / "one.png", plain, Provenance("m", "l", "i", "cover", 1, 0.0, "1"), label=True)
    with Image.open(tmp_path / "one.png") as opened:
        assert opened.convert("RGB").tobytes() == labelled(plain).tobytes()
