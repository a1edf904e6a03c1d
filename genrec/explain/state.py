"""What a reading remembers while it goes through a sentence, and whom that makes it think of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from genrec.explain.claims import Claim, Has, Owned
from genrec.explain.gazetteer import Mark
from genrec.explain.phrases import Phrases


@dataclass
class Clause:
    """What holds from one stop to the next."""

    before: list[int] = field(default_factory=list)  # things named before its verb: its subject, once that comes
    verb: bool = False
    your: bool = False  # in a noun phrase that «your» began
    this: bool = False  # … that «this» began
    fancy: bool = False  # behind «you like», «an eye for»
    denied: bool = False
    like: bool = False
    unlike: bool = False
    equal: bool = False  # behind the first «as»
    people: bool = False  # about people in general
    mixes: bool = False  # goes with …
    pool: bool = False  # behind «your wardrobe»
    attached: int | None = None  # the thing that values behind it belong to
    apposed: list[int] | None = None  # and between commas
    relative: list[frozenset[int]] = field(default_factory=list)  # values before «that», said of what comes too
    contrary: list[frozenset[int]] = field(default_factory=list)  # denied before «like», said of what comes


class State:
    """One sentence about `item` for somebody with `history`. allowed: words that its things' texts have."""

    def __init__(self, marks: Sequence[Mark], item: int, history: Collection[int], allowed: Collection[str]) -> None:
        self.view = Phrases(marks, item, history, allowed)
        self.item, self.claims = item, list[Claim]()
        self.subject, self.kept = [item], list[int]()
        self.waiting: list[tuple[Mark, bool]] = []  # values, and whether they are denied
        self.group: list[frozenset[int]] = []  # what was said last
        self.now = Clause()
        self.own = self.lead = self.beside = False
        self.likes, self.unlikes = list[tuple[int, Clause]](), list[tuple[int, Clause]]()
        self.clauses: dict[Has, Clause] = {}
        self.count: tuple[int, int | None] | None = None
        self.recent: int | None = None
        self.newest: int | None = None
        self.proof = self.view.proof()

    @property
    def holder(self) -> list[int]:
        """Whom a value is said of that nothing nearer claims."""
        return self.now.apposed if self.now.apposed is not None else self.subject

    def everyone(self, at: int) -> list[int]:
        """Whom words of likeness join at `at`."""
        view = self.view
        before = view.things([place for place in view.places if place < at])
        every = view.things(view.places)
        here = [place for place, mark in enumerate(view.marks) if "this" in mark.cues]
        before += [self.item] if any(place < at for place in here) and self.item not in before else []
        every += [self.item] if (here or len(every) < 2) and self.item not in every else []
        if self.now.people:
            return [self.item]
        if len(before) < 2 or view.cues_in(view.clause(at)) & {"every"}:
            return every
        return before[-2:] if "both" in [view.said(place) for place in view.clause(at)] else before

    @property
    def cited(self) -> list[int]:
        """Things that were said to be reasons: those behind «because», «you bought»."""
        led = "lead" in self.view.marks[0].cues or "you" in self.view.marks[0].cues
        there = [claim.item for claim in self.claims if isinstance(claim, Owned)]
        return list(dict.fromkeys(there)) if led else []
