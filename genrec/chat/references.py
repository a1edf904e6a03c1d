"""Which items a message speaks of: «the second one», «F00042», a title, «the red one», «that dress», «it»."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genrec.chat.marks import Mark
from genrec.chat.shelves import Shelves
from genrec.chat.state import State
from genrec.chat.vocabulary import QUIET, stems

ONES = frozenset(
    ("one", "ones", "item", "items", "thing", "things", "suggestion", "option", "piece", "product", "pick")
)
SINGLE = frozenset(("it", "its", "it's", "this", "that", "that's", "latter", "former"))
SEVERAL = frozenset(("they", "them", "these", "those", "both", "their", "they're", "all", "either", "neither"))
DEFINITE = frozenset(("the", "that", "this", "those", "these", "your"))
NO_ORDINAL = frozenset(("my", "our", "at", "his", "her", "for"))
"""Before «first» these speak of something else: «my first job»."""
TIMES = frozenset(("time", "times", "class", "hand", "thing", "of", "aid", "choice", "glance", "date"))
LIKENING = frozenset(("like", "beside"))
"""Cues behind which a thing that was shown is named."""
FINDING = frozenset(("find", "more"))
"""Acts in which «the red one» is a wish and no reference."""


@dataclass(frozen=True)
class Reference:
    """begin, end: which marks. items: ids. wrong: what to ask where it names nothing, or several things."""

    begin: int
    end: int
    items: tuple[str, ...]
    wrong: str = ""


class References:
    """Of one catalogue."""

    def __init__(self, shelves: Shelves) -> None:
        self.shelves = shelves

    def read(self, marks: Sequence[Mark], act: str, so_far: State) -> list[Reference]:
        found: list[Reference] = []
        at = 0
        while at < len(marks):
            one = self._at(marks, at, act, so_far)
            if one is not None:
                found.append(one)
                at = one.end
            else:
                at += 1
        if not found:
            found = self._pronouns(marks, act, so_far)
        return found

    def _at(self, marks: Sequence[Mark], at: int, act: str, so_far: State) -> Reference | None:
        mark = marks[at]
        if mark.kind == "item":
            return self._item(mark, at, so_far)
        if mark.kind == "ordinal" and so_far.last:
            return self._ordinal(marks, at, so_far)
        if mark.said in DEFINITE and (so_far.last or so_far.focus):
            after_like = at > 0 and bool(marks[at - 1].cues & LIKENING) and marks[at - 1].said != "like to"
            if act not in FINDING or mark.said in ("that", "this") or after_like:
                return self._definite(marks, at, so_far, after_like)
        return None

    def _item(self, mark: Mark, at: int, so_far: State) -> Reference:
        items = mark.items
        for among in (so_far.last, so_far.shown):
            if len(items) > 1 and set(items) & set(among):
                items = tuple(one for one in items if one in among)
        if len(items) > 1:
            count = "Several" if len(items) > 5 else f"{len(items)}"
            ids = ", ".join(items[:5])
            return Reference(at, at + 1, items[:5], f"{count} items are called “{mark.text}”: {ids}. Which one?")
        return Reference(at, at + 1, items)

    def _ordinal(self, marks: Sequence[Mark], at: int, so_far: State) -> Reference | None:
        mark, last = marks[at], so_far.last
        before = marks[at - 1].said if at else ""
        after = marks[at + 1].said if at + 1 < len(marks) else ""
        if before in NO_ORDINAL or after in TIMES:
            return None
        end = at + 1
        count = 1
        if end < len(marks) and marks[end].kind == "number" and marks[end].number in (2, 3, 4, 5):
            count, end = int(marks[end].number), end + 1
        if mark.place >= 0 and count == 1 and mark.place >= len(last):
            return Reference(at, end, (), f"I showed {len(last)} last time: which of them do you mean?")
        if count > 1:
            items = last[-count:] if mark.place < 0 else last[:count]
        else:
            items = (last[mark.place],)
        # «the second jacket»: what is said of it is no wish.
        while end < len(marks):
            if marks[end].said in ONES or (marks[end].kind == "number" and marks[end].said == "one"):
                end += 1
                break
            elif marks[end].kind == "value" and all(self._has(one, marks[end]) for one in items):
                end += 1
            else:
                break
        return Reference(at, end, items)

    def _definite(self, marks: Sequence[Mark], at: int, so_far: State, like: bool) -> Reference | None:
        """«the red one», «that dress», «the cheapest one», «the moonbeam one»."""
        end, values, words, extreme = at + 1, list[Mark](), list[str](), 0
        closed = False
        while end < len(marks):
            mark = marks[end]
            if mark.kind == "value":
                values.append(mark)
            elif mark.said in ONES or (mark.kind == "number" and mark.said == "one"):
                closed, end = True, end + 1
                break
            elif mark.kind == "compare" and (mark.said.endswith("est") or mark.said.startswith("most ")):
                extreme = mark.more
            elif mark.kind == "word" and mark.said not in QUIET and "-" not in mark.said:
                words.append(mark.said)
            else:
                break
            end += 1
        if not (values or extreme or (words and closed)):
            return None
        if values and not closed and values[-1].ways[0].column != self.shelves.kind and not extreme:
            return None  # «the red» is a colour
        for among in (so_far.last, so_far.shown):
            fitting = [one for one in among if all(self._has(one, mark, first=True) for mark in values)]
            fitting = fitting or [one for one in among if all(self._has(one, mark) for mark in values)]
            fitting = [one for one in fitting if all(self._titled(one, word) for word in words)]
            if extreme and self.shelves.price:
                fitting = self._extreme(fitting, extreme)
            if fitting:
                several = marks[end - 1].said in ("ones", "items") or marks[at].said in ("those", "these")
                wrong = ""
                if len(fitting) > 1 and not several and not like:
                    names = [f"number {so_far.last.index(one) + 1}" for one in fitting if one in so_far.last]
                    wrong = f"Which one do you mean: {_or(names or fitting[:3])}?"
                return Reference(at, end, tuple(fitting), wrong)
        return None

    def _pronouns(self, marks: Sequence[Mark], act: str, so_far: State) -> list[Reference]:
        for at, mark in enumerate(marks):
            likened = at > 0 and bool(marks[at - 1].cues & LIKENING)
            if act in FINDING and not likened:
                continue
            if mark.said in SINGLE or (mark.kind == "cue" and mark.said in ("that one", "this one")):
                after = marks[at + 1] if at + 1 < len(marks) else None
                if after is not None and after.kind in ("column", "value") and mark.said in ("this", "that"):
                    continue
                items = so_far.focus or (so_far.last if len(so_far.last) == 1 else ())
                if mark.said in ("latter", "former") and len(so_far.focus) > 1:
                    items = (so_far.focus[-1 if mark.said == "latter" else 0],)
                if items:
                    return [Reference(at, at + 1, items)]
            elif mark.said in SEVERAL and so_far.last:
                after = marks[at + 1] if at + 1 < len(marks) else None
                if after is not None and after.kind in ("column", "value"):
                    continue
                both = so_far.focus if len(so_far.focus) > 1 else so_far.last
                return [Reference(at, at + 1, both)]
        return []

    def _has(self, item_id: str, mark: Mark, first: bool = False) -> bool:
        """first: by the reading that is most likely meant."""
        item = self.shelves.catalog.index[item_id]
        ways = mark.ways[:1] if first else mark.ways
        return any(set(self.shelves.of(item, way.column)) & set(way.values) for way in ways)

    def _titled(self, item_id: str, word: str) -> bool:
        item = self.shelves.catalog.index[item_id]
        return set(stems(word)) <= set(stems(self.shelves.table["title"][item] or ""))

    def _extreme(self, items: list[str], more: int) -> list[str]:
        assert self.shelves.price is not None
        priced = [(self.shelves.number(self.shelves.catalog.index[one], self.shelves.price), one) for one in items]
        known = [(price, one) for price, one in priced if price is not None]
        return [] if not known else [(max if more > 0 else min)(known)[1]]


def _or(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
