"""A message as marks: what each word or phrase of it may be. Nothing is decided here, and nothing else is read.

kind: value, column, item (an id or a title), ordinal, number, sense (a word of several meanings), compare, cue, stop,
word. A phrase is read as long as possible; of equal length, as value, column, comparison, cue in this order.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from genrec.chat import english, thesaurus
from genrec.chat.titles import Titles
from genrec.chat.vocabulary import QUIET, Vocabulary, Way, stems
from genrec.explain.gazetteer import stem

LONGEST = 2_000
"""Letters of a message that are read; a wish is shorter."""
TOKEN = re.compile(
    r"(?P<currency>[$€£])?(?P<number>\d+(?:[.,]\d+)?)(?P<unit>[$€£]|k?g\b|[cm]?m\b|st\b|nd\b|rd\b|th\b|[vVwW]\b)?(?![\w])"
    r"|#\s?(?P<place>\d+)|(?P<word>[^\W_]+(?:['’][^\W_]+)*(?:_\w+)?)|(?P<stop>[,.;:!?()\n“”\"«»–—<>=/&+-]+)"
)
DECADE = re.compile(r"(1\d|20)\d0s")


@dataclass(frozen=True)
class Mark:
    """text: as it was written; said: in lower case. ways: readings of a value, best first. items: of an item, several
    where a title is not one item's alone. place: of an ordinal, from 0, negative from the end. cues: see `english`.
    unit: behind a number. took: what a misspelt word was taken for."""

    kind: str
    text: str
    ways: tuple[Way, ...] = ()
    column: str = ""
    items: tuple[str, ...] = ()
    place: int = 0
    number: float = 0.0
    unit: str = ""
    cues: frozenset[str] = frozenset()
    role: str = ""
    more: int = 0
    took: str = ""

    @property
    def said(self) -> str:
        return self.text.lower()


@dataclass(frozen=True)
class _Token:
    text: str
    plain: str
    stems: tuple[str, ...]
    kind: str
    number: float = 0.0
    unit: str = ""
    begin: int = 0
    end: int = 0
    fixed: tuple[str, ...] = ()  # what a misspelt word seems to mean


class Reader:
    """Of one catalogue."""

    def __init__(self, vocabulary: Vocabulary, titles: Titles) -> None:
        self.vocabulary, self.titles = vocabulary, titles
        self.index = titles.catalog.index

    def read(self, message: str, shown: Collection[str] = ()) -> list[Mark]:
        """shown: items whose titles count in whatever case they are written."""
        message = clean(message)
        tokens = [self._spelt(_token(found)) for found in TOKEN.finditer(message)]
        marks: list[Mark] = []
        at = 0
        own = self.titles.of(shown)
        while at < len(tokens):
            mark, used = self._mark(message, tokens, at, own, marks)
            marks.append(mark)
            at += used
        return marks

    def _mark(
        self, message: str, tokens: list[_Token], at: int, own: dict[str, tuple[str, ...]], before: list[Mark]
    ) -> tuple[Mark, int]:
        token = tokens[at]
        if token.kind == "stop":
            return Mark("stop", token.text.strip() or "\n"), 1
        if token.kind == "place":
            return Mark("ordinal", token.text, place=int(token.number) - 1), 1
        found = self._item(message, tokens, at, own)
        if found is not None:
            return found
        if token.kind == "number":
            return self._number(tokens, at, before)
        words, ends = self._run(tokens, at)
        for count in range(len(words), 0, -1):
            phrase, plain = (
                words[:count],
                " ".join(one.plain for one in tokens[at : ends[count - 1]] if one.kind != "stop"),
            )
            key = tuple(part for one in phrase for part in one)
            text = message[token.begin : tokens[ends[count - 1] - 1].end]
            mark = self._phrase(key, plain, text, count) or self._misspelt(tokens[at : ends[count - 1]], text)
            if mark is not None:
                return mark, ends[count - 1] - at
        return self._word(token, before), 1

    def _run(self, tokens: list[_Token], at: int) -> tuple[list[tuple[str, ...]], list[int]]:
        """The words from `at` on, hyphens passed over, and where each ends."""
        words: list[tuple[str, ...]] = []
        ends: list[int] = []
        most = max(self.vocabulary.longest, LONGEST_CUE)
        for place in range(at, min(len(tokens), at + 2 * most)):
            if tokens[place].kind == "stop":
                if tokens[place].text not in ("-", "&", "/") or not words:
                    break
                if tokens[place].text == "&":
                    words.append(("&",))
                    ends.append(place + 1)
                continue
            if tokens[place].kind not in ("word", "number") or len(words) == most:
                break
            words.append(tokens[place].stems)
            ends.append(place + 1)
        return words, ends

    def _phrase(self, key: tuple[str, ...], plain: str, text: str, count: int) -> Mark | None:
        ways = self.vocabulary.ways.get(key, ())
        cues = cues_of().get(plain, frozenset())
        compared = comparisons().get(plain)
        if ways and (not cues or len(key) > 1 or ways[0].source < 2):
            kept = tuple(way for way in ways if not way.cased or way.cased == text)
            if kept and not (compared and kept[0].source >= 2):
                return Mark("value", text, ways=kept, cues=cues)
        if plain in thesaurus.SENSES and count == 1:
            return Mark("sense", text, cues=cues)
        column = self.vocabulary.columns.get(key)
        if column is not None and not (cues and count == 1 and plain != column.replace("_", " ")):
            if compared and column.replace("_", " ") != plain:
                return Mark("compare", text, cues=cues, role=compared[0], more=compared[1], column=column)
            return Mark("column", text, column=column, cues=cues)
        if compared:
            return Mark("compare", text, cues=cues, role=compared[0], more=compared[1])
        if plain in english.ORDINALS and count == 1:
            return Mark("ordinal", text, place=english.ORDINALS[plain], cues=cues)
        if cues:
            return Mark("cue", text, cues=cues)
        return None

    def _number(self, tokens: list[_Token], at: int, before: list[Mark]) -> tuple[Mark, int]:
        token = tokens[at]
        key = token.stems
        for count in (2, 1):  # «18 V» may be a value
            several = tuple(part for one in tokens[at : at + count] for part in one.stems)
            ways = self.vocabulary.ways.get(several if count > 1 else key)
            if ways and at + count <= len(tokens):
                text = " ".join(one.text for one in tokens[at : at + count])
                return Mark("value", text, ways=ways, number=token.number), count
        if token.unit in ("st", "nd", "rd", "th"):
            return Mark("ordinal", token.text, place=int(token.number) - 1), 1
        if before and before[-1].kind == "word" and before[-1].said in NUMBERING and token.number == int(token.number):
            return Mark("ordinal", token.text, place=int(token.number) - 1), 1
        after = tokens[at + 1].plain if at + 1 < len(tokens) and tokens[at + 1].kind == "word" else ""
        if token.unit:
            return Mark("number", token.text, number=token.number, unit=token.unit.lower()), 1
        if after in UNIT_WORDS:
            return Mark("number", f"{token.text} {after}", number=token.number, unit=after), 2
        return Mark("number", token.text, number=token.number), 1

    def _item(
        self, message: str, tokens: list[_Token], at: int, own: dict[str, tuple[str, ...]]
    ) -> tuple[Mark, int] | None:
        token = tokens[at]
        raw = re.match(r"[^\s,;!?()«»“”\"]+", message[token.begin :])
        if raw is not None:
            name = raw.group().rstrip(".:")
            for one in (name, name.upper()):
                if one in self.index and not (one.isdigit() and len(one) < 4) and len(one) > 1:
                    end = token.begin + len(name)
                    used = sum(1 for other in tokens[at:] if other.begin < end)
                    plain = stems(one) in self.vocabulary.ways or one.lower() in QUIET
                    return None if plain else (Mark("item", name, items=(one,)), used)
        found = self.titles.match([one.plain for one in tokens[at : at + 16]], own)
        if found is None:
            return None
        items, used = found
        text = message[token.begin : tokens[at + used - 1].end]
        shown = any(item in ids for ids in own.values() for item in items)
        if not self._titled(message, tokens, at, used, items, shown):
            return None
        return Mark("item", text, items=items), used

    def _titled(
        self, message: str, tokens: list[_Token], at: int, used: int, items: tuple[str, ...], own: bool
    ) -> bool:
        """Whether words that are a title are meant as one: in quotes, or shown, written out, or not to be said
        otherwise; but «a t-shirt» is one, whatever else is called that. own: whether it was shown."""
        words = [one for one in tokens[at : at + used] if one.kind == "word"]
        if message[: tokens[at].begin].rstrip(" ")[-1:] in QUOTES:
            return True
        if tuple(part for one in words for part in one.stems) in self.vocabulary.ways or len(words) < 2:
            return False
        strange = any(one.stems not in self.vocabulary.ways and one.plain not in QUIET for one in words)
        if own or (strange and len(words) > 2 and len(items) == 1):
            return True
        text = message[tokens[at].begin : tokens[at + used - 1].end]
        titles = self.titles.catalog.table["title"]
        return (strange or len(words) > 2) and any((titles[self.index[one]] or "").startswith(text) for one in items)

    def _word(self, token: _Token, before: Sequence[Mark]) -> Mark:
        if token.plain in english.NUMBERS and before and before[-1].said in NUMBERING:
            return Mark("ordinal", token.text, place=english.NUMBERS[token.plain] - 1)
        if token.plain in english.NUMBERS:
            return Mark("number", token.text, number=english.NUMBERS[token.plain])
        if DECADE.fullmatch(token.plain):
            return Mark("number", token.text, number=float(token.plain[:4]), unit="decade")
        return Mark("word", token.text)

    def _spelt(self, token: _Token) -> _Token:
        if token.kind != "word" or len(token.stems) != 1:
            return token
        meant = self.vocabulary.spelling.meant(token.stems[0])
        return token if meant is None else replace(token, fixed=(meant,))

    def _misspelt(self, tokens: Sequence[_Token], text: str) -> Mark | None:
        """The value that words stand for of which one or several are misspelt."""
        wrong = [one for one in tokens if one.fixed]
        if not wrong:
            return None
        words = [one for one in tokens if one.kind in ("word", "number")]
        ways = self.vocabulary.ways.get(tuple(part for one in words for part in one.fixed or one.stems), ())
        kept = tuple(way for way in ways if not way.cased)
        return Mark("value", text, ways=kept, took=" ".join(one.fixed[0] for one in wrong)) if kept else None


QUOTES = ("“", '"', "«", "'")
NUMBERING = frozenset(("number", "no", "nr", "option", "item", "choice", "suggestion", "result", "pick"))
UNIT_WORDS = {unit: role for role, units in english.UNITS.items() for unit in units}


def clean(message: str) -> str:
    """Without what is not to be seen, in one form of Unicode, and not longer than is read."""
    text = unicodedata.normalize("NFKC", message[: 2 * LONGEST].replace("’", "'").replace("‘", "'"))[:LONGEST]
    return "".join(one if one.isprintable() else "\n" if one in "\n\r" else " " for one in text)


def _token(found: re.Match[str]) -> _Token:
    text, span = found.group(), found.span()
    if found["stop"] is not None:
        return _Token(text, text, (), "stop", begin=span[0], end=span[1])
    if found["place"] is not None:
        return _Token(text, text, (), "place", float(found["place"][:6]), begin=span[0], end=span[1])
    if found["number"] is not None:
        digits = found["number"][:12]
        if re.fullmatch(r"\d+,\d{3}", digits):
            digits = digits.replace(",", "")
        unit = found["currency"] or found["unit"] or ""
        return _Token(text, text.lower(), stems(text), "number", float(digits.replace(",", ".")), unit, *span)
    plain = text.lower()
    return _Token(text, plain, stems(plain) or (stem(plain),), "word", begin=span[0], end=span[1])


@lru_cache(maxsize=1)
def cues_of() -> dict[str, frozenset[str]]:
    """From a phrase, hyphens as blanks, to what it does."""
    found: dict[str, set[str]] = defaultdict(set)
    for cue, phrases in english.CUES.items():
        for phrase in phrases:
            found[phrase.replace("-", " ")].add(cue)
    return {phrase: frozenset(cues) for phrase, cues in found.items()}


@lru_cache(maxsize=1)
def comparisons() -> dict[str, tuple[str, int]]:
    """From a word that compares numbers to what it compares, and whether it asks for more (1) or less (-1)."""
    found: dict[str, tuple[str, int]] = {}
    for role, (_, up, down) in english.COMPARISONS.items():
        for more, words in ((1, up), (-1, down)):
            for word in words:
                found.setdefault(word.replace("-", " "), (role, more))
                for lead, turn in (("more", 1), ("less", -1)):
                    found.setdefault(f"{lead} {word.replace('-', ' ')}", (role, turn * more))
    return found


LONGEST_CUE = max(len(phrase.split()) for phrase in (*cues_of(), *comparisons()))
