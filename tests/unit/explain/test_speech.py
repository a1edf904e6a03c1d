"""A language model as the writer: what it was taught is what it writes, and it names nothing that does not exist."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from genrec.decode.stock import Stock
from genrec.decode.trie import Trie
from genrec.explain.speech import Speech
from genrec.model import prompts
from genrec.model.lm import LanguageModel
from genrec.model.vocabulary import SidVocabulary, text
from genrec.sid import SemanticIds
from tests.unit.model.bases import SIZES, byte_level

N = 30


@pytest.fixture(scope="module")
def ids() -> SemanticIds:
    rows = np.random.default_rng(2).permutation(int(np.prod(SIZES)))[:N]
    return SemanticIds(np.stack(np.unravel_index(rows, SIZES), axis=1), SIZES)


def speech(ids: SemanticIds, taught: list[list[dict[str, str]]] | None = None) -> Speech:
    """Random weights, or a model that was shown the same conversations until it knows them."""
    tokenizer = byte_level(prompts.CHATML)
    stop = tokenizer.convert_tokens_to_ids("<|im_end|>")
    torch.manual_seed(4)
    model = Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=len(tokenizer), hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, head_dim=16, initializer_range=0.1, bos_token_id=None, eos_token_id=stop,
            pad_token_id=None,
        )
    )  # fmt: skip
    shown = [prompts.render(tokenizer, messages) for messages in taught or []]
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(40 if shown else 0):
        for one in shown:
            tokens, mask = torch.tensor([one.tokens]), torch.tensor([one.mask])
            model(input_ids=tokens, labels=tokens.masked_fill(~mask, -100)).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    words = SidVocabulary.of(tokenizer, SIZES)
    return Speech(LanguageModel(model.eval(), tokenizer, words, {}), Stock(Trie.build(ids), words), tokens=40)


def asked(ids: SemanticIds, item: int, more: str = "") -> list[dict[str, str]]:
    return [{"role": "user", "content": f"Why {text(ids.codes[item])}{more}?"}]


def test_it_writes_what_it_was_taught_and_stops(ids: SemanticIds) -> None:
    taught: list[list[dict[str, str]]] = []
    for item in range(3):
        answer = f"Because of {text(ids.codes[item + 5])}, in navy blue." if item else "This one, please."
        taught.append([*asked(ids, item), {"role": "assistant", "content": answer}])
    writer = speech(ids, taught=taught)
    assert [writer(messages[:1]) for messages in taught] == [messages[1]["content"] for messages in taught]


def test_what_it_names_exists_and_a_batch_changes_no_answer(ids: SemanticIds) -> None:
    """Prompts of all lengths side by side, from a model that knows nothing and talks on."""
    conversations = [asked(ids, item, " and again" * (item % 4)) for item in range(7)]
    writer = speech(ids)
    together = writer.many(conversations)
    assert together == [writer(one) for one in conversations]
    writer.batch = 3
    assert together == writer.many(conversations)
    # It talks on until it is cut; a code is a token and a word of the mask's, so an answer is no longer than that.
    assert all(0 < len(writer.language.tokenizer(one)["input_ids"]) <= 2 * writer.tokens for one in together)
    known = {text(codes) for codes in ids.codes}
    named = re.findall(r"<\|sid_begin\|>(?:<\|sid_\d+_\d+\|>)*<\|sid_end\|>", "".join(together))
    rest = "".join(together)
    for name in named:
        rest = rest.replace(name, "")
    # Only where an answer was cut at its length may something of an item stand alone.
    assert set(named) <= known and all("<|sid" not in one for one in rest.split("<|sid_begin|>")[:1])
    assert writer.many([]) == []
