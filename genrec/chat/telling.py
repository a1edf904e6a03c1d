"""What a conversation answers: short and plain. All that is said of an item is its row's or its explanation's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from genrec.chat.answers import Answers
from genrec.chat.asking import CHEAPER, OFFERS, WIDER
from genrec.chat.constraints import Constraints, number, spoken
from genrec.chat.listing import line, plain
from genrec.chat.shelves import Shelves
from genrec.decode.requests import Recommendation
from genrec.model.tasks.facts import TAG

if TYPE_CHECKING:
    from genrec.chat.conversation import Turn
    from genrec.explain.writer import Explanation

BEFORE = ("season", "style", "size", "colour", "color", "pattern", "material", "power_source")
"""Columns whose values stand before the thing, in this order: «winter wool coats»."""
SMALL = (
    "I can help you find things here. Say what you are looking for, for example “{example}”, what you like or do not "
    "like of what I show, or what it may cost."
)
LOST = "I did not understand that. Say what you are looking for, for example “{example}”."
FACTS = 4
"""Values that a line says of an item without an explanation."""


class Teller:
    """Of one catalogue."""

    def __init__(self, shelves: Shelves) -> None:
        self.shelves = shelves
        self.answers = Answers(shelves)

    def tell(self, turn: Turn, items: Sequence[Recommendation], reasons: Mapping[str, Explanation]) -> str:
        heard = turn.heard
        if turn.intent == "smalltalk":
            return SMALL.format(example=self.example())
        if turn.intent == "explain":
            return self._why(turn, reasons)
        if turn.intent == "compare":
            return self.answers.compared(turn.about)
        if turn.intent == "question":
            return self.answers.answered(heard)
        if turn.ask is None:
            return turn.question or LOST.format(example=self.example())
        parts = [*self._notes(turn), self._list(turn, items, reasons)]
        if turn.question and not items:
            parts[-1] = turn.question
        elif turn.question:
            parts.append(turn.question)
        elif items and turn.left <= len(items):
            wider = f" {OFFERS[WIDER]}" if turn.state.order else ""
            parts.append(f"That is all there is of these.{wider}")
        elif items and self.shelves.price and self.shelves.price not in turn.constraints.bounds:
            parts.append(OFFERS[CHEAPER])
        return "\n\n".join(part for part in parts if part)

    def seen(self, items: Sequence[Recommendation], change: str) -> str:
        """What a picture found. change: what shall be other than in it; empty for nothing."""
        if not items:
            return "There is nothing here that fits your picture."
        head = f"Like your picture, but {plain(change, 200)}:" if change else "These look most like your picture:"
        lines = []
        for place, one in enumerate(items, 1):
            item = self.shelves.catalog.index.get(one.item_id)  # the picture may have been searched in a later version
            column = self.shelves.price
            price = None if item is None or column is None else self.shelves.number(item, column)
            lines.append(line(place, one.title or one.item_id, one.item_id, "" if price is None else number(price)))
        return "\n".join([head, "", *lines])

    def _notes(self, turn: Turn) -> list[str]:
        """What the answer rests on beside the wishes."""
        found = []
        if turn.heard.took:
            found.append(" ".join(f"I took “{plain(said, 30)}” for {meant}." for said, meant in turn.heard.took))
        if turn.state.relaxed:
            gone = turn.state.relaxed
            what = gone[0] if len(gone) == 1 else f"{', '.join(gone[:-1])} and {gone[-1]}"
            found.append(f"Nothing here is all of that, so I let go of this wish: {what}.")
        for one in turn.heard.unsaid:
            found.append(f"The catalogue does not say {plain(one, 60)}.")
        if turn.again:
            found.append("You have seen all that fits; here it is again.")
        return found

    def _list(self, turn: Turn, items: Sequence[Recommendation], reasons: Mapping[str, Explanation]) -> str:
        if not items:
            return "There is nothing left that fits."
        lines = [self.heading(turn, len(items))]
        for place, one in enumerate(items, 1):
            lines.append(line(place, one.title or one.item_id, one.item_id, self._rest(one, turn, reasons)))
        return "\n".join([lines[0], "", *lines[1:]])

    def _thing(self, constraints: Constraints) -> tuple[str, set[str]]:
        """What is looked for as one says it, «winter coats», and the columns that this says."""
        kind = self.shelves.kind
        if kind is None or len(constraints.wanted.get(kind, ())) != 1:
            return "", set()
        before = [
            column
            for column, values in constraints.wanted.items()
            if column.lower() in BEFORE and len(values) <= 2 and not isinstance(values[0], bool)
        ]
        before.sort(key=lambda column: BEFORE.index(column.lower()))
        said = [spoken(column, constraints.wanted[column], "or") for column in before]
        return " ".join([*said, plural(str(constraints.wanted[kind][0]))]), {kind, *before}

    def heading(self, turn: Turn, count: int) -> str:
        """«Winter, coat, not black, under 100:»."""
        constraints = turn.constraints
        thing, columns = self._thing(constraints)
        rest = {column: values for column, values in constraints.wanted.items() if column not in columns}
        said = [*([thing] if thing else []), *constraints.model_copy(update={"wanted": rest}).said()]
        if constraints.liked:
            last = constraints.liked[-1]
            said.append(f"like {plain(self.answers.called(last), 60)}")
        if not said:
            return "Here is what I would show you:" if count > 1 else "Here is one thing I would show you:"
        text = ", ".join(plain(one, 80) for one in said)
        return f"{text[:1].upper()}{text[1:]}:"

    def _rest(self, one: Recommendation, turn: Turn, reasons: Mapping[str, Explanation]) -> str:
        item = self.shelves.catalog.index[one.item_id]
        parts = []
        price = None if self.shelves.price is None else self.shelves.number(item, self.shelves.price)
        if price is not None:
            parts.append(number(price))
        reason = reasons.get(one.item_id)
        if reason is not None and reason.cited:
            parts.append(plain(brief(reason.text), 300))
        else:
            parts.append(plain(self.facts(item, turn), 200))
        return " – ".join(part for part in parts if part)

    def facts(self, item: int, turn: Turn) -> str:
        """What its row says beside what was asked for."""
        known = [c for c, values in turn.constraints.wanted.items() if len(values) == 1]
        columns = [c for c in self.shelves.words if c not in known and len(self.shelves.values(c)) <= 60]
        found: list[str] = []
        for column in columns:
            if column == self.shelves.kind or len(found) >= FACTS:
                continue
            values = self.shelves.of(item, column)[:3]
            if values:
                said = ", ".join(map(str, values))
                found.append(said if column == TAG else f"{column.replace('_', ' ')} {said}")
        text = ", ".join(found)
        return f"{text[:1].upper()}{text[1:]}." if text else ""

    def _why(self, turn: Turn, reasons: Mapping[str, Explanation]) -> str:
        """Of one thing or several: what was asked for that it is, and its explanation."""
        lines = []
        for item_id in turn.about[:10]:
            item = self.shelves.catalog.index[item_id]
            title = plain(self.answers.called(item_id))
            met = self.answers.meets(item, turn.constraints)
            asked = f" It is what you asked for: {', '.join(met)}." if met else ""
            reason = reasons.get(item_id)
            text = f" {plain(reason.text, 400)}" if reason is not None else ""
            if not asked and not text:
                text = " It fits what you have chosen before."
            lines.append(f"{title}:{asked}{text}")
        return "\n".join(lines) or "Which one do you mean? I have not shown any yet."

    def example(self) -> str:
        """A wish that this catalogue can meet: what some item is."""
        kind, there = self.shelves.kind, self.shelves.left(None)
        item = int(there.argmax())
        columns = [c for c in self.shelves.words if c != kind]
        columns.sort(key=lambda c: BEFORE.index(c.lower()) if c.lower() in BEFORE else len(BEFORE))
        thing = [plural(str(value)) for value in (self.shelves.of(item, kind)[:1] if kind else ())]
        said = [str(value) for column in columns for value in self.shelves.of(item, column)[:1]][:1]
        return plain(" ".join([*said, *thing]), 60) or "something new"


def brief(text: str) -> str:
    """An explanation in a line that names its item already: «Because you bought the Sunday Jumper, also in red.»"""
    head, suggest, tail = text.partition(", we suggest ")
    if not suggest:
        return text
    _, also, rest = tail.rpartition(", also ")
    return f"{head}, also {rest}" if also else f"{head}."


def plural(word: str) -> str:
    """Coats, dresses, trousers."""
    if word.endswith(("ss", "sh", "ch", "x")):
        return f"{word}es"
    if word.endswith("s") or not word[-1:].isalpha() or " & " in word:
        return word
    return f"{word[:-1]}ies" if word.endswith("y") and word[-2:-1] not in tuple("aeiou") else f"{word}s"
