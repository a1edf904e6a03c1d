"""Recommendations, searches and explanations."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from genrec.serve.schemas.common import HISTORY, LISTED, MOST, Cited, Id, Recommended, Said, Where

QUERY = 2_000
"""Characters of a search, at most."""
PICTURE = 14_000_000
"""Characters of a picture in base64, at most: 10 MB."""


class _Limited(Said):
    k: Annotated[int, Field(ge=1, le=MOST, description="How many items.")] = 10
    where: Where | None = None
    allow: Annotated[list[Id], Field(max_length=LISTED, description="The only items there may be.")] | None = None
    deny: list[Id] = Field(default_factory=list, max_length=LISTED, description="Items there may not be.")


class RecommendationsRequest(_Limited):
    """For a person that the store knows, for a history, or for both: then the history is the newer part."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"user": "u17", "k": 5},
                {"history": ["F00042", "F00007"], "k": 5, "where": {"category": "dress"}, "explain": True},
            ]
        }
    )
    user: Id | None = Field(None, description="Whose stored history and dislikes count.")
    history: list[Id] = Field(default_factory=list, max_length=HISTORY, description="Item ids, oldest first.")
    exclude_seen: bool = Field(True, description="Nothing that stands in the history.")
    diversity: Annotated[int, Field(ge=1, le=MOST)] | None = Field(
        None, description="At most so many answers share their first code, while there are others."
    )
    explain: bool = Field(False, description="Say why, for every item.")
    model: Literal["genrec-compact", "genrec-lm"] | None = Field(
        None, description="Which generator; null: the language model where the engine is vllm, else the compact one."
    )
    adapter: Annotated[str, Field(max_length=128)] | None = Field(
        None, description="A LoRA adapter of the language model, by name; needs the engine vllm."
    )
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = Field(
        None, description="A sample by the generator's probabilities instead of the best."
    )


class Recommendations(BaseModel):
    """items: best first. reason: why they are fewer than asked for. missing: what could not be reached meanwhile."""

    id: str = Field(description="The request's id, under which the audit log has it.")
    items: list[Recommended]
    reason: str | None = None
    model: str
    adapter: str | None = None
    catalogue_version: int
    missing: list[str] = Field(
        default_factory=list, description="`history`: the store could not be read, so stored events did not count."
    )


class SearchRequest(_Limited):
    """Words, a picture, a picture and what shall be other, or an item and what shall be other."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"text": "a red dress for summer", "k": 5}, {"item_id": "F00042", "change": "in blue"}]
        }
    )
    text: Annotated[str, Field(max_length=QUERY)] | None = Field(None, description="What is looked for, in words.")
    image: Annotated[str, Field(max_length=PICTURE)] | None = Field(
        None, description="A picture: base64 or a data: address, PNG, JPEG or WebP. Addresses elsewhere are refused."
    )
    item_id: Id | None = Field(None, description="An item that it shall be like.")
    change: Annotated[str, Field(max_length=QUERY)] | None = Field(
        None, description="What shall be other than in the picture or item: «in blue»."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        asked = [name for name in ("text", "image", "item_id") if getattr(self, name) is not None]
        if len(asked) != 1:
            raise ValueError(f"give one of text, image and item_id, not {' and '.join(asked) or 'none'}")
        if self.change is not None and self.text is not None:
            raise ValueError("change belongs to an image or an item_id: say all of it in text")
        if self.item_id is not None and self.change is None:
            raise ValueError("say in change what shall be other than in the item: «in blue»")
        for name in ("text", "change"):
            said = getattr(self, name)
            if said is not None and not said.strip():
                raise ValueError(f"{name} is empty: say in words what is looked for")
        return self


class ExplanationRequest(Said):
    """Why this item for this person or after this history."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"history": ["F00042"], "item_id": "F00007"}]})
    item_id: Id
    user: Id | None = None
    history: list[Id] = Field(default_factory=list, max_length=HISTORY)


class Explained(BaseModel):
    id: str
    item_id: str
    why: Cited
    missing: list[str] = Field(default_factory=list)
