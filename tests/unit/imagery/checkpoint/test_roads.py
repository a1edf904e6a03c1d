"""Every road of every family, through diffusers' own pipelines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from genrec.errors import UserError
from genrec.imagery import Scene, Subject
from genrec.imagery.painter import Cancelled
from tests.unit.imagery.checkpoint import tiny
from tests.unit.imagery.checkpoint.conftest import Folder, Painting, Wanted, apart, noise, vector


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_all_three_roads_and_mixed_batches(family: str, painting: Painting, wanted: Wanted, scene: Scene) -> None:
    painter = painting(family)
    assert painter.kinds == {"cover", "tryon", "room"} and painter.size == (32, 32)
    asked = [
        wanted(), wanted("tryon", love=1.0), wanted(reference=True, love=0.3), wanted(seed=6), wanted("room", seed=6)
    ]  # fmt: skip
    shares: list[float] = []
    drawn = painter.draw(asked, progress=shares.append)
    assert [one.size for one in drawn] == [(32, 32), (40, 48), (32, 32), (32, 32), (40, 48)]
    assert shares == sorted(shares) and 0 < shares[0] < 1 and shares[-1] == 1
    for one, commission in zip(drawn, asked, strict=True):
        assert apart(painter.draw([commission])[0], one) == 0  # whoever else is in the batch
    assert apart(drawn[0], drawn[2]) > 8 and apart(drawn[0], drawn[3]) > 8  # another road, another seed
    for preview in (drawn[1], drawn[4]):
        before, after = np.asarray(scene.picture), np.asarray(preview)
        assert (before[~scene.mask] == after[~scene.mask]).all()
        assert np.abs(before.astype(int) - after)[scene.mask].mean() > 8


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_batches_round_but_do_not_mix(family: str, painting: Painting, wanted: Wanted) -> None:
    asked = [wanted(seed=seed, love=love, item_guidance=2.0 + seed) for seed, love in enumerate((0.0, 0.4, 1.0))]
    together = painting(family, batch=3).draw(asked)
    alone = painting(family, batch=1).draw(asked)
    assert max(apart(one, other) for one, other in zip(together, alone, strict=True)) <= 1
    assert apart(together[0], together[1]) > 8


@pytest.mark.parametrize("family", ["sd", "sdxl"])
def test_a_unet_made_for_inpainting(family: str, folder: Folder, painting: Painting, wanted: Wanted) -> None:
    painter = painting(folder(family, channels=9))
    assert painter.kinds == {"tryon", "room"}
    scene = wanted("tryon").scene
    assert scene is not None
    after = np.asarray(painter.draw([wanted("tryon", love=0.5)])[0])
    assert (np.asarray(scene.picture)[~scene.mask] == after[~scene.mask]).all()
    with pytest.raises(UserError, match="made for inpainting"):
        painter.draw([wanted()])


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_the_item_beside_the_scene_is_looked_at(family: str, painting: Painting, wanted: Wanted) -> None:
    def asked(seed: int) -> Any:
        return wanted("tryon", subject=Subject("d-1", text="red dress", picture=noise(30, 30, seed)))

    beside = painting(family, beside=True)
    # The white canvas and the item change what the rest of the latents becomes.
    one, other = beside.draw([asked(1), asked(2)])
    plain_one, plain_other = painting(family, beside=False).draw([asked(1), asked(2)])
    assert one.size == (40, 48) and apart(one, other) > 0
    assert apart(plain_one, plain_other) == 0


def test_others_draw_from_words(painting: Painting, wanted: Wanted, capsys: pytest.CaptureFixture[str]) -> None:
    painter = painting("pixart")
    assert painter.kinds == {"cover"}
    plain, loved = painter.draw([wanted(), wanted(love=1.0)])
    assert apart(plain, loved) > 0  # the keywords
    assert "keywords alone" in capsys.readouterr().err
    with pytest.raises(UserError, match="no inpainting"):
        painter.draw([wanted("tryon")])
    with pytest.raises(UserError, match="leave the reference off"):
        painter.draw([wanted(reference=True)])


def test_an_item_without_words_needs_something_else(painting: Painting, wanted: Wanted) -> None:
    painter = painting("flux")
    bare = Subject("d-9", vector=vector(3))
    with pytest.raises(UserError, match="item d-9 has no text"):
        painter.draw([wanted(subject=bare)])
    assert painter.draw([wanted(subject=bare, prompt="a dress")])


def test_a_scene_of_any_shape_comes_back_in_its_size(painting: Painting, wanted: Wanted) -> None:
    mask = np.zeros((21, 97), dtype=bool)
    mask[:, :13] = True
    scene = Scene(noise(97, 21, 1), mask)
    after = painting("flux").draw([wanted("room", scene=scene)])[0]
    assert after.size == (97, 21)
    assert (np.asarray(after)[~mask] == np.asarray(scene.picture)[~mask]).all()


@pytest.mark.parametrize("family", ["sdxl", "flux"])
def test_memory_that_suffices_for_fewer(
    family: str, painting: Painting, wanted: Wanted, capsys: pytest.CaptureFixture[str]
) -> None:
    painter = painting(family, batch=4)
    denoiser = painter._roads.words.components["unet" if family == "sdxl" else "transformer"]
    most = 2
    seen: list[int] = []

    def full(_: Any, args: Any, kwargs: Any) -> None:
        rows = len(args[0] if args else kwargs["hidden_states"])
        seen.append(rows)
        if rows > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    hook = denoiser.register_forward_pre_hook(full, with_kwargs=True, prepend=True)
    asked = [wanted(seed=seed) for seed in range(5)]
    drawn = painter.draw(asked)
    assert seen[0] == 4 and max(seen[1:]) <= 2
    assert "2 from here on" in capsys.readouterr().err
    assert max(apart(one, other) for one, other in zip(drawn, painting(family).draw(asked), strict=True)) <= 1
    seen.clear()
    painter.draw(asked)
    assert max(seen) <= 2  # what was learned is kept
    most = 0
    with pytest.raises(UserError, match=r"one picture.*16 and height 16.*bfloat16"):
        painter.draw(asked[:1])
    hook.remove()
    assert painter.draw(asked[:1])


def test_other_errors_are_not_taken_for_a_lack_of_memory(painting: Painting, wanted: Wanted) -> None:
    painter = painting("flux")

    def broken(*_: Any) -> None:
        raise RuntimeError("shapes do not match")

    painter._roads.words.transformer.register_forward_pre_hook(broken)
    with pytest.raises(RuntimeError, match="do not match"):
        painter.draw([wanted()])


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_whoever_cancels_gets_nothing_and_may_ask_again(family: str, painting: Painting, wanted: Wanted) -> None:
    painter = painting(family)
    before = painter.draw([wanted(love=0.5)])[0]

    def enough(share: float) -> None:
        if share > 0.4:
            raise Cancelled

    with pytest.raises(Cancelled):
        painter.draw([wanted(love=0.5), wanted(seed=9)], progress=enough)
    assert apart(painter.draw([wanted(love=0.5)])[0], before) == 0


@pytest.mark.parametrize(("how", "family"), [*(("model", one) for one in tiny.FAMILIES), ("sequential", "flux")])
def test_offloaded_weights_draw_the_same(
    how: str, family: str, painting: Painting, wanted: Wanted, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [wanted(love=0.5), wanted("tryon"), wanted(reference=True), wanted()]
    here = painting(family, offload=how).draw(asked)
    assert "no accelerator" in capsys.readouterr().err
    for one, other in zip(here, painting(family).draw(asked), strict=True):
        assert apart(one, other) == 0


@pytest.mark.parametrize("family", ["sdxl", "flux"])
def test_half_precision(family: str, painting: Painting, wanted: Wanted) -> None:
    asked = [wanted(love=0.5), wanted("tryon"), wanted(reference=True)]
    half = painting(family, precision="bfloat16")
    assert next(half._roads.words.vae.parameters()).dtype == torch.bfloat16
    for one, other in zip(half.draw(asked), painting(family).draw(asked), strict=True):
        assert 0 < np.abs(np.asarray(one).astype(int) - np.asarray(other)).mean() < 16
