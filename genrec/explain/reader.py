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
from genrec.explain.gazetteer import PRICES, Mark, stem
from genrec.explain.lexicon import PLAIN

BREAKS = frozenset(";:—–()")
ATTACH = frozenset(("in", "of", "from", "by", "made of", "made from", "made in", "made by", "cut from", "cut in",
                    "crafted from", "crafted in", "crafted of"))  # fmt: skip
PREDICATE = ATTACH | {"is", "are", "was", "were", "looks", "look", "feels", "feel", "isn't", "aren't"} - {"by"} | {"which is", "which was", "that is", "that was", "also", "both", "equally", "something", "anything", "nothing"}
QUIET = frozenset("-'\"“”‘’«»/*&%")
"""Signs that end nothing."""


@dataclass
class _Said:
    """A value that waits for the one it is said of."""

    mark: Mark
    denied: bool


@dataclass
class Reading:
    """One sentence of marks about `item` for somebody with `history`. allowed: words that its things' texts have."""

    marks: Sequence[Mark]
    item: int
    history: Collection[int]
    allowed: Collection[str] = ()
    claims: list[Claim] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.places = [at for at, mark in enumerate(self.marks) if mark.kind == "item"]
        self.subject: list[int] = [self.item]
        self.waiting: list[_Said] = []
        self.attached: int | None = None  # values behind «<thing> in …» are its own
        self.apposed: list[int] | None = None  # and so are those between commas behind it
        self.own = self.your = self.fancy = self.denied = False
        self.like = self.unlike = self.verb = self.lead = self.equal = False
        self.before: list[int] = []  # things named in this clause before its verb
        self.likes: list[int] = []
        self.unlikes: list[int] = []
        self.count: tuple[int, int | None] | None = None
        self.beside = False
        self.recent: int | None = None
        self.newest: int | None = None

    # ------------------------------------------------------------------ the pass

    def read(self) -> list[Claim]:
        """All claims, in the order in which they are made."""
        self._clause(0)
        for at, mark in enumerate(self.marks):
            handler = getattr(self, f"_{mark.kind}", None)
            if handler is not None:
                handler(at, mark)
        self._flush()
        own = [claim for claim in self.claims if isinstance(claim, Has) and claim.item == self.item and not claim.denied]
        for things, denied in ((self.likes, False), (self.unlikes, True)):
            for thing in things:
                if own and thing != self.item:
                    self.claims.append(AnyOf(tuple(Shares(self.item, thing, claim.facts, denied) for claim in own)))
        return list(dict.fromkeys(self.claims))

    def _item(self, at: int, mark: Mark) -> None:
        thing = self._resolve(mark)
        after = self._next(at)
        acts = after is not None and "verb" in after.cues
        if thing == self.item and (not (self.own or self.your) or acts or self._has_this(at)):
            if self.waiting:
                self._flush([thing])
            self.own = self.your = False
        else:
            self._flush([thing] if self._breath(at) else None)
            self.claims.append(Owned(thing))
            if self.like:
                self.likes.append(thing)
            if self.unlike:
                self.unlikes.append(thing)
        if not self.verb and not (self.own or self.like or self.unlike):
            self.before.append(thing)
        if not any(one.kind == "value" for one in self._span(at)) and any("also" in one.cues for one in self._span(at)):
            # «… and so is <thing>», «<thing> is too»: what was said of the one before.
            former = [claim for claim in self.claims if isinstance(claim, Has) and claim.item != thing]
            self.claims += [Has(thing, claim.facts, claim.denied) for claim in former]
        self.newest, self.attached, self.your = thing, thing, False

    def _unknown(self, at: int, mark: Mark) -> None:
        self.claims.append(Unknown(mark.text))

    def _value(self, at: int, mark: Mark) -> None:
        self.waiting.append(_Said(mark, self.denied))

    def _name(self, at: int, mark: Mark) -> None:
        """A column's name: a claim beside words of likeness, or before «you have bought»."""
        column = next(iter(mark.cues - {"cue"}))
        clause = self._span(at)
        cues = frozenset().union(*(one.cues for one in clause))
        if "differ" in cues or ("same" in cues and any(one.cues & {"not"} for one in clause)):
            self._alike(at, column, True)
        elif cues & {"same", "share"}:
            self._alike(at, column, False)
        else:
            after = self._next(at)
            if after is not None and "you" in after.cues and not self._modal(at + 1):
                self.claims.append(Known(self.item, column))

    def _amount(self, at: int, mark: Mark) -> None:
        target = self.attached
        if target is None and self.own:
            target = next((self._resolve(self.marks[place]) for place in self.places if place > at), None)
        near = " ".join(one.text.lower() for one in self.marks[max(at - 3, 0) : at])
        low, high = mark.number, mark.number
        if any(word in near for word in ("under", "below", "less than", "at most", "up to")):
            low = 0.0
        elif any(word in near for word in ("over", "above", "more than", "at least")):
            high = float("inf")
        slack = 0.1 * mark.number if any(word in near for word in ("about", "around", "roughly")) else self._cents(mark)
        for thing in [target] if target is not None else self.holder:
            self.claims.append(Priced(thing, low - slack, high + slack))

    def _number(self, at: int, mark: Mark) -> None:
        before, after = self._last(at), self._next(at)
        number = int(mark.number)
        said = mark.text.lower()
        if "." in said and before is not None and "price" in before.cues:
            self._amount(at, mark)
            return
        if said == "one" and not (after is not None and "history" in after.cues):
            return
        if said == "twice":
            if self.newest is not None and self.own:
                self.claims.append(Owned(self.newest, times=2))
            return
        if before is not None and "history" in before.cues and not self.own:
            self.claims.append(Size(number))
            return
        if before is not None and before.text.lower() in ("last", "latest", "recent", "past"):
            self.recent = number
            return
        historic = any(one.cues & {"history", "yours"} for one in self.marks) or self.own or self.your
        if not historic:
            return
        self._flush()
        if before is not None and "at least" in before.cues:
            self.count = (number, None)
        elif before is not None and "more than" in before.cues:
            self.count = (number + 1, None)
        else:
            self.count = (number, number)

    def _word(self, at: int, mark: Mark) -> None:
        lower = mark.text.lower()
        if lower == "other" and self.count is not None:
            self.beside = True
        if lower == "most" and (after := self._next(at)) is not None and "history" in after.cues:
            self.count = (-1, None)
        if stem(lower) in PLAIN or lower in PLAIN or stem(lower) in self.allowed:
            return
        before, after = self._last(at), self._next(at)
        beside = after is not None and (after.kind in ("value", "item"))
        led = before is None or before.kind == "value" or bool(before.cues & {"the", "your", "by", "verb", "not"}) or (
            before.text.lower() in ("this", "these")
        )
        ends = after is None or after.kind == "stop" or bool(after.cues & {"and"})
        said = before is not None and (before.text.lower() in PREDICATE or before.kind == "name") and ends
        said |= before is not None and before.kind == after.kind == "stop" and not lower.endswith("ly") if after is not None else False
        named = mark.text[0].isupper() and at > 0
        if (beside and led and at > 0) or said or named:
            self.claims.append(Unknown(mark.text))
        elif not beside and before is not None and before.kind != "value":
            self._flush()

    def _stop(self, at: int, mark: Mark) -> None:
        if mark.text in QUIET:
            return
        self._flush()
        self.attached = None
        behind = self.marks[at - 1] if at else None
        if mark.text in ENDING:
            self.own = False
            self.subject = [self.item] if mark.text != "," else self.subject
        self._clause(at + 1, behind, comma=mark.text not in ENDING)

    def _cue(self, at: int, mark: Mark) -> None:
        cues, said = mark.cues, mark.text.lower()
        if "you" in cues:
            self._you(at)
            return
        if "the" in cues or said in ("other", "one") or "also" in cues or "price" in cues and "verb" not in cues and "by" not in cues:
            return
        if "and" in cues:
            self._and(at)
            return
        if "by" in cues or "history" in cues:
            self._by(at, mark)
            if "lead" not in cues or self.marks[0] is not mark:
                return
        self._flush(self.everyone(at) if cues & {"both", "share", "same"} and self.waiting and not self.your else None)
        if "verb" in cues or "echo" in cues or "share" in cues:
            self._verb()
        if cues & {"cheaper", "dearer", "same price"}:
            self._compare(at, cues)
        if "this" in cues and not (said in ("this", "these") and self._prefixed(at)):
            self._here()
        if "your" in cues:
            self.your, self.attached = True, None
        if "taste" in cues and not (self.your is False and said in ("history", "thing")):
            after = self._next(at)
            self.fancy = self.fancy or after is not None and after.text.lower() in ("for", "of", "in", "towards")
        if "not" in cues:
            self.denied = True
        if "but" in cues:
            self.denied = False
            self._clause(at + 1)
        if "so" in cues:
            self.own, self.subject, self.lead = False, [self.item], False
            self._clause(at + 1)
        if "beside" in cues or said in ("because", "since") and at:
            self.own = False
            self._clause(at + 1)
        if "which" in cues and self.attached is not None and at and self.marks[at - 1].kind == "item":
            self.apposed = [self.attached]
        if "like" in cues and not self._last_is(at, "you"):
            self.like, self.attached = True, None
        if "unlike" in cues or "differ" in cues and self._next_text(at) == "from":
            self.unlike, self.attached = True, None
        if "as" in cues:
            self.like, self.equal = self.equal, True
        if "last" in cues or "first" in cues:
            self._ordered(at, -1 if "last" in cues else 0)
        if "several" in cues and (self.own or self.fancy):
            self.count = (2, None)
        if cues & {"verb"}:
            self.attached = None

    # ------------------------------------------------------------------ clauses

    @property
    def holder(self) -> list[int]:
        """Whom a value is said of that nothing nearer claims."""
        return self.apposed if self.apposed is not None else self.subject

    def _clause(self, at: int, behind: Mark | None = None, *, comma: bool = False) -> None:
        """A new clause begins at `at`; behind: what stood before the comma."""
        clause = self._span(at)
        cues = frozenset().union(*(mark.cues for mark in clause)) if clause else frozenset()
        first = clause[0] if clause else None
        verb = bool(cues & {"verb", "you", "echo", "share", "so"})
        named = any(mark.kind == "item" for mark in clause) or bool(cues & {"this", "your", "you"})
        last = at + len(clause) >= len(self.marks) - 1
        led, was_own = self.lead, self.own
        self.denied = self.like = self.unlike = self.verb = self.equal = self.fancy = self.your = False
        self.before, self.apposed, self.attached = [], None, None
        if not comma:
            self.lead = first is not None and bool(first.cues & {"lead", "as", "like", "unlike"})
            return
        if first is None:
            return
        aside = behind is not None and (behind.kind == "item" or self.newest is not None and behind.kind == "value")
        if first.cues & {"which"} or (first.cues & {"also"} and behind is not None and behind.kind == "item"):
            self.apposed = [self.newest] if self.newest is not None else None
        elif behind is not None and behind.kind == "item" and not named and not (led and (verb or last)):
            self.apposed = [self.newest] if self.newest is not None else None
        elif was_own and not (verb and not first.cues & {"and"}) and not cues & {"this", "so"} and not (led and last and not named):
            self.own = not any(mark.kind == "item" and self._resolve(mark) == self.item for mark in clause) or not verb
        elif led and not aside or led and (verb or last):
            self.subject, self.own, self.lead = [self.item], False, False
        elif was_own:
            self.own, self.subject = False, [self.item]

    def _verb(self) -> None:
        if self.before:
            self.subject = list(dict.fromkeys(self.before))
            self.apposed = None
        self.verb, self.fancy, self.your = True, False, False

    def _here(self) -> None:
        self.own, self.subject, self.apposed, self.attached = False, [self.item], None, None
        self.fancy = self.your = False
        self.before = [*self.before, self.item] if not self.verb else self.before

    def _and(self, at: int) -> None:
        """«… and <thing> is …» begins a clause; within a list it does nothing."""
        place = at + 1
        while place < len(self.marks) and (self.marks[place].cues & {"the", "your", "also", "so"} or self.marks[place].kind == "value"):
            if "so" in self.marks[place].cues or "so is" in self.marks[place].text.lower():
                break
            place += 1
        if place + 1 >= len(self.marks):
            return
        head, next_ = self.marks[place], self.marks[place + 1]
        if (head.kind == "item" or "this" in head.cues) and next_.cues & {"verb", "also", "echo", "share"} and self.verb:
            self._flush()
            said = self.subject
            self.own = False
            self._clause(at + 1)
            self.subject = said

    def _you(self, at: int) -> None:
        """«you bought …», «you like …», «you may like …», and «… you bought» behind a noun."""
        act = self._act(at)
        if act is None:
            self._flush()
            return
        if act == "modal":
            self._flush()
            self.own, self.subject, self.lead = False, [self.item], False
            return
        behind = self._last(at)
        if self.waiting and behind is not None and behind.kind in ("value", "word", "cue") and not behind.cues & {"verb"}:
            self._flush_history()
        self._flush()
        if act == "denied":
            return
        self.own, self.fancy, self.attached = True, act == "fancying", None
        self.apposed, self.before = self.before[-1:] or None, []  # «with <thing> you have something navy»

    def _act(self, at: int) -> str | None:
        """What «you» do here: owning, fancying, modal, denied, or None."""
        for mark in self.marks[at + 1 : at + 6]:
            if "modal" in mark.cues:
                return "modal"
            if "not" in mark.cues:
                return "denied"
            if "fancying" in mark.cues and "owning" not in mark.cues:
                return "fancying"
            if "owning" in mark.cues and mark.text.lower() not in ("have", "had"):
                return "owning"
            if mark.kind in ("item", "value", "number") or mark.cues & {"the"}:
                return "owning"
            if mark.kind == "stop":
                break
        said = [mark.text.lower() for mark in self.marks[at + 1 : at + 3]]
        return "owning" if "have" in said or "own" in said else None

    def _modal(self, at: int) -> bool:
        return self._act(at) == "modal"

    def _by(self, at: int, mark: Mark) -> None:
        """A preposition: it keeps hold of the thing before it, or gives what waits to the thing behind it."""
        said = mark.text.lower()
        if self.waiting and said in ("of", "in", "from", "on") and (thing := self._object(at)) is not None:
            echoes = any("echo" in one.cues for one in self._span(at))
            self._flush([thing, *([self.item] if echoes else [])])
        else:
            self._flush()
        if said not in ATTACH or (self.marks[at - 1].kind != "item" and self.marks[at - 1].kind != "value"):
            self.attached = None

    def _object(self, at: int) -> int | None:
        """The thing directly behind a preposition, if it is named."""
        for mark in self.marks[at + 1 : at + 5]:
            if mark.kind == "item":
                return self._resolve(mark)
            if not mark.cues & {"the", "your"}:
                return None
        return None

    # ------------------------------------------------------------------ claims

    def _flush(self, things: list[int] | None = None) -> None:
        """What waits is said of `things`, or of whom it must be."""
        if not self.waiting:
            return
        if things is None and self.attached is None and self.apposed is None and (
            self.own or self.your or self.fancy or self.count is not None
        ):
            self._flush_history()
            return
        if things is None:
            at = self.marks.index(self.waiting[-1].mark)
            cues = frozenset().union(*(mark.cues for mark in self._span(at)))
            if self.attached is not None:
                things = [self.attached]
            elif cues & {"both", "share", "same"} and self.apposed is None:
                things = self.everyone(at)
            else:
                things = self.holder
            if "also" in cues and self.item not in things:
                things = [*things, self.item]
            elif any(one.text.lower() == "equally" for one in self._span(at)) and self.newest is not None:
                things = [*things, self.newest]
        for said in self.waiting:
            self.claims += [Has(thing, said.mark.facts, said.denied) for thing in dict.fromkeys(things)]
        self.waiting = []

    def _flush_history(self) -> None:
        values = tuple(said.mark.facts for said in self.waiting)
        denied = any(said.denied for said in self.waiting)
        beside = tuple(self._resolve(self.marks[place]) for place in self.places) if self.beside else ()
        if denied:
            self.claims.append(Some(values, 0, 0))
        elif self.count == (-1, None):
            self.claims.append(Some(values, share=0.5, recent=self.recent))
        elif self.count is not None:
            self.claims.append(Some(values, *self.count, beside=beside, recent=self.recent))
        else:
            self.claims += [Some((value,)) for value in values] if self.fancy else [Some(values)]
        self.waiting, self.count, self.beside = [], None, False

    def _alike(self, at: int, column: str, denied: bool) -> None:
        things = tuple(dict.fromkeys(self.everyone(at)))
        if len(things) > 1:
            self.claims.append(Alike(things, column, denied))

    def _compare(self, at: int, cues: frozenset[str]) -> None:
        """Prices: this one's and that of the next thing named, or of the one named last."""
        behind = [mark for mark in self.marks[at + 1 :] if mark.kind == "item" or "this" in mark.cues]
        one = self.before[-1] if self.before and not self.verb else self.holder[0]
        if behind:
            other = self._resolve(behind[0]) if behind[0].kind == "item" else self.item
        elif self.newest is not None and self.newest != one:
            other = self.newest
        else:
            return
        if "same price" in cues:
            self.claims.append(Alike((one, other), PRICES[0]))
        else:
            self.claims.append(Cheaper(one, other) if "cheaper" in cues else Cheaper(other, one))

    def _ordered(self, at: int, place: int) -> None:
        """Which thing was bought last, or first: the next one named, else the last one."""
        if (behind := [where for where in self.places if where > at]) or self.newest is not None:
            thing = self._resolve(self.marks[behind[0]]) if behind else self.newest
            assert thing is not None
            self.claims.append(Owned(thing, place))

    def everyone(self, at: int) -> list[int]:
        """Whom words of likeness join at `at`."""
        before = [self._resolve(self.marks[place]) for place in self.places if place < at]
        if self._has_this(at):
            before.append(self.item)
        every = [self._resolve(self.marks[place]) for place in self.places]
        if any("this" in mark.cues for mark in self.marks) or len(set(every)) < 2:
            every.append(self.item)
        before, every = list(dict.fromkeys(before)), list(dict.fromkeys(every))
        share = any("share" in mark.cues for mark in self._span(at))
        return every if len(before) < 2 else before if share else before[-2:] if len(every) > 2 and not share else before

    # ------------------------------------------------------------------ looking about

    def _resolve(self, mark: Mark) -> int:
        """Which of several items of one title is meant."""
        for thing in mark.items:
            if thing == self.item and not self.own and not self.your:
                return thing
        return next((thing for thing in mark.items if thing in self.history), mark.items[0])

    def _span(self, at: int) -> Sequence[Mark]:
        """The clause around `at`, between stops."""
        begin = at
        while begin > 0 and not _stops(self.marks[begin - 1]):
            begin -= 1
        end = at
        while end < len(self.marks) and not _stops(self.marks[end]):
            end += 1
        return self.marks[begin:end] if begin < end else ()

    def _breath(self, at: int) -> bool:
        """Whether what waits stands in one breath with the thing at `at`."""
        place = at - 1
        while place >= 0 and (self.marks[place].kind in ("word", "value") or self.marks[place].cues & {"and", "the", "your"}):
            if self.waiting and self.marks[place] is self.waiting[0].mark:
                return True
            place -= 1
        return False

    def _has_this(self, at: int) -> bool:
        return any("this" in mark.cues for mark in self.marks[:at])

    def _prefixed(self, at: int) -> bool:
        """«this» behind «like», as in «something like this»."""
        return at > 0 and "like" in self.marks[at - 1].cues

    def _next(self, at: int) -> Mark | None:
        return next((mark for mark in self.marks[at + 1 :] if mark.text not in QUIET), None)

    def _last(self, at: int) -> Mark | None:
        return next((mark for mark in reversed(self.marks[:at]) if mark.text not in QUIET), None)

    def _next_text(self, at: int) -> str:
        return self.marks[at + 1].text.lower() if at + 1 < len(self.marks) else ""

    def _last_is(self, at: int, cue: str) -> bool:
        """Whether «you» stands a few words before, so that «like» is a verb."""
        return any(cue in mark.cues for mark in self.marks[max(at - 3, 0) : at])

    def _cents(self, mark: Mark) -> float:
        return 0.05 if mark.number != int(mark.number) else 0.5


ENDING = ";:—–"


def _stops(mark: Mark) -> bool:
    return mark.kind == "stop" and mark.text in ",;:—–()"
