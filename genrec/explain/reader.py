"""What a sentence claims: a shallow reading of English, left to right, in one pass over its marks.

Whoever a value is said of is found as a person would without thinking: the thing named in the same breath («the navy
<thing>», «<thing> in navy», «your navy …»), else the subject of the clause, else the recommended item. Words of likeness
(both, share, same, like, as … as) spread a value over several things, words of denial turn it round.

The reading leans to the strict side: a claim it may have misunderstood costs a sentence, a false one costs trust.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from genrec.explain.claims import (
    Alike,
    AnyOf,
    Cheaper,
    Claim,
    Has,
    Known,
    Owned,
    Priced,
    Shares,
    Size,
    Some,
    Unknown,
)
from genrec.explain.gazetteer import PRICES, Mark
from genrec.explain.view import View

ATTACH = frozenset(("in", "of", "from", "by", "made of", "made from", "made in", "made by", "cut from", "cut in",
                    "crafted from", "crafted in", "crafted of"))  # fmt: skip
"""Prepositions behind a thing that keep hold of it."""
FULL = frozenset(";:—–()")
RELATES = frozenset("belongs belong has shares shows chose bought liked picked likes wears features".split())
"""Words by which what stands before «that» is said of the thing behind it."""
BARE = ("less than", "below", "more than", "above")
"""They compare prices only where a thing comes next."""
TOTAL = ("so far", "in total", "altogether", "to date", "in all")
HABITS = ("often", "usually", "typically", "frequently", "generally", "commonly")
ORDERS = ("purchases", "orders")
LAST = ("last", "latest", "recent", "past", "newest")


@dataclass
class _Clause:
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


class Reading:
    """One sentence about `item` for somebody with `history`. allowed: words that its things' texts have."""

    def __init__(self, marks: Sequence[Mark], item: int, history: Collection[int], allowed: Collection[str]) -> None:
        self.view = View(marks, item, history, allowed)
        self.item, self.claims = item, list[Claim]()
        self.subject, self.kept = [item], list[int]()
        self.waiting: list[tuple[Mark, bool]] = []  # values, and whether they are denied
        self.group: list[frozenset[int]] = []  # what was said last
        self.now = _Clause()
        self.own = self.lead = self.beside = False
        self.likes, self.unlikes = list[tuple[int, _Clause]](), list[tuple[int, _Clause]]()
        self.clauses: dict[Has, _Clause] = {}
        self.count: tuple[int, int | None] | None = None
        self.recent: int | None = None
        self.newest: int | None = None

    def read(self) -> list[Claim]:
        """All claims, in the order in which they are made."""
        self._begin(0)
        for at, mark in enumerate(self.view.marks):
            getattr(self, f"_{mark.kind}")(at, mark)
        self._flush()
        own = [claim for claim in self.claims if isinstance(claim, Has) and claim.item == self.item]
        said = [claim for claim in own if not claim.denied]
        for things, denied in ((self.likes, False), (self.unlikes, True)):
            for thing, clause in things:
                near = [one for one in said if self.clauses.get(one) is clause] or said
                if near and thing != self.item:
                    self.claims.append(AnyOf(tuple(Shares(self.item, thing, one.facts, denied) for one in near)))
        # «It differs from <thing> in that it is striped, not plain»: the other one is plain.
        self.claims += [Has(thing, one.facts) for thing, _ in self.unlikes for one in own if one.denied]
        return list(dict.fromkeys(self.claims))

    # ------------------------------------------------------------------ marks by kind

    def _item(self, at: int, mark: Mark) -> None:
        view, now = self.view, self.now
        after = view.next(at)
        acts = after is not None and bool(after.cues & {"verb", "also", "echo", "share", "modal"})
        thing = view.resolve(mark, owned=(self.own or now.your) and not acts)
        flushed = [thing] if self.waiting and view.breath(at, self.waiting[0][0]) else None
        self._flush(flushed)
        if thing == self.item and (acts or not (self.own or now.your)):
            self.own = False
        else:
            self.claims.append(Owned(thing))
            self.likes += [(thing, now)] if now.like else []
            self.unlikes += [(thing, now)] if now.unlike else []
            if RELATES & {view.said(place) for place in view.clause(at)} or view.clause(at).start == at:
                self.claims += [Has(thing, facts) for facts in now.relative]
            if view.said(at - 1) == "one":
                self.claims += [Alike((self.item, thing), one.column) for one in view.marks if one.kind == "name"]
        if not (now.verb or self.own or now.like or now.unlike or now.people):
            now.before.append(thing)
        places = view.clause(at)
        if "also" in view.cues_in(places) and not any(view.marks[place].kind == "value" for place in places):
            # «… and so is <thing>», «<thing> is too»: what was said of the one before.
            former = [claim for claim in self.claims if isinstance(claim, Has) and claim.item != thing]
            self.claims += [Has(thing, claim.facts, claim.denied) for claim in former]
        self.newest, now.attached, now.your, now.this = thing, thing, False, False

    def _value(self, at: int, mark: Mark) -> None:
        self.waiting.append((mark, self.now.denied))

    def _unknown(self, at: int, mark: Mark) -> None:
        self.claims.append(Unknown(mark.text))

    def _name(self, at: int, mark: Mark) -> None:
        """A column's name: a claim beside words of likeness, or before «you have bought»."""
        cues, column, after = self.view.cues_in(self.view.clause(at)), mark.column, self.view.next(at)
        start = self.view.clause(at).start
        aside = start and at - start < 2 and self.view.said(at + 1) == "of" and self.view.objects(at + 1)
        if "differ" in cues or cues & {"same", "share"} or aside or self.view.said(at - 1) == "that":
            self._alike(at, column, ("differ" in cues) != self.now.denied)
        elif after is not None and "you" in after.cues and self.view.act(at + 1) in ("owning", "fancying"):
            places = [place for place in self.view.places if place in self.view.clause(at) and place > at]
            if places:  # «the style you liked in <thing>»
                things = [self.item, *self.view.things(places)]
                self._flush(things)
                self.claims.append(Alike(tuple(dict.fromkeys(things)), column))
            else:
                self.claims.append(Known(self.item, column))
        elif after is not None and "which" in after.cues and cues & {"your"} and "taste" in cues:
            self.claims.append(Known(self.item, column))  # «a colour that also appears in your history»

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
        of = before is not None and (before.cues & {"history"} or {view.said(at - 1), view.said(at - 2)} & {"of", "among"})
        if "." in mark.text and before is not None and "price" in before.cues:
            self._amount(at, mark)
        elif mark.text.lower() == "twice":
            if self.newest is not None and self.own:
                self.claims.append(Owned(self.newest, times=2))
        elif view.said(at - 1) in LAST:
            self.recent = number
        elif of and not self.own and (after is None or after.kind != "value") or view.said(at + 1) in ORDERS and not self.own:
            self.claims.append(Size(number))
        elif mark.text.lower() == "one" and not (view.said(at + 1) == "of" or before and before.cues & {"owning"} or view.said(at - 1) in ("include", "includes", "hold", "holds", "are")):
            return
        elif view.cues & {"your", "you", "yours", "history", "people"}:
            self._flush()
            low = number + (1 if before is not None and "more than" in before.cues else 0)
            if self.own and any(words in view.text for words in TOTAL) and (after is None or after.kind != "value"):
                self.claims.append(Size(number))
                return
            open_ = before is not None and before.cues & {"at least", "more than"}
            self.count = (low, None if open_ else number)

    def _word(self, at: int, mark: Mark) -> None:
        lower = mark.text.lower()
        self.beside |= lower == "other" and self.count is not None
        if self.now.people and lower in HABITS:
            self.own = False
        if lower == "most" and self.view.said(at + 1) == "of":
            self.count = (-1, None)
        if self.view.strange(at):
            self.claims.append(Unknown(mark.text))

    def _stop(self, at: int, mark: Mark) -> None:
        self._flush()
        full = mark.text in FULL
        aside = mark.text in "(—–" and at and self.view.marks[at - 1].kind == "item"
        if full:
            self.own, self.subject = False, self.kept or [self.item] if mark.text == ")" else [self.item]
        self._begin(at + 1, self.view.last(at), comma=not full or bool(aside))

    def _cue(self, at: int, mark: Mark) -> None:
        cues, said, now, view = mark.cues, mark.text.lower(), self.now, self.view
        if "you" in cues:
            self._you(at)
        elif "and" in cues:
            self._and(at)
        elif "which" in cues and (said != "that" or self._relates(at)) and view.said(at + 1) != "of":
            now.relative = [one.facts for one, _ in self.waiting] or now.relative or self.group[-1:]
            if self.waiting and view.said(at + 1) == "you" and view.act(at + 1) in ("owning", "fancying"):
                self._history()  # «the coat that you bought»
            self._flush()
            if now.attached is not None and view.marks[at - 1].kind == "item":
                now.apposed = [now.attached]
        elif "the" in cues or "also" in cues:
            pass
        elif "by" in cues and not (at == 0 and "lead" in cues):
            self._by(at, said)
        else:
            self._turn(at, mark)

    def _turn(self, at: int, mark: Mark) -> None:
        """Cues that turn the reading: verbs, likeness, denial, whose turn it is."""
        cues, said, view = mark.cues, mark.text.lower(), self.view
        if "yours" in cues and self.waiting:
            self._history()
        self._flush()
        now = self.now
        now.attached = None
        if "people" in cues:
            now.people = self.own = True
        if now.people and "modal" in cues:
            self.own = False
        if "other" in cues and self.newest is not None:
            self.own, self.subject = False, [self.newest]
        if cues & {"verb", "echo", "share"}:
            self._acts(said)
        if cues & {"cheaper", "dearer", "same price"} and (said not in BARE or view.objects(at) or view.said(at + 1) == "what"):
            self._compare(at, cues)
        if "this" in cues and not (said in ("this", "these") and at and "like" in view.marks[at - 1].cues):
            self._here(said)
        if "your" in cues:
            now.your = view.said(at + 1) not in ("kind", "type", "sort", "next", "new", "future")
        if "taste" in cues:
            now.fancy |= view.said(at + 1) in ("for", "of", "in", "towards")
            now.pool, now.your = now.your, False
        now.denied = "not" in cues or now.denied and "but" not in cues
        if "so" in cues:
            self.own, self.subject, self.lead = False, [self.item], False
        if "beside" in cues or said in ("because", "since"):
            self.own = False
        if "so" in cues or "but" in cues or at and ("beside" in cues or said in ("because", "since")):
            self._begin(at + 1)
        now = self.now
        if "like" in cues and not any("you" in view.marks[place].cues for place in range(max(at - 3, 0), at)):
            now.like, now.attached = True, None
        if "unlike" in cues:
            now.unlike, now.attached = True, None
        if "as" in cues:
            now.like, now.equal = now.equal, True
        if cues & {"last", "first"}:
            self._ordered(at, -1 if "last" in cues else 0)
        if "several" in cues and (self.own or now.fancy):
            self.count = (2, None)

    # ------------------------------------------------------------------ clauses

    @property
    def holder(self) -> list[int]:
        """Whom a value is said of that nothing nearer claims."""
        return self.now.apposed if self.now.apposed is not None else self.subject

    def _begin(self, at: int, behind: Mark | None = None, *, comma: bool = False) -> None:
        """A clause begins at `at`; behind: what stood before the comma."""
        view, former = self.view, self.now
        places = view.clause(at) if at < len(view.marks) else range(0)
        if former.before and not former.verb:
            self.kept = former.before
        self.now, self.count, self.beside = _Clause(), None, False
        if not places:
            return
        first, cues = view.marks[at], view.cues_in(places)
        if not comma:
            self.lead = bool(first.cues & {"lead", "as", "like", "unlike"})
            return
        thing = behind is not None and behind.kind == "item"
        aside = [self.newest] if self.newest is not None else None
        verb = bool(cues & {"verb", "you", "echo", "share", "so", "modal"})
        named = any(view.marks[place].kind == "item" for place in places) or bool(cues & {"this", "your", "you"})
        last = places.stop >= len(view.marks) - 1
        if "which" in first.cues:
            self.now.apposed = aside
            self.now.relative = self.group[-1:] if behind is not None and behind.kind == "value" else []
        elif behind is not None and "yours" in behind.cues:
            self.now.relative = self.group  # «that coat of yours, <thing>»
        elif "verb" in first.cues and self.kept:
            self.subject, self.kept, self.own = self.kept, [], False
        elif thing and not named and not (self.lead and (verb or last)):
            self.now.apposed = aside
        elif self.own and not verb and not cues & {"this", "so"} and not (self.lead and last and not named):
            pass  # the list of what was bought goes on
        elif self.lead and (verb or last or not thing) or self.own:
            self.subject, self.own, self.lead = [self.item], False, False

    def _relates(self, at: int) -> bool:
        """Whether «that» at `at` goes on about the noun before it."""
        before = self.view.last(at)
        return before is not None and (before.kind in ("value", "name", "item") or "yours" in before.cues)

    def _acts(self, said: str) -> None:
        """A verb: what was named before it is the subject."""
        now = self.now
        if now.before and not now.verb:
            self.subject, now.apposed = list(dict.fromkeys(now.before)), None
        self.own = (self.own and not now.people) or now.pool
        now.verb, now.fancy, now.your, now.this, now.pool = True, False, False, False, False
        now.attached = None
        now.mixes = said in ("goes", "go", "pairs", "pair", "matches", "match", "works")

    def _here(self, said: str) -> None:
        """This one."""
        now = self.now
        if now.relative and now.apposed is not None:
            self.claims += [Has(self.item, facts) for facts in now.relative]
        self.own, self.subject, now.apposed, now.attached = False, [self.item], None, None
        now.fancy = now.your = False
        now.this = said in ("this", "these")
        now.before += [] if now.verb else [self.item]

    def _and(self, at: int) -> None:
        """«… and <thing> is …» begins a clause; within a list it does nothing."""
        view, place = self.view, at + 1
        while place < len(view.marks) and (view.marks[place].cues & {"the", "your"} or view.marks[place].kind == "value"):
            place += 1
        head, after = (view.marks[place] if place < len(view.marks) else None), view.next(place)
        acts = after is not None and bool(after.cues & {"verb", "also", "echo", "share"})
        if self.now.attached is not None and head is not None and head.kind == "item":
            self._flush()  # «<thing> in navy and <thing> in white»
        if self.now.verb and head is not None and (head.kind == "item" or "this" in head.cues) and acts:
            self._flush()
            self.own = False
            self._begin(at + 1)

    def _you(self, at: int) -> None:
        """«you bought …», «you like …», «you may like …», and «… you bought» behind a noun."""
        act, now = self.view.act(at), self.now
        behind = self.view.last(at)
        if act in ("owning", "fancying") and self.waiting and behind is not None and behind.kind != "stop":
            from_ = [place for place in self.view.clause(at) if place > at and self.view.said(place) in ("from", "in")]
            things = self.view.objects(from_[0]) if from_ else []
            if not things:
                self._history()
            else:
                self._flush([self.item, *things])  # «the style you know from <thing>»
        self._flush()
        if act == "modal":
            self.own, self.subject, self.lead = False, [self.item], False
        elif act in ("owning", "fancying"):
            self.own, now.fancy, now.attached = True, act == "fancying", None
            now.apposed, now.before = now.before[-1:] or None, []  # «with <thing> you have something navy»

    def _by(self, at: int, said: str) -> None:
        """A preposition: it keeps hold of the thing before it, or gives what waits to the thing behind it."""
        view, now = self.view, self.now
        if self.waiting and said in ("of", "in", "from", "on") and (things := view.objects(at)):
            self._flush([*things, *([self.item] if "echo" in view.cues_in(view.clause(at)) else [])])
        elif self.waiting and said == "of" and view.said(at + 1) in ("you", "yours"):
            self._history()
        else:
            self._flush()
        if said not in ATTACH or view.marks[at - 1].kind not in ("item", "value"):
            now.attached = None
        now.your = now.this = False
        if said == "with" and now.mixes and self.subject != [self.item]:
            self.subject = [self.item]

    # ------------------------------------------------------------------ claims

    def _flush(self, things: list[int] | None = None) -> None:
        """What waits is said of `things`, or of whom it must be."""
        if not self.waiting:
            return
        view, now = self.view, self.now
        at = next(place for place, mark in enumerate(view.marks) if mark is self.waiting[0][0])
        places = view.clause(at)
        cues = view.cues_in(places)
        if things is None:
            mine = "your" in cues and any(view.mine(place) for place in places)
            free = now.attached is None and now.apposed is None and not now.this
            shows = now.fancy and now.verb and self.subject != [self.item]
            if free and not shows and (self.own or now.your or now.fancy or self.count is not None) and not mine:
                self._history()
                return
            joined = view.cues_in(range(places.start, at)) & {"both", "share", "same"} or any(
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
            if any(view.said(place) == "equally" for place in places) and self.newest is not None:
                things = [*things, self.newest]
        for mark, denied in self.waiting:
            self.claims += [Has(thing, mark.facts, denied) for thing in dict.fromkeys(things)]
        if (view.said(at - 1) == "another" or "both" in cues and not view.places) and self.item in things:
            self.claims.append(Some(tuple(mark.facts for mark, _ in self.waiting)))
        self.clauses |= {Has(self.item, mark.facts): now for mark, _ in self.waiting}
        self.group = [mark.facts for mark, _ in self.waiting]
        self.waiting = []

    def _history(self) -> None:
        """What waits is said of something, or so and so many things, in the history."""
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
            self.claims += [Some((value,)) for value in values] if self.now.fancy else [Some(values)]
        self.group = list(values)
        self.waiting, self.count, self.beside = [], None, False

    def _alike(self, at: int, column: str, denied: bool) -> None:
        things = tuple(self.everyone(at))
        if len(things) > 1:
            self.claims.append(Alike(things, column, denied))

    def _compare(self, at: int, cues: frozenset[str]) -> None:
        """Prices: this one's and that of the next thing named, or of the one named last."""
        view = self.view
        behind = [mark for mark in view.marks[at + 1 :] if mark.kind == "item" or "this" in mark.cues]
        one = self.now.before[-1] if self.now.before and not self.now.verb else self.holder[0]
        if behind:
            other = view.resolve(behind[0]) if behind[0].kind == "item" else self.item
        elif self.newest is not None and self.newest != one:
            other = self.newest
        else:
            return
        if "same price" in cues and self.now.denied:
            self.claims.append(Cheaper(other, one) if "cheap" in view.said(at) else Cheaper(one, other))
        elif "same price" in cues:
            self.claims.append(Alike((one, other), PRICES[0]))
        else:
            self.claims.append(Cheaper(one, other) if "cheaper" in cues else Cheaper(other, one))

    def _ordered(self, at: int, place: int) -> None:
        """Which thing was bought last, or first: the next one named, else the last one."""
        behind = [where for where in self.view.places if where > at]
        thing = self.view.resolve(self.view.marks[behind[0]], owned=True) if behind else self.newest
        if thing is not None:
            self.claims.append(Owned(thing, place))

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
        return before if "share" in view.cues_in(view.clause(at)) else before[-2:]
