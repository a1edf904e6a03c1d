"""From what a shopper means to what a shopper writes: values become words, words a sentence.

A `Slot` is one thing that was meant: a value wanted or unwanted, a bound on the price, an item that the answer shall
resemble. What stands in the sentence for it is drawn from `shopper_words`, the sentence from `shopper_phrasings`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from shopper_phrasings import ACTS, ORDINALS, slip
from shopper_words import (
    BRANDS,
    BROAD,
    BUDGETS,
    CATEGORIES,
    COLOURS,
    CUTS,
    CUTS_AS_NOUNS,
    MADE_OF,
    MATERIALS,
    NUMBERS,
    OCCASIONS,
    PAIR,
    PATTERNS,
    SEASONS,
    STYLES,
    TOO,
    Noun,
)

PLAINEST = {"keywords": 0.6, "terse": 0.5}
"""How often a value is called by its first word; others .35."""


@dataclass(frozen=True)
class Slot:
    """kind: wanted and unwanted have a value of `column`; max a bound in money, below it or at it; liked an item id.

    values: what is surely meant (several for «blue»); accepted: all that it is no fault to understand. For a relative
    price («cheaper») the bound is what surely holds, and accepted the bound that must be undercut at least.
    """

    column: str
    kind: Literal["wanted", "unwanted", "max", "liked"]
    values: tuple[Any, ...]
    accepted: tuple[Any, ...]
    relative: bool = False


@dataclass(frozen=True)
class Words:
    """One thing meant in the forms that sentences need. pre: before a noun; post: behind it; noun: instead of it.

    wide: what a word for several values surely means, and all that may be understood; None for other words.
    """

    pre: str | None
    post: str
    is_: str
    bare: str
    thing: str
    noun: Noun | None = None
    wide: tuple[tuple[str, ...], tuple[str, ...]] | None = None


class Speech:
    """One person's way of speaking. voice: of `VOICES`."""

    def __init__(self, voice: str) -> None:
        self.voice = voice

    def pick(self, words: Sequence[str], random: Random) -> str:
        if len(words) == 1 or random.random() < PLAINEST.get(self.voice, 0.35):
            return words[0]
        return random.choice(words[1:])

    def words(self, column: str, value: Any, category: str, random: Random, narrow: bool = False) -> Words:
        """How this person calls `value` today. category: of the thing spoken of. narrow: no word for several values."""
        if column == "price":
            said = random.choice(BUDGETS[self.voice]).format(n=value, w=NUMBERS[value])
            alone = f"something {said}" if said.startswith("that") else said
            return Words(None, said, alone, said, said)
        if column == "category":
            return self._noun(CATEGORIES[value], random)
        if column == "silhouette":
            if (category, value) in CUTS_AS_NOUNS:
                return self._noun(CUTS_AS_NOUNS[category, value], random)
            adjectives, behind = CUTS[value]
            word = self.pick(adjectives, random)
            return Words(word, random.choice(behind), word, word, f"{word} ones")
        if column == "colour":
            known = [word for word in COLOURS[value] if not (narrow and word in BROAD)]
            word = self.pick(known, random)
            return Words(word, f"in {word}", word, word, word, wide=BROAD.get(word))
        if column == "material":
            word = self.pick(MATERIALS[value], random)
            before = self.pick((value, *MADE_OF.get(value, ())), random)
            return Words(before, random.choice([f"in {word}", f"made of {word}"]), f"made of {word}", word, word)
        if column == "pattern":
            adjectives, behind, things = PATTERNS[value]
            word = self.pick(adjectives, random)
            return Words(word, self.pick(behind, random), word, word, self.pick(things, random))
        if column == "season":
            when, adjectives = SEASONS[value]
            hint = self.voice == "indirect" and random.random() < 0.5
            then, word = (
                random.choice(OCCASIONS[value]) if hint else self.pick(when, random),
                self.pick(adjectives, random),
            )
            return Words(None if hint else word, then, then, word, f"{word} stuff")
        if column == "style":
            word = self.pick(STYLES[value], random)
            post = random.choice([f"in a {word} style", f"with a {word} look"])
            return Words(word, post.replace("a u", "an u").replace("a a", "an a"), word, word, f"{word} stuff")
        if column == "brand":
            name = self.pick(BRANDS[value], random)
            return Words(None, f"by {name}", f"from {name}", name, name)
        raise KeyError(column)

    def _noun(self, nouns: Sequence[Noun], random: Random) -> Words:
        one, many = nouns[0] if random.random() < PLAINEST.get(self.voice, 0.35) else random.choice(nouns)
        alone = many if one == PAIR else _article(one)
        return Words(None, f"as {alone}", alone, many if one == PAIR else one, many, noun=(one, many))

    def too(self, style: str, random: Random) -> str:
        return random.choice(TOO[style])

    def nth(self, at: int, colours: Sequence[str], random: Random) -> str:
        """How one of the shown is pointed at; one in four times by its colour, where no other has it."""
        if random.random() < 0.25 and colours.count(colours[at]) == 1:
            return f"the {COLOURS[colours[at]][0]} one"
        return random.choice(ORDINALS[at])

    def say(self, act: str, random: Random, said: Sequence[Words] = (), holes: Mapping[str, str] | None = None) -> str:
        """A sentence of this voice for `act`, about `said` (one or two things). holes: what fills the other ones."""
        one, several = phrases(said, random)
        joined = random.choice([" and ", ", "]) if len(said) > 1 else ""
        filled = {
            "a": one,
            "s": several,
            "it": _thing(said, joined),
            "is": joined.join(words.is_ for words in said),
            "in": joined.join(words.post for words in said),
            "bare": " ".join(words.bare for words in said),
        } | (dict(holes) if holes else {})
        text = random.choice(ACTS[act][self.voice])
        for hole, words in filled.items():
            text = text.replace("{" + hole + "}", words)
        if self.voice == "typos":
            return slip(text, random)
        return text[:1].upper() + text[1:] if self.voice in ("chatty", "polite", "indirect", "foreign") else text


def phrases(said: Sequence[Words], random: Random) -> tuple[str, str]:
    """What is said as a noun, one of it and several: «a red coat for winter», «red coats for winter»."""
    nouns = [words.noun for words in said if words.noun]
    others = [words for words in said if not words.noun]
    before = [words.pre for words in others if words.pre]
    behind = [words.post for words in others if not words.pre]
    for words in others:
        if words.pre and (random.random() < 0.4 or (len(before) > 1 and not nouns)):
            before.remove(words.pre)
            behind.append(words.post)
    tail = "".join(f" {post}" for post in behind)
    if not nouns:
        head = " ".join(["something", *before])
        return head + tail, " ".join([*before, "things"]) + tail
    one, many = nouns[-1]
    several = " ".join([*before, many])
    if one == PAIR:
        return random.choice(["a pair of ", "some ", ""]) + several + tail, several + tail
    return _article(" ".join([*before, one])) + tail, several + tail


def _thing(said: Sequence[Words], joined: str) -> str:
    """«something red and striped», «a trench coat for winter»."""
    nouns = [words.is_ for words in said if words.noun]
    others = joined.join(
        words.post if nouns else words.is_.removeprefix("something ") for words in said if not words.noun
    )
    return " ".join(part for part in [nouns[0] if nouns else "something", others] if part)


def _article(words: str) -> str:
    vowel = words[0] in "aeiouA" and not words.startswith(("one", "uni", "eu"))
    return words if words.startswith("something") else f"{'an' if vowel else 'a'} {words}"
