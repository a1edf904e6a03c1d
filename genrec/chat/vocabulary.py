"""What a catalogue's values and columns are called, and which misspelt word is meant by a word that nobody knows.

Of every value, in this order of trust: what its column writes; the owner's synonyms; what titles say for it and for
nothing else (`Facts.words`); a word of titles that stands for a few values («blue» for navy and sky blue); English
(`genrec.chat.thesaurus`). Values that come with later versions of a catalogue are added to what is known.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from genrec.chat import english, thesaurus
from genrec.chat.constraints import Value
from genrec.chat.phrases import PHRASES
from genrec.chat.shelves import Shelves
from genrec.chat.spelling import Spelling
from genrec.errors import UserError, nearest
from genrec.explain.gazetteer import Synonyms, stem
from genrec.explain.plain import PLAIN
from genrec.model.tasks.facts import TAG
from genrec.model.tasks.wording import CHATTER

OWN, OWNERS, TITLES, GROUPS, ENGLISH = range(5)
"""Where a way to say a value comes from; what is trusted most first."""
FEWEST, SHARE, VALUES, COMMON, COVER = 5, 0.95, 3, 0.5, 0.05
"""A group's word: titles that have it, the share of them that a group's values must cover, how many values it may have,
the share of all items beyond which they say nothing, and the share of each value's items whose titles must say it."""
STUMP = 0.9
"""A word that so often stands before one and the same word is part of a phrase: `burnt`."""
SPELT = 400
"""Columns with more values than this (names of series, of authors) are not where a misspelt word is looked for."""
TELLING = 0.3
"""The share of texts beyond which a word in them says nothing: `book`."""
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?|&")
Stems = tuple[str, ...]


@dataclass(frozen=True)
class Way:
    """One reading of a phrase: any of these values of a column. source: see `OWN`. cased: only as it is written."""

    column: str
    values: tuple[Value, ...]
    source: int
    cased: str = ""


class Vocabulary:
    """ways: from a phrase, stemmed, to its readings, most trusted first. columns: from a phrase to a column's name.
    written: words of texts that tell items apart."""

    def __init__(self, shelves: Shelves, synonyms: Synonyms | None = None) -> None:
        self.shelves = shelves
        self.ways: dict[Stems, tuple[Way, ...]] = {}
        self.columns: dict[Stems, str] = {}
        self._known: dict[str, set[Value]] = {}
        self._names()
        self._values(shelves)
        for column, words in (synonyms or {}).items():
            for value, said in words.items():
                for word in said:
                    self._add(word, Way(column, (self._there(column, value),), OWNERS))
        self._learned()
        self._parts()
        self._groups()
        self._english()
        self._done()

    @classmethod
    def of(cls, shelves: Shelves, synonyms: Synonyms | None = None, former: Vocabulary | None = None) -> Vocabulary:
        """For another version of a catalogue. former: of the version before; what titles taught it stays."""
        if former is None or former.shelves.named != shelves.named:
            return cls(shelves, synonyms)
        new = cls.__new__(cls)
        new.shelves, new.columns = shelves, former.columns
        new.ways, new._known = former.ways, former._known
        fresh = {
            column: values
            for column in (*shelves.words, *shelves.flags)
            if column != TAG and (values := new._fresh(shelves, column))
        }
        if not fresh:
            new.spelling, new.longest, new.written = former.spelling, former.longest, former.written
            return new
        new.ways = dict(former.ways)
        new._known = {column: set(values) for column, values in former._known.items()}
        for column, values in fresh.items():
            new._add_values(column, values)
        new._english()
        new._done()
        return new

    def _fresh(self, shelves: Shelves, column: str) -> list[Value]:
        """Values that the catalogue has and this does not know yet."""
        series = shelves.table[column]
        if series.dtype.is_nested():
            series = series.explode()
        known = self._known.get(column, set())
        distinct = series.unique().drop_nulls().to_list()
        return [one for one in (v if isinstance(v, bool) else str(v) for v in distinct) if one not in known]

    # ------------------------------------------------------------------ making it

    def _names(self) -> None:
        for column in self.shelves.named:
            self.columns[stems(column.replace("_", " "))] = column
        for column in self.shelves.named:
            parts = {column.lower(), *column.lower().split("_")}
            for columns, words in english.NAMES:
                if parts & set(columns):
                    for word in words:
                        self.columns.setdefault(stems(word), column)

    def _values(self, shelves: Shelves) -> None:
        for column in (*shelves.words, *shelves.flags):
            self._add_values(column, list(shelves.values(column)))

    def _add_values(self, column: str, values: Iterable[Value]) -> None:
        known = self._known.setdefault(column, set())
        for value in values:
            known.add(value)
            if isinstance(value, str):
                self._add(value, Way(column, (value,), OWN))
        if column in self.shelves.flags:
            self._add(column.replace("_", " "), Way(column, (True,), OWN))

    def _add(self, phrase: str, way: Way) -> None:
        key = stems(phrase)
        if not key or len(key) > 8:
            return
        alone = len(key) == 1
        if alone and (len(phrase) < 3 or phrase.lower() in QUIET or key[0] in QUIET):
            if way.source > OWNERS:
                return
            way = Way(way.column, way.values, way.source, cased=phrase)
        there = self.ways.get(key, ())
        if any(one.column == way.column and one.source <= way.source for one in there):
            more = [one for one in there if one.column == way.column and one.source == way.source]
            if more and way.source < GROUPS:
                both = Way(way.column, tuple(dict.fromkeys((*more[0].values, *way.values))), way.source, way.cased)
                self.ways[key] = tuple(both if one is more[0] else one for one in there)
            return
        self.ways[key] = (*there, way)

    def _learned(self) -> None:
        facts = self.shelves.facts
        for fact, words in zip(facts.facts, facts.words, strict=True):
            if fact.attribute in self.shelves.words:
                for word in words[1:]:
                    if word not in thesaurus.SENSES and stems(word) not in self.ways:
                        self._add(word, Way(fact.attribute, (fact.value,), TITLES))

    def _parts(self) -> None:
        """Words of values of several words that stand in no other value: surnames."""
        having: dict[str, set[tuple[str, Value]]] = defaultdict(set)
        for column, values in self._known.items():
            for value in values if column != TAG else ():
                for word in set(stems(str(value))) if isinstance(value, str) else ():
                    having[word].add((column, value))
        for word, pairs in having.items():
            if len(pairs) == 1 and len(word) > 3 and (word,) not in self.ways and word not in ENGLISH_WORDS:
                column, value = next(iter(pairs))
                if (word,) not in self.columns:
                    self._add(word, Way(column, (value,), GROUPS))

    def _groups(self) -> None:
        """Words of titles that a few values of one column stand behind."""
        facts, titles = self.shelves.facts, self.shelves.sample.table["title"].to_list()
        rows = [[stem(word) for word in WORD.findall(title or "")] for title in titles]
        counts = Counter(word for row in rows for word in set(row))
        behind: dict[str, Counter[str]] = defaultdict(Counter)
        together: dict[str, Counter[int]] = defaultdict(Counter)
        sizes: Counter[int] = Counter()
        taken = {*self.ways, *self.columns}
        small = {name for name in self.shelves.words if len(self._known.get(name, ())) <= SPELT}
        for item, row in enumerate(rows):
            sizes.update(facts.of(item))
            for word, after in pairwise(row):
                behind[word][after] += 1
            for word in set(row):
                if counts[word] >= FEWEST and (word,) not in taken and word not in QUIET and len(word) > 2:
                    together[word].update(fact for fact in facts.of(item) if facts.facts[fact].attribute in small)
        for word, found in together.items():
            if word in thesaurus.SENSES or max(behind[word].values(), default=0) >= STUMP * counts[word]:
                continue
            best: tuple[float, str, tuple[Value, ...]] | None = None
            for column in small:
                own = [(n, fact) for fact, n in found.items() if facts.facts[fact].attribute == column]
                own = [(n, fact) for n, fact in sorted(own, reverse=True)[:VALUES] if n >= max(2, COVER * sizes[fact])]
                covered, share = sum(n for n, _ in own), sum(sizes[fact] for _, fact in own) / max(len(rows), 1)
                if own and covered >= SHARE * counts[word] and share <= COMMON and (best is None or share < best[0]):
                    best = share, column, tuple(facts.facts[fact].value for _, fact in own)
            if best is not None:
                self._add(word, Way(best[1], best[2], GROUPS))

    def _english(self) -> None:
        by_word: dict[Stems, list[tuple[str, Value]]] = defaultdict(list)
        for key, ways in self.ways.items():
            for way in ways:
                if way.source == OWN and len(way.values) == 1:
                    by_word[key].append((way.column, way.values[0]))
        for word, meant in thesaurus.MEANT.items():
            key = stems(word)
            if any(way.source < GROUPS for way in self.ways.get(key, ())):
                continue
            targets = [by_word.get(stems(one), []) for one in meant]
            ordered = sorted({c for pairs in targets for c, _ in pairs}, key=self._trust)
            for column in ordered[:1]:
                values = tuple(dict.fromkeys(v for pairs in targets for c, v in pairs if c == column))
                known = [way for way in self.ways.get(key, ()) if way.column == column]
                if known:
                    values = tuple(dict.fromkeys((*known[0].values, *values)))
                    if known[0].source == GROUPS:
                        continue
                self.ways[key] = (Way(column, values, ENGLISH),)

    def _trust(self, column: str) -> float:
        return -self.shelves.titled.get(column, 0.0)

    def _done(self) -> None:
        titled = self.shelves.titled
        for key, ways in self.ways.items():
            if len(ways) > 1:
                ordered = sorted(ways, key=lambda way: (way.source > OWNERS, -titled.get(way.column, 0.0)))
                self.ways[key] = tuple(ordered)
        self.longest = max(map(len, (*self.ways, *self.columns)), default=1)
        spelt = {
            word
            for key, ways in self.ways.items()
            if any(way.source < GROUPS and len(self._known.get(way.column, ())) <= SPELT for way in ways)
            for word in key
        }
        texts = self.shelves.sample.table.select("title", "text").rows()
        rows = [{stem(word) for text in row if text for word in WORD.findall(text)} for row in texts]
        counts = Counter(word for row in rows for word in row)
        self.written = frozenset(word for word, n in counts.items() if n <= TELLING * len(rows))
        self.spelling = Spelling(spelt, ENGLISH_WORDS | set(counts))

    def _there(self, column: str, value: str) -> Value:
        if column not in self._known:
            raise UserError(
                f"synonyms: the catalogue has no column {column!r} of words; {nearest(column, self._known)}"
            )
        if value not in self._known[column]:
            hint = nearest(value, map(str, self._known[column]))
            raise UserError(f"synonyms: the column {column} has no value {value!r}; {hint}")
        return value

    # ------------------------------------------------------------------ reading with it

    def has(self, column: str, value: Value) -> bool:
        return value in self._known.get(column, ())


def stems(words: str) -> Stems:
    """«Roll-Necks» → (roll, neck)."""
    return tuple(stem(word) for word in WORD.findall(words))


def _all_words(phrases: Iterable[str]) -> set[str]:
    return {part for phrase in phrases for word in WORD.findall(phrase) for part in (word.lower(), stem(word))}


@lru_cache(maxsize=1)
def _english_words() -> frozenset[str]:
    found = set(PLAIN) | set(CHATTER.split()) | set(english.QUIET) | set(english.ORDINALS) | set(english.NUMBERS)
    for phrases in english.CUES.values():
        found |= set(phrases)
    for _, up, down in english.COMPARISONS.values():
        found |= set(up) | set(down)
    for units in english.UNITS.values():
        found |= set(units)
    for _, names in english.NAMES:
        found |= set(names)
    found |= set(thesaurus.MEANT) | set(thesaurus.SENSES) | set(PHRASES.values())
    return frozenset(_all_words(found))


ENGLISH_WORDS = _english_words()
QUIET = frozenset(_all_words(english.QUIET))
