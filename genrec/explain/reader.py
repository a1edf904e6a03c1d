"""What a sentence claims: a shallow reading of English, left to right, in one pass over its marks.

Whoever a value is said of is found as a person would without thinking: the thing named in the same breath («the navy
<thing>», «<thing> in navy», «your navy …»), else the subject of the clause, else the recommended item. Words of
likeness (both, share, same, like, as … as) spread a value over several things, words of denial turn it round.

The reading leans to the strict side: a claim it may have misunderstood costs a sentence, a false one costs trust.
"""

from __future__ import annotations

from genrec.explain.claims import Alike, AnyOf, Claim, Has, Known, Owned, Shares, Unknown
from genrec.explain.clauses import Clauses
from genrec.explain.gazetteer import Mark
from genrec.explain.phrases import NOVEL
from genrec.explain.sayings import BARE
from genrec.explain.view import stops

FULL = frozenset(";:—–()")
"""Stops behind which somebody else may be spoken of."""
RELATES = frozenset(
    (
        "belongs",
        "belong",
        "has",
        "shares",
        "shows",
        "chose",
        "bought",
        "liked",
        "picked",
        "likes",
        "wears",
        "features",
        "know",
    )
)
"""Words by which what stands before «that» is said of the thing behind it."""
SO = frozenset(
    (
        "so is",
        "so are",
        "so was",
        "so were",
        "as was",
        "as were",
        "so does",
        "so do",
        "as is",
        "as are",
        "as does",
        "as do",
        "too",
        "as well",
    )
)
"""What was said holds of the next thing too."""
NEEDS = ("needs", "deserves", "craves")
"""What the recommended item would be to a thing."""
HABITS = ("often", "usually", "typically", "frequently", "generally", "commonly")


class Reading(Clauses):
    """The pass: `Reading(marks, item, history, allowed).read()`."""

    def read(self) -> list[Claim]:
        """All claims, in the order in which they are made."""
        self._begin(0)
        for at, mark in enumerate(self.view.marks):
            getattr(self, f"_{mark.kind}")(at, mark)
        self._flush()
        self._contrasts()
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
            self.claims += [Has(thing, facts) for facts in now.contrary]
            if view.said(at - 1) == "one":
                self.claims += [Alike((self.item, thing), one.column) for one in view.marks if one.kind == "name"]
        if not (now.verb or self.own or now.like or now.unlike or now.people):
            now.before.append(thing)
        places = view.clause(at)
        if {view.said(place) for place in places} & SO and not any(
            view.marks[place].kind == "value" for place in places
        ):
            # «… and so is <thing>», «<thing> is too»: what was said of the one before.
            self._too([thing])
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
        differs = self._differs(at)
        keeps = self.view.said(at - 1) in ("its", "the") and "echo" in self.view.marks[max(at - 2, 0)].cues
        if differs or cues & {"same", "share"} or aside or keeps or self.view.said(at - 1) == "that":
            self._alike(at, column, differs != self.now.denied)
        elif self._of(at, column):
            return
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

    def _word(self, at: int, mark: Mark) -> None:
        lower = mark.text.lower()
        self.beside |= lower == "other" and self.count is not None
        if lower in ("last", "first") and self.own and at and self.view.marks[at - 1].kind == "item":
            self.claims.append(Owned(self.newest or self.item, -1 if lower == "last" else 0))
        if self.now.people and lower in HABITS:
            self.own = False
        if lower in NEEDS:
            self._needs(lower)
        if lower == "whose" and self.group and self.view.marks[max(at - 2, 0)].kind == "value":
            self.now.relative = self.group[-1:]  # «from Halvt, whose <thing> you bought»
        if lower == "meets" and self.waiting and self.newest is not None:
            self._flush([self.item])  # «picture it with <thing>: navy meets white»
            self.subject, self.now.apposed = [self.newest], None
        if lower == "most" and self.view.said(at + 1) == "of":
            self.count = (-1, None)
        if self.view.strange(at):
            self.claims.append(Unknown(mark.text))

    def _stop(self, at: int, mark: Mark) -> None:
        self._flush()
        full, view = mark.text in FULL, self.view
        joined = at > 0 and any("in common" in view.said(place) for place in view.clause(at - 1))
        aside = mark.text in "(—–" and at and self.view.marks[at - 1].kind == "item"
        if full:
            self.own, self.subject = False, self.kept or [self.item] if mark.text == ")" else [self.item]
        if joined and mark.text == ":":
            self.subject = self.everyone(at)  # «… have a lot in common: the style and the colour»
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
                self._known(at)  # «the coat that you bought»
            self._flush()
            if now.attached is not None and view.marks[at - 1].kind == "item":
                now.apposed = [now.attached]
                now.relative = [] if view.said(at + 1) == "you" else now.relative
        elif "also" in cues and said != "also" and view.bare(at):
            self._flush()  # «… and this one is too»
            self._too(self.holder)
        elif "the" in cues or "also" in cues:
            pass
        elif "by" in cues and not (at == 0 and "lead" in cues):
            self._by(at, said)
        elif said in ("have", "had") and now.before and not now.verb:
            self._flush()
            self._acts(said)
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
        if said in NEEDS:
            self._needs(said)
        if "people" in cues:
            now.people = self.own = True
        if now.people and "modal" in cues:
            self.own = False
        if "other" in cues and self.newest is not None:
            self.own, self.subject = False, [self.newest]
        if cues & {"verb", "echo", "share"}:
            self._acts(said)
        if cues & {"cheaper", "dearer", "same price"} and (
            said not in BARE or view.objects(at) or view.said(at + 1) == "what"
        ):
            self._compare(at, cues)
            if said.startswith(("cost", "undercut")):
                self._acts(said)
        if (
            "both" in cues
            and at
            and stops(view.marks[at - 1])
            and view.clause(at).stop <= at + 4
            and not ({view.marks[place].kind for place in view.clause(at)} & {"item", "value"})
        ):
            self.claims += [Has(thing, facts) for facts in self.group for thing in self.everyone(at)]
        if "this" in cues and not (said in ("this", "these") and at and "like" in view.marks[at - 1].cues):
            self._here(said)
        if "your" in cues:
            now.your = view.said(at + 1) not in NOVEL
        if "taste" in cues:
            now.fancy |= view.said(at + 1) in ("for", "of", "in", "towards")
            now.pool, now.your = now.your, False
        now.denied = "not" in cues or (now.denied and "but" not in cues)
        if "so" in cues:
            self.own, self.subject, self.lead = False, [self.item], False
        if "beside" in cues or said in ("because", "since"):
            self.own = False
        if "so" in cues or "but" in cues or (at and ("beside" in cues or said in ("because", "since"))):
            self._begin(at + 1)
        now = self.now
        if ("like" in cues or ("as" in cues and now.equal)) and self._contrary(at):
            now.contrary = self.group
        elif "like" in cues and not any("you" in view.marks[place].cues for place in range(max(at - 3, 0), at)):
            now.like, now.attached = True, None
        if "unlike" in cues:
            now.unlike, now.attached = True, None
        if "as" in cues:
            aside = at and stops(view.marks[at - 1]) and not view.cues_in(view.clause(at)) & {"verb", "you"}
            now.like, now.equal = now.equal or bool(aside and view.objects(at)), True
        if cues & {"last", "first"}:
            self._ordered(at, -1 if "last" in cues else 0)
        if "several" in cues and (self.own or now.fancy):
            self.count = (2, None)
