"""A base of one's own: its tokenizer gives back every text, its training reads no interaction."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, AutoTokenizer

from genrec.model import prompts, vocabulary
from genrec.model.vocabulary import SidVocabulary
from genrec.train import pretrain as room
from tests.unit.train.conftest import TINY, World

sentencepiece = pytest.importorskip("sentencepiece")


@pytest.fixture(scope="module")
def base(world: World) -> tuple[Any, Any, Any]:
    return room.pretrain(world.catalog, world.ids, world.codebooks, TINY, seed=3)


@pytest.fixture(scope="module")
def tokenizer(world: World) -> Any:
    return room.train_tokenizer(room.item_texts(world.catalog), 400)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_comes_back(tokenizer: Any, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text)) == text.replace("▁", " ")


def test_pieces_are_those_of_sentencepiece(world: World, tokenizer: Any) -> None:
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(room.item_texts(world.catalog)), model_writer=written, vocab_size=400,
        hard_vocab_limit=False, model_type="unigram", byte_fallback=True, character_coverage=0.9999,
        normalization_rule_name="identity", remove_extra_whitespaces=False, add_dummy_prefix=False, split_digits=True,
        unk_id=0, bos_id=-1, eos_id=-1, pad_id=-1, num_threads=1, minloglevel=2,
    )  # fmt: skip
    own = sentencepiece.SentencePieceProcessor(model_proto=written.getvalue())
    for text in [*room.item_texts(world.catalog), "a red coat, 95.9 or\n  less — Größe 漢字 ", "REDwoolsilk"]:
        assert tokenizer.encode(text) == own.encode(text)


def test_a_folder_anybody_can_open(world: World, base: tuple[Any, Any, Any], tmp_path: Path) -> None:
    tokenizer, model, _ = base
    tokenizer.save_pretrained(tmp_path)
    model.save_pretrained(tmp_path)
    read, again = AutoTokenizer.from_pretrained(tmp_path), AutoModelForCausalLM.from_pretrained(tmp_path)
    said = [{"role": "user", "content": "a red coat"}, {"role": "assistant", "content": vocabulary.text([1, 2, 3, 0])}]
    assert prompts.render(read, said) == prompts.render(tokenizer, said)
    assert read.decode(prompts.render(read, said).tokens).count("<|im_end|>") == 2
    assert SidVocabulary.of(read, world.ids.codebook_sizes).codebook_sizes == world.ids.codebook_sizes
    assert again.config.eos_token_id == read.convert_tokens_to_ids("<|im_end|>") and again.config.tie_word_embeddings
    tokens = torch.tensor([[1, 2, 3]])
    with torch.no_grad():
        torch.testing.assert_close(again(input_ids=tokens).logits, model(input_ids=tokens).logits)


@pytest.mark.system
def test_vllm_reads_the_tokenizer(tokenizer: Any, tmp_path: Path) -> None:
    vllm = pytest.importorskip("vllm.tokenizers", reason="needs vLLM: make vllm")
    tokenizer.save_pretrained(tmp_path)
    read = vllm.get_tokenizer(str(tmp_path))
    said = [{"role": "user", "content": "a red coat, größe 5"}]
    text = tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True)
    assert read.apply_chat_template(said, tokenize=False, add_generation_prompt=True) == text
    assert read.encode(text) == tokenizer.encode(text) and read.decode(read.encode(text)) == text


def test_it_learns_what_codes_mean(world: World) -> None:
    """After more epochs, an item's own text is likelier after its semantic ID than another's."""
    shape = {"width": 64, "heads": 4, "key_heads": 4, "batch_tokens": 128, "learning_rate": 5e-3}
    recipe = TINY.model_copy(update=shape | {"epochs": 24, "pairs": 0.5})
    tokenizer, model, record = room.pretrain(world.catalog, world.ids, world.codebooks, recipe, seed=3)
    assert record.epochs[-1]["loss"] < 0.5 * record.epochs[0]["loss"]
    random = np.random.default_rng(0)
    items, others = np.arange(0, 96, 2), random.permutation(96)[:48]
    gains = [_score(tokenizer, model, world, item, item) - _score(tokenizer, model, world, item, other)
             for item, other in zip(items, others, strict=True)]  # fmt: skip
    assert np.mean(gains) > 2.0 and np.mean(np.array(gains) >= 0) > 0.7, (np.mean(gains), np.mean(np.array(gains) >= 0))


def _score(tokenizer: Any, model: Any, world: World, item: int, text: int) -> float:
    """Log-probability of a text behind an item's semantic ID."""
    before = tokenizer.encode(vocabulary.text(world.ids.codes[item]))
    whole = tokenizer.encode(f"{vocabulary.text(world.ids.codes[item])} {room.item_texts(world.catalog)[text]}")
    with torch.no_grad():
        said = model(input_ids=torch.tensor([whole])).logits[0].log_softmax(-1)
    return sum(float(said[place - 1, whole[place]]) for place in range(len(before), len(whole)))


def test_the_seed_decides(world: World, base: tuple[Any, Any, Any]) -> None:
    _, same, _ = room.pretrain(world.catalog, world.ids, world.codebooks, TINY, seed=3)
    _, other, _ = room.pretrain(world.catalog, world.ids, world.codebooks, TINY, seed=4)
    weights = [model.get_input_embeddings().weight for model in (base[1], same, other)]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


def test_pages_show_every_item_once_with_something_said_of_it(world: World) -> None:
    said = room.things_said(world.material, room.item_texts(world.catalog))
    assert said[0] == ["red coat", "red coat", "red, coat, wool", "A red coat of wool."]
    pages = room.documents(said, world.ids, 0, 0)
    assert room.documents(said, world.ids, 0, 0) == pages != room.documents(said, world.ids, 0, 1)
    together = "\n".join(pages)
    for item in range(96):
        word = vocabulary.text(world.ids.codes[item])
        assert together.count(word) == 1
        forms = [f"{a}{between}{b}" for text in said[item] for a, b in ((word, text), (text, word))
                 for between in (" ", "<|im_end|>\n<|im_start|>assistant\n")]  # fmt: skip
        assert any(form in together for form in forms)
