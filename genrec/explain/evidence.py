"""Why this item after this history, as far as the model itself can tell: the facts that an explanation may cite.

Three kinds, none of which needs to look inside a model:

1. What each thing in the history does: the item's score, less its score after the history without that thing
   (leave-one-out; exact, all of them in one batch).
2. What a thing and the item have in common: how many codes their semantic IDs share from the first on, and which facts
   of the catalogue.
3. Which of these facts the score depends on. The scores of many items after this history are fitted by a line
   (ridge regression) with one step for every fact of the recommended item: how much likelier an item is for having it
   *beside the others*. A brand whose items are all of one style has no step of its own where style explains it; the
   mere rarity of a shared value, or its mass, cannot tell the two apart (cf. local surrogates, Ribeiro et al. 2016).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from genrec.data.interactions import Sequences
from genrec.explain.scorers import Scorer
from genrec.model.tasks.facts import Facts
from genrec.sid.codes import SemanticIds

RECENT = 50
"""The most recent things of a history that are asked about; all of it is read."""
SAMPLE = 1500
"""Items that the line is fitted to, beside those that share a rare fact with the recommended one."""
PER_FACT = 100
"""Items of each fact that are in the sample at least, where there are so many."""
NEEDED, MOST, ENOUGH = 3, 2, 0.25
"""Things that a citation looks at, and names at most; of the first one's change, what a further one must have."""
RIDGE = 1.0
"""Added to the diagonal of X'X, the intercept's aside: a fact that n items have counts n / (n + RIDGE)."""


@dataclass(frozen=True)
class Influence:
    """What one thing of the history does. change: by how much the score falls without it; below 0 it spoke against.

    codes: how many codes, from the first on, it shares with the item. facts: the numbers of those they share.
    """

    item: int
    change: float
    codes: int
    facts: tuple[int, ...]


@dataclass(frozen=True)
class Reason:
    """A fact of the item that things of the history share. weight: by how much having it raises an item's score after
    this history, all other facts of the item being equal. items: the things that share it, largest change first."""

    fact: int
    attribute: str
    value: str
    weight: float
    items: tuple[int, ...]


@dataclass(frozen=True)
class Evidence:
    """item: the recommended one. history: as it was given, oldest first. score: the item's after it.

    influences: one for each different thing of the history, largest change first. reasons: largest weight first.
    """

    item: int
    history: tuple[int, ...]
    score: float
    influences: tuple[Influence, ...]
    reasons: tuple[Reason, ...]

    @property
    def supporting(self) -> tuple[int, ...]:
        """The things without which the score falls, the most needed first."""
        return tuple(one.item for one in self.influences if one.change > 0)


@dataclass(frozen=True)
class Citation:
    """What a text should say: these things, largest change first, and the reason they share; None where none is."""

    items: tuple[int, ...]
    reason: Reason | None


def gather(scorer: Scorer, facts: Facts, ids: SemanticIds, histories: Sequences, row: int, item: int) -> Evidence:
    """The evidence for `item` after the history in row `row`; none for an empty history, which has no influences."""
    return gather_all(scorer, facts, ids, histories, row, [item])[0]


def gather_all(
    scorer: Scorer, facts: Facts, ids: SemanticIds, histories: Sequences, row: int, items: Sequence[int]
) -> list[Evidence]:
    """`gather` for several items after one history, which the model then reads only once."""
    if not items:
        return []
    own = histories.take(np.array([row]))
    history = own[0].tolist()
    things = list(dict.fromkeys(reversed(history)))[:RECENT]
    scores = scorer.score(own, np.array([items]))[0]
    without_one = scorer.score(
        without(own, [[thing] for thing in things]), np.tile(np.array([items]), (len(things), 1))
    )
    fallen = scores - without_one
    shared = [_shared(facts, things, item) for item in items]
    weights = _steps(scorer, facts, own, items, shared)
    found = []
    for place, item in enumerate(items):
        influences = [
            Influence(thing, float(change), _prefix(ids, thing, item), _common(facts, thing, item))
            for thing, change in zip(things, fallen[:, place].tolist(), strict=True)
        ]
        influences.sort(key=lambda one: -one.change)  # stable: of equal ones the newer goes first
        reasons = []
        for fact, weight in zip(shared[place], weights[place], strict=True):
            having = tuple(one.item for one in influences if fact in one.facts)
            reasons.append(Reason(fact, facts.facts[fact].attribute, facts.facts[fact].value, weight, having))
        reasons.sort(key=lambda one: -one.weight)
        found.append(Evidence(item, tuple(history), float(scores[place]), tuple(influences), tuple(reasons)))
    return found


def cite(evidence: Evidence) -> Citation:
    """What to say. Of the `NEEDED` things that the score needs most, those that share a reason; of the reasons the one
    with the largest product: how much the fact raises a score times how much the score falls without the thing.

    Things that matter much less than the first are left out. Where nothing that raises a score is shared, the most
    needed thing is cited without a reason; nothing is cited where the score needs nothing of the history.
    """
    needed = [one for one in evidence.influences if one.change > 0][:NEEDED]
    best, found = 0.0, Citation(tuple(one.item for one in needed[:1]), None)
    for reason in evidence.reasons:
        having = [one for one in needed if one.item in reason.items]
        if having and reason.weight * having[0].change > best:
            best = reason.weight * having[0].change
            enough = [one.item for one in having if one.change >= ENOUGH * having[0].change]
            found = Citation(tuple(enough[:MOST]), reason)
    return found


def without(own: Sequences, groups: Sequence[Collection[int]]) -> Sequences:
    """One history, once for each group of things, without all events of that group's things."""
    kept = [~np.isin(own.items, list(things)) for things in groups]
    lengths = np.array([int(keep.sum()) for keep in kept], np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    items, times = (np.concatenate([part[:0], *(part[keep] for keep in kept)]) for part in (own.items, own.times))
    return Sequences([str(row) for row in range(len(groups))], offsets, items, times)


def _shared(facts: Facts, things: Sequence[int], item: int) -> list[int]:
    """The facts of an item that something in the history has too."""
    had = {fact for thing in things for fact in facts.of(thing)}
    return [fact for fact in facts.of(item) if fact in had]


def _steps(
    scorer: Scorer, facts: Facts, own: Sequences, items: Sequence[int], shared: Sequence[list[int]]
) -> list[list[float]]:
    """For every item the weight of each fact in its `shared`; the line has a step for every fact of the item."""
    samples = [
        _sample(facts, item) if some else np.empty(0, np.int64) for item, some in zip(items, shared, strict=True)
    ]
    every = np.unique(np.concatenate(samples))
    if not len(every):
        return [[] for _ in items]
    scores = scorer.score(own, every[None])[0].astype(np.float64)
    found: list[list[float]] = []
    for item, some, chosen in zip(items, shared, samples, strict=True):
        if not some:
            found.append([])
            continue
        having = list(facts.of(item))
        table = np.ones((len(chosen), 1 + len(having)))
        for column, fact in enumerate(having, start=1):
            table[:, column] = np.isin(chosen, facts.items([fact]))
        penalty = RIDGE * np.eye(table.shape[1])
        penalty[0, 0] = 0.0
        steps = np.linalg.solve(table.T @ table + penalty, table.T @ scores[np.searchsorted(every, chosen)])[1:]
        found.append([float(steps[having.index(fact)]) for fact in some])
    return found


def _sample(facts: Facts, item: int) -> np.ndarray:
    """Items to fit to, int64, the same for every history: all, or a draw in which no fact of the item is too rare."""
    total = facts.total
    if total <= SAMPLE:
        return np.arange(total)
    random = np.random.default_rng(item)
    parts = [random.integers(0, total, SAMPLE)]
    for fact in facts.of(item):
        having = facts.items([fact])
        parts.append(having if len(having) <= PER_FACT else random.choice(having, PER_FACT, replace=False))
    return np.unique(np.concatenate(parts)).astype(np.int64)


def _prefix(ids: SemanticIds, one: int, other: int) -> int:
    same = ids.codes[one] == ids.codes[other]
    return int(same.argmin()) if not same.all() else len(same)


def _common(facts: Facts, one: int, other: int) -> tuple[int, ...]:
    own = set(facts.of(one))
    return tuple(fact for fact in facts.of(other) if fact in own)
