"""Semantic IDs as words, in tokenizers of both usual kinds and models with tied and untied embeddings."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

from genrec.errors import UserError
from genrec.model import vocabulary as words
from genrec.model.vocabulary import SidVocabulary, extend
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

TEXTS = [f"a {colour} {thing} number {i}" for i, colour in enumerate(["red", "blue"]) for thing in ("hat", "coat")]


def bpe() -> PreTrainedTokenizerFast:
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer, inner.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    inner.train_from_iterator(
        TEXTS, trainers.BpeTrainer(vocab_size=300, initial_alphabet=inner.pre_tokenizer.alphabet())
    )
    return PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="</s>")


def sentencepiece() -> PreTrainedTokenizerBase:
    spm = pytest.importorskip("sentencepiece")
    made = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS * 5), model_writer=made, vocab_size=300, model_type="unigram", byte_fallback=True,
        hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    processor = spm.SentencePieceProcessor(model_proto=made.getvalue())
    pieces = [(processor.id_to_piece(i), processor.get_score(i)) for i in range(len(processor))]
    inner = Tokenizer(models.Unigram(pieces, unk_id=processor.unk_id(), byte_fallback=True))
    inner.pre_tokenizer, inner.decoder = (
        pre_tokenizers.Metaspace(),
        decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]),
    )
    return PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="</s>")


def model(rows: int, *, tied: bool) -> Qwen3ForCausalLM:
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=rows, hidden_size=32, num_hidden_layers=1, intermediate_size=32, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16, tie_word_embeddings=tied,
    )  # fmt: skip
    return Qwen3ForCausalLM(config)


@pytest.mark.parametrize("make", [bpe, sentencepiece])
def test_text_and_items_share_a_stream(make: type) -> None:
    tokenizer = make()
    base = model(len(tokenizer), tied=True)
    vocabulary = extend(tokenizer, base, (4, 4, 2))
    codes = np.array([[1, 3, 0], [2, 2, 1]], np.uint16)
    said = "a red hat " + words.text(codes[0]) + " number " + words.text(codes[1]) + "."
    tokens = tokenizer(said, add_special_tokens=False).input_ids
    for item in vocabulary.tokens(codes).tolist():
        at = tokens.index(item[1])
        assert tokens[at - 1 : at + 4] == item
    # Nothing is lost on the way back, not even where special tokens are dropped.
    back = tokenizer.decode(tokens, skip_special_tokens=True)
    assert back.replace(" ", "") == said.replace(" ", "")


@pytest.mark.parametrize("tied", [True, False])
def test_near_codes_begin_as_near_words_at_the_scale_of_the_old(tied: bool) -> None:
    tokenizer = bpe()
    base = model(len(tokenizer), tied=tied)
    old = base.get_input_embeddings().weight.detach().clone()
    random = np.random.default_rng(0)
    codebook = random.normal(size=(16, 6))
    codebook[5] = codebook[4] + 0.01
    vocabulary = extend(tokenizer, base, (16, 8), [codebook, None])
    for layer in (base.get_input_embeddings(), base.get_output_embeddings()):
        fresh = layer.weight.detach()[torch.from_numpy(vocabulary.tables[0])]
        apart = torch.cdist(fresh, fresh).fill_diagonal_(torch.inf)
        assert int(apart[4].argmin()) == 5
        assert 0.5 < float(fresh.std() / old.std()) < 2
        without = layer.weight.detach()[torch.from_numpy(vocabulary.tables[1])]
        assert 0 < float((without - without.mean(0)).std()) < 0.3 * float(old.std())
    assert (base.get_output_embeddings().weight is base.get_input_embeddings().weight) == tied
    torch.testing.assert_close(base.get_input_embeddings().weight.detach()[: len(old)], old)


def test_rows_that_a_base_has_to_spare_are_used_first() -> None:
    tokenizer = bpe()
    base = model(len(tokenizer) + 50, tied=True)
    rows = len(base.get_input_embeddings().weight)
    vocabulary = extend(tokenizer, base, (4, 4))
    assert len(base.get_input_embeddings().weight) == rows
    assert vocabulary.rows.max() < rows


def test_a_saved_tokenizer_gives_the_same_words(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = bpe()
    base = model(len(tokenizer), tied=True)
    vocabulary = extend(tokenizer, base, (4, 3))
    tokenizer.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    found = SidVocabulary.of(again, (4, 3))
    assert found.codebook_sizes == (4, 3)
    np.testing.assert_array_equal(found.rows, vocabulary.rows)
    before = base.get_input_embeddings().weight.detach().clone()
    extend(again, base, (4, 3))
    assert len(again) == len(tokenizer)
    torch.testing.assert_close(base.get_input_embeddings().weight.detach(), before)


@pytest.mark.parametrize("sizes", [(4, 2), (4, 3, 1), (5, 3), (4,)])
def test_words_of_another_catalogue_are_refused(sizes: tuple[int, ...]) -> None:
    tokenizer = bpe()
    base = model(len(tokenizer), tied=True)
    extend(tokenizer, base, (4, 3))
    with pytest.raises(UserError, match="another catalogue"):
        extend(tokenizer, base, sizes)


def test_a_tokenizer_without_the_words_says_what_to_run() -> None:
    with pytest.raises(UserError, match="genrec lm train"):
        SidVocabulary.of(bpe(), (4, 4))
