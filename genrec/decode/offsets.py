"""Per-item score offsets inside the search: a prior, a discount for popularity, a boost that somebody pays for.

An item's score is log p plus its offset. A prefix is worth its own log p plus the largest offset of an item below it:
no item below scores more than that, so the bound is admissible. It may promise more than is left: the largest offset
may belong to an item that a constraint closes, and what a request takes off single items lowers no bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from genrec.decode.trie import Trie
from genrec.errors import UserError

NONE = float("-inf")


@dataclass(frozen=True, eq=False)
class Offsets:
    """Offsets of a batch's requests: what all of them share and what each has of its own.

    maxima: per level float32 (M_l,), l = 1 … L, the largest shared offset below every node; those of the last level are
    the items' own, by rank. starts: per level int64 (M_l,), the first rank below every node.
    ranks, boosts: None, or int64 and float32 (B, S), each request's own additions, sorted by rank, padded with N and 0.
    sponsored: None, or bool (N,) by rank, for `sponsors`.
    """

    maxima: tuple[Tensor, ...]
    starts: tuple[Tensor, ...]
    ranks: Tensor | None = None
    boosts: Tensor | None = None
    sponsored: Tensor | None = None

    @classmethod
    def build(
        cls,
        trie: Trie,
        values: np.ndarray | Tensor | None = None,
        *,
        sponsored: np.ndarray | None = None,
        names: Sequence[str] | None = None,
    ) -> Offsets:
        """values: float (N,) by item index, none being zeros. sponsored: bool (N,) by item index.

        UserError for a value that is not finite, naming the item (by `names`, else by its index) and the fix.
        """
        n, order = len(trie), trie.order.cpu().numpy()
        given = np.zeros(n, np.float32) if values is None else np.asarray(values, np.float32)
        if given.shape != (n,):
            raise UserError(f"offsets: expected one number for each of the {n} items, not an array {given.shape}")
        _finite(given, np.arange(n), names)
        device = trie.order.device
        by_rank, found, starts = given[order], [], []
        for path in trie.paths():
            nodes = path.cpu().numpy()[order]
            first = np.flatnonzero(np.diff(nodes, prepend=-1))
            found.append(torch.from_numpy(np.maximum.reduceat(by_rank, first)).to(device))
            starts.append(torch.from_numpy(first).to(device))
        flags = None if sponsored is None else torch.from_numpy(np.asarray(sponsored, bool)[order]).to(device)
        return cls(tuple(found), tuple(starts), sponsored=flags)

    def with_boosts(
        self, items: Tensor, boosts: Tensor, mask: Tensor, rank_of: Tensor, names: Sequence[str] | None = None
    ) -> Offsets:
        """These offsets plus each request's own: items (B, S), their boosts float (B, S), both where mask (B, S).

        An item must not stand twice in a row (UserError), and its boost must be finite.
        """
        n = len(rank_of)
        _finite(boosts[mask].float().cpu().numpy(), items[mask].cpu().numpy(), names)
        ranks, by_rank = torch.where(mask, rank_of[items], n).sort(dim=1)
        again = (ranks[:, 1:] == ranks[:, :-1]) & (ranks[:, 1:] < n)
        if bool(again.any()):
            item = int(items.gather(1, by_rank)[:, 1:][again][0])
            raise UserError(f"offsets: item {_named(item, names)} has two boosts in one request; add them up")
        return replace(self, ranks=ranks, boosts=torch.where(mask, boosts.float(), 0).gather(1, by_rank))

    def take(self, rows: Tensor) -> Offsets:
        """Those of the requests at `rows` (int64)."""
        if self.ranks is None or self.boosts is None:
            return self
        rows = rows.to(self.ranks.device)
        return replace(self, ranks=self.ranks[rows], boosts=self.boosts[rows])

    def at(self, ranks: Tensor) -> Tensor:
        """The offsets of ranks (B, …), float32 of that shape."""
        shared = self.maxima[-1][ranks]
        if self.ranks is None or self.boosts is None or not self.ranks.shape[1]:
            return shared
        place, there = _find(self.ranks, ranks)
        return shared + torch.where(there, self.boosts.gather(1, place.flatten(1)).view_as(shared), 0)

    def bound(self, level: int, nodes: Tensor) -> Tensor:
        """At least the offset of every item below nodes (B, …) of `level` ≥ 1, float32; exact at the last level."""
        if level == len(self.maxima):
            return self.at(nodes)
        shared = self.maxima[level - 1][nodes]
        if self._boosted is None:
            return shared
        boosted, totals = self._boosted[level - 1]
        place, there = _find(boosted, nodes)
        return torch.maximum(shared, torch.where(there, totals.gather(1, place.flatten(1)).view_as(shared), NONE))

    def sponsors(self, items: Tensor, rank_of: Tensor) -> Tensor:
        """Which items of an answer (B, k) are flagged as sponsored, bool; -1 is not."""
        if self.sponsored is None:
            return torch.zeros_like(items, dtype=torch.bool)
        return self.sponsored[rank_of[items.clamp(min=0)]] & (items >= 0)

    @cached_property
    def _boosted(self) -> list[tuple[Tensor, Tensor]] | None:
        """Per level but the last: the nodes (B, S) above each request's boosted items, and their largest total there.

        The totals of a node stand in each of its places.
        """
        if self.ranks is None or self.boosts is None or not self.ranks.shape[1]:
            return None
        real = self.ranks < len(self.starts[-1])
        ranks = torch.where(real, self.ranks, 0)
        totals = torch.where(real, self.maxima[-1][ranks] + self.boosts, NONE)
        found = []
        for starts in self.starts[:-1]:
            nodes = torch.where(real, torch.searchsorted(starts, ranks, right=True) - 1, len(starts))
            # The first place of every node collects the largest total; the others read it there.
            first = torch.searchsorted(nodes, nodes)
            best = torch.full_like(totals, NONE).scatter_reduce(1, first, totals, "amax")
            found.append((nodes, best.gather(1, first)))
        return found


def _find(rows: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """Where values (B, …) stand in sorted rows (B, S), and whether they do."""
    place = torch.searchsorted(rows, values.flatten(1).contiguous()).clamp(max=rows.shape[1] - 1)
    return place.view_as(values), (rows.gather(1, place) == values.flatten(1)).view_as(values)


def _finite(values: np.ndarray, items: np.ndarray, names: Sequence[str] | None) -> None:
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        item, value = int(items[wrong[0]]), values[wrong[0]]
        more = f" ({len(wrong)} such items)" if len(wrong) > 1 else ""
        raise UserError(
            f"offsets: item {_named(item, names)} has the offset {value}{more}; give a finite number, "
            "and close an item by a filter or a deny list"
        )


def _named(item: int, names: Sequence[str] | None) -> str:
    return repr(names[item]) if names is not None else str(item)
