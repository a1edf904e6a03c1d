"""What was heard beside what was meant: faults of the parser told apart from faults of the ranking.

A reply's constraints hold columns wanted and unwanted, bounds and liked items, after all messages so far. A slot that a
message meant is heard if they hold it after that message; a slot that came with the message and was neither meant nor
implied is an extra one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shopper_policy import Cards, Message
from shopper_speech import Slot, Words

Key = tuple[str, str, Any]
"""kind, column, value: one atom of what a system holds; for a bound its number."""


def upper(bounds: Any) -> float:
    """The upper bound of one column, infinite where there is none."""
    found = [getattr(bounds, name, None) for name in ("max", "below")]
    return min((float(one) for one in found if one is not None), default=float("inf"))


def lower(bounds: Any) -> float:
    found = [getattr(bounds, name, None) for name in ("min", "above")]
    return max((float(one) for one in found if one is not None), default=float("-inf"))


def atoms(heard: Any) -> set[Key]:
    """What a reply's constraints hold; nothing for None."""
    if heard is None:
        return set()
    found = {
        (kind, column, value)
        for kind in ("wanted", "unwanted")
        for column, values in getattr(heard, kind).items()
        for value in values
    }
    for column, bounds in heard.bounds.items():
        if upper(bounds) < float("inf"):
            found.add(("max", column, upper(bounds)))
        if lower(bounds) > float("-inf"):
            found.add(("min", column, lower(bounds)))
    return found | {("liked", "", item) for item in heard.liked}


def holds(heard: Any, slot: Slot) -> bool:
    """Whether the constraints hold what `slot` meant."""
    if heard is None:
        return False
    if slot.kind == "liked":
        return slot.values[0] in heard.liked
    if slot.kind == "max":
        bound = upper(heard.bounds.get(slot.column))
        return bound <= slot.accepted[0] if slot.relative else abs(bound - slot.values[0]) < 1
    values = set(getattr(heard, slot.kind).get(slot.column, ()))
    if slot.kind == "unwanted":
        return set(slot.values) <= values
    return set(slot.values) <= values <= set(slot.accepted)


@dataclass(frozen=True)
class Judged:
    """One message: its slots, each heard or not, and the atoms that came with it and were neither meant nor implied."""

    message: Message
    heard: tuple[bool, ...]
    extra: tuple[Key, ...]

    @property
    def right(self) -> bool:
        """Heard exactly: all that was meant and nothing else."""
        return all(self.heard) and not self.extra


def judged(before: Any, now: Any, message: Message) -> Judged:
    fair: set[Key] = set(message.implied)
    loose = set()
    for slot in message.slots:
        fair |= {(slot.kind, slot.column, value) for value in slot.accepted}
        if slot.kind == "max":
            loose.add(slot.column)
    new = {key for key in atoms(now) - atoms(before) - fair if not (key[0] == "max" and key[1] in loose)}
    return Judged(message, tuple(holds(now, slot) for slot in message.slots), tuple(sorted(new, key=str)))


def against(heard: Any, row: Mapping[str, Any]) -> list[str]:
    """The columns by which the constraints keep the item of `row` out."""
    if heard is None:
        return []
    out = [column for column, values in heard.wanted.items() if values and row.get(column) not in values]
    out += [column for column, values in heard.unwanted.items() if row.get(column) in values]
    for column, bounds in heard.bounds.items():
        value = row.get(column)
        if value is None or not lower(bounds) <= value <= upper(bounds):
            out.append(column)
    return sorted(set(out))


@dataclass
class Exact:
    """What an exact hearer knows after some messages: constraints of the same shape as a reply's, and a filter."""

    wanted: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    unwanted: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    price: float = float("inf")

    @classmethod
    def of(cls, messages: Iterable[Message], cards: Cards) -> Exact:
        """A later value takes the place of an earlier one of its column; «like the second» keeps its category."""
        known = cls()
        for message in messages:
            for slot in message.slots:
                if slot.kind == "wanted":
                    known.wanted[slot.column] = slot.values
                elif slot.kind == "unwanted":
                    known.unwanted[slot.column] = (*known.unwanted.get(slot.column, ()), *slot.values)
                elif slot.kind == "max":
                    known.price = min(known.price, slot.values[0])
                else:
                    known.wanted.setdefault("category", (cards.rows[cards.index[slot.values[0]]]["category"],))
            for kind, column, value in message.implied:
                if (kind, column) == ("wanted", "category"):
                    known.wanted.setdefault(column, (value,))
        return known

    def where(self) -> dict[str, Any]:
        """The same in the language of `genrec.decode.filters`."""
        parts: list[dict[str, Any]] = [{column: list(values)} for column, values in self.wanted.items()]
        parts += [{column: {"not": list(values)}} for column, values in self.unwanted.items()]
        if self.price < float("inf"):
            parts.append({"price": {"max": self.price}})
        return {"all": parts}

    def allowed(self, cards: Cards) -> list[int]:
        return [
            item
            for item, row in enumerate(cards.rows)
            if row["price"] <= self.price
            and all(row[column] in values for column, values in self.wanted.items())
            and not any(row[column] in values for column, values in self.unwanted.items())
        ]


class Wordings:
    """Where the words for a value come from: the column, the texts of items that have the value, or nowhere."""

    def __init__(self, cards: Cards) -> None:
        self._texts: dict[tuple[str, Any], str] = {}
        for row in cards.rows:
            for column in cards.values:
                key = (column, row[column])
                self._texts[key] = f"{self._texts.get(key, '')} {row['text'].lower()}"

    def kind(self, words: Words, slot: Slot, text: str) -> str:
        """«column», «texts» or «elsewhere»; text: the message, which holds one of the words' forms."""
        if slot.kind != "wanted" or len(slot.values) > 1:
            return "several values" if len(slot.values) > 1 else "other"
        said = text.lower()
        forms = [words.pre, words.post, words.is_, words.bare, words.thing, *(words.noun or ())]
        used = max((form.lower() for form in forms if form and form.lower() in said), key=len, default="")
        value = slot.values[0].lower()
        if value in used:
            return "column"
        core = re.sub(r"^(as )?(in|with|for|by|from|made of)?\s*(an?|the)?\s*", "", used)
        return "texts" if core and core in self._texts[slot.column, slot.values[0]] else "elsewhere"


def excess(many: Sequence[Judged]) -> float:
    """Precision of what came new: right new atoms of all new ones, a slot that was heard counting as one."""
    right = sum(sum(one.heard) for one in many)
    return right / max(right + sum(len(one.extra) for one in many), 1)
