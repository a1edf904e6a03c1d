"""OpenAI's chat completions, with the recommendations beside the text.

Keys that OpenAI's clients send and that mean nothing here (temperature, tools, …) are taken and ignored.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from genrec.serve.schemas.common import HISTORY, LISTED, Id, Recommended, Said, Where

MESSAGES, CHARACTERS = 1_000, 100_000
"""Messages of a conversation and characters of one of them, at most."""


class Part(BaseModel):
    """A piece of a message: text, or a picture as a data: address."""

    model_config = ConfigDict(extra="ignore")
    type: Literal["text", "image_url"]
    text: Annotated[str, Field(max_length=CHARACTERS)] | None = None
    image_url: dict[str, Any] | None = None


class Message(BaseModel):
    model_config = ConfigDict(extra="ignore")
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Annotated[str, Field(max_length=CHARACTERS)] | Annotated[list[Part], Field(max_length=64)] | None = None

    def said(self) -> str:
        """Its words."""
        if isinstance(self.content, list):
            return " ".join(part.text for part in self.content if part.text)
        return self.content or ""

    def picture(self) -> str | None:
        """The last picture in it, as it was sent, where a person says it."""
        parts = self.content if isinstance(self.content, list) and self.role == "user" else []
        found = [part.image_url.get("url") for part in parts if part.image_url]
        return found[-1] if found and isinstance(found[-1], str) else None


class Asked(Said):
    """What OpenAI's body has no words for: `extra_body={"genrec": {…}}` in its clients."""

    k: Annotated[int, Field(ge=1, le=20, description="Items an answer shows.")] = 5
    history: list[Id] = Field(default_factory=list, max_length=HISTORY)
    disliked: list[Id] = Field(default_factory=list, max_length=LISTED)
    where: Where | None = None
    explain: bool = True
    adapter: Annotated[str, Field(max_length=128)] | None = None


class StreamOptions(BaseModel):
    model_config = ConfigDict(extra="ignore")
    include_usage: bool | None = False


class ChatRequest(BaseModel):
    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [
                {"model": "genrec", "messages": [{"role": "user", "content": "A warm coat, not black, under 150?"}]}
            ]
        },
    )
    model: Annotated[str, Field(max_length=256)] = "genrec"
    messages: Annotated[list[Message], Field(min_length=1, max_length=MESSAGES)]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: Annotated[int, Field(ge=1, le=1, description="One answer; there are no others.")] | None = 1
    user: Id | None = Field(None, description="Whose stored history and dislikes count.")
    store: bool | None = Field(False, description="Keep the conversation; GET …/{id} gives it back.")
    genrec: Asked = Asked()


class Answer(BaseModel):
    """recommendations: the items of the text, in its order. heard: what of the messages holds now, in words; where: as
    the filter that the search was given."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None
    recommendations: list[Recommended] = Field(default_factory=list)
    heard: list[str] = Field(default_factory=list)
    where: Where | None = None
    intent: str = "recommend"


class Choice(BaseModel):
    index: int = 0
    message: Answer
    finish_reason: Literal["stop"] = "stop"
    logprobs: None = None


class Usage(BaseModel):
    """Words, where no language model counted tokens."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Completion(BaseModel):
    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: Usage
    catalogue_version: int
    missing: list[str] = Field(default_factory=list)


class Model(BaseModel):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "genrec"


class Models(BaseModel):
    object: Literal["list"] = "list"
    data: list[Model]
