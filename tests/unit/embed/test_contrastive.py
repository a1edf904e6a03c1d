from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from genrec.embed.contrastive import ContrastiveEncoder, ContrastiveModel, retrieval
from genrec.embed.text import TfidfSvd
from genrec.errors import UserError

ALL = np.ones(600, dtype=bool)
Drawn = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def arrays(shapes: Any, count: int, seed: int) -> tuple[np.ndarray, list[str]]:
    pictures, texts = shapes(count, seed)
    return np.stack([np.asarray(picture) for picture in pictures]), texts


@pytest.fixture(scope="module")
def text(shapes: Any) -> TfidfSvd:
    return TfidfSvd(dim=32).fit(shapes(600, 0)[1], seed=0)


@pytest.fixture(scope="module")
def drawn(shapes: Any, text: TfidfSvd) -> Drawn:
    """600 pictures and their text vectors."""
    pictures, texts = arrays(shapes, 600, 0)
    return pictures, text.encode(texts)[0]


@pytest.fixture(scope="module")
def encoder(drawn: Drawn) -> ContrastiveEncoder:
    return ContrastiveEncoder(dim=32, epochs=8, batch_size=64).fit(drawn[0], ALL, drawn[1], ALL, seed=0)


def test_held_out_pictures_find_their_texts(encoder: ContrastiveEncoder) -> None:
    assert encoder.metrics["held_out"] == 60
    assert encoder.metrics["recall@10"] > 3 * encoder.metrics["chance@10"]


def test_a_new_text_finds_new_pictures(encoder: ContrastiveEncoder, text: TfidfSvd, shapes: Any) -> None:
    new, said = arrays(shapes, 200, 7)
    pictures, mask = encoder.encode(new, np.ones(200, bool))
    assert mask.all() and np.allclose(np.linalg.norm(pictures, axis=1), 1, atol=1e-5)
    query = encoder.encode_texts(text.encode(["blue square"])[0])[0]
    best = [said[row] for row in np.argsort(-(pictures @ query))[:10]]
    assert sum("blue square" in answer for answer in best) >= 6  # one text in sixteen says so


def test_it_is_small() -> None:
    assert sum(weights.numel() for weights in ContrastiveModel(256, 64).parameters()) <= 500_000


def test_reloaded_it_says_the_same(encoder: ContrastiveEncoder, tmp_path: Path, drawn: Drawn) -> None:
    pictures, vectors = drawn
    encoder.save_pretrained(tmp_path)
    again = ContrastiveEncoder.from_pretrained(tmp_path)
    assert np.array_equal(again.encode(pictures, ALL)[0], encoder.encode(pictures, ALL)[0])
    assert np.array_equal(again.encode_texts(vectors), encoder.encode_texts(vectors))
    with pytest.raises(UserError, match="holds no contrastive image encoder"):
        ContrastiveEncoder.from_pretrained(tmp_path / "elsewhere")


def test_a_picture_is_known_again_before_another_ground(encoder: ContrastiveEncoder, shapes: Any) -> None:
    own = arrays(shapes, 150, 11)[0]
    ground = own[:, :1, :1]
    away = (np.abs(own.astype(int) - ground).max(axis=3) > 20)[..., None]
    other = np.random.default_rng(0).integers(60, 200, (150, 1, 1, 3)).astype(np.uint8)
    anew = np.where(away, own, other)[:, :, ::-1]  # and mirrored
    mask = np.ones(150, bool)
    found = encoder.encode(anew.copy(), mask)[0] @ encoder.encode(own, mask)[0].T
    rank = (found > np.diagonal(found)[:, None]).sum(axis=1)
    assert (rank < 10).mean() > 3 * 10 / 150
    assert encoder.metrics["anew@1"] > 3 * 1 / 60


def test_an_encoder_of_before_still_reads(tmp_path: Path) -> None:
    """It pooled one way, and had no temperature for pictures among themselves."""
    torch.manual_seed(0)
    old = ContrastiveEncoder(dim=8)
    old.model = ContrastiveModel(4, 8, pools=1).eval()
    old.save_pretrained(tmp_path)
    said = json.loads((tmp_path / "config.json").read_text())
    del said["pools"]
    (tmp_path / "config.json").write_text(json.dumps(said))
    tensors = load_file(tmp_path / "model.safetensors")
    del tensors["likeness"]
    save_file(tensors, tmp_path / "model.safetensors")
    pictures = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3)).astype(np.uint8)
    again = ContrastiveEncoder.from_pretrained(tmp_path)
    assert np.array_equal(again.encode(pictures, ALL[:3])[0], old.encode(pictures, ALL[:3])[0])


def test_killed_and_resumed_equals_uninterrupted(tmp_path: Path, drawn: Drawn) -> None:
    pictures, vectors = drawn[0][:96], drawn[1][:96]

    def fit(folder: Path | None) -> np.ndarray:
        encoder = ContrastiveEncoder(dim=16, epochs=4, batch_size=32)
        encoder.fit(pictures, ALL[:96], vectors, ALL[:96], seed=3, folder=folder)
        return encoder.encode(pictures, ALL[:96])[0]

    whole = fit(None)
    assert np.array_equal(fit(None), whole)

    class Killed(BaseException):
        pass

    class Watched:
        """The picture array of a machine that fails in the third epoch."""

        def __init__(self) -> None:
            self.reads = 0

        def __getitem__(self, rows: np.ndarray) -> np.ndarray:
            self.reads += 1
            if self.reads > 7:
                raise Killed
            return pictures[rows]

    with pytest.raises(Killed):
        ContrastiveEncoder(dim=16, epochs=4, batch_size=32).fit(
            Watched(), ALL[:96], vectors, ALL[:96], seed=3, folder=tmp_path  # type: ignore[arg-type]
        )  # fmt: skip
    assert 1 <= json.loads((tmp_path / "loop.json").read_text())["epoch"] <= 3
    assert np.array_equal(fit(tmp_path), whole)


def test_only_complete_pairs_are_learned_from(drawn: Drawn) -> None:
    pictures, vectors = drawn[0][:60], drawn[1][:60]
    picture_mask, text_mask = ALL[:60].copy(), ALL[:60].copy()
    picture_mask[:10], text_mask[10:20] = False, False

    def fit(pictures: np.ndarray, vectors: np.ndarray) -> ContrastiveEncoder:
        return ContrastiveEncoder(dim=8, epochs=1).fit(pictures, picture_mask, vectors, text_mask, seed=0)

    encoder = fit(pictures, vectors)
    assert encoder.metrics["pairs"] == 40
    other_pictures, other_vectors = pictures.copy(), vectors.copy()
    other_pictures[:10], other_vectors[10:20] = 77, 5.0
    again = fit(other_pictures, other_vectors)
    assert np.array_equal(encoder.encode(drawn[0], ALL)[0], again.encode(drawn[0], ALL)[0])
    found, mask = encoder.encode(pictures, picture_mask)
    assert not mask[:10].any() and not found[:10].any() and found[10:].any(axis=1).all()
    with pytest.raises(UserError, match="3 item"):
        ContrastiveEncoder().fit(pictures[:3], ALL[:3], vectors[:3], ALL[:3], seed=0)


def test_twins_are_no_negatives() -> None:
    torch.manual_seed(0)
    model = ContrastiveModel(4, 8).eval()
    pictures = torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8)
    assert model(pictures, torch.ones(2, 4)).item() == pytest.approx(0.0, abs=1e-6)
    assert model(pictures, torch.eye(4)[:2]).item() > 0.1


def test_retrieval_counts_ranks_and_knows_a_collapse() -> None:
    answers = np.eye(4, dtype=np.float32)
    assert retrieval(answers, answers, 1) == 1.0
    assert retrieval(np.roll(answers, 1, axis=0), answers, 1) == 0.0
    half = answers + 1.1 * np.roll(answers, 1, axis=0)
    assert retrieval(half, answers, 1) == 0.0 and retrieval(half, answers, 2) == 1.0
    point = np.tile(answers[:1], (40, 1))
    assert retrieval(point, point, 10) == 0.0
