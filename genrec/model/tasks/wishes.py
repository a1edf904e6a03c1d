"""Wishes: values that an item shall have together, how they are said, and which are kept from training.

Of every two facts of which neither implies the other a hash says whether they may be wished for together in training.
A wish is held out where any two of its facts may not: no training question of any task ever states these two side by
side, alone or among others. (Answers do, and whole titles: what an item is called and has must be known.)
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from genrec.model.tasks.facts import Facts
from genrec.model.tasks.interface import Material
from genrec.model.tasks.wording import BEHIND, CHANGED, CHANGED_ELSE, CLOSINGS, FACT, HEADS, OPENINGS, THING

HELD_OUT = 10
"""One in so many pairs of facts."""
PAGE = 10
"""What a page of results shows."""
ANSWERS = 10
"""Items of an answer in training, at most."""
SIZES = (0.25, 0.4, 0.35)
"""How often a wish has one fact, two, three."""
TRIES = 20


def held_out(facts: Facts, wish: Sequence[int]) -> bool:
    """Whether two of these facts, by number, are kept from training together.

    A function of the values, and of whether one of the two implies the other: where every wrap is a dress, a wrap dress
    is no combination, and to keep it from training would be to keep the wrap from it.
    """
    return any(_apart(facts, one, other) for one, other in combinations(wish, 2))


def _apart(facts: Facts, one: int, other: int) -> bool:
    names = sorted(f"{facts.facts[fact].attribute}={facts.facts[fact].value}" for fact in (one, other))
    return zlib.crc32("|".join(names).encode()) % HELD_OUT == 0 and not facts.implied(one, other)


def draw(facts: Facts, item: int, random: np.random.Generator) -> tuple[int, ...]:
    """Some facts of `item` that may be wished for in training; none where it has none."""
    known = np.array(facts.of(item), np.int64)
    if not len(known):
        return ()
    size = min(int(random.choice(len(SIZES), p=SIZES)) + 1, len(known))
    for _ in range(TRIES):
        wish = tuple(random.permutation(known)[:size].tolist())
        if not held_out(facts, wish):
            return wish
    return wish[:1]


def page(items: np.ndarray, random: np.random.Generator) -> list[int]:
    """Up to `ANSWERS` of `items`, any of them as likely, in any order."""
    return random.permutation(items)[:ANSWERS].tolist()


def around(pattern: str, material: Material, random: np.random.Generator) -> str:
    """A pattern of `wording` as people use it: with a greeting, an ending, words that have nothing to do with the wish.

    Sentences that were never read shall not confuse a model, so it learns to hear the wish among any words.
    """
    if random.random() < 0.2:
        pattern = f"{random.choice(OPENINGS)} {pattern}"
    if random.random() < 0.2:
        pattern = f"{pattern.rstrip('.?!,')} {random.choice(CLOSINGS)}"
    pieces = re.split(r"(\{\w+\})", pattern)
    for _ in range(int(random.integers(1, 5)) if random.random() < 0.5 else 0):
        place = 2 * int(random.integers((len(pieces) + 1) // 2))
        words = pieces[place].split(" ")
        words.insert(
            int(random.integers(len(words) + 1)), material.chatter[int(random.integers(len(material.chatter)))]
        )
        pieces[place] = " ".join(words)
    pattern = " ".join("".join(f" {piece} " if piece[:1] == "{" else piece for piece in pieces).split())
    pattern = re.sub(r"\} ([.,?!:;])", r"}\1", pattern)
    return pattern[:1].upper() + pattern[1:] if random.random() < 0.5 else pattern


def phrase(facts: Facts, wish: Sequence[int], random: np.random.Generator) -> str:
    """A wish in words: as one speaks, as keywords, or column by column."""
    words = [word(facts, fact, random) for fact in wish]
    order = random.permutation(len(wish)).tolist()
    manner = random.random()
    if manner < 0.2:
        return " ".join(words[at] for at in order)
    if manner < 0.4:
        return ", ".join(FACT.format(attribute=facts.facts[wish[at]].attribute, value=words[at]) for at in order)
    before, thing, behind = [], THING, []
    for at in order:
        name = facts.facts[wish[at]].attribute
        if name in HEADS and thing == THING:
            thing = words[at]
        elif name in BEHIND:
            behind.append(str(random.choice(BEHIND[name])).format(words[at]))
        else:
            before.append(words[at])
    return " ".join([thing, *before, *behind] if thing == THING else [*before, thing, *behind])


def word(facts: Facts, fact: int, random: np.random.Generator) -> str:
    """The value as its column writes it, half of the time; else what titles say for it."""
    words = facts.words[fact]
    return words[0] if len(words) == 1 or random.random() < 0.5 else str(random.choice(words[1:]))


def changed(facts: Facts, fact: int, random: np.random.Generator) -> str:
    """Another value asked for, as it stands behind «but»: in red."""
    attribute, value = facts.facts[fact].attribute, word(facts, fact, random)
    if attribute in CHANGED:
        return str(random.choice(CHANGED[attribute])).format(value)
    return str(random.choice(CHANGED_ELSE)).format(attribute=attribute, value=value)
