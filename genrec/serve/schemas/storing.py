"""Events, items, people: what changes what the service knows."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from genrec.serve.schemas.common import Card, Id, Said

BATCH = 1_000
"""Events or items of a request, at most."""
YEAR_9999 = 253_402_300_799.0

Kind = Literal["view", "click", "like", "dislike", "purchase"]


class EventIn(Said):
    """Something that a person did with an item."""

    event_id: Id = Field(description="Yours. The same event sent again counts once.")
    user: Id
    item_id: Id
    kind: Kind = "view"
    time: Annotated[float, Field(ge=0, le=YEAR_9999)] | None = Field(
        None, description="Seconds since 1970; now, if it is not given."
    )


class EventsRequest(Said):
    """All of them count, or, after an error, none."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"events": [{"event_id": "e1", "user": "u17", "item_id": "F00042", "kind": "like"}]}]
        }
    )
    events: Annotated[list[EventIn], Field(min_length=1, max_length=BATCH)]


class EventsAccepted(BaseModel):
    """accepted: new ones, on disk now. duplicates: were there already, and are equal. forgotten: left out, since they
    happened before their person was forgotten."""

    accepted: int
    duplicates: int
    forgotten: int = 0


class ItemIn(BaseModel):
    """item_id, and columns of the catalogue: what is not named stays as it is."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, JsonValue]
    item_id: Id


class ItemsRequest(Said):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"items": [{"item_id": "N1", "title": "Linen Wrap Dress", "category": "dress", "price": 59}]}]
        }
    )
    items: Annotated[list[ItemIn], Field(min_length=1, max_length=BATCH)]


class ItemsChanged(BaseModel):
    """catalogue_version: holds for every request that begins after this answer."""

    added: int = 0
    changed: int = 0
    withdrawn: int = 0
    restored: int = 0
    catalogue_version: int


class ItemIds(Said):
    model_config = ConfigDict(json_schema_extra={"examples": [{"item_ids": ["F00042"]}]})
    item_ids: Annotated[list[Id], Field(min_length=1, max_length=BATCH)]


class Forgotten(BaseModel):
    """Rows that were deleted, by table of the store and (`run.…`) by file of the run."""

    deleted: dict[str, int]


class Person(BaseModel):
    """What the store knows of somebody: items of the history, oldest first, and what is disliked."""

    user: str
    history: list[Card]
    disliked: list[str]


class People(BaseModel):
    users: list[str]
