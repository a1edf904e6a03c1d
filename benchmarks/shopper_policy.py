"""A simulated shopper: what is wanted, what is said of it and when. Decided before anything was measured with it.

A shopper has one item in mind and knows it when it is shown, and in no other way. What can be told of it are its
category, colour, cut, pattern, material, season, style, brand and price; the title, the series, the id, the exact
price, the second colour and the level of price are never said. Nobody minds all of that: each column is minded with
the chance `MINDED`, and only what is minded is ever mentioned, with a weight of `SALIENCE` (people who care for a brand
say so early).

**First message.** One or two things (35 %, 65 %): the category in nine of ten, else something else first.

**Later messages** react to the five that are shown, one or two things each:
- to a question of the system comes a true answer, or that it does not matter where it is not minded; half add a thing;
- one in twelve is empty («none of these»);
- where three or more of the five go against something that was said, six in ten say it again in other words;
- 30 % point at one of the five that is of the right category and right in half of what is minded, and say what should
  be otherwise («like the second, but in red», «… but cheaper»);
- 30 % say what is wrong with the shown ones («not black», «too expensive», «too dressy»), two in five of them also what
  would be right («not black, navy»);
- 40 % name one (60 %) or two (40 %) further things. What is wrong with more of the five is named sooner.
- whoever has nothing left to say points at the nearest one, or asks for others.

**People.** Seven voices (`shopper_phrasings`), as many of each. One in twelve misspeaks once (a wrong colour, pattern,
material, season or style) and puts it right in the next message. Budgets are round numbers, 5 to 50 % above the price
of what is in mind. Values are called by any of their names, by words for several values («blue») too.

Everything follows from (seed, number of the shopper, turn) and from what was shown: two systems that show the same hear
the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
from shopper_phrasings import VOICES
from shopper_speech import Slot, Speech, Words
from shopper_words import CUTS_AS_NOUNS, NUMBERS

TURNS = 5
SHOWN = 5
MINDED = {
    "category": 1.0, "colour": 0.9, "silhouette": 0.7, "price": 0.7, "pattern": 0.6, "material": 0.6, "style": 0.5,
    "season": 0.5, "brand": 0.2,
}  # fmt: skip
SALIENCE = {
    "category": 8, "colour": 5, "silhouette": 3, "material": 3, "brand": 3, "pattern": 2, "price": 2, "style": 2,
    "season": 2,
}  # fmt: skip
SAID = tuple(column for column in MINDED if column != "price")
MISSPOKEN = ("colour", "pattern", "material", "season", "style")
CATEGORY_FIRST, TWO_AT_FIRST, TWO_LATER = 0.9, 0.65, 0.4
EMPTY, MISSPEAKS, AGAIN = 1 / 12, 1 / 12, 0.6
POINTS, OBJECTS, ADDS_RIGHT = 0.3, 0.3, 0.4

ASKED = {
    "price": r"budget|price|spend|cost|expensive|cheap|pay",
    "colour": r"colou?rs?|shades?",
    "material": r"materials?|fabrics?|made of|cloth",
    "pattern": r"patterns?|prints?|plain",
    "season": r"seasons?|time of (the )?year|weather",
    "silhouette": r"silhouettes?|cuts?|fit|shapes?",
    "brand": r"brands?|labels?|makers?",
    "style": r"styles?|look",
    "category": r"category|kind of (thing|item|piece|garment)|what (kind|type|sort)|looking for|garment",
}
"""How a person sees which column a question is about, where it does not list its values."""


class Cards:
    """The rows of a catalogue and the values of its columns."""

    def __init__(self, table: pl.DataFrame) -> None:
        self.ids: list[str] = table["item_id"].to_list()
        self.rows: list[dict[str, Any]] = table.to_dicts()
        self.values: dict[str, list[Any]] = {column: sorted(set(table[column].to_list())) for column in SAID}

    @classmethod
    def read(cls, run: Path) -> Cards:
        return cls(pl.read_parquet(run / "data" / "catalog.parquet"))

    @cached_property
    def index(self) -> dict[str, int]:
        return {item: row for row, item in enumerate(self.ids)}

    def asked(self, text: str) -> str | None:
        """The column that a question is about: the one most of whose values it lists, else the one that it names."""
        questions = re.findall(r"[^.!?\n]*\?", text) or [text]
        words = questions[-1].lower()
        listed = {
            column: sum(re.search(rf"\b{re.escape(value.lower())}s?\b", words) is not None for value in values)
            for column, values in self.values.items()
        }
        column = max(listed, key=lambda one: listed[one])
        if listed[column] >= 2:
            return column
        return next((one for one, pattern in ASKED.items() if re.search(rf"\b({pattern})\b", words)), None)


@dataclass(frozen=True)
class Message:
    """What is written, and what is meant by it.

    slots: one or two. implied: (kind, column, value) that it is no fault to understand besides. act: of `ACTS`.
    """

    text: str
    act: str
    slots: tuple[Slot, ...] = ()
    implied: tuple[tuple[str, str, Any], ...] = ()
    words: tuple[Words, ...] = ()


class Shopper:
    """One person with one item in mind, over one conversation."""

    def __init__(self, cards: Cards, target: int, seed: int, number: int) -> None:
        self.cards, self.target = cards, cards.rows[target]
        self._item, self._origin = target, f"{seed}/{number}"
        self.voice = VOICES[number % len(VOICES)]
        self._speech = Speech(self.voice)
        random = Random(f"{self._origin}/self")
        self.minds = [column for column, chance in MINDED.items() if random.random() < chance]
        self._misspeaks = random.random() < MISSPEAKS
        room = self.target["price"] * random.uniform(1.05, 1.5)
        self.budget = next((n for n in NUMBERS if n >= room), max(NUMBERS))
        if self.budget < self.target["price"] * 1.02:  # beyond the largest bound that people name
            self.minds = [column for column in self.minds if column != "price"]
        self.said: dict[str, Slot] = {}
        self._denied: set[tuple[str, Any]] = set()
        self._wrong: tuple[str, Any, Words] | None = None  # what was said by mistake
        self._turn = 0

    def found(self, shown: Sequence[int]) -> bool:
        return self._item in shown

    def speak(self, shown: Sequence[int] = (), asked: str | None = None) -> Message:
        """The next message. shown: item indices of the last answer; asked: its text where it was a question."""
        random = Random(f"{self._origin}/{self._turn}")
        self._turn += 1
        return self._open(random) if self._turn == 1 else self._react(random, list(shown), asked)

    # ------------------------------------------------------------------ what is said

    def _open(self, random: Random) -> Message:
        other = self._drawn(random, self._unsaid(), ("category",))
        columns = ["category" if other is None or random.random() < CATEGORY_FIRST else other]
        if random.random() < TWO_AT_FIRST and (second := self._drawn(random, self._unsaid(), columns)):
            columns.append(second)
        return self._state("open", columns, random)

    def _react(self, random: Random, shown: list[int], asked: str | None) -> Message:
        if self._wrong:
            return self._correct(random)
        if asked is not None and (column := self.cards.asked(asked)):
            return self._answer(column, random)
        if random.random() < EMPTY:
            return Message(self._speech.say("vague", random), "vague")
        rows = [self.cards.rows[item] for item in shown]
        missed = self._missed(rows)
        if missed and random.random() < AGAIN:
            return self._state("repeat", [missed], random)
        mood = random.random()
        if mood < POINTS and (message := self._point(shown, random)):
            return message
        if mood < POINTS + OBJECTS and (message := self._object(rows, random)):
            return message
        unsaid = self._unsaid()
        if not unsaid:
            if message := self._point(shown, random):
                return message
            return Message(self._speech.say("vague", random), "vague")
        wrong = {column: sum(not self._right(column, row) for row in rows) for column in unsaid}
        weights = {column: SALIENCE[column] * (0.3 + wrong[column] / max(len(rows), 1)) for column in unsaid}
        columns = [_weighted(weights, random)]
        if len(unsaid) > 1 and random.random() < TWO_LATER:
            columns.append(_weighted({one: weight for one, weight in weights.items() if one not in columns}, random))
        return self._state("budget" if columns == ["price"] else "further", columns, random)

    def _state(self, act: str, columns: Sequence[str], random: Random) -> Message:
        """Says the target's values of `columns`, or once in a life a wrong one."""
        words, slots, implied = [], [], []
        for column in columns:
            wish, slot = self._wish(column, random)
            if self._misspeaks and column in MISSPOKEN and act in ("open", "further"):
                self._misspeaks = False
                value = random.choice([one for one in self.cards.values[column] if one not in slot.accepted])
                wish = self._speech.words(column, value, self.target["category"], random, narrow=True)
                slot = Slot(column, "wanted", (value,), (value,))
                self._wrong = (column, value, wish)
            words.append(wish)
            slots.append(slot)
            if column == "silhouette" and wish.noun:
                implied.append(("wanted", "category", self.target["category"]))
        holes = {"n": str(self.budget), "w": NUMBERS[self.budget]} if act == "budget" else {}
        self._remember(slots)
        text = self._speech.say(act, random, words, holes)
        # A cut with a name of its own stands in the category's place, which then is not in the sentence.
        stated = [at for at, slot in enumerate(slots) if not (implied and slot.column == "category")]
        said = tuple(slots[at] for at in stated)
        return Message(text, act, said, tuple(implied), tuple(words[at] for at in stated))

    def _correct(self, random: Random) -> Message:
        assert self._wrong
        (column, value, called), self._wrong = self._wrong, None
        words, slot = self._wish(column, random)
        self._remember([slot])
        text = self._speech.say("correction", random, [words], {"no": called.thing, "not": called.is_})
        return Message(text, "correction", (slot,), (("unwanted", column, value),), (words,))

    def _answer(self, column: str, random: Random) -> Message:
        more = [one for one in self._unsaid() if one != column]
        also = (
            self._state("further", [self._drawn(random, more) or ""], random)
            if more and random.random() < 0.5
            else None
        )
        if column in self.minds:
            words, slot = self._wish(column, random)
            self._remember([slot])
            first = Message(self._speech.say("answer", random, [words]), "answer", (slot,), (), (words,))
            if column == "silhouette" and words.noun:
                first = Message(
                    first.text, "answer", (slot,), (("wanted", "category", self.target["category"]),), (words,)
                )
        else:
            first = Message(self._speech.say("indifferent", random), "indifferent")
        if also is None:
            return first
        text = f"{first.text.rstrip('.')}. {also.text}"
        return Message(
            text, first.act, first.slots + also.slots, first.implied + also.implied, first.words + also.words
        )

    def _point(self, shown: Sequence[int], random: Random) -> Message | None:
        """«Like the second, but …», of the shown one that is nearest; None where none is near."""
        near = []
        for at, item in enumerate(shown[:SHOWN]):
            right = [column for column in self.minds if self._right(column, self.cards.rows[item])]
            if "category" in right and 2 * len(right) >= len(self.minds):
                near.append((len(right), -at))
        if not near:
            return None
        at = -max(near)[1]
        row = self.cards.rows[shown[at]]
        liked = Slot("", "liked", (self.cards.ids[shown[at]],), (self.cards.ids[shown[at]],))
        implied = tuple(("wanted", column, value) for column, value in row.items() if column in SAID)
        nth = self._speech.nth(at, [self.cards.rows[one]["colour"] for one in shown[:SHOWN]], random)
        differs = {column: SALIENCE[column] for column in self.minds if not self._right(column, row)}
        if not differs:
            return Message(self._speech.say("like", random, holes={"nth": nth}), "like", (liked,), implied)
        column = _weighted(differs, random)
        if column == "price":
            bound = Slot("price", "max", (row["price"],), (row["price"],), relative=True)
            return Message(
                self._speech.say("nearer_cheaper", random, holes={"nth": nth}),
                "nearer_cheaper",
                (liked, bound),
                implied,
            )
        words, slot = self._wish(column, random)
        self._remember([slot])
        return Message(
            self._speech.say("nearer", random, [words], {"nth": nth}), "nearer", (liked, slot), implied, (words,)
        )

    def _object(self, rows: Sequence[Mapping[str, Any]], random: Random) -> Message | None:
        """What is wrong with the shown ones: a value that two or more of them have, or their prices."""
        wrong: dict[tuple[str, Any], float] = {}
        for column in self._unsaid():
            if column == "price":
                if len(rows) >= 4 and sum(not self._right("price", row) for row in rows) >= len(rows) - 1:
                    wrong["price", None] = SALIENCE["price"] * len(rows)
                continue
            for value, count in Counter(row[column] for row in rows if not self._right(column, row)).items():
                if count >= 2 and (column, value) not in self._denied:
                    wrong[column, value] = SALIENCE[column] * count
        if not wrong:
            return None
        column, value = _weighted(wrong, random)
        if column == "price":
            if random.random() < 0.5:
                return self._state("budget", ["price"], random)
            # All but at most one are beyond the budget, so what is wanted is cheaper than the second cheapest.
            prices = sorted(row["price"] for row in rows)
            slot = Slot("price", "max", (prices[1],), (prices[-1],), relative=True)
            return Message(self._speech.say("too_dear", random), "too_dear", (slot,))
        self._denied.add((column, value))
        unwanted = Slot(column, "unwanted", (value,), (value,))
        if column == "style" and random.random() < 0.6:
            return Message(
                self._speech.say("too_styled", random, holes={"too": self._speech.too(value, random)}),
                "too_styled",
                (unwanted,),
            )
        category = next(row["category"] for row in rows if row[column] == value)
        called = self._speech.words(column, value, category, random, narrow=True)
        holes = {"no": called.thing, "not": called.is_}
        if column != "category" and random.random() >= ADDS_RIGHT:
            return Message(self._speech.say("negative", random, holes=holes), "negative", (unwanted,), (), (called,))
        words, slot = self._wish(column, random)
        self._remember([slot])
        text = self._speech.say("negative_but", random, [words], holes)
        return Message(text, "negative_but", (unwanted, slot), (), (called, words))

    # ------------------------------------------------------------------ what is meant

    def _wish(self, column: str, random: Random) -> tuple[Words, Slot]:
        """Words for the target's value of `column`, and what they mean."""
        if column == "price":
            words = self._speech.words(column, self.budget, "", random)
            return words, Slot("price", "max", (self.budget,), (self.budget,))
        value = self.target[column]
        words = self._speech.words(column, value, self.target["category"], random)
        sure, accepted = words.wide or ((value,), (value,))
        return words, Slot(column, "wanted", sure, accepted)

    def _remember(self, slots: Sequence[Slot]) -> None:
        self.said |= {slot.column: slot for slot in slots if slot.kind in ("wanted", "max")}

    def _unsaid(self) -> list[str]:
        """What is minded and not said; whoever names a cut with a name of its own has said the category too."""
        said = set(self.said)
        if "silhouette" in said and (self.target["category"], self.target["silhouette"]) in CUTS_AS_NOUNS:
            said.add("category")
        return [column for column in self.minds if column not in said]

    def _right(self, column: str, row: Mapping[str, Any]) -> bool:
        return row["price"] <= self.budget if column == "price" else row[column] == self.target[column]

    def _missed(self, rows: Sequence[Mapping[str, Any]]) -> str | None:
        """What was said and most of the shown ones go against; the one that most do."""
        against = {
            column: sum(
                row[column] > slot.values[0] if slot.kind == "max" else row[column] not in slot.accepted for row in rows
            )
            for column, slot in self.said.items()
        }
        worst = max(against, key=lambda column: against[column], default=None)
        return worst if worst and against[worst] >= 3 else None

    def _drawn(self, random: Random, columns: Sequence[str], but: Sequence[str] = ()) -> str | None:
        weights = {column: SALIENCE[column] for column in columns if column not in but}
        return _weighted(weights, random) if weights else None


def _weighted(weights: Mapping[Any, float], random: Random) -> Any:
    return random.choices(list(weights), list(weights.values()))[0]
