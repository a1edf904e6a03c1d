"""Constraints and offsets against sets of items."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from genrec.decode.beams import search
from genrec.decode.bitmaps import RankBitmap
from genrec.decode.constraints import Constraints
from genrec.decode.offsets import Offsets
from genrec.decode.trie import Trie
from genrec.errors import UserError
from genrec.sid import SemanticIds

N = 7


@settings(deadline=None)
@given(
    st.permutations(range(N)),
    st.lists(st.lists(st.integers(0, N - 1) | st.none(), min_size=5, max_size=5), min_size=1, max_size=3),
)
def test_a_range_is_open_while_one_item_in_it_is_allowed(rank_of: list[int], closed: list[list[int | None]]) -> None:
    """None stands for padding, of which there may be any amount anywhere."""
    mask = torch.tensor([[item is not None for item in row] for row in closed])
    # Padding is not to be looked at: it names an item that is allowed.
    items = torch.tensor([[0 if item is None else item for item in row] for row in closed])
    constraints = Constraints.from_items(items, mask, torch.tensor(rank_of))
    ranges = [(begin, end) for begin in range(N + 1) for end in range(begin, N + 1)]
    begin, end = torch.tensor(ranges).T.expand(len(closed), 2, -1).unbind(1)
    answer = constraints.open(begin, end)
    assert answer.dtype == torch.bool
    for row, said in zip(closed, answer.tolist(), strict=True):
        ranks = {rank_of[item] for item in row if item is not None}
        assert said == [any(rank not in ranks for rank in range(*one)) for one in ranges]
    # Any shape after the batch.
    shaped = constraints.open(begin.view(len(closed), 2, -1, 2), end.view(len(closed), 2, -1, 2))
    assert torch.equal(shaped.flatten(1), answer)


def test_no_constraint_closes_nothing_but_empty_ranges() -> None:
    begin, end = torch.tensor([[0, 3]]), torch.tensor([[2, 3]])
    none = Constraints.none(1)
    assert none.open(begin, end).tolist() == [[True, False]]
    assert none.unbounded and none.count(4).tolist() == [4]
    nothing = Constraints.from_items(
        torch.empty(1, 0, dtype=torch.long), torch.empty(1, 0, dtype=torch.bool), torch.arange(4)
    )
    assert nothing.open(begin, end).tolist() == [[True, False]]


def test_no_requests_and_no_ranges() -> None:
    constraints = Constraints(torch.empty(0, 3, dtype=torch.long))
    empty = torch.empty(0, 2, 5, dtype=torch.long)
    assert constraints.open(empty, empty).shape == (0, 2, 5)
    assert constraints.open_children(empty).shape == (0, 2, 4)
    constraints = Constraints(torch.tensor([[0, 1, N]]))
    empty = torch.empty(1, 0, dtype=torch.long)
    assert constraints.open(empty, empty).shape == (1, 0)
    filtered = Constraints.build(torch.arange(N), 0, available=RankBitmap.everything(N))
    assert filtered.count(N).shape == (0,) and filtered.open(empty[:0], empty[:0]).shape == (0, 0)


# ---------------------------------------------------------------------- bitmaps and single items together


@dataclass(frozen=True)
class Case:
    """Requests over a catalogue of n items: what each may choose from (None: anything), and what it may not get."""

    n: int
    seed: int
    allowed: list[set[int] | None]
    closed: list[set[int]]
    available: set[int] | None

    @property
    def rank_of(self) -> np.ndarray:
        return np.random.default_rng(self.seed).permutation(self.n)

    def ranks(self, request: int) -> set[int]:
        """What the request may get, by rank."""
        everything = set(range(self.n))
        chosen = self.allowed[request]
        items = everything if chosen is None else chosen
        items = items & (everything if self.available is None else self.available)
        return {int(self.rank_of[item]) for item in items - self.closed[request]}

    def constraints(self) -> Constraints:
        rank_of = self.rank_of
        rows = [sorted(row) for row in self.closed]
        most = max(map(len, rows))
        items = torch.tensor([row + [0] * (most - len(row)) for row in rows], dtype=torch.long).view(len(rows), most)
        mask = torch.arange(most) < torch.tensor([[len(row)] for row in rows])
        shared: dict[frozenset[int], RankBitmap] = {}

        def bitmap(chosen: set[int] | None) -> RankBitmap | None:
            if chosen is None:
                return None
            made = RankBitmap.of_ranks(rank_of[sorted(chosen)], self.n)
            return shared.setdefault(frozenset(chosen), made)

        return Constraints.build(
            torch.from_numpy(rank_of), len(rows), closed=(items, mask),
            allowed=[bitmap(row) for row in self.allowed], available=bitmap(self.available),
        )  # fmt: skip


@st.composite
def cases(draw: st.DrawFn) -> Case:
    n = draw(st.integers(1, 20) | st.sampled_from([31, 32, 33, 63, 64, 65, 130]))
    items = st.sets(st.integers(0, n - 1)) | st.just(set(range(n))) | st.just(set(range(n // 2)))
    batch = draw(st.integers(1, 3))
    return Case(
        n,
        draw(st.integers(0, 100)),
        draw(st.lists(st.none() | items, min_size=batch, max_size=batch)),
        draw(st.lists(items, min_size=batch, max_size=batch)),
        draw(st.none() | items),
    )


@settings(deadline=None)
@given(cases())
def test_bitmaps_and_closed_items_are_exact_together(case: Case) -> None:
    constraints, batch = case.constraints(), len(case.closed)
    ranges = [(begin, end) for begin in range(case.n + 1) for end in range(begin, case.n + 1)]
    begin, end = torch.tensor(ranges).T.expand(batch, 2, -1).unbind(1)
    opened = constraints.open(begin, end).tolist()
    single = constraints.open_ranks(torch.arange(case.n).expand(batch, -1)).tolist()
    assert constraints.batch == batch
    assert constraints.count(case.n).tolist() == [len(case.ranks(request)) for request in range(batch)]
    for request in range(batch):
        left = np.zeros(case.n, bool)
        left[sorted(case.ranks(request))] = True
        assert single[request] == left.tolist()
        below = np.append(0, left.cumsum())
        assert opened[request] == [bool(below[last] > below[first]) for first, last in ranges]


@settings(deadline=None)
@given(cases(), st.integers(0, 1000))
def test_children_are_open_as_their_ranges_are(case: Case, seed: int) -> None:
    """Beams in any order, with empty children and dead beams among them."""
    constraints, batch, random = case.constraints(), len(case.closed), np.random.default_rng(seed)
    width, fan = int(random.integers(1, 5)), int(random.integers(1, 6))
    rows = []
    for _ in range(batch):
        cuts = np.sort(random.integers(0, case.n + 1, width + 1))
        beams = [np.sort(random.integers(a, b + 1, fan + 1)) for a, b in pairwise(cuts)]
        beams = [np.zeros(fan + 1, np.int64) if random.random() < 0.2 else beam for beam in beams]
        rows.append(random.permutation(np.stack(beams)))
    bounds = torch.from_numpy(np.stack(rows))
    expected = constraints.open(bounds[..., :-1], bounds[..., 1:])
    assert torch.equal(constraints.open_children(bounds), expected)
    assert torch.equal(constraints.open_children(bounds.int()), expected)


def test_many_children_are_looked_at_in_parts() -> None:
    random, n, batch = np.random.default_rng(0), 5000, 5
    some = [RankBitmap.of_mask(random.random(n) < share) for share in (0.01, 0.5)]
    closed = torch.from_numpy(random.integers(0, n, (batch, 40)))
    bounds = torch.from_numpy(np.sort(random.integers(0, n + 1, (batch, 40, 1200)), axis=-1))
    for allowed in (None, [*some, None, *some]):
        made = Constraints.build(torch.arange(n), batch, closed=(closed, closed >= 0), allowed=allowed)
        assert torch.equal(made.open_children(bounds), made.open(bounds[..., :-1], bounds[..., 1:]))


def test_requests_that_share_a_filter_share_its_bitmap() -> None:
    some, other = RankBitmap.of_ranks([1, 2], 50), RankBitmap.nothing(50)
    made = Constraints.build(torch.arange(50), 4, allowed=[some, None, some, other])
    assert made.allowed is not None and len(made.allowed.words) == 3
    assert made.count(50).tolist() == [2, 50, 2, 0]
    assert Constraints.build(torch.arange(50), 2, allowed=[None, None]).allowed is None
    with pytest.raises(ValueError, match="1 bitmaps for 2 requests"):
        Constraints.build(torch.arange(50), 2, allowed=[some])


@settings(deadline=None, max_examples=60)
@given(cases(), st.integers(1, 6))
def test_a_search_finds_all_that_is_left(case: Case, k: int) -> None:
    """m < k allowed items: exactly those m. More: k of them, no other, none twice."""
    random = np.random.default_rng(case.seed)
    sizes = (6, 5, 5)
    rows = random.permutation(np.prod(sizes))[: case.n]
    trie = Trie.build(SemanticIds(np.stack(np.unravel_index(rows, sizes), axis=1), sizes))
    order = trie.order.numpy()
    # The case speaks of ranks; its own order of items is not the trie's.
    constraints = case.constraints()

    def step(level: int, parents: Tensor | None, codes: Tensor | None, *_: object) -> Tensor:
        beams = 1 if parents is None else parents.shape[1]
        return torch.from_numpy(random.normal(size=(len(case.closed), beams, sizes[level])))

    found = search(step, trie, constraints, width=k, k=k).items.tolist()
    for request, row in enumerate(found):
        allowed = {int(order[rank]) for rank in case.ranks(request)}
        items = [item for item in row if item >= 0]
        assert len(set(items)) == len(items) == min(k, len(allowed)) and set(items) <= allowed


# ---------------------------------------------------------------------- offsets


def random_trie(random: np.random.Generator) -> Trie:
    sizes = (3, 3, 2)
    rows = random.permutation(np.prod(sizes))[: random.integers(1, np.prod(sizes) + 1)]
    return Trie.build(SemanticIds(np.stack(np.unravel_index(rows, sizes), axis=1), sizes))


@settings(deadline=None)
@given(st.integers(0, 10_000), st.booleans(), st.integers(0, 4))
def test_no_item_below_a_prefix_exceeds_its_bound(seed: int, shared: bool, boosted: int) -> None:
    random = np.random.default_rng(seed)
    trie = random_trie(random)
    n, batch = len(trie), 3
    values = random.normal(size=n).astype(np.float32) if shared else np.zeros(n, np.float32)
    total = np.repeat(values[None], batch, 0)
    offsets = Offsets.build(trie, values if shared else None)
    if boosted:
        items = np.stack([random.permutation(n)[:boosted] for _ in range(batch)])
        boosts = random.choice([-2.0, 0.5, 3.0], size=items.shape).astype(np.float32)
        mask = random.random(items.shape) < 0.8
        for row in range(batch):
            total[row, items[row][mask[row]]] += boosts[row][mask[row]]
        parts = (torch.from_numpy(part) for part in (items, boosts, mask))
        offsets = offsets.with_boosts(*parts, trie.rank_of())
    order = trie.order.numpy()
    by_rank = total[:, order]
    ranks = torch.arange(n).expand(batch, -1)
    np.testing.assert_array_equal(offsets.at(ranks).numpy(), by_rank)
    np.testing.assert_array_equal(offsets.bound(trie.levels, ranks[:, None]).numpy()[:, 0], by_rank)
    shared_by_rank = values[order]
    for level in range(1, trie.levels):
        count = int(trie.paths()[level - 1].max()) + 1
        nodes = torch.arange(count).expand(batch, 1, -1)
        bound = offsets.bound(level, nodes).numpy()[:, 0]
        for node in range(count):
            begin, end = (int(part) for part in trie.range_of(level, torch.tensor(node)))
            most = by_rank[:, begin:end].max(1)
            assert (bound[:, node] >= most).all()
            # It never promises more than the shared offsets or a boost do.
            assert (bound[:, node] <= np.maximum(most, shared_by_rank[begin:end].max())).all()


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_an_offset_that_is_no_number_names_its_item(wrong: float) -> None:
    trie = random_trie(np.random.default_rng(3))
    values = np.zeros(len(trie), np.float32)
    values[1] = wrong
    names = [f"item-{i}" for i in range(len(trie))]
    with pytest.raises(UserError, match=r"item 'item-1' has the offset .*; give a finite number"):
        Offsets.build(trie, values, names=names)
    one = (torch.tensor([[0, 1]]), torch.tensor([[1.0, wrong]]))
    with pytest.raises(UserError, match="item 1 has the offset"):
        Offsets.build(trie).with_boosts(*one, torch.tensor([[True, True]]), trie.rank_of())
    # What is masked is not looked at.
    Offsets.build(trie).with_boosts(*one, torch.tensor([[True, False]]), trie.rank_of())


def test_offsets_of_the_wrong_shape_and_twice_boosted_items_are_named() -> None:
    trie = random_trie(np.random.default_rng(3))
    with pytest.raises(UserError, match="one number for each of the"):
        Offsets.build(trie, np.zeros(len(trie) + 1))
    twice = torch.tensor([[1, 1]])
    with pytest.raises(UserError, match="item 1 has two boosts"):
        Offsets.build(trie).with_boosts(twice, torch.ones(1, 2), torch.ones(1, 2, dtype=torch.bool), trie.rank_of())


def test_sponsored_items_are_flagged() -> None:
    trie = random_trie(np.random.default_rng(5))
    flags = np.arange(len(trie)) % 2 == 1
    items = torch.tensor([[1, 0, -1], [2, 3, -1]])
    flagged = Offsets.build(trie, sponsored=flags).sponsors(items, trie.rank_of())
    assert flagged.tolist() == [[True, False, False], [False, True, False]]
    assert not Offsets.build(trie).sponsors(items, trie.rank_of()).any()
