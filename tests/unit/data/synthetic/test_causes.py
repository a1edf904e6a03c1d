"""Why something was bought, against the world's own weights and against every factor exchanged by hand."""

from __future__ import annotations

import numpy as np
import pytest

from genrec.data.synthetic.attributes import STYLES, TIERS
from genrec.data.synthetic.causes import LIKENESSES, Causes
from genrec.data.synthetic.dynamics import ANCHORS, COMPLEMENT, POPULAR, SERIES, TASTE, Shop, live, season_of
from genrec.data.synthetic.fashion_shop import open_shop
from genrec.data.synthetic.palette import COLOURS, FAMILIES
from genrec.data.synthetic.wardrobe import Garment, garments
from genrec.data.synthetic.world import popularity

N = 90
NEAR = (6.0, 2.0, 1.0)


@pytest.fixture(scope="module")
def world() -> tuple[list[Garment], Shop, Causes]:
    made = garments(N, 5)
    shop = open_shop(made, popularity(N, 5))
    return made, shop, Causes.of(made, shop)


def weight(
    made: list[Garment], shop: Shop, state: int, season: int, anchors: np.ndarray, item: int, other: dict[str, int]
) -> float:
    """The item's weight where it has, for each likeness in `other`, the factor of that garment instead of its own."""
    style, family, tier = np.unravel_index(state, (len(STYLES), len(FAMILIES), TIERS))

    def liked(name: str, one: int) -> float:
        garment = made[one]
        if name == "style":
            return 12.0 if garment.style == STYLES[style] else 1.0
        if name == "colour":
            return 6.0 if COLOURS[garment.colour].family == FAMILIES[family] else 1.0
        return NEAR[abs(garment.tier - int(tier))]

    base = float(shop.season_fit[season, item] * shop.popularity[item])
    for name in ("style", "colour", "tier"):
        base *= liked(name, other.get(name, item))
    total = TASTE * base / float(shop.base_sum[state, season])
    total += POPULAR * float(shop.popularity[item] / shop.popularity.sum())
    for j, share in enumerate(ANCHORS):
        anchor = int(anchors[j])
        if anchor < 0:
            continue
        sums = float(shop.complement_sum[shop.group[anchor], state, season])
        if sums:
            match = float(shop.complement[shop.group[anchor], item])
            if "style" in other:
                match /= 16.0 if made[item].style == made[anchor].style else 1.0
                match *= 16.0 if made[other["style"]].style == made[anchor].style else 1.0
            total += share * COMPLEMENT * match * base / sums
        if "series" not in other:
            total += share * SERIES * float(shop.later_share[anchor][shop.later[anchor] == item].sum())
    return total


def test_a_likeness_raised_what_an_average_factor_would_not_have(world: tuple[list[Garment], Shop, Causes]) -> None:
    made, shop, causes = world
    random = np.random.default_rng(1)
    seen = {name: set() for name in LIKENESSES}
    for _ in range(60):
        state, season, item = int(random.integers(90)), int(random.integers(4)), int(random.integers(N))
        anchors = random.integers(-1, N, 2)
        if random.random() < 0.5 and shop.later[item, 0] >= 0:
            anchors[0], item = item, int(shop.later[item, 0])
        whole = weight(made, shop, state, season, anchors, item, {})
        exact = shop.rows(np.array([state]), np.array([season]), anchors[None], [np.array([], int)])[0, item]
        assert whole == pytest.approx(exact)
        raised = causes.raised(state, season, anchors, item)
        assert set(raised) == set(LIKENESSES)
        for name, factor in raised.items():
            others = [weight(made, shop, state, season, anchors, item, {name: one}) for one in range(N)]
            assert factor == pytest.approx(whole / np.mean(others))
            seen[name].add(factor > 1.0)
    assert seen == {"style": {True, False}, "colour": {True, False}, "tier": {True, False}, "series": {True, False}}


def test_what_people_bought_was_more_often_like_what_they_like(world: tuple[list[Garment], Shop, Causes]) -> None:
    """Over real purchases a likeness raised weights more often than over things drawn at random."""
    _, shop, causes = world
    lived, random = live(shop, 150, 5), np.random.default_rng(2)
    bought, drawn = [], []
    for user in range(150):
        step = int(lived.lengths[user]) - 1
        anchors = lived.items[user, step - 1 : step - 3 if step > 2 else None : -1][:2]
        season = int(season_of(lived.days[user, step : step + 1])[0])
        for into, item in ((bought, int(lived.items[user, step])), (drawn, int(random.integers(N)))):
            into.append(causes.raised(int(lived.states[user, step]), season, anchors, item)["style"] > 1.25)
    assert np.mean(bought) > 0.4 > 0.3 > np.mean(drawn)
