"""Differentiable item scores against the full softmax over the catalogue, and against the search."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from transformers import Qwen3Config, Qwen3ForCausalLM

from genrec.decode.causal_engine import CausalEngine
from genrec.decode.trie import Trie
from genrec.model.vocabulary import SidVocabulary
from genrec.sid import SemanticIds
from genrec.train.items import ItemScores


def small_model(seed: int = 0) -> Qwen3ForCausalLM:
    torch.manual_seed(seed)
    config = Qwen3Config(
        vocab_size=40, hidden_size=16, num_hidden_layers=2, intermediate_size=24, num_attention_heads=2,
        num_key_value_heads=1, head_dim=8, tie_word_embeddings=seed % 2 == 0, initializer_range=0.4,
    )  # fmt: skip
    return Qwen3ForCausalLM(config).eval()


def world(levels: int, size: int, items: int, seed: int) -> tuple[SemanticIds, SidVocabulary]:
    random = np.random.default_rng(seed)
    codes = random.permutation(np.unique(random.integers(0, size, (items, levels)), axis=0))
    tables = tuple(2 + size * level + random.permutation(size) for level in range(levels))
    return SemanticIds(codes, (size,) * levels), SidVocabulary(0, 1, tables)


def softmax_over_catalogue(model: Qwen3ForCausalLM, ids: SemanticIds, voc: SidVocabulary, prompt: list[int]) -> Tensor:
    """log p of every item, one forward pass per item, a softmax over what the catalogue has at each place."""
    found = []
    for codes in ids.codes.tolist():
        total = 0.0
        for level, code in enumerate(codes):
            written = [int(voc.tables[at][done]) for at, done in enumerate(codes[:level])]
            logits = model(torch.tensor([prompt + written])).logits[0, -1]
            there = sorted({row[level] for row in ids.codes.tolist() if row[:level] == codes[:level]})
            logp = logits[torch.from_numpy(voc.tables[level][there])].log_softmax(0)
            total += float(logp[there.index(code)])
        found.append(total)
    return torch.tensor(found)


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 4), st.integers(2, 6), st.integers(1, 9), st.integers(0, 99))
@torch.inference_mode()
def test_item_logprobs_are_the_softmax_over_the_catalogue(levels: int, size: int, n: int, seed: int) -> None:
    ids, vocabulary = world(levels, size, n, seed)
    model = small_model(seed)
    random = np.random.default_rng(seed)
    prompts = [random.integers(0, 40, random.integers(1, 7)).tolist() for _ in range(3)]
    padded = torch.tensor([prompt + [5] * (7 - len(prompt)) for prompt in prompts])
    items = torch.from_numpy(random.integers(0, len(ids), (3, 4)))
    scores = ItemScores(vocabulary, Trie.build(ids))
    found = scores.item_logprobs(model, padded, torch.tensor([len(prompt) for prompt in prompts]), items)
    for row, prompt in enumerate(prompts):
        whole = softmax_over_catalogue(model, ids, vocabulary, prompt)
        assert whole.exp().sum() == pytest.approx(1, abs=1e-4)
        torch.testing.assert_close(found[row], whole[items[row]], rtol=1e-4, atol=1e-4)


def test_scores_are_those_of_the_search() -> None:
    ids, vocabulary = world(3, 6, 60, 2)
    model, scores = small_model(), ItemScores(vocabulary, Trie.build(ids))
    prompts, lengths = torch.randint(2, 40, (4, 6)), torch.tensor([6, 2, 4, 5])
    engine = CausalEngine(copy.deepcopy(model), scores.trie, scores.tables, width=len(ids))
    beams = engine.answer(prompts, lengths, len(ids))
    again = scores.item_logprobs(model, prompts, lengths, beams.items)
    torch.testing.assert_close(again, beams.scores, rtol=1e-4, atol=1e-4)


def test_gradients_reach_the_prompt_and_only_siblings_compete() -> None:
    ids, vocabulary = world(2, 6, 8, 3)
    model, scores = small_model(1), ItemScores(vocabulary, Trie.build(ids))
    absent = sorted(set(range(6)) - set(ids.codes[:, 0].tolist()))
    assert absent, "the example needs a code that no item begins with"
    value = scores.item_logprobs(model, torch.tensor([[30, 31]]), torch.tensor([2]), torch.tensor([[0]]))
    value.sum().backward()
    head, embedding = model.lm_head.weight.grad, model.get_input_embeddings().weight.grad
    assert head is not None and embedding is not None
    assert embedding[30].abs().sum() > 0
    assert head[torch.from_numpy(vocabulary.tables[0][absent])].abs().sum() == 0
