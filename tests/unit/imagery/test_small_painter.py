"""The small painter's roads: cover, reference, taste, try-on. Equal commissions, equal pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genrec.data.catalog import Catalog
from genrec.data.synthetic import fashion
from genrec.errors import UserError
from genrec.imagery import Commission, Painter, Scene, Subject, Taste
from genrec.imagery.painter import Cancelled
from genrec.imagery.small.domains import domain
from genrec.imagery.small.painter import SmallPainter
from genrec.imagery.small.pipeline import SmallPipeline
from genrec.imagery.small.projection import Projection

NAVY = Subject("n", text="Navy Jumper. A roll-neck jumper in navy.")
RED = Image.new("RGB", (128, 128), (200, 20, 20))
COAT = {
    "category": "coat",
    "silhouette": "trench",
    "colour": "red",
    "accent": "navy",
    "pattern": "dots",
    "material": "wool",
}


def _same(one: Image.Image, other: Image.Image) -> bool:
    return np.array_equal(np.asarray(one), np.asarray(other))


def _preview() -> tuple[Image.Image, np.ndarray]:
    place = domain("fashion").place_in
    assert place is not None
    made = place(COAT, 2)
    return made.scene, made.region


def _kinds() -> list[Commission]:
    scene, mask = _preview()
    full = replace(NAVY, picture=RED)
    taste = Taste(keywords=("red", "floral"))
    return [
        Commission("cover", NAVY, seed=1),
        Commission("cover", NAVY, seed=2),
        Commission("cover", NAVY, taste, love=0.5, seed=1),
        Commission("cover", NAVY, taste, love=1.0, item_guidance=2.0, taste_guidance=3.0, seed=1),
        Commission("cover", full, reference=True, seed=1),
        Commission("cover", NAVY, prompt="yellow", style="boho", negative="stripes", seed=1),
        Commission("tryon", full, scene=Scene(scene, mask), seed=1),
        Commission("tryon", NAVY, scene=Scene(scene, mask), seed=1),
        Commission("cover", Subject("p", picture=RED), reference=True, seed=1),
    ]


def test_every_road_draws_its_own_picture(painter: SmallPainter) -> None:
    drawn: Painter = painter
    shown = drawn.draw(_kinds(), steps=2)
    assert [one.size for one in shown] == [(64, 64)] * 6 + [(128, 128)] * 2 + [(64, 64)]
    assert all(one.mode == "RGB" for one in shown)
    small = [np.asarray(one.resize((64, 64))).tobytes() for one in shown]
    assert len(set(small)) == len(small)


def test_equal_commissions_are_equal_pictures_whoever_else_asks(painter: SmallPainter) -> None:
    asked = _kinds()
    together = painter.draw(asked * 3, steps=2)
    for place, one in enumerate(asked):
        alone = painter.draw([one], steps=2)[0]
        for copy in range(3):
            assert _same(alone, together[copy * len(asked) + place])


def test_outside_the_mask_nothing_changes(painter: SmallPainter) -> None:
    scene, mask = _preview()
    for size in ((128, 128), (200, 150)):
        large = scene.resize(size)
        wide = np.asarray(Image.fromarray(mask).resize(size))
        shown = painter.draw([Commission("tryon", replace(NAVY, picture=RED), scene=Scene(large, wide))], steps=2)[0]
        np.testing.assert_array_equal(np.asarray(shown)[~wide], np.asarray(large)[~wide])
        assert (np.asarray(shown)[wide] != np.asarray(large)[wide]).any()


def test_a_preview_shows_a_picture_of_the_thing_its_own_or_one_that_is_drawn_first(painter: SmallPainter) -> None:
    scene, mask = _preview()
    own, taste = Subject("n", text=NAVY.text, picture=RED), Taste(keywords=("red", "floral"))
    bare = Commission("tryon", own, scene=Scene(scene, mask), seed=3)
    loved = replace(bare, taste=taste, love=1.0)
    cover = replace(loved, kind="cover", scene=None, reference=True)
    drawn = painter.draw([cover], steps=2)[0]
    shown = painter.draw([bare, loved, replace(bare, subject=Subject("n", picture=drawn))], steps=2)
    assert _same(shown[1], shown[2]) and not _same(shown[0], shown[1])
    # Its own picture says all: what else is known of the thing does not count.
    assert _same(shown[0], painter.draw([replace(bare, subject=Subject("n", picture=RED))], steps=2)[0])


def test_without_love_the_taste_is_not_looked_at(painter: SmallPainter) -> None:
    plain, liked = Commission("cover", NAVY, seed=4), Commission("cover", NAVY, Taste(keywords=("red",)), seed=4)
    one, other = painter.draw([plain, liked], steps=2)
    assert _same(one, other)


def test_vectors_come_through_the_runs_projection(painter: SmallPainter, tmp_path: Path) -> None:
    catalog: Catalog = fashion.build(tmp_path, items=80, users=10, seed=3).catalog
    vectors = np.random.default_rng(0).standard_normal((80, 12)).astype(np.float32)
    with pytest.raises(UserError, match="projection"):
        painter.draw([Commission("cover", Subject("v", vectors[0]))], steps=1)
    found = Projection.of_run(painter.pipeline.conditioner, catalog.table, vectors, np.ones(80, dtype=bool))
    ready = SmallPainter(painter.pipeline, found)
    one, other = ready.draw([Commission("cover", Subject(str(i), vectors[i])) for i in (0, 1)], steps=2)
    assert not _same(one, other)
    liked = ready.draw([Commission("cover", Subject("0", vectors[0]), Taste(vectors.mean(axis=0)), love=1.0)], steps=2)
    assert not _same(one, liked[0])


def test_progress_is_told_and_may_cancel(painter: SmallPainter) -> None:
    told: list[float] = []
    painter.draw([Commission("cover", NAVY)] * 20, steps=3, progress=told.append)
    assert told == sorted(told) and len(told) == 6 and told[-1] == 1.0
    told.clear()
    scene, mask = _preview()
    painter.draw([Commission("tryon", NAVY, scene=Scene(scene, mask))], steps=2, progress=told.append)
    assert told == [0.25, 0.5, 0.75, 1.0]  # its cover, then the preview

    def stop(_: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        painter.draw([Commission("cover", NAVY)], steps=3, progress=stop)


def test_what_cannot_be_drawn_is_said(painter: SmallPainter, tmp_path: Path) -> None:
    scene, mask = _preview()
    with pytest.raises(UserError, match=r"'room'.*cover, tryon"):
        painter.draw([Commission("room", NAVY, scene=Scene(scene, mask))])
    with pytest.raises(UserError, match="keywords"):
        painter.draw([Commission("cover", NAVY, Taste(np.zeros(3, np.float32)), love=1.0)])
    with pytest.raises(UserError, match="no picture generator"):
        SmallPainter.from_pretrained(tmp_path)
    with pytest.raises(UserError, match="did you mean 'fashion'"):
        domain("fasion")


def test_it_is_a_diffusers_pipeline_in_half_precision(studio: Path) -> None:
    from safetensors.torch import load_file

    pipeline = SmallPipeline.from_pretrained(studio / "pipeline")
    assert pipeline.config.domain == "fashion" and len(pipeline.config.latents["mean"]) == 64
    weights = load_file(studio / "pipeline" / "unet" / "diffusion_pytorch_model.safetensors")
    assert {str(tensor.dtype) for tensor in weights.values()} == {"torch.float16"}


def test_a_painter_trained_anew_or_fitted_on_another_run_is_another(tiny_painter: Path) -> None:
    """Else `genrec imagine` would take its predecessor's pictures for finished."""
    one, again, other = (SmallPainter.from_pretrained(tiny_painter) for _ in range(3))
    assert one.fingerprint == again.fingerprint
    weight = next(other.pipeline.unet.parameters())
    weight.data.mul_(1.01)
    assert other.fingerprint != one.fingerprint
    rng = np.random.default_rng(0)
    width = one.pipeline.conditioner.config["width"]
    again.projection = Projection.fit(
        rng.standard_normal((40, 4)).astype(np.float32), rng.standard_normal((40, width)).astype(np.float32)
    )
    assert again.fingerprint != one.fingerprint
