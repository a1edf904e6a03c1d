"""Why an item after a history: claims of what it shares with items of it, true by construction."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from genrec.model.tasks.interface import Example, Material, asked
from genrec.model.tasks.wording import WHY, WHY_GIVEN, claim, listed

RECENT = 10
CITED = 2
CLAIMS = 2
GIVEN = 0.5
"""How often the question names the reason; any one that is true, so that the answer is learned to be that one."""
FADING = 0.7
"""What an item counts for against the one after it: the newest are the likeliest reasons."""


class Explanation:
    """What a person took next in training, and what it has in common with what came before."""

    name: ClassVar[str] = "explanation"

    def __init__(self, material: Material) -> None:
        self.material = material
        self.places: list[tuple[int, int]] = []
        for user in material.long_enough.tolist():
            history = material.train[user].tolist()
            facts = [set(material.facts.of(item)) for item in history]
            for place in range(1, len(history)):
                recent = range(max(place - RECENT, 0), place)
                if any(facts[one] & facts[place] and history[one] != history[place] for one in recent):
                    self.places.append((user, place))

    def __len__(self) -> int:
        return len(self.places)

    def example(self, index: int, random: np.random.Generator) -> Example:
        user, place = self.places[index]
        history, item = self.material.train[user][max(place - RECENT, 0) : place], int(self.material.train[user][place])
        words, known = self.material.words, shared(self.material, history, item)
        given = random.random() < GIVEN
        chosen = [known[int(random.integers(len(known)))]] if given else known[:CLAIMS]
        claims = []
        for fact, cited in chosen:
            said = self.material.facts.facts[fact]
            claims.append(claim([*(words[one] for one in cited), words[item]], said.attribute, said.value))
        asking = {"item": words[item], "history": self.material.said(history)}
        if not given:
            return asked(self.name, str(random.choice(WHY)).format(**asking), " ".join(claims))
        likeness = {"attribute": said.attribute, "value": said.value, "cited": listed([words[one] for one in cited])}
        return asked(self.name, WHY_GIVEN.format(**asking, **likeness), claims[0])


def shared(material: Material, history: np.ndarray, item: int) -> list[tuple[int, list[int]]]:
    """The facts that `item` shares with items of `history` (oldest first): (fact, the newest `CITED` that have it).

    Best reason first: the rarer the fact and the newer the items that have it, log(N / having it) · Σ FADING^age.
    """
    facts, found = material.facts, []
    newest_first = [one for one in dict.fromkeys(history[::-1].tolist()) if one != item]
    for fact in facts.of(item):
        ages = [age for age, one in enumerate(newest_first) if fact in facts.of(one)]
        if ages:
            weight = np.log(facts.total / len(facts.items([fact]))) * sum(FADING**age for age in ages)
            found.append((-weight, fact, [newest_first[age] for age in ages[:CITED]]))
    return [(fact, cited) for _, fact, cited in sorted(found)]
