"""How people buy: a hidden taste that drifts, seasons, complements, series, fashion of the day.

A person's taste z is one of K states (in fashion: style × colour family × price level) and follows a Markov chain. What
is bought, or in music kept, next is drawn from

    p(i | z, season, history) ∝ [i not owned] · ( TASTE·p_taste + POPULAR·p_popular
                                                  + Σ_j ANCHORS[j] · (COMPLEMENT·p_complement_j + SERIES·p_series_j) )

where j = 0 is the last item and j = 1 the one before, each p sums to one over the whole catalogue, and with
b(z, season, i) = taste(z, i) · season_fit(season, i) · popularity(i)

    p_taste ∝ b,   p_popular ∝ popularity,   p_complement_j ∝ complement(j's group, i) · b,
    p_series_j: the later pieces of j's series, each half as likely as the one before it.

A part that does not exist (no later piece) is absent; the rest is normalised. Nothing else matters, so that the
posterior over z, and with it the best possible prediction from a history, can be computed exactly (oracle.py).

Weights are integers, sums of them exact; draws compare exact or strictly sequential sums. Same seed, same world.
What taste, complement and series mean for garments, tracks and furniture says each world's own `open_shop`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from genrec.data.synthetic.draws import Draws

SEASONS = ("winter", "spring", "summer", "autumn")  # of the calendar, starting with December
ALL_YEAR = "all year"
TASTE, POPULAR, COMPLEMENT, SERIES = 0.22, 0.05, 0.50, 0.30
ANCHORS = (0.75, 0.25)
DRIFT = 0.04  # chance per step that one side of a taste changes
GAPS = np.array([1600 // (days + 6) for days in range(1, 91)], dtype=np.float64)  # weights of 1 … 90 days
FIRST_DAY, START_DAYS = 18_993, 730  # 2022-01-01 in days since 1970; everybody's first purchase is within two years
SHORTEST, LONGEST = 5, 40
DAY_MS = 86_400_000


@dataclass(frozen=True, eq=False)
class Shop:
    """What the dynamics know of items and tastes; K states, S seasons, N items, G groups of like items, P pieces.

    taste (K, N), season_fit (S, N), popularity (N,), complement (G, N): integer weights as float64.
    group (N,): each item's group. later (N, P): the later pieces of an item's series, nearest first, -1 pads.
    prior (K,): weights of first tastes. drift (K, K): rows sum to 1.
    """

    taste: np.ndarray
    season_fit: np.ndarray
    popularity: np.ndarray
    complement: np.ndarray
    group: np.ndarray
    later: np.ndarray
    prior: np.ndarray
    drift: np.ndarray

    @cached_property
    def base(self) -> np.ndarray:
        """b of the formula above, (K, S, N)."""
        return self.taste[:, None, :] * self.season_fit[None] * self.popularity

    @cached_property
    def base_sum(self) -> np.ndarray:
        """(K, S)"""
        return self.base.sum(axis=2)

    @cached_property
    def complement_sum(self) -> np.ndarray:
        """(G, K, S): what complement · b sums to; 0 where nothing completes that group."""
        k, s, n = self.base.shape
        return (self.complement @ self.base.reshape(k * s, n).T).reshape(-1, k, s)

    @cached_property
    def later_share(self) -> np.ndarray:
        """float64 (N, P): p_series, sums to 1 or, where no later piece exists, to 0."""
        weights = np.where(self.later >= 0, 2.0 ** -np.arange(self.later.shape[1]), 0.0)
        return weights / np.maximum(weights.sum(axis=1, keepdims=True), 1.0)

    def rows(self, states: np.ndarray, seasons: np.ndarray, anchors: np.ndarray, owned: list[np.ndarray]) -> np.ndarray:
        """Unnormalised p(next), float64 (B, N), for B people who know what they want.

        states, seasons: (B,). anchors: (B, 2), the last item and the one before, -1 where there is none.
        """
        base = self.base[states, seasons]
        mass = np.full(base.shape, 0.0)
        scale = TASTE / self.base_sum[states, seasons]
        for j, weight in enumerate(ANCHORS):
            has = np.flatnonzero(anchors[:, j] >= 0)
            last = anchors[has, j]
            total = self.complement_sum[self.group[last], states[has], seasons[has]]
            share = np.divide(weight * COMPLEMENT, total, out=np.zeros_like(total), where=total > 0)
            mass[has] += self.complement[self.group[last]] * share[:, None]
        mass += scale[:, None]
        mass *= base
        mass += self.popularity * (POPULAR / self.popularity.sum())
        for j, weight in enumerate(ANCHORS):
            has = np.flatnonzero((anchors[:, j] >= 0) & (self.later[anchors[:, j], 0] >= 0))
            for p in range(self.later.shape[1]):
                item = self.later[anchors[has, j], p]
                real = item >= 0
                mass[has[real], item[real]] += weight * SERIES * self.later_share[anchors[has[real], j], p]
        for row, items in enumerate(owned):
            mass[row, items] = 0.0
        return mass


@dataclass(frozen=True, eq=False)
class Histories:
    """What U people did, padded to L events.

    items int64 (U, L), -1 after the end; days (since 1970), times (Unix ms) and states (the hidden taste at each event)
    likewise. lengths (U,).
    """

    items: np.ndarray
    days: np.ndarray
    times: np.ndarray
    states: np.ndarray
    lengths: np.ndarray


def season_of(days: np.ndarray) -> np.ndarray:
    """Index into SEASONS of days since 1970 (December, January and February are winter)."""
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    return (months + 1) % 12 // 3


@dataclass(frozen=True, eq=False)
class Trait:
    """One thing that tells items apart: which of V values each has, and what every value is worth beside every other.

    has int64 (N,). worth (V, V), whole numbers: row w, column v is the factor of an item that has v, for a person who
    likes w or as the complement of an item that has w.
    """

    has: np.ndarray
    worth: np.ndarray


def open_shop(
    sides: Sequence[Trait],
    priors: Sequence[Sequence[int]],
    matches: Sequence[Trait],
    seasons: Sequence[str],
    popularity: np.ndarray,
    series: Sequence[tuple[str, int]],
) -> Shop:
    """The shop of N items.

    sides: what a taste is made of; its states are all combinations of their values, the last side's changing fastest,
    and its weight of an item is the product of theirs. priors: weights of each side's values in first tastes.
    matches: the traits by whose product an item completes another. seasons: each item's, or `ALL_YEAR`.
    series: each item's series, "" for none, and its place within.
    """
    values = [range(len(side.worth)) for side in sides]
    states = np.array(list(product(*values)), dtype=np.int64)  # (K, sides)
    taste, prior = np.ones((len(states), len(popularity))), np.ones(len(states))
    for column, (side, weights) in enumerate(zip(sides, priors, strict=True)):
        taste *= side.worth[states[:, column]][:, side.has]
        prior *= np.array(weights, dtype=np.float64)[states[:, column]]
    differ = (states[:, None] != states[None]).sum(axis=2)
    neighbours = (differ == 1).astype(np.float64)
    drift = neighbours / neighbours.sum(axis=1, keepdims=True) * DRIFT + np.eye(len(states)) * (1 - DRIFT)
    season_fit = np.array([[_season_fit(season, made_for) for made_for in seasons] for season in range(len(SEASONS))])
    # Items that agree in all that counts here are completed by the same things: one row for all of them.
    kinds, group = np.unique(np.stack([match.has for match in matches], axis=1), axis=0, return_inverse=True)
    complement = np.ones((len(kinds), len(popularity)))
    for column, match in enumerate(matches):
        complement *= match.worth[kinds[:, column]][:, match.has]
    return Shop(taste, season_fit, popularity, complement, group.reshape(-1), _later(series), prior, drift)


def live(shop: Shop, users: int, seed: int) -> Histories:
    """Everybody's purchases, step by step."""
    draws = Draws(seed, 5)
    n = shop.popularity.shape[0]
    skew = draws.uniform(users)
    # A cube of a uniform draw: most people buy little, few buy much; mean 13.5.
    lengths = SHORTEST + (skew * skew * skew * (LONGEST - SHORTEST + 1)).astype(np.int64)
    lengths = np.minimum(lengths, max(n // 2, 1))
    longest = int(lengths.max()) if users else 0
    items, days, states = (np.full((users, longest), -1, dtype=np.int64) for _ in range(3))
    gap_marks = np.cumsum(GAPS)
    day = FIRST_DAY + (draws.uniform(users) * START_DAYS).astype(np.int64)
    state = _pick(np.cumsum(shop.prior)[None], draws.uniform(users))
    paths = np.cumsum(shop.drift, axis=1)
    for step in range(longest):
        going = np.flatnonzero(lengths > step)
        # Everybody draws at every step, so that no one's luck depends on how long the others stay.
        moves, waits, luck = draws.uniform(users), draws.uniform(users), draws.uniform(users)
        if step:
            state = _pick(paths[state], moves)
            day = day + 1 + _pick(gap_marks[None], waits)
        anchors = np.full((users, 2), -1, dtype=np.int64)
        for back in range(min(step, 2)):
            anchors[:, back] = items[:, step - 1 - back]
        for start in range(0, len(going), 256):
            who = going[start : start + 256]
            mass = shop.rows(state[who], season_of(day[who]), anchors[who], list(items[who, :step]))
            items[who, step] = _pick(np.cumsum(mass, axis=1), luck[who])
        days[going, step], states[going, step] = day[going], state[going]
    clock = (draws.uniform(users * longest) * 57_600_000).astype(np.int64).reshape(users, longest)
    times = np.where(days >= 0, days * DAY_MS + 21_600_000 + clock, -1)  # between 6:00 and 22:00
    return Histories(items, days, times, states, lengths)


def _pick(marks: np.ndarray, luck: np.ndarray) -> np.ndarray:
    """For each of B draws in [0, 1) the first column whose running sum exceeds its share; marks (B, n) or (1, n)."""
    return (marks <= luck[:, None] * marks[:, -1:]).sum(axis=1)


def same(values: int, factor: int) -> np.ndarray:
    """The worth of a trait that counts `factor` where it agrees and 1 where not, (values, values)."""
    return np.where(np.eye(values, dtype=bool), float(factor), 1.0)


def near(values: int, factors: Sequence[int]) -> np.ndarray:
    """The worth of a trait on a scale, by how far two values of it are apart, (values, values)."""
    apart = np.abs(np.arange(values)[:, None] - np.arange(values)[None])
    return np.array(factors, dtype=np.float64)[apart]


def _season_fit(season: int, worn: str) -> float:
    """8 in the season it is made for, 2 in the two beside it, 1 in the opposite one; all year fits half as well."""
    if worn == ALL_YEAR:
        return 4.0
    apart = abs(season - SEASONS.index(worn))
    return (8.0, 2.0, 1.0)[min(apart, 4 - apart)]


def _later(series: Sequence[tuple[str, int]]) -> np.ndarray:
    """int64 (N, P) with P = the most pieces that can follow one."""
    known: dict[str, dict[int, int]] = {}
    for item, (name, piece) in enumerate(series):
        if name:
            known.setdefault(name, {})[piece] = item
    longest = max((len(pieces) for pieces in known.values()), default=2) - 1
    later = np.full((len(series), longest), -1, dtype=np.int64)
    for pieces in known.values():
        for piece, item in pieces.items():
            following = [pieces[next_] for next_ in range(piece + 1, len(pieces))]
            later[item, : len(following)] = following
    return later
