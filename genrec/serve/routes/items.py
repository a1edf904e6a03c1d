"""The living catalogue: GET, PUT, DELETE /v1/items."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, JSONResponse, Response

from genrec.serve.cards import card
from genrec.serve.routes.common import Admin, Reader, Served, failures
from genrec.serve.schemas.common import Card, Id
from genrec.serve.schemas.storing import ItemIds, ItemsChanged, ItemsRequest

router = APIRouter(prefix="/v1/items", tags=["catalogue"])

KINDS = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp", b"GIF8": "image/gif"}


@router.get("/{item_id:id}/image", responses=failures(404), response_class=FileResponse)
async def image(item_id: Id, request: Request, served: Served, caller: Reader) -> Response:
    """An item's picture, as the catalogue has it."""
    now = served.now
    whole = f"{item_id}/image"
    if whole in now.catalog.index and (item_id not in now.catalog.index or _escaped(request)):
        return JSONResponse(card(now, whole).model_dump(mode="json"))  # an id may end so
    place = now.catalog.index.get(item_id)
    path = None if place is None else now.catalog.image_path(place)
    if path is None or not path.is_file():
        raise HTTPException(404, f"there is no picture of {item_id!r}")
    with path.open("rb") as file:
        head = file.read(4)
    kind = next((kind for mark, kind in KINDS.items() if head.startswith(mark)), None)
    if kind is None:
        raise HTTPException(404, f"the picture of {item_id!r} is of no kind that browsers show")
    return FileResponse(path, media_type=kind, headers={"Cache-Control": "private, max-age=3600"})


def _escaped(request: Request) -> bool:
    """Whether the slash before `image` was written as part of an id."""
    return bytes(request.scope.get("raw_path", b"")).partition(b"?")[0].lower().endswith(b"%2fimage")


@router.get("/{item_id:id}", responses=failures(404))
async def item(item_id: Id, served: Served, caller: Reader) -> Card:
    """An item, one that is withdrawn too: `available` says so."""
    now = served.now
    if item_id not in now.catalog.index:
        raise HTTPException(404, f"the catalogue has no item {item_id!r}")
    return card(now, item_id)


@router.put("", responses=failures())
async def put(asked: ItemsRequest, served: Served, caller: Admin) -> ItemsChanged:
    """Add items, change those that are there, bring back those that were withdrawn: for every request from now on."""
    return await served.catalogue.put(
        [{"item_id": one.item_id, **(one.__pydantic_extra__ or {})} for one in asked.items]
    )


@router.delete("", responses=failures())
async def withdraw_all(asked: ItemIds, served: Served, caller: Admin) -> ItemsChanged:
    """Nobody gets these items from now on. PUT brings them back."""
    return await served.catalogue.withdraw(asked.item_ids)


@router.delete("/{item_id:id}", responses=failures())
async def withdraw(item_id: Id, served: Served, caller: Admin) -> ItemsChanged:
    """Nobody gets this item from now on. PUT brings it back."""
    return await served.catalogue.withdraw([item_id])
