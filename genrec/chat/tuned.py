"""The run's own language model as understanding: asked as the task «hearing» asks, its line read strictly.

    Shown: 5                                          →  refine: like 2; colour = red
    Hear: more like the second, but in red

It may say what it likes; what is heard is what the catalogue has and the message supports (`genrec.chat.support`). A
part that is neither is dropped; where nothing is left, or the answer is no line of the grammar, the gazetteer hears the
message. Things that a message calls by id, title or look («the red one») are replaced by their places before it is
asked, so no text of an item reaches it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from genrec.chat.acts import acts, words_of
from genrec.chat.amounts import NEAR, Amounts, bounds_of, compared
from genrec.chat.asked import AskedUnderstanding, Understand
from genrec.chat.constraints import Bounds, Intent, Value
from genrec.chat.marks import Mark, clean
from genrec.chat.pointing import pointed_at
from genrec.chat.state import Heard, State
from genrec.chat.support import Support
from genrec.chat.understanding import RECENT
from genrec.chat.vocabulary import QUIET, stems
from genrec.errors import UserError
from genrec.explain.writer import Write
from genrec.model.tasks import lines
from genrec.model.tasks.hearing import Hearing, asking
from genrec.model.tasks.lines import Line, Part
from genrec.model.vocabulary import harmless

LONGEST = 400
"""Letters of a message that the model is asked about; it learned from shorter ones, and has a window."""
ENDS = {"<": "below", "<=": "max", ">": "above", ">=": "min"}
DEGREES = {"a bit": "little", "by far": "much"}


class TunedUnderstanding(AskedUnderstanding):
    """See the head of this file. `write` answers with the most likely text."""

    def messages(self, message: str, so_far: State) -> list[dict[str, str]] | None:
        """None where the last answer asked what only the gazetteer hears the answer to: an offer, a word's sense."""
        said, places = self._placed(message, so_far)
        if not said.strip() or len(said) > LONGEST or (so_far.waiting and so_far.waiting not in self.shelves.named):
            return None
        content = asking(harmless(said), wishes_of(so_far), len(places), so_far.waiting)
        return [{"role": "user", "content": content}]

    def read(self, answer: Any, message: str, so_far: State) -> Heard | None:
        """None where the answer is no line of the grammar, or says nothing that holds."""
        line = lines.read(answer.strip()) if isinstance(answer, str) else None
        return None if line is None else self.heard(line, message, so_far)

    def heard(self, line: Line, message: str, so_far: State) -> Heard | None:
        """What a line says of a message, as far as it holds; None where nothing does."""
        said, places = self._placed(message, so_far)
        support = self.support(said)
        reading = _Reading(self, support, places, so_far)
        if line.intent == "smalltalk":
            return Heard(intent="smalltalk")
        kept = [reading.take(part) for part in line.parts]
        if line.parts and not any(kept):
            return None
        if line.intent in ("explain", "compare", "question"):
            return reading.asks(line.intent)
        return reading.wishes(line.intent)

    def support(self, message: str) -> Support:
        """What of an answer a message supports."""
        return Support(message, self.gazetteer.reader.read(message), self.gazetteer.vocabulary)

    def _placed(self, message: str, so_far: State) -> tuple[str, tuple[str, ...]]:
        """The message with things that it calls by id, title or look as places («#2»), and which item is where: those
        listed last, then others that it names."""
        text, places = clean(message), list(so_far.last)
        gazetteer = self.gazetteer
        marks = gazetteer.reader.read(text, so_far.shown[-RECENT:])
        act, _ = acts().of(words_of(marks, bool(so_far.last)))
        at = 0
        for ref in gazetteer.references.read(marks, act, so_far):
            words = marks[ref.begin : ref.end]
            called = words[0].kind == "item" or (len(words) > 1 and words[0].kind != "ordinal")
            found = re.compile(r"\W*".join(re.escape(mark.text) for mark in words)).search(text, at)
            if not called or found is None or len(ref.items) != 1:
                continue
            if ref.items[0] not in places:
                places.append(ref.items[0])
            name = f"#{places.index(ref.items[0]) + 1}"
            text = text[: found.start()] + name + text[found.end() :]
            at = found.start() + len(name)
        return text, tuple(places)


def tuned(model: Path, write: Write) -> Understand:
    """model: the folder of the run's language model, `RUN/lm`; write: what it writes. UserError where there is none, or
    it was not taught to hear."""
    from genrec.model import lm

    if Hearing.name not in lm.read_about(model)["tasks"]:
        raise UserError(
            f"{model} was not taught to hear messages: run `genrec lm train {model.parent}` again, with the task "
            f"{Hearing.name} (the shipped recipes have it), or take the gazetteer"
        )
    return partial(TunedUnderstanding, write=write)


def wishes_of(so_far: State) -> tuple[Part, ...]:
    """What holds, as parts of a line, the least recent first."""
    found: list[Part] = []
    for kind, column in so_far.order:
        if kind == "bounds":
            for end, value in so_far.constraints.bounds[column].where().items():
                sign = next(sign for sign, name in ENDS.items() if name == end)
                found.append(Part(sign, column, number=value))
            continue
        values = getattr(so_far.constraints, kind)[column]
        found.append(Part("=" if kind == "wanted" else "!=", column, tuple(_written(value) for value in values)))
    return tuple(found)


def _written(value: Value) -> str:
    return value if isinstance(value, str) else "yes" if value else "no"


class _Reading:
    """One line on its way to what was heard. places: item ids; a line's places are theirs."""

    def __init__(self, tuned: TunedUnderstanding, support: Support, places: Sequence[str], so_far: State) -> None:
        self.shelves, self.vocabulary = tuned.shelves, tuned.gazetteer.vocabulary
        self.support, self.places, self.so_far = support, places, so_far
        self.wanted: dict[str, tuple[Value, ...]] = {}
        self.unwanted: dict[str, tuple[Value, ...]] = {}
        self.asked: dict[str, tuple[Value, ...]] = {}
        self.judged: dict[str, list[str]] = {"like": [], "dislike": [], "about": []}
        self.amounts = Amounts()
        self.loose: list[str] = []
        self.alone: set[str] = set()
        self.aspect: str | None = None
        self.words = ""

    def take(self, part: Part) -> bool:
        """Whether a part holds; it is noted then."""
        if part.verb in ("=", "!="):
            return self._values(part, self.wanted if part.verb == "=" else self.unwanted)
        if part.verb in lines.BOUNDS:
            return self._bound(part)
        if part.verb in (*lines.COMPARED, *lines.EXTREMES):
            return self._compared(part)
        if part.verb in lines.POINTED:
            return self._pointed(part)
        if part.verb in lines.JUDGED:
            items = self._items(part.refs)
            self.judged[part.verb] += items
            return bool(items)
        if part.verb == "forget":
            known = part.column in self.shelves.named
            held = known and (part.column == self.so_far.waiting or self.support.column(part.column))
            self.loose += [part.column] if held else []
            return held
        if part.verb == "ask":
            if part.column not in self.shelves.named or (part.values and not self._values(part, self.asked)):
                return False
            self.aspect = part.column
            return True
        if part.verb == "show":
            count = int(float(part.number or 0))
            if count <= 50 and self.support.amount(count):
                self.amounts.count = count
            return self.amounts.count is not None
        if part.verb == "words":
            words = [one for one in part.values[0].split() if self._telling(one)]
            self.words = " ".join(words)
            return bool(words)
        self.alone.add(part.verb)
        return True

    def wishes(self, intent: str) -> Heard | None:
        """Of a message that wants something. None where it contradicts itself: the gazetteer asks back."""
        if any(set(values) & set(self.unwanted.get(column, ())) for column, values in self.wanted.items()):
            return None
        liked, disliked = (tuple(dict.fromkeys(self.judged[verb])) for verb in ("like", "dislike"))
        bounds, reset = self.amounts.bounds, "anew" in self.alone
        said = self.wanted or self.unwanted or bounds
        kind: Intent = "recommend"
        if intent == "feedback" and (liked or disliked):
            kind = "feedback"
        elif self.words and not said and not liked and not disliked:
            kind = "search"
        elif not reset and (self.so_far.constraints != State().constraints or self.so_far.last):
            kind = "refine"
        return Heard(
            intent=kind, wanted=self.wanted, unwanted=self.unwanted, bounds=bounds, also="also" in self.alone,
            again="keep" in self.alone, loose=tuple(dict.fromkeys(self.loose)), reset=reset,
            more="others" in self.alone, liked=tuple(one for one in liked if one not in disliked), disliked=disliked,
            about=(*liked, *disliked), count=self.amounts.count, words=self.words,
            took=tuple(self.support.took.items()),
        )  # fmt: skip

    def asks(self, intent: str) -> Heard | None:
        """Of a question about things shown. None where nothing was."""
        last, focus = self.so_far.last, self.so_far.focus
        about = tuple(dict.fromkeys(self.judged["about"]))
        if not about:
            about = focus or (last if intent != "question" else last[:1])
        if not about:
            return None
        kind: Intent = "explain" if intent == "explain" else "question"
        if intent == "compare" and len(about) > 1:
            kind = "compare"
        return Heard(
            intent=kind, about=about, aspect=self.aspect, asked=self.asked if kind == "question" else {},
            took=tuple(self.support.took.items()),
        )  # fmt: skip

    # ------------------------------------------------------------------ parts

    def _values(self, part: Part, into: dict[str, tuple[Value, ...]]) -> bool:
        column = part.column
        if column not in (*self.shelves.words, *self.shelves.flags):
            return False
        values = [
            value if column in self.shelves.words else {"yes": True, "no": False}.get(value) for value in part.values
        ]
        kept: list[Value] = [
            value
            for value in values
            if value is not None and self.vocabulary.has(column, value) and self._supported(column, value)
        ]
        if kept:
            into[column] = tuple(dict.fromkeys((*into.get(column, ()), *kept)))
        return bool(kept)

    def _supported(self, column: str, value: Value) -> bool:
        return self.support.column(column) if isinstance(value, bool) else self.support.value(column, value)

    def _bound(self, part: Part) -> bool:
        column, number = part.column, part.number
        if column not in (*self.shelves.numbers, *self.shelves.dates) or not isinstance(number, float):
            return False
        if not self.support.amount(number):
            return False
        ends = (
            {ENDS[part.verb]: number} if part.verb != "~" else {"min": number * (1 - NEAR), "max": number * (1 + NEAR)}
        )
        try:
            bounds: Bounds = bounds_of(self.shelves, column, **ends)
        except ValueError:
            return False
        self.amounts.add(column, bounds)
        return True

    def _compared(self, part: Part) -> bool:
        """«less price», «highest rating»: as the gazetteer hears «cheaper», «the best rated»."""
        if part.column not in self.shelves.numbers:
            return False
        named = self._items(part.refs)
        if part.refs and not named:
            return False
        base = named or list(self.so_far.focus or self.so_far.last)
        up = part.verb in ("more", "high", "highest")
        word = f"{part.verb} {part.column}" if part.verb in lines.COMPARED else part.verb
        mark = Mark("compare", word, column=part.column, more=1 if up else -1)
        before = len(self.amounts.bounds)
        compared(mark, False, DEGREES.get(part.degree, ""), base, self.shelves, self.so_far, self.amounts)
        return len(self.amounts.bounds) > before

    def _pointed(self, part: Part) -> bool:
        if part.column not in (*self.shelves.words, *self.shelves.flags) or not self.support.column(part.column):
            return False
        named = self._items(part.refs)
        if part.refs and not named:
            return False
        values = pointed_at(self.shelves, part.column, named, self.so_far)
        if values:
            held = self.wanted if part.verb == "same" else self.unwanted
            held[part.column] = tuple(dict.fromkeys((*held.get(part.column, ()), *values)))
        return bool(values)

    def _items(self, refs: Sequence[str]) -> list[str]:
        """What places name, as far as there is such a place and the message speaks of it."""
        found: list[str] = []
        for ref in refs:
            if ref == "all":
                found += self.so_far.focus if len(self.so_far.focus) > 1 else self.so_far.last
            elif ref == "it":
                found += self.so_far.focus or (self.so_far.last if len(self.so_far.last) == 1 else ())
            elif ref == "last":
                found += self.so_far.last[-1:]
            elif int(ref) <= len(self.places) and self.support.place(int(ref)):
                found.append(self.places[int(ref) - 1])
        return found

    def _telling(self, word: str) -> bool:
        """Whether the message has it, and items' texts, though not most."""
        known = stems(word)
        written = bool(known) and all(one in self.vocabulary.written for one in known)
        return word.lower() not in QUIET and written and self.support.words(word)
