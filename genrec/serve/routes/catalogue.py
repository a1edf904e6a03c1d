"""GET /v1/catalogue: what there is to filter by."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from fastapi import APIRouter

from genrec.decode.living import Snapshot
from genrec.serve.columns import columns
from genrec.serve.routes.common import Reader, Served, failures
from genrec.serve.schemas.catalogue import Catalogue

router = APIRouter(prefix="/v1", tags=["catalogue"])

COUNTED: WeakKeyDictionary[Snapshot, Catalogue] = WeakKeyDictionary()
"""Each version of a catalogue is counted once, and forgotten with it."""


@router.get("/catalogue", responses=failures())
async def catalogue(served: Served, caller: Reader) -> Catalogue:
    """How many items there are, and the columns that filters can name, with their values or their range."""
    now = served.now
    if now not in COUNTED:
        COUNTED[now] = await asyncio.to_thread(_of, now)
    return COUNTED[now]


def _of(now: Snapshot) -> Catalogue:
    shown = columns(now.catalog.table, now.available)
    return Catalogue(version=now.version, items=int(now.available.sum()), columns=shown)
