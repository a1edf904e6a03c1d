"""Codebook metrics against what can be counted by hand."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrec.data.interactions import Sequences
from genrec.sid.collisions import resolve
from genrec.sid.metrics import collisions, first_code_lift, neighbours_kept, r2, report, usage
from genrec.sid.rqkmeans import ResidualKMeans

HISTORIES = st.lists(st.lists(st.integers(0, 5), max_size=6), min_size=1, max_size=5)


def test_usage() -> None:
    codes = np.array([[0, 1], [0, 1], [2, 1], [2, 1]], dtype=np.uint16)
    even, single = usage(codes, (4, 3))
    assert even == {"size": 4, "used": 2, "perplexity": pytest.approx(2.0)}
    assert single == {"size": 3, "used": 1, "perplexity": pytest.approx(1.0)}


def test_collisions() -> None:
    codes = np.array([[0, 0], [0, 1], [0, 1], [0, 1], [1, 0], [1, 0], [1, 256]], dtype=np.uint16)
    assert collisions(codes) == {"shared": pytest.approx(5 / 7), "groups": 2, "largest": 3}


def test_r2_is_one_for_the_truth_and_zero_for_the_mean() -> None:
    targets = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    mean = targets.mean(0)
    assert r2(targets, targets, mean) == 1
    assert r2(targets, np.broadcast_to(mean, targets.shape), mean) == pytest.approx(0)
    assert r2(targets, (targets + mean) / 2, mean) == pytest.approx(0.75)


def test_neighbours_kept() -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(400, 8)).astype(np.float32)
    assert neighbours_kept(vectors, 5 * vectors) == 1
    noise = vectors + 0.5 * random.normal(size=vectors.shape).astype(np.float32)
    units, queries = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (vectors, noise))
    kept = 0
    for item in range(400):
        others = np.delete(np.arange(400), item)
        near = [set(others[np.argsort(-(units[others] @ query[item]))[:10]]) for query in (units, queries)]
        kept += len(near[0] & near[1])
    assert neighbours_kept(vectors, noise) == pytest.approx(kept / 4000)
    assert neighbours_kept(vectors, random.normal(size=vectors.shape).astype(np.float32)) < 0.1


@given(HISTORIES, st.lists(st.integers(0, 2), min_size=6, max_size=6))
def test_first_code_lift_is_a_ratio_of_counts(histories: list[list[int]], first: list[int]) -> None:
    codes = np.array(first, dtype=np.uint16)[:, None]
    pairs = [(a, b) for row in histories for a, b in itertools.pairwise(row) if a != b]
    events = [item for row in histories for item in row]
    random = [(a, b) for a in events for b in events if a != b]
    found = first_code_lift(codes, Sequences.from_lists(histories))
    by_chance = sum(first[a] == first[b] for a, b in random)
    if not pairs or not by_chance:
        assert found is None
        return
    together = sum(first[a] == first[b] for a, b in pairs) / len(pairs)
    assert found == pytest.approx(together / (by_chance / len(random)))


def test_report_is_json_and_says_what_happened() -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(20, 16))[random.integers(0, 20, 500)] + 0.2 * random.normal(size=(500, 16))
    vectors = vectors.astype(np.float32)
    held_out = np.arange(450, 500)
    tokenizer = ResidualKMeans(levels=2, codebook_size=16)
    tokenizer.fit(vectors[:450], seed=0)
    codes = tokenizer.encode(vectors)
    ids = resolve(codes, np.zeros(500), codebook_sizes=tokenizer.codebook_sizes, spare=8)
    train = Sequences.from_lists(random.integers(0, 500, size=(100, 5)).tolist())
    said = json.loads(json.dumps(report(codes, ids, vectors, tokenizer, train, held_out)))
    assert said["items"] == 500 and said["held_out_items"] == 50
    assert [level["size"] for level in said["levels"]] == [16, 16, said["collisions_before"]["largest"] + 8]
    assert said["collisions_before"]["shared"] > 0
    assert said["collisions_after"] == {"shared": 0.0, "groups": 0, "largest": 1}
    assert 0.7 < said["r2_held_out"] < said["r2"] < 1
    assert 0 < said["neighbours_kept@10"] < 1
    assert said["first_code_lift"] == pytest.approx(1, abs=0.4)
    assert report(codes, ids, vectors, tokenizer, train)["r2_held_out"] is None
