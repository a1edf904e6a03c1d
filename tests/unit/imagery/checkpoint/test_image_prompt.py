"""Image prompts: our own of vectors, and an IP-Adapter of pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from genrec.errors import UserError
from genrec.imagery import Subject, Taste
from genrec.recipes import CheckpointRecipe, IpAdapterRecipe
from tests.unit.imagery.checkpoint import tiny
from tests.unit.imagery.checkpoint.conftest import Folder, Painting, Wanted, apart, noise, vector

Prompted = Callable[..., str]


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_vectors_steer_each_by_its_own_scale(
    family: str, painting: Painting, prompted: Prompted, wanted: Wanted
) -> None:
    where = prompted(family)
    bare = painting(family)
    # At these strengths what an untrained prompt changes is more than a grey level.
    strong: dict[str, Any] = {"item_guidance": 12.0, "taste_guidance": 20.0}
    asked = wanted(love=1.0, **strong)
    silent = painting(family, image_prompt=where, item_scale=0.0, taste_scale=0.0)
    assert apart(silent.draw([asked])[0], bare.draw([asked])[0]) == 0
    both = painting(family, image_prompt=where)
    drawn = both.draw([asked])[0]
    other_item = wanted(love=1.0, subject=Subject("d-2", vector=vector(8), text="red dress"), **strong)
    other_taste = wanted(love=1.0, taste=Taste(vector=vector(9), keywords=("floral", "cotton")), **strong)
    assert apart(drawn, silent.draw([asked])[0]) > 0
    assert apart(drawn, both.draw([other_item])[0]) > 0 and apart(drawn, both.draw([other_taste])[0]) > 0
    item_only = painting(family, image_prompt=where, taste_scale=0.0)
    assert apart(item_only.draw([asked])[0], item_only.draw([other_taste])[0]) == 0
    assert apart(item_only.draw([asked])[0], item_only.draw([other_item])[0]) > 0
    # Without words the vector is enough.
    assert both.draw([wanted(subject=Subject("d-3", vector=vector(3)))])
    for kind in ("tryon", "room"):
        assert apart(both.draw([wanted(kind, **strong)])[0], bare.draw([wanted(kind, **strong)])[0]) > 0


def test_in_one_batch_with_items_that_have_no_vector(painting: Painting, prompted: Prompted, wanted: Wanted) -> None:
    painter = painting("sd", image_prompt=prompted("sd"), batch=2)
    asked = [wanted(), wanted(subject=Subject("d-4", text="green coat"))]
    alone = [painter.draw([one])[0] for one in asked]
    assert max(apart(one, other) for one, other in zip(painter.draw(asked), alone, strict=True)) <= 1


@pytest.mark.parametrize(("family", "other"), [("sd", "sdxl"), ("sd3", "flux"), ("sd", "flux")])
def test_of_another_checkpoint(family: str, other: str, painting: Painting, prompted: Prompted) -> None:
    with pytest.raises(UserError, match="the checkpoint it was trained on"):
        painting(other, image_prompt=prompted(family))


def test_vectors_of_another_run(painting: Painting, prompted: Prompted, wanted: Wanted) -> None:
    with pytest.raises(UserError, match=r"vectors of 5 numbers, this one has 12.*another run"):
        painting("flux", image_prompt=prompted("flux", dim=5)).draw([wanted()])


def test_a_folder_without_one(painting: Painting, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no image prompt"):
        painting("flux", image_prompt=str(tmp_path))
    (tmp_path / "image_prompt.json").write_text("{")
    with pytest.raises(UserError, match="no image prompt"):
        painting("flux", image_prompt=str(tmp_path))


@pytest.fixture
def adapter(tmp_path: Path, folder: Folder) -> Callable[[str], IpAdapterRecipe]:
    """(family) → an IP-Adapter in the published layout, with random weights and a tiny CLIP that sees 8 × 8 pixels."""

    def make(family: str) -> IpAdapterRecipe:
        from safetensors.torch import save_file
        from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

        torch.manual_seed(2)
        unet = tiny.pipeline(family).unet
        width = unet.config.cross_attention_dim
        state = {"image_proj.proj.weight": torch.randn(4 * width, 8), "image_proj.proj.bias": torch.zeros(4 * width)}
        state |= {"image_proj.norm.weight": torch.ones(width), "image_proj.norm.bias": torch.zeros(width)}
        layers = [name for name in unet.attn_processors if "attn2" in name]
        for number, name in enumerate(layers):
            hidden = unet.get_submodule(name.removesuffix(".processor")).to_q.out_features
            for part in ("to_k_ip", "to_v_ip"):
                state[f"ip_adapter.{2 * number + 1}.{part}.weight"] = torch.randn(hidden, width) / width**0.5
        save_file(state, tmp_path / f"{family}.safetensors")
        config = CLIPVisionConfig(
            hidden_size=8, intermediate_size=16, projection_dim=8, num_hidden_layers=1, num_attention_heads=2,
            image_size=8, patch_size=4,
        )  # fmt: skip
        CLIPVisionModelWithProjection(config).save_pretrained(tmp_path / "image_encoder")
        return IpAdapterRecipe(
            path=str(tmp_path), weight_name=f"{family}.safetensors", image_encoder="image_encoder", scale=1.0
        )

    return make


@pytest.mark.parametrize("family", ["sd", "sdxl"])
def test_an_ip_adapter_sees_the_items_picture_where_it_may(
    family: str, adapter: Callable[[str], IpAdapterRecipe], painting: Painting, wanted: Wanted
) -> None:
    painter = painting(family, ip_adapter=adapter(family))

    def asked(kind: Any, seed: int, **more: Any) -> Any:
        subject = Subject("d-1", text="red dress", picture=noise(30, 30, seed))
        return wanted(kind, subject=subject, item_guidance=10.0, **more)

    for kind, more in (("tryon", {}), ("cover", {"reference": True})):
        assert apart(*painter.draw([asked(kind, 1, **more), asked(kind, 2, **more)])) > 0
    assert apart(*painter.draw([asked("cover", 1), asked("cover", 2)])) == 0  # not allowed to look
    without = wanted("tryon", subject=Subject("d-5", text="red dress"))
    assert painter.draw([without])


def test_an_ip_adapter_of_another_architecture(adapter: Callable[[str], IpAdapterRecipe], painting: Painting) -> None:
    wrong = adapter("sdxl")
    with pytest.raises(UserError, match="does not go with StableDiffusionPipeline"):
        painting("sd", ip_adapter=wrong)
    with pytest.raises(UserError, match="can hold code"):
        painting("sd", ip_adapter=wrong.model_copy(update={"weight_name": "ip-adapter.bin"}))
    with pytest.raises(UserError, match="only for SD 1"):
        painting("flux", ip_adapter=wrong)
    with pytest.raises(ValueError, match="not both"):
        CheckpointRecipe(model="x", image_prompt="y", ip_adapter=wrong)
