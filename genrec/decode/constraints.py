"""What a request may not get, as the search sees it: ranges of ranks that are closed.

A prefix is open as long as one item below it is allowed, so a constraint never leads a beam into a dead end and never
costs an answer: it acts inside the search, not on its result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Constraints:
    """closed: int64 (B, S), the ranks each request may not get, sorted, padded with N. S may be 0."""

    closed: Tensor
    offsets: Any = None

    @classmethod
    def from_items(cls, items: Tensor, mask: Tensor, rank_of: Tensor) -> Constraints:
        """Exclude items (B, S) where mask (B, S); repeats are fine. rank_of: int64 (N,), see `Trie.rank_of`."""
        n = len(rank_of)
        ranks = torch.where(mask, rank_of[items], n).sort(dim=1).values
        repeated = torch.zeros_like(mask)
        repeated[:, 1:] = ranks[:, 1:] == ranks[:, :-1]
        return cls(torch.where(repeated, n, ranks).sort(dim=1).values)

    @classmethod
    def none(cls, batch: int, device: torch.device | str = "cpu") -> Constraints:
        return cls(torch.empty(batch, 0, dtype=torch.long, device=device))

    @property
    def batch(self) -> int:
        return len(self.closed)

    @property
    def unbounded(self) -> bool:
        """Whether nothing is closed to anyone."""
        return self.closed.shape[1] == 0

    def open(self, begin: Tensor, end: Tensor) -> Tensor:
        """Whether an allowed item has a rank in [begin, end). Both (B, …); bool of that shape."""
        if self.closed.shape[1] == 0:
            return end > begin
        below = torch.searchsorted(self.closed, begin.flatten(1).contiguous())
        above = torch.searchsorted(self.closed, end.flatten(1).contiguous())
        return (end - begin) > (above - below).view(begin.shape)
