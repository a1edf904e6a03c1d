"""Which words of a sentence belong together: lists of things, another name of a thing, what is shown by what.

Decides nothing either; `genrec.explain.view` has the ways to look about, this what is found.
"""

from __future__ import annotations

from genrec.explain.view import View

SHOWING = frozenset(
    (
        *(
            "shows",
            "show",
            "tells",
            "tell",
            "suggests",
            "suggest",
            "says",
            "say",
            "reveals",
            "reveal",
            "proves",
            "prove",
        ),
        *("proof", "indicates", "indicate", "means", "clear", "evident", "obvious", "visible"),
    )
)
"""A thing before these shows what its owner likes."""
FAVOURITES = ("favourite", "favourites", "favorite", "favorites")
NOVEL = ("kind", "type", "sort", "next", "new", "future", "first", "second", "third")
"""Behind «your»: not yet there."""
EVIDENCE = frozenset(("because of", "seeing", "judging by", "going by", "based on"))


class Phrases(View):
    """A sentence with its longer phrases."""

    def row(self, at: int) -> list[int]:
        """The same, wherever behind `at` the first of them comes, also «both <thing> and …»; «this» is the item."""
        found: list[int] = []
        for place, mark in enumerate(self.marks[at + 1 :], at + 1):
            if mark.kind == "item" or "this" in mark.cues:
                found.append(self.resolve(mark) if mark.kind == "item" else self.item)
            elif found and not (
                mark.cues & {"the", "your", "and"} or mark.text.lower() in ("from", "in", "of") or self._listed(place)
            ):
                break
        return list(dict.fromkeys(found))

    def _listed(self, at: int) -> bool:
        """Whether the comma at `at` is one of «<thing>, <thing> and <thing>»."""
        while self.said(at) == "," and at + 2 < len(self.marks) and self.marks[at + 1].kind == "item":
            if "and" in self.marks[at + 2].cues:
                return True
            at += 2
        return False

    def apposed(self, at: int, own: bool = False) -> int | None:
        """The thing of the history that the noun phrase around `at` is another name of: «your navy bag, <thing>», «the
        bag you bought, <thing>,»; own: «you bought a navy bag, <thing>.»."""
        begin, end = at, at + 1
        while begin > 0 and self.marks[begin - 1].kind in ("word", "value"):
            begin -= 1
        while end < len(self.marks) and (
            self.marks[end].kind in ("word", "value")
            or self.marks[end].cues & {"you", "your", "yours", "owning", "taste"}
            or self.said(end) in ("in", "from", "of")
        ):
            end += 1
        owned = any(mark.cues & {"you", "your", "yours"} for mark in self.marks[max(begin - 1, 0) : end])
        after = self.next(end)
        if (
            not (owned or own)
            or self.said(end) not in (",", "was", "is", "were")
            or after is None
            or after.kind != "item"
        ):
            return None
        ends = self.next(end + 1)
        if own and not owned and self._goes_on(end + 2):
            return None
        if ends is not None and ends.kind != "stop" and "verb" not in ends.cues:
            return None
        thing = self.resolve(after, owned=True)
        return None if thing == self.item else thing

    def bare(self, at: int) -> bool:
        """Whether «too» at `at` stands by itself behind a verb: «this one is too»."""
        before, after = self.last(at), self.next(at)
        return before is not None and "verb" in before.cues and (after is None or after.kind == "stop")

    def _goes_on(self, at: int) -> bool:
        """Whether from the comma at `at` a list goes on: «…, <thing>», «…, and <thing>», «…, and a coat»."""
        after = at + 2 if "and" in self.marks[min(at + 1, len(self.marks) - 1)].cues else at + 1
        listed = self.said(at) == "," and after < len(self.marks)
        return listed and (
            self.marks[after].kind in ("item", "value") or bool(self.marks[after].cues & {"the", "your"})
        )

    def proof(self) -> tuple[int, list[int]]:
        """Things that show what a person likes, and where the last of them stands: «thanks to <thing> we know that you
        …», «<thing> shows that you …», «…, as <thing> shows». (-1, []) where there is none."""
        first = next((mark for mark in self.marks if mark.kind != "stop"), None)
        told = next((at for at, mark in enumerate(self.marks) if mark.text.lower() in SHOWING), None)
        if told is not None:
            near = [at for at in self.places if at in self.clause(told)]
            if near and (near[0] < told or self.said(told + 1) in ("from", "of")):
                return near[-1], self.things(near)
        if first is None or not (first.cues & {"lead"} or first.text.lower() in EVIDENCE):
            return -1, []
        places = [at for at in self.places if at in self.clause(0)]
        if not places or any(mark.cues & {"you", "this"} for mark in self.marks[: places[0]]):
            return -1, []
        things = self.objects(places[0] - 1)
        return places[len(things) - 1], things

    def mine(self, at: int) -> bool:
        """Whether a column's name stands at `at` behind «your» or «your favourite», as in «your colour is navy»."""
        if self.said(at) in FAVOURITES:
            if self.next(at) is not None and self.marks[at + 1].kind in ("name", "word", "value"):
                return False
            if self.said(at + 1) == "of yours":
                return True
        elif self.marks[at].kind != "name":
            return False
        if self.said(at + 1) == "of":
            return False
        place = at - 1
        while place >= 0 and self.marks[place].kind == "word":
            if self.said(place) in NOVEL:
                return False
            place -= 1
        return self.said(place) == "your"
