"""What evidence asks of models, against the engines' own scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from genrec.data.interactions import Sequences
from genrec.decode.causal_engine import CausalEngine
from genrec.decode.generator import Generator
from genrec.decode.leaf import LeafScorer
from genrec.decode.torch_engine import TorchEngine
from genrec.decode.trie import Trie
from genrec.evaluate.baselines.contentknn import ContentKNN
from genrec.evaluate.baselines.itemknn import ItemKNN
from genrec.explain.scorers import CausalScorer, CompactScorer
from genrec.model.compact import CompactConfig, CompactModel

WEIGHTS = {"codes": 0.7, "dense": 0.5, "neighbours": 1.3, "content": 0.4, "popularity": 0.2}


@pytest.fixture(scope="module")
def generator(world: Any) -> Generator:
    n, random = len(world.ids), np.random.default_rng(0)
    content = random.normal(size=(n, 8)).astype(np.float32)
    torch.manual_seed(0)
    model = CompactModel(CompactConfig(world.ids.codebook_sizes, n, 8, width=16, layers=2, heads=2, max_items=6))
    model.set_items(world.ids.codes, content, np.ones(n, bool))
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if "norm" not in name:
                weights.copy_(torch.randn_like(weights) * 0.3)
    popularity = np.bincount(world.histories.items, minlength=n).astype(np.float32)
    neighbours = ItemKNN(shrinkage=1.0).fit(world.histories, n)
    leaf = LeafScorer(model, neighbours, ContentKNN(content).fit(world.histories, n), popularity, WEIGHTS)
    return Generator(TorchEngine(model, Trie.build(world.ids), width=n), np.log1p(popularity), leaf)


def test_the_score_is_what_recommendations_are_ranked_by(world: Any, generator: Generator) -> None:
    answer = generator.recommend(world.histories, 10)
    found = CompactScorer(generator).score(world.histories, answer.items.astype(np.int64))
    np.testing.assert_allclose(found, answer.scores, rtol=1e-4, atol=1e-4)


def test_codes_alone_are_the_log_probability(world: Any, generator: Generator) -> None:
    plain = Generator(generator.engine, generator.prior.numpy())
    answer = plain.recommend(world.histories, 10)
    for scorer in (CompactScorer(plain), CompactScorer(generator, codes=True)):
        found = scorer.score(world.histories, answer.items.astype(np.int64))
        np.testing.assert_allclose(found, answer.scores, rtol=1e-4, atol=1e-4)
    every = np.tile(np.arange(len(world.ids)), (3, 1))
    some = Sequences.from_lists([[], [4], [5, 6, 7]])
    np.testing.assert_allclose(np.exp(CompactScorer(plain).score(some, every)).sum(1), 1.0, rtol=1e-4)


def test_without_a_history_the_prior_s_order_holds(world: Any, generator: Generator) -> None:
    """And who stands beside those without one changes nothing."""
    every = np.tile(np.arange(len(world.ids)), (2, 1))
    scorer = CompactScorer(generator)
    found = scorer.score(Sequences.from_lists([[], [3, 9]]), every)
    prior = generator.prior.numpy()
    assert (np.diff(found[0][np.argsort(prior, kind="stable")]) >= -1e-6).all()
    np.testing.assert_allclose(found[1], scorer.score(Sequences.from_lists([[3, 9]]), every[:1])[0], rtol=1e-5)
    assert scorer.score(Sequences.from_lists([]), every[:0]).shape == (0, len(world.ids))


def test_a_language_model_s_score_is_its_search_s(world: Any) -> None:
    torch.manual_seed(3)
    sizes = world.ids.codebook_sizes
    tables = [torch.arange(size) + 2 + sum(sizes[:level]) for level, size in enumerate(sizes)]
    words = 2 + sum(sizes)
    model = Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=words, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, head_dim=8, initializer_range=0.3,
        )
    ).eval()  # fmt: skip
    engine = CausalEngine(model, Trie.build(world.ids), tables, width=len(world.ids))

    def prompt(history: np.ndarray) -> list[int]:
        codes = [
            int(table[code]) for item in history for table, code in zip(tables, world.ids.codes[item], strict=True)
        ]
        return [0, *codes, 1]

    histories = Sequences.from_lists([[1, 2, 3], [], [4]])
    prompts = torch.zeros(3, 14, dtype=torch.long)
    for row, history in enumerate(histories):
        prompts[row, : len(prompt(history))] = torch.tensor(prompt(history))
    beams = engine.answer(prompts, torch.tensor([14, 2, 6]), 20)
    found = CausalScorer(engine, prompt).score(histories, beams.items.numpy())
    np.testing.assert_allclose(found, beams.scores.numpy(), rtol=1e-4, atol=1e-4)
