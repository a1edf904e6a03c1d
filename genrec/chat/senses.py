"""Words of several senses: «light» in colour or in weight. Where a catalogue has several, it asks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from genrec.chat import amounts, thesaurus
from genrec.chat.constraints import Value
from genrec.chat.marks import Mark
from genrec.chat.shelves import Shelves
from genrec.chat.state import State
from genrec.chat.vocabulary import OWN, Vocabulary, stems

if TYPE_CHECKING:
    from genrec.chat.clauses import Wishes

QUESTION = "By “{word}”, do you mean {senses}?"
ASKED = re.compile(r"By “([^”]+)”, do you mean ")
FEWEST = 2
"""Values of a sense that the catalogue must have, where it names many."""


@dataclass(frozen=True)
class Told:
    """A sense as this catalogue has it: values of one column, or more or less of a number."""

    sense: thesaurus.Sense
    column: str
    values: tuple[Value, ...] = ()


class Senses:
    """Of one catalogue."""

    def __init__(self, shelves: Shelves, vocabulary: Vocabulary) -> None:
        self.shelves, self.vocabulary = shelves, vocabulary
        self._told: dict[str, tuple[Told, ...]] = {}

    def of(self, word: str) -> tuple[Told, ...]:
        """What a word can mean here."""
        if word not in self._told:
            self._told[word] = tuple(one for sense in thesaurus.SENSES[word] if (one := self._here(sense)) is not None)
        return self._told[word]

    def _here(self, sense: thesaurus.Sense) -> Told | None:
        if sense.role:
            column = amounts.column_of(self.shelves, sense.role)
            return None if column is None else Told(sense, column)
        by_column: dict[str, list[Value]] = {}
        ways = [way for value in sense.values for way in self.vocabulary.ways.get(stems(value), ())[:1]]
        own = [way for way in ways if way.source == OWN]
        for way in own or ways:
            by_column.setdefault(way.column, []).extend(way.values)
        if not by_column:
            return None
        column = max(by_column, key=lambda one: len(by_column[one]))
        values = tuple(dict.fromkeys(by_column[column]))
        return Told(sense, column, values) if len(values) >= min(FEWEST, len(sense.values)) else None

    def hear(self, marks: Sequence[Mark], at: int, mark: Mark, denied: bool, so_far: State, found: Wishes) -> None:
        """Take the sense that the message speaks for, or the only one; else ask."""
        told = self.of(mark.said)
        named = [
            one for one in told if self._speaks(one, [m.said for m in marks[max(0, at - 4) : at + 6] if m is not mark])
        ]
        if len(named) == 1 or len(told) == 1:
            self._take((named or told)[0], denied, so_far, found, mark.said)
        elif told:
            found.unclear.append(QUESTION.format(word=mark.said, senses=_or([one.sense.said for one in told])))
        else:
            found.words.append(mark.said)

    def answer(self, marks: Sequence[Mark], so_far: State, found: Wishes) -> bool:
        """Whether the message answers the question for the word `so_far.waiting`; then its sense is taken."""
        told = self.of(so_far.waiting)
        named = [one for one in told if self._speaks(one, [mark.said for mark in marks])]
        places = [mark.place for mark in marks if mark.kind == "ordinal" and 0 <= mark.place < len(told)]
        chosen = named[:1] if len(named) == 1 else [told[place] for place in places[:1]]
        for one in chosen:
            self._take(one, False, so_far, found, so_far.waiting)
        return bool(chosen)

    def _speaks(self, one: Told, words: Sequence[str]) -> bool:
        there = {part for word in words for part in word.split()}
        return bool(there & {*one.sense.hints, *one.column.lower().split("_")})

    def _take(self, one: Told, denied: bool, so_far: State, found: Wishes, word: str) -> None:
        if one.sense.role:
            more = -one.sense.more if denied else one.sense.more
            mark = Mark("compare", word, role=one.sense.role, more=more, column=one.column)
            base = so_far.focus or so_far.last
            amounts.compared(mark, False, "", base, self.shelves, so_far, found.numbers)
            return
        held = found.unwanted if denied else found.wanted
        held[one.column] = tuple(dict.fromkeys((*held.get(one.column, ()), *one.values)))


def _or(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
