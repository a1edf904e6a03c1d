"""The fashion world: a catalogue with pictures and texts, people who buy from it, and how well one could predict them.

Everything follows from a seed. What exists is decided in wardrobe.py, how it is called in wording.py, what it looks
like in drawing.py, who buys what in fashion_shop.py; the parameters there were fixed before any model was tuned on it.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path

import polars as pl

from genrec.data.catalog import Catalog
from genrec.data.synthetic.draws import Draws
from genrec.data.synthetic.fashion_shop import open_shop
from genrec.data.synthetic.wardrobe import Garment, garments
from genrec.data.synthetic.wording import description, title
from genrec.data.synthetic.world import World, check, illustrate, people, popularity

FashionWorld = World


def build(folder: Path, *, items: int = 2400, users: int = 4500, seed: int = 7) -> World:
    """Makes the world; pictures go to folder/images/<item_id>.png, and the catalogue's root is `folder`.

    Catalogue columns: item_id, title, text (title, description, brand), image, description, then the attributes
    category, silhouette, colour, accent (the pattern's second colour), pattern, material, season, style, brand, tier
    (price level 0 to 2), price, series and piece (place within the series; both null for garments of none).
    """
    from genrec.data.synthetic.drawing import picture

    check("fashion", items, users)
    made = garments(items, seed)
    catalog = Catalog(_table(made, seed), folder)
    illustrate(catalog, folder, picture)
    return people(catalog, partial(open_shop, made, popularity(items, seed)), users, seed)


def _table(made: list[Garment], seed: int) -> pl.DataFrame:
    draws = Draws(seed, 3)
    rows = []
    for number, garment in enumerate(made):
        name, words = title(garment, draws), description(garment, draws)
        rows.append(
            {
                "item_id": f"F{number:05d}",
                "title": name,
                "text": f"{name}. {words} {garment.brand}.",
                "image": f"images/F{number:05d}.png",
                "description": words,
                **asdict(garment),
                "series": garment.series or None,
                "piece": garment.piece if garment.series else None,
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None, schema_overrides={"series": pl.String, "piece": pl.Int64})
