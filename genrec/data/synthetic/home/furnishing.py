"""Which pieces exist: their attributes and the series they form. No words and no pictures yet."""

from __future__ import annotations

from dataclasses import dataclass, replace

from genrec.data.synthetic.draws import Draws
from genrec.data.synthetic.dynamics import ALL_YEAR
from genrec.data.synthetic.home.attributes import (
    BRANDS,
    CATEGORIES,
    MATERIAL_PRICE,
    NATURAL,
    PATTERNS,
    ROOMS,
    SEASONAL,
    SERIES_FIRST,
    SERIES_LAST,
    STAGES,
    STYLE_FAMILIES,
    STYLE_PATTERNS,
    STYLES,
)
from genrec.data.synthetic.palette import COLOURS, FAMILIES
from genrec.data.synthetic.stock import series_name, stock

TIER_PRICE = (65, 100, 180)  # percent of a category's usual price
TWO_TONE = ("desk", "shelf", "cabinet")  # of hard stuff: no prints, but a front of another colour


@dataclass(frozen=True)
class Piece:
    """One item. `series` is "" or a name; `piece` counts within it from 0, in the order it is meant to be bought."""

    category: str
    silhouette: str
    colour: str
    accent: str
    pattern: str
    material: str
    room: str
    season: str
    style: str
    brand: str
    tier: int
    price: float
    series: str = ""
    piece: int = 0


def pieces(n: int, seed: int) -> list[Piece]:
    """`n` pieces in random order. Half of them belong to series, three to five to a series."""
    return stock(n, Draws(seed, 1), _series, lambda draws: _piece(draws, _category(draws)))


def _category(draws: Draws) -> str:
    return draws.one(list(CATEGORIES), [category.share for category in CATEGORIES.values()])


def _piece(draws: Draws, category: str) -> Piece:
    """A piece of its own; what it looks like follows its brand's style."""
    brand = draws.one(list(BRANDS))
    first, second = BRANDS[brand].styles
    style = draws.one((first, second, draws.one(STYLES)), (70, 24, 6))
    family = draws.one(FAMILIES, STYLE_FAMILIES[style])
    colour = draws.one([name for name, shade in COLOURS.items() if shade.family == family])
    accent = draws.one(COLOURS[colour].partners)
    pattern = draws.one(PATTERNS, STYLE_PATTERNS[style])
    return _built(
        draws, Piece(category, "", colour, accent, pattern, "", "", "", style, brand, BRANDS[brand].tier, 0.0)
    )


def _built(draws: Draws, piece: Piece) -> Piece:
    """Silhouette, material, room, season and price, which depend on everything else; prints only on cloth."""
    category = CATEGORIES[piece.category]
    silhouette = draws.one(category.silhouettes)
    # Oak is not to be had in lilac: a material with a colour of its own only where it is this one.
    there = [material for material in category.materials if piece.colour in NATURAL.get(material, (piece.colour,))]
    material = draws.one(there, [4 if material in NATURAL else 1 for material in there])
    printed = draws.chance(category.patterned) and material not in ("leather", "brass", "rattan", "paper")
    pattern = piece.pattern if printed else "solid"
    if piece.category in TWO_TONE and pattern != "solid":
        pattern = "colour-block"
    season = draws.one(SEASONAL[material]) if material in SEASONAL and draws.chance(60) else ALL_YEAR
    percent = TIER_PRICE[piece.tier] * MATERIAL_PRICE.get(material, 100) * (85 + draws.below(31))
    price = category.price * percent // 1_000_000
    return replace(
        piece, silhouette=silhouette, material=material, pattern=pattern, room=draws.one(ROOMS, category.rooms),
        season=season, price=price + 0.95 if piece.tier < 2 else float(price),
    )  # fmt: skip


def _series(draws: Draws, number: int) -> list[Piece]:
    """Three to five pieces of one brand and one look, each from a later stage of moving in."""
    count = 3 + draws.below(3)
    look = _piece(draws, "pouf")
    made: list[Piece] = []
    pattern = draws.one(PATTERNS, STYLE_PATTERNS[look.style])
    for stage in sorted(draws.order(len(STAGES))[:count]):
        category = draws.one(STAGES[stage], [CATEGORIES[option].share for option in STAGES[stage]])
        made.append(
            _built(
                draws,
                replace(
                    look,
                    category=category,
                    pattern=pattern,
                    series=series_name(number, SERIES_FIRST, SERIES_LAST),
                    piece=len(made),
                ),
            )
        )
    return made
