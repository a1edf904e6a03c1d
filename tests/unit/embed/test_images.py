from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from genrec.embed.images import TransformersImageEncoder, read_picture, read_thumbnails
from genrec.errors import UserError

VISION = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
    "image_size": 32, "patch_size": 8,
}  # fmt: skip
SIDES = {"height": 32, "width": 32}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory, shapes: Any) -> list[Path]:
    folder = tmp_path_factory.mktemp("pictures")
    paths = []
    for number, picture in enumerate(shapes(6, seed=0)[0]):
        paths.append(folder / f"{number}.png")
        picture.save(paths[-1])
    return paths


@pytest.fixture(scope="module")
def vit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import ViTConfig, ViTImageProcessorPil, ViTModel

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("vit")
    ViTModel(ViTConfig(**VISION)).save_pretrained(folder)
    ViTImageProcessorPil(size=SIDES).save_pretrained(folder)
    return folder


def test_reading_pictures(tmp_path: Path) -> None:
    transparent = Image.new("RGBA", (4, 2), (255, 0, 0, 0))
    transparent.save(tmp_path / "transparent.png")
    assert np.asarray(read_picture(tmp_path / "transparent.png", "x")).tolist() == [[[255] * 3] * 4] * 2
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned
    Image.new("L", (4, 2), 7).save(tmp_path / "turned.jpg", exif=exif)
    turned = read_picture(tmp_path / "turned.jpg", "x")
    assert turned.size == (2, 4) and turned.mode == "RGB"


def test_a_broken_picture_names_file_and_item(tmp_path: Path, pictures: list[Path]) -> None:
    (tmp_path / "text.jpg").write_text("no picture")
    whole = pictures[0].read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    for name in ("text.jpg", "cut.png"):
        with pytest.raises(UserError, match=rf"{name}: the picture of item 'b' is broken"):
            read_thumbnails([pictures[0], tmp_path / name], ids=["a", "b"])
    with pytest.raises(UserError, match=r"gone\.png: item 'a' names a picture that does not exist"):
        read_thumbnails([tmp_path / "gone.png"], ids=["a"])


def test_thumbnails_keep_proportions_and_are_cached(tmp_path: Path) -> None:
    path = tmp_path / "wide.png"
    Image.new("RGB", (128, 64), (0, 0, 255)).save(path)
    found, mask = read_thumbnails([path, None], size=64, cache=tmp_path / "cache")
    assert found.shape == (2, 64, 64, 3) and found.dtype == np.uint8 and mask.tolist() == [True, False]
    assert (found[0, 20:44] == [0, 0, 255]).all() and (found[0, :8] == 255).all()
    again, _ = read_thumbnails([path, None], size=64, cache=tmp_path / "cache")
    assert isinstance(again, np.memmap) and np.array_equal(again, found)
    Image.new("RGB", (64, 64), (0, 255, 0)).save(path)
    os.utime(path, ns=(1, 1))
    changed, _ = read_thumbnails([path, None], size=64, cache=tmp_path / "cache")
    assert (changed[0] == [0, 255, 0]).all()


def test_vit_from_a_folder(vit: Path, pictures: list[Path]) -> None:
    encoder = TransformersImageEncoder(str(vit), batch_size=4, device="cpu")
    paths: list[Path | None] = [pictures[0], None, *pictures[1:]]
    vectors, mask = encoder.encode(paths)
    assert vectors.shape == (7, 32) and np.flatnonzero(~mask).tolist() == [1] and not vectors[1].any()
    assert np.allclose(np.linalg.norm(vectors[mask], axis=1), 1, atol=1e-5)
    alone, _ = encoder.encode([paths[4]])
    assert np.allclose(alone[0], vectors[4], atol=1e-5)
    # What the model itself pools, computed by hand.
    with torch.inference_mode():
        pixels = encoder.processor(images=[Image.open(pictures[0])], return_tensors="pt")["pixel_values"]
        pooled = encoder.model(pixel_values=pixels).pooler_output[0].numpy()
    assert np.allclose(vectors[0], pooled / np.linalg.norm(pooled), atol=1e-5)


def test_a_pooler_made_up_at_random_is_not_used(tmp_path: Path, pictures: list[Path]) -> None:
    from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessorPil

    torch.manual_seed(0)
    ViTForImageClassification(ViTConfig(**VISION)).save_pretrained(tmp_path)
    ViTImageProcessorPil(size=SIDES).save_pretrained(tmp_path)
    one, other = (TransformersImageEncoder(str(tmp_path), device="cpu").encode(list(pictures))[0] for _ in range(2))
    assert np.array_equal(one, other)


def test_clip_gives_its_image_embedding(tmp_path: Path, pictures: list[Path]) -> None:
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel

    torch.manual_seed(0)
    text = {
        "vocab_size": 50, "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64
    }  # fmt: skip
    CLIPModel(CLIPConfig(text_config=text, vision_config=VISION, projection_dim=24)).save_pretrained(tmp_path)
    CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=SIDES).save_pretrained(tmp_path)
    vectors, mask = TransformersImageEncoder(str(tmp_path), device="cpu").encode(list(pictures))
    assert vectors.shape == (6, 24) and mask.all()
    assert len(np.unique(vectors.round(5), axis=0)) == 6


def test_a_convolutional_network_works_too(tmp_path: Path, pictures: list[Path]) -> None:
    from transformers import ConvNextImageProcessorPil, ResNetConfig, ResNetModel

    torch.manual_seed(0)
    config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic")
    ResNetModel(config).save_pretrained(tmp_path)
    ConvNextImageProcessorPil(size={"shortest_edge": 32}).save_pretrained(tmp_path)
    vectors, _ = TransformersImageEncoder(str(tmp_path), device="cpu").encode(list(pictures))
    assert vectors.shape == (6, 16)


def test_a_model_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UserError, match=r"image encoder .* cannot be loaded"):
        TransformersImageEncoder(str(tmp_path / "nothing-here"))


def test_nan_names_the_item(vit: Path, pictures: list[Path]) -> None:
    encoder = TransformersImageEncoder(str(vit), device="cpu")
    with torch.no_grad():
        next(encoder.model.parameters()).fill_(float("nan"))
    with pytest.raises(UserError, match="item 'b'"):
        encoder.encode([None, pictures[0]], ["a", "b"])
