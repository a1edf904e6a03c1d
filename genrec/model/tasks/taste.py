"""What a history has in common, in claims: «… share colour red.»"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from genrec.model.tasks.facts import Facts
from genrec.model.tasks.interface import Example, Material, asked
from genrec.model.tasks.wording import WHAT_DO_I_LIKE, claim

RECENT = 10
"""So much of a history is looked at, and cited."""
CITED = 3
"""Items that stand for one claim, the newest of those it holds of."""
CLAIMS = 3


class Taste:
    """From the newest items of a history to what stands out in them, against the catalogue."""

    name: ClassVar[str] = "taste"

    def __init__(self, material: Material) -> None:
        self.material = material
        self.users = [
            user for user in material.long_enough.tolist() if dominant(material.facts, material.train[user][-RECENT:])
        ]

    def __len__(self) -> int:
        return len(self.users)

    def example(self, index: int, random: np.random.Generator) -> Example:
        history = self.material.train[self.users[index]]
        end = int(random.integers(2, len(history) + 1))
        recent = history[max(end - RECENT, 0) : end]
        if not dominant(self.material.facts, recent):
            recent = history[-RECENT:]
        claims = [_cited(self.material, fact, recent[::-1]) for fact in dominant(self.material.facts, recent)[:CLAIMS]]
        question = str(random.choice(WHAT_DO_I_LIKE)).format(history=self.material.said(recent))
        return asked(self.name, question, " ".join(claims))


def dominant(facts: Facts, items: Sequence[int] | np.ndarray) -> list[int]:
    """The facts that two or more of `items` have, by how much they stand out: count · log(share here / share in the
    catalogue), what the fact adds to the Kullback-Leibler divergence of the two."""
    counts = Counter(fact for item in dict.fromkeys(int(one) for one in items) for fact in facts.of(item))
    weights = {
        fact: count * np.log(count / len(items) * facts.total / len(facts.items([fact])))
        for fact, count in counts.items()
        if count > 1
    }
    return sorted((fact for fact in weights if weights[fact] > 0), key=lambda fact: (-weights[fact], fact))


def _cited(material: Material, fact: int, newest_first: np.ndarray) -> str:
    having = [item for item in dict.fromkeys(newest_first.tolist()) if fact in material.facts.of(item)]
    said = material.facts.facts[fact]
    return claim([material.words[item] for item in having[:CITED]], said.attribute, said.value)
