"""The leaf score against its formula."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from genrec.decode.leaf import FEATURES, LeafScorer
from genrec.decode.torch_engine import TorchEngine
from genrec.evaluate.baselines.contentknn import ContentKNN
from genrec.evaluate.baselines.itemknn import ItemKNN

WEIGHTS = {"codes": 0.7, "dense": 0.5, "neighbours": 1.3, "content": -0.4, "popularity": 0.2, "repeat": 0.9}
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


@pytest.fixture(scope="module")
def scorer(world: Any) -> Callable[..., LeafScorer]:
    neighbours = ItemKNN(shrinkage=1.0).fit(world.histories, len(world.ids))
    content = ContentKNN(world.content, decay=0.6).fit(world.histories, len(world.ids))
    popularity = np.bincount(world.histories.items, minlength=len(world.ids)).astype(np.float32)

    def made(weights: dict[str, float], proposals: int = 5) -> LeafScorer:
        return LeafScorer(world.model, neighbours, content, popularity, weights, proposals)

    return made


def test_total_is_the_weighted_sum_of_the_features(world: Any, scorer: Callable[..., LeafScorer]) -> None:
    leaf, engine = scorer(WEIGHTS), TorchEngine(world.model, world.trie)
    states = engine.states(world.histories)
    items = torch.from_numpy(np.random.default_rng(0).integers(0, len(world.ids), (len(states), 7)))
    items[:, 0] = torch.tensor([history[0] for history in world.histories])  # something that is a repeat
    codes = engine.score(states, items)
    total = leaf.total(codes, leaf.tables(states, world.histories), items)
    assert total.shape == items.shape

    with torch.no_grad():
        vectors = world.model.embed_items(torch.arange(len(world.ids)))
        bias = world.model.dense_bias.clone()
        bias[~world.model.known] = bias[world.model.known].mean()
        dense = (world.model.dense_out(states) @ vectors.T + bias).log_softmax(1).numpy()
    lengths = np.linalg.norm(world.content, axis=1)
    for row, history in enumerate(world.histories):
        ages = np.arange(len(history))[::-1]
        wanted = (0.6**ages / lengths[history]) @ world.content[history]
        near = leaf.neighbours.similarity[history].T @ leaf.neighbours.decay**ages
        for place, item in enumerate(items[row].tolist()):
            cosine = wanted @ world.content[item] / np.linalg.norm(wanted) / lengths[item]
            seen = (world.histories.items == item).sum()
            expected = (
                0.7 * float(codes[row, place])
                + 0.5 * dense[row, item]
                + 1.3 * near[item]
                - 0.4 * cosine
                + 0.2 * np.log(1 + seen)
                - 0.9 * (item in history)
            )
            assert float(total[row, place]) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("name", FEATURES[1:])
def test_a_feature_with_weight_zero_is_not_computed(world: Any, scorer: Callable[..., LeafScorer], name: str) -> None:
    states = TorchEngine(world.model, world.trie).states(world.histories)
    full, without = scorer(WEIGHTS), scorer(WEIGHTS | {name: 0.0})
    assert set(full.tables(states, world.histories)) == set(FEATURES[1:])
    assert set(without.tables(states, world.histories)) == set(FEATURES[1:]) - {name}


def test_proposals_are_the_best_of_dense_head_neighbours_and_content(
    world: Any, scorer: Callable[..., LeafScorer]
) -> None:
    states = TorchEngine(world.model, world.trie).states(world.histories)
    leaf = scorer(WEIGHTS, proposals=5)
    tables = leaf.tables(states, world.histories)
    proposed = leaf.propose(tables)
    assert proposed.shape == (len(states), 15)
    for row, items in enumerate(proposed.tolist()):
        for name, own in (("dense", items[:5]), ("neighbours", items[5:10]), ("content", items[10:])):
            scores = tables[name][row]
            assert len(set(own)) == 5
            assert scores[own].min() >= scores[[item for item in range(len(world.ids)) if item not in own]].max()
    everything = scorer(WEIGHTS, proposals=1000)
    assert everything.propose(tables).shape == (len(states), 3 * len(world.ids))
    assert scorer({"codes": 1.0, "popularity": 1.0}).propose({"popularity": tables["popularity"]}).shape[1] == 0


def test_save_and_load_give_the_same_scores(world: Any, scorer: Callable[..., LeafScorer], tmp_path: Path) -> None:
    engine = TorchEngine(world.model, world.trie)
    states = engine.states(world.histories)
    leaf = scorer(WEIGHTS)
    leaf.save(tmp_path)
    again = LeafScorer.load(tmp_path, world.model, world.content, np.ones(len(world.ids), bool))
    assert (again.weights, again.proposals) == (leaf.weights, leaf.proposals)
    was, read = leaf.tables(states, world.histories), again.tables(states, world.histories)
    assert list(was) == list(read)
    for name in was:
        assert torch.equal(was[name], read[name]), name


def test_an_item_without_content_scores_nothing_by_content_also_after_loading(world: Any, tmp_path: Path) -> None:
    present = np.arange(len(world.ids)) % 3 > 0
    neighbours = ItemKNN().fit(world.histories, len(world.ids))
    content = ContentKNN(world.content, present).fit(world.histories, len(world.ids))
    popularity = np.bincount(world.histories.items, minlength=len(world.ids)).astype(np.float32)
    leaf = LeafScorer(world.model, neighbours, content, popularity, {"codes": 1.0, "content": 1.0})
    leaf.save(tmp_path)
    again = LeafScorer.load(tmp_path, world.model, world.content, present)
    states = TorchEngine(world.model, world.trie).states(world.histories)
    was, read = (scorer.tables(states, world.histories)["content"] for scorer in (leaf, again))
    assert torch.equal(was, read)
    assert was[:, present].any() and not was[:, ~present].any()
