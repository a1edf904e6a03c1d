"""What a recipe may name, and what happens where it names something else."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from genrec.errors import UserError
from genrec.imagery.checkpoint import licences
from genrec.imagery.checkpoint.schedulers import plain
from genrec.recipes import LoraRecipe
from tests.unit.imagery.checkpoint import tiny
from tests.unit.imagery.checkpoint.conftest import Folder, Painting, Wanted, apart


@pytest.mark.parametrize(
    ("family", "names"),
    [
        ("sd", ["euler", "EulerAncestralDiscreteScheduler", "dpm-solver-multistep", "unipc-multistep", "lms", "ddpm"]),
        ("flux", ["flow-match-euler"]),
        ("sd3", ["flow-match-heun"]),
    ],
)
def test_schedulers_by_name(family: str, names: Sequence[str], painting: Painting, wanted: Wanted) -> None:
    usual = painting(family).draw([wanted()])[0]
    for name in names:
        painter = painting(family, scheduler=name)
        assert plain(type(painter._roads.words.scheduler).__name__) == plain(name)
        drawn = painter.draw([wanted(), wanted("tryon")] if family == "sd" else [wanted()])
        assert apart(drawn[0], usual) > 0 or family == "flux"  # its own
        assert apart(painter.draw([wanted()])[0], drawn[0]) == 0  # also those that draw noise at every step


@pytest.mark.parametrize(
    ("family", "name"), [("sd", "eular"), ("flux", "ddim"), ("flux", "flow-match-heun"), ("sd", "flow-match-euler")]
)
def test_schedulers_that_do_not_fit(family: str, name: str, painting: Painting) -> None:
    with pytest.raises(UserError, match=f"scheduler: '{name}' does not go with .*(did you mean|known:)"):
        painting(family, scheduler=name)


def test_what_is_no_checkpoint(painting: Painting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"no model_index\.json"):
        painting(str(tmp_path))
    (tmp_path / "model_index.json").write_text("{broken")
    with pytest.raises(UserError, match="cannot be loaded"):
        painting(str(tmp_path))
    (tmp_path / "model_index.json").write_text('{"_class_name": "AudioLDM2Pipeline", "_diffusers_version": "0.35.0"}')
    with pytest.raises(UserError, match="text-to-image"):
        painting(str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match=r"'nobody/nothing-at-all' cannot be loaded .*hub id that this machine"):
        painting("nobody/nothing-at-all")


def test_a_checkpoint_whose_weights_are_gone(painting: Painting, folder: Folder, tmp_path: Path) -> None:
    broken = tmp_path / "flux"
    shutil.copytree(folder("flux"), broken)
    weights = next((broken / "transformer").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(UserError, match="cannot be loaded"):
        painting(str(broken))


@pytest.mark.parametrize(("width", "message"), [(31, "take 32"), (3, "take 8")])
def test_sizes_that_latents_cannot_have(width: int, message: str, painting: Painting) -> None:
    with pytest.raises(UserError, match=f"multiples of 8: {message}"):
        painting("flux", width=width)


def test_steps(painting: Painting, wanted: Wanted) -> None:
    painter = painting("sd")
    with pytest.raises(UserError, match="at least 1"):
        painter.draw([wanted()], steps=0)
    assert painter.draw([wanted(), wanted(reference=True), wanted("room")], steps=1)
    assert apart(painter.draw([wanted()], steps=3)[0], painter.draw([wanted()])[0]) == 0


def carded(folder: Folder, tmp_path: Path, card: str | None) -> str:
    copy = tmp_path / "carded"
    shutil.copytree(folder("flux"), copy)
    if card is not None:
        (copy / "README.md").write_text(card)
    return str(copy)


@pytest.mark.parametrize(
    "card",
    [
        "---\nlicense: cc-by-nc-sa-4.0\n---\n# A model",
        "---\nlicense: other\nlicense_name: flux-1-dev-non-commercial-license\n---\n",
    ],
)
def test_non_commercial_weights_are_opted_into(card: str, folder: Folder, painting: Painting, tmp_path: Path) -> None:
    model = carded(folder, tmp_path, card)
    with pytest.raises(UserError, match=r"forbids commercial use.*`licence: .*(nc|non-commercial)") as refused:
        painting(model)
    named = str(refused.value).split("licence: ")[1].rstrip("`")
    assert painting(model, licence=named).licence == named


def test_licences_from_cards_and_without(
    folder: Folder, painting: Painting, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert painting(carded(folder, tmp_path, "---\nlicense: apache-2.0\n---\n")).licence == "apache-2.0"
    assert capsys.readouterr().err == ""
    assert painting("flux").licence == licences.UNKNOWN
    assert "no model card names a licence" in capsys.readouterr().err
    assert painting("flux", licence="ours").licence == "ours"


@pytest.mark.parametrize("name", ["openrail++", "creativeml-openrail-m", "apache-2.0", "mit", "stabilityai-community"])
def test_licences_that_allow_business(name: str) -> None:
    assert not licences.restricted(name)


def test_what_pictures_call_the_model_tells_no_paths(painting: Painting, folder: Folder) -> None:
    assert painting("sd").name == Path(folder("sd")).name
    assert painting("sd").fingerprint == painting("sd").fingerprint != painting("sd", steps=4).fingerprint


def test_weights_that_changed_under_their_name_are_another_painter(
    painting: Painting, folder: Folder, tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    shutil.copytree(folder("sd"), mine)
    before = painting(str(mine)).fingerprint
    weights = next(mine.glob("unet/*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\0")
    assert painting(str(mine)).fingerprint != before


def test_weights_that_could_hold_code_are_not_read(painting: Painting, tmp_path: Path) -> None:
    tiny.pipeline("flux").save_pretrained(tmp_path / "pickled", safe_serialization=False)
    assert list((tmp_path / "pickled").glob("*/*.bin"))
    with pytest.raises(UserError, match="cannot be loaded"):
        painting(str(tmp_path / "pickled"))


# ---------------------------------------------------------------------- LoRA


def lora(family: str, where: Path, *, rank: int = 4) -> Path:
    """Random weights as somebody else's training would have saved them."""
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    pipe = tiny.pipeline(family)
    part = "unet" if family in ("sd", "sdxl") else "transformer"
    denoiser = getattr(pipe, part)
    torch.manual_seed(3)
    denoiser.add_adapter(LoraConfig(r=rank, target_modules=["to_q", "to_v"], init_lora_weights=False))
    pipe.save_lora_weights(str(where), **{f"{part}_lora_layers": get_peft_model_state_dict(denoiser)})
    return where


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_lora_weights_and_their_scale(family: str, painting: Painting, wanted: Wanted, tmp_path: Path) -> None:
    path = str(lora(family, tmp_path / "mine"))
    asked = [wanted(), wanted("tryon")]
    drawn = {
        scale: painting(family, loras=[LoraRecipe(path=path, scale=scale)]).draw(asked) for scale in (0.0, 0.5, 1.0)
    }
    bare = painting(family).draw(asked)
    for row in range(2):
        assert apart(drawn[0.0][row], bare[row]) <= 1
        assert apart(drawn[1.0][row], bare[row]) > 0 and apart(drawn[1.0][row], drawn[0.5][row]) > 0
    file = next((tmp_path / "mine").glob("*.safetensors"))
    two = painting(family, loras=[LoraRecipe(path=str(file), scale=0.5), LoraRecipe(path=path, scale=0.5)])
    assert two.name.endswith("+pytorch_lora_weights.safetensors+mine")
    assert apart(two.draw(asked)[0], drawn[1.0][0]) <= 1  # twice a half is one


@pytest.mark.parametrize(("family", "other"), [("sd", "sdxl"), ("flux", "sd"), ("sd3", "flux"), ("sdxl", "sd3")])
def test_lora_weights_of_another_architecture(family: str, other: str, painting: Painting, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="another architecture"):
        painting(other, loras=[LoraRecipe(path=str(lora(family, tmp_path / "theirs")))])


def test_lora_weights_that_are_not_there(painting: Painting, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file or folder"):
        painting("sd", loras=[LoraRecipe(path=str(tmp_path / "nothing"))])
    with pytest.raises(UserError, match="does not go with"):
        painting("sd", loras=[LoraRecipe(path=str(tmp_path))])
    with pytest.raises(UserError, match="takes no LoRA"):
        painting("pixart", loras=[LoraRecipe(path=str(tmp_path))])


# ---------------------------------------------------------------------- safety


def test_a_check_of_ones_own(painting: Painting, wanted: Wanted, capsys: pytest.CaptureFixture[str]) -> None:
    def check(pictures: Sequence[Image.Image]) -> list[str | None]:
        seen.extend(pictures)
        return ["the house rules" if number == 0 else None for number, _ in enumerate(pictures)]

    seen: list[Image.Image] = []
    asked = [wanted(), wanted(seed=2)]
    refused, shown = painting("flux", check=check, batch=2).draw(asked)
    assert refused.info["refused"] == "the house rules" and "refused" not in shown.info
    assert "house rules" in capsys.readouterr().err and len(seen) == 2
    assert len(set(refused.get_flattened_data() if hasattr(refused, "get_flattened_data") else refused.getdata())) < 9
    scene = wanted("tryon").scene
    assert scene is not None
    preview = painting("flux", check=check).draw([wanted("tryon")])[0]
    assert preview.info["refused"] and preview.size == scene.picture.size
    with pytest.raises(ValueError, match="judged 0"):
        painting("flux", check=lambda _: []).draw(asked)


def test_the_checkpoints_own_check(painting: Painting, wanted: Wanted, tmp_path: Path) -> None:
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
    from transformers import CLIPConfig, CLIPImageProcessor

    small: dict[str, Any] = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    pipe = tiny.pipeline("sd")
    checker = StableDiffusionSafetyChecker(
        CLIPConfig(
            vision_config=small | {"image_size": 8, "patch_size": 4}, text_config=small | {"vocab_size": 100},
            projection_dim=8,
        )
    )  # fmt: skip
    checker.concept_embeds_weights.data.fill_(-1.0)  # everything is too near to some concept
    size = {"height": 8, "width": 8}
    pipe.register_modules(
        safety_checker=checker, feature_extractor=CLIPImageProcessor(crop_size=size, size={"shortest_edge": 8})
    )
    pipe.save_pretrained(tmp_path / "strict")
    drawn = painting(str(tmp_path / "strict")).draw([wanted(), wanted("tryon")])
    assert all("safety checker" in one.info["refused"] for one in drawn)
    free = painting(str(tmp_path / "strict"), safety="none").draw([wanted()])[0]
    assert "refused" not in free.info and apart(free, painting("sd").draw([wanted()])[0]) == 0
