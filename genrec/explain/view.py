"""A sentence to look about in: neighbours, clauses, things by name. Decides nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from genrec.explain.gazetteer import Mark, stem
from genrec.explain.plain import PLAIN

QUIET = frozenset("-'\"“”‘’«»/*&%")
"""Signs that end nothing."""
STOPS = frozenset(",;:—–()")
PHRASE = frozenset(
    (
        "the",
        "your",
        "by",
        "verb",
        "not",
        "also",
        "both",
        "like",
        "as",
        "owning",
        "fancying",
        "which",
        "but",
        "same",
        "every",
        "lead",
    )
)
"""Cues behind which a noun phrase or what is said of one begins."""
INSIDE = frozenset(("this", "these", "its", "their", "something", "anything", "says", "whose"))


class View:
    """marks: of one sentence, without quiet signs. item: the recommended one. history: the things of the person."""

    def __init__(
        self, marks: Sequence[Mark], item: int, history: Collection[int], allowed: Collection[str] = ()
    ) -> None:
        self.marks = [mark for mark in marks if mark.kind != "stop" or mark.text not in QUIET]
        self.item, self.history, self.allowed = item, history, allowed
        self.places = [at for at, mark in enumerate(self.marks) if mark.kind == "item"]
        self.text = " ".join(mark.text.lower() for mark in self.marks)
        self.cues = frozenset().union(*(mark.cues for mark in self.marks)) if self.marks else frozenset()

    def next(self, at: int) -> Mark | None:
        return self.marks[at + 1] if at + 1 < len(self.marks) else None

    def last(self, at: int) -> Mark | None:
        return self.marks[at - 1] if at else None

    def said(self, at: int) -> str:
        """The text of the mark at `at`, in lower case; empty outside the sentence."""
        return self.marks[at].text.lower() if 0 <= at < len(self.marks) else ""

    def clause(self, at: int) -> range:
        """The places of the clause around `at`, between stops; empty at a stop."""
        begin = end = at
        while begin > 0 and not stops(self.marks[begin - 1]):
            begin -= 1
        while end < len(self.marks) and not stops(self.marks[end]):
            end += 1
        return range(begin, end)

    def cues_in(self, places: range) -> frozenset[str]:
        return frozenset().union(*(self.marks[at].cues for at in places))

    def resolve(self, mark: Mark, *, owned: bool = False) -> int:
        """Which of several items of one title is meant. owned: a thing of the history rather than the item."""
        if self.item in mark.items and not owned:
            return self.item
        return next((thing for thing in mark.items if thing in self.history), mark.items[0])

    def things(self, places: Sequence[int]) -> list[int]:
        return list(dict.fromkeys(self.resolve(self.marks[at]) for at in places))

    def breath(self, at: int, first: Mark) -> bool:
        """Whether from `first` to `at` there is nothing but one noun phrase."""
        place = at - 1
        while place >= 0 and (
            self.marks[place].kind in ("word", "value") or self.marks[place].cues & {"and", "the", "your"}
        ):
            if self.marks[place] is first:
                return True
            place -= 1
        return False

    def objects(self, at: int) -> list[int]:
        """The things directly behind a preposition, if they are named: one, or several joined by «and»."""
        found: list[int] = []
        for mark in self.marks[at + 1 :]:
            if mark.kind == "item":
                found.append(self.resolve(mark))
            elif not (mark.cues & {"the", "your"} or (mark.cues & {"and"} and found)):
                break
        return found

    def act(self, at: int) -> str | None:
        """What «you» at `at` do: modal (may like), denied, fancying, owning, or None."""
        for mark in self.marks[at + 1 : at + 6]:
            if mark.kind == "item" and "so" in self.cues_in(self.clause(at)):
                return "modal"  # «we show you <thing>»
            if mark.cues & {"modal", "seeking"} or mark.text.lower() in ("see", "get", "find"):
                return "modal"
            if "not" in mark.cues:
                return "denied"
            if "fancying" in mark.cues and "owning" not in mark.cues:
                return "fancying"
            if "owning" in mark.cues and mark.text.lower() not in ("have", "had"):
                return "owning"
            if mark.kind in ("item", "value", "number") or "the" in mark.cues:
                return "owning"
            if mark.kind == "stop":
                break
        behind = [self.said(place) for place in range(at + 1, at + 3)]
        return "owning" if "have" in behind or "own" in behind else None

    def strange(self, at: int) -> bool:
        """Whether the word at `at` names or describes something in a word that nothing at hand has."""
        mark, before, after = self.marks[at], self.last(at), self.next(at)
        lower = mark.text.lower()
        if stem(lower) in self.allowed or lower == "i":
            return False
        if mark.text[0].isupper() and before is not None and before.kind != "stop":
            return True
        if lower in PLAIN or stem(lower) in PLAIN:
            return False
        if before is None:
            named = after is not None and (
                bool(after.cues & {"verb"}) or (after.kind == "word" and after.text[0].isupper())
            )
            return named and mark.text[0].isupper() and not lower.endswith("ing")
        if mark.text[0].isupper():
            return True
        if lower.endswith("ly"):
            return False
        listed = at > 1 and self.marks[at - 2].kind in ("value", "name")
        if (before.kind == "stop" or "so" in before.cues) and self._yours(at):
            return True
        if before.kind == "stop":
            return after is None or after.kind in ("stop", "value") or bool(after.cues & {"by", "and"})
        if self.said(at + 1) == "in common":
            return True
        acts = lower.endswith(("s", "ed", "ing"))
        if len(lower) > 6 and lower.endswith("ed") and after is not None and "by" in after.cues:
            return False  # «interested in»
        if (
            after is not None
            and after.kind == "value"
            and not acts
            and not before.cues & {"you", "so", "both", "modal"}
        ):
            return True
        if "and" in before.cues and listed:
            return not acts
        if before.kind in ("value", "name", "item"):
            return not acts and before.kind != "item"
        if before.kind == "word" and before.text.lower() in PLAIN:
            place = at - 1
            if self.said(place) in INSIDE:
                return True
            while place >= 0 and self.marks[place].kind == "word" and self.said(place) in PLAIN:
                place -= 1
            before = self.marks[place] if place >= 0 else None
            return before is not None and not acts and self._opens(before)
        return self._opens(before)

    def _yours(self, at: int) -> bool:
        """Whether the word at `at` is said to be somebody's colour, style …: «magenta seems to be your colour»."""
        place = at + 1
        while place < len(self.marks) and (
            self.marks[place].kind in ("word", "number")
            or self.marks[place].cues & {"verb", "modal"}
            or self.said(place) in ("of", "one of", "to")
        ):
            place += 1
        after = self.next(place)
        return self.said(place) == "your" and place > at + 1 and after is not None and after.kind == "name"

    def _opens(self, mark: Mark) -> bool:
        """Whether a noun phrase, or what is said of one, may begin behind `mark`."""
        said = mark.text.lower()
        return (
            (bool(mark.cues & PHRASE) and said not in ("to", "have", "had")) or said in INSIDE or mark.kind == "value"
        )


def stops(mark: Mark) -> bool:
    return mark.kind == "stop" and mark.text in STOPS
