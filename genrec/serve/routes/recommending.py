"""POST /v1/recommendations, /v1/search, /v1/explanations."""

from __future__ import annotations

import asyncio
import uuid

from fastapi import APIRouter, Request

from genrec.serve.backend import Find
from genrec.serve.cards import told
from genrec.serve.leaving import until_left
from genrec.serve.routes.common import Reader, Served, failures
from genrec.serve.safety.require import note_user
from genrec.serve.safety.uploads import read_image_url
from genrec.serve.schemas.recommending import (
    Explained,
    ExplanationRequest,
    Recommendations,
    RecommendationsRequest,
    SearchRequest,
)

router = APIRouter(prefix="/v1", tags=["recommendations"])


@router.post("/recommendations", responses=failures(504))
async def recommend(asked: RecommendationsRequest, request: Request, served: Served, caller: Reader) -> Recommendations:
    """The items most likely to come next, for a person or a history."""
    note_user(request, asked.user)
    work = served.recommend(
        asked.user, asked.history, asked.k, where=asked.where, allow=asked.allow, deny=asked.deny,
        exclude_seen=asked.exclude_seen, diversity=asked.diversity, explain=asked.explain, adapter=asked.adapter,
        model=asked.model, seed=asked.seed,
    )  # fmt: skip
    return told(await until_left(request, work))


@router.post("/search", responses=failures(504))
async def search(asked: SearchRequest, request: Request, served: Served, caller: Reader) -> Recommendations:
    """Items for words, for a picture, or like a picture or an item, but changed."""
    picture = (
        None
        if asked.image is None
        else await asyncio.to_thread(read_image_url, asked.image, request.app.state.pictures, param="image")
    )
    question = Find(
        asked.k, asked.text, picture, asked.item_id, asked.change, asked.where, asked.allow, tuple(asked.deny)
    )
    return told(await until_left(request, served.find(question)))


@router.post("/explanations", responses=failures(504))
async def explain(asked: ExplanationRequest, request: Request, served: Served, caller: Reader) -> Explained:
    """Why an item comes after a history: a text that holds, and by how much the score falls without each thing."""
    note_user(request, asked.user)
    why, missing = await until_left(request, served.explain(asked.item_id, asked.history, asked.user))
    return Explained(id=f"why-{uuid.uuid4().hex}", item_id=asked.item_id, why=why, missing=missing)
