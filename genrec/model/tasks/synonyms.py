"""How values are said: the words of titles that stand for one value of a column and for nothing else.

A catalogue whose column says `sweater` calls it jumper and knit in its titles; people will too. No list of synonyms is
needed where titles and columns stand side by side.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

FEWEST = 5
"""Titles a phrase must stand in: below that it may belong to a value by chance."""
PURE = 0.98
"""The share of these titles' items that must have the value."""
COVER = 0.05
"""The share of the value's items whose titles must say it: `red` means filament to no one, though most of it is red."""
LONGEST = 3
"""Words of a phrase."""


def learn(titles: Sequence[str], of: Sequence[tuple[int, ...]], count: int) -> list[tuple[str, ...]]:
    """For each of `count` facts the phrases of titles that mean it, most frequent first.

    of: per title the facts of its item. A phrase means a fact where at least `PURE` of its titles have the fact; of
    several such facts the one that it covers best: `trench` is that cut, and not any coat. A phrase is as short as may
    be (`navy`, not `navy blue`), but no stump of one (`burnt orange`, not `burnt`).
    """
    phrases = [_phrases(title) for title in titles]
    counts = Counter(phrase for row in phrases for phrase in row)
    frequent = {phrase for phrase, times in counts.items() if times >= FEWEST}
    together: dict[tuple[str, ...], Counter[int]] = defaultdict(Counter)
    for row, facts in zip(phrases, of, strict=True):
        for phrase in row & frequent:
            together[phrase].update(facts)
    sizes = np.bincount([fact for facts in of for fact in facts], minlength=count)
    meant: dict[tuple[str, ...], int] = {}
    for phrase in sorted(frequent, key=lambda one: (len(one), one)):
        enough = {fact: max(PURE * counts[phrase], COVER * sizes[fact]) for fact in together[phrase]}
        pure = {fact: times for fact, times in together[phrase].items() if times >= enough[fact]}
        if not pure or any(part in meant for part in _parts(phrase)):
            continue
        meant[phrase] = max(pure, key=lambda fact: (pure[fact] / sizes[fact], -fact))
    stumps = {
        part for phrase in frequent for part in _parts(phrase) if counts[part] == counts[phrase] and part in meant
    }
    # What a stump kept out comes in its place.
    for phrase in sorted(frequent, key=lambda one: (-len(one), one)):
        inner = [part for part in _parts(phrase) if part in meant]
        if inner and all(part in stumps and counts[part] == counts[phrase] for part in inner):
            meant[phrase] = meant[inner[0]]
    found: list[list[tuple[int, str]]] = [[] for _ in range(count)]
    for phrase, fact in meant.items():
        if phrase not in stumps:
            found[fact].append((-counts[phrase], " ".join(phrase)))
    return [tuple(said for _, said in sorted(row)) for row in found]


def _phrases(title: str) -> set[tuple[str, ...]]:
    """All runs of up to `LONGEST` words, without small words at their ends."""
    words = re.findall(r"[\w&'-]+|[,.;:()/]", title.lower())
    runs = {tuple(words[at : at + n]) for n in range(1, LONGEST + 1) for at in range(len(words) - n + 1)}
    return {run for run in runs if all(word[0].isalpha() for word in run) and min(len(run[0]), len(run[-1])) > 2}


def _parts(phrase: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The shorter runs within a phrase."""
    return [phrase[at : at + n] for n in range(1, len(phrase)) for at in range(len(phrase) - n + 1)]
