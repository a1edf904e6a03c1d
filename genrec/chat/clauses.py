"""What a reading of one message collects, and what holds in it from one stop to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from genrec.chat.amounts import Amounts
from genrec.chat.constraints import Value
from genrec.chat.marks import Mark

NEAREST = 3
"""Marks between a value and the name of its column, at most."""


@dataclass
class Wishes:
    """Of one message. See `Heard` for the fields that it has too. neutral: references that nobody judged. pointed:
    items of which a column alone is meant: «the colour of the third»."""

    wanted: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    unwanted: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    loose: list[str] = field(default_factory=list)
    liked: list[str] = field(default_factory=list)
    disliked: list[str] = field(default_factory=list)
    neutral: list[str] = field(default_factory=list)
    pointed: set[str] = field(default_factory=set)
    words: list[str] = field(default_factory=list)
    took: list[tuple[str, str]] = field(default_factory=list)
    unsaid: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    also: bool = False
    again: bool = False
    reset: bool = False
    more: bool = False
    aspect: str | None = None
    numbers: Amounts = field(default_factory=Amounts)


@dataclass
class Clause:
    """What holds until the next one begins. denied: by a «not»; since: the column denied last; verdict: of the
    references in it, +1 or -1, 0 where nothing says."""

    denied: bool = False
    since: str = ""
    verdict: int = 0
    degree: str = ""
    other: bool = False
    same: bool = False
    any: bool = False
    dropping: bool = False
    like: bool = False
    column: bool = False
    references: list[tuple[str, ...]] = field(default_factory=list)


def said_at(marks: Sequence[Mark], at: int) -> str:
    """In lower case; empty outside the message."""
    return marks[at].said if 0 <= at < len(marks) else ""


def cues_at(marks: Sequence[Mark], at: int) -> frozenset[str]:
    return marks[at].cues if 0 <= at < len(marks) else frozenset()


def ending(marks: Sequence[Mark], at: int) -> bool:
    """Whether a clause ends behind `at`."""
    return at + 1 >= len(marks) or marks[at + 1].kind == "stop"


def clause_end(marks: Sequence[Mark], at: int) -> int:
    return next((p for p in range(at + 1, len(marks)) if marks[p].kind == "stop" or marks[p].said == "but"), len(marks))


def about_column(marks: Sequence[Mark], at: int) -> bool:
    """Whether «any», «another» stand before `at`."""
    return at > 0 and bool(marks[at - 1].cues & {"any", "other"})
