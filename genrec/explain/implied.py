"""What a sentence says without saying it: «another», «also», «your navy bag, <thing>», «<thing> shows that you like …».

Finds whom else a value is said of; `genrec.explain.sayings` makes the claims.
"""

from __future__ import annotations

from genrec.explain.claims import Has
from genrec.explain.phrases import SHOWING
from genrec.explain.state import State

AGAIN = ("another", "more", "more of", "additional", "further", "second", "else")
"""Before a value: something else has it as well."""


class Implied(State):
    """Of whom else."""

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
