"""Why something was bought: which likeness to what a person had raised its weight in the world's own formula.

The weight of item i (dynamics.py) is a sum of parts: taste, popularity, complements and series of the last two items.
A likeness a (same style, same colour, same price level, same series) acts by one factor in each part, or is the part:

    style    LIKED_STYLE in b where i is of the style that z likes, SAME_STYLE in a complement of the same style
    colour   LIKED_FAMILY in b where i's colour is of the family that z likes (one colour has one family)
    tier     NEAR_TIER in b, the nearer to the level that z likes the larger
    series   the parts p_series of the last two items

Without the likeness, the factor would be what it is on average over the catalogue, and a part of the series 0; all
else, the sums that normalise the parts included, stays. «Raised by» is the weight over that weight. A likeness of
category, brand, cut, cloth, pattern or season raises nothing: brands go with styles and levels, seasons with the date,
categories and patterns complete each other by being *different*. They are absent here, and so are no causes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genrec.data.synthetic.attributes import STYLES, TIERS
from genrec.data.synthetic.dynamics import ANCHORS, COMPLEMENT, POPULAR, SERIES, TASTE, Shop, near
from genrec.data.synthetic.fashion_shop import LIKED_FAMILY, LIKED_STYLE, NEAR_TIER, SAME_STYLE
from genrec.data.synthetic.palette import COLOURS, FAMILIES
from genrec.data.synthetic.wardrobe import Garment

LIKENESSES = ("style", "colour", "tier", "series")


@dataclass(frozen=True, eq=False)
class Causes:
    """The oracle of one world. styles, families, tiers: int64 (N,), of every garment."""

    shop: Shop
    styles: np.ndarray
    families: np.ndarray
    tiers: np.ndarray

    @classmethod
    def of(cls, garments: list[Garment], shop: Shop) -> Causes:
        return cls(
            shop,
            np.array([STYLES.index(one.style) for one in garments]),
            np.array([FAMILIES.index(COLOURS[one.colour].family) for one in garments]),
            np.array([one.tier for one in garments]),
        )

    def raised(self, state: int, season: int, anchors: np.ndarray, item: int) -> dict[str, float]:
        """By what factor each of `LIKENESSES` raised the weight of `item` for a person of taste `state` in `season`.

        anchors: (2,), the person's last item and the one before, -1 where there is none.
        """
        parts = self._parts(state, season, anchors, item)
        weight = sum(mass for mass, _ in parts.values())
        style, family, tier = np.unravel_index(state, (len(STYLES), len(FAMILIES), TIERS))
        liked = {
            "style": np.where(self.styles == style, LIKED_STYLE, 1),
            "colour": np.where(self.families == family, LIKED_FAMILY, 1),
            "tier": near(TIERS, NEAR_TIER)[int(tier)][self.tiers],
        }
        found = {}
        for name, factor in liked.items():
            without = 0.0
            for mass, anchor in parts.values():
                if anchor is None:
                    without += mass
                    continue
                whole = factor
                if name == "style" and anchor >= 0:
                    whole = factor * np.where(self.styles == self.styles[anchor], SAME_STYLE, 1)
                without += mass * whole.mean() / whole[item]
            found[name] = float(weight / without)
        apart = sum(mass for name, (mass, _) in parts.items() if not name.startswith("series"))
        found["series"] = float(weight / apart)
        return found

    def _parts(self, state: int, season: int, anchors: np.ndarray, item: int) -> dict[str, tuple[float, int | None]]:
        """Part → its mass on `item`, and whose complement it is: -1 for nobody's, None where no b is in it."""
        shop = self.shop
        base = float(shop.base[state, season, item])
        parts: dict[str, tuple[float, int | None]] = {
            "taste": (TASTE * base / float(shop.base_sum[state, season]), -1),
            "popular": (POPULAR * float(shop.popularity[item] / shop.popularity.sum()), None),
        }
        for j, share in enumerate(ANCHORS):
            anchor = int(anchors[j])
            if anchor < 0:
                continue
            group = shop.group[anchor]
            total = float(shop.complement_sum[group, state, season])
            if total > 0:
                parts[f"complement {j}"] = (
                    share * COMPLEMENT * float(shop.complement[group, item]) * base / total,
                    anchor,
                )
            part = share * SERIES * float(shop.later_share[anchor][shop.later[anchor] == item].sum())
            parts[f"series {j}"] = (part, None)
        return parts
