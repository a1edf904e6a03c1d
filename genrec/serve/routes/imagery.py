"""/v1/imagery: jobs that draw items for people."""

from __future__ import annotations

import asyncio
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Depends, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from genrec.errors import UserError
from genrec.imagery.commission import Scene
from genrec.serve.drawing import Job
from genrec.serve.imagery import MODEL, Imagery, Wanted
from genrec.serve.leaving import until_left
from genrec.serve.routes.common import Reader, Served, failures
from genrec.serve.safety.require import note_user
from genrec.serve.safety.uploads import PictureLimits, read_image_url
from genrec.serve.schemas.common import Id
from genrec.serve.schemas.imagery import Drawn, ImageryAbout, ImageryJob, ImageryRequest, SceneRequest

router = APIRouter(prefix="/v1/imagery", tags=["imagery"])
WHITE = 128
"""From this grey on a pixel of a mask counts as white."""


def _imagery(served: Served) -> Imagery:
    assert served.imagery is not None  # or these routes would not be there
    return served.imagery


Drawing = Annotated[Imagery, Depends(_imagery)]


@router.get("", responses=failures(404))
async def about(imagery: Drawing, caller: Reader) -> ImageryAbout:
    """What this server draws, and the scenes that a preview may stand in."""
    artist = await asyncio.to_thread(imagery.artist)
    painter, domain = artist.painter, artist.domain
    scenes = list(domain.scenes) if domain is not None and domain.preview in painter.kinds else []
    return ImageryAbout(
        model=painter.name, licence=painter.licence, kinds=sorted(painter.kinds), width=painter.size[0],
        height=painter.size[1], preview=domain.preview if domain is not None and scenes else None, scenes=scenes,
    )  # fmt: skip


@router.post("", status_code=202, responses=failures(404))
async def draw(asked: ImageryRequest, request: Request, served: Served, imagery: Drawing, caller: Reader) -> ImageryJob:
    """Have an item drawn; look in again under the id that comes back."""
    note_user(request, asked.user)
    known = await served.known(asked.user)
    served.check(asked.history, None)
    history = served.there([*known.history, *asked.history])
    item = asked.item_id
    if item is None:
        answered = await until_left(request, served.recommend(asked.user, asked.history, 1))
        if not answered.found.items:
            raise UserError("nothing is left to recommend, so there is nothing to draw: name an item_id")
        item = answered.found.items[0].item_id
    scene: Scene | str | None
    if isinstance(asked.scene, SceneRequest):
        scene = await asyncio.to_thread(_scene, asked.scene, request.app.state.pictures)
    else:
        scene = asked.scene
    words = asked.model_dump(include={"prompt", "style", "negative", "item_guidance", "taste_guidance", "seed"})
    wanted = Wanted(item, history, asked.kind, asked.love, scene, asked.reference, words)
    return _told(imagery, await imagery.submit(wanted, caller.name, asked.user))


@router.get("/{job:id}/{number}.png", responses=failures(404), response_class=Response)
async def picture(job: Id, number: int, imagery: Drawing, caller: Reader) -> Response:
    """A finished picture; its metadata say that it was generated, by which model and from which item."""
    found = imagery.jobs.get(job, caller.name)
    if found is None or not 0 <= number < len(found.pictures):
        raise HTTPException(404, "there is no such picture, or its time is over")
    headers = {"Cache-Control": "private, max-age=1800"}
    return Response(found.pictures[number], media_type="image/png", headers=headers)


@router.get("/{job:id}", responses=failures(404))
async def job(job: Id, imagery: Drawing, caller: Reader) -> ImageryJob:
    """How far it is."""
    return _told(imagery, _found(imagery, job, caller.name))


@router.delete("/{job:id}", responses=failures(404))
async def cancel(job: Id, imagery: Drawing, caller: Reader) -> ImageryJob:
    """Nobody wants it any more. What is done stays."""
    found = _found(imagery, job, caller.name)
    imagery.jobs.cancel(found)
    return _told(imagery, found)


def _found(imagery: Imagery, job: str, owner: str) -> Job[Wanted]:
    found = imagery.jobs.get(job, owner)
    if found is None:
        raise HTTPException(404, f"there is no job {job!r}, or its time is over")
    return found


def _told(imagery: Imagery, job: Job[Wanted]) -> ImageryJob:
    wanted = job.wanted
    return ImageryJob(
        id=job.id,
        status=job.status,
        progress=round(job.progress, 3),
        ahead=imagery.jobs.place(job),
        item_id=wanted.item,
        kind=wanted.kind,
        model=MODEL,
        error=job.error,
        pictures=[
            Drawn(url=f"/v1/imagery/{job.id}/{number}.png", love=wanted.love[number], item_id=wanted.item)
            for number in range(len(job.pictures))
        ],
    )


def _scene(asked: SceneRequest, limits: PictureLimits) -> Scene:
    picture = read_image_url(asked.image, limits, param="scene.image")
    mask = read_image_url(asked.mask, limits, param="scene.mask")
    if picture.size != mask.size:
        found = f"{mask.size[0]} × {mask.size[1]}, its picture {picture.size[0]} × {picture.size[1]}"
        raise UserError(f"scene: the mask is {found}: send one of equal size")
    white: np.ndarray = np.asarray(mask.convert("L")) >= WHITE
    return Scene(picture, white)
