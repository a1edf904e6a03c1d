"""What people ask for beside a history, in their own ids, and what the search makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from genrec.data.catalog import Catalog
from genrec.errors import UserError, nearest

if TYPE_CHECKING:
    from genrec.decode.limits import Limits
    from genrec.decode.living import Snapshot
    from genrec.decode.offsets import Offsets


@dataclass(frozen=True)
class Request:
    """What one person is asked for. history: item ids, oldest first; may be empty.

    where: a filter over the columns, {"category": "dress", "price": {"max": 50}}; `genrec.decode.filters` tells all it
    can say. allow: the only items there may be. deny: items there may not be. boosts: added to single items' scores;
    sponsored: the same for those that somebody pays for, which the answer flags.
    """

    history: Sequence[str] = ()
    where: Any = None
    allow: Sequence[str] | None = None
    deny: Sequence[str] | None = None
    boosts: Mapping[str, float] = field(default_factory=dict)
    sponsored: Mapping[str, float] = field(default_factory=dict)


def limits_of(asked: list[Request], now: Snapshot) -> list[Limits]:
    """One a request; none at all where nobody asks for any."""
    from genrec.decode.limits import Limits

    if all(one.where is None and one.allow is None and not one.deny for one in asked):
        return []
    index = now.generator.index
    assert index is not None
    return [Limits.read(index, now.catalog.index, where=one.where, allow=one.allow, deny=one.deny) for one in asked]


def offsets_of(asked: list[Request], now: Snapshot, offsets: Offsets | None) -> Offsets | None:
    """The offsets of a batch: everybody's, and what single requests add to single items."""
    import torch

    from genrec.decode.offsets import Offsets

    own = [{**one.boosts, **one.sponsored} for one in asked]
    if not any(own):
        return offsets
    engine, longest = now.generator.engine, max(map(len, own))
    items = torch.zeros(len(own), longest, dtype=torch.long)
    boosts, mask = torch.zeros(len(own), longest), torch.zeros(len(own), longest, dtype=torch.bool)
    for row, one in enumerate(own):
        items[row, : len(one)] = torch.tensor(indices_of(list(one), now.catalog), dtype=torch.long)
        boosts[row, : len(one)] = torch.tensor(list(one.values()))
        mask[row, : len(one)] = True
    everybody = offsets or Offsets.build(engine.trie)
    device = engine.rank_of.device
    return everybody.with_boosts(items.to(device), boosts.to(device), mask.to(device), engine.rank_of, now.catalog.ids)


def why_fewer(now: Snapshot, limits: Limits | None, history: np.ndarray, exclude_seen: bool) -> str:
    """One sentence: which of a request's limits took the items that are missing in its answer."""
    from genrec.decode.limits import Limits, reason

    generator = now.generator
    assert generator.index is not None
    rank_of = generator.engine.rank_of.cpu().numpy()
    seen = history.tolist() if exclude_seen else ()
    return reason(limits or Limits(), generator.index, rank_of, seen=seen, available=generator.offer.available)


def indices_of(history: Sequence[str], catalog: Catalog) -> list[int]:
    """Item indices of item ids. UserError for an id that the catalogue does not have."""
    if isinstance(history, str):
        raise UserError(f"a history is a list of item ids, not the text {history!r}")
    for item in history:
        if item not in catalog.index:
            raise UserError(f"the catalogue has no item {item!r}: {_hint(item, catalog)}")
    return [catalog.index[item] for item in history]


def _hint(item: object, catalog: Catalog) -> str:
    close = nearest(str(item), catalog.ids[:50_000])
    return close if close.startswith("did") else f"its ids look like {catalog.ids[0]!r}"
