"""Training of genrec-token: it learns, it stops at its best, and it answers within the catalogue."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import Qwen3ForCausalLM

from genrec.data.interactions import Sequences
from genrec.data.splits import Split, leave_one_out
from genrec.decode.trie import Trie
from genrec.errors import UserError
from genrec.loop import LoopConfig, Record
from genrec.model.token import token_model
from genrec.sid import SemanticIds
from genrec.train.token import token_generator, train_token

N = 24
SIZES = (4, 3, 4)
IDS = SemanticIds(np.stack(np.unravel_index(np.random.default_rng(0).permutation(48)[:N], SIZES), axis=1), SIZES)
TRIE = Trie.build(IDS)
MAX = 8


def made() -> Qwen3ForCausalLM:
    torch.manual_seed(0)
    return token_model(SIZES, width=32, layers=1, heads=2, max_items=MAX)


@pytest.fixture(scope="module")
def walks() -> Split:
    """Histories of different lengths that walk through the catalogue: item i + 1 after item i, now and then i + 2."""
    random = np.random.default_rng(1)
    steps = [random.choice([1, 2], length, p=[0.9, 0.1]) for length in random.integers(3, 14, 60)]
    lists = [(random.integers(N) + np.cumsum(step)) % N for step in steps]
    # Two whom nothing can be learned from.
    return leave_one_out(Sequences.from_lists([*(row.tolist() for row in lists), [5], []]), N)


def fit(model: Qwen3ForCausalLM, walks: Split, epochs: int, folder: Path | None = None) -> Record:
    config = LoopConfig(epochs=epochs, learning_rate=1e-2, seed=3)
    return train_token(
        model, IDS, TRIE, walks.train, walks.validation, config, max_items=MAX, dropout=0.1, batch_tokens=256,
        folder=folder,
    )  # fmt: skip


def test_what_comes_next_is_learned(walks: Split) -> None:
    model = made()
    record = fit(model, walks, 15)
    assert record.epochs[-1]["loss"] < 0.6 * record.epochs[0]["loss"]
    assert record.best_score > 0.7
    generator = token_generator(model, IDS, TRIE, max_items=MAX, beam=20)
    answer = generator.recommend(walks.test.histories, 10)
    found = (answer.items[:, :2] == walks.test.targets[:, None]).any(1)
    assert found.mean() > 0.7
    # A state left by the engine's attention would show here: the score is that of the weights that are left.
    again, targets = generator.recommend(walks.validation.histories, 10), walks.validation.targets.tolist()
    ranks = [row.index(item) for row, item in zip(again.items.tolist(), targets, strict=True) if item in row]
    assert sum(1 / math.log2(rank + 2) for rank in ranks) / len(targets) == pytest.approx(record.best_score)


def test_who_has_no_history_is_answered_by_how_histories_begin(walks: Split) -> None:
    model = made()
    fit(model, walks, 8)
    generator = token_generator(model, IDS, TRIE, max_items=MAX, beam=N)
    answer = generator.recommend(Sequences.from_lists([[], [3], []]), N)
    assert sorted(answer.items[0].tolist()) == list(range(N))
    assert np.array_equal(answer.items[0], answer.items[2])
    # The whole catalogue within the beam: these are the probabilities of all items, by the chain rule.
    assert np.exp(answer.scores).sum(axis=1) == pytest.approx(1.0, abs=1e-4)
    first = np.bincount([row[0] for row in walks.train if len(row)], minlength=N)
    assert np.corrcoef(first, np.exp(answer.scores[0])[np.argsort(answer.items[0])])[0, 1] > 0.5


def test_a_killed_run_goes_on_where_it_was(walks: Split, tmp_path: Path) -> None:
    expected = made()
    fit(expected, walks, 4)
    killed = made()
    steps = 0

    def kill(*_: object) -> None:
        nonlocal steps
        steps += 1
        if steps > 12:
            raise KeyboardInterrupt

    handle = killed.base_model.register_forward_pre_hook(kill)
    with pytest.raises(KeyboardInterrupt):
        fit(killed, walks, 4, tmp_path)
    handle.remove()
    resumed = made()
    fit(resumed, walks, 4, tmp_path)
    for name, weights in resumed.state_dict().items():
        assert torch.equal(weights, expected.state_dict()[name]), name


def test_nothing_to_learn_from() -> None:
    split = leave_one_out(Sequences.from_lists([[1], [], [2]]), N)
    with pytest.raises(UserError, match="no history has two events"):
        fit(made(), split, 1)
