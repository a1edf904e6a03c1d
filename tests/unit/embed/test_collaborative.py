from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from genrec.data.interactions import Sequences
from genrec.embed.collaborative import collaborative_vectors, cooccurrence, ppmi

HISTORIES = st.lists(st.lists(st.integers(0, 7), max_size=9), max_size=6)


def counted(histories: list[list[int]], window: int, decay: float) -> np.ndarray:
    table = np.zeros((8, 8))
    for history in histories:
        for first in range(len(history)):
            for second in range(first + 1, min(len(history), first + window + 1)):
                if history[first] != history[second]:
                    weight = decay ** (second - first - 1)
                    table[history[first], history[second]] += weight
                    table[history[second], history[first]] += weight
    return table


@settings(deadline=None, max_examples=60)
@given(HISTORIES, st.integers(1, 4))
def test_counts_and_information_against_plain_loops(histories: list[list[int]], window: int) -> None:
    counts = cooccurrence(Sequences.from_lists(histories), 8, window=window, decay=0.7)
    table = counted(histories, window, 0.7)
    assert np.allclose(counts.toarray(), table)
    expected = np.zeros((8, 8))
    smoothed = table.sum(axis=0) ** 0.75
    for i in range(8):
        for j in range(8):
            if table[i, j] > 0:
                p = table[i, j] / table.sum()
                independent = table[i].sum() / table.sum() * smoothed[j] / smoothed.sum()
                expected[i, j] = max(0.0, math.log(p / independent))
    assert np.allclose(ppmi(counts).toarray(), expected)


@settings(deadline=None, max_examples=40)
@given(HISTORIES)
def test_vectors_are_finite_and_masked_where_nothing_is_known(histories: list[list[int]]) -> None:
    vectors, mask = collaborative_vectors(Sequences.from_lists(histories), 8, dim=4, seed=0)
    assert np.isfinite(vectors).all() and not vectors[~mask].any()
    assert np.allclose(np.linalg.norm(vectors[mask], axis=1), 1, atol=1e-5)
    untouched = np.setdiff1d(np.arange(8), [item for history in histories for item in history])
    assert not mask[untouched].any()


def test_items_of_one_taste_lie_together() -> None:
    rng = np.random.default_rng(0)
    histories = [(rng.permutation(10) + 10 * (user % 2)).tolist()[:6] for user in range(200)]
    train = Sequences.from_lists(histories)
    vectors, mask = collaborative_vectors(train, 21, dim=8, seed=0)
    assert mask[:20].all() and not mask[20]
    likeness = vectors[:20] @ vectors[:20].T
    own = np.arange(20)[:, None] // 10 == np.arange(20) // 10
    assert likeness[own].mean() > 0.2 + likeness[~own].mean()
    assert np.array_equal(collaborative_vectors(train, 21, dim=8, seed=0)[0], vectors)
