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
        facts = self.material.facts
        wish = self._wish(self.items[index], random)
        column = facts.facts[wish[1]].attribute
        turns = [
            ("user", self._said(SEARCHES, random).format(wish=wishes.phrase(facts, wish[:1], random))),
            ("assistant", self._which(wish[0], column, random)),
        ]
        for place in range(1, len(wish)):
            new = wish[place]
            turns.append(("user", self._reply(new, random) if place == 1 else self._critique(new, random)))
            turns.append(("assistant", self._suggest(wish[: place + 1], random)))
        # The wish's first fact alone, that and the second, all: what may not be wished for together is not reached.
        allowed = [size for size in range(1, len(wish) + 1) if not wishes.held_out(facts, wish[:size])]
        messages: list[Message] = [{"role": role, "content": content} for role, content in turns]
        return Example(self.name, tuple(messages[: 2 * int(random.choice(allowed))]))

    def _wish(self, item: int, random: np.random.Generator) -> list[int]:
        """Three facts of different columns, such as may be wished for together if chance finds any."""
        facts = self.material.facts
        for _ in range(wishes.TRIES):
            by_column = {facts.facts[fact].attribute: int(fact) for fact in random.permutation(facts.of(item))}
            wish = list(by_column.values())[:3]
            if not wishes.held_out(facts, wish):
                break
        return wish

    def _which(self, wide: int, name: str, random: np.random.Generator) -> str:
        """Asks for the attribute, naming values that items of the wish have."""
        facts = self.material.facts
        among = {fact for item in facts.items([wide]) for fact in facts.of(int(item))}
        there = sorted(fact for fact in among if facts.facts[fact].attribute == name)
        named = [facts.facts[int(fact)].value for fact in random.permutation(there)[:CHOICES]]
        return str(random.choice(WHICH_ONE)).format(attribute=name, values=listed(named, "or"))

    def _suggest(self, wish: list[int], random: np.random.Generator) -> str:
        item = int(random.choice(self.material.facts.items(wish)))
        return str(random.choice(ANY)).format(item=self.material.words[item])

    def _reply(self, fact: int, random: np.random.Generator) -> str:
        facts = self.material.facts
        value = wishes.word(facts, fact, random)
        return self._said(REPLY, random).format(attribute=facts.facts[fact].attribute, value=value)

    def _critique(self, fact: int, random: np.random.Generator) -> str:
        return self._said(CRITIQUES, random).format(new=wishes.changed(self.material.facts, fact, random))

    def _said(self, patterns: tuple[str, ...], random: np.random.Generator) -> str:
        return wishes.around(str(random.choice(patterns)), self.material, random)
