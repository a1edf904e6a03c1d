"""Scores of given items against the search's and against the untouched model's over whole sequences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedModel, Qwen3Config, Qwen3ForCausalLM

from genrec.decode.causal_engine import CausalEngine
from genrec.decode.causal_score import score
from genrec.decode.trie import Trie
from genrec.sid import SemanticIds

SIZES, N, VOCABULARY = (5, 4, 6), 40, 40
TOKENS = [torch.arange(5) + 1, torch.tensor([13, 10, 12, 11]), torch.arange(6) + 20]
CLOSE = {"rtol": 1e-4, "atol": 1e-4}


def made(name: str) -> PreTrainedModel:
    torch.manual_seed(3)
    if name == "gpt2":
        shape = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 32, "initializer_range": 0.3}
        return GPT2LMHeadModel(GPT2Config(vocab_size=VOCABULARY, **shape)).eval()
    return Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=VOCABULARY, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, head_dim=8, initializer_range=0.3,
        )
    ).eval()  # fmt: skip


@pytest.fixture(scope="module")
def ids() -> SemanticIds:
    random = np.random.default_rng(5)
    rows = random.permutation(np.prod(SIZES))[:N]
    return SemanticIds(np.stack(np.unravel_index(rows, SIZES), axis=1), SIZES)


@pytest.fixture(scope="module")
def asked() -> tuple[Tensor, Tensor, Tensor]:
    """Prompts (6, 9) of lengths 1 … 9, and for each all items in an order of its own, one of them twice."""
    random = torch.Generator().manual_seed(1)
    prompts = torch.randint(0, VOCABULARY, (6, 9), generator=random)
    items = torch.stack([torch.randperm(N, generator=random) for _ in range(6)])
    return prompts, torch.tensor([3, 9, 1, 4, 9, 7]), torch.cat([items, items[:, :1]], dim=1)


def by_hand(model: PreTrainedModel, ids: SemanticIds, prompt: list[int], item: int, normalise: str) -> float:
    """The sum over levels, each from a forward pass over the whole sequence."""
    total, codes = 0.0, ids.codes.astype(np.int64)
    for level in range(ids.levels):
        written = [int(TOKENS[place][code]) for place, code in enumerate(codes[item, :level])]
        with torch.no_grad():
            logits = model(torch.tensor([prompt + written])).logits[0, -1, TOKENS[level]].double()
        siblings = codes[(codes[:, :level] == codes[item, :level]).all(1), level]
        there = logits[torch.from_numpy(np.unique(siblings))] if normalise == "catalogue" else logits
        total += float(logits[codes[item, level]] - there.logsumexp(0))
    return total


@pytest.mark.parametrize("name", ["qwen3", "gpt2"])
@pytest.mark.parametrize("normalise", ["catalogue", "vocabulary"])
def test_scores_are_those_of_whole_sequences(name: str, normalise: str, ids: SemanticIds, asked) -> None:
    prompts, lengths, items = asked
    found = score(CausalEngine(made(name), Trie.build(ids), TOKENS), prompts, lengths, items[:, :5], normalise)
    plain = made(name)
    plain.set_attn_implementation("eager")
    expected = [
        [by_hand(plain, ids, prompt[:n].tolist(), item, normalise) for item in row[:5].tolist()]
        for prompt, n, row in zip(prompts, lengths.tolist(), items, strict=True)
    ]
    torch.testing.assert_close(found.double(), torch.tensor(expected, dtype=torch.double), **CLOSE)


@pytest.mark.parametrize("settings", [{}, {"width": 7}, {"batch": 1}, {"memory": 1}, {"cache": 1 << 20}])
def test_scores_are_the_search_s(settings: dict[str, int], ids: SemanticIds, asked) -> None:
    """However few items and prompts go into a batch; and all of them together have probability one."""
    prompts, lengths, items = asked
    engine = CausalEngine(made("qwen3"), Trie.build(ids), TOKENS, **settings)
    found = score(engine, prompts, lengths, items)
    beams = CausalEngine(made("qwen3"), Trie.build(ids), TOKENS, width=N).answer(prompts, lengths, N)
    for row in range(len(prompts)):
        expected = dict(zip(beams.items[row].tolist(), beams.scores[row].tolist(), strict=True))
        wanted = torch.tensor([expected[item] for item in items[row].tolist()])
        torch.testing.assert_close(found[row], wanted, **CLOSE)
    torch.testing.assert_close(found[:, :N].exp().sum(1), torch.ones(6))
    assert score(engine, prompts, lengths, items[:, :0]).shape == (6, 0)
