"""A catalogue as a reader meets it in a text: which words name an item, a value, a column.

Values are known by the catalogue's own columns, by what its titles call them (`Facts.words`) and by synonyms that its
owner supplies: {column: {value: [words, …]}}. Plurals and hyphens make no difference. An item is named by its semantic
ID, by its title or by the short form of it that templates write.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from genrec.data.catalog import Catalog
from genrec.errors import UserError, nearest
from genrec.explain import lexicon
from genrec.model.tasks.facts import Facts
from genrec.model.vocabulary import harmless, text
from genrec.sid.codes import SemanticIds

Synonyms = Mapping[str, Mapping[str, Sequence[str]]]

PRICES = ("price",)
"""Columns of numbers that are prices."""
LONG = 4
"""Words from which on a value may have commas in it."""
LONGEST = 40
"""Words of a title that are compared."""
WORDS = 8
"""Words of a title's short form."""
CURRENCY = r"(?:[$€£]|USD|EUR|GBP|dollars?|euros?|pounds?)"
TOKEN = re.compile(
    rf"<\|sid_begin\|>(?:<\|sid_\d+_\d+\|>)*(?:<\|sid_end\|>)?|<\|sid_\w+\|>"
    rf"|(?P<amount>{CURRENCY}\s?(?P<before>\d+(?:[.,]\d+)?)|(?P<after>\d+(?:[.,]\d+)?)\s?{CURRENCY})(?!\w)"
    rf"|(?P<number>\d+(?:[.,]\d+)*)(?![\w-])|\w+(?:['’]\w+)?|[^\w\s]",
    re.IGNORECASE,
)  # fmt: skip
ENDS = ".!?"
ENDING = re.compile(r"[.!?]\s")
ARTICLES = ("the", "a", "an", "my", "your")


@dataclass(frozen=True)
class Mark:
    """A word or phrase of a text and what it may be. kind: item, value, name (of a column), amount, number, word, stop,
    cue, unknown. items: those it names, by index. facts: those it may stand for. cues: see `lexicon.CUES`."""

    kind: str
    text: str
    begin: int
    end: int
    items: tuple[int, ...] = ()
    facts: frozenset[int] = frozenset()
    cues: frozenset[str] = frozenset()
    number: float = 0.0
    column: str = ""


@dataclass(frozen=True)
class _Token:
    text: str
    stem: str
    begin: int
    end: int
    kind: str
    number: float = 0.0


class Gazetteer:
    """Of one catalogue. synonyms: further words for values; UserError for a column or value that there is not."""

    def __init__(self, catalog: Catalog, facts: Facts, ids: SemanticIds, synonyms: Synonyms | None = None) -> None:
        self.facts = facts
        self._codes = {text(codes): item for item, codes in enumerate(ids.codes)}
        self._values: dict[tuple[str, ...], frozenset[int]] = {}
        self._cased: dict[tuple[str, ...], bool] = {}
        for fact, known in enumerate(facts.words):
            for word in known:
                self._add(word, fact)
        for column, values in (synonyms or {}).items():
            for value, words in values.items():
                for word in words:
                    self._add(word, _fact(facts, column, value))
        self._lower, self._dotted = set[int](), set[int]()
        self._titles: dict[tuple[str, ...], tuple[int, ...]] = {}
        self._longest_title = 0
        self._call(dict(enumerate(called(catalog))))
        self._names = {
            _stems(word): column
            for column in (*facts.attributes, *PRICES)
            for word in (column, *lexicon.NAMES_OF.get(column, ()))
        }
        self._longest = max((len(one) for one in (*self._values, *self._names, *_cues())), default=1)

    def after(self, facts: Facts, ids: SemanticIds, before: Mapping[int, str], titles: Mapping[int, str]) -> Gazetteer:
        """Of a later version. facts: made by `Facts.after`. ids: of the former version's items and of those that came.
        before, titles: what items that differ were called and what they and newcomers are called now, see `called`."""
        new = copy(self)
        new.facts = facts
        first = len(self._codes)
        new._codes = self._codes | {text(codes): item for item, codes in enumerate(ids.codes[first:], start=first)}
        new._values, new._cased = dict(self._values), dict(self._cased)
        for fact in range(len(self.facts), len(facts)):
            new._add(facts.facts[fact].value, fact)
            new._longest = max(new._longest, len(_stems(facts.facts[fact].value)))
        new._titles, new._lower, new._dotted = (
            dict(self._titles),
            self._lower - before.keys(),
            self._dotted - before.keys(),
        )
        gone: dict[tuple[str, ...], set[int]] = defaultdict(set)
        for item, title in before.items():
            for name in _forms(title):
                gone[name].add(item)
        for name, items in gone.items():
            left = tuple(item for item in new._titles.pop(name) if item not in items)
            if left:
                new._titles[name] = left
        new._call(titles)
        return new

    def _call(self, titles: Mapping[int, str]) -> None:
        """Know items by their titles."""
        self._lower |= {item for item, title in titles.items() if title == title.lower()}
        self._dotted |= {item for item, title in titles.items() if ENDING.search(title)}
        come: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for item, title in titles.items():
            for name in _forms(title):
                come[name].append(item)
        for name, items in come.items():
            self._titles[name] = tuple(sorted((*self._titles.get(name, ()), *items)))
        self._longest_title = max(self._longest_title, max(map(len, come), default=0))

    def marks(self, said: str) -> list[Mark]:
        """The whole of a text, in order, without gaps but for blanks."""
        tokens = [_token(found) for found in TOKEN.finditer(said)]
        marks, at = [], 0
        while at < len(tokens):
            found = self._title(said, tokens, at)
            small = tokens[at].kind == "word" and tokens[at].text.islower()
            if found is not None and (small or tokens[at].stem in ARTICLES) and at + 1 < len(tokens):
                # «the Agnes Dress in Ochre» is not «The Agnes Dress», nor «navy Agnes Dress» «Navy Agnes Dress».
                later = self._title(said, tokens, at + 1)
                less = small and tokens[at].stem not in ARTICLES and found[0].items[0] not in self._lower
                found = None if later is not None and later[1] >= found[1] - less else found
            mark, used = found or self._phrase(said, tokens, at)
            marks.append(mark)
            at += used
        return marks

    def sentences(self, said: str) -> list[list[Mark]]:
        """The same, sentence by sentence."""
        return split(self.marks(said), said)

    def words(self, items: Sequence[int], texts: Sequence[str | None]) -> frozenset[str]:
        """The stems of all words in these items' texts."""
        return frozenset(stem for item in items for stem in _stems(texts[item] or ""))

    def _add(self, word: str, fact: int) -> None:
        stems = _stems(word)
        if stems:
            self._values[stems] = self._values.get(stems, frozenset()) | {fact}
            cased = any(letter.isupper() for letter in word)
            self._cased[stems] = self._cased.get(stems, True) and cased

    def _title(self, said: str, tokens: list[_Token], at: int) -> tuple[Mark, int] | None:
        """The longest title that begins here; stops within are passed over."""
        if tokens[at].kind == "sid":
            item = self._codes.get(tokens[at].text)
            kind, named = ("unknown", ()) if item is None else ("item", (item,))
            return Mark(kind, tokens[at].text, tokens[at].begin, tokens[at].end, named), 1
        words: list[str] = []
        places: list[int] = []
        for place in range(at, min(len(tokens), at + 2 * LONGEST)):
            if tokens[place].kind == "sid" or len(words) == self._longest_title:
                break
            if tokens[place].kind != "stop":
                words.append(tokens[place].stem)
                places.append(place)
            elif not words:
                break
        for count in range(len(words), 0, -1):
            items = self._titles.get(tuple(words[:count]))
            if items is None:
                continue
            begin, end = tokens[at].begin, tokens[places[count - 1]].end
            if ENDING.search(said[begin:end]) and items[0] not in self._dotted:
                continue  # one sentence's end and the next one's beginning
            # «a navy tee» is no «Navy Tee», whatever else may be called that.
            if said[begin:end] != said[begin:end].lower() or items[0] in self._lower:
                return Mark("item", said[begin:end], begin, end, items), places[count - 1] - at + 1
        return None

    def _phrase(self, said: str, tokens: list[_Token], at: int) -> tuple[Mark, int]:
        """The longest value, column or cue that begins here, else the token by itself."""
        first = tokens[at]
        if first.kind in ("amount", "number", "stop"):
            return Mark(first.kind, first.text, first.begin, first.end, number=first.number), 1
        words: list[str] = []
        places: list[int] = []
        for place in range(at, len(tokens)):
            if tokens[place].text in "-,":
                continue
            if tokens[place].kind not in ("word", "number") or len(words) == self._longest:
                break
            words.append(tokens[place].stem)
            places.append(place)
        for count in range(len(words), 0, -1):
            stems, last = tuple(words[:count]), places[count - 1]
            begin, end = first.begin, tokens[last].end
            span, used = said[begin:end], last - at + 1
            if "," in span and count < LONG:
                continue
            cues = _cues().get(_plain(span)) or _cues().get(stems) or frozenset()
            if stems in self._values and (
                not self._cased[stems] or span[0].isupper() or span[0].isdigit() or (not cues and count > 1)
            ):
                return Mark("value", span, begin, end, facts=self._values[stems], cues=cues), used
            if stems in self._names:
                return Mark("name", span, begin, end, cues=cues, column=self._names[stems]), used
            if cues and count > 1 and "-" in span.partition(" ")[2] + said[end : end + 1]:
                continue  # «the two-tone look» is not about two
            if cues:
                return Mark("cue", span, begin, end, cues=cues, number=lexicon.NUMBERS.get(span.lower(), 0)), used
            if count == 1 and first.text.lower() in lexicon.NUMBERS:
                return Mark("number", span, begin, end, number=lexicon.NUMBERS[first.text.lower()]), used
        return Mark("word", first.text, first.begin, first.end), 1


def called(catalog: Catalog, items: Sequence[int] | np.ndarray | None = None) -> list[str]:
    """What items are called, all of them if none are named: their titles, on one line and harmless, or their own ids
    where they have none."""
    table = catalog.table if items is None else catalog.table[items]
    own = zip(table["title"].to_list(), table["item_id"].to_list(), strict=True)
    return [harmless(" ".join((title or "").split())) or item_id for title, item_id in own]


def split(marks: list[Mark], said: str) -> list[list[Mark]]:
    """Marks by sentence. A full stop within a title or a number ends none, nor does one with no blank behind it."""
    found: list[list[Mark]] = [[]]
    for mark in marks:
        found[-1].append(mark)
        if (mark.kind == "stop" and mark.text in ENDS and not said[mark.end : mark.end + 1].strip()) or "\n" in said[
            mark.end : mark.end + 2
        ]:
            found.append([])
    return [one for one in found if one]


def short(title: str, words: int = WORDS) -> str:
    """A title as one says it: at most so many words, and up to its first comma, bracket or dash, but three words at
    least. A longer form than usual goes beyond these."""
    for place in re.finditer(r",|\(|\[| [-–|] |;", title) if words <= WORDS else ():
        head = title[: place.start()].strip()
        if len(head.split()) >= 3:
            title = head
            break
    return " ".join(title.split()[:words]).rstrip(" ,.;:-–/&")


def _forms(title: str) -> set[tuple[str, ...]]:
    """By what phrases a title is known: itself, and as one says it."""
    forms = {title, *(short(title, length) for length in (WORDS, 2 * WORDS, LONGEST))}
    return {_stems(one)[:LONGEST] for one in forms}


def _token(found: re.Match[str]) -> _Token:
    said = found.group()
    if said.lower().startswith("<|sid"):
        return _Token(said, said, *found.span(), "sid")
    if found["amount"] or found["number"]:
        digits = (found["before"] or found["after"] or found["number"]).replace(",", ".")
        digits = digits if digits.count(".") < 2 else digits.replace(".", "")
        return _Token(said, said, *found.span(), "amount" if found["amount"] else "number", float(digits))
    kind = "word" if said[0].isalnum() or said[0] in "_&" else "stop"
    return _Token(said, stem(said), *found.span(), kind)


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Without case, possessive and the plural's s: `Dresses` → `dress`."""
    word = word.lower().replace("’", "'")
    word = word.removesuffix("'s") if len(word) > 3 else word
    if len(word) < 4 or word.endswith(("ss", "us", "is")) or not word.endswith("s"):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    return word[:-1]


def _stems(words: str) -> tuple[str, ...]:
    return tuple(
        stem(found.group()) for found in TOKEN.finditer(words) if found.group()[0].isalnum() or found.group() == "&"
    )


def _plain(words: str) -> tuple[str, ...]:
    return tuple(words.lower().replace("’", "'").replace("-", " ").split())


@lru_cache(maxsize=1)
def _cues() -> dict[tuple[str, ...], frozenset[str]]:
    found: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for cue, phrases in lexicon.CUES.items():
        for phrase in phrases:
            found[_plain(phrase)].add(cue)
    return {phrase: frozenset(cues) for phrase, cues in found.items()}


def _fact(facts: Facts, column: str, value: str) -> int:
    from genrec.model.tasks.facts import Fact

    if column not in facts.attributes:
        raise UserError(
            f"synonyms: the catalogue has no column {column!r} of words; {nearest(column, facts.attributes)}"
        )
    number = facts.number.get(Fact(column, value))
    if number is None:
        values = [fact.value for fact in facts.facts if fact.attribute == column]
        raise UserError(f"synonyms: the column {column} has no value {value!r}; {nearest(value, values)}")
    return number
