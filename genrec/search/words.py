"""Words of items' rows, and how well a text's words meet each of them: BM25 over a catalogue that grows.

Any language: what letters, marks and digits make up is a word; where a script sets no blanks between words, two
neighbouring signs are one. A word that no row has counts as those it is spelt like.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix, vstack

from genrec.explain.gazetteer import stem

K1, B = 1.2, 0.75
"""Of BM25 (Robertson and Zaragoza 2009, section 3.4): how soon a word's repetition stops to count, how much length."""
ALIKE = 0.5
"""From which share of common trigrams on an unknown word counts as a known one."""
ALIKE_FROM = 4
"""Letters of a word from which on it may be misspelt."""
ALIKE_MOST = 3
"""Known words that an unknown one may stand for."""
ASCII = re.compile(r"[a-z0-9]+(?:'s\b)?")
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
"""Runs of scripts without blanks: Thai, Lao, Burmese, Khmer, kana, Han."""


class _Folded(dict[int, str]):
    """For `str.translate`: letters, marks and digits stay, all else is a blank. Filled as characters come."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        self[code] = kept = sign if sign == "'" or unicodedata.category(sign)[0] in "LMN" else " "
        return kept


_FOLDED = _Folded()
_ACCENTS = re.compile("(?<=[a-z])[\u0300-\u036f]+")


def words_of(text: str) -> list[str]:
    """The words of a text in order, as they are compared: without case, accents of Latin letters, or a plural's s."""
    if text.isascii():
        return [stem(found) for found in ASCII.findall(text.lower())]
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", text).casefold().replace("’", "'"))
    found: list[str] = []
    for word in unicodedata.normalize("NFC", plain).translate(_FOLDED).split():
        at = 0
        for run in UNSPACED.finditer(word):
            found += [word[at : run.start()]] if run.start() > at else []
            signs = run.group()
            found += [signs[n : n + 2] for n in range(len(signs) - 1)] or [signs]
            at = run.end()
        found += [stem(word[at:].strip("'"))] if word[at:].strip("'") else []
    return found


class WordIndex:
    """Immutable; `extended` and `changed` give the next one. The words' numbers are shared: they only become more.

    weights: float32 CSR (N, V), how much a row's word counts before its rarity; lengths are measured by the mean of the
    rows that the first index was made of.
    """

    def __init__(self, numbers: dict[str, int], weights: csr_matrix, mean: float, b: float) -> None:
        self._numbers, self.weights, self._mean, self._b = numbers, weights, mean, b

    @classmethod
    def of(cls, texts: Sequence[Sequence[str]], *, b: float = B) -> WordIndex:
        """texts: every item's, by `words_of`. b: how much a long text's words count for less."""
        mean = max(1.0, sum(map(len, texts)) / max(1, len(texts)))
        index = cls({}, csr_matrix((0, 0), dtype=np.float32), mean, b)
        return index.extended(texts)

    def __len__(self) -> int:
        return int(self.weights.shape[0])

    def extended(self, texts: Sequence[Sequence[str]]) -> WordIndex:
        """With items more."""
        more = self._weighed(texts)
        former = self.weights.copy()
        former.resize(len(self), more.shape[1])
        return WordIndex(self._numbers, vstack([former, more], format="csr"), self._mean, self._b)

    def changed(self, items: np.ndarray, texts: Sequence[Sequence[str]]) -> WordIndex:
        """With other texts for these items."""
        order = np.arange(len(self))
        order[items] = len(self) + np.arange(len(items))
        grown = self.extended(texts)
        return WordIndex(self._numbers, grown.weights[order], self._mean, self._b)

    def scores(self, words: Mapping[str, float]) -> np.ndarray:
        """float32 (N,): Σ over words, each times its weight, of rarity times how much it counts in the row."""
        asked = np.zeros(self.weights.shape[1], np.float32)
        for word, weight in words.items():
            number = self.number(word)
            if number is not None:
                asked[number] = weight * self._rarity[number]
        found: np.ndarray = self.weights @ asked
        return found

    def number(self, word: str) -> int | None:
        """Of a word that a row has."""
        number = self._numbers.get(word)
        return None if number is None or number >= len(self._rows) or not self._rows[number] else number

    def alike(self, word: str) -> dict[str, float]:
        """Known words that this unknown one may be meant for, with how alike they are spelt: Dice of trigrams."""
        if len(word) < ALIKE_FROM:
            return {}
        own = _trigrams(word)
        shared = Counter(known for piece in own for known in self._spelt.get(piece, ()))
        dice = {known: 2 * times / (len(own) + len(_trigrams(known))) for known, times in shared.items()}
        found = sorted((-value, known) for known, value in dice.items() if value >= ALIKE)[:ALIKE_MOST]
        return {known: -value for value, known in found}

    def _weighed(self, texts: Sequence[Sequence[str]]) -> csr_matrix:
        counts = [Counter(words) for words in texts]
        numbers = self._numbers
        columns = [numbers.setdefault(word, len(numbers)) for count in counts for word in count]
        tf = np.array([times for count in counts for times in count.values()], np.float32)
        starts = np.concatenate([[0], np.cumsum([len(count) for count in counts])]).astype(np.int64)
        lengths = np.repeat([len(words) for words in texts], np.diff(starts))
        weight = tf * (K1 + 1) / (tf + K1 * (1 - self._b + self._b * lengths / self._mean))
        return csr_matrix((weight.astype(np.float32), np.array(columns, np.int64), starts), (len(texts), len(numbers)))

    @cached_property
    def _rows(self) -> np.ndarray:
        """int64 (V,): how many items have each word."""
        return np.bincount(self.weights.indices, minlength=self.weights.shape[1])

    @cached_property
    def _rarity(self) -> np.ndarray:
        return np.log1p((len(self) - self._rows + 0.5) / (self._rows + 0.5)).astype(np.float32)

    @cached_property
    def _spelt(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for word, number in list(self._numbers.items()):
            if number < len(self._rows) and self._rows[number] and len(word) >= ALIKE_FROM:
                for piece in _trigrams(word):
                    found[piece].append(word)
        return dict(found)


def weighed(words: Iterable[str], index: WordIndex) -> dict[str, float]:
    """A text's words that an index knows, each counted once; an unknown one as those it is spelt like, for less."""
    found: dict[str, float] = {}
    for word in dict.fromkeys(words):
        near = {word: 1.0} if index.number(word) is not None else index.alike(word)
        for known, weight in near.items():
            found[known] = max(found.get(known, 0.0), weight)
    return found


def _trigrams(word: str) -> set[str]:
    padded = f"^{word}$"
    return {padded[at : at + 3] for at in range(len(padded) - 2)}
