"""What requests ask for beside their histories, and what that leaves of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from genrec.data.interactions import Sequences
from genrec.decode.bitmaps import RankBitmap
from genrec.decode.columns import ColumnIndex
from genrec.decode.constraints import Constraints, seen_in
from genrec.decode.limits import Limits, constraints_of
from genrec.decode.offsets import Offsets


@dataclass(frozen=True, eq=False)
class Wishes:
    """What requests ask for beside their histories. limits: one a request, or none at all.

    offsets: added to the scores of all requests. spread, seeds: see `genrec.decode.beams.search`; a sample is drawn by
    codes alone, without the leaf score. Who has no history gets the prior's order, whatever these two say.
    """

    limits: Sequence[Limits] = ()
    offsets: Offsets | None = None
    spread: int | None = None
    seeds: Tensor | None = None

    def take(self, rows: np.ndarray) -> Wishes:
        """Those of the requests at `rows`."""
        limits = [self.limits[row] for row in rows.tolist()] if self.limits else ()
        offsets = None if self.offsets is None else self.offsets.take(torch.from_numpy(rows))
        return Wishes(limits, offsets, self.spread, None if self.seeds is None else self.seeds[rows])


@dataclass(frozen=True, eq=False)
class Offer:
    """What there is to give. rank_of: int64 (N,), see `Trie.rank_of`. index: the catalogue's columns, for filters.

    available: bool (N,) by item, False for what nobody gets, as a bitmap over ranks; None for all.
    """

    rank_of: Tensor
    index: ColumnIndex | None = None
    available: RankBitmap | None = None

    @classmethod
    def of(cls, rank_of: Tensor, index: ColumnIndex | None, available: np.ndarray | None) -> Offer:
        """available: bool (N,) by item index, or None."""
        if available is None:
            return cls(rank_of, index)
        by_rank = np.empty(len(available), bool)
        by_rank[rank_of.cpu().numpy()] = available
        return cls(rank_of, index, RankBitmap.of_mask(by_rank))

    def constraints(self, requests: int, closed: Sequences | None, wishes: Wishes) -> Constraints:
        """What so many requests may get. closed: lists of items that their answers must not hold."""
        seen = None if closed is None else seen_in(closed, self.rank_of.device)
        if not wishes.limits:
            return Constraints.build(
                self.rank_of, requests, closed=seen, available=self.available, offsets=wishes.offsets
            )
        if self.index is None:
            raise ValueError("limits need a generator with an index of the catalogue's columns")
        return constraints_of(
            wishes.limits, self.index, self.rank_of, seen=seen, available=self.available, offsets=wishes.offsets
        )
