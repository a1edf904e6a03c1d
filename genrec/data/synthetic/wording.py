"""Titles and descriptions. Every attribute shows in some texts, none in all of them."""

from __future__ import annotations

from genrec.data.synthetic.draws import Draws
from genrec.data.synthetic.dynamics import ALL_YEAR
from genrec.data.synthetic.phrases import (
    ASIDES,
    COLOUR_WORDS,
    CUTS,
    FIRST_NAMES,
    NOUNS,
    PATTERN_NOUNS,
    PATTERN_WORDS,
    SEASON_LINES,
    STYLE_LINES,
    STYLE_WORDS,
    TIER_LINES,
)
from genrec.data.synthetic.wardrobe import Garment


def title(garment: Garment, draws: Draws) -> str:
    """A product title of two to eight words, in title case."""
    noun = draws.one(NOUNS[garment.silhouette if garment.silhouette in NOUNS else garment.category])
    cut = draws.one(CUTS.get(f"{garment.category} {garment.silhouette}", CUTS.get(garment.silhouette, ("",))))
    colour = draws.one(COLOUR_WORDS[garment.colour])
    pattern = draws.one(PATTERN_WORDS[garment.pattern]) if garment.pattern != "solid" else ""
    material = garment.material if draws.chance(45) and garment.material not in noun else ""
    style = draws.one(STYLE_WORDS[garment.style]) if draws.chance(30) else ""
    name = draws.one(FIRST_NAMES)
    if garment.series and draws.chance(75):
        shape = draws.one(
            (f"{garment.series} {pattern} {cut} {noun}", f"{garment.series} {noun} in {colour}",
             f"{garment.series} {material} {noun}, {colour}")
        )  # fmt: skip
    else:
        shape = draws.one(
            (f"{style} {colour} {pattern} {cut} {noun}", f"{colour} {cut} {material} {noun}",
             f"{name} {pattern} {noun} in {colour}", f"the {name} {noun}",
             f"{style} {cut} {noun} in {colour} {material}", f"{pattern} {material} {noun}, {colour}"),
            (6, 5, 5, 1, 4, 3),
        )  # fmt: skip
    return title_case(" ".join(shape.replace(" ,", ",").split()))


def description(garment: Garment, draws: Draws) -> str:
    """Two to five sentences."""
    noun = draws.one(NOUNS[garment.silhouette if garment.silhouette in NOUNS else garment.category])
    cut = draws.one(CUTS.get(f"{garment.category} {garment.silhouette}", CUTS.get(garment.silhouette, ("",))))
    colour = draws.one(COLOUR_WORDS[garment.colour])
    accent = draws.one(COLOUR_WORDS[garment.accent])
    thing = " ".join(f"{cut} {noun}".split())
    if garment.pattern == "solid":
        plain = draws.one(PATTERN_WORDS["solid"])
        look = draws.one((f"in {colour}", f"in {plain} {colour}", f"in {colour}, from edge to edge"))
    else:
        printed = draws.one(PATTERN_NOUNS[garment.pattern])
        look = draws.one((f"in {colour} with {printed} in {accent}", f"in {colour}, with {printed} in {accent}",
                          f"in {draws.one(PATTERN_WORDS[garment.pattern])} {colour} and {accent}"))  # fmt: skip
    plural = noun.endswith("s") and not noun.endswith("ss")
    pair = "pair of " if plural else ""
    opening = draws.one(
        (f"{article(pair + thing)} {pair}{thing} made of {garment.material}, {look}.",
         f"{garment.material} {thing} {look}.",
         f"Our {thing} {look}, made of {garment.material}.",
         f"{garment.brand} cut {'these' if plural else 'this'} {thing} from {garment.material}, {look}.")
    )  # fmt: skip
    sentences = [opening[0].upper() + opening[1:]]
    if garment.series and draws.chance(80):
        sentences.append(
            draws.one(
                (
                    f"Part of the {garment.series} series: one look, several pieces.",
                    f"From the {garment.series} series, and happiest next to its siblings.",
                    f"Goes with everything else in the {garment.series} series.",
                )
            )
        )
    if draws.chance(65):
        sentences.append(draws.one(STYLE_LINES[garment.style]))
    if garment.season != ALL_YEAR and draws.chance(60):
        sentences.append(draws.one(SEASON_LINES[garment.season]))
    if garment.season == ALL_YEAR and draws.chance(30):
        sentences.append(draws.one(SEASON_LINES[ALL_YEAR]))
    if draws.chance(25):
        sentences.append(draws.one(TIER_LINES[garment.tier]))
    if draws.chance(55):
        sentences.append(draws.one(ASIDES[garment.category]))
    return " ".join(sentences)


def article(words: str) -> str:
    """«a» or «an», as the first letter asks."""
    return "an" if words[0] in "aeiou" else "a"


def title_case(words: str) -> str:
    """Every Word Capital, but for the small ones in the middle."""
    small = {"in", "of", "the", "and", "on"}

    def cased(word: str) -> str:
        return "-".join(part[:1].upper() + part[1:] for part in word.split("-"))

    return " ".join(word if place and word in small else cased(word) for place, word in enumerate(words.split()))
