"""How the home world's values are said; see `genrec.data.synthetic.synonyms`."""

from __future__ import annotations

import polars as pl

from genrec.data.synthetic.home.attributes import CATEGORIES
from genrec.data.synthetic.home.phrases import CUTS, NOUNS, STYLE_WORDS
from genrec.data.synthetic.phrases import COLOUR_WORDS, PATTERN_NOUNS, PATTERN_WORDS
from genrec.data.synthetic.synonyms import of_table


def synonyms(table: pl.DataFrame | None = None) -> dict[str, dict[str, tuple[str, ...]]]:
    """Words that say a value and nothing else that a text about furniture would say. table: for its values alone."""
    cuts = sorted({(name, cut) for name, category in CATEGORIES.items() for cut in category.silhouettes})
    shapes = {cut: (*CUTS.get(f"{name} {cut}", CUTS.get(cut, ())), *NOUNS.get(cut, ())) for name, cut in cuts}
    words = {
        "category": {value: said for value, said in NOUNS.items() if value in CATEGORIES},
        "silhouette": {value: said for value, said in shapes.items() if said},
        "colour": dict(COLOUR_WORDS),
        "pattern": {value: (*PATTERN_WORDS[value], *PATTERN_NOUNS.get(value, ())) for value in PATTERN_WORDS},
        "style": dict(STYLE_WORDS),
    }
    return of_table(words, table)
