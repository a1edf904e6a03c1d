from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from genrec import loop
from genrec.data.interactions import Sequences
from genrec.data.splits import Split, leave_one_out
from genrec.evaluate.baselines.sasrec import SASRec, SASRecModule, _windows
from genrec.evaluate.protocol import evaluate
from genrec.evaluate.tuning import score_of

N = 24
SMALL: dict[str, Any] = {
    "width": 32,
    "layers": 1,
    "dropout": 0.1,
    "learning_rate": 5e-3,
    "heads": 2,
    "batch_tokens": 256,
}


def cycles(seed: int = 0) -> Split:
    """Everybody walks the same circle of items, from a start and for a length of their own."""
    generator = np.random.default_rng(seed)
    circle = generator.permutation(N)
    starts, lengths = generator.integers(0, N, 150), generator.integers(3, 20, 150)
    walks = [circle[(start + np.arange(length)) % N] for start, length in zip(starts, lengths, strict=True)]
    return leave_one_out(Sequences.from_lists(walks), N)


@pytest.fixture(autouse=True)
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_learns_a_circle_and_keeps_the_promise() -> None:
    split = cycles()
    model = SASRec(**SMALL, epochs=25).fit(split.train, N, validation=split.validation, seed=0)
    assert score_of(model, split.test, "recall@1") > 0.9
    for exclude_seen in (False, True):
        row = evaluate(
            model,
            split.test,
            train=split.train,
            n_items=N,
            dataset="circle",
            split="test",
            seed=0,
            exclude_seen=exclude_seen,
            ks=(4,),
        ).row
        assert row["metrics"]["filled@4"] == 1.0
    # The score that stopped training is the one that evaluation reports.
    assert model.record.best_score == pytest.approx(score_of(model, split.validation, "ndcg@10"), abs=1e-9)


def test_cold_users_get_what_is_popular() -> None:
    split = cycles()
    model = SASRec(**SMALL, epochs=1).fit(split.train, N, validation=split.validation, seed=0)
    answer = model.recommend(Sequences.from_lists([[], [3], []]), 4)
    popular = np.argsort(-np.bincount(split.train.items, minlength=N), kind="stable")[:4]
    assert answer.items[0].tolist() == answer.items[2].tolist() == popular.tolist()
    alone = model.recommend(Sequences.from_lists([[3]]), 4)
    assert answer.items[1].tolist() == alone.items[0].tolist()


def test_the_future_and_the_padding_change_nothing() -> None:
    torch.manual_seed(0)
    module = SASRecModule(N, 10, 16, 2, 2, 0.5).eval()
    items = torch.randint(0, N, (4, 10))
    other = items.clone()
    other[:, 6:] = (other[:, 6:] + 1) % N
    assert torch.allclose(module(items)[:, :6], module(other)[:, :6], atol=1e-6)
    assert torch.allclose(module(items)[:, :6], module(items[:, :6]), atol=1e-6)
    assert not torch.allclose(module(items)[:, 6:], module(other)[:, 6:], atol=1e-3)


def test_a_killed_training_ends_with_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    split = cycles()

    def fit(folder: Path | None) -> SASRec:
        return SASRec(**SMALL, epochs=4).fit(split.train, N, validation=split.validation, seed=5, folder=folder)

    whole = fit(None)
    real, epochs = loop.by_length, []

    def dies(lengths: Any, tokens: int, seed: int, epoch: int) -> Any:
        epochs.append(epoch)
        if epoch == 2:
            raise KeyboardInterrupt
        return real(lengths, tokens, seed, epoch)

    monkeypatch.setattr(loop, "by_length", dies)
    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path)
    monkeypatch.setattr(loop, "by_length", real)
    resumed = fit(tmp_path)
    assert epochs[-1] == 2
    for name, tensor in whole.module.state_dict().items():
        assert torch.equal(tensor, resumed.module.state_dict()[name]), name
    seconds = [[{**row, "seconds": 0} for row in model.record.epochs] for model in (whole, resumed)]
    assert seconds[0] == seconds[1]


def test_long_histories_are_cut_into_windows_that_lose_no_transition() -> None:
    histories = [list(range(11)), [1], [], [5, 6], list(range(4)), list(range(5)), list(range(7))]
    windows = [window.tolist() for window in _windows(Sequences.from_lists(histories), 4)]
    assert all(2 <= len(window) <= 4 for window in windows)
    found = sorted(pair for window in windows for pair in itertools.pairwise(window))
    expected = sorted(pair for history in histories for pair in itertools.pairwise(history))
    assert found == expected


def test_without_validation_it_trains_all_epochs() -> None:
    split = leave_one_out(Sequences.from_lists([[0, 1], [1, 0], [2]]), 3)
    assert len(split.validation) == 0
    model = SASRec(**SMALL, epochs=3).fit(split.train, 3, validation=split.validation, seed=0)
    assert [row["score"] for row in model.record.epochs] == [None] * 3
    assert sorted(model.recommend(split.train, 3).items[0].tolist()) == [0, 1, 2]
