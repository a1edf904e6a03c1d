"""How the music world's values are said; see `genrec.data.synthetic.synonyms`."""

from __future__ import annotations

import polars as pl

from genrec.data.synthetic.music.phrases import (
    BACKING_WORDS,
    ERA_WORDS,
    GENRE_WORDS,
    INSTRUMENT_WORDS,
    MOOD_WORDS,
    TEMPO_WORDS,
)
from genrec.data.synthetic.synonyms import of_table


def synonyms(table: pl.DataFrame | None = None) -> dict[str, dict[str, tuple[str, ...]]]:
    """Words that say a value and nothing else that a text about music would say. table: for its values alone."""
    words = {
        "genre": dict(GENRE_WORDS),
        "mood": dict(MOOD_WORDS),
        "tempo": dict(TEMPO_WORDS),
        "era": {value: tuple(word for word in said if word != "new") for value, said in ERA_WORDS.items()},
        "instrument": dict(INSTRUMENT_WORDS),
        "backing": {
            value: tuple(word for word in said if not word.startswith("a ")) for value, said in BACKING_WORDS.items()
        },
    }
    return of_table(words, table)
