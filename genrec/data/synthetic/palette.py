"""The colours that things come in, their families, and which of them go together. Shared by all worlds."""

from __future__ import annotations

from dataclasses import dataclass

FAMILIES = ("neutral", "earth", "cool", "warm", "pastel")

RGB = tuple[int, int, int]


@dataclass(frozen=True)
class Colour:
    rgb: RGB
    family: str
    partners: tuple[str, ...]  # colours it is worn with; read both ways


COLOURS: dict[str, Colour] = {
    "black": Colour((43, 42, 46), "neutral", ("white", "red", "blush")),
    "white": Colour((249, 248, 243), "neutral", ("navy", "black", "sky blue")),
    "grey": Colour((150, 153, 158), "neutral", ("lilac", "mustard", "teal")),
    "beige": Colour((221, 201, 168), "earth", ("chocolate", "olive", "sky blue")),
    "chocolate": Colour((104, 70, 52), "earth", ("beige", "mint", "rust")),
    "olive": Colour((113, 121, 72), "earth", ("beige", "mustard", "blush")),
    "navy": Colour((42, 58, 103), "cool", ("white", "red", "mustard")),
    "sky blue": Colour((130, 182, 222), "cool", ("white", "beige", "navy")),
    "teal": Colour((36, 128, 132), "cool", ("rust", "grey", "mint")),
    "red": Colour((203, 48, 52), "warm", ("navy", "black", "white")),
    "mustard": Colour((222, 170, 50), "warm", ("navy", "olive", "grey")),
    "rust": Colour((190, 94, 52), "warm", ("teal", "chocolate", "beige")),
    "blush": Colour((237, 182, 184), "pastel", ("olive", "black", "lilac")),
    "lilac": Colour((181, 160, 214), "pastel", ("grey", "blush", "mint")),
    "mint": Colour((160, 216, 190), "pastel", ("chocolate", "lilac", "teal")),
}


def harmony(first: str, second: str) -> int:
    """How well two colours are worn together: 1 (brave) to 24 (made for each other)."""
    one, other = COLOURS[first], COLOURS[second]
    if second in one.partners or first in other.partners:
        return 24
    if first == second:
        return 4
    if "neutral" in (one.family, other.family):
        return 3
    return 2 if one.family == other.family else 1
