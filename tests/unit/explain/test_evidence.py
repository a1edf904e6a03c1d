"""Evidence against brute force: every thing left out by hand, every fact and every code compared one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from genrec.data.interactions import Sequences
from genrec.explain.evidence import RECENT, Citation, Evidence, Influence, Reason, cite, gather, without


@pytest.fixture
def random_scores(world: Any, additive: Any) -> Any:
    table = np.random.default_rng(1).normal(size=(len(world.catalog), len(world.catalog)))
    return additive(table, empty=-1.0)


def test_leaving_out_is_done_thing_by_thing(world: Any, random_scores: Any) -> None:
    """Repeats go together, ages move up, and the rest of a batch changes nothing."""
    histories = Sequences.from_lists([[3, 7, 3, 9], *(row.tolist() for row in world.histories)])
    for row in range(20):
        history, item = histories[row].tolist(), 17
        found = gather(random_scores, world.facts, world.ids, histories, row, item)
        changes = {one.item: one.change for one in found.influences}
        assert set(changes) == set(history) and len(found.influences) == len(changes)
        for thing in set(history):
            left = Sequences.from_lists([[one for one in history if one != thing]])
            expected = found.score - float(random_scores.score(left, np.array([[item]]))[0, 0])
            assert changes[thing] == pytest.approx(expected, abs=1e-5)
        ordered = [one.change for one in found.influences]
        assert ordered == sorted(ordered, reverse=True)
        assert found.supporting == tuple(one.item for one in found.influences if one.change > 0)


def test_codes_and_facts_shared_are_counted_from_the_tables(world: Any, random_scores: Any) -> None:
    for row in range(20):
        item = int(world.histories[row + 1][0])
        found = gather(random_scores, world.facts, world.ids, world.histories, row, item)
        for one in found.influences:
            own, other = world.ids.codes[one.item].tolist(), world.ids.codes[item].tolist()
            same = [a == b for a, b in zip(own, other, strict=True)]
            assert one.codes == next((level for level, yes in enumerate(same) if not yes), len(same))
            shared = {
                (column, world.values(item, column))
                for column in world.facts.attributes
                if world.values(item, column) is not None
                and world.values(item, column) == world.values(one.item, column)
            }
            assert {(world.facts.facts[f].attribute, world.facts.facts[f].value) for f in one.facts} == shared
        reasons = {reason.fact: set(reason.items) for reason in found.reasons}
        expected: dict[int, set[int]] = {}
        for one in found.influences:
            for fact in one.facts:
                expected.setdefault(fact, set()).add(one.item)
        assert reasons == expected


def test_a_reason_s_weight_is_the_step_of_the_fitted_line(world: Any, additive: Any) -> None:
    """Least squares over the whole catalogue by another route, the penalty written as further rows of data."""
    table = np.random.default_rng(2).normal(size=(len(world.catalog), len(world.catalog)))
    scorer = additive(table)
    found = gather(scorer, world.facts, world.ids, world.histories, 0, 33)
    facts = world.facts.of(33)
    every = np.arange(len(world.catalog))
    x = np.column_stack([np.ones(len(every)), *(np.isin(every, world.facts.items([fact])) for fact in facts)])
    y = scorer.score(world.histories.take(np.array([0])), every[None])[0]
    more = np.eye(len(facts) + 1)[1:]
    steps = np.linalg.lstsq(np.vstack([x, more]), np.concatenate([y, np.zeros(len(facts))]), rcond=None)[0][1:]
    weights = {reason.fact: reason.weight for reason in found.reasons}
    assert weights and weights == pytest.approx(
        {fact: step for fact, step in zip(facts, steps, strict=True) if fact in weights}, abs=1e-4
    )


@pytest.mark.parametrize("column", ["style", "colour", "category"])
def test_the_cause_is_told_from_what_goes_with_it(world: Any, additive: Any, column: str) -> None:
    """Scores rise with one shared column and nothing else; brands, seasons and series go with it and are not cited."""
    values = np.array([str(value) for value in world.catalog.table[column].to_list()])
    noise = np.random.default_rng(5).normal(size=(len(values), len(values)), scale=0.05)
    scorer = additive((values[:, None] == values[None]) + noise, decay=1.0)
    right = []
    every = np.arange(len(values))[None]
    for row, history in enumerate(world.histories):
        scores = scorer.score(world.histories.take(np.array([row])), every)[0]
        scores[history] = -np.inf
        item = int(scores.argmax())  # what would be recommended
        citation = cite(gather(scorer, world.facts, world.ids, world.histories, row, item))
        right.append(citation.reason is not None and citation.reason.attribute == column)
        if right[-1]:
            assert all(values[thing] == values[item] for thing in citation.items)
    assert np.mean(right) > 0.9


def test_the_newest_things_of_a_long_history_are_asked_about(world: Any, random_scores: Any) -> None:
    long = Sequences.from_lists([np.random.default_rng(6).permutation(len(world.catalog))[: RECENT + 30].tolist()])
    found = gather(random_scores, world.facts, world.ids, long, 0, 0)
    assert {one.item for one in found.influences} == set(long[0][-RECENT:].tolist())
    assert found.history == tuple(long[0].tolist())


def test_without_a_history_there_is_nothing_to_leave_out(world: Any, random_scores: Any) -> None:
    empty = Sequences.from_lists([[]])
    found = gather(random_scores, world.facts, world.ids, empty, 0, 5)
    assert found.influences == found.reasons == found.supporting == () and found.score == -1.0
    assert cite(found) == Citation((), None)


def test_groups_are_left_out_whole_and_times_stay_with_their_events() -> None:
    own = Sequences(["u"], np.array([0, 5]), np.array([4, 2, 4, 8, 6], np.int32), np.array([10, 20, 30, 40, 50]))
    found = without(own, [[4], [2, 6], [], [4, 2, 8, 6]])
    assert [row.tolist() for row in found] == [[2, 8, 6], [4, 4, 8], [4, 2, 4, 8, 6], []]
    assert found.times.tolist() == [20, 40, 50, 10, 30, 40, 10, 20, 30, 40, 50]


def evidence(changes: dict[int, float], reasons: list[tuple[float, tuple[int, ...]]]) -> Evidence:
    influences = tuple(Influence(item, change, 0, ()) for item, change in sorted(changes.items(), key=lambda x: -x[1]))
    made = tuple(Reason(n, "style", str(n), weight, items) for n, (weight, items) in enumerate(reasons))
    return Evidence(9, tuple(changes), 0.0, influences, tuple(sorted(made, key=lambda one: -one.weight)))


def test_what_is_cited() -> None:
    changes = {1: 4.0, 2: 3.0, 3: 2.0, 4: 1.9, 5: -1.0}
    # The product of weight and change decides; things beyond the third are not looked at.
    assert cite(evidence(changes, [(1.0, (1, 2)), (1.9, (2, 3)), (9.0, (4, 5))])).items == (2, 3)
    assert cite(evidence(changes, [(1.0, (1, 2)), (1.2, (2, 3))])).items == (1, 2)
    # A thing that matters less than a quarter of the first is left out.
    assert cite(evidence({1: 4.0, 2: 0.9}, [(1.0, (1, 2))])).items == (1,)
    # Without a reason that raises a score: the most needed thing alone; where none is needed, nothing.
    assert cite(evidence(changes, [(-1.0, (1,)), (0.0, (2,))])) == Citation((1,), None)
    assert cite(evidence({1: 0.0, 2: -1.0}, [(1.0, (1, 2))])) == Citation((), None)
