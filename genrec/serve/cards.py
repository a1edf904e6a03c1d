"""Items as the API shows them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from genrec.serve.schemas.common import Card, Cited, Recommended
from genrec.serve.schemas.recommending import Recommendations

if TYPE_CHECKING:
    from genrec.decode.living import Snapshot
    from genrec.decode.requests import Recommendation
    from genrec.explain.writer import Explanation
    from genrec.serve.service import Answered

OWN = ("item_id", "title", "text", "image", "audio")
"""Columns that are no attributes: a card has them in places of their own, or not at all."""


def card(now: Snapshot, item_id: str) -> Card:
    """KeyError for an item that this version of the catalogue does not have."""
    return Card(**_parts(now, item_id))


def recommended(
    now: Snapshot, found: Iterable[Recommendation], why: Mapping[str, Explanation] | None = None
) -> list[Recommended]:
    """Answers, best first, with what is said for them."""
    return [
        Recommended(
            **_parts(now, one.item_id),
            score=one.score,
            sponsored=one.sponsored,
            why=cited(now, why[one.item_id]) if why and one.item_id in why else None,
        )
        for one in found
    ]


def told(answered: Answered) -> Recommendations:
    """A whole answer."""
    now, items = answered.found.now, answered.found.items
    return Recommendations(
        id=answered.id,
        items=recommended(now, items, answered.why),
        reason=items.reason,
        model=answered.model,
        adapter=answered.adapter,
        catalogue_version=now.version,
        missing=answered.missing,
    )


def cited(now: Snapshot, told: Explanation) -> Cited:
    ids = now.catalog.ids
    return Cited(
        text=told.text,
        source=told.source,
        cited=list(told.cited),
        reason=told.reason,
        influences=[(ids[one.item], round(one.change, 4)) for one in told.evidence.influences[:10]],
    )


def _parts(now: Snapshot, item_id: str) -> dict[str, Any]:
    item = now.catalog.index[item_id]
    row = now.catalog.table.row(item, named=True)
    return {
        "item_id": item_id,
        "title": row["title"],
        "attributes": {name: plain(value) for name, value in row.items() if name not in OWN and value is not None},
        "image": f"/v1/items/{quote(item_id, safe='')}/image" if row["image"] else None,
        "available": bool(now.available[item]),
    }


def plain(value: Any) -> Any:
    """A cell as JSON has it: dates in ISO 8601, what is no number as null."""
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    return value if isinstance(value, bool | int | str) or value is None else str(value)
