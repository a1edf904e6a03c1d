"""What a message wants and does not want: its values and columns, with what stands around them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from genrec.chat import amounts, pointing
from genrec.chat.amounts import compared
from genrec.chat.clauses import NEAREST, Clause, Wishes, about_column, cues_at, ending, said_at
from genrec.chat.marks import Mark, comparisons
from genrec.chat.references import Reference
from genrec.chat.senses import Senses
from genrec.chat.shelves import Shelves
from genrec.chat.state import State
from genrec.chat.vocabulary import QUIET, Way

DROPPING = ("forget", "forget about", "never mind", "nevermind", "ignore", "drop", "scrap", "remove", "disregard")
BECAUSE = frozenset(("because", "since", "it's", "its", "it", "too"))
LEADS = frozenset(("for", "in", "with", "from", "by", "of", "made"))


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
        now, verdicts = Clause(), list[Clause]()
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
                nxt = Clause(references=[])
                if follows and now.verdict < 0 and said_at(marks, at + 1) in BECAUSE:
                    nxt.denied = True
                now = nxt
            self._one(marks, at, mark, now, found, so_far, references)
        verdicts.append(now)
        self._judge(verdicts, found, judging)
        found.unsaid += found.numbers.unsaid
        found.unclear += found.numbers.unclear
        self._kinds(marks, found)
        return found

    def _ends(self, marks: Sequence[Mark], at: int, now: Clause) -> bool:
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
        if "instead" in mark.cues and mark.said == "rather" and "not" not in cues_at(marks, at - 1):
            return bool(now.denied)
        return False

    def _listed(self, marks: Sequence[Mark], at: int, now: Clause) -> bool:
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
        now: Clause,
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
        elif mark.kind == "column" or (mark.kind == "compare" and mark.column and about_column(marks, at)):
            pointing.hear(self.shelves, marks, at, now, found, so_far, references)
        elif mark.kind == "compare":
            after = said_at(marks, at + 1) == "than"
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
        self, mark: Mark, at: int, now: Clause, found: Wishes, so_far: State, references: Sequence[Reference]
    ) -> None:
        """«cheaper than the second one»; «less than 50» is a number's."""
        base = next((ref.items for ref in references if 0 < ref.begin - at <= 2), ())
        word = mark.said.removesuffix(" than")
        role, more = comparisons().get(word, ("price", -1 if "under" in mark.cues else 1))
        if base:
            found.pointed |= set(base)
            said = Mark("compare", word, role=role, more=more)
            compared(said, now.denied, "than", base, self.shelves, so_far, found.numbers)

    def _cue(self, marks: Sequence[Mark], at: int, mark: Mark, now: Clause, found: Wishes) -> None:
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
        elif "beside" in cues:
            now.like = True
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
            if degree in cues and not (degree == "too" and (ending(marks, at) or self._joins(marks, at))):
                now.degree = degree if not (now.denied and degree == "too") else now.degree
        if ("also" in cues and (mark.said != "too" or ending(marks, at))) or (at == 0 and cues & {"or", "and"}):
            found.also = True
        if "instead" in cues and mark.said != "actually":
            found.again = True
        if "more" in cues:
            found.more = True
        if mark.said in LEADS and now.denied and now.since:
            now.denied = False  # «not black, for winter»

    def _joins(self, marks: Sequence[Mark], at: int) -> bool:
        """Whether «that» begins a clause: «something that is warm», and not «that warm»."""
        return marks[at].said == "that" and marks[at + 1].kind not in ("value", "compare", "sense")

    def _value(self, marks: Sequence[Mark], at: int, mark: Mark, now: Clause, found: Wishes, so_far: State) -> None:
        way = self._way(mark, marks, at, so_far)
        if mark.took:
            found.took.append((mark.text, str(way.values[0]) if mark.took in str(way.values[0]).lower() else mark.took))
        if now.dropping and not now.denied:
            found.loose.append(way.column)
            return
        denied = now.denied or self._denied_behind(marks, at)
        if now.degree == "too" and so_far.last and not denied and said_at(marks, at - 1) not in ("very", "quite"):
            denied = True  # «too sporty»; «something very sporty» is a wish
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

    def _judge(self, clauses: Sequence[Clause], found: Wishes, judging: bool) -> None:
        """Who was spoken of is liked or not. A clause without a verdict has the next one's, else the former one's."""
        for place, clause in enumerate(clauses):
            verdict = clause.verdict
            if not verdict and clause.references:
                later = next(
                    (one.verdict for one in clauses[place + 1 :] if one.verdict and not (one.references or one.column)),
                    0,
                )
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
