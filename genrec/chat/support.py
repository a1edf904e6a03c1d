"""What of a model's answer a message supports: a language model may read a value where none is.

A value is supported by a message that has all the words of one way to say it (what its column writes, the owner's
synonyms, what titles call it, English: `genrec.chat.vocabulary`), each as it is or misspelt; a column likewise by one
of its names, or by one of its values; an amount by the number, in figures or words; a place by the ordinal or number.
Nothing is asked of what wishes mean: that is what the model is for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from genrec.chat.constraints import Value
from genrec.chat.english import NUMBERS, ORDINALS
from genrec.chat.marks import Mark, clean
from genrec.chat.spelling import SHORTEST, TWO, distance
from genrec.chat.vocabulary import QUIET, Vocabulary, stems

NEAR = 1e-6
FIGURE = re.compile(r"\d+(?:[.,]\d+)?")


class Support:
    """Of one message. marks: as the reader reads it."""

    def __init__(self, message: str, marks: Sequence[Mark], vocabulary: Vocabulary) -> None:
        self.vocabulary, self.marks = vocabulary, marks
        self.text = clean(message)
        self.stems = stems(self.text)
        self.took: dict[str, str] = {}
        most = min(vocabulary.longest, len(self.stems))
        self.runs = {
            self.stems[at : at + size] for size in range(1, most + 1) for at in range(len(self.stems) - size + 1)
        }
        self.numbers = {mark.number for mark in marks if mark.kind == "number"} | _figures(self.text)

    def value(self, column: str, value: Value) -> bool:
        """Whether the message has a way to say it. What was misspelt is noted in `took`."""
        ways = self.vocabulary.ways
        for run in self.runs:
            if any(
                way.column == column and value in way.values and self._cased(way.cased) for way in ways.get(run, ())
            ):
                return True
        return any(
            way.column == column and value in way.values and not way.cased and self._misspelt(key)
            for key, known in ways.items()
            for way in known
        )

    def column(self, column: str) -> bool:
        """Whether the message names the column, compares by it, or has one of its values."""
        names = self.vocabulary.columns
        if any(names.get(run) == column for run in self.runs) or any(mark.column == column for mark in self.marks):
            return True
        return any(way.column == column for run in self.runs for way in self.vocabulary.ways.get(run, ()))

    def amount(self, number: float) -> bool:
        return any(abs(number - one) < NEAR for one in self.numbers)

    def place(self, place: int) -> bool:
        """place: from 1."""
        said = any(mark.kind == "ordinal" and mark.place == place - 1 for mark in self.marks)
        spelt = any(ORDINALS.get(word) == place - 1 for word in re.findall(r"[a-z0-9]+", self.text.lower()))
        return said or spelt or self.amount(place)

    def words(self, words: str) -> bool:
        """Whether the message has them all."""
        return set(stems(words)) <= set(self.stems)

    def _cased(self, cased: str) -> bool:
        return not cased or re.search(rf"(?<!\w){re.escape(cased)}(?!\w)", self.text) is not None

    def _misspelt(self, way: Sequence[str]) -> bool:
        """Whether the message has all words of a way, some of them with a letter or two wrong."""
        took = {}
        for word in way:
            if word in self.stems:
                continue
            near = next((one for one in self.stems if one not in QUIET and _near(one, word)), None)
            if near is None:
                return False
            took[near] = word
        self.took |= took
        return bool(took)


def _near(one: str, word: str) -> bool:
    if min(len(one), len(word)) < SHORTEST or not one.isalpha():
        return False
    most = 2 if len(word) >= TWO else 1
    return distance(one, word, most) <= most


def _figures(text: str) -> set[float]:
    """Every number of a text, also where it stands within a word («€50», «no.3»), and number words."""
    found = {
        float(one.replace(",", "." if not re.fullmatch(r"\d+,\d{3}", one) else "")) for one in FIGURE.findall(text)
    }
    words = re.findall(r"[a-z]+", text.lower())
    return found | {float(NUMBERS[word]) for word in words if word in NUMBERS}
