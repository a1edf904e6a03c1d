"""What one request asks for beside its history: a filter, items to choose among, items to leave out; and why little or
nothing is left where that is so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genrec.decode.bitmaps import RankBitmap
from genrec.decode.columns import ColumnIndex
from genrec.decode.constraints import Constraints
from genrec.decode.filters import Where
from genrec.decode.offsets import Offsets
from genrec.errors import UserError, slip


@dataclass(frozen=True, eq=False)
class Limits:
    """where: the filter. allow: item indices to choose among, None for all. deny: item indices to leave out."""

    where: Where | None = None
    allow: np.ndarray | None = None
    deny: np.ndarray | None = None

    @classmethod
    def read(
        cls,
        index: ColumnIndex,
        items: Mapping[str, int],
        *,
        where: Any = None,
        allow: Iterable[str] | None = None,
        deny: Iterable[str] | None = None,
    ) -> Limits:
        """items: from the items' own ids to their indices (`Catalog.index`).

        UserError for a filter that cannot be read, an id that the catalogue does not have, and an id in both lists.
        """
        allowed, denied = items_of(allow, items, "allow"), items_of(deny, items, "deny")
        if allowed is not None and denied is not None:
            both = np.intersect1d(allowed, denied)
            if len(both):
                name = next(name for name in allow or () if items[name] == both[0])
                more = f" and {len(both) - 1} more" if len(both) > 1 else ""
                raise UserError(f"allow and deny both name {name!r}{more}: take it out of one of them")
        return cls(None if where is None else index.parse(where), allowed, denied)


def items_of(ids: Iterable[str] | None, items: Mapping[str, int], what: str) -> np.ndarray | None:
    """Item indices of a list of ids, int64; None stays None. what: the list's name, for the UserError."""
    if ids is None:
        return None
    if isinstance(ids, str):
        raise UserError(f"{what}: expected a list of item ids, not the text {ids!r}; write [{ids!r}]")
    listed = list(ids)
    unknown = [one for one in listed if one not in items]
    if unknown:
        close = slip(str(unknown[0]), items)
        hint = "ids are the catalogue's item_id" if close is None else f"did you mean {close!r}?"
        more = f" (nor {len(unknown) - 1} more)" if len(unknown) > 1 else ""
        raise UserError(f"{what}: the catalogue has no item {unknown[0]!r}{more}; {hint}")
    return np.fromiter((items[one] for one in listed), np.int64, len(listed))


def constraints_of(
    limits: Sequence[Limits],
    index: ColumnIndex,
    rank_of: Tensor,
    *,
    seen: tuple[Tensor, Tensor] | None = None,
    available: RankBitmap | None = None,
    offsets: Offsets | None = None,
) -> Constraints:
    """The constraints of a batch, one `Limits` a request; equal filters are compiled once.

    seen: items (B, S) and the mask (B, S) of those that count, on the device of rank_of (`Trie.rank_of`), int64 (N,).
    """
    filters = index.compile_all(one.where for one in limits)
    ranks = rank_of.cpu().numpy() if any(one.allow is not None for one in limits) else None
    for row, one in enumerate(limits):
        if one.allow is not None and ranks is not None:
            listed, filtered = RankBitmap.of_ranks(ranks[one.allow], index.n), filters[row]
            filters[row] = listed if filtered is None else filtered & listed
    most = max((len(one.deny) for one in limits if one.deny is not None), default=0)
    if most:
        items = np.zeros((len(limits), most), np.int64)
        mask = np.zeros((len(limits), most), bool)
        for row, one in enumerate(limits):
            if one.deny is not None:
                items[row, : len(one.deny)] = one.deny
                mask[row, : len(one.deny)] = True
        denied = (torch.from_numpy(items).to(rank_of.device), torch.from_numpy(mask).to(rank_of.device))
        seen = denied if seen is None else (torch.cat([seen[0], denied[0]], 1), torch.cat([seen[1], denied[1]], 1))
    return Constraints.build(rank_of, len(limits), closed=seen, allowed=filters, available=available, offsets=offsets)


def reason(
    limits: Limits,
    index: ColumnIndex,
    rank_of: np.ndarray,
    *,
    seen: Iterable[int] = (),
    available: RankBitmap | None = None,
) -> str:
    """Why a request got fewer items than it asked for, or none: which of its limits took the last ones.

    seen: the item indices of its history where those are excluded. One sentence without a full stop.
    """
    left = RankBitmap.everything(index.n) if limits.where is None else index.compile(limits.where)
    if not left.count():
        return f"no item has {limits.where}"
    holds = "" if limits.where is None else f" with {limits.where}"
    steps: list[tuple[RankBitmap, str]] = []
    if limits.allow is not None:
        steps.append((RankBitmap.of_ranks(rank_of[limits.allow], index.n), "not on the allow list"))
    if available is not None:
        steps.append((available, "not available"))
    everything = RankBitmap.everything(index.n)
    for items, what in ((limits.deny, "on the deny list"), (np.asarray(list(seen), np.int64), "in the history")):
        if items is not None and len(items):
            steps.append((everything - RankBitmap.of_ranks(rank_of[items], index.n), what))
    taken = []
    for keeps, what in steps:
        before, left = left.count(), left & keeps
        after = left.count()
        if after < before:
            taken.append(f"{before - after:,} {what}")
        if not after:
            found = f"the one item{holds} is" if before == 1 else f"all {before:,} items{holds} are"
            others = taken[:-1]
            return f"{found} {what}" if not others else f"{found} {what} ({', '.join(others)} before)"
    count = left.count()
    rest = f"; {', '.join(taken)}" if taken else ""
    return f"{count:,} item{'' if count == 1 else 's'}{holds} {'is' if count == 1 else 'are'} left{rest}"
