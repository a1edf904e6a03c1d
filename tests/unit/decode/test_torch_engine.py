"""The torch engine against a walk over the whole catalogue with the model's own methods."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from genrec.data.interactions import Sequences
from genrec.decode.constraints import Constraints
from genrec.decode.torch_engine import TorchEngine
from genrec.decode.trie import Trie
from genrec.model.compact import CompactConfig, CompactModel
from genrec.sid import SemanticIds

CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def states_one_by_one(model: CompactModel, histories: Sequences) -> Tensor:
    """Every history alone, nothing padded: (B, width)."""
    found = []
    for history in histories:
        items = torch.from_numpy(history[-model.config.max_items :].astype(np.int64))[None]
        found.append(model.encode(items, torch.ones_like(items, dtype=torch.bool))[0, -1])
    return torch.stack(found).detach()


def log_probability(model: CompactModel, ids: SemanticIds, state: Tensor, item: int) -> float:
    """By the definition: at every level a softmax over the codes that go on to an item. state: (width,)."""
    rows = [tuple(codes) for codes in ids.codes.tolist()]
    total = 0.0
    for level, code in enumerate(rows[item]):
        known = sorted({codes[level] for codes in rows if codes[:level] == rows[item][:level]})
        logits = model.level_logits(level, state).double()
        total += float(logits[code] - logits[known].logsumexp(0))
        if level + 1 < len(rows[item]):
            state = model.descend(level, state, torch.tensor(code))
    return total


@pytest.fixture(scope="module")
def by_hand(world: Any) -> Tensor:
    """log p of every item after every history: float64 (B, N)."""
    with torch.no_grad():
        return torch.tensor(
            [
                [log_probability(world.model, world.ids, state, item) for item in range(len(world.ids))]
                for state in states_one_by_one(world.model, world.histories)
            ],
            dtype=torch.double,
        )


def test_states_are_those_of_each_history_alone(world: Any) -> None:
    engine = TorchEngine(world.model, world.trie)
    torch.testing.assert_close(engine.states(world.histories), states_one_by_one(world.model, world.histories), **CLOSE)


def test_only_the_last_max_items_events_count(world: Any) -> None:
    engine = TorchEngine(world.model, world.trie)
    most = world.model.config.max_items
    assert world.histories.lengths.max() > most
    torch.testing.assert_close(
        engine.states(world.histories), engine.states(world.histories.recent(most)), rtol=0, atol=0
    )
    assert not torch.allclose(engine.states(world.histories), engine.states(world.histories.recent(most - 1)))


def test_scores_are_those_by_hand(world: Any, by_hand: Tensor) -> None:
    engine = TorchEngine(world.model, world.trie)
    # Any order, repeats included.
    items = torch.from_numpy(np.random.default_rng(0).integers(0, len(world.ids), (len(world.histories), 70)))
    scores = engine.score(engine.states(world.histories), items)
    torch.testing.assert_close(scores.double(), by_hand.gather(1, items), **CLOSE)
    torch.testing.assert_close(by_hand.exp().sum(1), torch.ones(len(by_hand), dtype=torch.double))
    assert engine.score(engine.states(world.histories), items[:, :0]).shape == (len(world.histories), 0)


def test_a_wide_search_is_the_ranking_by_hand(world: Any, by_hand: Tensor) -> None:
    engine = TorchEngine(world.model, world.trie, width=len(world.ids))
    found = engine.search(engine.states(world.histories), Constraints.none(len(world.histories)), len(world.ids))
    expected = by_hand.sort(dim=1, descending=True)
    assert torch.equal(found.items, expected.indices)
    torch.testing.assert_close(found.scores.double(), expected.values, **CLOSE)


def test_search_and_score_agree_for_narrow_beams(world: Any) -> None:
    engine = TorchEngine(world.model, world.trie, width=4)
    states = engine.states(world.histories)
    for width in (None, 8):
        found = engine.search(states, Constraints.none(len(states)), 4, width=width)
        assert (found.items >= 0).all()
        torch.testing.assert_close(found.scores, engine.score(states, found.items), **CLOSE)


def test_in_a_full_catalogue_the_model_s_own_softmax_is_enough(full_world: Any) -> None:
    """Where every code goes on, `CompactModel.item_log_probs` needs no trie to say the same."""
    engine = TorchEngine(full_world.model, full_world.trie)
    states = engine.states(full_world.histories)
    items = torch.arange(len(full_world.ids)).expand(len(states), -1)
    with torch.no_grad():
        expected = full_world.model.item_log_probs(states, items)
    torch.testing.assert_close(engine.score(states, items), expected, **CLOSE)
    found = engine.search(states, Constraints.none(len(states)), len(full_world.ids))
    torch.testing.assert_close(found.scores, expected.gather(1, found.items), **CLOSE)


@pytest.mark.parametrize("batch", [1, 5])
def test_the_batch_size_changes_nothing(world: Any, batch: int) -> None:
    one, other = TorchEngine(world.model, world.trie), TorchEngine(world.model, world.trie, batch=batch)
    states = one.states(world.histories)
    torch.testing.assert_close(other.states(world.histories), states, **CLOSE)
    together = one.search(states, Constraints.none(len(states)), 10)
    for begin in range(0, len(states), batch):
        part = states[begin : begin + batch]
        found = one.search(part, Constraints.none(len(part)), 10)
        assert torch.equal(found.items, together.items[begin : begin + batch])
        torch.testing.assert_close(found.scores, together.scores[begin : begin + batch], **CLOSE)


def test_twice_is_bit_for_bit_the_same(world: Any) -> None:
    engine = TorchEngine(world.model, world.trie)
    first, second = (
        engine.search(engine.states(world.histories), engine.exclude(world.histories), 10) for _ in range(2)
    )
    assert torch.equal(first.items, second.items) and torch.equal(first.scores, second.scores)


def test_exclude_closes_the_whole_history(world: Any, by_hand: Tensor) -> None:
    """Also what lies further back than the model reads, and without a change of any score."""
    engine = TorchEngine(world.model, world.trie, width=len(world.ids))
    found = engine.search(engine.states(world.histories), engine.exclude(world.histories), len(world.ids))
    for row, history in enumerate(world.histories):
        left = [item for item in by_hand[row].argsort(descending=True).tolist() if item not in set(history.tolist())]
        assert found.items[row].tolist() == left + [-1] * (len(world.ids) - len(left))
        torch.testing.assert_close(found.scores[row, : len(left)].double(), by_hand[row, left], **CLOSE)
        assert all(score == -math.inf for score in found.scores[row, len(left) :].tolist())


def test_an_empty_history_has_no_state(world: Any) -> None:
    with pytest.raises(ValueError, match="empty history"):
        TorchEngine(world.model, world.trie).states(Sequences.from_lists([[1], []]))


def test_no_requests(world: Any) -> None:
    engine = TorchEngine(world.model, world.trie)
    nobody = world.histories.take(np.empty(0, np.int64))
    assert engine.states(nobody).shape == (0, world.model.config.width)
    assert engine.search(engine.states(nobody), engine.exclude(nobody), 3).items.shape == (0, 3)


@pytest.mark.parametrize("rows", [[(0,)], [(2,), (0,), (1,)]])
def test_one_item_and_one_level(rows: list[tuple[int]]) -> None:
    ids = SemanticIds(np.array(rows), (3,))
    model = CompactModel(CompactConfig(ids.codebook_sizes, len(ids), 0, width=8, layers=1, heads=1))
    model.set_items(ids.codes, None, np.ones(len(ids), bool))
    engine = TorchEngine(model, Trie.build(ids))
    states = engine.states(Sequences.from_lists([[0], [0, 0]]))
    found = engine.search(states, Constraints.none(2), len(ids) + 1)
    assert sorted(found.items[0].tolist()) == [-1, *range(len(ids))]
    torch.testing.assert_close(found.scores[:, : len(ids)].exp().sum(1), torch.ones(2))
    torch.testing.assert_close(engine.score(states, found.items[:, : len(ids)]), found.scores[:, : len(ids)])


# ---------------------------------------------------------------------- memory, states kept, precision


def test_a_batch_is_as_large_as_memory_allows(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    most = TorchEngine(world.model, world.trie).batch
    monkeypatch.setattr("genrec.decode.torch_engine.MEMORY", 40 * 20 * max(world.trie.branching) * 3)
    assert most == 256 and TorchEngine(world.model, world.trie, width=20).batch == 3
    assert TorchEngine(world.model, world.trie, width=10_000, batch=7).batch == 7
    monkeypatch.setattr("genrec.decode.torch_engine.MEMORY", 1)
    assert TorchEngine(world.model, world.trie).batch == 1


def test_who_asks_again_is_not_read_again(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = TorchEngine(world.model, world.trie, remembered=5)
    read: list[int] = []
    last_state = type(world.model).last_state

    def counted(model: CompactModel, vectors: Tensor, *rest: Any) -> Tensor:
        read.append(len(vectors))
        return last_state(model, vectors, *rest)

    monkeypatch.setattr(type(world.model), "last_state", counted)
    fresh = TorchEngine(world.model, world.trie)

    def ask(*rows: int) -> int:
        """How many histories were read for these users; the states are those of an engine that remembers nothing."""
        read.clear()
        some = world.histories.take(np.array(rows))
        states = engine.states(some)
        count = sum(read)
        torch.testing.assert_close(states, fresh.states(some), **CLOSE)
        return count

    assert ask(0, 1, 2) == 3
    assert ask(2, 0, 3) == 1
    assert ask(4, 4, 4) == 1  # 1 is the one asked for least lately
    assert ask(5) == 1  # too many now: 1 is forgotten
    assert ask(0, 2, 3, 4, 5) == 0
    assert ask(1) == 1 and ask(0) == 1


def test_a_history_that_goes_on_is_another_one(world: Any) -> None:
    engine = TorchEngine(world.model, world.trie, remembered=10)
    one, longer = Sequences.from_lists([[3, 7]]), Sequences.from_lists([[3, 7, 9]])
    assert not torch.equal(engine.states(one), engine.states(longer))


def test_times_of_events_reach_the_states(world: Any) -> None:
    config = CompactConfig(world.ids.codebook_sizes, len(world.ids), 8, width=16, layers=1, seconds_per_unit=1.0)
    torch.manual_seed(0)
    model = CompactModel(config).eval()
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if "norm" not in name:
                weights.copy_(torch.randn_like(weights) * 0.3)
    plain = Sequences.from_lists([[3, 7, 9], [4]])
    real = Sequences(plain.users, plain.offsets, plain.items, 1_700_000_000 + 9_000_000 * plain.times)
    for remembered in (0, 10):
        engine = TorchEngine(model, world.trie, remembered=remembered)
        states = engine.states(real)
        assert not torch.allclose(states, engine.states(plain), atol=1e-3)
        items, mask = (torch.from_numpy(part) for part in real.padded(3))
        with torch.no_grad():
            whole = model.encode(items, mask, torch.from_numpy(real.padded_times(3)))
        torch.testing.assert_close(states, whole[torch.arange(2), mask.sum(1) - 1], **CLOSE)


def test_bfloat16_gives_nearly_the_same_answers(world: Any) -> None:
    half = TorchEngine(copy.deepcopy(world.model).bfloat16(), world.trie)
    full = TorchEngine(world.model, world.trie)
    some = world.histories
    found = half.search(half.states(some), half.exclude(some), 10)
    expected = full.search(full.states(some), full.exclude(some), len(world.ids))
    assert found.scores.dtype == torch.float32
    for row in range(len(some)):
        items = found.items[row].tolist()
        assert len(set(items)) == 10 and min(items) >= 0 and not set(items) & set(some[row].tolist())
        scores = dict(zip(expected.items[row].tolist(), expected.scores[row].tolist(), strict=True))
        assert [scores[item] for item in items] == pytest.approx(found.scores[row].tolist(), abs=0.5)
