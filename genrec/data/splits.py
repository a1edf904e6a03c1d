"""Ways to hold events out: leave-one-out, global time, cold items.

A split never changes the order of events and never samples candidates; who is asked what is all it decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from genrec.data.interactions import Sequences
from genrec.errors import UserError


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Questions with known answers: after ``histories[q]`` came ``targets[q]`` (int32 (Q,), item indices)."""

    histories: Sequences
    targets: np.ndarray

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, rows: np.ndarray) -> Evaluation:
        return Evaluation(self.histories.take(rows), self.targets[rows])


@dataclass(frozen=True, eq=False)
class Split:
    """What may be learned from (`train`), what is chosen on (`validation`), what is reported (`test`).

    `cold` (int32) lists the items that no training event touches.
    """

    name: str
    train: Sequences
    validation: Evaluation
    test: Evaluation
    cold: np.ndarray = field(default_factory=lambda: np.empty(0, np.int32))


def leave_one_out(sequences: Sequences, n_items: int) -> Split:
    """Last event = test, the one before = validation, the rest = training.

    The test question's history includes the validation item. Users with fewer than three events are not asked
    anything; all they did is trained on.
    """
    lengths = sequences.lengths
    asked = np.flatnonzero(lengths >= 3)
    train = sequences.clip(np.zeros_like(lengths), np.where(lengths >= 3, lengths - 2, lengths))
    own = sequences.take(asked)
    ends = own.offsets[1:]

    def question(back: int) -> Evaluation:
        histories = own.clip(np.zeros(len(own), np.int64), own.lengths - back)
        return Evaluation(histories, own.items[ends - back].astype(np.int32))

    return Split("leave-one-out", train, question(2), question(1), cold_of(train, n_items))


def global_time(sequences: Sequences, n_items: int, validation_share: float = 0.1, test_share: float = 0.1) -> Split:
    """One moment for everybody: training ends at a time, validation follows, the last stretch is the test.

    The shares are of events, by quantile of time; events of one time never part, so a stretch may be somewhat longer
    than asked. Every event of a stretch is a question whose history is all its user did before it, so nothing that is
    learned or seen comes from after the question. Newcomers are asked too, with an empty history. Users without an
    event before the first moment are not in `train`.

    Raises UserError where times are mere positions or a stretch has no events.
    """
    events = len(sequences.items)
    positions = np.arange(events) - np.repeat(sequences.offsets[:-1], sequences.lengths)
    if events and np.array_equal(sequences.times, positions):
        raise UserError("timestamps are positions in each user's history: a split by global time needs real times")
    times = np.sort(sequences.times)
    test_from = events - max(1, round(events * test_share))
    validation_from = test_from - max(1, round(events * validation_share))
    if validation_share <= 0 or test_share <= 0 or validation_from <= 0:
        raise UserError(
            f"validation_share {validation_share} and test_share {test_share} of {events} event(s) leave a stretch "
            "without events: both must be above 0, their sum below 1"
        )
    validation_time, test_time = times[validation_from], times[test_from]
    if not times[0] < validation_time < test_time:
        raise UserError(
            f"too many events share one time ({validation_time}) for a split by global time: "
            "take larger shares, finer timestamps or leave-one-out"
        )
    early, late = sequences.times < validation_time, sequences.times >= test_time
    train = _only(sequences, early)
    return Split(
        "global-time",
        train,
        _questions(sequences, np.flatnonzero(~early & ~late)),
        _questions(sequences, np.flatnonzero(late)),
        cold_of(train, n_items),
    )


def cold_items(sequences: Sequences, n_items: int, share: float = 0.1, seed: int = 0) -> Split:
    """Hold a random `share` of the items that have events out of training altogether: can they still be found?

    Half of these items are asked for in validation, the others in the test, so that choosing on one tells nothing of
    the other. Training loses every event of all of them (and users with no event left). Each such event is a
    question; its history is all that came before it, held-out items included, as a service would know it.
    Time is not respected between users: what others did later may be trained on.
    """
    touched = np.unique(sequences.items)
    count = round(share * len(touched))
    if not 0 < share < 1 or count < 2 or count == len(touched):
        raise UserError(
            f"share {share} holds out {count} of {len(touched)} items with events: "
            "at least one each for validation and test, and some for training, are needed"
        )
    held_out = np.random.default_rng(seed).permutation(touched)[:count]
    for_validation, for_test = np.zeros(n_items, dtype=bool), np.zeros(n_items, dtype=bool)
    for_validation[held_out[: count // 2]] = True
    for_test[held_out[count // 2 :]] = True
    train = _only(sequences, ~(for_validation | for_test)[sequences.items])
    return Split(
        "cold-items",
        train,
        _questions(sequences, np.flatnonzero(for_validation[sequences.items])),
        _questions(sequences, np.flatnonzero(for_test[sequences.items])),
        cold_of(train, n_items),
    )


def _questions(sequences: Sequences, events: np.ndarray) -> Evaluation:
    """Each of `events` (int (Q,), places in ``sequences.items``) as a question after all its user did before it."""
    users = np.searchsorted(sequences.offsets, events, side="right") - 1
    histories = sequences._gather(users, sequences.offsets[users], events)
    return Evaluation(histories, sequences.items[events].astype(np.int32))


def _only(sequences: Sequences, events: np.ndarray) -> Sequences:
    """The histories with the events where `events` (bool (n,)) holds, without the users who have none of them."""
    offsets = np.concatenate([[0], np.cumsum(events)])[sequences.offsets].astype(np.int64)
    kept = Sequences(sequences.users, offsets, sequences.items[events], sequences.times[events])
    return kept.take(np.flatnonzero(kept.lengths))


def cold_of(train: Sequences, n_items: int) -> np.ndarray:
    """int32: the items that `train` never touches."""
    seen = np.zeros(n_items, dtype=bool)
    seen[train.items] = True
    return np.flatnonzero(~seen).astype(np.int32)
