"""Questions with known answers for `search.py`: none of them, and nothing like them, is in any training example.

What is held out is decided by genrec/model/tasks/wishes.py: a hash picks one in ten pairs of values that no training
question states together. The questions here state at least one such pair, in sentences that training never uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genrec.model.tasks import Material, change, wishes
from genrec.model.tasks.search import Titles
from genrec.model.tasks.wording import CHANGES, CHANGES_HELD_OUT, SEARCHES, SEARCHES_HELD_OUT

TRIES = 200
"""Draws for one question: a catalogue may have fewer than are asked for."""


@dataclass(frozen=True, eq=False)
class Question:
    """text: as a person would write it; an item in it is its semantic ID. plain: the same for those who read no
    semantic IDs, the item's catalogue text in its place. relevant: int32, all items that meet it. target: the one item
    that a title was taken from, -1 where any relevant item is as good. source: the item to change, never an answer.
    wish: the facts that relevant items have, by number; none where a title is asked for."""

    text: str
    plain: str
    relevant: np.ndarray
    target: int = -1
    source: int = -1
    wish: tuple[int, ...] = ()


def by_values(material: Material, count: int, size: int, seed: int, *, held_out: bool = True) -> list[Question]:
    """Wishes for `size` values. One value alone cannot be a held-out combination: there only the sentence is new."""
    random, facts = np.random.default_rng([seed, 1, size]), material.facts
    patterns = SEARCHES_HELD_OUT if held_out else SEARCHES
    found: dict[tuple[int, ...], Question] = {}
    for _ in range(count * TRIES):
        item = int(random.integers(len(material.catalog)))
        wish = tuple(sorted(random.permutation(facts.of(item))[:size].tolist()))
        kept = size == 1 or wishes.held_out(facts, wish) == held_out
        if len(wish) < size or wish in found or not kept:
            continue
        text = str(random.choice(patterns)).format(wish=wishes.phrase(facts, wish, random))
        found[wish] = Question(text, text, facts.items(wish), wish=wish)
        if len(found) == count:
            break
    return list(found.values())


def by_change(material: Material, count: int, named: bool, seed: int, *, held_out: bool = True) -> list[Question]:
    """An item with another value. named: the request says what stays besides the kind."""
    random, facts = np.random.default_rng([seed, 2, named]), material.facts
    patterns = CHANGES_HELD_OUT if held_out else CHANGES
    texts = documents(material)
    found: dict[tuple[int, ...], Question] = {}
    for _ in range(count * TRIES):
        item = int(random.integers(len(material.catalog)))
        if facts.columns(item) < 2:
            continue
        new, kept = change.drawn(material, item, random)
        relevant = change.answers(facts, item, new, kept)
        if bool(kept) != named or not len(relevant) or (item, new, *kept) in found:
            continue
        if change.held_out(facts, item, new, kept) != held_out:
            continue
        pattern, words = str(random.choice(patterns)), wishes.changed(facts, new, random)
        text = change.said(material, item, pattern, words, kept, random)
        plain = text.replace(material.words[item], texts[item])
        heads, _ = change.parts(facts, item, new)
        found[(item, new, *kept)] = Question(text, plain, relevant, source=item, wish=(new, *heads, *kept))
        if len(found) == count:
            break
    return list(found.values())


def by_title(material: Material, count: int, seed: int, *, held_out: bool = True) -> list[Question]:
    """Two to five words of a title. relevant: all items whose titles have them; target: the one they are from."""
    random = np.random.default_rng([seed, 3])
    titles = Titles(material.catalog.table["title"].to_list())
    chosen = random.permutation(titles.long_enough)
    patterns = SEARCHES_HELD_OUT if held_out else SEARCHES
    found = []
    for item in chosen.tolist():
        words = titles.draw(item, random, held_out=held_out)
        if not words:
            continue
        text = str(random.choice(patterns)).format(wish=" ".join(words))
        found.append(Question(text, text, titles.having(words), target=item))
        if len(found) == count:
            break
    return found


def documents(material: Material) -> list[str]:
    """What a text search may read of every item: its text, and its columns' values under their names."""
    facts, texts = material.facts, material.catalog.table["text"].to_list()
    return [
        " ".join([text or title, *(f"{facts.facts[n].attribute} {facts.facts[n].value}" for n in facts.of(item))])
        for item, (text, title) in enumerate(zip(texts, material.titles, strict=True))
    ]


def precision(questions: Sequence[Question], answers: np.ndarray, k: int = 10) -> np.ndarray:
    """float64 (Q,): relevant ones among the first k answers, of min(k, all that are relevant).

    answers: int (Q, ≥ k), item indices, -1 where there is none.
    """
    hits = [
        len(set(row[:k].tolist()) & set(one.relevant.tolist())) for one, row in zip(questions, answers, strict=True)
    ]
    return np.array([hit / min(k, len(one.relevant)) for hit, one in zip(hits, questions, strict=True)])


def recall(questions: Sequence[Question], answers: np.ndarray, k: int = 10) -> np.ndarray:
    """float64 (Q,): 1 where the target is among the first k answers."""
    return np.array([float(one.target in row[:k]) for one, row in zip(questions, answers, strict=True)])
