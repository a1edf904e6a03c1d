"""What a sentence says of two things at once: alike or different in a column, dearer or cheaper, one against the other.

See `genrec.explain.reader` for the whole; a value by itself is the business of `genrec.explain.sayings`.
"""

from __future__ import annotations

from genrec.explain.claims import Agree, Alike, Cheaper, Has, Shares
from genrec.explain.gazetteer import PRICES
from genrec.explain.sayings import Sayings

AGAINST = frozenset(("although", "though", "even though", "but", "yet", "however", "despite"))
"""Words that set what one thing has against what the other has."""
LIKENESS = frozenset(
    ("also", "both", "same", "share", "every", "as", "cheaper", "dearer", "same price", "like", "unlike")
)
HAS = frozenset(("is", "are", "'s", "it's", "has", "have", "comes", "come", "matches", "match"))
"""Verbs by which something has the colour, the style … of a thing."""


class Relations(Sayings):
    """Claims about pairs."""

    def _alike(self, at: int, column: str, denied: bool) -> None:
        things = tuple(self.everyone(at))
        if len(things) > 1:
            self.claims.append(Alike(things, column, denied))

    def _differs(self, at: int) -> bool:
        """Whether the column named at `at` is said to differ: «in a different colour», «differ in colour»."""
        view, places = self.view, self.view.clause(at)
        for place in places:
            if "differ" not in view.marks[place].cues and not (
                view.said(place) in ("another", "other") and view.said(at + 1) == "than"
            ):
                continue
            between = range(min(place, at) + 1, max(place, at))
            bound = place + 1 < len(view.marks) and view.marks[place + 1].kind == "name"
            if bound and any(
                view.marks[one].kind not in ("name", "word") and view.said(one) != "and" for one in between
            ):
                continue
            if place > at and any(view.marks[one].kind == "name" for one in between):
                continue
            but = [one for one in between if view.said(one) == "but"]
            if not but or "not" in view.marks[but[-1] + 1].cues:
                return True
        return False

    def _of(self, at: int, column: str) -> bool:
        """«has the colour of <thing>», «its brand is that of <thing>»: whether that is what stands at `at`."""
        view = self.view
        there = at + 1
        if view.said(there) == "of" and view.objects(there) == [self.item] and view.next(there) is not None:
            there += 2  # «the colour of <item> is that of <thing>»
        while there < len(view.marks) and (
            view.said(there) in ("is", "are", "not", "isn't", "the", "same", "as", "that")
            or (there > at + 1 and "same" in view.marks[there].cues)
        ):
            there += 1
        if there > at + 1 and view.said(there - 1) != "that":
            return False
        things = view.objects(there) if view.said(there) == "of" else []
        if view.said(at + 1) == "of" and there == at + 1:
            begin = at - 1
            while view.said(begin) in ("the", "very", "exact", "same", "in", "by", "from", "of"):
                begin -= 1
            if begin == at - 1 or (view.said(begin) not in HAS and "not" not in view.marks[max(begin, 0)].cues):
                things = []
        if not things or self.item in things:
            return False
        self.claims.append(
            Alike((self.item, *things), column, self.now.denied or "not" in view.cues_in(range(at, there)))
        )
        return True

    def _compare(self, at: int, cues: frozenset[str]) -> None:
        """Prices: of what was said before and of all that is named next, or of the one named last."""
        view, now = self.view, self.now
        ones = now.before if now.before and not now.verb else self.holder
        ones = ones if len(ones) > 1 and self._joined(at) else ones[-1:]
        others = [one for one in view.row(at) if one not in ones]
        if not others and view.said(at + 1) == "of":  # «the cheaper of the two»
            others = [one for one in self.everyone(at) if one not in ones]
        if not others and "same price" in cues and len(ones) > 1:
            self.claims.append(Alike(tuple(ones), PRICES[0], now.denied))
            return
        if not others and self.newest is not None and self.newest not in ones:
            others = [self.newest]
        for one in ones:
            for other in others:
                if "same price" in cues and now.denied:
                    self.claims.append(Cheaper(other, one) if "cheap" in view.said(at) else Cheaper(one, other))
                elif "same price" in cues:
                    self.claims.append(Alike((one, other), PRICES[0]))
                else:
                    pair = (one, other) if "cheaper" in cues else (other, one)
                    self.claims.append(Cheaper(*pair, now.denied))

    def _joined(self, at: int) -> bool:
        """Whether things before `at` are named together, as «<thing> and <thing>»."""
        places = [place for place in self.view.places if place < at]
        return len(places) > 1 and any(self.view.said(place) in ("and", "or", "nor") for place in range(*places[-2:]))

    def _matches(self, at: int, things: list[int]) -> None:
        """«its cotton matches the linen of <thing>»: two words for one value."""
        view = self.view
        begin = view.marks.index(self.waiting[0][0]) - 1
        while begin >= 0 and view.marks[begin].cues & {"the", "your"}:
            begin -= 1
        same = view.said(begin) in ("matches", "match", "equals") or view.said(begin).startswith(("same", "the same"))
        same = same or (view.said(begin) == "as" and "same" in view.cues_in(range(max(begin - 2, 0), begin)))
        before = range(view.clause(at).start, max(begin, 0))
        if same and self.group and not any(view.marks[place].kind == "item" for place in before):
            for thing in things:
                self.claims.append(Agree(self.item, thing, self.group[-1], self.waiting[-1][0].facts))

    def _too(self, things: list[int]) -> None:
        """What was said last of others is said of `things` as well."""
        former = [claim for claim in self.claims if isinstance(claim, Has) and claim.item not in things]
        last = [claim for claim in former if claim.facts in self.group] or former
        self.claims += [Has(one, claim.facts, claim.denied) for one in things for claim in last]

    def _contrary(self, at: int) -> bool:
        """Whether what was denied just before «like» at `at` is said of the thing behind it: «not red like <thing>»."""
        last, view = self.claims[-1] if self.claims else None, self.view
        denied = isinstance(last, Has) and last.denied and last.item == self.item and [last.facts] == self.group[-1:]
        return denied and view.marks[at - 1].kind in ("value", "word") and bool(view.objects(at))

    def _contrasts(self) -> None:
        """«although <thing> is minimal, this one is clean-lined»: nothing differs if both words say one value."""
        view = self.view
        if LIKENESS & view.cues or not any(view.said(at) in AGAINST for at in range(len(view.marks))):
            return
        if any(mark.kind in ("amount", "name") or mark.text.lower() in ("still", "equally") for mark in view.marks):
            return
        said = [claim for claim in self.claims if isinstance(claim, Has)]
        if any(claim.denied for claim in said):
            return
        own = [claim.facts for claim in said if claim.item == self.item]
        for thing in dict.fromkeys(claim.item for claim in said if claim.item != self.item):
            theirs = [claim.facts for claim in said if claim.item == thing]
            if own and all(any(one & two for two in theirs) for one in own):
                self.claims += [Shares(self.item, thing, one, denied=True) for one in own]
