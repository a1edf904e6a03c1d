"""What a message wants and does not want: its values and columns, with what stands around them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from genrec.chat import amounts
from genrec.chat.amounts import Amounts, compared
from genrec.chat.constraints import Value
from genrec.chat.marks import Mark, comparisons
from genrec.chat.references import Reference
from genrec.chat.senses import Senses
from genrec.chat.shelves import Shelves
from genrec.chat.state import State
from genrec.chat.vocabulary import QUIET, Way

DROPPING = ("forget", "forget about", "never mind", "nevermind", "ignore", "drop", "scrap", "remove", "disregard")
BECAUSE = frozenset(("because", "since", "it's", "its", "it", "too"))
MORE_OF = {"more": 1, "higher": 1, "bigger": 1, "fewer": -1, "less": -1, "lower": -1, "smaller": -1}
LEADS = frozenset(("for", "in", "with", "from", "by", "of", "made"))
MOST_OF = 0.8
"""The share of a list whose colour is «that colour»; else its first one's is."""
NEAREST = 3
"""Marks between a value and the name of its column, at most."""


@dataclass
class Wishes:
    """Of one message. See `Heard` for the fields that it has too. neutral: references that nobody judged. pointed:
    items of which a column alone is meant: «the colour of the third»."""

    wanted: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    unwanted: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    loose: list[str] = field(default_factory=list)
    liked: list[str] = field(default_factory=list)
    disliked: list[str] = field(default_factory=list)
    neutral: list[str] = field(default_factory=list)
    pointed: set[str] = field(default_factory=set)
    words: list[str] = field(default_factory=list)
    took: list[tuple[str, str]] = field(default_factory=list)
    unsaid: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    also: bool = False
    again: bool = False
    reset: bool = False
    more: bool = False
    aspect: str | None = None
    numbers: Amounts = field(default_factory=Amounts)


@dataclass
class _Clause:
    """What holds until the next one begins. denied: by a «not»; since: the column denied last; verdict: of the
    references in it, +1 or -1, 0 where nothing says."""

    denied: bool = False
    since: str = ""
    verdict: int = 0
    degree: str = ""
    other: bool = False
    same: bool = False
    any: bool = False
    dropping: bool = False
    like: bool = False
    references: list[tuple[str, ...]] = field(default_factory=list)


class Listener:
    """Reads wishes. Of one catalogue."""

    def __init__(self, shelves: Shelves, senses: Senses) -> None:
        self.shelves, self.senses = shelves, senses

    def read(self, marks: Sequence[Mark], references: Sequence[Reference], so_far: State, judging: bool) -> Wishes:
        """judging: whether what is spoken of is liked or not («the first one is nice»), and is no mere question."""
        found = Wishes()
        inside = frozenset(at for one in references for at in range(one.begin, one.end))
        found.numbers = amounts.numbers(marks, self.shelves, inside)
        inside |= frozenset(found.numbers.used)
        begins = {one.begin: one for one in references}
        now, verdicts = _Clause(), list[_Clause]()
        for at, mark in enumerate(marks):
            if at in begins:
                now.references.append(begins[at].items)
                if begins[at].wrong:
                    found.unclear.append(begins[at].wrong)
                if now.like:
                    now.verdict = now.verdict or (-1 if now.denied else 1)
            if at in inside:
                continue
            if self._ends(marks, at, now):
                verdicts.append(now)
                follows = mark.said not in (".", "!", "?", "\n", ";")
                nxt = _Clause(references=[])
                if follows and now.verdict < 0 and _said(marks, at + 1) in BECAUSE:
                    nxt.denied = True
                now = nxt
            self._one(marks, at, mark, now, found, so_far, references)
        verdicts.append(now)
        self._judge(verdicts, found, judging)
        found.unsaid += found.numbers.unsaid
        found.unclear += found.numbers.unclear
        self._kinds(marks, found)
        return found

    def _ends(self, marks: Sequence[Mark], at: int, now: _Clause) -> bool:
        mark = marks[at]
        if mark.kind == "stop" and mark.text.strip() not in ("-", "–", "/", "+", "&", "'", "="):
            return not (mark.text.strip() == "," and now.denied and self._listed(marks, at, now))
        if mark.said in ("but", "though", "however", "yet", "only", "except that"):
            return True
        if "and" in mark.cues or mark.said == "and":
            following = marks[at + 1] if at + 1 < len(marks) else None
            if now.denied and following is not None:
                return not (following.kind == "value" and self._way(following, marks, at + 1, None).column == now.since)
            return following is not None and bool(following.cues & {"not", "love", "bad"}) and bool(now.references)
        if "instead" in mark.cues and mark.said == "rather" and "not" not in _cues(marks, at - 1):
            return bool(now.denied)
        return False

    def _listed(self, marks: Sequence[Mark], at: int, now: _Clause) -> bool:
        """«no black, navy or grey»: the comma is a part of the list, for an «or» follows before anything else."""
        column = now.since
        for place in range(at + 1, min(len(marks), at + 8)):
            mark = marks[place]
            if mark.kind == "value" and column and self._way(mark, marks, place, None).column == column:
                continue
            if mark.said == ",":
                continue
            return mark.said in ("or", "nor", "and") and place > at + 1
        return False

    def _one(
        self,
        marks: Sequence[Mark],
        at: int,
        mark: Mark,
        now: _Clause,
        found: Wishes,
        so_far: State,
        references: Sequence[Reference],
    ) -> None:
        cues = mark.cues
        if mark.said.endswith(" than") and cues & {"under", "over"}:
            self._than(mark, at, now, found, so_far, references)
        if mark.kind == "cue" or (cues and mark.kind in ("compare", "column", "ordinal")):
            self._cue(marks, at, mark, now, found)
        if mark.kind == "value":
            self._value(marks, at, mark, now, found, so_far)
        elif mark.kind == "column" or (mark.kind == "compare" and mark.column and _about_column(marks, at)):
            self._column(marks, at, mark, now, found, so_far, references)
        elif mark.kind == "compare":
            after = _said(marks, at + 1) == "than"
            named = [one for ref in references for one in ref.items if not after or ref.begin > at]
            base = named or so_far.focus or so_far.last
            denied = now.denied and now.degree != "too"
            compared(mark, denied, now.degree, base, self.shelves, so_far, found.numbers)
            now.degree = ""
        elif mark.kind == "sense":
            self.senses.hear(marks, at, mark, now.denied, so_far, found)
        elif mark.kind == "word" and mark.said not in QUIET and not mark.said.isdigit():
            if now.denied:
                found.unsaid.append(f"which are not “{mark.said}”")
            else:
                found.words.append(mark.said)

    def _than(
        self, mark: Mark, at: int, now: _Clause, found: Wishes, so_far: State, references: Sequence[Reference]
    ) -> None:
        """«cheaper than the second one»; «less than 50» is a number's."""
        base = next((ref.items for ref in references if 0 < ref.begin - at <= 2), ())
        word = mark.said.removesuffix(" than")
        role, more = comparisons().get(word, ("price", -1 if "under" in mark.cues else 1))
        if base:
            said = Mark("compare", word, role=role, more=more)
            compared(said, now.denied, "than", base, self.shelves, so_far, found.numbers)

    def _cue(self, marks: Sequence[Mark], at: int, mark: Mark, now: _Clause, found: Wishes) -> None:
        cues = mark.cues
        if "reset" in cues:
            found.reset = True
        elif "any" in cues:
            now.any, now.dropping = True, now.dropping or mark.said in DROPPING
        elif "not" in cues:
            now.denied = True
            now.verdict = -1 if now.verdict >= 0 else now.verdict
            if mark.said in ("not too", "not so", "not very", "not that", "nothing too", "nothing so"):
                now.degree = ""
        elif "bad" in cues:
            now.verdict = -1
            now.other = now.other or "other" in cues
        elif "like" in cues:
            now.like = True
            if now.denied or mark.said == "like":
                now.verdict = -1 if now.denied else now.verdict or 1
        elif "love" in cues:
            now.verdict = -1 if now.denied or now.verdict < 0 else 1
        if "other" in cues:
            now.other = True
        if "same" in cues:
            now.same = True
        for degree in ("much", "little", "too"):
            if degree in cues and not (degree == "too" and _ending(marks, at)):
                now.degree = degree if not (now.denied and degree == "too") else now.degree
        if ("also" in cues and (mark.said != "too" or _ending(marks, at))) or (at == 0 and cues & {"or", "and"}):
            found.also = True
        if "instead" in cues and mark.said != "actually":
            found.again = True
        if "more" in cues:
            found.more = True
        if mark.said in LEADS and now.denied and now.since:
            now.denied = False  # «not black, for winter»

    def _value(self, marks: Sequence[Mark], at: int, mark: Mark, now: _Clause, found: Wishes, so_far: State) -> None:
        way = self._way(mark, marks, at, so_far)
        if mark.took:
            found.took.append((mark.text, str(way.values[0]) if mark.took in str(way.values[0]).lower() else mark.took))
        if now.dropping and not now.denied:
            found.loose.append(way.column)
            return
        denied = now.denied or self._denied_behind(marks, at)
        if now.degree == "too" and so_far.last and not denied:
            denied = True  # «too sporty»
        held = found.unwanted if denied else found.wanted
        held[way.column] = tuple(dict.fromkeys((*held.get(way.column, ()), *way.values)))
        if denied:
            now.since = way.column
        now.degree = ""

    def _way(self, mark: Mark, marks: Sequence[Mark], at: int, so_far: State | None) -> Way:
        """The reading of a value that its neighbours speak for: the column named, the one asked for, else the first."""
        if len(mark.ways) == 1:
            return mark.ways[0]
        near = [marks[p].column for p in range(max(0, at - NEAREST), min(len(marks), at + NEAREST)) if marks[p].column]
        near += [so_far.waiting] if so_far is not None and so_far.waiting else []
        return next((way for column in near for way in mark.ways if way.column == column), mark.ways[0])

    def _denied_behind(self, marks: Sequence[Mark], at: int) -> bool:
        """«leather is not for me»: denied by what follows, where nothing else follows that could be."""
        denied = False
        for mark in marks[at + 1 : at + 10]:
            if mark.kind == "stop" or "but" in mark.cues:
                break
            if mark.kind in ("value", "column", "compare", "number", "item", "ordinal", "sense"):
                return False
            if "fine" in mark.cues:
                return False
            denied = (
                denied
                or bool(mark.cues & {"bad"})
                or ("not" in mark.cues and mark.said in ("not", "isn't", "aren't", "never", "isnt", "no longer"))
            )
            if mark.said in ("out",) and marks[at + 1].said in ("is", "are"):
                denied = True
        return denied

    def _column(
        self,
        marks: Sequence[Mark],
        at: int,
        mark: Mark,
        now: _Clause,
        found: Wishes,
        so_far: State,
        references: Sequence[Reference],
    ) -> None:
        column = mark.column
        if found.aspect is None:
            found.aspect = column
        near = range(max(0, at - NEAREST), min(len(marks), at + NEAREST + 1))
        before = marks[at - 1].said.split(" ")[-1] if at else ""
        if column in self.shelves.numbers and before in MORE_OF:
            more = Mark("compare", f"more {column}", column=column, more=MORE_OF[before])
            base = [one for ref in references for one in ref.items] or so_far.focus or so_far.last
            compared(more, now.denied, now.degree, base, self.shelves, so_far, found.numbers)
            return
        if now.any or any("any" in marks[place].cues for place in range(at + 1, _clause_end(marks, at))):
            found.loose.append(column)
            return
        if any(marks[p].kind in ("value", "number") and not (at < p and _said(marks, at + 1) == "of") for p in near):
            return  # it only says which column the value is of
        pointed = (at > 0 and marks[at - 1].said in ("that", "this", "those", "these", "the", "its", "their")) or (
            at > 0 and marks[at - 1].cues & {"other", "same", "not"}
        )
        behind = (
            frozenset().union(*(m.cues for m in marks[at + 1 : _clause_end(marks, at)]))
            if at + 1 < len(marks)
            else frozenset()
        )
        against = now.denied or now.other or now.verdict < 0 or "bad" in behind or ("not" in behind and pointed)
        towards = now.same or now.verdict > 0 or ("love" in behind and not against)
        if not (pointed or now.other) or not (against or towards):
            return
        named = [one for ref in references for one in ref.items]
        if column in (*self.shelves.numbers, *self.shelves.dates):
            if against and column == self.shelves.price:
                cheaper = Mark("compare", "cheaper", role="price", more=-1)
                compared(cheaper, False, "", named or so_far.last, self.shelves, so_far, found.numbers)
            return
        values = self.pointed_at(column, named, so_far)
        if not values:
            return
        found.pointed |= set(named)
        held = found.unwanted if against else found.wanted
        held[column] = tuple(dict.fromkeys((*held.get(column, ()), *values)))
        if against:
            now.since = column
            now.verdict = 0  # the column is not liked, the thing may be

    def pointed_at(self, column: str, named: Sequence[str], so_far: State) -> tuple[Value, ...]:
        """Which values «that colour» speaks of: of what is named, of what was spoken of, of most of the list, of the
        wish, else of the first of the list."""
        of = lambda items: [self.shelves.of(self.shelves.catalog.index[one], column) for one in items]  # noqa: E731
        items = list(named) or list(so_far.focus)
        if items:
            return tuple(dict.fromkeys(value for values in of(items) for value in values))
        if column in so_far.constraints.wanted:
            return so_far.constraints.wanted[column]
        rows = of(so_far.last)
        counts = Counter(value for values in rows for value in values)
        if not counts:
            return ()
        value, times = counts.most_common(1)[0]
        if times >= MOST_OF * len(rows):
            return (value,)
        return rows[0]

    def _judge(self, clauses: Sequence[_Clause], found: Wishes, judging: bool) -> None:
        """Who was spoken of is liked or not. A clause without a verdict has the next one's, else the former one's."""
        for place, clause in enumerate(clauses):
            verdict = clause.verdict
            if not verdict and clause.references:
                later = next((one.verdict for one in clauses[place + 1 :] if one.verdict and not one.references), 0)
                earlier = next((one.verdict for one in reversed(clauses[:place]) if one.verdict), 0)
                verdict = later or earlier
            for items in clause.references:
                held = found.neutral if not verdict or not judging else found.liked if verdict > 0 else found.disliked
                held += items

    def _kinds(self, marks: Sequence[Mark], found: Wishes) -> None:
        """«shirt dress» is a dress: of two kinds side by side the last one is meant."""
        kind = self.shelves.kind
        if kind is None or len(found.wanted.get(kind, ())) < 2:
            return
        for one, other in pairwise(marks):
            if one.kind == other.kind == "value" and one.ways[0].column == other.ways[0].column == kind:
                left = [value for value in found.wanted[kind] if value not in one.ways[0].values]
                if left and one.ways[0].values != other.ways[0].values:
                    found.wanted[kind] = tuple(left)


def _said(marks: Sequence[Mark], at: int) -> str:
    return marks[at].said if 0 <= at < len(marks) else ""


def _cues(marks: Sequence[Mark], at: int) -> frozenset[str]:
    return marks[at].cues if 0 <= at < len(marks) else frozenset()


def _ending(marks: Sequence[Mark], at: int) -> bool:
    return at + 1 >= len(marks) or marks[at + 1].kind == "stop"


def _clause_end(marks: Sequence[Mark], at: int) -> int:
    return next((p for p in range(at + 1, len(marks)) if marks[p].kind == "stop" or marks[p].said == "but"), len(marks))


def _about_column(marks: Sequence[Mark], at: int) -> bool:
    return at > 0 and bool(marks[at - 1].cues & {"any", "other"})
