"""Splits against slow oracles that walk through every history."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from genrec.data import Evaluation, Sequences, cold_items, global_time, leave_one_out
from genrec.errors import UserError

N_ITEMS = 9
Events = list[tuple[int, int]]
"""(time, item), oldest first"""
USERS = st.lists(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, N_ITEMS - 1)), max_size=8).map(
        lambda events: sorted(events, key=lambda event: event[0])
    ),
    max_size=8,
)


def sequences(users: list[Events]) -> Sequences:
    plain = Sequences.from_lists([[item for _, item in events] for events in users])
    times = np.array([time for events in users for time, _ in events], dtype=np.int64)
    return Sequences(plain.users, plain.offsets, plain.items, times)


def questions(evaluation: Evaluation) -> list[tuple[str, list[int], int]]:
    users = evaluation.histories.users
    return [(users[q], h.tolist(), int(evaluation.targets[q])) for q, h in enumerate(evaluation.histories)]


def histories(train: Sequences) -> dict[str, list[int]]:
    return {user: history.tolist() for user, history in zip(train.users, train, strict=True)}


@given(USERS)
def test_leave_one_out(users: list[Events]) -> None:
    split = leave_one_out(sequences(users), N_ITEMS)
    items = {str(u): [item for _, item in events] for u, events in enumerate(users)}
    asked = {u: own for u, own in items.items() if len(own) >= 3}
    assert questions(split.test) == [(u, own[:-1], own[-1]) for u, own in asked.items()]
    assert questions(split.validation) == [(u, own[:-2], own[-2]) for u, own in asked.items()]
    assert histories(split.train) == {u: own[:-2] if u in asked else own for u, own in items.items()}
    trained = {item for own in histories(split.train).values() for item in own}
    assert split.cold.tolist() == sorted(set(range(N_ITEMS)) - trained)


@given(USERS, st.floats(0.05, 0.4), st.floats(0.05, 0.4))
def test_global_time(users: list[Events], validation_share: float, test_share: float) -> None:
    try:
        split = global_time(sequences(users), N_ITEMS, validation_share, test_share)
    except UserError:
        assume(False)
    everything = sorted(time for events in users for time, _ in events)
    tested, validated = len(split.test), len(split.validation)
    test_time = everything[len(everything) - tested]
    validation_time = everything[len(everything) - tested - validated]
    want_train: dict[str, list[int]] = {}
    want_validation, want_test = [], []
    for u, events in enumerate(users):
        for position, (time, item) in enumerate(events):
            question = (str(u), [item for _, item in events[:position]], item)
            if time >= test_time:
                want_test.append(question)
            elif time >= validation_time:
                want_validation.append(question)
            else:
                want_train.setdefault(str(u), []).append(item)
    assert questions(split.test) == want_test
    assert questions(split.validation) == want_validation
    assert histories(split.train) == want_train
    # As near to the shares as whole times allow: without the first time of the test it would be too short.
    assert tested >= max(1, round(test_share * len(everything)))
    assert tested - everything.count(test_time) < max(1, round(test_share * len(everything)))


@given(USERS, st.floats(0.2, 0.8), st.integers(0, 3))
def test_cold_items(users: list[Events], share: float, seed: int) -> None:
    whole = sequences(users)
    touched = {item for events in users for _, item in events}
    try:
        split = cold_items(whole, N_ITEMS, share, seed)
    except UserError:
        assert round(share * len(touched)) in (0, 1, len(touched))
        return
    tested, validated = set(split.test.targets.tolist()), set(split.validation.targets.tolist())
    assert tested and validated and not tested & validated
    assert len(tested | validated) == round(share * len(touched))
    want: dict[str, list[int]] = {}
    asked: dict[bool, list[tuple[str, list[int], int]]] = {True: [], False: []}
    for u, events in enumerate(users):
        own = [item for _, item in events]
        for position, item in enumerate(own):
            if item in tested | validated:
                asked[item in tested].append((str(u), own[:position], item))
            else:
                want.setdefault(str(u), []).append(item)
    assert questions(split.test) == asked[True]
    assert questions(split.validation) == asked[False]
    assert histories(split.train) == want
    assert set(split.cold.tolist()) == tested | validated | (set(range(N_ITEMS)) - touched)
    again = cold_items(whole, N_ITEMS, share, seed)
    assert np.array_equal(again.test.targets, split.test.targets)


def test_cold_items_depend_on_the_seed() -> None:
    whole = Sequences.from_lists([range(100)])
    chosen = [frozenset(cold_items(whole, 100, 0.2, seed).cold.tolist()) for seed in range(5)]
    assert len(set(chosen)) == 5


def test_global_time_refuses_positions_and_useless_times() -> None:
    with pytest.raises(UserError, match="positions"):
        global_time(Sequences.from_lists([[0, 1, 2], [3, 4]]), N_ITEMS)
    with pytest.raises(UserError, match="share one time"):
        global_time(sequences([[(5, 0), (5, 1)], [(5, 2), (5, 3)]]), N_ITEMS, 0.25, 0.25)
    for shares in ((0.5, 0.5), (0.0, 0.1), (0.1, 0.0)):
        with pytest.raises(UserError, match="their sum below 1"):
            global_time(sequences([[(5, 0), (6, 1)], [(7, 2), (8, 3)]]), N_ITEMS, *shares)
