"""One message in the making, for the task «hearing»: clauses of values, amounts and places, and the parts they say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genrec.model.tasks import messages as said
from genrec.model.tasks.lines import Part
from genrec.model.tasks.spoken import Spoken, pick
from genrec.model.tasks.wording import BEHIND, HEADS


class Draft:
    """facts: all that message and wishes so far name. parts: what the message says. so_far, shown, waiting: see
    `hearing.asking`."""

    def __init__(self, spoken: Spoken, item: int, random: np.random.Generator) -> None:
        self.spoken, self.item, self.random = spoken, item, random
        self.facts: set[int] = set()
        self.parts: list[Part] = []
        self.so_far: list[Part] = []
        self.shown, self.waiting = 0, ""
        self._taken: set[str] = set()

    # ------------------------------------------------------------------ values

    def fact(self, column: str = "", heads: bool = False, without: Sequence[str] = (), other: int = -1) -> int:
        """A value: mostly one of the item's, of a column that the message does not speak of yet. other: one of the
        same column as this."""
        known, facts = self.spoken.facts, self.spoken.facts.facts
        if other >= 0:
            siblings = known.siblings(other)
            found = int(self.random.choice(siblings)) if len(siblings) else other
        else:
            among = self.spoken.of(self.item) if self.random.random() < 0.7 else self.spoken.every
            named = [one for one in among if column and facts[one].attribute == column]
            named = named or [one for one in self.spoken.every if column and facts[one].attribute == column]
            named = named or [one for one in among if heads and facts[one].attribute in HEADS]
            free = [one for one in among if facts[one].attribute not in {*self._taken, *without}]
            found = self._drawn(named or free or self.spoken.of(self.item), even=bool(named))
        self.facts.add(found)
        self._taken.add(facts[found].attribute)
        return found

    def _drawn(self, among: Sequence[int], even: bool) -> int:
        """By column first, so that a column of hundreds of values is not all that is talked of."""
        facts = self.spoken.facts.facts
        if not even:
            column = pick(sorted({facts[one].attribute for one in among}), self.random)
            among = [one for one in among if facts[one].attribute == column]
        return among[int(self.random.integers(len(among)))]

    def value(self, column: str = "", heads: bool = False, without: Sequence[str] = (), verb: str = "=") -> str:
        """A value in words; the part that wants it is noted."""
        fact = self.fact(column, heads, without)
        self.note(verb, [fact])
        return self.spoken.word(fact, self.random)

    def note(self, verb: str, facts: Sequence[int]) -> None:
        column = self.spoken.facts.facts[facts[0]].attribute
        self.parts.append(Part(verb, column, tuple(self.spoken.written(one) for one in facts)))

    def changed(self) -> str:
        """One value, or two."""
        if self.random.random() < 0.12:
            return self.either()
        first = self.value()
        return f"{first} {self.value()}" if self.random.random() < 0.12 else first

    def wish(self, size: int) -> str:
        """A thing and its values, in the order of a sentence."""
        manner, facts = self.random.random(), [self.fact() for _ in range(size)]
        facts = list(dict.fromkeys(facts))
        spoken, random = self.spoken, self.random
        if manner < 0.7:
            columns = [spoken.facts.facts[one].attribute for one in facts]
            heads = [one for one, name in zip(facts, columns, strict=True) if name in HEADS][:1]
            behind = [one for one, name in zip(facts, columns, strict=True) if name in BEHIND and one not in heads]
            front = [one for one in facts if one not in (*heads, *behind)]
            words = [spoken.word(one, random) for one in (*front, *heads)]
            if not heads and (behind or random.random() < 0.4):
                words.append(pick(("something", "one", "thing"), random))
            for one in behind:
                word, name = spoken.word(one, random), spoken.facts.facts[one].attribute
                frame = pick(BEHIND[name], random) if name not in word else "with {}"
                words.append(frame.format(word))
            facts = [*front, *heads, *behind]
        else:
            words = [spoken.word(one, random) for one in facts]
        for one in facts:
            self.note("=", [one])
        return (", " if manner > 0.88 else " ").join(words)

    def either(self) -> str:
        """One of two values, and a thing."""
        one = self.fact()
        two = self.fact(other=one)
        if one == two:
            self.note("=", [one])
            return self.spoken.word(one, self.random)
        self.note("=", [one, two])
        names = (self.spoken.word(fact, self.random) for fact in (one, two))
        said_ = pick(said.EITHER, self.random).format(**dict(zip("xy", names, strict=True)))
        if self.random.random() < 0.5 and self.spoken.facts.facts[one].attribute not in HEADS:
            return f"{said_} {self.value(heads=True)}"
        return said_

    def drop_wish(self) -> None:
        """Of the message's wishes only what is ruled out or bounded stays."""
        self.parts = [part for part in self.parts if part.verb not in ("=", "show")]

    def unwanted(self) -> str:
        one = self.fact()
        if self.random.random() < 0.2 and (two := self.fact(other=one)) != one:
            self.note("!=", [one, two])
            names = (self.spoken.word(fact, self.random) for fact in (one, two))
            return pick(said.UNWANTED_TWO, self.random).format(**dict(zip("xy", names, strict=True)))
        self.note("!=", [one])
        return pick(said.UNWANTED, self.random).format(x=self.spoken.word(one, self.random))

    def rare(self) -> str:
        """Something that no column says."""
        word = self.word()
        if word:
            self.parts.append(Part("words", values=(word,)))
        return pick(said.WORDS[:2], self.random).format(word=word) if word else ""

    def word(self) -> str:
        rare = self.spoken.rare
        return pick(rare, self.random) if rare else ""

    def hold(self, count: int) -> None:
        """Wishes that hold already."""
        for place in range(count):
            if place == 0 and self.random.random() < 0.4 and self.spoken.amounts:
                self.bound(self.so_far)
                continue
            fact = self.fact()
            column, verb = self.spoken.facts.facts[fact].attribute, "!=" if self.random.random() < 0.25 else "="
            self.so_far.append(Part(verb, column, (self.spoken.written(fact),)))
        self._taken.clear()

    def column(self, words: bool = False) -> str:
        """One to speak of: of what holds, or any. words: none of numbers."""
        held = [part.column for part in self.so_far if not words or part.column in self.spoken.attributes]
        among = held if held and self.random.random() < 0.5 else self.spoken.attributes if words else ()
        return pick(among or self.spoken.columns, self.random)

    # ------------------------------------------------------------------ amounts

    def bound(self, into: list[Part] | None = None) -> str:
        """A bound in words; noted in `into`, else in what the message says. Empty where nothing is counted."""
        spoken, random = self.spoken, self.random
        if not spoken.amounts:
            return ""
        into = self.parts if into is None else into
        dear = spoken.price is not None and random.random() < 0.75
        column = str(spoken.price) if dear else pick(tuple(spoken.amounts), random)
        self._taken.add(column)
        manner = random.random()
        if manner < 0.22:
            low, high = sorted((self._amount(column), self._amount(column)))
            if low == high:
                high = low + 10
            into += [Part(">=", column, number=low), Part("<=", column, number=high)]
            frame, unit = pick(said.BETWEEN, random), pick(spoken.measure(column)[0], random)
            # One in three says no unit, one in three says it once.
            plain = frame.format(low=self._figure(low), high=unit.format(n=self._figure(high)))
            if frame.startswith("over"):
                into[-2:] = [Part(">", column, number=low), Part("<", column, number=high)]
            return self._of(column, plain, unit)
        share = ((0.55, said.UPPER, "<="), (0.75, said.BELOW, "<"), (0.87, said.LOWER, ">="), (0.95, said.ABOVE, ">"))
        frames, verb = next(((frames, verb) for upto, frames, verb in share if manner < upto), (said.ABOUT, "~"))
        value = self._amount(column)
        into.append(Part(verb, column, number=value))
        unit = pick(spoken.measure(column)[0], random)
        return self._of(column, pick(frames, random).format(n=unit.format(n=self._figure(value))), unit)

    def new_limit(self) -> str:
        """Another limit than before; empty without prices."""
        if self.spoken.price is None:
            return ""
        value = self._amount(self.spoken.price)
        self.parts.append(Part("<=", self.spoken.price, number=value))
        unit = pick(self.spoken.measure(self.spoken.price)[0], self.random)
        return pick(said.NEW_LIMIT, self.random).format(n=unit.format(n=self._figure(value)))

    def compared(self) -> str | None:
        """Less or more of something than what was shown."""
        spoken, random = self.spoken, self.random
        if not spoken.numbers:
            return None
        dear = spoken.price is not None and random.random() < 0.75
        column, less = str(spoken.price) if dear else pick(tuple(spoken.numbers), random), random.random() < 0.7
        if dear and random.random() < 0.3:
            self.parts.append(Part("less" if less else "more", column))
            return pick(said.TOO_MUCH if less else said.TOO_LITTLE, random)
        word = pick(spoken.measure(column)[1 if less else 2], random)
        degree = ("", "a bit", "by far")[int(random.choice(3, p=(0.7, 0.18, 0.12)))]
        if degree:
            word = f"{pick(said.LITTLE if degree == 'a bit' else said.FAR, random)} {word}"
        refs: tuple[str, ...] = ()
        if random.random() < 0.2:
            place, one = self.place()
            refs, word, degree = (place,), f"{word} than {one}", degree
        self.parts.append(Part("less" if less else "more", column, refs=refs, degree=degree))
        return word if refs else pick(said.COMPARED, random).format(c=word)

    def level(self) -> str:
        """«cheap», «the cheapest»: of what there is. Empty without prices."""
        if self.spoken.price is None or any(part.column == self.spoken.price for part in self.parts):
            return ""
        levels = (("low", said.LOW), ("lowest", said.LOWEST), ("high", said.HIGH), ("highest", said.HIGHEST))
        verb, words = levels[int(self.random.choice(4, p=(0.5, 0.2, 0.15, 0.15)))]
        self.parts.append(Part(verb, self.spoken.price))
        return pick(words, self.random)

    def count(self) -> str:
        value = int(self.random.integers(2, 13))
        self.parts.append(Part("show", number=value))
        return said.DIGITS[value - 1] if self.random.random() < 0.5 else str(value)

    def _amount(self, column: str) -> float:
        """A number that may be said of a column: round, mostly."""
        values = self.spoken.amounts[column]
        value = float(values[int(self.random.integers(len(values)))])
        if column in self.spoken.dates or (value.is_integer() and values[-1] < 13):
            return value
        chance = self.random.random()
        step = 10 ** np.floor(np.log10(max(abs(value), 1e-6))) if chance < 0.4 else 5 if chance < 0.6 else 1
        if chance > 0.9 or abs(value) < 1:
            return round(value, 1)
        return float(max(round(value / step) * step, step)) if value > 0 else float(round(value))

    def _figure(self, value: float) -> str:
        if value in range(20, 100, 10) and self.random.random() < 0.15:
            return said.TENS[int(value) // 10 - 2]
        return f"{value:.0f}" if value.is_integer() else f"{value:g}"

    def _of(self, column: str, words: str, unit: str) -> str:
        """With the column's name, where neither the amount nor its unit says it."""
        if column == self.spoken.price and self.random.random() < 0.85:
            return words
        if column != self.spoken.price and unit != "{n}" and self.random.random() < 0.5:
            return words
        name = self.spoken.called(column, self.random)
        return pick((f"{name} {words}", f"with {name} {words}", f"{words} {name}", f"the {name} {words}"), self.random)

    # ------------------------------------------------------------------ places

    def place(self, plain: bool = False) -> tuple[str, str]:
        """A place in the list as a line has it, and in words. plain: by its number alone."""
        chance = 0.0 if plain else self.random.random()
        if chance > 0.9:
            return "it", pick(said.IT, self.random)
        if chance > 0.83:
            return "last", pick(said.LAST, self.random)
        number = int(self.random.integers(1, self.shown + 1))
        words = pick(said.PLACE, self.random)
        return str(number), words.format(o=said.ORDINALS[number - 1], d=number)

    def two(self) -> tuple[tuple[str, str], tuple[str, str]]:
        one = two = self.place(plain=True)
        while two[0] == one[0]:
            two = self.place(plain=True)
        return one, two

    def ref(self, verb: str, plain: bool = False) -> str:
        """A thing shown in words; what is said of it is noted."""
        place, words = self.place(plain)
        if verb in ("dislike", "about") and not plain and self.random.random() < 0.07:
            place, words = "all", pick(said.ALL, self.random)
        taken = {ref for part in self.parts for ref in part.refs}
        while place in taken and plain:
            place, words = self.place(plain)
        self.parts.append(Part(verb, refs=(place,)))
        return words

    # ------------------------------------------------------------------ the whole

    def ordered(self) -> tuple[Part, ...]:
        """What the message says, each thing once."""
        return tuple(dict.fromkeys(self.parts))

    def join(self, pieces: Sequence[str]) -> str:
        """Clauses one after the other."""
        made = pieces[0]
        for piece in pieces[1:]:
            glue = pick((", ", " ", ", but ", ". ", " and ", " - ", ", and ", "; "), self.random)
            made = f"{made.rstrip('?!. ')}{glue}{piece}" if glue != " " else f"{made} {piece}"
        return made
