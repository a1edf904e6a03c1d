"""Figures by a CLIP model, with a tiny one made on the spot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genrec.errors import UserError
from genrec.imagery.measures.clip import Clip, clip_figures


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    transformers = pytest.importorskip("transformers")
    import torch

    from tests.unit.imagery.checkpoint.tiny import clip_tokenizer

    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = transformers.CLIPConfig(
        text_config={**sizes, "vocab_size": 100, "bos_token_id": 82, "eos_token_id": 83, "pad_token_id": 83},
        vision_config={**sizes, "image_size": 32, "patch_size": 8},
        projection_dim=12,
    )
    folder = tmp_path_factory.mktemp("clip")
    transformers.CLIPModel(config).save_pretrained(folder)
    eyes = transformers.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    transformers.CLIPProcessor(eyes, clip_tokenizer()).save_pretrained(folder)
    return Clip.from_pretrained(str(folder))


def _pictures(seed: int, count: int) -> list[Image.Image]:
    rng = np.random.default_rng(seed)
    return [Image.fromarray(rng.integers(0, 255, (40, 40, 3), dtype=np.uint8)) for _ in range(count)]


def test_equal_pictures_are_alike_and_others_are_less(clip: Clip) -> None:
    texts, real = [f"thing {n}" for n in range(40)], _pictures(0, 40)
    same, other = clip_figures(clip, texts, real, real), clip_figures(clip, texts, _pictures(1, 40), real)
    assert same["likeness"]["mean"] == pytest.approx(1.0, abs=1e-5) and same["frechet"] == pytest.approx(0, abs=1e-4)
    assert same["score"] == same["score_of_real"] == other["score_of_real"]
    assert other["likeness"]["mean"] < 0.9999 and other["frechet"] > same["frechet"]
    assert same["pictures"] == 40 and same["dimensions"] == 12


def test_vectors_are_of_unit_length_whatever_the_batch(clip: Clip) -> None:
    pictures = _pictures(2, 35)
    all_at_once = clip.seen(pictures)
    np.testing.assert_allclose(np.linalg.norm(all_at_once, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(all_at_once[34:], clip.seen(pictures[34:]), atol=1e-5)
    long = clip.read(["word " * 300, "word"])  # longer than the model reads
    assert long.shape == (2, 12) and np.isfinite(long).all()


def test_a_model_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--clip .*no CLIP model"):
        Clip.from_pretrained(str(tmp_path / "nothing"))
