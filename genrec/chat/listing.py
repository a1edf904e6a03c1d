"""How an answer lists items, so that people can read it and the next turn can read it again."""

from __future__ import annotations

import re
from collections.abc import Mapping

from genrec.model.vocabulary import harmless

LINE = re.compile(r"^\s*(\d{1,3})\. \*\*(?:[^*\n]*)\*\* \((.{1,200}?)\)(?: – .*)?$", re.MULTILINE)
LONGEST = 200
"""Letters of a title in a list."""


def line(place: int, title: str, item_id: str, rest: str = "") -> str:
    """`1. **Title** (ID) – rest`. What a title has of signs that mean something here is left out."""
    return f"{place}. **{plain(title)}** ({item_id})" + (f" – {rest}" if rest else "")


def plain(text: str, longest: int = LONGEST) -> str:
    """One line without asterisks, not longer than `longest`."""
    text = harmless(text)
    text = " ".join("".join(one if one.isprintable() else " " for one in text).replace("*", "").split())
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def listed(text: str, index: Mapping[str, int]) -> tuple[str, ...]:
    """The items of an answer's list, in its order; only those that there are."""
    return tuple(dict.fromkeys(found[2] for found in LINE.finditer(text) if found[2] in index))
