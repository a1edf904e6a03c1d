"""The measures: intervals, the judge and its gate, the pasted baseline, and the whole evaluation on a tiny painter."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genrec.data.synthetic import drawing, fashion
from genrec.errors import UserError
from genrec.imagery.measures import evaluate as whole
from genrec.imagery.measures import gallery
from genrec.imagery.measures.classifier import AttributeClassifier
from genrec.imagery.measures.intervals import frechet, mean_and_interval
from genrec.imagery.measures.judging import Gate, Trial, gate, judges
from genrec.imagery.measures.paste import cut_out, pasted
from genrec.imagery.small.card import verify, with_figures
from genrec.imagery.small.domains import domain
from genrec.imagery.small.lessons import Lessons
from genrec.imagery.small.painter import SmallPainter
from genrec.imagery.small.projection import Projection

ROW = {
    "category": "t-shirt",
    "silhouette": "regular",
    "colour": "red",
    "accent": "navy",
    "pattern": "stripes",
    "material": "cotton",
}


def test_intervals_hold_the_mean_and_average_what_belongs_together() -> None:
    values = np.random.default_rng(0).standard_normal((400, 3)) + 2
    found = mean_and_interval(values)
    assert found["low"] < found["mean"] < found["high"] and found["n"] == 400
    assert found["mean"] == pytest.approx(values.mean())
    # Three noisy looks at each of 400: about 2 · 1.96 · 1/sqrt(3 · 400) wide.
    assert found["high"] - found["low"] == pytest.approx(3.92 / 1200**0.5, rel=0.2)


def test_frechet_of_two_gaussians() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.standard_normal((20_000, 3)), 2 * rng.standard_normal((20_000, 3)) + 1
    # |1|² · 3 for the means, and (2 - 1)² · 3 for the spreads.
    assert frechet(one, other) == pytest.approx(6, abs=0.3)
    assert frechet(one, one) == pytest.approx(0, abs=1e-3)


def test_a_judge_learns_what_a_picture_shows_and_fails_on_what_it_does_not(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    shades = rng.integers(0, 3, 400)
    pictures = np.broadcast_to((shades * 100 + 20)[:, None, None, None], (400, 64, 64, 3)).astype(np.uint8)
    labels = {"shade": [f"s{n}" for n in shades], "luck": [f"l{n}" for n in rng.integers(0, 2, 400)]}
    judge = AttributeClassifier.fit(
        np.ascontiguousarray(pictures[:300]), {k: v[:300] for k, v in labels.items()}, epochs=6, seed=0, folder=None
    )
    judge.save(tmp_path)
    again = AttributeClassifier.load(tmp_path)
    found = gate(again, np.ascontiguousarray(pictures[300:]), {k: v[300:] for k, v in labels.items()})
    assert found.right["shade"] == 1.0 and found.void == ["luck"]
    np.testing.assert_array_equal(again.features(pictures[:4].copy()), judge.features(pictures[:4].copy()))


def test_gate_names_what_is_void() -> None:
    assert Gate(10, {"a": 0.98, "b": 0.9799}).void == ["b"]


class _Blind(AttributeClassifier):
    """Right about everything but the prints of bags."""

    def __init__(self) -> None:
        pass

    def right(self, pictures: np.ndarray, labels: Mapping[str, Sequence[str]]) -> dict[str, np.ndarray]:
        bags = np.array(labels["kind"], dtype=object) == "bag"
        return {"kind": np.ones(len(bags), bool), "print": ~bags}


def test_what_the_judge_cannot_see_is_left_out_by_kind_and_said() -> None:
    pictures = np.zeros((10, 64, 64, 3), np.uint8)
    few = {"kind": ["bag"] * 3 + ["hat"] * 7, "print": ["dots"] * 10}
    found = gate(_Blind(), pictures, few, "kind")
    assert found.void == [] and found.unseen == {"print": ["bag"]} and found.right["print"] == 1.0
    assert found.seen("print", ["bag", "hat"]).tolist() == [False, True]
    assert found.seen("kind", ["bag", "hat"]).tolist() == [True, True]
    assert gate(_Blind(), pictures, few).void == ["print"]
    # Where it is blind to most of them, the column is void, and nothing is left out to hide that.
    most = {"kind": ["bag"] * 6 + ["hat"] * 4, "print": ["dots"] * 10}
    assert gate(_Blind(), pictures, most, "kind").void == ["print"]


def test_the_paste_cuts_the_garment_out_and_stays_inside() -> None:
    thing = cut_out(drawing.picture(ROW))
    alpha = np.asarray(thing.getchannel("A")) > 0
    # A shirt fills most of its box; the ground between sleeves and body, and the corners, are gone.
    assert 0.5 < alpha.mean() < 0.95
    assert not alpha[-1, 0] and not alpha[-1, -1]
    place = domain("fashion").place_in
    assert place is not None
    one = place(ROW, 0)
    for way in ("stretched", "whole"):
        laid = np.asarray(pasted(one.scene, one.tight, drawing.picture(ROW), way))
        np.testing.assert_array_equal(laid[~one.tight], np.asarray(one.scene)[~one.tight])
    # With the true mask it is nearer to the truth than the bare scene is.
    laid = np.asarray(pasted(one.scene, one.tight, drawing.picture(ROW)), dtype=float)
    truth, bare = np.asarray(one.placed, dtype=float), np.asarray(one.scene, dtype=float)
    assert np.abs(laid - truth)[one.tight].mean() < 0.5 * np.abs(bare - truth)[one.tight].mean()


def test_every_figure_and_sheet_of_a_tiny_painter(painter: SmallPainter, studio: Path, tmp_path: Path) -> None:
    world = fashion.build(tmp_path / "data", items=150, users=60, seed=11)
    catalog = world.catalog
    vectors = np.random.default_rng(0).standard_normal((150, 10)).astype(np.float32)
    mask = np.ones(150, dtype=bool)
    ready = SmallPainter(
        painter.pipeline, Projection.of_run(painter.pipeline.conditioner, catalog.table, vectors, mask)
    )
    flat, placed = judges(Lessons.read(studio / "lessons"), domain("fashion"), tmp_path / "judges", epochs=1, count=40)
    histories = list(world.interactions.sequences(catalog))
    trial = Trial(ready, domain("fashion"), catalog, vectors, mask, histories, flat, placed, steps=1)
    figures = whole.evaluate(trial, tmp_path / "out", items=6, persons=4, placed=2, seeds=(0, 1))
    assert json.loads((tmp_path / "out" / "imagery.json").read_text()) == figures
    assert set(figures["embedding-only"]["columns"]) == set(domain("fashion").judged)
    assert figures["judge of covers"]["void"]  # one epoch on a hundred pictures is no judge
    assert [step["love"] for step in figures["taste"]["slider"]] == [0, 0.25, 0.5, 0.75, 1]
    for name in ("previews, region mask", "previews, tight mask"):
        assert figures[name]["painter"]["outside_mae"]["mean"] == 0
        assert figures[name]["paste, whole"]["outside_mae"]["mean"] == 0
    copied = shutil.copytree(studio / "pipeline", tmp_path / "given" / "pipeline")
    verify(copied)
    assert "Figures" not in (copied / "README.md").read_text()
    with pytest.raises(UserError, match=r"no .*training\.json"):
        with_figures(copied, tmp_path / "out" / "imagery.json")
    shutil.copy(studio / "training.json", tmp_path / "given")
    with_figures(copied, tmp_path / "out" / "imagery.json")
    verify(copied)
    written = (copied / "README.md").read_text()
    assert "embedding-only: category" in written and "void" in written
    with (copied / "unet" / "diffusion_pytorch_model.safetensors").open("ab") as weights:
        weights.write(b"!")
    with pytest.raises(UserError, match="unet"):
        verify(copied)
    page = (tmp_path / "out" / "index.html").read_text()
    assert page.count("<img") == page.count("alt=") > 60 and "http" not in page
    assert Image.open(tmp_path / "out" / "sheet-1.png").width > 500


def test_a_sheet_puts_every_picture_where_it_belongs() -> None:
    red, blue = Image.new("RGB", (64, 64), (255, 0, 0)), Image.new("RGB", (64, 64), (0, 0, 255))
    shown = np.asarray(gallery.png(gallery.Sheet("t", ("one", "two"), [("row", [red, blue])])))
    reds, blues = (shown == (255, 0, 0)).all(axis=2), (shown == (0, 0, 255)).all(axis=2)
    assert reds.sum() == blues.sum() == gallery.CELL**2
    assert np.nonzero(reds)[1].max() < np.nonzero(blues)[1].min()
