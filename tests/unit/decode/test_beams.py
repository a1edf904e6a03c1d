"""The beam search against the exhaustive ranking and against a plain beam search, with models that are lookup tables.

Logits depend on the request and the whole prefix, and are often equal, so that ties are the normal case.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from genrec.decode.beams import Beams, Step, best, search
from genrec.decode.constraints import Constraints
from genrec.decode.offsets import Offsets
from genrec.decode.trie import Trie
from genrec.sid import SemanticIds

NORMALISE = pytest.mark.parametrize("normalise", ["catalogue", "vocabulary"])
Prefix = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """A catalogue, a model of it and some requests, each with items that it may not get."""

    ids: SemanticIds
    seed: int
    distinct: int | None  # How many different logits there are; None: almost surely no two are equal.
    closed: list[set[int]]
    width: int
    k: int

    def logits(self, request: int, prefix: Prefix) -> np.ndarray:
        """float32 (codebook_sizes[len(prefix)],); NaN after a prefix that no item has: nobody may look at that."""
        size = self.ids.codebook_sizes[len(prefix)]
        if not any(tuple(codes[: len(prefix)]) == prefix for codes in self.ids.codes.tolist()):
            return np.full(size, np.nan, np.float32)
        random = np.random.default_rng([self.seed, request, len(prefix), *prefix])
        drawn = random.normal(0, 2, size) if self.distinct is None else random.integers(0, self.distinct, size)
        return drawn.astype(np.float32)

    def step(self, requests: list[int]) -> Step:
        """The model as the search sees it, for some of the requests."""
        prefixes: list[list[Prefix]] = [[()] for _ in requests]

        def step(level: int, parents: Tensor | None, codes: Tensor | None, needed: Tensor | None) -> Tensor:
            nonlocal prefixes
            if parents is not None and codes is not None:
                written = zip(prefixes, parents.tolist(), codes.tolist(), strict=True)
                prefixes = [[(*old[p], c) for p, c in zip(parent, code, strict=True)] for old, parent, code in written]
            assert all(len(prefix) == level for row in prefixes for prefix in row)
            logits = [
                [self.logits(request, prefix) for prefix in row]
                for request, row in zip(requests, prefixes, strict=True)
            ]
            every = torch.from_numpy(np.array(logits))
            return every if needed is None else every[needed]

        return step

    def constraints(self, requests: list[int], trie: Trie) -> Constraints:
        most = max(len(self.closed[request]) for request in requests)
        rows = [sorted(self.closed[request]) for request in requests]
        items = torch.tensor([row + [0] * (most - len(row)) for row in rows], dtype=torch.long).view(len(rows), most)
        mask = torch.arange(most) < torch.tensor([[len(row)] for row in rows])
        return Constraints.from_items(items, mask, trie.rank_of())

    def found(self, normalise: str, width: int | None = None, requests: list[int] | None = None) -> Beams:
        requests = list(range(len(self.closed))) if requests is None else requests
        trie = Trie.build(self.ids)
        constraints = self.constraints(requests, trie)
        width = self.width if width is None else width
        return search(self.step(requests), trie, constraints, width=width, k=self.k, normalise=normalise)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    sizes = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))
    code = [st.integers(0, size - 1) | st.integers(0, min(1, size - 1)) for size in sizes]
    rows = draw(st.lists(st.tuples(*code), unique=True, min_size=1, max_size=14))
    item = st.integers(0, len(rows) - 1)
    return Case(
        ids=SemanticIds(np.array(rows).reshape(-1, len(sizes)), sizes),
        seed=draw(st.integers(0, 1000)),
        distinct=draw(st.sampled_from([1, 2, 3, None])),
        closed=draw(st.lists(st.sets(item) | st.just(set()), min_size=1, max_size=3)),
        width=draw(st.integers(1, 8)),
        k=draw(st.integers(1, 8)),
    )


# ---------------------------------------------------------------------- oracles, one request at a time


class Oracle:
    """Scores as the search adds them up, in float32 and level by level: where it sees a tie there must be one here."""

    def __init__(self, case: Case, request: int, normalise: str) -> None:
        self.case, self.request, self.normalise = case, request, normalise
        self.codes: list[Prefix] = [tuple(codes) for codes in case.ids.codes.tolist()]
        self.branching = [
            max(len(self.next_codes(prefix)) for prefix in {codes[:level] for codes in self.codes})
            for level in range(case.ids.levels)
        ]

    def next_codes(self, prefix: Prefix) -> list[int]:
        return sorted({codes[len(prefix)] for codes in self.codes if codes[: len(prefix)] == prefix})

    def gains(self, prefix: Prefix) -> dict[int, np.float32]:
        """log p of every code that goes on from a prefix."""
        logits, codes = self.case.logits(self.request, prefix), self.next_codes(prefix)
        if self.normalise == "vocabulary":
            return dict(zip(codes, torch.from_numpy(logits).log_softmax(0).numpy()[codes], strict=True))
        row = np.full(self.branching[len(prefix)], -np.inf, np.float32)
        row[: len(codes)] = logits[codes]
        return dict(zip(codes, torch.from_numpy(row).log_softmax(0).numpy(), strict=False))

    def exhaustive(self) -> list[tuple[float, int]]:
        """(score, item) of every allowed item, best first."""
        scored = []
        for item, codes in enumerate(self.codes):
            score = np.float32(0)
            for level, code in enumerate(codes):
                score += self.gains(codes[:level])[code]
            if item not in self.case.closed[self.request]:
                scored.append((-score, item))
        return [(-float(score), item) for score, item in sorted(scored)]

    def beam(self, width: int, k: int) -> list[tuple[float, int]]:
        """A beam search that keeps plain lists of (−score, codes)."""
        allowed = {codes: item for item, codes in enumerate(self.codes) if item not in self.case.closed[self.request]}
        beams: list[tuple[np.float32, Prefix]] = [(np.float32(0), ())]
        for level in range(self.case.ids.levels):
            grown = [
                (score - gain, (*prefix, code)) for score, prefix in beams for code, gain in self.gains(prefix).items()
            ]
            open_prefixes = {codes[: level + 1] for codes in allowed}
            beams = sorted((score, prefix) for score, prefix in grown if prefix in open_prefixes)
            if level + 1 < self.case.ids.levels:
                beams = beams[:width]
        return [(-float(score), item) for score, item in sorted((score, allowed[codes]) for score, codes in beams)][:k]


def answers(found: Beams, row: int) -> list[tuple[float, int]]:
    """The answers of one request as (score, item), after a look at the padding."""
    items, scores = found.items[row].tolist(), found.scores[row].tolist()
    real = [(score, item) for score, item in zip(scores, items, strict=True) if item >= 0]
    missing = len(items) - len(real)
    assert items[len(real) :] == [-1] * missing and scores[len(real) :] == [-math.inf] * missing
    return real


# ---------------------------------------------------------------------- properties


@NORMALISE
@settings(deadline=None)
@given(case=cases())
def test_a_beam_as_wide_as_the_catalogue_is_the_exhaustive_ranking(normalise: str, case: Case) -> None:
    found = case.found(normalise, width=len(case.ids))
    assert found.items.shape == found.scores.shape == (len(case.closed), case.k)
    for request in range(len(case.closed)):
        assert answers(found, request) == Oracle(case, request, normalise).exhaustive()[: case.k]


@NORMALISE
@settings(deadline=None)
@given(case=cases())
def test_a_narrow_beam_is_a_plain_beam_search(normalise: str, case: Case) -> None:
    found = case.found(normalise)
    for request in range(len(case.closed)):
        assert answers(found, request) == Oracle(case, request, normalise).beam(case.width, case.k)


@settings(deadline=None)
@given(case=cases())
def test_answers_are_distinct_allowed_and_as_many_as_can_be(case: Case) -> None:
    found = case.found("catalogue")
    for request, closed in enumerate(case.closed):
        allowed = set(range(len(case.ids))) - closed
        items = [item for _, item in answers(found, request)]
        assert len(items) == len(set(items)) and set(items) <= allowed
        if case.width >= case.k:
            assert len(items) == min(case.k, len(allowed))


@settings(deadline=None)
@given(case=cases())
def test_probabilities_of_all_items_sum_to_one(case: Case) -> None:
    everything = Case(case.ids, case.seed, case.distinct, [set()], len(case.ids), len(case.ids))
    assert math.isclose(float(everything.found("catalogue").scores.double().exp().sum()), 1.0, abs_tol=1e-5)
    assert float(everything.found("vocabulary").scores.double().exp().sum()) <= 1.0 + 1e-5


@NORMALISE
@settings(deadline=None)
@given(case=cases())
def test_scores_are_sums_of_log_probabilities(normalise: str, case: Case) -> None:
    """In float64 and by the definition; closing items changes no score."""
    found = case.found(normalise, width=len(case.ids))
    rows = [tuple(codes) for codes in case.ids.codes.tolist()]
    for request in range(len(case.closed)):
        for score, item in answers(found, request):
            expected = 0.0
            for level, code in enumerate(rows[item]):
                weights = np.exp(case.logits(request, rows[item][:level]).astype(np.float64))
                known = {codes[level] for codes in rows if codes[:level] == rows[item][:level]}
                total = weights.sum() if normalise == "vocabulary" else weights[sorted(known)].sum()
                expected += math.log(weights[code] / total)
            assert math.isclose(score, expected, abs_tol=1e-5)


@settings(deadline=None)
@given(case=cases())
def test_a_request_gets_the_same_alone_and_in_company(case: Case) -> None:
    together, again = case.found("catalogue"), case.found("catalogue")
    assert torch.equal(together.items, again.items) and torch.equal(together.scores, again.scores)
    for request in range(len(case.closed)):
        alone = case.found("catalogue", requests=[request])
        assert torch.equal(alone.items[0], together.items[request])
        torch.testing.assert_close(alone.scores[0], together.scores[request], rtol=0, atol=1e-5)


# ---------------------------------------------------------------------- edges


def test_a_catalogue_of_one() -> None:
    case = Case(SemanticIds(np.array([[2, 1]]), (3, 2)), 0, None, [set(), {0}], width=4, k=3)
    found = case.found("catalogue")
    assert found.items.tolist() == [[0, -1, -1], [-1, -1, -1]]
    assert found.scores.tolist() == [[0.0, -math.inf, -math.inf], [-math.inf] * 3]


def test_dead_beams_ask_for_what_always_exists() -> None:
    """Parent 0 and code 0, which a model can look up, for every beam of a request that may get nothing."""
    trie = Trie.build(SemanticIds(np.array([[1, 0, 0], [2, 1, 0], [2, 0, 0]]), (3, 2, 1)))
    asked: list[tuple[list[list[int]], list[list[int]]]] = []

    def step(level: int, parents: Tensor | None, codes: Tensor | None, needed: Tensor | None) -> Tensor:
        if parents is not None and codes is not None:
            asked.append((parents.tolist(), codes.tolist()))
        size = (3, 2, 1)[level]
        if needed is not None:
            return torch.zeros(int(needed.sum()), size)
        return torch.zeros(2, 1 if parents is None else parents.shape[1], size)

    found = search(step, trie, Constraints(torch.tensor([[0, 1, 2], [3, 3, 3]])), width=2, k=2)
    assert asked == [([[0, 0], [0, 0]], [[0, 0], [1, 2]]), ([[0, 0], [0, 1]], [[0, 0], [0, 0]])]
    # Items 1 and 2 are equally likely; item 2's prefix has the smaller codes and got the one place there was.
    assert found.items.tolist() == [[-1, -1], [0, 2]]


def test_no_requests() -> None:
    trie = Trie.build(SemanticIds(np.array([[0, 1], [1, 1], [1, 0]]), (2, 2)))
    for closed in (0, 2):
        constraints = Constraints(torch.empty(0, closed, dtype=torch.long))
        found = search(lambda *_: torch.empty(0, 1, 2), trie, constraints, width=2, k=2)
        assert found.items.shape == found.scores.shape == (0, 2)


def test_half_precision_logits_are_normalised_in_single_precision() -> None:
    ids = SemanticIds(np.arange(8)[:, None], (8,))
    logits = torch.randn(1, 1, 8, generator=torch.Generator().manual_seed(0)).bfloat16()
    found = search(lambda *_: logits, Trie.build(ids), Constraints.none(1), width=8, k=8)
    assert found.scores.dtype == torch.float32
    torch.testing.assert_close(found.scores[0], logits[0, 0].float().log_softmax(0).sort(descending=True).values)


def test_an_unknown_normalisation_is_named() -> None:
    trie = Trie.build(SemanticIds(np.array([[0]]), (1,)))
    with pytest.raises(ValueError, match="'catalog'"):
        search(lambda *_: torch.zeros(1, 1, 1), trie, Constraints.none(1), width=1, k=1, normalise="catalog")


# ---------------------------------------------------------------------- best

SCORE = st.sampled_from([-math.inf, -1.0, -0.0, 0.0, 0.5])


@settings(deadline=None)
@given(
    st.integers(1, 9).flatmap(
        lambda n: st.lists(st.lists(SCORE, min_size=n, max_size=n), min_size=1, max_size=4)
    ),
    st.integers(1, 12),
    st.randoms(use_true_random=False),
)  # fmt: skip
def test_best_is_a_sort_by_score_then_key(rows: list[list[float]], count: int, random: object) -> None:
    width = len(rows[0])
    keys = [random.sample(range(100), width) for _ in rows]  # type: ignore[attr-defined]
    picked, values = best(torch.tensor(rows), torch.tensor(keys), count)
    assert picked.shape == values.shape == (len(rows), min(count, width))
    for scores, key, places, said in zip(rows, keys, picked.tolist(), values.tolist(), strict=True):
        expected = sorted(range(width), key=lambda place: (-scores[place], key[place]))[:count]
        assert said == [scores[place] for place in expected]
        alive = [place for place in expected if scores[place] > -math.inf]
        assert places[: len(alive)] == alive


def test_a_tie_in_one_row_leaves_a_row_with_room_alone() -> None:
    """The first row has more equal scores than room, the second fewer scores than room."""
    scores = torch.tensor([[0.0, 0.0, 0.0, 0.0], [5.0, -math.inf, 4.0, -math.inf]])
    picked, values = best(scores, torch.tensor([[3, 2, 1, 0], [0, 1, 2, 3]]), 3)
    assert picked[0].tolist() == [3, 2, 1]
    assert picked[1, :2].tolist() == [0, 2] and values[1].tolist() == [5.0, 4.0, -math.inf]


# ---------------------------------------------------------------------- offsets, spread, samples


@settings(max_examples=60, deadline=None)
@given(case=cases(), values=st.lists(st.integers(-3, 3), min_size=14, max_size=14))
def test_offsets_are_part_of_the_score_and_lead_the_beam(case: Case, values: list[int]) -> None:
    """A beam as wide as the catalogue ranks by log p + offset."""
    trie = Trie.build(case.ids)
    given_ = np.array(values[: len(case.ids)], np.float32)
    requests = list(range(len(case.closed)))
    constraints = replace(case.constraints(requests, trie), offsets=Offsets.build(trie, given_))
    found = search(case.step(requests), trie, constraints, width=20, k=case.k)
    for request in requests:
        scored = sorted((-(np.float32(s) + given_[i]), i) for s, i in Oracle(case, request, "catalogue").exhaustive())
        expected = scored[: case.k] + [(np.float32(math.inf), -1)] * (case.k - len(scored))
        assert found.items[request].tolist() == [item for _, item in expected]
        assert found.scores[request].tolist() == [-float(score) for score, _ in expected]


def test_a_bound_keeps_the_way_to_a_boosted_item_open() -> None:
    """Item 3 lies below the prefix that is least likely; its offset makes it the best all the same, at width 1."""
    ids = SemanticIds(np.array([[0, 0], [0, 1], [1, 0], [2, 0]]), (3, 2))
    trie = Trie.build(ids)
    first, second = torch.tensor([[[3.0, 1.0, -2.0]]]), torch.zeros(1, 1, 2)

    def step(level: int, *_: object) -> Tensor:
        return (first, second)[level]

    plain = search(step, trie, Constraints.none(1), width=1, k=1)
    offsets = Offsets.build(trie, np.array([0, 0, 0, 8], np.float32))
    boosted = search(step, trie, replace(Constraints.none(1), offsets=offsets), width=1, k=1)
    assert plain.items.tolist() == [[0]] and boosted.items.tolist() == [[3]]


@settings(max_examples=60, deadline=None)
@given(case=cases(), spread=st.integers(1, 3))
def test_spread_bounds_what_shares_a_first_code_while_there_are_others(case: Case, spread: int) -> None:
    trie = Trie.build(case.ids)
    requests = list(range(len(case.closed)))
    constraints = case.constraints(requests, trie)
    found = search(case.step(requests), trie, constraints, width=30, k=case.k, spread=spread)
    for request in requests:
        ranking = [item for _, item in Oracle(case, request, "catalogue").exhaustive()]
        taken: list[int] = []
        count: dict[int, int] = {}
        for item in ranking:
            code = int(case.ids.codes[item, 0])
            if count.get(code, 0) < spread:
                count[code] = count.get(code, 0) + 1
                taken.append(item)
        chosen = taken[: case.k]
        # Places that are left go to the best of the others.
        chosen += [item for item in ranking if item not in chosen][: case.k - len(chosen)]
        answer = [item for item in found.items[request].tolist() if item >= 0]
        assert answer == sorted(chosen, key=ranking.index)


def test_a_sample_without_replacement_has_the_model_s_probabilities() -> None:
    """The first draw follows p; the second, given the first, p without it. And every seed has its own sample."""
    ids = SemanticIds(np.array([[0, 0], [0, 1], [1, 0], [1, 1], [2, 0]]), (3, 2))
    trie = Trie.build(ids)
    first, second = torch.tensor([[[0.5, -0.3, 0.2]]]), torch.tensor([[0.7, -0.4], [0.0, 1.0], [0.3, 9.0]])
    draws = 20_000

    def step(level: int, parents: Tensor | None, codes: Tensor | None, needed: Tensor | None) -> Tensor:
        return first.expand(draws, -1, -1) if codes is None else second[codes]

    found = search(step, trie, Constraints.none(draws), width=5, k=5, seeds=torch.arange(draws))
    assert (found.items.sort(dim=1).values == torch.arange(5)).all()
    p = torch.cat([first[0, 0].softmax(0)[code] * second[code].softmax(0) for code in (0, 1)])
    p = torch.cat([p, first[0, 0].softmax(0)[2:]]).double()
    torch.testing.assert_close(found.scores.exp().double(), p[found.items], rtol=1e-5, atol=1e-6)
    pairs = torch.zeros(5, 5, dtype=torch.double)
    pairs.index_put_((found.items[:, 0], found.items[:, 1]), torch.ones(draws, dtype=torch.double), accumulate=True)
    expected = draws * p[:, None] * p[None] / (1 - p[:, None])
    expected.fill_diagonal_(0)
    off = ~torch.eye(5, dtype=torch.bool)
    chi = float(((pairs - expected)[off] ** 2 / expected[off]).sum())
    assert chi < 19 + 4 * math.sqrt(2 * 19), chi  # 19 degrees of freedom


def test_a_sample_depends_on_its_own_seed_alone() -> None:
    case = Case(SemanticIds(np.array(list(np.ndindex(3, 3, 2))), (3, 3, 2)), 5, None, [set(), set(), {0}], 18, 6)
    trie = Trie.build(case.ids)

    def sample(requests: list[int], width: int = 18) -> list[list[int]]:
        seeds = torch.tensor([71, 72, 73])[requests]
        found = search(case.step(requests), trie, case.constraints(requests, trie), width=width, k=6, seeds=seeds)
        return found.items.tolist()

    together = sample([0, 1, 2])
    assert [sample([request])[0] for request in (0, 1, 2)] == together
    assert sample([2, 0]) == [together[2], together[0]]
    assert sample([0], width=6)[0] == together[0]  # a beam of k is wide enough
    assert together[0] != together[1] and all(len(set(row)) == 6 for row in together) and 0 not in together[2]


def test_impossible_wishes_are_named() -> None:
    trie = Trie.build(SemanticIds(np.array([[0]]), (1,)))
    with pytest.raises(ValueError, match="spread is 0"):
        search(lambda *_: torch.zeros(1, 1, 1), trie, Constraints.none(1), width=1, k=1, spread=0)
    both = replace(Constraints.none(1), offsets=Offsets.build(trie))
    with pytest.raises(ValueError, match="cannot have both"):
        search(lambda *_: torch.zeros(1, 1, 1), trie, both, width=1, k=1, seeds=torch.tensor([1]))


def test_only_beams_with_a_choice_are_needed() -> None:
    """Below code 0 lie three items, below 1 and 2 one each: after the first step nobody need look at those again."""
    ids = SemanticIds(np.array([[0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0], [2, 1, 1]]), (3, 2, 2))
    asked: list[list[list[bool]] | None] = []

    def step(level: int, parents: Tensor | None, codes: Tensor | None, needed: Tensor | None) -> Tensor:
        asked.append(None if needed is None else needed.tolist())
        if needed is None:
            return torch.zeros(1, 1, 3)
        return torch.zeros(int(needed.sum()), 2)

    found = search(step, Trie.build(ids), Constraints.none(1), width=5, k=5)
    # Beams stand in the order of their codes, and what is beyond them is dead.
    assert asked == [None, [[True, False, False]], [[True, False, False, False, False]]]
    third, half = math.log(1 / 3), math.log(1 / 2)
    assert found.items.tolist() == [[3, 4, 2, 0, 1]]
    torch.testing.assert_close(found.scores, torch.tensor([[third, third, third + half, *[third + 2 * half] * 2]]))
