"""Misspelt words: the distance against its definition, and what is taken for what."""

from __future__ import annotations

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from genrec.chat.spelling import Spelling, distance

WORDS = st.text(alphabet="abc", max_size=7)


def by_definition(one: str, other: str) -> int:
    """Of all ways to make one of the other, the fewest steps; a pair once swapped is not touched again."""

    @cache
    def steps(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        found = [steps(i - 1, j) + 1, steps(i, j - 1) + 1, steps(i - 1, j - 1) + (one[i - 1] != other[j - 1])]
        if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
            found.append(steps(i - 2, j - 2) + 1)
        return min(found)

    return steps(len(one), len(other))


@given(WORDS, WORDS, st.integers(0, 8))
def test_distance(one: str, other: str, most: int) -> None:
    assert distance(one, other, most) == min(by_definition(one, other), most + 1)


def test_what_is_meant() -> None:
    spelling = Spelling(["black", "jacket", "corduroy", "cotton", "boot", "boat", "silk"], ["hate", "milk", "blank"])
    meant = {"blak": "black", "jaket": "jacket", "corderoi": "corduroy", "coton": "cotton", "lback": "black"}
    assert {word: spelling.meant(word) for word in meant} == meant
    # Right as it is, known otherwise, near to two, too short, too far, no word.
    for word in ("black", "milk", "hate", "bot", "bott", "jkt", "jackpots", "", "x" * 400, "12345", "jacket!"):
        assert spelling.meant(word) is None, word
