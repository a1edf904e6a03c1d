"""The mask in transformers' `generate`, on a small model with random weights: thousands of tokens, no invalid item."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch
from torch import Tensor
from transformers import Qwen3Config, Qwen3ForCausalLM

from genrec.data.catalog import Catalog
from genrec.decode.bitmaps import RankBitmap
from genrec.decode.hf_logits import SidLogitsProcessor
from genrec.decode.sid_slots import Ask
from genrec.decode.stock import Stock
from genrec.decode.trie import Trie
from genrec.errors import UserError
from genrec.model.vocabulary import SidVocabulary
from genrec.sid import SemanticIds

SIZES, N, WORDS, STOP = (8, 8, 4), 60, 12, 0


@pytest.fixture(scope="module")
def stock() -> Stock:
    random = np.random.default_rng(2)
    codes = np.stack(np.unravel_index(random.permutation(np.prod(SIZES))[:N], SIZES), axis=1)
    places = np.split(WORDS + 2 + np.arange(sum(SIZES)), np.cumsum(SIZES)[:-1])
    words = SidVocabulary(WORDS, WORDS + 1, tuple(places))
    colours = ["red" if item % 3 else "blue" for item in range(N)]
    table = pl.DataFrame({"item_id": [f"i{item}" for item in range(N)], "colour": colours})
    return Stock(Trie.build(SemanticIds(codes, SIZES)), words, Catalog(table))


@pytest.fixture(scope="module")
def model() -> Qwen3ForCausalLM:
    torch.manual_seed(1)
    shape = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    ends = {"eos_token_id": STOP, "pad_token_id": STOP}
    config = Qwen3Config(vocab_size=WORDS + 2 + sum(SIZES), num_key_value_heads=2, head_dim=8, **ends, **shape)
    return Qwen3ForCausalLM(config).eval()


def items_in(stock: Stock, tokens: Tensor) -> list[int]:
    """The items named in one answer. Fails where something stands between the marks that is no item."""
    words, trie = stock.vocabulary, stock.trie
    item_of = {}
    for rank, item in enumerate(trie.order.tolist()):
        nodes = [trie.nodes_at(level + 1, torch.tensor([rank])) for level in range(trie.levels)]
        codes = [int(trie.codes_at(level + 1, node)) for level, node in enumerate(nodes)]
        item_of[tuple(int(table[code]) for table, code in zip(words.tables, codes, strict=True))] = item
    found, inside = [], None
    for token in tokens.tolist():
        if token == words.begin:
            inside = []
        elif token == words.end:
            assert inside is not None
            found.append(item_of[tuple(inside)])
            inside = None
        elif inside is not None and token != STOP:
            inside.append(token)
        else:
            assert token < WORDS
    return found


@torch.no_grad()
def answers(model: Qwen3ForCausalLM, prompts: Tensor, processor: SidLogitsProcessor, **further: object) -> Tensor:
    torch.manual_seed(4)
    options = {"max_new_tokens": 80, "do_sample": True, "logits_processor": [processor]} | further
    return model.generate(prompts, attention_mask=torch.ones_like(prompts), **options)[:, prompts.shape[1] :]


def test_text_names_only_items_that_are_open(stock: Stock, model: Qwen3ForCausalLM) -> None:
    prompts = torch.randint(1, WORDS, (32, 5))
    prompts[16:, -1] = stock.vocabulary.begin
    asks = [
        Ask(),
        Ask(where={"colour": "red"}),
        Ask(repeats=False),
        Ask(allow=("i3", "i4"), where={"colour": "blue"}),
    ] * 8
    found = answers(model, prompts, SidLogitsProcessor(stock, 5, asks, STOP), min_new_tokens=80)
    assert found.numel() == 32 * 80
    named = []
    for row, (answer, ask, prompt) in enumerate(zip(found, asks, prompts, strict=True)):
        begun = prompt[-1:] if row >= 16 else answer[:0]
        named.append(items_in(stock, torch.cat([begun, answer])))
        if ask.where == {"colour": "red"}:
            assert all(item % 3 for item in named[-1])
        if ask.repeats is False:
            assert len(set(named[-1])) == len(named[-1])
        if ask.allow:
            assert set(named[-1]) == {3}
    assert sum(map(len, named)) > 100
    assert len({item for items in named for item in items}) > N // 2


def test_an_answer_of_items_ends_after_so_many(stock: Stock, model: Qwen3ForCausalLM) -> None:
    prompts = torch.randint(1, WORDS, (12, 4))
    prompts[:6, -1] = stock.vocabulary.begin
    asks = [Ask("items", 3), Ask("items", 5, where={"colour": "blue"}), Ask("items", 4, allow=("i7", "i9"))] * 4
    found = answers(model, prompts, SidLogitsProcessor(stock, 4, asks, [STOP, 1]))
    length = len(SIZES) + 2
    for row, (answer, ask) in enumerate(zip(found, asks, strict=True)):
        begun = prompts[row, -1:] if row < 6 else answer[:0]
        stream = torch.cat([begun, answer])
        # Two items are all there are in the third: it ends early.
        count = min(ask.count, 2 if ask.allow else N)
        items = items_in(stock, stream[: count * length])
        assert len(items) == count == len(set(items))
        assert (stream[count * length :] == STOP).all()


def test_beams_of_a_prompt_are_answers_of_their_own(stock: Stock, model: Qwen3ForCausalLM) -> None:
    prompts = torch.tensor([[1, 2, stock.vocabulary.begin], [3, 4, stock.vocabulary.begin]])
    asks = [Ask("items", 2), Ask("items", 2, where={"colour": "blue"})]
    processor = SidLogitsProcessor(stock, 3, asks, STOP)
    found = answers(model, prompts, processor, do_sample=False, num_beams=4, num_return_sequences=4, max_new_tokens=10)
    for row, answer in enumerate(found):
        items = items_in(stock, torch.cat([prompts[row // 4, -1:], answer]))
        assert len(set(items)) == 2
        assert row < 4 or all(item % 3 == 0 for item in items)
    assert len({tuple(answer.tolist()) for answer in found}) == 8


def test_items_withdrawn_under_an_answer(stock: Stock, model: Qwen3ForCausalLM) -> None:
    """Every step another half of the catalogue is there: what is named is there at the step that ends it."""
    random = np.random.default_rng(6)
    halves = [stock.changed(available=RankBitmap.of_mask(random.random(N) < 0.5)) for _ in range(90)]
    steps = iter(halves)
    prompts = torch.randint(1, WORDS, (16, 4))
    processor = SidLogitsProcessor(lambda: next(steps), 4, Ask(), STOP)
    found = answers(model, prompts, processor, min_new_tokens=80)
    # The first was asked for at the start, for the request; then one a step.
    named, words = 0, stock.vocabulary
    for answer in found.tolist():
        for place in [place for place, token in enumerate(answer) if token == words.end]:
            inside = torch.tensor(answer[: place + 1])
            begin = (inside == words.begin).nonzero()[-1]
            item = items_in(stock, inside[begin:])[0]
            assert int(stock.rank_of[item]) in halves[1 + place].available.ranks()
            named += 1
    assert named > 30


def test_a_model_that_never_ends(stock: Stock) -> None:
    with pytest.raises(UserError, match="eos_token_id"):
        SidLogitsProcessor(stock, 4, Ask(), None)
