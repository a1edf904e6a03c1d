"""Shopping as it is written in dynamics.py, and the oracles against brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from genrec.data.synthetic.dynamics import (
    ANCHORS,
    COMPLEMENT,
    GAPS,
    POPULAR,
    SERIES,
    TASTE,
    Histories,
    Shop,
    live,
    season_of,
)
from genrec.data.synthetic.fashion_shop import open_shop
from genrec.data.synthetic.home import shop as home_shop
from genrec.data.synthetic.home.furnishing import pieces
from genrec.data.synthetic.music import shop as music_shop
from genrec.data.synthetic.music.tracks import tracks
from genrec.data.synthetic.oracle import oracles, predict
from genrec.data.synthetic.wardrobe import garments
from genrec.data.synthetic.world import popularity


def tiny_shop(seed: int, states: int = 3, items: int = 11, groups: int = 4) -> Shop:
    """Integer weights with holes: a group that nothing completes, items of no series, a series' last piece."""
    rng = np.random.default_rng(seed)
    complement = rng.integers(0, 4, (groups, items)).astype(float)
    complement[0] = 0
    later = np.full((items, 2), -1)
    later[0] = [3, 5]
    later[3, 0] = 5
    later[1, 0] = 2
    drift = rng.random((states, states)) + 0.1
    return Shop(
        taste=rng.integers(1, 9, (states, items)).astype(float),
        season_fit=rng.integers(1, 6, (4, items)).astype(float),
        popularity=rng.integers(1, 20, items).astype(float),
        complement=complement,
        group=rng.integers(0, groups, items),
        later=later,
        prior=rng.integers(1, 5, states).astype(float),
        drift=drift / drift.sum(axis=1, keepdims=True),
    )


def next_by_hand(shop: Shop, state: int, season: int, history: list[int]) -> np.ndarray:
    """p(next), written as the docstring of dynamics.py says it."""
    n = len(shop.popularity)
    base = shop.taste[state] * shop.season_fit[season] * shop.popularity
    mass = TASTE * base / base.sum() + POPULAR * shop.popularity / shop.popularity.sum()
    for anchor, weight in zip(reversed(history), ANCHORS, strict=False):
        completing = shop.complement[shop.group[anchor]] * base
        if completing.sum():
            mass = mass + weight * COMPLEMENT * completing / completing.sum()
        pieces = [piece for piece in shop.later[anchor] if piece >= 0]
        halves = [0.5**place for place in range(len(pieces))]
        for piece, half in zip(pieces, halves, strict=True):
            mass[piece] += weight * SERIES * half / sum(halves)
    mass = np.array([0.0 if i in history else mass[i] for i in range(n)])
    return mass / mass.sum()


def predict_by_hand(shop: Shop, items: list[int], days: list[int]) -> np.ndarray:
    """Every path of hidden tastes and every gap, one by one."""
    total = np.zeros(len(shop.popularity))
    seasons = season_of(np.array(days))
    for path in itertools.product(range(len(shop.prior)), repeat=len(items) + 1):
        chance = shop.prior[path[0]] / shop.prior.sum()
        for step, item in enumerate(items):
            chance *= next_by_hand(shop, path[step], seasons[step], items[:step])[item]
            chance *= shop.drift[path[step], path[step + 1]]
        counts = np.zeros(4)
        for gap, weight in enumerate(GAPS, start=1):
            counts[season_of(np.array([days[-1] + gap]))[0]] += weight
        for season in np.flatnonzero(counts):
            total += chance * counts[season] / counts.sum() * next_by_hand(shop, path[-1], season, items)
    return total / total.sum()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_history_oracle_is_brute_force(seed: int) -> None:
    shop = tiny_shop(seed)
    histories = [[4], [0, 3], [1, 0, 7], [6, 2, 0, 9], [10, 1, 3, 0]]
    days = [
        [18_993],
        [19_050, 19_060],
        [19_100, 19_190, 19_191],
        [19_000, 19_040, 19_120, 19_150],
        [19_300 + 9 * i for i in range(4)],
    ]
    width = max(map(len, histories))
    items = np.array([row + [-1] * (width - len(row)) for row in histories])
    when = np.array([row + [-1] * (width - len(row)) for row in days])
    predicted = predict(shop, items, when, np.array([len(row) for row in histories]))
    np.testing.assert_allclose(predicted.sum(axis=1), 1.0, rtol=1e-12)
    for row, (history, day) in enumerate(zip(histories, days, strict=True)):
        np.testing.assert_allclose(predicted[row], predict_by_hand(shop, history, day), rtol=1e-10, atol=1e-15)


def real_shop(name: str, items: int, seed: int) -> Shop:
    wanted = popularity(items, seed)
    if name == "music":
        return music_shop.open_shop(tracks(items, seed), wanted)
    if name == "home":
        return home_shop.open_shop(pieces(items, seed), wanted)
    return open_shop(garments(items, seed), wanted)


@pytest.mark.parametrize("name", ["fashion", "music", "home"])
def test_history_oracle_is_brute_force_in_every_world(name: str) -> None:
    """Two events of a real shop: every pair of tastes, every gap, by hand."""
    shop = real_shop(name, 20, 3)
    first, second = 4, int(shop.later[4, 0]) if shop.later[4, 0] >= 0 else 11
    days = np.array([19_050, 19_061])
    seasons = season_of(days)
    states = range(len(shop.prior))
    begin = np.array([next_by_hand(shop, z, seasons[0], [])[first] for z in states]) * shop.prior
    then = np.array([next_by_hand(shop, z, seasons[1], [first])[second] for z in states])
    belief = (((begin @ shop.drift) * then) @ shop.drift)[:, None]
    expected = np.zeros(20)
    gaps = season_of(days[-1] + 1 + np.arange(len(GAPS)))
    for season in np.unique(gaps):
        expected += GAPS[gaps == season].sum() * _in_season(shop, season, first, second, belief)
    found = predict(shop, np.array([[first, second]]), days[None], np.array([2]))[0]
    np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-10, atol=1e-15)


def _in_season(shop: Shop, season: int, first: int, second: int, belief: np.ndarray) -> np.ndarray:
    rows = np.stack([next_by_hand(shop, z, season, [first, second]) for z in range(len(shop.prior))])
    return (rows * belief).sum(axis=0)


@pytest.mark.parametrize("history", [[], [4], [0], [0, 3], [3, 0], [9, 1, 10]])
def test_rows_follow_the_formula(history: list[int]) -> None:
    shop = tiny_shop(5)
    anchors = np.array([[*reversed(history), -1, -1][:2]])
    for state, season in itertools.product(range(3), range(4)):
        mass = shop.rows(np.array([state]), np.array([season]), anchors, [np.array(history, dtype=int)])[0]
        np.testing.assert_allclose(mass / mass.sum(), next_by_hand(shop, state, season, history), rtol=1e-12)


def test_first_purchases_are_drawn_from_p_next() -> None:
    shop = tiny_shop(8)
    lived = live(shop, 20_000, seed=3)
    for state in range(3):
        for season in range(4):
            here = (lived.states[:, 0] == state) & (season_of(lived.days[:, 0]) == season)
            seen = np.bincount(lived.items[here, 0], minlength=11)
            expected = next_by_hand(shop, state, season, []) * here.sum()
            assert ((seen - expected) ** 2 / expected).sum() < 29.6  # chi-square, 10 degrees of freedom, p = .001


def test_second_purchases_are_drawn_from_p_next() -> None:
    shop = tiny_shop(9)
    lived = live(shop, 60_000, seed=4)
    seasons = season_of(lived.days[:, 1])
    surprise, freedom = 0.0, 0
    for first, state, season in itertools.product(range(11), range(3), range(4)):
        here = (lived.items[:, 0] == first) & (lived.states[:, 1] == state) & (seasons == season)
        seen = np.bincount(lived.items[here, 1], minlength=11)
        expected = next_by_hand(shop, state, season, [first]) * here.sum()
        others = np.arange(11) != first
        assert seen[first] == 0
        surprise += ((seen - expected)[others] ** 2 / expected[others]).sum()
        freedom += 9
    assert abs(surprise - freedom) < 4 * np.sqrt(2 * freedom)


def test_tastes_drift_as_they_should() -> None:
    shop = tiny_shop(10)
    lived = live(shop, 20_000, seed=5)
    for state in range(3):
        moved = lived.states[lived.states[:, 0] == state, 1]
        share = np.bincount(moved, minlength=3) / len(moved)
        np.testing.assert_allclose(share, shop.drift[state], atol=0.025)


@pytest.fixture(scope="module", params=["fashion", "music", "home"])
def world(request: pytest.FixtureRequest) -> tuple[Shop, Histories]:
    shop = real_shop(request.param, 500, 21)
    return shop, live(shop, 1500, 21)


def test_histories_are_plausible(world: tuple[Shop, Histories]) -> None:
    _, lived = world
    assert lived.lengths.min() == 5 and lived.lengths.max() <= 40 and 12 < lived.lengths.mean() < 15
    for user, length in enumerate(lived.lengths):
        items = lived.items[user, :length]
        assert len(set(items.tolist())) == length and items.min() >= 0
        assert (np.diff(lived.times[user, :length]) > 0).all()
        assert (lived.items[user, length:] == -1).all()
    counts = np.sort(np.bincount(lived.items[lived.items >= 0], minlength=500))[::-1]
    assert counts[:50].sum() > 0.25 * counts.sum()  # a long tail
    moved = (lived.states[:, 1:5] != lived.states[:, :4]).mean()
    assert 0.02 < moved < 0.06


def test_oracles_keep_their_promise(world: tuple[Shop, Histories]) -> None:
    """Hits happen as often as the oracle itself expects: its probabilities are the true ones."""
    shop, lived = world
    end = lived.lengths - 1
    items = np.where(np.arange(lived.items.shape[1])[None] < end[:, None], lived.items, -1)
    predicted = predict(shop, items, lived.days, end)
    expected = np.sort(predicted, axis=1)[:, -10:].sum(axis=1)
    figures = oracles(shop, lived)
    history, informed = figures["history"], figures["informed"]
    assert isinstance(history, dict) and isinstance(informed, dict) and figures["users"] == 1500
    spread = np.sqrt((expected * (1 - expected)).sum()) / len(expected)
    assert abs(history["recall@10"] - expected.mean()) < 3.3 * spread
    assert informed["recall@10"] > history["recall@10"] > history["ndcg@10"] > 0.1
    popular = np.argsort(-shop.popularity)[:10]
    assert history["recall@10"] > 3 * np.isin(lived.items[np.arange(1500), end], popular).mean()


def test_seasons_follow_the_calendar() -> None:
    days = np.array(
        ["2022-12-01", "2023-02-28", "2023-03-01", "2023-08-31", "2023-09-01", "2024-02-29"], dtype="datetime64[D]"
    )
    assert season_of(days.astype(np.int64)).tolist() == [0, 0, 1, 2, 3, 0]
