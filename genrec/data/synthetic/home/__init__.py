"""The home world: furniture, lamps and textiles, people who furnish with them, and rooms to try them in.

Everything follows from a seed, as in the fashion world. What exists is decided in furnishing.py, how it is called in
wording.py, what it looks like in drawing.py and, in a room, in placing.py; who buys what in shop.py.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path

import polars as pl

from genrec.data.catalog import Catalog
from genrec.data.synthetic.draws import Draws
from genrec.data.synthetic.home.furnishing import Piece, pieces
from genrec.data.synthetic.home.shop import open_shop
from genrec.data.synthetic.home.wording import description, title
from genrec.data.synthetic.world import World, check, illustrate, people, popularity


def build(folder: Path, *, items: int = 2400, users: int = 4500, seed: int = 7) -> World:
    """Makes the world; pictures go to folder/images/<item_id>.png, and the catalogue's root is `folder`.

    Catalogue columns: item_id, title, text (title, description, brand), image, description, then the attributes
    category, silhouette, colour, accent (the pattern's second colour), pattern, material, room, season, style, brand,
    tier (price level 0 to 2), price, series and piece (place within the series; both null for pieces of none).
    """
    from genrec.data.synthetic.home.drawing import picture

    check("home", items, users)
    made = pieces(items, seed)
    catalog = Catalog(_table(made, seed), folder)
    illustrate(catalog, folder, picture)
    return people(catalog, partial(open_shop, made, popularity(items, seed)), users, seed)


def _table(made: list[Piece], seed: int) -> pl.DataFrame:
    draws = Draws(seed, 3)
    rows = []
    for number, piece in enumerate(made):
        name, words = title(piece, draws), description(piece, draws)
        rows.append(
            {
                "item_id": f"H{number:05d}",
                "title": name,
                "text": f"{name}. {words} {piece.brand}.",
                "image": f"images/H{number:05d}.png",
                "description": words,
                **asdict(piece),
                "series": piece.series or None,
                "piece": piece.piece if piece.series else None,
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None, schema_overrides={"series": pl.String, "piece": pl.Int64})
