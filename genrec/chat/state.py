"""What a conversation has come to: a pure fold over its messages. Nothing is kept anywhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from genrec.chat.constraints import Bounds, Constraints, Intent, Value
from genrec.chat.shelves import Shelves

KINDS = 2
"""A value that so few kinds of thing have says what kind it is: a boot is a shoe."""


class Heard(BaseModel):
    """One message, understood. wanted, unwanted, bounds: what it adds. also: to what was wanted in these columns
    before, else in its place. loose: columns that do not matter any more. reset: everything anew. more: others of the
    same. again: keep the other wishes although another kind of thing is wanted now.

    liked, disliked, about: item ids that it speaks of. aspect: the column that a question asks for. asked: its values
    to be confirmed. count: how many items. words: what no column says. unsaid: wishes that the catalogue cannot meet.
    took: misspelt words and what they were taken for. unclear: questions to ask back. confidence: of the intent, 0…1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    intent: Intent
    wanted: dict[str, tuple[Value, ...]] = Field(default_factory=dict)
    unwanted: dict[str, tuple[Value, ...]] = Field(default_factory=dict)
    bounds: dict[str, Bounds] = Field(default_factory=dict)
    also: bool = False
    again: bool = False
    loose: tuple[str, ...] = ()
    reset: bool = False
    more: bool = False
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    aspect: str | None = None
    asked: dict[str, tuple[Value, ...]] = Field(default_factory=dict)
    count: int | None = Field(default=None, ge=1, le=50)
    words: str = ""
    unsaid: tuple[str, ...] = ()
    took: tuple[tuple[str, str], ...] = ()
    unclear: tuple[str, ...] = ()
    confidence: float = 1.0

    @property
    def says(self) -> bool:
        """Whether it changes what is looked for."""
        wishes = self.wanted or self.unwanted or self.bounds or self.loose or self.words
        return bool(wishes or self.liked or self.disliked or self.reset or self.more)


@dataclass(frozen=True)
class State:
    """constraints: as they stand. order: keys (kind of wish, column), the least recent first. shown: all items
    shown, last: by the latest list, focus: those spoken of last; as ids. loose: columns that do not matter. asked:
    columns that were asked for; waiting: what the last answer asked for, if it did: a column, a word, an offer.
    heard: the last message's; relaxed: wishes given up for it, in words. fresh: whether a new search began with
    it."""

    constraints: Constraints = field(default_factory=Constraints)
    order: tuple[tuple[str, str], ...] = ()
    shown: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    focus: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    waiting: str = ""
    count: int | None = None
    heard: Heard | None = None
    relaxed: tuple[str, ...] = ()
    fresh: bool = True

    def answered(self, items: tuple[str, ...], waiting: str) -> State:
        """After an answer that listed these items, if any, and asked for `waiting`."""
        asked = (*self.asked, waiting) if waiting else self.asked
        if not items:
            return replace(self, asked=asked, waiting=waiting)
        shown = tuple(dict.fromkeys((*self.shown, *items)))
        focus = items if len(items) == 1 else ()
        return replace(self, shown=shown, last=items, focus=focus, asked=asked, waiting=waiting)

    def after(self, heard: Heard, shelves: Shelves) -> State:
        """After a message of the person's."""
        before, now = self, self.constraints
        if heard.intent in ("explain", "compare", "question", "smalltalk"):
            return replace(self, focus=heard.about or self.focus, waiting="", heard=heard, relaxed=(), fresh=False)
        if heard.reset:
            before = State()
            now = Constraints(disliked=now.disliked)
        wanted, unwanted, bounds = dict(now.wanted), dict(now.unwanted), dict(now.bounds)
        liked, order, words, fresh = now.liked, list(before.order), now.words, heard.reset or not before.shown
        other = not heard.also and other_kind(now, heard, shelves)
        if other and heard.again:
            wanted.pop(str(shelves.kind), None)
        elif other:
            # Another kind of thing: a search of its own, but what somebody may spend and cannot stand stays.
            keep = {column: one for column, one in bounds.items() if column == shelves.price}
            wanted, bounds, liked, words, fresh = {}, keep, (), "", True
            order = [key for key in order if key[0] == "unwanted" or (key[0] == "bounds" and key[1] in keep)]
            before = replace(before, loose=(), asked=(), count=None)
        for column in heard.loose:
            for held in (wanted, unwanted, bounds):
                held.pop(column, None)
            order = [key for key in order if key[1] != column]
        for column, values in heard.unwanted.items():
            left = tuple(value for value in wanted.get(column, ()) if value not in values)
            wanted.pop(column, None)
            if left:
                wanted[column] = left
            unwanted[column] = tuple(dict.fromkeys((*unwanted.get(column, ()), *values)))
        for column, values in heard.wanted.items():
            former = wanted.get(column, ()) if heard.also else ()
            wanted[column] = tuple(dict.fromkeys((*former, *values)))
            left = tuple(value for value in unwanted.get(column, ()) if value not in values)
            unwanted.pop(column, None)
            if left:
                unwanted[column] = left
        for column, one in heard.bounds.items():
            bounds[column] = bounds[column].but(one) if column in bounds else one
        said = [("unwanted", c) for c in heard.unwanted] + [("bounds", c) for c in heard.bounds]
        said += [("wanted", c) for c in sorted(heard.wanted, key=lambda c: c == shelves.kind)]
        order = [key for key in order if key not in said] + said
        held_now = {"wanted": wanted, "unwanted": unwanted, "bounds": bounds}
        order = [key for key in order if key[1] in held_now[key[0]]]  # type: ignore[operator]
        disliked = now.disliked
        liked = tuple(dict.fromkeys((*(one for one in liked if one not in heard.disliked), *heard.liked)))
        disliked = tuple(dict.fromkeys((*(one for one in disliked if one not in heard.liked), *heard.disliked)))
        spoken = heard.about or heard.liked or heard.disliked
        return replace(
            before,
            constraints=Constraints(
                wanted=wanted, unwanted=unwanted, bounds=bounds, liked=liked, disliked=disliked,
                words=heard.words or words,
            ),
            order=tuple(order),
            focus=spoken or before.focus,
            loose=tuple(dict.fromkeys((*(c for c in before.loose if c not in heard.wanted), *heard.loose))),
            count=heard.count or before.count,
            waiting="",
            heard=heard,
            relaxed=(),
            fresh=fresh,
        )  # fmt: skip

    def relaxed_by(self, left: Callable[[Constraints], bool], shelves: Shelves) -> State:
        """With as many wishes as leave something. The least recent one without which something is left goes; where no
        single one is enough, the least recent of all, and so on. What kind of thing it is goes last."""
        found, gone = self, list[str]()
        while found.order and not left(found.constraints):
            by_age = sorted(found.order, key=lambda key: key == ("wanted", shelves.kind))
            key = next((one for one in by_age if left(_without(found.constraints, one))), by_age[0])
            without = _without(found.constraints, key)
            gone += [one for one in found.constraints.said() if one not in without.said()]
            order = tuple(one for one in found.order if one != key)
            found = replace(found, constraints=without, order=order)
        return replace(found, relaxed=tuple(gone))


class Understanding(Protocol):
    """What turns a message into what was heard; knows the catalogue, and the conversation so far."""

    def hear(self, message: str, so_far: State) -> Heard: ...


def other_kind(now: Constraints, heard: Heard, shelves: Shelves) -> bool:
    """Whether what is wanted now is another kind of thing: it is called another, or is one by all of its items."""
    kind = shelves.kind
    if kind is None:
        return False
    if kind in heard.wanted and kind not in now.wanted:
        # «jacket» after «boots», which all are shoes.
        new = set(heard.wanted[kind])
        there = [shelves.kinds_of(column, now.wanted[column]) for column in now.wanted if column in shelves.words]
        return any(0 < len(kinds) <= KINDS and not kinds & new for kinds in there)
    if kind not in now.wanted:
        return False
    former = set(now.wanted[kind])
    if kind in heard.wanted:
        return not former & set(heard.wanted[kind])
    for column, values in heard.wanted.items():
        if column in shelves.words:
            found = shelves.kinds_of(column, values)
            if 0 < len(found) <= KINDS and not found & former:
                return True
    return False


def _without(constraints: Constraints, key: tuple[str, str]) -> Constraints:
    held = {column: one for column, one in getattr(constraints, key[0]).items() if column != key[1]}
    return constraints.model_copy(update={key[0]: held})


def mask_of(shelves: Shelves, constraints: Constraints, base: np.ndarray | None = None) -> np.ndarray:
    """bool (N,): what constraints leave of what there is, without what is disliked."""
    mask = shelves.left(shelves.filter(constraints))
    if base is not None:
        mask = mask & base
    gone = [shelves.catalog.index[one] for one in constraints.disliked if one in shelves.catalog.index]
    if gone:
        mask[gone] = False
    return mask
