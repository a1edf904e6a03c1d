"""What several endpoints say: items as cards, and filters."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

HISTORY, LISTED, MOST = 1_000, 10_000, 100
"""Items of a history, of a list of what may or may not be, and of an answer, at most."""

Id = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[^\x00]*$")]
"""An item's or a person's own id."""
Where = Annotated[
    dict[str, JsonValue],
    Field(
        description="A filter over the catalogue's columns, see docs/formats.md.",
        examples=[{"category": "dress", "price": {"max": 80}}],
    ),
]


class Said(BaseModel):
    """A request's body: unknown keys are errors, so that a misspelt one is not silently ignored."""

    model_config = ConfigDict(extra="forbid")


class Cited(BaseModel):
    """Why an item: a text that holds, and what it rests on."""

    text: str
    source: Literal["model", "template"]
    cited: list[str] = Field(description="Things of the history that the text names, by item id.")
    reason: tuple[str, str] | None = Field(description="What they share with the item: column and value.")
    influences: list[tuple[str, float]] = Field(
        default_factory=list, description="By how much the score falls without a thing of the history, largest first."
    )


class Card(BaseModel):
    """An item as an answer shows it. attributes: the catalogue's further columns, without empty ones."""

    item_id: str
    title: str | None
    attributes: dict[str, JsonValue] = Field(default_factory=dict)
    image: str | None = Field(None, description="Where its picture is, on this server.")
    available: bool = True


class Recommended(Card):
    """One answer. score: comparable within one answer, not between people; higher is better."""

    score: float
    sponsored: bool = False
    why: Cited | None = None
