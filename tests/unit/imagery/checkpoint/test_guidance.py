"""Two guidances: against diffusers' own where there is one condition, against the formula where there are two."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch

from genrec.imagery.checkpoint.families import denoiser_of, encode, family_of
from genrec.imagery.checkpoint.guidance import Branch, guided, weights
from tests.unit.imagery.checkpoint import tiny
from tests.unit.imagery.checkpoint.conftest import Folder, Painting, Wanted, apart


def loaded(folder: str) -> Any:
    from diffusers import AutoPipelineForText2Image

    pipe = AutoPipelineForText2Image.from_pretrained(folder)
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.mark.parametrize("negative", ["", "blurry"])
@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_one_condition_is_what_the_pipeline_itself_does(
    family: str, negative: str, folder: Folder, painting: Painting, wanted: Wanted
) -> None:
    ours = painting(family).draw([wanted(item_guidance=6.0, negative=negative)])[0]
    strength = {"true_cfg_scale": 6.0} if family == "flux" else {"guidance_scale": 6.0}
    # No negative text at all is FLUX's way to do without guidance, and SDXL's to read zeros.
    said = {"negative_prompt": negative} if negative or family == "flux" else {}
    theirs = loaded(folder(family))(
        "red dress", num_inference_steps=3, width=32, height=32, generator=torch.Generator("cpu").manual_seed(5),
        **strength, **said,
    ).images[0]  # fmt: skip
    assert apart(ours, theirs) <= 1


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_two_conditions_are_the_formula(family: str, folder: Folder) -> None:
    pipe = loaded(folder(family))
    denoiser, known = denoiser_of(pipe), family_of(pipe)
    assert known is not None
    texts = [["", "blurry"], ["red dress", "green coat"], ["red dress, floral", "green coat, wool"]]
    words = [[encode(pipe, known, text) for text in row] for row in texts]
    strengths = [(7.0, 3.0), (2.0, 0.5)]
    torch.manual_seed(0)
    asked: dict[str, Any] = {"return_dict": False}
    if known in ("sd", "sdxl"):
        args: tuple[Any, ...] = (torch.randn(2, 4, 8, 8), torch.tensor(500))
        if known == "sdxl":
            asked["added_cond_kwargs"] = {"time_ids": torch.ones(2, 6), "text_embeds": torch.zeros(2, 16)}
    elif known == "sd3":
        args = ()
        asked |= {"hidden_states": torch.randn(2, 16, 8, 8), "timestep": torch.tensor([500.0, 500.0])}
    else:
        args = ()
        asked |= {"hidden_states": torch.randn(2, 16, 16), "timestep": torch.tensor([0.5, 0.5])}
        asked |= {"img_ids": pipe._prepare_latent_image_ids(2, 4, 4, "cpu", torch.float32)}
        asked |= {"txt_ids": torch.zeros(words[0][0].states.shape[1], 3)}

    def alone(row: int, branch: int) -> torch.Tensor:
        """One picture under one condition."""
        one = words[branch][row]
        single = {
            name: value[row : row + 1] if isinstance(value, torch.Tensor) and not name.endswith("_ids") else value
            for name, value in asked.items()
        }
        single["encoder_hidden_states"] = one.states
        if known == "sdxl":
            single["added_cond_kwargs"] = {"time_ids": torch.ones(1, 6), "text_embeds": one.pooled}
        elif known != "sd":
            single["pooled_projections"] = one.pooled
        found: torch.Tensor = denoiser(*[a[row : row + 1] if a.ndim else a for a in args], **single)[0]
        return found

    with torch.no_grad():
        expected = []
        for row, (item, taste) in enumerate(strengths):
            nothing, with_item, with_both = (alone(row, branch) for branch in range(3))
            expected.append(nothing + item * (with_item - nothing) + taste * (with_both - with_item))
        table = torch.tensor([weights(*pair) for pair in strengths])
        branches = [Branch(words[branch], table[:, branch]) for branch in range(3)]
        asked["encoder_hidden_states"] = torch.cat([one.states for one in words[2]])
        if known not in ("sd", "sdxl"):
            asked["pooled_projections"] = torch.cat([one.pooled for one in words[2] if one.pooled is not None])
        with guided(denoiser, branches):
            found = denoiser(*args, **asked)[0]
    torch.testing.assert_close(found, torch.cat(expected), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("family", ["sdxl", "sd3"])
def test_love_is_a_slider(family: str, painting: Painting, wanted: Wanted) -> None:
    painter = painting(family)
    drawn = painter.draw([wanted(love=love) for love in (0.0, 0.25, 0.5, 1.0)])
    assert apart(painter.draw([wanted(liked=False)])[0], drawn[0]) == 0  # the item as it is
    assert all(apart(one, other) > 0 for one, other in itertools.pairwise(drawn))
    # A taste that is not followed changes nothing, whatever its keywords.
    assert apart(painter.draw([wanted(love=1.0, taste_guidance=0.0)])[0], drawn[0]) == 0


def test_embedded_guidance_and_true_guidance_of_flux(folder: Folder, painting: Painting, wanted: Wanted) -> None:
    painter = painting(folder("flux", guided=True))
    plain, loved, firm = painter.draw([wanted(), wanted(love=1.0), wanted(item_guidance=4.0)])
    theirs = loaded(folder("flux", guided=True))(
        "red dress", num_inference_steps=3, width=32, height=32, generator=torch.Generator("cpu").manual_seed(5)
    ).images[0]
    assert apart(plain, theirs) <= 1
    assert apart(plain, loved) > 0 and apart(plain, firm) > 0


def test_the_reference_is_left_by_love(painting: Painting, wanted: Wanted) -> None:
    """More of the noise, so less of the picture, at more love."""
    painter = painting("sd", steps=10, closest=0.2, freest=1.0)
    item = wanted().subject.picture
    assert item is not None
    jobs = [painter._job(wanted(reference=True, love=love), 10).strength for love in (0.0, 0.5, 1.0)]
    assert jobs == pytest.approx([0.2, 0.6, 1.0])
