"""What a semantic ID stands for, in both directions: title and values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from genrec.model.tasks import wishes
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
        return asked(self.name, f"{item}: attributes?", _said(self.material, known))


class Find:
    """From a title, or from values, to the semantic ID: of its values all that may be asked for together."""

    name: ClassVar[str] = "find"

    def __init__(self, material: Material) -> None:
        self.material = material

    def __len__(self) -> int:
        return len(self.material.catalog)

    def example(self, index: int, random: np.random.Generator) -> Example:
        if random.random() < 0.6 or not self.material.facts.of(index):
            question = str(random.choice(WHICH_TITLE)).format(title=self.material.titles[index])
        else:
            question = str(random.choice(WHICH_FACTS)).format(facts=_said(self.material, self._together(index, random)))
        return asked(self.name, question, self.material.words[index])

    def _together(self, item: int, random: np.random.Generator) -> list[int]:
        facts = self.material.facts
        chosen: list[int] = []
        for fact in random.permutation(facts.of(item)).tolist():
            if not any(wishes.held_out(facts, (fact, other)) for other in chosen):
                chosen.append(fact)
        return sorted(chosen)


def _said(material: Material, facts: Iterable[int]) -> str:
    said = [material.facts.facts[fact] for fact in facts]
    return ", ".join(FACT.format(attribute=fact.attribute, value=fact.value) for fact in said)
