"""What is held out is in nothing that a language model reads: neither in pretraining nor in any task's examples."""

from __future__ import annotations

import inspect
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from genrec.data import Sequences, global_time, leave_one_out
from genrec.model.tasks import TASKS, Facts, Material
from genrec.train import lm as room
from genrec.train import pretrain
from tests.unit.train.conftest import TINY, World, made, walks

pytest.importorskip("sentencepiece")
USERS = walks(60)


def poisoned(sequences: Sequences) -> Sequences:
    """The same people, but the last two things that each took are others."""
    items = sequences.items.copy()
    for last in (1, 2):
        held_out = sequences.offsets[1:][sequences.lengths >= 3] - last
        items[held_out] = (items[held_out] + 41) % 96
    return Sequences(sequences.users, sequences.offsets, items, sequences.times)


@pytest.fixture(scope="module")
def worlds() -> tuple[World, World]:
    return made(USERS), made(poisoned(USERS))


def test_the_poison_is_in_the_held_out_events(worlds: tuple[World, World]) -> None:
    clean, other = (world.split for world in worlds)
    assert (clean.validation.targets != other.validation.targets).all() and (
        clean.test.targets != other.test.targets
    ).all()


@pytest.mark.parametrize("task", TASKS)
def test_no_example_of_a_task_knows_it(worlds: tuple[World, World], task: str) -> None:
    tokenizer = pretrain.train_tokenizer(pretrain.item_texts(worlds[0].catalog), 400)
    found = []
    for world in worlds:
        mixture = room.Mixture(world.material, {task: 1.0, "next_item": 1.0}, 0)
        rows = room.rendered(tokenizer, mixture.epoch(0, 300), 10_000)
        found.append(rows)
    assert task in found[0].names and np.array_equal(found[0].tokens, found[1].tokens)
    # The check can fail: with the whole histories for training ones, examples differ.
    if task in ("next_item", "next_item_titles"):
        leaked = []
        for world, events in zip(worlds, (USERS, poisoned(USERS)), strict=True):
            material = Material(world.catalog, world.ids, events, Facts(world.catalog), 8)
            leaked.append(room.rendered(tokenizer, room.Mixture(material, {task: 1.0}, 0).epoch(0, 300), 10_000))
        assert not np.array_equal(leaked[0].tokens, leaked[1].tokens)


def test_no_history_and_its_next_item_stand_in_an_example(worlds: tuple[World, World]) -> None:
    """Nowhere are a user's last training item and the item held out after it neighbours, unless another user's are."""
    world = worlds[0]
    words = world.material.words
    train = {(int(a), int(b)) for history in world.split.train for a, b in pairwise(history)}
    mixture = room.Mixture(world.material, {"next_item": 1.0}, 0)
    said = "\n".join(one["content"] for example in mixture.epoch(0, 500) for one in example.messages)
    held_out = {
        (int(history[-1]), int(target))
        for history, target in zip(world.split.validation.histories, world.split.validation.targets, strict=True)
    } - train
    assert len(held_out) > 3
    assert not any(words[before] + words[after] in said for before, after in held_out)
    assert any(words[before] + words[after] in said for before, after in train)


def test_pretraining_takes_no_interactions(worlds: tuple[World, World], monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not given any; and what it reads is the same whatever people did."""
    assert not {"train", "split", "interactions", "sequences"} & inspect.signature(pretrain.pretrain).parameters.keys()
    read: list[Any] = []
    of = pretrain.tokens.Rows.of
    monkeypatch.setattr(pretrain.tokens.Rows, "of", lambda rows, window: read.append(rows) or of(rows, window))
    for world in worlds:
        pretrain.pretrain(world.catalog, world.ids, world.codebooks, TINY, seed=1)
    half = len(read) // 2
    assert half and read[:half] == read[half:]


def test_global_time_holds_back_the_future_too() -> None:
    """A split by time: what is rendered does not change with what came later."""
    random = np.random.default_rng(0)
    times = np.sort(random.integers(0, 1_000_000, len(USERS.items)))[random.permutation(len(USERS.items))]
    order = np.concatenate([np.sort(times[a:b]) for a, b in zip(USERS.offsets[:-1], USERS.offsets[1:], strict=True)])
    timed = Sequences(USERS.users, USERS.offsets, USERS.items, order)
    split = global_time(timed, 96)
    late = np.quantile(order, 0.75)
    items = timed.items.copy()
    items[order > late] = (items[order > late] + 41) % 96
    other = global_time(Sequences(timed.users, timed.offsets, items, order), 96)
    assert not np.array_equal(split.train.items, other.train.items)  # a quarter is more than is held out
    boundary = max(int(split.train.times.max()), 0)
    items = timed.items.copy()
    items[order > boundary] = (items[order > boundary] + 41) % 96
    same = global_time(Sequences(timed.users, timed.offsets, items, order), 96)
    assert np.array_equal(split.train.items, same.train.items)
    assert leave_one_out(timed, 96).name == "leave-one-out"
