"""The preference stage: what was clicked rises, what the model offers is of the catalogue, a killed stage goes on."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from transformers import Qwen3Config, Qwen3ForCausalLM

from genrec.decode.causal_engine import CausalEngine
from genrec.decode.trie import Trie
from genrec.loop import LoopConfig
from genrec.model.vocabulary import SidVocabulary
from genrec.sid import SemanticIds
from genrec.train.items import ItemScores
from genrec.train.preference import Preference, PreferenceConfig, train_preference

PROMPTS = [[first, second, 0] for first in range(26, 38) for second in range(26, 38)]


@pytest.fixture
def scores() -> ItemScores:
    random = np.random.default_rng(0)
    codes = random.permutation(np.unique(random.integers(0, 8, (90, 3)), axis=0))
    vocabulary = SidVocabulary(0, 1, tuple(np.arange(2 + 8 * level, 10 + 8 * level) for level in range(3)))
    return ItemScores(vocabulary, Trie.build(SemanticIds(codes, (8, 8, 8))))


def model() -> Qwen3ForCausalLM:
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=40, hidden_size=32, num_hidden_layers=1, intermediate_size=48, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16, initializer_range=0.3,
    )  # fmt: skip
    return Qwen3ForCausalLM(config)


def clicked(scores: ItemScores) -> np.ndarray:
    return np.array([(7 * prompt[0]) % len(scores.trie) for prompt in PROMPTS])


def reciprocal_rank(module: nn.Module, scores: ItemScores) -> float:
    engine = CausalEngine(copy.deepcopy(module), scores.trie, scores.tables, width=16)
    found = engine.answer(torch.tensor(PROMPTS), torch.full((len(PROMPTS),), 3), 10).items
    hits = (found == torch.from_numpy(clicked(scores))[:, None]).float()
    return float((hits / torch.arange(1, 11)).sum(1).mean())


def preference(module: Qwen3ForCausalLM, scores: ItemScores, method: str, **more: float) -> Preference:
    config = PreferenceConfig(method, group=8, questions=96, batch=16, beta=0.05 if method == "grpo" else 1.0, **more)
    return Preference(module, module, scores, PROMPTS, clicked(scores), config)


@pytest.mark.parametrize("method", ["grpo", "dpo"])
def test_what_was_clicked_rises(scores: ItemScores, method: str) -> None:
    module = model()
    before = reciprocal_rank(module, scores)
    train_preference(preference(module, scores, method), LoopConfig(epochs=5, learning_rate=1e-3))
    assert reciprocal_rank(module, scores) > 3 * before


def test_offers_are_distinct_items_with_the_clicked_last_and_the_highest_wrong_one_worst(scores: ItemScores) -> None:
    asked = preference(model(), scores, "grpo")
    offers = asked.offer(np.arange(40))
    assert (offers.items[:, -1] == asked.clicked[:40]).all()
    for items, real in zip(offers.items, offers.real, strict=True):
        assert len(items[real].unique()) == int(real.sum())
    assert offers.items.max() < len(scores.trie)
    torch.testing.assert_close(offers.wrong.sum(1), torch.ones(40))
    assert (offers.wrong[:, :-1] > offers.wrong[:, 1:]).all()
    # The wrong ones stand in the order of their probabilities, which are those of the search.
    assert (offers.before[:, :-2] >= offers.before[:, 1:-1] - 1e-4).all()
    torch.testing.assert_close(offers.before, offers.reference)


def test_a_catalogue_smaller_than_the_group_offers_what_there_is() -> None:
    codes = np.array([[0, 0, 0], [1, 0, 0], [2, 1, 0]])
    vocabulary = SidVocabulary(0, 1, tuple(np.arange(2 + 8 * level, 10 + 8 * level) for level in range(3)))
    scores = ItemScores(vocabulary, Trie.build(SemanticIds(codes, (8, 8, 8))))
    module = model()
    train_preference(preference(module, scores, "grpo"), LoopConfig(epochs=2, learning_rate=1e-3))
    train_preference(preference(module, scores, "dpo"), LoopConfig(epochs=2, learning_rate=1e-3))
    assert preference(module, scores, "dpo").offer(np.arange(5)).real.sum(1).tolist() == [3] * 5


def test_the_penalty_holds_the_model_where_it_began(scores: ItemScores) -> None:
    def moved(beta: float) -> float:
        module = model()
        config = PreferenceConfig("grpo", group=8, questions=96, batch=16, beta=beta)
        asked = Preference(module, module, scores, PROMPTS, clicked(scores), config)
        train_preference(asked, LoopConfig(epochs=3, learning_rate=1e-3))
        offers = asked.offer(np.arange(60))
        return float((offers.before - offers.reference)[offers.real].abs().mean())

    assert moved(10.0) < 0.5 * moved(0.0)


def test_a_killed_stage_goes_on_to_the_same_weights(scores: ItemScores, tmp_path: Path) -> None:
    config = LoopConfig(epochs=3, learning_rate=1e-3)

    class Killed(Exception):
        pass

    def until(count: int, module: Qwen3ForCausalLM) -> Preference:
        asked = preference(module, scores, "grpo")
        inner, calls = asked.loss, []

        def loss(one: nn.Module, batch: tuple[int, np.ndarray]) -> Tensor:
            calls.append(1)
            if len(calls) > count:
                raise Killed
            return inner(one, batch)

        asked.loss = loss  # type: ignore[method-assign]
        return asked

    straight, stopped = model(), model()
    train_preference(preference(straight, scores, "grpo"), config, folder=tmp_path / "straight")
    with pytest.raises(Killed):
        train_preference(until(8, stopped), config, folder=tmp_path / "stopped")
    again = model()
    train_preference(preference(again, scores, "grpo"), config, folder=tmp_path / "stopped")
    for (name, right), found in zip(straight.state_dict().items(), again.state_dict().values(), strict=True):
        torch.testing.assert_close(found, right, rtol=0, atol=0, msg=name)


def test_an_unknown_method_is_refused(scores: ItemScores) -> None:
    with pytest.raises(ValueError, match="'grpo' or 'dpo'"):
        preference(model(), scores, "ppo")
