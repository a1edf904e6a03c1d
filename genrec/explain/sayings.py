"""Of whom a value, a number or a price is said: the state of a reading, and how claims are made of it.

See `genrec.explain.reader` for the whole; here nothing moves on through the sentence.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from genrec.explain.claims import Claim, Has, Owned, Priced, Size, Some
from genrec.explain.gazetteer import Mark
from genrec.explain.view import SHOWING, View

BARE = ("less than", "below", "more than", "above")
"""They compare prices only where a thing comes next."""
TOTAL = ("so far", "in total", "altogether", "to date", "in all")
ORDERS = ("purchases", "orders")
GOODS = ("things", "items", "pieces", "products", "purchases", "orders")
LAST = ("last", "latest", "recent", "past", "newest")
HOLDS = ("include", "includes", "hold", "holds", "contain", "contains", "are")
AGAIN = ("another", "more", "more of", "additional", "further", "second", "else")
"""Before a value: something else has it as well."""
COMPANY = ("company", "companion", "companions", "counterpart", "partner", "neighbour")
"""What the recommended item would be to the thing spoken of."""


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


class Sayings:
    """One sentence about `item` for somebody with `history`. allowed: words that its things' texts have."""

    def __init__(self, marks: Sequence[Mark], item: int, history: Collection[int], allowed: Collection[str]) -> None:
        self.view = View(marks, item, history, allowed)
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

    def _flush(self, things: list[int] | None = None) -> None:
        """What waits is said of `things`, or of whom it must be."""
        if not self.waiting:
            return
        view, now = self.view, self.now
        at = view.marks.index(self.waiting[0][0])
        places = view.clause(at)
        cues = view.cues_in(places)
        if things is None and (named := self._named()) is not None:
            things = [named]
        if things is None and view.said(view.marks.index(self.waiting[-1][0]) + 1) in COMPANY:
            things = [self.item]
        if things is None:
            mine = any(view.mine(place) for place in places)
            free = now.attached is None and now.apposed is None and not now.this
            shows = now.fancy and now.verb and self.subject != [self.item]
            if free and not shows and (self.own or now.your or now.fancy or self.count is not None) and not mine:
                self._history()
                return
            joined = view.cues_in(range(places.start, at)) & {"both", "share", "same", "every"} or any(
                view.said(place) in ("in common", "alike") for place in places
            )
            if mine and not self.kept:
                self._history()
                return
            if mine:
                things = self.kept  # «looking at <thing>, navy seems to be your colour»
            elif shows:
                things = self.subject
            elif now.this:
                things = [self.item]
            elif now.attached is not None:
                things = [now.attached]
            elif joined and (now.apposed is None or "both" in cues):
                things = self.everyone(at)
            else:
                things = self.holder
            if "also" in cues and not now.people and self.item not in things:
                things = [*things, self.item]
            elif things == [self.item] and (also := self._also(places.start, at)) is not None:
                things = [self.item, *(self.cited or self._beside(also))]  # «because you bought <thing>, … also navy»
            if any(view.said(place) == "equally" for place in places) and self.newest is not None:
                things = [*things, self.newest]
        for mark, denied in self.waiting:
            self.claims += [Has(thing, mark.facts, denied) for thing in dict.fromkeys(things)]
        if (self._again(at, places) or ("both" in cues and not view.places)) and self.item in things:
            self.claims.append(Some(tuple(mark.facts for mark, _ in self.waiting), among=self._others()))
        self.clauses |= {Has(self.item, mark.facts): now for mark, _ in self.waiting}
        self.group = [mark.facts for mark, _ in self.waiting]
        self.waiting = []

    @property
    def cited(self) -> list[int]:
        """Things that were said to be reasons: those behind «because», «you bought»."""
        led = "lead" in self.view.marks[0].cues or "you" in self.view.marks[0].cues
        there = [claim.item for claim in self.claims if isinstance(claim, Owned)]
        return list(dict.fromkeys(there)) if led else []

    def _named(self) -> int | None:
        """The thing that what waits is another name of: «your navy bag, <thing>», «<thing> is your navy bag»."""
        view, now = self.view, self.now
        thing = view.apposed(view.marks.index(self.waiting[-1][0]), self.own)
        if thing is not None or not now.your or len(self.subject) > 1 or self.subject == [self.item]:
            return thing
        begin = view.marks.index(self.waiting[0][0]) - 1
        is_ = view.said(begin) == "your" and view.said(begin - 1) in ("is", "was", "are", "were")
        return self.subject[0] if is_ and begin > 1 and view.marks[begin - 2].kind == "item" else None

    def _also(self, start: int, at: int) -> int | None:
        """Where «also» or «too» says that what waits at `at` is said of something else as well."""
        view = self.view
        also = [place for place in range(start, at) if view.said(place) == "also"]
        if also:
            return also[0] if "modal" not in view.marks[also[0] - 1].cues else None
        end = view.marks.index(self.waiting[-1][0]) + 1
        while end < len(view.marks) and view.marks[end].kind == "word":
            end += 1
        too = view.said(end) in ("too", "as well", "likewise") and "modal" not in view.cues_in(range(start, end))
        return end if too else None

    def _beside(self, also: int) -> list[int]:
        """Whom «also» compares with: things named before, if a clause behind «because», «that» says nothing but this,
        or no clause before said anything of the item."""
        view, begin = self.view, also - 1
        while view.said(begin - 1) in ("it", "this", "this one", "that", "which"):
            begin -= 1
        led = "which" in view.marks[begin].cues or view.said(begin - 1) in ("because", "since", "as")
        begin = begin if led else view.clause(also).start
        named = view.things([at for at in view.places if at < begin])
        here = self.item in named or any("this" in mark.cues for mark in view.marks[:begin])
        if led or not (here or any(isinstance(one, Has) and one.item == self.item for one in self.claims)):
            return [thing for thing in named if thing != self.item]
        return []

    def _again(self, at: int, places: range) -> bool:
        """Whether what waits, from `at` on, is said to have been there before: «another», «once more», «again»."""
        view, start = self.view, at - 1
        while view.said(start) in ("in", "the", "of", "from", "by"):
            start -= 1
        near = view.said(start) in AGAIN and (start == at - 1 or view.said(start) not in ("another", "second"))
        return near or any(view.said(place) in ("again", "once again") for place in places)

    def _others(self) -> tuple[int, ...]:
        """The things named beside the item; none where it is set against them."""
        if self.unlikes or self.view.cues & {"cheaper", "dearer", "unlike"}:
            return ()
        return tuple(thing for thing in self.view.things(self.view.places) if thing != self.item)

    def _proven(self) -> tuple[int, ...]:
        """The things that are said to show what waits: it is said of one of them."""
        view, (place, things) = self.view, self.proof
        at = view.marks.index(self.waiting[0][0])
        between = view.marks[place:at]
        if self.count is not None:
            return ()
        if any(view.mine(one) for one in view.clause(at)):
            return tuple(things or view.things([one for one in view.places if one < at]))
        if place > at or any(
            mark.text.lower() in SHOWING or "you" in mark.cues or "so" in mark.cues for mark in between
        ):
            reasons = any(mark.text.lower() in ("because", "since", "if", "and") for mark in between[1:])
            return () if reasons else tuple(things)
        return ()

    def _history(self) -> None:
        """What waits is said of something, or so and so many things, in the history."""
        if (named := self._named()) is not None:
            self._flush([named])
            return
        values = tuple(mark.facts for mark, _ in self.waiting)
        view = self.view
        beside = tuple(view.resolve(view.marks[at], owned=True) for at in view.places) if self.beside else ()
        if any(denied for _, denied in self.waiting):
            self.claims.append(Some(values, 0, 0))
        elif self.count == (-1, None):
            self.claims.append(Some(values, share=0.5, recent=self.recent))
        elif self.count is not None:
            self.claims.append(Some(values, *self.count, beside=beside, recent=self.recent))
        else:
            among = self._proven()
            if "echo" in view.cues_in(view.clause(view.marks.index(self.waiting[0][0]))) and self.now.your:
                # «it continues your navy collection»
                self.claims += [Has(self.item, value) for value in values if self.subject == [self.item]]
            each = [(value,) for value in values] if self.now.fancy else [values]
            low = len(among) if len(values) == 1 and among else 1
            self.claims += [Some(one, low, among=among) for one in each]
        self.group = list(values)
        self.waiting, self.count, self.beside = [], None, False

    def _ordered(self, at: int, place: int) -> None:
        """Which thing was bought last, or first: the next one named, else the last one."""
        behind = [where for where in self.view.places if where > at]
        thing = self.view.resolve(self.view.marks[behind[0]], owned=True) if behind else self.newest
        if thing is not None:
            self.claims.append(Owned(thing, place))

    def _amount(self, at: int, mark: Mark) -> None:
        places = [place for place in self.view.places if place > at]
        if self.now.attached is not None:
            things = [self.now.attached]
        elif self.own and places:
            things = [self.view.resolve(self.view.marks[places[0]], owned=True)]
        else:
            things = self.holder
        near = " ".join(self.view.said(place) for place in range(at - 3, at))
        low = 0.0 if any(word in near for word in ("under", "below", "less than", "at most", "up to")) else mark.number
        high = mark.number
        if not low < high and any(word in near for word in ("over", "above", "more than", "at least")):
            high = float("inf")
        rough = any(word in near for word in ("about", "around", "roughly"))
        slack = 0.1 * mark.number if rough else 0.05 if mark.number % 1 else 0.5
        self.claims += [Priced(thing, low - slack, high + slack) for thing in things]

    def _number(self, at: int, mark: Mark) -> None:
        view, number, before, after = self.view, int(mark.number), self.view.last(at), self.view.next(at)
        of = before is not None and (
            before.cues & {"history"} or {view.said(at - 1), view.said(at - 2)} & {"of", "among"}
        )
        if "." in mark.text and before is not None and "price" in before.cues:
            self._amount(at, mark)
        elif mark.text.lower() == "twice":
            if self.newest is not None and self.own:
                self.claims.append(Owned(self.newest, times=2))
        elif view.said(at - 1) in LAST:
            self.recent = number
        elif (
            (
                not self.own
                and view.said(at + 1) in GOODS
                and "taste" in view.cues
                and not any(m.kind == "value" for m in view.marks)
            )
            or (of and not self.own and (after is None or after.kind != "value"))
            or (view.said(at + 1) in ORDERS and not self.own)
        ):
            self.claims.append(Size(number))
        elif mark.text.lower() == "one" and not (
            view.said(at + 1) == "of"
            or (before and before.cues & {"owning"})
            or view.said(at - 1) in HOLDS
            or (
                after is not None
                and after.kind == "value"
                and view.said(at - 1).split()[-1:] in (["with"], ["already"])
            )
        ):
            return
        elif view.cues & {"your", "you", "yours", "history", "people"}:
            self._flush()
            low = number + (1 if before is not None and "more than" in before.cues else 0)
            if self.own and any(words in view.text for words in TOTAL) and (after is None or after.kind != "value"):
                self.claims.append(Size(number))
                return
            open_ = before is not None and before.cues & {"at least", "more than"}
            self.count = (low, None if open_ else number)
