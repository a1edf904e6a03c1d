"""True and false sentences about recommendations of the fashion world: `phrasings` with their holes filled."""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genrec.data.catalog import Catalog
from genrec.data.synthetic.phrases import PATTERN_NOUNS
from genrec.data.synthetic.synonyms import synonyms
from genrec.explain.gazetteer import short
from genrec.model.vocabulary import text
from genrec.sid.codes import SemanticIds

HOLE = re.compile(r"\{([\w.]+)(?::(\w+))?\}")
STRANGE = {
    "colour": ("purple", "turquoise", "crimson", "magenta", "khaki"),
    "material": ("velvet", "titanium", "polyester", "tweed", "bamboo"),
    "style": ("gothic", "preppy", "punk", "baroque", "futuristic"),
    "pattern": ("leopard-print", "paisley", "zebra-print", "camouflage"),
    "brand": ("Gucci", "Maison Lumen", "Acme & Sons", "Zephyrine"),
    "series": ("Velvet Dawn", "Crimson Tower", "Iron Lagoon"),
}
"""Values that no column has. Not for kinds of things: a word behind a value may be any noun."""
STRANGERS = ("Velvet Moonbeam Cape", "Crimson Dawn Kimono in Purple", "Zephyr Titanium Gloves", "Iron Lagoon Scarf")
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
SIGNS = {"<": operator.lt, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "!=": operator.ne}
WORDS = synonyms()


@dataclass(frozen=True)
class Case:
    """wrong: what was filled in falsely; None in a true sentence."""

    text: str
    history: tuple[int, ...]
    item: int
    pattern: str
    wrong: str | None = None


class Cases:
    """Of one catalogue and its people. histories: item indices, oldest first; items: what each is recommended."""

    def __init__(self, catalog: Catalog, ids: SemanticIds, histories: Sequence[Sequence[int]], items: Sequence[int]):
        self.rows = catalog.table.to_dicts()
        self.names = [text(codes) for codes in ids.codes]
        self.histories, self.items = histories, items

    def true(self, pattern: str, random: np.random.Generator, tries: int = 60) -> Case | None:
        """None where nobody was found for whom it can be made true."""
        for _ in range(tries):
            if (made := self._made(pattern, random, None)) is not None:
                return made
        return None

    def false(self, pattern: str, random: np.random.Generator, tries: int = 200) -> Case | None:
        """One hole, or what stands behind «|», is false."""
        holes = [match.group(0) for match in HOLE.finditer(pattern)]
        condition = pattern.partition("|")[2].strip()
        options = [*range(len(holes)), *(["if"] if condition else [])]
        if not options:
            return None
        wrong = options[int(random.integers(len(options)))]
        for _ in range(tries):
            if (made := self._made(pattern, random, wrong)) is not None:
                return made
        return None

    def _made(self, pattern: str, random: np.random.Generator, wrong: int | str | None) -> Case | None:
        said, _, condition = (part.strip() for part in pattern.partition("|"))
        person = int(random.integers(len(self.items)))
        history, item = list(map(int, self.histories[person])), int(self.items[person])
        things = list(dict.fromkeys(history))
        if item in things or len(things) < 3:
            return None
        chosen = random.permutation(things)[:3].tolist()
        if "last a" in condition and (wrong != "if"):
            chosen = [history[-1], *[one for one in chosen if one != history[-1]]]
        cast = dict(zip("ABC", chosen, strict=False)) | {"R": item}
        if len(cast) < 4:
            return None
        met = [self._meets(part.strip(), cast, history, random) for part in condition.split(",") if part.strip()]
        self._often = self._favourite(pattern, things, random)
        if wrong == "if":
            if all(met):
                return None
        elif not all(met):
            return None
        count, note = -1, "if" if wrong == "if" else None

        def fill(match: re.Match[str]) -> str:
            nonlocal count, note
            count += 1
            filled = self._filled(match, cast, history, things, random, count == wrong, said)
            if count == wrong:
                note = f"{match.group(0)} = {filled}"
            return filled

        try:
            sentence = HOLE.sub(fill, said)
        except LookupError:
            return None
        sentence = sentence[0].upper() + sentence[1:] if sentence[0] != "<" else sentence
        return Case(sentence, tuple(history), item, pattern, note)

    def _filled(self, match, cast, history, things, random, wrong, said) -> str:
        """LookupError where this cast cannot."""
        who, form = match.group(1), match.group(2)
        if who in "ABCR":
            if wrong and random.random() < 0.3:
                return str(random.choice(STRANGERS))
            return self._name(self._stranger(cast, things, random) if wrong else cast[who], random)
        if who in ("n", "N"):
            right = self._often[2] if who == "n" else len(history)
            if wrong:
                right += int(random.choice([1, 2, 3] if said.startswith("At least") else [-1, 1, 2, 3]))
                columns = ("colour", "accent") if self._often[0] == "colour" else (self._often[0],)
                counts = [sum(self.rows[one][name] == self._often[1] for one in things) for name in columns if name]
                either = sum(any(self.rows[one][name] == self._often[1] for name in columns if name) for one in things)
                true = {len(history), len(things)} if who == "N" else {*counts, either}
                if right < 1 or right in true:
                    raise LookupError
            return NUMBERS[right] if right < len(NUMBERS) and random.random() < 0.6 else str(right)
        *people, attribute = who.split(".")
        people = "".join(people)
        if attribute == "price":
            price = self.rows[cast[people.upper()]]["price"]
            if wrong:
                price = round(price * float(random.choice([0.5, 0.8, 1.2, 1.7])), 2)
            return f"${price:.2f}"
        if people.startswith("no"):
            who = people[2:].upper()
            items = [cast[one] for one in who]
            word = (
                self._value(items[0], attribute, form, random)
                if wrong
                else self._absent(items, attribute, form, random)
            )
            return word
        if people in ("h", "n"):
            if (people == "n" and attribute != self._often[0]) or (people == "h" and self._often[0] != attribute):
                raise LookupError
            if not wrong:
                return self._said(attribute, self._often[1], None, form, random)
            if people == "n":
                raise LookupError  # the number says it
            return self._absent(things, attribute, form, random)
        items = [cast[one.upper()] for one in people.replace("y", "a")]
        if people == "y" and wrong:
            return self._absent(things, attribute, form, random)
        if not wrong:
            shared = {self.rows[item][attribute] for item in items}
            if len(shared) > 1:
                raise LookupError
            return self._value(items[0], attribute, form, random)
        if attribute in STRANGE and random.random() < 0.25 and form is None and people not in ("h", "n"):
            return str(random.choice(STRANGE[attribute]))
        if len(items) > 1 and random.random() < 0.5:
            # True of one of them alone.
            one, other = random.permutation(items)[:2].tolist()
            if self._has(other, attribute, self.rows[one][attribute]) or self.rows[one][attribute] is None:
                raise LookupError
            return self._said(attribute, self.rows[one][attribute], one, form, random)
        return self._absent(items, attribute, form, random)

    def _value(self, item: int, attribute: str, form: str | None, random: np.random.Generator) -> str:
        value = self.rows[item][attribute]
        if value is None:
            raise LookupError
        return self._said(attribute, value, item, form, random)

    def _absent(self, items: list[int], attribute: str, form: str | None, random: np.random.Generator) -> str:
        """A value that none of the items has in any column."""
        values = sorted({row[attribute] for row in self.rows if row[attribute] is not None})
        values = [value for value in values if not any(self._has(item, attribute, value) for item in items)]
        if not values:
            raise LookupError
        return self._said(attribute, str(random.choice(values)), None, form, random)

    def _has(self, item: int, attribute: str, value: str | None) -> bool:
        row = self.rows[item]
        same = row[attribute] == value or (attribute == "colour" and row["accent"] == value)
        return same or any(row[name] == value for name in ("category", "silhouette", "material", "style", "season"))

    def _said(self, attribute: str, value: str, item: int | None, form: str | None, random: np.random.Generator) -> str:
        if attribute == "season":
            return f"{form} {value}" if form else value
        if attribute == "pattern" and form == "noun":
            return str(random.choice(PATTERN_NOUNS[value]))
        words = WORDS.get(attribute, {}).get(value, (value,))
        if attribute == "pattern":
            words = words[:3]
        word = str(random.choice([word for word in words if word]))
        return word.capitalize() if form == "cap" else word

    def _name(self, item: int, random: np.random.Generator) -> str:
        kind, title = random.random(), self.rows[item]["title"]
        return self.names[item] if kind < 0.5 else title if kind < 0.75 else short(title)

    def _stranger(self, cast: dict[str, int], things: list[int], random: np.random.Generator) -> int:
        known = {self.rows[one]["title"] for one in [*things, *cast.values()]}
        while True:
            item = int(random.integers(len(self.rows)))
            if self.rows[item]["title"] not in known:
                return item

    def _meets(self, condition: str, cast: dict[str, int], history: list[int], random: np.random.Generator) -> bool:
        if condition == "last a":
            return cast["A"] == history[-1]
        left, sign, right = condition.split()

        def value(side: str) -> object:
            who, _, name = side.partition(".")
            return self.rows[cast[who.upper()]][name] if who.upper() in cast else None

        if right.startswith(("h.", "n.")):
            return True  # seen to where the value is drawn
        one, other = value(left), value(right)
        return one is not None and other is not None and SIGNS[sign](one, other)

    def _favourite(self, pattern: str, things: list[int], random: np.random.Generator) -> tuple[str, str, int]:
        """(column, value, things that have it) of a value that two things have or more, for {h…} and {n…}."""
        asked = re.search(r"\{[hn]\.(\w+)", pattern)
        if asked is None:
            return "", "", 0
        counts = Counter(self.rows[one][asked.group(1)] for one in things)
        often = [(value, count) for value, count in counts.items() if value is not None and count > 1]
        if not often:
            return "", "", 0
        value, count = often[int(random.integers(len(often)))]
        return asked.group(1), value, count
