"""Constraints against sets of items."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genrec.decode.constraints import Constraints

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
    assert Constraints.none(1).open(begin, end).tolist() == [[True, False]]
    nothing = Constraints.from_items(
        torch.empty(1, 0, dtype=torch.long), torch.empty(1, 0, dtype=torch.bool), torch.arange(4)
    )
    assert nothing.open(begin, end).tolist() == [[True, False]]


def test_no_requests_and_no_ranges() -> None:
    constraints = Constraints(torch.empty(0, 3, dtype=torch.long))
    empty = torch.empty(0, 2, 5, dtype=torch.long)
    assert constraints.open(empty, empty).shape == (0, 2, 5)
    constraints = Constraints(torch.tensor([[0, 1, N]]))
    empty = torch.empty(1, 0, dtype=torch.long)
    assert constraints.open(empty, empty).shape == (1, 0)
