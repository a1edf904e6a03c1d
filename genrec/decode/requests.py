"""Requests and answers in people's own ids, and what the search makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from genrec.data.catalog import Catalog
from genrec.data.interactions import Sequences as Histories
from genrec.errors import UserError, slip
from genrec.evaluate.interface import TopK

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


@dataclass(frozen=True)
class Recommendation:
    """One answer. score: comparable within one answer list, not between people; higher is better."""

    item_id: str
    title: str | None
    score: float
    sponsored: bool = False


class Recommendations(list[Recommendation]):
    """One person's answers, best first. reason: why they are fewer than were asked for; None where they are not.

    now: the version of the catalogue that answered, which may be another one a moment later.
    """

    reason: str | None = None
    now: Snapshot | None = None


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


def listed(
    answer: TopK,
    asked: Sequence[Request],
    limits: Sequence[Limits],
    histories: Histories,
    exclude_seen: bool,
    now: Snapshot,
) -> list[Recommendations]:
    """Each request's answers under the items' own ids, with the reason where they are too few."""
    titles, found = now.catalog.table["title"], []
    for row, (items, scores) in enumerate(zip(answer.items.tolist(), answer.scores.tolist(), strict=True)):
        answers = Recommendations(
            Recommendation(now.catalog.ids[item], titles[item], score, now.catalog.ids[item] in asked[row].sponsored)
            for item, score in zip(items, scores, strict=True)
            if item >= 0
        )
        answers.now = now
        if len(answers) < len(items):
            answers.reason = why_fewer(now, limits[row] if limits else None, histories[row], exclude_seen)
        found.append(answers)
    return found


def table_of(answer: TopK, sequences: Histories, catalog: Catalog) -> pl.DataFrame:
    """An answer under the users' and items' own ids: see `Recommender.recommend_table`."""
    rows, places = np.nonzero(answer.items >= 0)
    return pl.DataFrame(
        {
            "user_id": np.array(sequences.users, dtype=object)[rows].tolist(),
            "rank": (places + 1).astype(np.int32),
            "item_id": np.array(catalog.ids, dtype=object)[answer.items[rows, places]].tolist(),
            "score": answer.scores[rows, places],
        },
        schema={"user_id": pl.String, "rank": pl.Int32, "item_id": pl.String, "score": pl.Float32},
    )


def indices_of(history: Sequence[str], catalog: Catalog) -> list[int]:
    """Item indices of item ids. UserError for an id that the catalogue does not have."""
    if isinstance(history, str):
        raise UserError(f"a history is a list of item ids, not the text {history!r}")
    for item in history:
        if item not in catalog.index:
            raise UserError(f"the catalogue has no item {item!r}: {hint(item, catalog)}")
    return [catalog.index[item] for item in history]


def hint(item: object, catalog: Catalog) -> str:
    """What somebody may have meant by an id that the catalogue does not have."""
    close = slip(str(item), catalog.index)
    return f"its ids look like {catalog.ids[0]!r}" if close is None else f"did you mean {close!r}?"
