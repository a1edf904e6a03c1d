"""An item, changed: «like this, but in red». The answer keeps the rest as far as the catalogue has such items."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from genrec.model.tasks import wishes
from genrec.model.tasks.interface import Example, Material, asked
from genrec.model.tasks.wording import CHANGES, HEADS, KEEPS, listed


class Change:
    """One value becomes another. What stays: what the request names and the kind of thing, else `wishes.kept`."""

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
            new, stays, named = drawn(self.material, item, random)
            found = facts.items([new, *stays]) if stays else np.empty(0, np.int32)
            if len(found) and not wishes.held_out(facts, (new, *stays)):
                break
            item = int(random.choice(self.items))
        else:  # a catalogue in which next to nothing can be changed: the item as it is
            new, named, found = facts.of(item)[0], (), np.array([item], np.int32)
        words = wishes.changed(facts, new, random)
        pattern = wishes.around(str(random.choice(CHANGES)), self.material, random)
        return said(self.material, item, pattern, words, named, random), found

    def example(self, index: int, random: np.random.Generator) -> Example:
        request, found = self.question(index, random)
        return asked(self.name, request, self.material.said(wishes.page(found, random)))


def drawn(material: Material, item: int, random: np.random.Generator) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """A change of `item`: the new fact, the facts that stay, and those of them that the request names."""
    facts = material.facts
    old = int(random.choice(facts.of(item)))
    # A value that another item has: popular ones more often, as in a shop.
    siblings = facts.siblings(old)
    sizes = np.array([len(facts.items([fact])) for fact in siblings], np.float64)
    new = int(random.choice(siblings, p=sizes / sizes.sum())) if len(siblings) else old
    if random.random() < 0.5:
        return new, wishes.kept(facts, item, new), ()
    others = [fact for fact in facts.of(item) if facts.facts[fact].attribute != facts.facts[new].attribute]
    heads = [fact for fact in others if facts.facts[fact].attribute in HEADS]
    further = [fact for fact in others if fact not in heads]
    named = tuple(random.permutation(further)[: int(random.integers(1, 3))].tolist())
    return new, (*heads, *named), named


def said(
    material: Material, item: int, pattern: str, new: str, named: tuple[int, ...], random: np.random.Generator
) -> str:
    """The request in words. new: as `wishes.changed` says it. named: the facts that shall stay."""
    change = pattern.format(item=material.words[item], new=new)
    if not named:
        return change
    kept = listed([material.facts.facts[fact].attribute for fact in named])
    return str(random.choice(KEEPS)).format(change=change if change[-1] in ".?!" else f"{change}.", kept=kept)
