"""What requests may get, as the search sees it: ranges of ranks that are open or closed.

A prefix is open as long as one item below it is allowed, so a constraint never leads a beam into a dead end and never
costs an answer: it acts inside the search, not on its result.

Single items that a request may not get (its history, a deny list) are sorted ranks. Everything else that takes items
away (a filter, an allow list, what is not for sale) is a bitmap over the ranks, one for all requests that share it.
Whether a bitmap has a bit between two ranks is read off a measure that grows at every set bit and nowhere else:
F(r) = Σ 2^(j mod 32) over the set ranks j < r, which is a running sum of 32-bit words and a part of one more. No bits
are counted, and what single ranks take off a range is a sum of the same weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from genrec.data.interactions import Sequences
from genrec.decode.bitmaps import LOW, SHIFT, RankBitmap
from genrec.decode.offsets import Offsets

CHUNK = 1 << 17
"""Ranges that a CPU looks at in one go: what is computed of so many stays in its cache."""


@dataclass(frozen=True, eq=False)
class Allowed:
    """Bitmaps of a batch. words: int32 (R, N // 32 + 1); sums: int64 like it, of the words before each, unsigned;
    rows: int64 (B,), the bitmap of every request."""

    words: Tensor
    sums: Tensor
    rows: Tensor

    @classmethod
    def of(
        cls, bitmaps: Sequence[RankBitmap | None], available: RankBitmap | None, n: int, device: str | torch.device
    ) -> Allowed | None:
        """One bitmap a request, None for everything; each less what is not available. None where all get all."""
        distinct = {id(bitmap): bitmap for bitmap in bitmaps}
        if available is None and all(bitmap is None for bitmap in distinct.values()):
            return None
        place = {key: row for row, key in enumerate(distinct)}
        words = np.empty((len(distinct), (n >> SHIFT) + 1), np.uint32)
        for row, bitmap in zip(words, distinct.values(), strict=True):
            if bitmap is not None and available is not None:
                np.bitwise_and(bitmap.words, available.words, out=row)
            else:
                whole = available if bitmap is None else bitmap
                row[:] = (RankBitmap.everything(n) if whole is None else whole).words
        rows = torch.tensor([place[id(bitmap)] for bitmap in bitmaps], dtype=torch.long, device=device)
        if torch.device(device).type == "cpu":
            sums = np.zeros(words.shape, np.int64)
            np.cumsum(words[:, :-1], axis=1, out=sums[:, 1:])
            return cls(torch.from_numpy(words.view(np.int32)), torch.from_numpy(sums), rows)
        moved = torch.from_numpy(words.view(np.int32)).to(device)
        unsigned = moved.long() & 0xFFFFFFFF
        return cls(moved, unsigned.cumsum(1) - unsigned, rows)

    def measure(self, ranks: Tensor) -> Tensor:
        """F of ranks (B, …) from 0 to N, int64 of that shape."""
        places, low = self._places(ranks)
        partial = self.words.view(-1).index_select(0, places.view(-1)).view_as(places)
        partial &= torch.bitwise_left_shift(torch.ones((), dtype=torch.int32, device=low.device), low).sub_(1)
        return self.sums.view(-1).index_select(0, places.view(-1)).view_as(places).add_(partial)

    def has(self, ranks: Tensor) -> Tensor:
        """Whether ranks (B, …) are set, bool; N is not."""
        places, low = self._places(ranks)
        words = self.words.view(-1).index_select(0, places.view(-1)).view_as(places)
        return (words >> low & 1).bool()

    def counts(self) -> Tensor:
        """Set ranks of every request, int64 (B,)."""
        x = self.words.long() & 0xFFFFFFFF
        x = x - (x >> 1 & 0x55555555)
        x = (x & 0x33333333) + (x >> 2 & 0x33333333)
        x = (x + (x >> 4)) & 0x0F0F0F0F
        return ((x * 0x01010101 & 0xFFFFFFFF) >> 24).sum(1)[self.rows]

    def _places(self, ranks: Tensor) -> tuple[Tensor, Tensor]:
        """Where the word of every rank stands among all words, and the rank's place in it, int32."""
        first = (self.rows * self.words.shape[1]).view(-1, *[1] * (ranks.dim() - 1))
        if self.words.numel() < 2**31:
            ranks, first = ranks.int(), first.int()
        return (ranks >> SHIFT).add_(first), (ranks & LOW).int()


@dataclass(frozen=True, eq=False)
class Constraints:
    """closed: int64 (B, S), ranks that each request may not get although its bitmap has them, sorted, padded with N.

    S may be 0. allowed: bitmaps of what it may get, None for everything. offsets: None, or what is added to the scores
    of items. `build` makes all three agree.
    """

    closed: Tensor
    allowed: Allowed | None = None
    offsets: Offsets | None = None

    @classmethod
    def build(
        cls,
        rank_of: Tensor,
        batch: int,
        *,
        closed: tuple[Tensor, Tensor] | None = None,
        allowed: Sequence[RankBitmap | None] | None = None,
        available: RankBitmap | None = None,
        offsets: Offsets | None = None,
    ) -> Constraints:
        """rank_of: int64 (N,), see `Trie.rank_of`; its device is that of the constraints.

        closed: items (B, S) and a mask (B, S) of those that count; repeats are fine. allowed: a bitmap for each of the
        B requests, None for everything; requests that hold the same object share it. available: for all requests.
        """
        made = cls.none(batch, rank_of.device) if closed is None else cls.from_items(*closed, rank_of)
        if allowed is not None and len(allowed) != batch:
            raise ValueError(f"{len(allowed)} bitmaps for {batch} requests")
        found = Allowed.of(allowed or [None] * batch, available, len(rank_of), rank_of.device)
        ranks = made.closed
        if found is not None and ranks.shape[1]:
            ranks = torch.where(found.has(ranks), ranks, len(rank_of)).sort(dim=1).values
        return replace(made, closed=ranks, allowed=found, offsets=offsets)

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
        return self.allowed is None and self.closed.shape[1] == 0

    def open(self, begin: Tensor, end: Tensor) -> Tensor:
        """Whether an allowed item has a rank in [begin, end). Both (B, …); bool of that shape."""
        if self.allowed is None:
            size = end - begin
        else:
            size = self.allowed.measure(end) - self.allowed.measure(begin)
        if self.closed.shape[1] == 0:
            return size > 0
        return size > (self._taken(end) - self._taken(begin))

    def open_children(self, bounds: Tensor) -> Tensor:
        """`open` of neighbouring ranges, at half the price and without a search for each of them.

        bounds: int32 or int64 (B, W, M + 1), not decreasing along the last axis. Returns bool (B, W, M): whether the
        ranks [bounds[…, m], bounds[…, m + 1]) are open.
        """
        batch = len(bounds)
        rows = max(1, CHUNK * batch // max(bounds.numel(), 1))
        if rows >= batch or bounds.device.type != "cpu":
            return self._open_children(bounds)
        found = torch.empty(*bounds.shape[:-1], bounds.shape[-1] - 1, dtype=torch.bool)
        for begin in range(0, batch, rows):
            some = slice(begin, begin + rows)
            found[some] = self.take(some)._open_children(bounds[some])
        return found

    def _open_children(self, bounds: Tensor) -> Tensor:
        size = (bounds if self.allowed is None else self.allowed.measure(bounds)).diff(dim=-1)
        closed, fan = self.closed, size.shape[-1]
        if closed.shape[1] and fan:
            # Of a beam's children one at most holds a closed rank: take its weight off that one.
            ranks = closed[:, None, :].expand(-1, bounds.shape[1], -1).to(bounds.dtype).contiguous()
            slot = torch.searchsorted(bounds.contiguous(), ranks, right=True) - 1
            inside = (slot >= 0) & (slot < fan)
            taken = torch.where(inside, self._weights[:, None, :], 0).to(size.dtype)
            size.scatter_add_(-1, slot.clamp(0, fan - 1), -taken)
        return size > 0

    def within(self, available: RankBitmap) -> Constraints:
        """The same, less what is not available."""
        words = torch.from_numpy(available.words.view(np.int32)).to(self.closed.device)[None]
        if self.allowed is None:
            rows = torch.zeros(self.batch, dtype=torch.long, device=self.closed.device)
        else:
            words, rows = self.allowed.words & words, self.allowed.rows
        unsigned = words.long() & 0xFFFFFFFF
        allowed = Allowed(words, unsigned.cumsum(1) - unsigned, rows)
        # What is closed must have a bit to lose.
        closed = torch.where(allowed.has(self.closed), self.closed, available.n).sort(dim=1).values
        return replace(self, closed=closed, allowed=allowed)

    def take(self, rows: slice | Tensor) -> Constraints:
        """Some of the requests, without their offsets."""
        some = None if self.allowed is None else replace(self.allowed, rows=self.allowed.rows[rows])
        return Constraints(self.closed[rows], some)

    def open_ranks(self, ranks: Tensor) -> Tensor:
        """Whether items are allowed, by rank (B, …), 0 … N - 1: bool of that shape."""
        found = torch.ones_like(ranks, dtype=torch.bool) if self.allowed is None else self.allowed.has(ranks)
        if self.closed.shape[1] == 0:
            return found
        flat = ranks.flatten(1).contiguous()
        place = torch.searchsorted(self.closed, flat).clamp(max=self.closed.shape[1] - 1)
        return found & (self.closed.gather(1, place) != flat).view_as(ranks)

    def count(self, n: int) -> Tensor:
        """How many of the n items each request may get, int64 (B,)."""
        whole = torch.full_like(self.closed[:, :1].sum(1), n) if self.allowed is None else self.allowed.counts()
        return whole - (self.closed < n).sum(1)

    @cached_property
    def _weights(self) -> Tensor:
        """What every closed rank takes off a range, int64 (B, S): 1 of a number of ranks, its bit of a measure.

        The rank N, the padding, lies in no range.
        """
        if self.allowed is None:
            return torch.ones_like(self.closed)
        return torch.bitwise_left_shift(torch.ones_like(self.closed), self.closed & LOW)

    @cached_property
    def _weights_below(self) -> Tensor:
        """int64 (B, S + 1): the sum of the first s weights of every row."""
        return torch.nn.functional.pad(self._weights.cumsum(1), (1, 0))

    def _taken(self, ranks: Tensor) -> Tensor:
        """The weight of the closed ranks below ranks (B, …)."""
        below = torch.searchsorted(self.closed, ranks.flatten(1).contiguous())
        return (below if self.allowed is None else self._weights_below.gather(1, below)).view_as(ranks)


def seen_in(histories: Sequences, device: torch.device | str) -> tuple[Tensor, Tensor]:
    """The histories' items int64 (B, S) and a mask bool (B, S) of those that are there."""
    items, mask = histories.padded(int(histories.lengths.max(initial=0)))
    return torch.from_numpy(items).to(device), torch.from_numpy(mask).to(device)
