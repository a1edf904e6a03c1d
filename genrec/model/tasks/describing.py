"""What a semantic ID stands for, in both directions: title and values."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from genrec.model.tasks.interface import Example, Material, asked
from genrec.model.tasks.wording import FACT, WHAT_IS, WHICH_FACTS, WHICH_TITLE, WHICH_VALUE


class Describe:
    """From a semantic ID to its title, to one of its values, or to all of them."""

    name: ClassVar[str] = "describe"

    def __init__(self, material: Material) -> None:
        self.material = material

    def __len__(self) -> int:
        return len(self.material.catalog)

    def example(self, index: int, random: np.random.Generator) -> Example:
        item, facts = self.material.words[index], self.material.facts
        known = facts.of(index)
        manner = random.random() if known else 0.0
        if manner < 0.4:
            return asked(self.name, str(random.choice(WHAT_IS)).format(item=item), self.material.titles[index])
        if manner < 0.7:
            fact = facts.facts[int(random.choice(known))]
            question = str(random.choice(WHICH_VALUE)).format(item=item, attribute=fact.attribute)
            values = [facts.facts[other].value for other in known if facts.facts[other].attribute == fact.attribute]
            return asked(self.name, question, ", ".join(values))
        return asked(self.name, f"{item}: attributes?", _all(self.material, index))


class Find:
    """From a title, or from all values, to the semantic ID."""

    name: ClassVar[str] = "find"

    def __init__(self, material: Material) -> None:
        self.material = material

    def __len__(self) -> int:
        return len(self.material.catalog)

    def example(self, index: int, random: np.random.Generator) -> Example:
        if random.random() < 0.6 or not self.material.facts.of(index):
            question = str(random.choice(WHICH_TITLE)).format(title=self.material.titles[index])
        else:
            question = str(random.choice(WHICH_FACTS)).format(facts=_all(self.material, index))
        return asked(self.name, question, self.material.words[index])


def _all(material: Material, item: int) -> str:
    said = [material.facts.facts[fact] for fact in material.facts.of(item)]
    return ", ".join(FACT.format(attribute=fact.attribute, value=fact.value) for fact in said)
