"""Pictures of items for a person."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from genrec.serve.schemas.common import HISTORY, Id, Said
from genrec.serve.schemas.recommending import PICTURE

PROMPT = 300
"""Characters of a prompt, a style, what shall not be seen."""
Words = Annotated[str, Field(max_length=PROMPT)]
Guidance = Annotated[float, Field(ge=0, le=30)]


class SceneRequest(Said):
    """Where a preview puts the item: a picture, and a mask of the same size, white where the item may be drawn."""

    image: Annotated[str, Field(max_length=PICTURE)] = Field(description="base64 or a data: address; PNG, JPEG, WebP.")
    mask: Annotated[str, Field(max_length=PICTURE)] = Field(description="Likewise.")


class ImageryRequest(Said):
    """One item, drawn for one person, once for every step of the slider."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"item_id": "F00042", "history": ["F00007", "F00011"], "love": [0, 0.5, 1]}]}
    )
    item_id: Id | None = Field(None, description="null: what the person is likeliest to take next.")
    user: Id | None = Field(None, description="Whose stored history is the taste.")
    history: list[Id] = Field(default_factory=list, max_length=HISTORY, description="Item ids, oldest first.")
    kind: Literal["cover", "tryon", "room"] = "cover"
    love: Annotated[list[Annotated[float, Field(ge=0, le=1)]], Field(min_length=1, max_length=9)] = Field(
        [0.5], description="The slider: 0, the item as it is, to 1, as this person would love it. One picture each."
    )
    scene: SceneRequest | Words | None = Field(
        None, description="tryon, room: a scene of the run's own by name, or one's own; null: the first of its own."
    )
    prompt: Words = ""
    style: Words = ""
    negative: Words = Field("", description="What shall not be seen.")
    item_guidance: Guidance | None = Field(None, description="How strongly the item is followed.")
    taste_guidance: Guidance | None = Field(None, description="How strongly the taste is followed.")
    reference: bool = Field(False, description="cover: the item's own picture may be looked at.")
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if self.item_id is None and self.user is None and not self.history:
            raise ValueError("name an item_id, a user or a history")
        return self


class ImageryAbout(BaseModel):
    """What draws here. preview: the kind whose scenes are named; width, height: of a cover, in pixels."""

    model: str
    licence: str
    kinds: list[str]
    width: int
    height: int
    preview: str | None
    scenes: list[str]


class Drawn(BaseModel):
    """A finished picture."""

    url: str = Field(description="Where it is, on this server, for half an hour.")
    love: float
    item_id: str


class ImageryJob(BaseModel):
    """A job: ask for it again until it is done. ahead: jobs that are drawn before it. progress: 0 to 1."""

    id: str
    status: Literal["queued", "drawing", "done", "failed", "cancelled"]
    progress: float
    ahead: int = 0
    item_id: str
    kind: str
    model: str
    error: str | None = None
    pictures: list[Drawn] = Field(default_factory=list)
