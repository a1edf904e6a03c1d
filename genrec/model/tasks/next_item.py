"""What comes next, from what came before: as semantic IDs, or as titles."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from genrec.model.tasks.interface import Example, Material, asked
from genrec.model.tasks.wording import NEXT_ITEM, NEXT_ITEM_TITLES, TITLE

TITLES = 10
"""So many titles at most: they are as long as five semantic IDs each."""


class NextItem:
    """A history up to a random moment; the answer is how it went on, item after item.

    The first item of the answer is what is asked for when the model is used; those behind it teach the same at no
    further prompt, so one example supervises as many items as an ordinary sequence model's would.
    """

    name: ClassVar[str] = "next_item"

    def __init__(self, material: Material) -> None:
        self.material = material

    def __len__(self) -> int:
        return len(self.material.long_enough)

    def example(self, index: int, random: np.random.Generator) -> Example:
        before, after = _parted(self.material, index, random)
        limit = self.material.max_items
        before = before[-(limit - 1) :]
        return asked(
            self.name, NEXT_ITEM + self.material.said(before), self.material.said(after[: limit - len(before)])
        )


class NextItemTitles:
    """The same from titles, which a model that never saw the catalogue can read too; one item as the answer."""

    name: ClassVar[str] = "next_item_titles"

    def __init__(self, material: Material) -> None:
        self.material = material

    def __len__(self) -> int:
        return len(self.material.long_enough)

    def example(self, index: int, random: np.random.Generator) -> Example:
        before, after = _parted(self.material, index, random)
        titles = "\n".join(TITLE.format(title=self.material.titles[item]) for item in before[-TITLES:])
        return asked(self.name, NEXT_ITEM_TITLES.format(titles=titles), self.material.words[after[0]])


def _parted(material: Material, index: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The index-th user's training history, cut at a random moment; neither part is empty."""
    history = material.train[int(material.long_enough[index])]
    cut = int(random.integers(1, len(history)))
    return history[:cut], history[cut:]
