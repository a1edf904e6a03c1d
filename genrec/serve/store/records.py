"""What goes into the store and comes out of it, and the two errors it raises. Knows nothing of databases.

Times are Unix seconds. Ids are the caller's own strings: not empty, at most `LONGEST` bytes of UTF-8, without NUL,
which PostgreSQL cannot keep.
"""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from genrec.errors import UserError

LONGEST = 1000  # bytes; two ids in one index entry must fit into a third of PostgreSQL's page
Scope = Literal["read", "events", "admin"]
Kind = Literal["view", "click", "like", "dislike", "purchase"]
KINDS: tuple[str, ...] = get_args(Kind)


class StoreAway(UserError):
    """The database cannot be reached, or did not answer in time. Nothing of the call was acknowledged; try again."""


class EventConflict(UserError):
    """Events whose ids are taken by events with other content. Nothing of their batch was stored."""

    def __init__(self, event_ids: Sequence[str]) -> None:
        self.event_ids = tuple(event_ids)
        shown = ", ".join(repr(name) for name in self.event_ids[:5])
        more = f" and {len(self.event_ids) - 5} more" if len(self.event_ids) > 5 else ""
        super().__init__(
            f"event_id {shown}{more}: known already, with another user, item, kind or time. Nothing of this batch was "
            f"stored; a new event needs a new event_id"
        )


def checked(name: str, value: str) -> str:
    """`value`, an id that every database can keep; UserError with `name` otherwise."""
    if not isinstance(value, str) or not value:
        raise UserError(f"{name} is {value!r}, but must be a text that is not empty")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise UserError(f"{name} {value!r} is no valid Unicode") from None
    if size > LONGEST:
        raise UserError(
            f"{name} {value[:40]!r}… has {size} bytes in UTF-8, at most {LONGEST} are kept: use shorter ids"
        )
    if "\0" in value:
        raise UserError(f"{name} {value!r} contains the character NUL, which databases do not keep")
    return value


@dataclass(frozen=True)
class Event:
    """One thing that one person did with one item. time: when; None is the moment in which the store gets it."""

    event_id: str
    user: str
    item_id: str
    kind: Kind
    time: float | None = None

    def __post_init__(self) -> None:
        for name in ("event_id", "user", "item_id"):
            checked(name, getattr(self, name))
        if self.kind not in KINDS:
            raise UserError(f"event {self.event_id!r}: kind is {self.kind!r}, known: {', '.join(KINDS)}")
        if self.time is not None and not math.isfinite(self.time):
            raise UserError(f"event {self.event_id!r}: time is {self.time}, but must be Unix seconds")


@dataclass(frozen=True)
class Accepted:
    """What became of a batch. accepted: new and on the disk. duplicates: known already, with the same content.

    forgotten: left out, because they happened before their person was forgotten.
    """

    accepted: int
    duplicates: int
    forgotten: int = 0


@dataclass(frozen=True)
class Session:
    """A conversation: its messages, as JSON objects; user: None where nobody said who it is."""

    session_id: str
    user: str | None
    messages: tuple[Mapping[str, Any], ...]
    created: float
    expires: float


@dataclass(frozen=True)
class Answer:
    """What was recommended to whom, and why: a line of the audit log.

    filters: as the engine got them. items, scores: best first. reasons: item id → what the person was told.
    answer_id makes recording it twice, after a connection broke in the middle, leave it there once.
    """

    request_id: str
    user: str | None
    model: str
    adapter: str | None
    catalogue_version: int
    filters: Mapping[str, Any] | None
    items: tuple[str, ...]
    scores: tuple[float, ...]
    reasons: Mapping[str, str] = field(default_factory=dict)
    time: float = field(default_factory=time.time)
    answer_id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        checked("request_id", self.request_id)
        if self.user is not None:
            checked("user", self.user)


@dataclass(frozen=True)
class CatalogueVersion:
    """A version of the living catalogue that was served. fingerprint: of the catalogue it grew from."""

    fingerprint: str
    version: int
    kind: str
    count: int
    time: float


@dataclass(frozen=True)
class KeyRow:
    """An API key without the key: its hash, what it may, and when it was made, revoked and last used."""

    name: str
    hash: str
    scopes: tuple[Scope, ...]
    created: float
    revoked: float | None = None
    last_used: float | None = None


@dataclass(frozen=True)
class Forgotten:
    """How many rows of a person were deleted, per table."""

    events: int
    histories: int
    sessions: int
    answers: int

    @property
    def total(self) -> int:
        return self.events + self.histories + self.sessions + self.answers


@dataclass(frozen=True)
class Retention:
    """How long things are kept, in seconds. sessions: since their last message."""

    answers: float = 90 * 86400.0
    sessions: float = 7 * 86400.0


@dataclass(frozen=True)
class Pruned:
    """How many rows had outlived their time."""

    answers: int
    sessions: int
