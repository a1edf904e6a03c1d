"""A conversation: a wide wish, a question that narrows it, a suggestion, an objection, another suggestion."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from genrec.model.tasks import wishes
from genrec.model.tasks.interface import Example, Material, Message
from genrec.model.tasks.wording import ANY, CRITIQUES, REPLY, SEARCHES, WHICH_ONE, listed

CHOICES = 3
"""Values that the clarifying question names."""


class Chat:
    """Up to three answers: the clarifying question, an item that meets the reply, one that meets the objection too.

    It ends after one of them, by chance, since some templates let only the last answer of a conversation be learned.
    """

    name: ClassVar[str] = "chat"

    def __init__(self, material: Material) -> None:
        self.material = material
        self.items = [item for item in range(len(material.catalog)) if material.facts.columns(item) > 2]

    def __len__(self) -> int:
        return len(self.items)

    def example(self, index: int, random: np.random.Generator) -> Example:
        facts, item = self.material.facts, self.items[index]
        for _ in range(wishes.TRIES):
            wide, narrow, more = (int(fact) for fact in random.permutation(facts.of(item))[:3])
            if not wishes.held_out(facts, (wide, narrow, more)):
                break
        turns = [
            ("user", str(random.choice(SEARCHES)).format(wish=wishes.phrase(facts, [wide], random))),
            ("assistant", self._which(wide, narrow, random)),
            ("user", _reply(self.material, narrow, random)),
            ("assistant", self._suggest([wide, narrow], random)),
            ("user", str(random.choice(CRITIQUES)).format(new=wishes.changed(facts, more, random))),
            ("assistant", self._suggest([wide, narrow, more], random)),
        ]
        messages: list[Message] = [{"role": role, "content": content} for role, content in turns]
        return Example(self.name, tuple(messages[: 2 * int(random.integers(1, 4))]))

    def _which(self, wide: int, narrow: int, random: np.random.Generator) -> str:
        """Asks for the attribute of `narrow`, naming values that items of the wish have."""
        facts = self.material.facts
        name = facts.facts[narrow].attribute
        among = {fact for item in facts.items([wide]) for fact in facts.of(int(item))}
        there = sorted(fact for fact in among if facts.facts[fact].attribute == name)
        named = [facts.facts[int(fact)].value for fact in random.permutation(there)[:CHOICES]]
        return str(random.choice(WHICH_ONE)).format(attribute=name, values=listed(named, "or"))

    def _suggest(self, wish: list[int], random: np.random.Generator) -> str:
        item = int(random.choice(self.material.facts.items(wish)))
        return str(random.choice(ANY)).format(item=self.material.words[item])


def _reply(material: Material, fact: int, random: np.random.Generator) -> str:
    attribute, value = material.facts.facts[fact].attribute, wishes.word(material.facts, fact, random)
    return str(random.choice(REPLY)).format(attribute=attribute, value=value)
