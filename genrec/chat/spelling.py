"""Misspelt words: the one known word that is a letter or two away (Damerau 1964), or none where there are several."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from functools import lru_cache

SHORTEST = 4
"""Letters below which a word is not taken for another."""
TWO = 8
"""Letters from which on two mistakes are forgiven."""
LONGEST = 24


class Spelling:
    """words: what may be meant. known: words that are right as they are."""

    def __init__(self, words: Collection[str], known: Collection[str]) -> None:
        self.words, self.known = frozenset(words), frozenset(known)
        self._by: dict[tuple[str, int], list[str]] = defaultdict(list)
        for word in sorted(self.words):
            if SHORTEST <= len(word) <= LONGEST and word.isalpha():
                self._by[word[0], len(word)].append(word)
        self.meant = lru_cache(maxsize=4096)(self._meant)

    def _meant(self, word: str) -> str | None:
        """The word that a misspelt one stands for; None where it is right, or nothing or too much is near."""
        if not SHORTEST <= len(word) <= LONGEST or not word.isalpha() or word in self.known or word in self.words:
            return None
        most = 2 if len(word) >= TWO else 1
        near: dict[int, list[str]] = defaultdict(list)
        firsts = {word[0], word[1]}  # of a swapped beginning too
        for length in range(len(word) - most, len(word) + most + 1):
            for first in firsts:
                for other in self._by.get((first, length), ()):
                    steps = distance(word, other, most)
                    if steps <= most and (other[0] == word[0] or other[:2] == word[1::-1]):
                        near[steps].append(other)
        closest = near[min(near)] if near else []
        return closest[0] if len(closest) == 1 else None


def distance(one: str, other: str, most: int) -> int:
    """Letters to insert, delete, replace, or swap with their neighbour; most + 1 where there are more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before, last = [0] * (len(other) + 1), list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for column, opposite in enumerate(other, 1):
            steps = min(last[column] + 1, now[-1] + 1, last[column - 1] + (letter != opposite))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == opposite:
                steps = min(steps, before[column - 2] + 1)
            now.append(steps)
        if min(now) > most and min(last) >= most:  # a swap goes on from the row before
            return most + 1
        before, last = last, now
    return min(last[-1], most + 1)
