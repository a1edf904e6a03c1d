"""Search: what is asked for in words, by values or by title. The answer is a page of items that meet it all."""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from functools import cached_property
from typing import ClassVar

import numpy as np

from genrec.model.tasks import wishes
from genrec.model.tasks.interface import Example, Material, asked
from genrec.model.tasks.wording import SEARCHES


class Search:
    """A wish for one to three values. Any of the items that meet it may stand in the answer, so over the epochs the
    model learns all of them; that an answer holds several teaches more for one prompt."""

    name: ClassVar[str] = "search"

    def __init__(self, material: Material) -> None:
        self.material = material
        self.items = [item for item in range(len(material.catalog)) if material.facts.of(item)]

    def __len__(self) -> int:
        return len(self.items)

    def question(self, index: int, random: np.random.Generator) -> tuple[str, np.ndarray]:
        """What is asked, and int32 all items that answer it."""
        facts = self.material.facts
        wish = wishes.draw(facts, self.items[index], random)
        pattern = wishes.around(str(random.choice(SEARCHES)), self.material, random)
        return pattern.format(wish=wishes.phrase(facts, wish, random)), facts.items(wish)

    def example(self, index: int, random: np.random.Generator) -> Example:
        question, found = self.question(index, random)
        return asked(self.name, question, self.material.said(wishes.page(found, random)))


class TitleSearch:
    """Some words of a title; the answer are items whose titles have them all."""

    name: ClassVar[str] = "title_search"

    def __init__(self, material: Material) -> None:
        self.material = material
        self.titles = Titles(material.catalog.table["title"].to_list())

    def __len__(self) -> int:
        return len(self.titles.long_enough)

    def question(self, index: int, random: np.random.Generator) -> tuple[str, np.ndarray]:
        """What is asked, and int64 all items that answer it."""
        facts, item = self.material.facts, int(self.titles.long_enough[index])
        for _ in range(wishes.TRIES):
            words = self.titles.draw(item, random, held_out=False)
            if not wishes.held_out(facts, facts.stated(words)):
                break
        else:
            words = words[:1]
        question = wishes.around(str(random.choice(SEARCHES)), self.material, random).format(wish=" ".join(words))
        return question, self.titles.having(words)

    def example(self, index: int, random: np.random.Generator) -> Example:
        question, found = self.question(index, random)
        return asked(self.name, question, self.material.said(wishes.page(found, random)))


class Titles:
    """Titles by their words. long_enough: int64, the items whose title has two different words or more."""

    MOST = 5

    def __init__(self, titles: list[str | None]) -> None:
        self.words = [re.findall(r"[\w/.'-]*\w", title or "") for title in titles]
        different = [len({word.lower() for word in words}) for words in self.words]
        self.long_enough = np.flatnonzero(np.array(different, np.int64) > 1)

    def draw(self, item: int, random: np.random.Generator, *, held_out: bool) -> list[str]:
        """Two to five words of a title, side by side or not, as they follow one another there. One in ten sets of
        words is held out: only with `held_out` are these drawn, and only these, never a whole title, which `Find` asks
        with; none where a title has no such set. A title that has nothing but held-out sets gives its first word."""
        words = self.words[item]
        for _ in range(50):
            size = min(int(random.integers(2, self.MOST + 1)), len(words))
            if random.random() < 0.5:
                start = int(random.integers(len(words) - size + 1))
                chosen = words[start : start + size]
            else:
                chosen = [words[at] for at in np.sort(random.permutation(len(words))[:size])]
            key = " ".join(sorted({word.lower() for word in chosen}))
            if (zlib.crc32(key.encode()) % wishes.HELD_OUT == 0) == held_out and not (held_out and chosen == words):
                return chosen
        return [] if held_out else words[:1]

    def having(self, words: list[str]) -> np.ndarray:
        """int64: the items whose titles have all of `words`."""
        lists = [self._items[word.lower()] for word in set(words)]
        return np.array(sorted(set.intersection(*lists)), np.int64)

    @cached_property
    def _items(self) -> dict[str, set[int]]:
        found: dict[str, set[int]] = defaultdict(set)
        for item, words in enumerate(self.words):
            for word in words:
                found[word.lower()].add(item)
        return dict(found)
