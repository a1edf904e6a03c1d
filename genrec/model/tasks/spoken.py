"""What can be said of a catalogue in a message, and how: values, columns, amounts; for the task «hearing»."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import polars as pl

from genrec.data.catalog import COLUMNS
from genrec.embed.attributes import suitable
from genrec.model.tasks import messages as said
from genrec.model.tasks import wishes
from genrec.model.tasks.interface import Material
from genrec.model.tasks.wording import CHATTER, HEADS

MISSPELT = 0.04
"""The share of values that are written with a wrong letter."""
SHORTEST = 5
"""Letters of a word that may be misspelt."""
RARE = 0.1
"""The share of texts beyond which a word in them is not asked for."""
SYNONYMS = {
    "colour": ("color", "shade"), "color": ("colour", "shade"), "material": ("fabric",), "brand": ("label", "maker"),
    "price": ("cost",), "category": ("kind", "type"), "silhouette": ("cut", "shape"), "pattern": ("print",),
    "series": ("collection",), "style": ("look",), "genre": ("kind",), "author": ("writer",),
}  # fmt: skip
"""What columns are called besides their names."""


def pick(among: Sequence[str], random: np.random.Generator) -> str:
    return among[int(random.integers(len(among)))]


class Spoken:
    """What can be said of a catalogue. numbers: by column of numbers, its values, sorted; dates likewise, by years.
    attributes: columns of values. columns: all that a wish may be
    about. price: the column of prices, or None."""

    def __init__(self, material: Material) -> None:
        self.material, self.facts = material, material.facts
        table = material.catalog.table
        self.numbers = {name: _numbers(table[name]) for name in suitable(table) if table[name].dtype.is_numeric()}
        self.dates = {
            name: _numbers(table[name].dt.year())
            for name in table.columns
            if name not in COLUMNS and table[name].dtype in (pl.Date, pl.Datetime)
        }
        self.numbers = {name: values for name, values in self.numbers.items() if len(values)}
        self.dates = {name: values for name, values in self.dates.items() if len(values)}
        self.flags = {
            name for name in self.facts.attributes if name in table.columns and table[name].dtype == pl.Boolean
        }
        self.amounts = self.numbers | self.dates
        self.attributes = tuple(name for name in self.facts.attributes if name not in self.dates)
        self.columns = (*self.attributes, *self.amounts)
        self.price = next((name for name in self.numbers if name.lower() in said.PRICES), None)
        self.rare = _rare(material)

    def of(self, item: int) -> list[int]:
        """The facts of an item that a message may speak of."""
        return [one for one in self.facts.of(item) if self.facts.facts[one].attribute in self.attributes]

    @cached_property
    def every(self) -> list[int]:
        """All of them."""
        return [one for one, fact in enumerate(self.facts.facts) if fact.attribute in self.attributes]

    @cached_property
    def owners(self) -> dict[str, str]:
        """Of a word that is a value of several columns, the column that is meant by it: the one whose value titles
        say most often."""
        spoken = dict.fromkeys(self.facts.attributes, 0)
        for item, title in enumerate(self.material.titles):
            for fact in self.facts.of(item):
                spoken[self.facts.facts[fact].attribute] += self.facts.facts[fact].value.lower() in title.lower()
        found: dict[str, str] = {}
        for number, words in enumerate(self.facts.words):
            column = self.facts.facts[number].attribute
            for word in words:
                if spoken[column] > spoken.get(found.get(word.lower(), ""), -1):
                    found[word.lower()] = column
        return found

    def written(self, fact: int) -> str:
        """A value as a line has it."""
        one = self.facts.facts[fact]
        return {"True": "yes", "False": "no"}[one.value] if one.attribute in self.flags else one.value

    def word(self, fact: int, random: np.random.Generator) -> str:
        """How a message says a fact: misspelt now and then, with its column where the value alone says another one."""
        column = self.facts.facts[fact].attribute
        plain = column.replace("_", " ")
        if column in self.flags:
            return plain if self.written(fact) == "yes" else f"not {plain}"
        word = wishes.word(self.facts, fact, random)
        if self.owners[word.lower()] != column:
            return f"{word} {plain}" if random.random() < 0.5 else f"{plain} {word}"
        if random.random() < MISSPELT:
            return misspelt(word, random)
        if random.random() < 0.06:
            return f"{plain} {word}"
        heads = column in HEADS and " " not in word and not word.endswith("s")
        return f"{word}s" if heads and random.random() < 0.35 else word

    def called(self, column: str, random: np.random.Generator) -> str:
        """A column's name, or what else it is called."""
        own = SYNONYMS.get(column.lower(), ())
        return pick(own, random) if own and random.random() < 0.35 else column.replace("_", " ")

    def measure(self, column: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """See `messages.MEASURES`."""
        if column == self.price:
            return said.MEASURES["price"]
        parts = column.lower().split("_")
        own = next((one for name, one in said.MEASURES.items() if name in parts and name != "price"), None)
        plain = column.replace("_", " ")
        return own or (("{n}",), (f"less {plain}", f"lower {plain}"), (f"more {plain}", f"higher {plain}"))


def misspelt(word: str, random: np.random.Generator) -> str:
    """One letter is missing, doubled, another, or swapped with its neighbour, if the word is long enough."""
    if len(word) < SHORTEST or not word.isalpha():
        return word
    at, manner = int(random.integers(1, len(word) - 1)), int(random.integers(4))
    if manner == 0:
        return word[:at] + word[at + 1 :]
    if manner == 1:
        return word[:at] + word[at] + word[at:]
    if manner == 2:
        return word[:at] + "abcdefghijklmnopqrstuvwxyz"[int(random.integers(26))] + word[at + 1 :]
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _rare(material: Material) -> list[str]:
    """Words that some texts have and most have not, and that no title and no value has."""
    texts = material.catalog.table["text"].to_list()
    counts = Counter(word for text in texts for word in set(re.findall(r"[^\W\d_]+", (text or "").lower())))
    known = set(material.chatter) - set(CHATTER.split())
    return sorted(word for word in known if len(word) >= SHORTEST and 2 <= counts[word] <= RARE * len(texts))


def _numbers(column: pl.Series) -> np.ndarray:
    """float64, sorted: what is known."""
    values = column.cast(pl.Float64, strict=False).drop_nulls().drop_nans()
    return np.sort(values.filter(values.is_finite()).to_numpy())
