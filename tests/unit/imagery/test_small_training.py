"""Training: the lessons leave out what they must, a killed run goes on to the same weights, words mean something."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from safetensors.torch import load_file

from genrec.errors import UserError
from genrec.imagery.small import fitter, learning
from genrec.imagery.small.autoencoding import autoencoder, begin_linear, packed, pictures, pixels, unpacked
from genrec.imagery.small.domains import domain
from genrec.imagery.small.lessons import Lessons, held_out, told_columns
from genrec.imagery.small.painter import SmallPainter
from genrec.imagery.small.poses import APART, random_pose
from genrec.imagery.small.training import fit
from genrec.imagery.small.words import buckets, column_words, text_words


def test_a_tenth_of_the_combinations_is_held_out_the_same_everywhere() -> None:
    rows = [{"a": f"a{i}", "b": f"b{j}"} for i in range(60) for j in range(60)]
    held = held_out(pl.DataFrame(rows), ("a", "b"))
    assert 0.08 < held.mean() < 0.12
    turned = held_out(pl.DataFrame(rows[::-1]), ("a", "b"))
    np.testing.assert_array_equal(held[::-1], turned)
    with pytest.raises(UserError, match="'c'"):
        held_out(pl.DataFrame(rows), ("c",))


def test_no_lesson_shows_what_is_held_out(studio: Path) -> None:
    lessons = Lessons.read(studio / "lessons")
    assert lessons.held.any() and not lessons.held[lessons.of].any()
    np.testing.assert_array_equal(lessons.held, held_out(lessons.table, domain("fashion").judged))
    assert len(lessons.pictures) == 120 and len(lessons.histories) == 80
    assert max(int(history.max()) for history in lessons.histories) >= 60  # the second world's things are moved on


def test_columns_that_tell_items_apart_are_not_told() -> None:
    table = pl.DataFrame(
        {"item_id": ["1", "2"], "text": ["x", "y"], "colour": ["red", None], "tier": [0, 1], "price": [1.0, 2.0]}
    )
    assert told_columns(table) == [{"tier": "0"}, {"tier": "1"}]
    wide = pl.DataFrame(
        {"item_id": [str(i) for i in range(90)], "sku": [f"s{i}" for i in range(90)], "colour": ["red", "blue"] * 45}
    )
    assert told_columns(wide)[1] == {"colour": "blue"}


def test_words_of_the_title_are_told_twice_and_buckets_are_fixed() -> None:
    assert text_words("Navy Cap. A cap in red.")[:2] == ["first:navy", "first:cap"]
    assert {"navy", "cap", "red"} <= set(text_words("Navy Cap. A cap in red."))
    assert column_words({"colour": "sky blue"}) == ["colour=sky blue"]
    assert buckets("navy", 2048) == buckets("navy", 2048) and max(buckets("navy", 7)) < 7


def test_postures_keep_away_from_those_of_the_measures() -> None:
    from genrec.data.synthetic.figure import POSES
    from genrec.imagery.small.poses import _apart

    rng = np.random.default_rng(0)
    for _ in range(50):
        pose = random_pose(rng)
        assert min(_apart(pose, named) for named in POSES) > APART


def test_the_linear_beginning_is_as_good_as_principal_components(studio: Path) -> None:
    shown = np.asarray(Lessons.read(studio / "lessons").pictures)
    model = autoencoder(16, (16, 32, 64))
    begin_linear(model, shown[:60])
    with torch.no_grad():
        again = pictures(model.decode(model.encode(pixels(shown[60:])).latent).sample)
    flat = shown.reshape(len(shown), 16, 4, 16, 4, 3).transpose(0, 1, 3, 2, 4, 5).reshape(len(shown), -1, 48) / 1.0
    mean = flat[:60].mean(axis=(0, 1))
    _, _, axes = np.linalg.svd((flat[:60] - mean).reshape(-1, 48), full_matrices=False)
    best = np.abs((flat[60:] - mean) @ axes[:16].T @ axes[:16] + mean - flat[60:]).mean()
    assert np.abs(again.astype(float) - shown[60:]).mean() < 1.1 * best


def test_packing_goes_there_and_back() -> None:
    latents = torch.randn(2, 16, 16, 16)
    assert packed(latents).shape == (2, 64, 8, 8)
    torch.testing.assert_close(unpacked(packed(latents)), latents)
    assert packed(latents[:0]).shape == (0, 64, 8, 8)


def _killed_at(call: int, real: Callable[..., Any]) -> Callable[..., Any]:
    """`real`, of which one call is never answered."""
    calls = 0

    def killed(*given: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            raise KeyboardInterrupt
        return real(*given)

    return killed


def test_a_killed_training_goes_on_to_the_same_weights(
    studio: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, painter: SmallPainter
) -> None:
    from genrec.recipes.models import ImageryRecipe

    recipe = ImageryRecipe(**{**painter.pipeline.config.trained, "steps": 6})
    monkeypatch.setattr(learning, "EPOCH", 2)
    monkeypatch.setattr(fitter, "EPOCH", 2)
    straight = fit(recipe, tmp_path / "straight")
    for owner, name in ((fitter.Fittings, "asked"), (learning.Examples, "batch")):
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(owner, name, _killed_at(4, getattr(owner, name)))
            fit(recipe, tmp_path / "killed")
    again = fit(recipe, tmp_path / "killed")
    for one, other in zip(straight.models, again.models, strict=True):
        for name, tensor in one.state_dict().items():
            torch.testing.assert_close(tensor, other.state_dict()[name], atol=1e-6, rtol=1e-5)
    with pytest.raises(UserError, match="another recipe"):
        fit(recipe.model_copy(update={"steps": 8}), tmp_path / "killed")
    half = load_file(tmp_path / "killed" / "pipeline" / "unet" / "diffusion_pytorch_model.safetensors")
    assert half.keys() == again.unet.state_dict().keys()
