"""Training of the compact generator: it learns, it stops at its best, and a killed run ends as an unbroken one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genrec.data.interactions import Sequences
from genrec.data.splits import Evaluation, Split, leave_one_out
from genrec.decode.trie import Trie
from genrec.errors import UserError
from genrec.loop import LoopConfig, Record, by_length, train
from genrec.model.compact import CompactConfig, CompactModel
from genrec.sid import SemanticIds
from genrec.train.compact import train_compact, validation_ndcg

N = 24
SIZES = (4, 3, 4)
CODES = np.stack(np.unravel_index(np.random.default_rng(0).permutation(48)[:N], SIZES), axis=1)
IDS = SemanticIds(CODES, SIZES)
TRIE = Trie.build(IDS)


def made(seed: int, **changes: Any) -> CompactModel:
    torch.manual_seed(seed)
    options: dict[str, Any] = {"width": 16, "layers": 1, "heads": 2, "max_items": 8, "dropout": 0.1}
    model = CompactModel(CompactConfig(SIZES, N, **(options | changes)))
    model.set_items(CODES, None, np.ones(N, bool))
    return model


@pytest.fixture(scope="module")
def walks() -> Split:
    """Histories of different lengths that walk through the catalogue: item i + 1 after item i, now and then i + 2."""
    random = np.random.default_rng(1)
    steps = [random.choice([1, 2], length, p=[0.9, 0.1]) for length in random.integers(3, 14, 60)]
    lists = [(random.integers(N) + np.cumsum(step)) % N for step in steps]
    # Two whom nothing can be learned from.
    return leave_one_out(Sequences.from_lists([*(row.tolist() for row in lists), [5], []]), N)


def test_what_comes_next_is_learned(walks: Split) -> None:
    model = made(0)
    before = validation_ndcg(model, TRIE, walks.validation, beam=10, exclude_seen=False)
    config = LoopConfig(epochs=12, learning_rate=1e-2, seed=3)
    record = train_compact(model, TRIE, walks.train, walks.validation, config, batch_tokens=128)
    assert record.epochs[-1]["loss"] < 0.6 * record.epochs[0]["loss"]
    assert before < 0.4 and record.best_score > 0.7
    # What is left is the best epoch's model, in eval mode.
    assert not model.training
    assert validation_ndcg(model, TRIE, walks.validation, beam=20, exclude_seen=False) == record.best_score


class Killed(Exception):
    pass


def test_a_killed_run_ends_with_the_weights_of_an_unbroken_one(walks: Split, tmp_path: Path) -> None:
    config = LoopConfig(epochs=4, learning_rate=1e-2, seed=3)
    unbroken = made(0)
    expected = train_compact(unbroken, TRIE, walks.train, walks.validation, config, batch_tokens=128)

    killed, folder = made(0), tmp_path / "loop"
    steps_per_epoch = len(by_length(walks.train.lengths[walks.train.lengths >= 2], 128, 0, 0))
    assert steps_per_epoch > 2
    left = steps_per_epoch + 2

    def kill(model: CompactModel, inputs: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed

    killed.register_forward_pre_hook(kill)
    with pytest.raises(Killed):
        train_compact(killed, TRIE, walks.train, walks.validation, config, batch_tokens=128, folder=folder)

    # Other weights to begin with, so that only the folder can know.
    resumed = made(9)
    record = train_compact(resumed, TRIE, walks.train, walks.validation, config, batch_tokens=128, folder=folder)
    for name, tensor in unbroken.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], tensor), name
    assert [row | {"seconds": 0} for row in record.epochs] == [row | {"seconds": 0} for row in expected.epochs]

    # A finished run is not trained again.
    again = made(9)
    train_compact(again, TRIE, walks.train, walks.validation, config, batch_tokens=128, folder=folder)
    assert all(torch.equal(again.state_dict()[name], tensor) for name, tensor in unbroken.state_dict().items())


def test_the_best_epoch_may_lie_before_the_kill(tmp_path: Path) -> None:
    def run(epochs: int, scores: list[float]) -> tuple[torch.nn.Module, list[torch.Tensor], Record]:
        """The module, its weights at every validation, and the record of a run whose validations give `scores`."""
        torch.manual_seed(0)
        module, seen, left = torch.nn.Linear(2, 1), [], iter(scores)

        def validate(module: torch.nn.Module) -> float:
            seen.append(module.weight.detach().clone())
            return next(left)

        config = LoopConfig(epochs=epochs, learning_rate=0.1)
        record = train(
            module, lambda epoch: [1.0, 2.0], lambda module, x: module(torch.full((1, 2), x)).square().sum(), config,
            validate=validate, folder=tmp_path,
        )  # fmt: skip
        return module, seen, record

    _, before, _ = run(2, [0.9, 0.5])
    module, after, record = run(4, [0.4, 0.3])
    assert len(after) == 2 and (record.best_epoch, record.best_score) == (0, 0.9)
    assert torch.equal(module.weight, before[0]) and not torch.equal(module.weight, after[-1])


def test_the_seed_decides(walks: Split) -> None:
    def trained(seed: int) -> torch.Tensor:
        model = made(0)
        config = LoopConfig(epochs=1, learning_rate=1e-2, seed=seed)
        train_compact(model, TRIE, walks.train, walks.validation, config, batch_tokens=128)
        return model.position.weight.detach()

    assert torch.equal(trained(1), trained(1))
    assert not torch.equal(trained(1), trained(2))


def test_validation_is_the_mean_of_codes_and_dense_head() -> None:
    """An untrained dense head that always says item 7, and codes that say nothing: with one question each."""
    model = made(0).eval()
    with torch.no_grad():
        for weights in model.parameters():
            weights.zero_()
        model.dense_bias[7] = 1.0
    asked = Evaluation(Sequences.from_lists([[1], [2, 3]]), np.array([7, 7], np.int32))
    codes_alone = made(0, dense=False)
    codes_alone.load_state_dict(model.state_dict(), strict=False)
    by_codes = validation_ndcg(codes_alone, TRIE, asked, beam=N, exclude_seen=False)
    assert validation_ndcg(model, TRIE, asked, beam=N, exclude_seen=False) == pytest.approx((by_codes + 1.0) / 2)


def test_histories_of_one_event_are_an_error(walks: Split) -> None:
    nothing = Sequences.from_lists([[3], [], [5]])
    with pytest.raises(UserError, match="no history has two events"):
        train_compact(made(0), TRIE, nothing, walks.validation, LoopConfig(epochs=1))


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 12), max_size=60), st.integers(1, 40), st.integers(0, 1000), st.integers(0, 50)
)  # fmt: skip
def test_batches_cover_every_row_once_within_the_budget(lengths: list[int], tokens: int, seed: int, epoch: int) -> None:
    batches = [batch.tolist() for batch in by_length(lengths, tokens, seed, epoch)]
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[row] for row in batch) <= tokens
    assert [batch.tolist() for batch in by_length(lengths, tokens, seed, epoch)] == batches
    # The schedule counts on as many batches in every epoch.
    assert len(by_length(lengths, tokens, seed, epoch + 1)) == len(batches)


def test_batches_are_of_like_length_and_change_with_the_epoch() -> None:
    lengths = np.random.default_rng(0).integers(2, 50, 500)
    first, second = (by_length(lengths, 1000, 0, epoch) for epoch in (0, 1))
    assert [batch.tolist() for batch in first] != [batch.tolist() for batch in second]
    padded = sum(len(batch) * int(lengths[batch.numpy()].max()) for batch in first)
    assert padded < 1.1 * lengths.sum()
    assert len(first) < 1.2 * np.ceil(lengths.sum() / 1000)
