"""The engine for Hugging Face decoders against the models' own forward pass over whole sequences, without any cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from transformers import (
    BloomConfig,
    BloomForCausalLM,
    Gemma2Config,
    Gemma2ForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    GptOssConfig,
    GptOssForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedModel,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from genrec.decode.beams import Beams, search
from genrec.decode.causal_engine import CausalEngine
from genrec.decode.constraints import Constraints
from genrec.decode.trie import Trie
from genrec.errors import UserError
from genrec.sid import SemanticIds

SIZES = (5, 4, 6)
N = 40
VOCABULARY = 40
TOKENS = [torch.arange(5) + 1, torch.tensor([13, 10, 12, 11]), torch.arange(6) + 20]
CLOSE = {"rtol": 1e-4, "atol": 1e-4}
SHAPE: dict[str, Any] = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "initializer_range": 0.3,
    "bos_token_id": None, "eos_token_id": None, "pad_token_id": None,
}  # fmt: skip
GEMMA2 = SHAPE | {"sliding_window": 4, "attn_logit_softcapping": 5.0, "query_pre_attn_scalar": 8}

MODELS: dict[str, Callable[[], PreTrainedModel]] = {
    "qwen3": lambda: Qwen3ForCausalLM(Qwen3Config(**SHAPE)),
    "llama": lambda: LlamaForCausalLM(LlamaConfig(**SHAPE | {"num_key_value_heads": 4, "tie_word_embeddings": True})),
    "mistral, window 4": lambda: MistralForCausalLM(MistralConfig(**SHAPE | {"sliding_window": 4})),
    "gemma2, window 4 and capped": lambda: Gemma2ForCausalLM(Gemma2Config(**GEMMA2, final_logit_softcapping=None)),
    "gpt2": lambda: GPT2LMHeadModel(
        GPT2Config(vocab_size=VOCABULARY, n_embd=32, n_layer=2, n_head=4, n_positions=32, initializer_range=0.3)
    ),
}


def made(name: str) -> PreTrainedModel:
    torch.manual_seed(3)
    return MODELS[name]().eval()


@pytest.fixture(scope="module")
def ids() -> SemanticIds:
    """Some first and second codes lead to a single item, some to several; some second codes only to one third."""
    random = np.random.default_rng(5)
    rows = np.unique(np.column_stack([random.integers(0, size, 60) ** 2 // size for size in SIZES]), axis=0)
    more = random.permutation(np.prod(SIZES))[: N - len(rows)]
    rows = np.unique(np.concatenate([rows, np.stack(np.unravel_index(more, SIZES), axis=1)]), axis=0)
    return SemanticIds(random.permutation(rows), SIZES)


@pytest.fixture(scope="module")
def trie(ids: SemanticIds) -> Trie:
    return Trie.build(ids)


@pytest.fixture(scope="module")
def asked() -> tuple[Tensor, Tensor]:
    """Prompts (7, 9) of lengths 1 … 9, padded on the right with whatever."""
    random = torch.Generator().manual_seed(1)
    return torch.randint(0, VOCABULARY, (7, 9), generator=random), torch.tensor([3, 9, 1, 4, 9, 7, 2])


class Plain:
    """A step for the beam core that runs every beam's whole sequence through the untouched model."""

    def __init__(self, model: PreTrainedModel, prompts: Tensor, lengths: Tensor) -> None:
        model.set_attn_implementation("eager")  # torch's own kernel knows no caps
        self.model = model
        self.sequences = [[row[:n].tolist()] for row, n in zip(prompts, lengths.tolist(), strict=True)]

    @torch.no_grad()
    def __call__(self, level: int, parents: Tensor | None, codes: Tensor | None, needed: Tensor | None) -> Tensor:
        if parents is not None and codes is not None:
            table = TOKENS[level - 1]
            self.sequences = [
                [beams[parent] + [int(table[code])] for parent, code in zip(*pair, strict=True)]
                for beams, *pair in zip(self.sequences, parents.tolist(), codes.tolist(), strict=True)
            ]
        return torch.stack([self.model(torch.tensor(beams)).logits[:, -1, TOKENS[level]] for beams in self.sequences])


def same(found: Beams, expected: Beams) -> None:
    """Scores agree in order; items may change places only where scores are as good as equal."""
    torch.testing.assert_close(found.scores, expected.scores, **CLOSE)
    for items, others, scores in zip(found.items, expected.items, expected.scores, strict=True):
        for place in torch.nonzero(items != others).flatten().tolist():
            assert (scores - scores[place]).abs().lt(1e-3).sum() > 1
    for items in found.items.tolist():
        there = [item for item in items if item >= 0]
        assert len(there) == len(set(there)) and all(item < N for item in there)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    ("width", "k", "normalise"), [(60, 60, "catalogue"), (4, 3, "catalogue"), (5, 5, "vocabulary")]
)
def test_answers_are_those_of_the_whole_sequences(
    name: str, width: int, k: int, normalise: str, trie: Trie, asked: tuple[Tensor, Tensor]
) -> None:
    expected = search(Plain(made(name), *asked), trie, Constraints.none(7), width=width, k=k, normalise=normalise)
    engine = CausalEngine(made(name), trie, TOKENS, width=width)
    same(engine.search(*asked, Constraints.none(7), k, normalise=normalise), expected)
    # And again: what the last batch left behind is not seen.
    same(engine.search(*asked, Constraints.none(7), k, normalise=normalise), expected)


def test_all_items_together_have_probability_one(trie: Trie, asked: tuple[Tensor, Tensor]) -> None:
    scores = CausalEngine(made("qwen3"), trie, TOKENS, width=N).answer(*asked, N).scores
    torch.testing.assert_close(scores.exp().sum(1), torch.ones(7))


@pytest.mark.parametrize("settings_of", [{"batch": 1}, {"batch": 2}, {"memory": 40_000}, {"memory": 1}])
def test_the_batch_does_not_change_an_answer(
    settings_of: dict[str, int], trie: Trie, asked: tuple[Tensor, Tensor]
) -> None:
    whole = CausalEngine(made("qwen3"), trie, TOKENS, width=6, batch=7).answer(*asked, 5)
    cut = CausalEngine(made("qwen3"), trie, TOKENS, width=6, **settings_of).answer(*asked, 5)
    assert torch.equal(cut.items, whole.items)
    torch.testing.assert_close(cut.scores, whole.scores, rtol=1e-5, atol=1e-5)


def test_less_memory_makes_smaller_batches(trie: Trie) -> None:
    sizes = [CausalEngine(made("qwen3"), trie, TOKENS, memory=m).batch_of(9) for m in (1, 1 << 20, 1 << 24)]
    assert 1 == sizes[0] <= sizes[1] < sizes[2]
    engine = CausalEngine(made("qwen3"), trie, TOKENS, memory=1 << 24)
    assert engine.batch_of(1000) < engine.batch_of(9)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_the_cache_changes_no_answer(data: st.DataObject, trie: Trie) -> None:
    """Random requests, some repeated, some grown out of earlier ones, some changed in the middle; small caches too."""
    limit = data.draw(st.sampled_from([1, 60_000, 1 << 22]))
    engine = CausalEngine(MODEL, trie, TOKENS, width=5, batch=3, cache=limit)
    plain = CausalEngine(MODEL, trie, TOKENS, width=5, batch=3)
    token = st.integers(0, VOCABULARY - 1)
    former: list[list[int]] = [data.draw(st.lists(token, min_size=17, max_size=40))]
    for _ in range(3):
        rows = []
        for _ in range(data.draw(st.integers(1, 4))):
            begin = data.draw(st.sampled_from(former))
            cut = data.draw(st.integers(0, len(begin)))
            rows.append((begin[:cut] + data.draw(st.lists(token, min_size=1, max_size=6))) if cut % 3 else begin)
        former += rows
        lengths = torch.tensor([len(row) for row in rows])
        prompts = torch.zeros(len(rows), int(lengths.max()), dtype=torch.long)
        for row, tokens in zip(prompts, rows, strict=True):
            row[: len(tokens)] = torch.tensor(tokens)
        found, expected = engine.answer(prompts, lengths, 5), plain.answer(prompts, lengths, 5)
        same(found, expected)
        assert engine.cache is not None and engine.cache.bytes <= limit


MODEL = made("mistral, window 4")


def test_a_prompt_that_is_known_is_not_read_again(trie: Trie, asked: tuple[Tensor, Tensor]) -> None:
    engine = CausalEngine(made("qwen3"), trie, TOKENS, width=4, cache=1 << 20)
    read: list[int] = []
    engine.model.base_model.register_forward_pre_hook(
        lambda _, __, given: read.append(given["input_ids"].shape[1]), with_kwargs=True
    )
    prompts, lengths = torch.randint(0, VOCABULARY, (1, 50)), torch.tensor([48])
    engine.answer(prompts, lengths, 4)
    assert read.pop(0) == 48 and len(read) <= 2
    read.clear()
    engine.answer(prompts, lengths, 4)
    assert len(read) <= 2 and max(read) <= 4
    read.clear()
    engine.answer(prompts, torch.tensor([50]), 4)
    assert read[0] == 2


def test_constraints_hold_and_change_no_score(trie: Trie, asked: tuple[Tensor, Tensor]) -> None:
    engine = CausalEngine(made("qwen3"), trie, TOKENS, width=N)
    free = engine.answer(*asked, N)
    closed = free.items[:, :7]
    every = torch.ones(7, 7, dtype=torch.bool)
    held = engine.answer(*asked, N, lambda rows: Constraints.from_items(closed[rows], every[rows], trie.rank_of()))
    n = len(trie)
    torch.testing.assert_close(held.items[:, : n - 7], free.items[:, 7:n], rtol=0, atol=0)
    torch.testing.assert_close(held.scores[:, : n - 7], free.scores[:, 7:n], **CLOSE)
    assert (held.items[:, n - 7 :] == -1).all()


def test_bfloat16_answers_with_existing_items(trie: Trie, asked: tuple[Tensor, Tensor]) -> None:
    engine = CausalEngine(made("qwen3").to(torch.bfloat16), trie, TOKENS, width=6)
    whole = CausalEngine(made("qwen3"), trie, TOKENS, width=6).answer(*asked, 6)
    found = engine.answer(*asked, 6)
    assert found.items.min() >= 0 and all(len(set(row)) == 6 for row in found.items.tolist())
    torch.testing.assert_close(found.scores, whole.scores, rtol=0.2, atol=0.5)


@pytest.mark.parametrize(
    ("model", "word"),
    [
        (
            lambda: BloomForCausalLM(BloomConfig(vocab_size=VOCABULARY, hidden_size=32, n_layer=1, n_head=2)),
            "interface",
        ),
        (lambda: Gemma2ForCausalLM(Gemma2Config(**GEMMA2, final_logit_softcapping=0.5)), "output"),
        (
            lambda: GptOssForCausalLM(
                GptOssConfig(**SHAPE, num_local_experts=2, num_experts_per_tok=1, layer_types=["full_attention"] * 2)
            ),
            "sinks",
        ),
    ],
    ids=["no attention interface", "a capped output", "attention sinks"],
)
def test_a_model_that_cannot_share_prompts_is_refused(
    model: Callable[[], PreTrainedModel], word: str, trie: Trie
) -> None:
    torch.manual_seed(0)
    with pytest.raises(UserError, match=word):
        CausalEngine(model(), trie, TOKENS)


@pytest.mark.parametrize(
    ("tokens", "word"),
    [
        (TOKENS[:2], "2 levels"),
        ([TOKENS[0], TOKENS[1][:3], TOKENS[2]], "level 1 has 4 codes but 3"),
        ([TOKENS[0], TOKENS[1], TOKENS[2] + VOCABULARY], "outside"),
        ([TOKENS[0], TOKENS[1] * 0, TOKENS[2]], "two codes"),
    ],
)
def test_wrong_token_tables_are_named(tokens: list[Tensor], word: str, trie: Trie) -> None:
    with pytest.raises(UserError, match=word):
        CausalEngine(made("qwen3"), trie, tokens)


def test_an_empty_prompt_and_a_model_used_elsewhere_are_told(trie: Trie, asked: tuple[Tensor, Tensor]) -> None:
    engine = CausalEngine(made("qwen3"), trie, TOKENS)
    with pytest.raises(UserError, match="prompt 1 is empty"):
        engine.search(asked[0][:2], torch.tensor([3, 0]), Constraints.none(2), 3)
    with pytest.raises(UserError, match="outside"):
        engine.model(input_ids=asked[0])
