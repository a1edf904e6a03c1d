"""The values of items' columns, item by item, and what a text says of them: «a scarlet dress from Kerb».

The words are those of `genrec.model.tasks.facts`: what columns write, what titles call it, and the owner's synonyms.
A phrase that stands for values of several columns (a colour, and the pattern's second colour) means each of them as far
as items whose titles say it have it; where the text names the column beside it, it means that one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix, vstack

from genrec.data.catalog import Catalog
from genrec.errors import UserError, nearest
from genrec.explain.gazetteer import Synonyms
from genrec.explain.lexicon import NAMES_OF
from genrec.model.tasks.facts import TAG, Fact, Facts
from genrec.search.words import words_of

DENIALS = frozenset({"not", "no", "without", "never", "isn", "aren", "don"})
OTHER = frozenset({"another", "other", "different", "change", "else"})
BARE = frozenset({"yes", "no", "true", "false", "none", "other", "all", "the", "and", "not", "with", "for", "any"})
"""Values that count only beside their column's name, as those of one or two letters do."""
SAID = 1.0
"""How many titles a column's mere size counts for, when titles decide which of several columns a phrase means."""

Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Stated:
    """One phrase of a text. facts: by number, with how surely the phrase means each, the likeliest 1. denied: «not»."""

    facts: Mapping[int, float]
    denied: bool

    @property
    def fact(self) -> int:
        return max(self.facts, key=lambda one: self.facts[one])


@dataclass(frozen=True)
class Reading:
    """What a text states. names: columns that it names without a value: «the same colour». others: of these, those of
    which it wants another value."""

    stated: tuple[Stated, ...]
    names: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class ItemValues:
    """Immutable; `extended` and `changed` give the next one. The facts' numbers are shared: they only become more.

    has: float32 CSR (N, F), 1 where an item has a fact.
    """

    facts: list[Fact]
    number: dict[Fact, int]
    columns: tuple[str, ...]
    has: csr_matrix
    phrases: dict[Phrase, dict[int, float]]
    names: dict[Phrase, str]
    longest: list[int] = field(default_factory=lambda: [1])

    @classmethod
    def of(cls, catalog: Catalog, synonyms: Synonyms | None = None) -> ItemValues:
        """UserError for synonyms of a column or value that there is not."""
        facts = Facts(catalog)
        columns = () if facts.attributes == (TAG,) and TAG not in catalog.table.columns else facts.attributes
        names = {tuple(words_of(word)): column for column in columns for word in (column, *NAMES_OF.get(column, ()))}
        found = cls(
            list(facts.facts), dict(facts.number), columns, _rows(map(facts.of, range(len(catalog))), 0), {}, names
        )
        found.has.resize(len(catalog), len(facts))
        ways: dict[Phrase, set[int]] = defaultdict(set)
        for fact, known in enumerate(facts.words):
            for word in known:
                ways[tuple(words_of(word))].add(fact)
        for column, values in (synonyms or {}).items():
            for value, words in values.items():
                for word in words:
                    ways[tuple(words_of(word))].add(_fact(found, column, value))
        ways.pop((), None)
        found.longest[0] = max(map(len, (*ways, *names)), default=1)
        titles = _Titles(catalog)
        found.phrases.update({phrase: found._meant(phrase, meant, titles) for phrase, meant in ways.items()})
        return found

    def __len__(self) -> int:
        return int(self.has.shape[0])

    def extended(self, table: pl.DataFrame) -> ItemValues:
        """With items more, by their rows."""
        more = self._read(table)
        former = self.has.copy()
        former.resize(len(self), more.shape[1])
        return self._with(vstack([former, more], format="csr"))

    def changed(self, items: np.ndarray, table: pl.DataFrame) -> ItemValues:
        """With other rows for these items."""
        order = np.arange(len(self))
        order[items] = len(self) + np.arange(len(items))
        return self._with(self.extended(table).has[order])

    def read(self, text: str) -> Reading:
        """The longest phrases, from left to right."""
        words = words_of(text)
        spans: list[tuple[int, int, str | None, Mapping[int, float]]] = []  # begin, end, column or facts
        at = 0
        while at < len(words):
            for count in range(min(self.longest[0], len(words) - at), 0, -1):
                phrase = tuple(words[at : at + count])
                if phrase in self.phrases or phrase in self.names:
                    spans.append((at, at + count, self.names.get(phrase), self.phrases.get(phrase, {})))
                    at += count
                    break
            else:
                at += 1
        stated, used = [], set[int]()
        for place, (begin, end, _, facts) in enumerate(spans):
            if not facts or place in used:
                continue
            beside = [
                near for near in (place - 1, place + 1)
                if 0 <= near < len(spans) and spans[near][2] and near not in used
                and (spans[near][1] == begin or spans[near][0] == end)
            ]  # fmt: skip
            named = [near for near in beside if any(self.facts[one].attribute == spans[near][2] for one in facts)]
            if named:
                used.add(named[0])
                facts = {one: 1.0 for one in facts if self.facts[one].attribute == spans[named[0]][2]}
            elif spans[place][2] or (end - begin == 1 and _bare(words[begin])):
                continue  # it may be the column's name as well, or says next to nothing
            facts = {one: weight for one, weight in facts.items() if one < self.has.shape[1]}
            if facts:
                used.add(place)
                denied = begin > 0 and words[begin - 1] in DENIALS
                stated.append(Stated(facts, denied))
        lone = [(span[2], span[0]) for place, span in enumerate(spans) if span[2] and place not in used]
        return Reading(
            tuple(stated),
            tuple(dict.fromkeys(name for name, _ in lone if name)),
            tuple(dict.fromkeys(name for name, at in lone if name and at and words[at - 1] in OTHER)),
        )

    def _with(self, has: csr_matrix) -> ItemValues:
        return ItemValues(self.facts, self.number, self.columns, has, self.phrases, self.names, self.longest)

    def _read(self, table: pl.DataFrame) -> csr_matrix:
        """CSR of further rows. A value that no item had becomes a fact; a sentence of a text does not."""
        rows: list[list[int]] = [[] for _ in range(table.height)]
        for name in self.columns:
            for row, value in zip(rows, table[name].to_list(), strict=True):
                for one in value if isinstance(value, list) else [value]:
                    if one is not None and str(one).strip():
                        row.append(self._number(Fact(name, " ".join(str(one).split()))))
        if not self.columns:
            for row, text in zip(rows, table["text"].to_list(), strict=True):
                parts = {" ".join(part.split()).strip(" .") for part in (text or "").split(". ")}
                row += [self.number[Fact(TAG, part)] for part in parts if Fact(TAG, part) in self.number]
        return _rows(rows, len(self.facts))

    def _number(self, fact: Fact) -> int:
        number = self.number.get(fact)
        if number is None:
            number = self.number[fact] = len(self.facts)
            self.facts.append(fact)
            phrase = tuple(words_of(fact.value))
            if phrase:
                self.phrases[phrase] = {**self.phrases.get(phrase, {}), number: 1.0}
                self.longest[0] = max(self.longest[0], len(phrase))
        return number

    def _meant(self, phrase: Phrase, facts: set[int], titles: _Titles) -> dict[int, float]:
        if len(facts) == 1:
            return dict.fromkeys(facts, 1.0)
        saying = titles.saying(phrase)
        sizes = np.array([self.has[:, one].sum() for one in sorted(facts)])
        hits = np.array([self.has[saying, one].sum() for one in sorted(facts)]) + SAID * sizes / sizes.sum()
        return dict(zip(sorted(facts), (hits / hits.max()).tolist(), strict=True))


class _Titles:
    """Which titles say a phrase."""

    def __init__(self, catalog: Catalog) -> None:
        self._having: dict[str, set[int]] = defaultdict(set)
        for item, title in enumerate(catalog.table["title"].to_list()):
            for word in words_of(title or ""):
                self._having[word].add(item)

    def saying(self, phrase: Phrase) -> np.ndarray:
        found = set.intersection(*(self._having.get(word, set()) for word in phrase))
        return np.array(sorted(found), np.int64)


def _rows(rows: Sequence[Sequence[int]] | map[tuple[int, ...]], width: int) -> csr_matrix:
    listed = [sorted(set(row)) for row in rows]
    starts = np.concatenate([[0], np.cumsum([len(row) for row in listed])]).astype(np.int64)
    numbers = np.array([one for row in listed for one in row], np.int64)
    width = max(width, int(numbers.max(initial=-1)) + 1)
    return csr_matrix((np.ones(len(numbers), np.float32), numbers, starts), (len(listed), width))


def _bare(word: str) -> bool:
    return word in BARE or (len(word) < 3 and word.isascii())


def _fact(values: ItemValues, column: str, value: str) -> int:
    if column not in values.columns:
        raise UserError(f"synonyms: the catalogue has no column {column!r} of words; {nearest(column, values.columns)}")
    number = values.number.get(Fact(column, value))
    if number is None:
        known = [fact.value for fact in values.facts if fact.attribute == column]
        raise UserError(f"synonyms: the column {column} has no value {value!r}; {nearest(value, known)}")
    return number
