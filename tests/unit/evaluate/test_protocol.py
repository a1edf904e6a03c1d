from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from genrec.data.interactions import Sequences
from genrec.data.splits import Evaluation, leave_one_out
from genrec.errors import UserError
from genrec.evaluate import metrics
from genrec.evaluate.baselines.popularity import Popularity
from genrec.evaluate.interface import TopK
from genrec.evaluate.protocol import InvalidAnswer, Result, compare, evaluate

N = 30
TRAIN = Sequences.from_lists([[u % N, (u * 7 + 1) % N, (u * 3 + 2) % N] for u in range(40)])
QUESTIONS = Evaluation(TRAIN, np.array([(u * 5) % N for u in range(40)], np.int32))


class Fixed:
    """Answers with whatever a function makes of the histories."""

    name = "fixed"

    def __init__(self, answer: Callable[[Sequences, int], TopK]) -> None:
        self.answer = answer

    def recommend(self, histories: Sequences, k: int, *, exclude_seen: bool = False) -> TopK:
        return self.answer(histories, k)


def plain(histories: Sequences, k: int) -> TopK:
    items = np.tile(np.arange(k, dtype=np.int32), (len(histories), 1))
    return TopK(items, -items.astype(np.float32))


def run(answer: Callable[[Sequences, int], TopK], exclude_seen: bool = False, batch: int = 7) -> Result:
    return evaluate(
        Fixed(answer),
        QUESTIONS,
        train=TRAIN,
        n_items=N,
        dataset="toy",
        split="test",
        seed=3,
        exclude_seen=exclude_seen,
        ks=(5, 10),
        batch=batch,
    )


def test_row_is_what_the_command_line_promises() -> None:
    result = run(plain)
    row = json.loads(json.dumps(result.row))
    assert row == result.row
    assert {name: row[name] for name in ("model", "dataset", "split", "seed", "exclude_seen")} == {
        "model": "fixed",
        "dataset": "toy",
        "split": "test",
        "seed": 3,
        "exclude_seen": False,
    }
    assert row["metrics"]["recall@10"] == np.mean(QUESTIONS.targets < 10) == result["recall@10"]
    places = [1 / np.log2(target + 2) if target < 10 else 0 for target in QUESTIONS.targets.tolist()]
    assert row["metrics"]["ndcg@10"] == pytest.approx(np.mean(places))
    assert row["metrics"]["recall@10_low"] <= row["metrics"]["recall@10"] <= row["metrics"]["recall@10_high"]
    assert row["metrics"]["coverage@10"] == pytest.approx(10 / N)
    assert row["metrics"]["filled@10"] == 1.0


def test_batch_size_changes_nothing() -> None:
    assert run(plain, batch=1).row == run(plain, batch=1000).row


def test_slices_partition_the_questions() -> None:
    result = run(plain)
    for by in ("history", "popularity"):
        rows = [row for row in result.slices if row["by"] == by]
        assert sum(row["questions"] for row in rows) == len(QUESTIONS)
        summed = sum(row["questions"] * row["metrics"]["recall@10"] for row in rows if row["questions"])
        assert summed / len(QUESTIONS) == pytest.approx(result["recall@10"])
    popularity = np.bincount(TRAIN.items, minlength=N)
    cold = next(row for row in result.slices if row["bucket"] == "cold")
    assert cold["questions"] == np.sum(popularity[QUESTIONS.targets] == 0)


def spoiled(change: Callable[[np.ndarray, np.ndarray], None]) -> Callable[[Sequences, int], TopK]:
    def answer(histories: Sequences, k: int) -> TopK:
        good = plain(histories, k)
        if "17" in histories.users:
            row = histories.users.index("17")
            change(good.items[row], good.scores[row])
        return good

    return answer


def put(place: int, item: int) -> Callable[[np.ndarray, np.ndarray], None]:
    def change(items: np.ndarray, scores: np.ndarray) -> None:
        items[place] = item

    return change


def score(place: int, value: float) -> Callable[[np.ndarray, np.ndarray], None]:
    def change(items: np.ndarray, scores: np.ndarray) -> None:
        scores[place] = value

    return change


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (put(9, 0), "twice"),
        (put(2, N), "outside the catalogue"),
        (put(2, -2), "outside the catalogue"),
        (put(2, -1), "gap"),
        (score(4, 7.0), "scores that rise"),
        (score(4, np.nan), "not a number"),
        (score(9, -np.inf), "not a number"),
    ],
)
def test_one_broken_answer_of_forty_raises(change: Callable[[np.ndarray, np.ndarray], None], what: str) -> None:
    with pytest.raises(InvalidAnswer, match=what) as caught:
        run(spoiled(change))
    assert "'17'" in str(caught.value)


def test_seen_items_raise_only_where_they_are_excluded() -> None:
    run(plain)
    with pytest.raises(InvalidAnswer, match="history"):
        run(plain, exclude_seen=True)


def test_exclusion_is_per_user() -> None:
    """What one user saw is no violation for the next, also at the borders of the item range."""

    def unseen(histories: Sequences, k: int) -> TopK:
        items = np.array([np.setdiff1d(np.arange(N), history)[::-1][:k] for history in histories], np.int32)
        return TopK(items, items.astype(np.float32))

    run(unseen, exclude_seen=True)


def test_wrong_shape_raises() -> None:
    with pytest.raises(InvalidAnswer, match="shape"):
        run(lambda histories, k: plain(histories, k - 1))


def test_fewer_answers_are_counted() -> None:
    def half(histories: Sequences, k: int) -> TopK:
        good = plain(histories, k)
        good.items[:, 5:], good.scores[:, 5:] = -1, -np.inf
        return good

    result = run(half)
    assert result["filled@10"] == 0.5 and result["recall@10"] == result["recall@5"]


def test_no_question_is_the_users_mistake() -> None:
    split = leave_one_out(Sequences.from_lists([[0, 1], [2]]), N)
    with pytest.raises(UserError, match="asks no question"):
        evaluate(Fixed(plain), split.test, train=split.train, n_items=N, dataset="toy", split="test", seed=0)


def test_compare_is_paired_and_needs_the_same_questions(tmp_path: Path) -> None:
    def oracle(histories: Sequences, k: int) -> TopK:
        first = np.array([QUESTIONS.targets[int(user)] for user in histories.users], np.int32)
        items = (first[:, None] + np.arange(k, dtype=np.int32)) % N
        return TopK(items.astype(np.int32), np.tile(-np.arange(k, dtype=np.float32), (len(items), 1)))

    best, poor = run(oracle), run(plain)
    said = compare(best, poor, "recall@10")
    assert said["a"] == 1.0 and said["b"] == poor["recall@10"]
    assert said["ratio"] == pytest.approx(1 / poor["recall@10"])
    assert said["difference_low"] > 0 and said["ratio_low"] > 1
    assert compare(poor, poor)["difference_high"] == 0
    json.dumps(said)
    other = Evaluation(TRAIN, QUESTIONS.targets[::-1].copy())
    elsewhere = evaluate(Fixed(plain), other, train=TRAIN, n_items=N, dataset="toy", split="test", seed=0)
    with pytest.raises(ValueError, match="different questions"):
        compare(best, elsewhere)


def test_result_round_trip(tmp_path: Path) -> None:
    result = run(plain)
    result.write(tmp_path / "test.safetensors")
    again = Result.read(tmp_path / "test.safetensors")
    assert again.row == result.row and again.slices == result.slices and again.seconds == result.seconds
    assert np.array_equal(again.ranks, result.ranks) and np.array_equal(again.items, result.items)
    assert compare(result, again)["difference"] == 0


def test_a_real_recommender_passes_with_and_without_exclusion() -> None:
    model = Popularity().fit(TRAIN, N)
    for exclude_seen in (False, True):
        row = evaluate(
            model,
            QUESTIONS,
            train=TRAIN,
            n_items=N,
            dataset="toy",
            split="test",
            seed=0,
            exclude_seen=exclude_seen,
        ).row
        assert row["exclude_seen"] is exclude_seen and row["metrics"]["filled@20"] == 1.0


def test_miss_is_beyond_every_k() -> None:
    assert metrics.recall(np.array([metrics.MISS]), 10**6).sum() == 0
