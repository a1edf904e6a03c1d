"""What a task is: a source of conversations that end in an answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Protocol

import numpy as np

from genrec.data.catalog import Catalog
from genrec.data.interactions import Sequences
from genrec.model.tasks.facts import Facts
from genrec.model.tasks.wording import CHATTER
from genrec.model.vocabulary import harmless, text
from genrec.sid.codes import SemanticIds

Message = dict[str, str]


@dataclass(frozen=True)
class Example:
    """One conversation to learn from. task: who made it. messages: user and assistant by turns, an answer last."""

    task: str
    messages: tuple[Message, ...]


@dataclass(frozen=True, eq=False)
class Material:
    """What tasks make their examples of. Nothing that is held out is in it.

    train: training histories only. max_items: the most events of a history that an example holds, answers included.
    """

    catalog: Catalog
    ids: SemanticIds
    train: Sequences
    facts: Facts
    max_items: int = 50

    @cached_property
    def words(self) -> list[str]:
        """Every item as it stands in a text: its semantic ID."""
        return [text(codes) for codes in self.ids.codes]

    @cached_property
    def titles(self) -> list[str]:
        """Every item's title on one line, without marks; what it is without one is its own id."""
        said = self.catalog.table["title"].to_list()
        return [
            harmless(" ".join(title.split())) if title and title.strip() else own
            for title, own in zip(said, self.catalog.ids, strict=True)
        ]

    @cached_property
    def chatter(self) -> list[str]:
        """Words that say nothing of an item: those of `CHATTER`, and those of the catalogue's texts that no title and
        no value has."""
        said = {word for words in self.facts.words for one in words for word in _words(one)}
        said |= {word for title in self.titles for word in _words(title)}
        texts = {word for text in self.catalog.table["text"].to_list() if text for word in _words(text)}
        return sorted((set(CHATTER.split()) | texts) - said)

    @cached_property
    def long_enough(self) -> np.ndarray:
        """int64: the users with two or more training events, who have a next item to predict."""
        return np.flatnonzero(self.train.lengths >= 2)

    def said(self, items: Sequence[int] | np.ndarray) -> str:
        """Several items one after the other, as they stand in histories and lists."""
        return "".join(self.words[item] for item in items)


class Task(Protocol):
    """One kind of example. Made of a Material; `len` is how many different examples it naturally has: users, items …"""

    name: ClassVar[str]

    def __init__(self, material: Material) -> None: ...

    def __len__(self) -> int: ...

    def example(self, index: int, random: np.random.Generator) -> Example: ...


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.lower())


def asked(task: str, question: str, answer: str) -> Example:
    """An example of one question and its answer."""
    return Example(task, ({"role": "user", "content": question}, {"role": "assistant", "content": answer}))
