"""Titles and descriptions of what a home is furnished with. Every attribute shows in some, none in all of them."""

from __future__ import annotations

from genrec.data.synthetic.draws import Draws
from genrec.data.synthetic.home.furnishing import Piece
from genrec.data.synthetic.home.phrases import (
    ASIDES,
    CUTS,
    NAMES,
    NOUNS,
    ROOM_LINES,
    SEASON_LINES,
    STYLE_LINES,
    STYLE_WORDS,
    TIER_LINES,
)
from genrec.data.synthetic.phrases import COLOUR_WORDS, PATTERN_NOUNS, PATTERN_WORDS
from genrec.data.synthetic.wording import article, title_case


def title(piece: Piece, draws: Draws) -> str:
    """A product title of two to eight words, in title case."""
    noun, cut = draws.one(_nouns(piece)), draws.one(_cuts(piece))
    colour = draws.one(COLOUR_WORDS[piece.colour])
    pattern = draws.one(PATTERN_WORDS[piece.pattern]) if piece.pattern != "solid" else ""
    style = draws.one(STYLE_WORDS[piece.style]) if draws.chance(35) else ""
    material = piece.material if draws.chance(50) else ""
    name = draws.one(NAMES)
    if piece.series and draws.chance(75):
        shape = draws.one(
            (f"{piece.series} {pattern} {cut} {noun}", f"{piece.series} {noun} in {colour}",
             f"{piece.series} {material} {noun}, {colour}")
        )  # fmt: skip
    else:
        shape = draws.one(
            (f"{style} {colour} {pattern} {cut} {noun}", f"{name} {cut} {noun} in {colour}",
             f"{colour} {material} {noun}", f"the {name} {noun}", f"{style} {cut} {noun}, {colour} {material}",
             f"{name} {noun}, {pattern} {colour}"),
            (6, 5, 4, 1, 4, 3),
        )  # fmt: skip
    return title_case(" ".join(shape.replace(" ,", ",").split()))


def description(piece: Piece, draws: Draws) -> str:
    """Two to five sentences."""
    noun, cut = draws.one(_nouns(piece)), draws.one(_cuts(piece))
    colour, accent = draws.one(COLOUR_WORDS[piece.colour]), draws.one(COLOUR_WORDS[piece.accent])
    thing = " ".join(f"{cut} {noun}".split())
    if piece.category == "picture":
        look = draws.one((f"in {colour} and {accent}", f"in {accent} on {colour}"))
    elif piece.pattern == "solid":
        look = draws.one((f"in {colour}", f"in {colour} throughout", f"in plain {colour}"))
    else:
        look = draws.one(
            (f"in {colour} with {draws.one(PATTERN_NOUNS[piece.pattern])} in {accent}",
             f"in {draws.one(PATTERN_WORDS[piece.pattern])} {colour} and {accent}")
        )  # fmt: skip
    plural = noun in ("curtains", "drapes")
    opening = draws.one(
        (f"{thing if plural else f'{article(thing)} {thing}'} {look}, made of {piece.material}.",
         f"{piece.brand} makes {'these' if plural else 'this'} {thing} of {piece.material}, {look}.",
         f"{piece.material} and good proportions: {'' if plural else f'{article(thing)} '}{thing} {look}.",
         f"Our {thing} {look}, in {piece.material}.")
    )  # fmt: skip
    sentences = [opening[0].upper() + opening[1:]]
    if piece.series and draws.chance(80):
        sentences.append(
            draws.one(
                (f"Part of the {piece.series} series: one look for the whole flat.",
                 f"From the {piece.series} series, and glad of company.",
                 f"Matches everything else in the {piece.series} series.")
            )
        )  # fmt: skip
    if draws.chance(65):
        sentences.append(draws.one(STYLE_LINES[piece.style]))
    if draws.chance(55):
        sentences.append(draws.one(ROOM_LINES[piece.room]))
    if piece.season in SEASON_LINES and draws.chance(60):
        sentences.append(draws.one(SEASON_LINES[piece.season]))
    if draws.chance(25):
        sentences.append(draws.one(TIER_LINES[piece.tier]))
    if draws.chance(50):
        sentences.append(draws.one(ASIDES[piece.category]))
    return " ".join(sentences)


def _nouns(piece: Piece) -> tuple[str, ...]:
    return NOUNS.get(piece.silhouette, NOUNS[piece.category])


def _cuts(piece: Piece) -> tuple[str, ...]:
    return CUTS.get(f"{piece.category} {piece.silhouette}", CUTS.get(piece.silhouette, ("",)))
