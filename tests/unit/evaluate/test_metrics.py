from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrec.evaluate import metrics


def test_ranks_and_metrics_by_hand() -> None:
    items = np.array([[7, 3, 5], [1, 2, 0], [4, -1, -1], [9, 8, 6]], np.int32)
    ranks = metrics.ranks_of(items, np.array([3, 1, 2, 6]))
    assert ranks.tolist() == [1, 0, metrics.MISS, 2]
    assert metrics.recall(ranks, 2).tolist() == [1, 1, 0, 0]
    assert metrics.ndcg(ranks, 3).tolist() == pytest.approx([1 / np.log2(3), 1, 0, 0.5])
    assert metrics.mrr(ranks, 3).tolist() == pytest.approx([0.5, 1, 0, 1 / 3])
    assert metrics.per_question("mrr@1", ranks).tolist() == [0, 1, 0, 0]


@given(st.lists(st.permutations(range(6)), min_size=1, max_size=8), st.integers(1, 7), st.data())
def test_metrics_equal_their_textbook_form(rows: list[list[int]], k: int, data: st.DataObject) -> None:
    """DCG over a relevance vector, divided by the ideal DCG; reciprocal rank by walking the list."""
    targets = data.draw(st.lists(st.integers(0, 8), min_size=len(rows), max_size=len(rows)))
    ranks = metrics.ranks_of(np.array(rows, np.int32), np.array(targets))
    for q, (row, target) in enumerate(zip(rows, targets, strict=True)):
        relevance = [float(item == target) for item in row[:k]]
        dcg = sum(gain / np.log2(place + 2) for place, gain in enumerate(relevance))
        assert metrics.recall(ranks, k)[q] == sum(relevance)
        assert metrics.ndcg(ranks, k)[q] == pytest.approx(dcg)
        assert metrics.mrr(ranks, k)[q] == pytest.approx(sum(gain / (p + 1) for p, gain in enumerate(relevance)))


def test_interval_agrees_with_drawing_questions_and_is_seeded() -> None:
    generator = np.random.default_rng(0)
    values = generator.choice([0.0, 0.5, 1.0], size=400, p=[0.7, 0.1, 0.2])
    low, high = metrics.interval(values, seed=1, resamples=4000)
    drawn = values[generator.integers(0, 400, size=(4000, 400))].mean(axis=1)
    assert (low, high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])), abs=0.006)
    assert metrics.interval(values, seed=1, resamples=4000) == (low, high)
    one, two = (metrics.resampled_means(values[:, None], seed=seed, resamples=9) for seed in (1, 2))
    assert not np.array_equal(one, two)
    assert low < values.mean() < high


def test_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(3)
    covered = 0
    for trial in range(200):
        low, high = metrics.interval((generator.random(300) < 0.3).astype(float), seed=trial, resamples=400)
        covered += low <= 0.3 <= high
    assert 180 <= covered <= 199


def test_pairing_sees_a_small_steady_gain_that_separate_intervals_hide() -> None:
    generator = np.random.default_rng(0)
    b = generator.random(500)
    a = b + 0.01
    result = metrics.paired(a, b, seed=0)
    assert result.difference == pytest.approx(0.01)
    assert result.difference_low == pytest.approx(0.01) and result.difference_high == pytest.approx(0.01)
    assert result.ratio is not None and result.ratio == pytest.approx(a.mean() / b.mean())
    assert result.ratio_low is not None and 1 < result.ratio_low < result.ratio
    assert metrics.interval(a, seed=0)[0] < metrics.interval(b, seed=0)[1]


def test_no_ratio_to_nothing_and_no_comparison_of_different_questions() -> None:
    assert metrics.paired(np.ones(4), np.zeros(4), seed=0).ratio is None
    with pytest.raises(ValueError, match="same ones"):
        metrics.paired(np.ones(4), np.ones(5), seed=0)


def test_exposure_coverage_novelty_by_hand() -> None:
    shown = metrics.exposure(np.array([[0, 1], [0, -1]], np.int32), 4)
    assert shown.tolist() == [2, 1, 0, 0]
    assert metrics.coverage(shown) == 0.5
    # Popularity 3, 1, 0, 0 plus one each: shares 4/8, 2/8, so 1 and 2 bits, shown twice and once.
    assert metrics.novelty(shown, np.array([3, 1, 0, 0])) == pytest.approx((2 * 1 + 1 * 2) / 3)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=12))
def test_gini_is_half_the_relative_mean_difference(counts: list[int]) -> None:
    shown = np.array(counts)
    expected = np.abs(shown[:, None] - shown[None, :]).sum() / (2 * len(shown) * max(1, shown.sum()))
    assert metrics.gini(shown) == pytest.approx(expected, abs=1e-12)


def test_long_tail_leaves_out_the_most_popular_fifth() -> None:
    popularity = np.array([5, 9, 0, 5, 1, 1, 1, 1, 1, 1])
    assert np.flatnonzero(~metrics.long_tail(popularity)).tolist() == [0, 1]
