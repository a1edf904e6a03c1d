"""Where clauses begin and whose they are: subjects, asides, lists, «you bought», «this», prepositions."""

from __future__ import annotations

from dataclasses import replace

from genrec.explain.claims import Has, Some
from genrec.explain.gazetteer import Mark
from genrec.explain.relations import Relations
from genrec.explain.state import Clause

ATTACH = frozenset(("in", "of", "from", "by", "made of", "made from", "made in", "made by", "cut from", "cut in",
                    "crafted from", "crafted in", "crafted of"))  # fmt: skip
"""Prepositions behind a thing that keep hold of it."""
ASKS = frozenset(("try", "consider", "meet", "discover", "enjoy", "see"))
"""Behind a comma: what follows is the recommended item."""


class Clauses(Relations):
    """The turns that a reading takes at stops, pronouns and small words."""

    def _begin(self, at: int, behind: Mark | None = None, *, comma: bool = False) -> None:
        """A clause begins at `at`; behind: what stood before the comma."""
        view, former = self.view, self.now
        places = view.clause(at) if at < len(view.marks) else range(0)
        if former.before and not former.verb:
            self.kept = former.before
        self.now, self.count, self.beside = Clause(), None, False
        if not places:
            return
        first, cues = view.marks[at], view.cues_in(places)
        if not comma:
            self.lead = bool(first.cues & {"lead", "as", "like", "unlike"})
            return
        if former.before and not former.verb and not self.lead and first.kind == "item":
            self.now.before = list(former.before)  # «<thing>, <thing> and <thing> are …»
        thing = behind is not None and behind.kind == "item"
        aside = [self.newest] if self.newest is not None else None
        verb = bool(cues & {"verb", "you", "echo", "share", "so", "modal"})
        named = any(view.marks[place].kind == "item" for place in places) or bool(cues & {"this", "your", "you"})
        last = places.stop >= len(view.marks) - 1
        listed = first.kind == "value" and former.apposed is not None and not verb and not named
        yours = "your" in first.cues and thing and not any(view.marks[place].kind == "item" for place in places)
        if "which" in first.cues:
            self.now.apposed = aside
            self.now.relative = self.group[-1:] if behind is not None and behind.kind == "value" else []
        elif first.text.lower() in ASKS:
            self.subject, self.own, self.lead = [self.item], False, False
        elif behind is not None and "yours" in behind.cues:
            self.now.relative = self.group  # «that coat of yours, <thing>»
        elif "verb" in first.cues and self.kept:
            self.subject, self.kept, self.own = self.kept, [], False
        elif (thing and not named and not (self.lead and (verb or last))) or (yours and not verb):
            self.now.apposed = aside
        elif listed:
            self.now.apposed = former.apposed  # «<thing> (navy, cotton)»
        elif self.own and not verb and not cues & {"this", "so"} and not (self.lead and last and not named):
            pass  # the list of what was bought goes on
        elif (self.lead and (verb or last or not thing)) or self.own:
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

    def _needs(self, said: str) -> None:
        """«your <thing> needs a navy coat»: that coat is the recommended item."""
        if self.newest is not None and not self.now.verb:
            self._flush()
            self._acts(said)
            self.subject, self.now.apposed, self.own = [self.item], None, False

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
        while place < len(view.marks) and (
            view.marks[place].cues & {"the", "your"} or view.marks[place].kind == "value"
        ):
            place += 1
        head, after = (view.marks[place] if place < len(view.marks) else None), view.next(place)
        acts = after is not None and bool(after.cues & {"verb", "also", "echo", "share", "modal"})
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
            self._known(at)
        self._flush()
        if act == "modal":
            self.own, self.subject, self.lead = False, [self.item], False
        elif act in ("owning", "fancying"):
            self.own, now.fancy, now.attached = True, act == "fancying", None
            said_of = (
                [] if behind is not None and "which" in behind.cues and now.before[-1:] == [self.item] else now.before
            )
            now.apposed, now.before = said_of[-1:] or None, []  # «with <thing> you have something navy»

    def _known(self, at: int) -> None:
        """«the style you know from <thing>»: the thing has it too; «the coat you bought»: one of the history is."""
        from_ = [place for place in self.view.clause(at) if place > at and self.view.said(place) in ("from", "in")]
        things = self.view.objects(from_[0]) if from_ else []
        if things:
            self._flush([self.item, *things])
        else:
            self._history()

    def _by(self, at: int, said: str) -> None:
        """A preposition: it keeps hold of the thing before it, or gives what waits to the thing behind it."""
        view, now = self.view, self.now
        both = view.said(at + 1) == "both" or "and in" in view.text
        if (
            self.waiting
            and said in ("of", "in", "from", "on")
            and (things := view.row(at) if both else view.objects(at))
        ):
            self._matches(at, things)
            self._flush([*things, *([self.item] if "echo" in view.cues_in(view.clause(at)) else [])])
        elif self.waiting and said == "of" and view.said(at + 1) in ("you", "yours"):
            self._history()
        elif said == "with" and self.own and (things := view.objects(at)):
            self._flush()
            self._instanced(things)
        else:
            self._flush()
        if said not in ATTACH or view.marks[at - 1].kind not in ("item", "value"):
            now.attached = None
        now.your = now.this = False
        if said == "with" and now.mixes and self.subject != [self.item]:
            self.subject = [self.item]

    def _instanced(self, things: list[int]) -> None:
        """«you chose navy before, with <thing>»: the thing is what was meant."""
        last = self.claims[-1] if self.claims else None
        if isinstance(last, Some) and last == Some(last.facts) and self.view.said(self.view.places[0] - 1) == "with":
            self.claims[-1] = replace(last, among=tuple(things))
