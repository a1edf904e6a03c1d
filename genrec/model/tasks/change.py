"""An item, changed: «like this, but in red».

The answer is of the same kind and has the new value. Where the request names what else stays, it has that too; where it
does not, it is one of the ten that keep most of the item's other values: a catalogue seldom has all the rest in red.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from genrec.model.tasks import wishes
from genrec.model.tasks.facts import Facts
from genrec.model.tasks.interface import Example, Material, asked
from genrec.model.tasks.wording import CHANGES, HEADS, KEEPS, listed


class Change:
    """One value becomes another; what answers it: `answers`."""

    name: ClassVar[str] = "change"

    def __init__(self, material: Material) -> None:
        self.material = material
        self.items = [item for item in range(len(material.catalog)) if material.facts.columns(item) > 1]

    def __len__(self) -> int:
        return len(self.items)

    def question(self, index: int, random: np.random.Generator) -> tuple[str, np.ndarray]:
        """What is asked, and int32 all items that answer it."""
        facts, item = self.material.facts, self.items[index]
        for _ in range(10 * wishes.TRIES):
            new, named = drawn(self.material, item, random)
            found = answers(facts, item, new, named)
            if len(found) and not held_out(facts, item, new, named):
                break
            item = self.items[int(random.integers(len(self.items)))]
        else:  # a catalogue in which next to nothing can be changed: the item as it is
            new, named, found = facts.of(item)[0], (), np.array([item], np.int32)
        words = wishes.changed(facts, new, random)
        pattern = wishes.around(str(random.choice(CHANGES)), self.material, random)
        return said(self.material, item, pattern, words, named, random), found

    def example(self, index: int, random: np.random.Generator) -> Example:
        request, found = self.question(index, random)
        return asked(self.name, request, self.material.said(wishes.page(found, random)))


def drawn(material: Material, item: int, random: np.random.Generator) -> tuple[int, tuple[int, ...]]:
    """A change of `item`: the new fact, and the facts that the request says shall stay, half of the time none."""
    facts = material.facts
    old = int(random.choice(facts.of(item)))
    # A value that another item has: popular ones more often, as in a shop.
    siblings = facts.siblings(old)
    sizes = np.array([len(facts.items([fact])) for fact in siblings], np.float64)
    new = int(random.choice(siblings, p=sizes / sizes.sum())) if len(siblings) else old
    if random.random() < 0.5:
        return new, ()
    _, further = parts(facts, item, new)
    return new, tuple(random.permutation(further)[: int(random.integers(1, 3))].tolist())


def parts(facts: Facts, item: int, new: int) -> tuple[list[int], list[int]]:
    """The item's facts of other columns than the new one's: which kind of thing it is, and what else."""
    others = [fact for fact in facts.of(item) if facts.facts[fact].attribute != facts.facts[new].attribute]
    heads = [fact for fact in others if facts.facts[fact].attribute in HEADS]
    return heads, [fact for fact in others if fact not in heads]


def answers(facts: Facts, item: int, new: int, named: Sequence[int]) -> np.ndarray:
    """int32: the items that answer the change; none where no thing of this kind has the new value.

    named: the facts that shall stay. Without them: of those of the kind that have the new value, those that keep as
    many of the item's other facts as the tenth best does.
    """
    heads, further = parts(facts, item, new)
    found = facts.items([new, *heads, *named])
    found = found[found != item]
    if named or not further or len(found) <= wishes.PAGE:
        return found
    kept = np.sum([np.isin(found, facts.items([fact])) for fact in further], axis=0, dtype=np.int64)
    return found[kept >= np.sort(kept)[-wishes.PAGE]]


def held_out(facts: Facts, item: int, new: int, named: Sequence[int]) -> bool:
    """Whether the change is kept from training: of an item that has a value held out beside the new one.

    That goes also for values that need not stay: else the examples that are left would teach that the two never go
    together.
    """
    heads, further = parts(facts, item, new)
    strange = any(wishes.held_out(facts, (new, fact)) for fact in (*heads, *further))
    return strange or wishes.held_out(facts, (*heads, *named))


def said(
    material: Material, item: int, pattern: str, new: str, named: tuple[int, ...], random: np.random.Generator
) -> str:
    """The request in words. new: as `wishes.changed` says it. named: the facts that shall stay."""
    change = pattern.format(item=material.words[item], new=new)
    if not named:
        return change
    kept = listed([material.facts.facts[fact].attribute for fact in named])
    return str(random.choice(KEEPS)).format(change=change if change[-1] in ".?!" else f"{change}.", kept=kept)
