"""How the fashion world's values are said: the synonyms that its owner hands to whoever reads texts about it.

{column: {value: (words, …)}}, as `genrec.explain.gazetteer` takes them.
"""

from __future__ import annotations

import polars as pl

from genrec.data.synthetic.attributes import CATEGORIES
from genrec.data.synthetic.phrases import COLOUR_WORDS, CUTS, NOUNS, PATTERN_NOUNS, PATTERN_WORDS, STYLE_WORDS


def synonyms(table: pl.DataFrame | None = None) -> dict[str, dict[str, tuple[str, ...]]]:
    """Words that say a value and nothing else that a text about garments would say.

    table: of a catalogue, for those of its values alone; a small one has not all.
    """
    cuts = {shape for category in CATEGORIES.values() for shape in category.silhouettes}
    shapes = {value: (*CUTS.get(value, ()), *NOUNS.get(value, ())) for value in sorted(cuts)}
    words = {
        "category": {value: tuple(words) for value, words in NOUNS.items() if value in CATEGORIES},
        "silhouette": {value: _told(words) for value, words in shapes.items() if _told(words)},
        "colour": dict(COLOUR_WORDS),
        "pattern": {value: (*PATTERN_WORDS[value], *PATTERN_NOUNS.get(value, ())) for value in PATTERN_WORDS},
        "style": dict(STYLE_WORDS),
    }
    return of_table(words, table)


def of_table(
    words: dict[str, dict[str, tuple[str, ...]]], table: pl.DataFrame | None
) -> dict[str, dict[str, tuple[str, ...]]]:
    """The words for those values alone that the table has; all of them without one."""
    if table is None:
        return words
    there = {column: set(table[column].to_list()) for column in words}
    return {column: {v: said for v, said in values.items() if v in there[column]} for column, values in words.items()}


def _told(words: tuple[str, ...]) -> tuple[str, ...]:
    """Without «easy», which is a praise, and the word that is left out."""
    return tuple(word for word in words if word not in ("", "easy"))
