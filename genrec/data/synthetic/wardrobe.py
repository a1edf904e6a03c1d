"""Which garments exist: their attributes and the series they form. No words and no pictures yet."""

from __future__ import annotations

from dataclasses import dataclass, replace

from genrec.data.synthetic.attributes import (
    BRANDS,
    CATEGORIES,
    MATERIAL_PRICE,
    PATTERNS,
    SERIES_FIRST,
    SERIES_LAST,
    SILHOUETTE_MATERIALS,
    STAGES,
    STYLE_FAMILIES,
    STYLE_PATTERNS,
    STYLES,
    WORN_IN,
)
from genrec.data.synthetic.draws import Draws
from genrec.data.synthetic.dynamics import ALL_YEAR, SEASONS
from genrec.data.synthetic.palette import COLOURS, FAMILIES
from genrec.data.synthetic.stock import series_name, stock

TIER_PRICE = (70, 100, 165)  # percent of a category's usual price
PLAIN_ONLY = {"leather", "suede", "corduroy", "cashmere", "fleece"}  # never printed
DENIM_COLOURS = (("navy", 8), ("sky blue", 6), ("black", 5), ("grey", 3), ("white", 2), ("beige", 1), ("olive", 1))


@dataclass(frozen=True)
class Garment:
    """One item. `series` is "" or a name; `piece` counts within it from 0, in the order it is meant to be bought."""

    category: str
    silhouette: str
    colour: str
    accent: str
    pattern: str
    material: str
    season: str
    style: str
    brand: str
    tier: int
    price: float
    series: str = ""
    piece: int = 0


def garments(n: int, seed: int) -> list[Garment]:
    """`n` garments in random order. Half of them are pieces of series, three to five to a series."""
    return stock(n, Draws(seed, 1), _series, lambda draws: _garment(draws, _category(draws)))


def _category(draws: Draws) -> str:
    return draws.one(list(CATEGORIES), [category.share for category in CATEGORIES.values()])


def _garment(draws: Draws, category: str) -> Garment:
    """A garment of its own; what it looks like follows its brand's style."""
    brand = draws.one(list(BRANDS))
    first, second = BRANDS[brand].styles
    style = draws.one((first, second, draws.one(STYLES)), (70, 24, 6))
    family = draws.one(FAMILIES, STYLE_FAMILIES[style])
    colour = draws.one([name for name, shade in COLOURS.items() if shade.family == family])
    season = draws.one((*SEASONS, ALL_YEAR), CATEGORIES[category].seasons)
    accent = draws.one(COLOURS[colour].partners)
    pattern = draws.one(PATTERNS, STYLE_PATTERNS[style])
    garment = Garment(category, "", colour, accent, pattern, "", season, style, brand, BRANDS[brand].tier, 0.0)
    return _cut(draws, garment)


def _cut(draws: Draws, garment: Garment) -> Garment:
    """Silhouette, material and price, which depend on everything else; prints only where the cloth takes them."""
    category = CATEGORIES[garment.category]
    silhouette = draws.one(category.silhouettes)
    cloths = SILHOUETTE_MATERIALS.get(silhouette, category.materials)
    worn = [cloth for cloth in cloths if garment.season in WORN_IN.get(cloth, (garment.season,))]
    material = draws.one(worn or cloths)
    pattern, colour = garment.pattern, garment.colour
    if material == "denim":
        pattern = "solid"
        if not garment.series:
            colour = draws.one([name for name, _ in DENIM_COLOURS], [weight for _, weight in DENIM_COLOURS])
    elif material in PLAIN_ONLY or (garment.category == "shoes" and pattern not in ("solid", "colour-block")):
        pattern = "solid" if draws.chance(75) else "colour-block"
    accent = garment.accent if colour == garment.colour else draws.one(COLOURS[colour].partners)
    percent = TIER_PRICE[garment.tier] * MATERIAL_PRICE.get(material, 100) * (85 + draws.below(31))
    price = category.price * percent // 1_000_000
    return replace(
        garment, silhouette=silhouette, material=material, pattern=pattern, colour=colour, accent=accent,
        price=price + 0.9 if garment.tier < 2 else float(price),
    )  # fmt: skip


def _series(draws: Draws, number: int) -> list[Garment]:
    """Three to five garments of one brand, one look, one season, each from a later stage of getting dressed."""
    pieces = 3 + draws.below(3)
    look = replace(_garment(draws, "t-shirt"), season=draws.one((*SEASONS, ALL_YEAR), (3, 3, 3, 3, 4)))
    stages = sorted(draws.order(len(STAGES))[:pieces])
    name = series_name(number, SERIES_FIRST, SERIES_LAST)
    made: list[Garment] = []
    for stage in stages:
        if made and made[0].category == "dress" and stage == 1:
            continue  # nobody wears trousers over a dress
        category = draws.one(STAGES[stage], [CATEGORIES[option].share for option in STAGES[stage]])
        made.append(_cut(draws, replace(look, category=category, series=name, piece=len(made))))
    return made
