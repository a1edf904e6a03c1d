"""Events, and people: POST /v1/events, GET /v1/users, GET /v1/users/{id}, POST /v1/users/{id}:forget."""

from __future__ import annotations

from fastapi import APIRouter, Request

from genrec.errors import UserError
from genrec.serve.cards import card
from genrec.serve.routes.common import Admin, Sender, Served, failures
from genrec.serve.safety.require import note_user
from genrec.serve.schemas.common import Id
from genrec.serve.schemas.storing import EventsAccepted, EventsRequest, Forgotten, People, Person
from genrec.serve.store import Event

router = APIRouter(prefix="/v1", tags=["people"])


@router.post("/events", responses=failures(409))
async def events(asked: EventsRequest, served: Served, caller: Sender) -> EventsAccepted:
    """What people did. When this has answered, all of the events are on disk, each once, or, after an error, none."""
    index = served.now.catalog.index
    for place, event in enumerate(asked.events):
        if event.item_id not in index:
            served.metrics.events.labels("refused").inc(len(asked.events))
            raise UserError(f"events[{place}] ({event.event_id!r}): the catalogue has no item {event.item_id!r}")
    rows = [Event(one.event_id, one.user, one.item_id, one.kind, one.time) for one in asked.events]
    done = await served.stored(served.store.add_events, rows)
    served.metrics.events.labels("accepted").inc(done.accepted)
    served.metrics.events.labels("duplicate").inc(done.duplicates)
    served.metrics.events.labels("forgotten").inc(done.forgotten)
    return EventsAccepted(accepted=done.accepted, duplicates=done.duplicates, forgotten=done.forgotten)


@router.get("/users", responses=failures())
async def users(served: Served, caller: Admin, limit: int = 50) -> People:
    """Some people that the store knows."""
    return People(users=await served.stored(served.store.users, max(1, min(limit, 1000))))


@router.get("/users/{user:id}", responses=failures())
async def person(user: Id, request: Request, served: Served, caller: Admin) -> Person:
    """What the store knows of a person."""
    note_user(request, user)
    history = await served.stored(served.store.history, user)
    disliked = await served.stored(served.store.disliked, user)
    now = served.now
    shown = [card(now, item) for item in history if item in now.catalog.index]
    return Person(user=user, history=shown, disliked=disliked)


@router.post("/users/{user:id}:forget", responses=failures())
async def forget(user: Id, request: Request, served: Served, caller: Admin) -> Forgotten:
    """Delete all that is stored of a person: events, histories, conversations, what was recommended, and what the
    run's own files say of them (`run.…`). 503 `run_busy` while these are being made: then send it again."""
    note_user(request, user)
    return Forgotten(deleted=await served.forget(user))
