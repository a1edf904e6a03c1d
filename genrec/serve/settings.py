"""How a run is served, as data: `serve/*.yaml`, checked like every recipe. Secrets come from the environment alone.

| variable | meaning |
|---|---|
| `GENREC_API_KEYS` | the first keys, see `genrec.serve.safety.keys` |
| `GENREC_DATABASE` | the database's whole address, if it has a password; goes before `database` |
| `GENREC_LOG_SECRET` | what pseudonyms in the log are made with; without one they change with every start |
| `GENREC_CHAT_KEY` | the key of the model at `chat.url` |
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from genrec import recipes
from genrec.errors import UserError
from genrec.recipes.models import FOLDERS, Count, Recipe, Weight

if TYPE_CHECKING:
    from genrec.serve.safety.stack import Policy
    from genrec.serve.safety.uploads import PictureLimits

DATABASE, LOG_SECRET, CHAT_KEY = "GENREC_DATABASE", "GENREC_LOG_SECRET", "GENREC_CHAT_KEY"
SHORTEST_SECRET = 16


class BatchSettings(Recipe):
    most: Count = Field(32, description="questions that the engine answers at once")
    linger: Weight = Field(0.0, description="seconds for which an idle engine waits for company")
    waiting: Count = Field(256, description="questions in the queue, at most; more are told to come back (429)")
    timeout: float = Field(10.0, gt=0, description="seconds for an answer; later it is dropped")


class AccessSettings(Recipe):
    hosts: list[str] = Field([], description="names of this server besides localhost; others are refused (421)")
    origins: list[str] = Field([], description="pages elsewhere whose scripts may ask, as https://shop.example; CORS")
    trusted_proxies: list[str] = Field([], description="addresses or networks whose X-Forwarded-For is believed")

    @field_validator("origins")
    @classmethod
    def _are_origins(cls, origins: list[str]) -> list[str]:
        for origin in origins:
            parts = urlsplit(origin)
            if (
                parts.scheme not in ("http", "https")
                or not parts.netloc
                or origin != f"{parts.scheme}://{parts.netloc}"
            ):
                raise ValueError(f"{origin!r} is no origin: scheme and name, nothing behind them, and no *")
        return origins

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, networks: list[str]) -> list[str]:
        from genrec.serve.safety.clients import Proxies

        try:
            Proxies(networks)
        except UserError as error:
            raise ValueError(str(error).removeprefix("trusted_proxies: ")) from None
        return networks


class LimitSettings(Recipe):
    body: Count = Field(1024 * 1024, description="bytes of a request without pictures")
    picture_body: Count = Field(16 * 1024 * 1024, description="bytes of a request that may carry pictures")
    body_seconds: float = Field(30.0, gt=0, description="for a body to come")
    json_depth: Count = Field(32, description="brackets within one another")
    json_values: Count = Field(100_000, description="values in a body")
    picture_bytes: Count = Field(8 * 1024 * 1024, description="of a picture's file")
    picture_pixels: Count = Field(24_000_000, description="of a picture, width times height")


class RateSettings(Recipe):
    per_minute: float = Field(gt=0, description="requests of one key, in the long run")
    burst: Count = Field(description="requests of one key at once")
    per_day: Count | None = Field(None, description="requests of one key a day (UTC); null: no quota")


class RatesSettings(Recipe):
    """Of one key, by class of routes; null: no limit."""

    read: RateSettings | None = Field(None, description="recommendations, search, items")
    chat: RateSettings | None = Field(None, description="chat completions")
    events: RateSettings | None = Field(None, description="batches of events")
    admin: RateSettings | None = Field(None, description="the catalogue, people's data, keys")


class KeepSettings(Recipe):
    answers: float = Field(90.0, gt=0, description="days for which the audit log keeps what was recommended")
    sessions: float = Field(7.0, gt=0, description="days after its last message for which a conversation is kept")


class ChatSettings(Recipe):
    understand: Literal["gazetteer", "lm", "endpoint"] = Field(
        "gazetteer", description="what hears messages: the catalogue's words, the run's language model, or that at url"
    )
    url: str | None = Field(None, description="an OpenAI-compatible endpoint that understands; null: none")
    model: str | None = Field(None, description="the model's name there")

    @model_validator(mode="after")
    def _is_whole(self) -> ChatSettings:
        # First, for messages of the others repeat the address.
        parts = urlsplit(self.url or "http://none")
        if parts.scheme not in ("http", "https") or not parts.netloc or "@" in parts.netloc or parts.query:
            raise UserError(f"chat.url: write it as http(s)://name/v1, without a key: that stands in {CHAT_KEY}")
        if (self.url is None) != (self.model is None):
            raise ValueError("url and model belong together")
        if (self.understand == "endpoint") != (self.url is not None):
            raise ValueError("understand: endpoint, url and model belong together")
        return self


class ImagerySettings(Recipe):
    painter: str | None = Field(
        None,
        description="a small painter's folder, a checkpoint's recipe, hub id or folder; null: the run's own",
    )
    steps: Count | None = Field(None, description="denoising steps; null: the painter's own")
    waiting: Count = Field(16, description="jobs in the queue, at most")
    label: bool = Field(False, description="write «generated» into a corner of every picture")


class ServerSettings(Recipe):
    """Everything that is configured of a server."""

    host: str = Field("127.0.0.1", description="where to listen; beyond this machine only with an API key")
    port: int = Field(8000, ge=1, le=65535, description="where to listen")
    engine: Literal["torch", "vllm"] = Field("torch", description="torch, or vllm for the run's language model")
    beam: Count = Field(50, description="beams per request")
    database: str | None = Field(
        None, description=f"sqlite:///PATH or postgresql://…; with a password in {DATABASE}; null: a file in RUN/serve"
    )
    drain: Weight = Field(30.0, description="seconds for answers under way when the server is told to end")
    log: Literal["debug", "info", "warning", "error"] = Field("info", description="what is written to stderr")
    batching: BatchSettings = Field(default_factory=BatchSettings, description="questions answered together")
    access: AccessSettings = Field(default_factory=AccessSettings, description="from where the server is asked")
    limits: LimitSettings = Field(default_factory=LimitSettings, description="what a request may send")
    rates: RatesSettings = Field(default_factory=RatesSettings, description="how often a key may ask")
    keep: KeepSettings = Field(default_factory=KeepSettings, description="how long things are kept")
    chat: ChatSettings = Field(default_factory=ChatSettings, description="how messages are understood")
    imagery: ImagerySettings = Field(default_factory=ImagerySettings, description="what draws items for people")

    @field_validator("database")
    @classmethod
    def _has_no_password(cls, url: str | None) -> str | None:
        if url is not None and urlsplit(url).password is not None:
            # No ValueError: its message would repeat the value.
            raise UserError(f"database: a password does not belong into a file: put the whole address into {DATABASE}")
        return url

    def policy(self) -> Policy:
        """What `genrec.serve.safety.stack.protect` wants to know."""
        from genrec.serve.safety.rates import Rate
        from genrec.serve.safety.stack import Policy

        given = {name: getattr(self.rates, name) for name in RatesSettings.model_fields}
        rates = {name: Rate(one.per_minute, one.burst, one.per_day) for name, one in given.items() if one is not None}
        return Policy(
            self.access.hosts, self.access.origins, self.access.trusted_proxies, rates, self.limits.body,
            self.limits.picture_body, self.limits.json_depth, self.limits.json_values, self.limits.body_seconds,
        )  # fmt: skip

    def pictures(self) -> PictureLimits:
        """What `genrec.serve.safety.uploads.read_upload` wants to know."""
        from genrec.serve.safety.uploads import PictureLimits

        return PictureLimits(bytes=self.limits.picture_bytes, pixels=self.limits.picture_pixels)


# Settings stand in files of their own, beside the other recipes.
FOLDERS[ServerSettings] = "serve"


def load(name: str = "embedded", changes: Sequence[str] = ()) -> ServerSettings:
    """`serve/NAME.yaml`, or a path that ends in .yaml, with `changes` («limits.body=2000000»). Or UserError."""
    return recipes.load(name, ServerSettings, changes)


@dataclass(frozen=True)
class Secrets:
    """What stands in no file. None where nothing is set."""

    database: str | None = field(default=None, repr=False)
    log_secret: str | None = field(default=None, repr=False)
    chat_key: str | None = field(default=None, repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Secrets:
        """UserError for a secret that anybody could guess."""
        database, log_secret, chat_key = (environment.get(name) or None for name in (DATABASE, LOG_SECRET, CHAT_KEY))
        if log_secret is not None and len(log_secret) < SHORTEST_SECRET:
            raise UserError(
                f"{LOG_SECRET} is shorter than {SHORTEST_SECRET} characters: `openssl rand -hex 32` makes one"
            )
        return cls(database, log_secret, chat_key)
