"""The generator as the evaluator sees it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from genrec.data.interactions import Sequences
from genrec.decode.constraints import Constraints
from genrec.decode.generator import Generator
from genrec.decode.leaf import LeafScorer
from genrec.decode.torch_engine import TorchEngine
from genrec.evaluate.baselines.contentknn import ContentKNN
from genrec.evaluate.baselines.itemknn import ItemKNN
from genrec.evaluate.interface import TopK

LEAF = pytest.mark.parametrize("leaf", [False, True], ids=["plain", "leaf"])
WEIGHTS = {"codes": 0.7, "dense": 0.5, "neighbours": 1.3, "content": 0.4, "popularity": 0.2}


def generator(world: Any, leaf: bool, *, width: int = 8, batch: int = 128, proposals: int = 5) -> Generator:
    n = len(world.ids)
    popularity = np.bincount(world.histories.items, minlength=n).astype(np.float32)
    engine = TorchEngine(world.model, world.trie, width=width, batch=batch)
    if not leaf:
        return Generator(engine, popularity)
    neighbours = ItemKNN(shrinkage=1.0).fit(world.histories, n)
    content = ContentKNN(world.content).fit(world.histories, n)
    return Generator(engine, popularity, LeafScorer(world.model, neighbours, content, popularity, WEIGHTS, proposals))


def assert_valid(answer: TopK, histories: Sequences, k: int, n: int, *, exclude_seen: bool) -> None:
    """Distinct items of the catalogue, best first, as many as there are; none of the history where that is asked."""
    assert answer.items.shape == answer.scores.shape == (len(histories), k)
    assert answer.items.dtype == np.int32 and answer.scores.dtype == np.float32
    for items, scores, history in zip(answer.items.tolist(), answer.scores.tolist(), histories, strict=True):
        closed = set(history.tolist()) if exclude_seen else set()
        count = min(k, n - len(closed))
        assert len(set(items[:count])) == count and set(items[:count]) <= set(range(n)) - closed
        assert scores[:count] == sorted(scores[:count], reverse=True) and all(map(math.isfinite, scores[:count]))
        assert items[count:] == [-1] * (k - count) and scores[count:] == [-math.inf] * (k - count)


@LEAF
@pytest.mark.parametrize("exclude_seen", [False, True])
@pytest.mark.parametrize("k", [1, 10, 60, 70])
def test_always_k_distinct_items_of_the_catalogue(world: Any, leaf: bool, exclude_seen: bool, k: int) -> None:
    """k goes beyond the beam's width (8) and beyond the catalogue (60)."""
    histories = Sequences.from_lists([*(row.tolist() for row in world.histories), [], list(range(58)), range(60)])
    answer = generator(world, leaf).recommend(histories, k, exclude_seen=exclude_seen)
    assert_valid(answer, histories, k, len(world.ids), exclude_seen=exclude_seen)


@LEAF
def test_people_without_a_history_get_the_prior_s_order(world: Any, leaf: bool) -> None:
    prior = np.bincount(world.histories.items, minlength=len(world.ids))
    expected = np.lexsort((np.arange(len(prior)), -prior))
    histories = Sequences.from_lists([[], [3, 4], [], [5]])
    made = generator(world, leaf, batch=1)
    answer = made.recommend(histories, 70, exclude_seen=True)
    for row in (0, 2):
        assert answer.items[row].tolist() == expected.tolist() + [-1] * 10
        assert answer.scores[row, :60].tolist() == prior[expected].tolist()
    # The others are not disturbed by them.
    alone = made.recommend(histories.take(np.array([1, 3])), 70, exclude_seen=True)
    assert np.array_equal(answer.items[[1, 3]], alone.items)
    assert np.array_equal(answer.scores[[1, 3]], alone.scores)


@LEAF
def test_nobody_asks(world: Any, leaf: bool) -> None:
    answer = generator(world, leaf).recommend(Sequences.from_lists([]), 3)
    assert answer.items.shape == answer.scores.shape == (0, 3)


@LEAF
def test_the_batch_size_changes_nothing(world: Any, leaf: bool) -> None:
    one, other = (generator(world, leaf, batch=batch).recommend(world.histories, 10) for batch in (128, 5))
    assert np.array_equal(one.items, other.items)
    np.testing.assert_allclose(one.scores, other.scores, atol=1e-4)


@LEAF
def test_twice_is_bit_for_bit_the_same(world: Any, leaf: bool) -> None:
    one, other = (generator(world, leaf).recommend(world.histories, 10, exclude_seen=True) for _ in range(2))
    assert np.array_equal(one.items, other.items) and np.array_equal(one.scores, other.scores)


def test_without_a_leaf_score_the_answer_is_the_search(world: Any) -> None:
    made = generator(world, False)
    found = made.engine.search(made.engine.states(world.histories), made.engine.exclude(world.histories), 10)
    answer = made.recommend(world.histories, 10, exclude_seen=True)
    assert np.array_equal(answer.items, found.items.numpy()) and np.array_equal(answer.scores, found.scores.numpy())


@pytest.mark.parametrize("exclude_seen", [False, True])
def test_with_every_item_a_candidate_the_answer_is_the_best_total(world: Any, exclude_seen: bool) -> None:
    """By a beam over the whole catalogue, or by proposals of the whole catalogue beside a beam of ten."""
    made = generator(world, True, width=len(world.ids))
    assert made.leaf is not None
    states = made.engine.states(world.histories)
    items = torch.arange(len(world.ids)).expand(len(states), -1)
    total = made.leaf.total(made.engine.score(states, items), made.leaf.tables(states, world.histories), items)
    if exclude_seen:
        for row, history in enumerate(world.histories):
            total[row, history.tolist()] = -math.inf
    expected = total.sort(dim=1, descending=True, stable=True)
    for some in (made, generator(world, True, width=10, proposals=len(world.ids))):
        answer = some.recommend(world.histories, 10, exclude_seen=exclude_seen)
        assert np.array_equal(answer.items, expected.indices[:, :10].numpy())
        np.testing.assert_allclose(answer.scores, expected.values[:, :10].numpy(), atol=1e-4)


def test_candidates_are_beams_and_proposals_each_once(world: Any) -> None:
    made = generator(world, True)
    assert made.leaf is not None
    states = made.engine.states(world.histories)
    beams = made.engine.search(states, Constraints.none(len(states)), 8).items
    tables = made.leaf.tables(states, world.histories)
    proposed = made.leaf.propose(tables)
    for constraints, closed in (
        (Constraints.none(len(states)), [set() for _ in states]),
        (made.engine.exclude(world.histories), [set(history.tolist()) for history in world.histories]),
    ):
        items, codes = made.candidates(states, tables, constraints, 4)
        open_beams = made.engine.search(states, constraints, 8).items
        assert torch.equal(items < 0, codes == -math.inf)
        for row in range(len(states)):
            real = [item for item in items[row].tolist() if item >= 0]
            expected = (set(open_beams[row].tolist()) | set(proposed[row].tolist())) - closed[row]
            assert len(real) == len(set(real)) and set(real) == expected
        scored = made.engine.score(states, items.clamp(min=0))
        torch.testing.assert_close(codes[items >= 0], scored[items >= 0], rtol=1e-5, atol=1e-5)
    # The proposals add something: otherwise this test would not tell beams from candidates.
    assert any(set(proposed[row].tolist()) - set(beams[row].tolist()) for row in range(len(states)))


def test_a_narrow_beam_with_proposals_is_never_worse_informed_than_its_candidates(world: Any) -> None:
    """The answer is the best total among the candidates, whatever the beams' own order was."""
    made = generator(world, True)
    assert made.leaf is not None
    states = made.engine.states(world.histories)
    tables = made.leaf.tables(states, world.histories)
    items, codes = made.candidates(states, tables, Constraints.none(len(states)), 5)
    totals = made.leaf.total(codes, tables, items.clamp(min=0))
    answer = made.recommend(world.histories, 5)
    for row in range(len(states)):
        real = [(-float(t), i) for t, i in zip(totals[row], items[row].tolist(), strict=True) if i >= 0]
        assert answer.items[row].tolist() == [item for _, item in sorted(real)[:5]]


@pytest.mark.parametrize("weights", [{"codes": 1.0}, {"codes": 1.0, "dense": 0.0, "neighbours": 0.0}])
def test_a_leaf_score_of_codes_alone_is_the_search(world: Any, weights: dict[str, float]) -> None:
    """What `fit_leaf` may well find; nothing is proposed then."""
    made = generator(world, True)
    assert made.leaf is not None
    made.leaf.weights = weights
    answer, plain = (some.recommend(world.histories, 5) for some in (made, generator(world, False)))
    assert np.array_equal(answer.items, plain.items) and np.array_equal(answer.scores, plain.scores)


def test_tables_of_the_leaf_score_bound_the_batch(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = generator(world, True)
    expected = whole.recommend(world.histories, 5)
    assert whole.leaf is not None and whole.batch == whole.engine.batch
    monkeypatch.setattr("genrec.decode.generator.TABLES", 2 * 4 * len(world.ids) * len(whole.leaf.features))
    small = generator(world, True)
    assert small.batch == 2 and np.array_equal(small.recommend(world.histories, 5).items, expected.items)
