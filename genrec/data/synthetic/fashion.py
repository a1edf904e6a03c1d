"""The fashion world: a catalogue with pictures and texts, people who buy from it, and how well one could predict them.

Everything follows from a seed. What exists is decided in wardrobe.py, how it is called in wording.py, what it looks
like in drawing.py, who buys what in dynamics.py; the parameters there were fixed before any model was tuned on it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import polars as pl

from genrec.data.catalog import Catalog
from genrec.data.interactions import Interactions
from genrec.data.synthetic.draws import Draws
from genrec.data.synthetic.dynamics import Histories, live, open_shop
from genrec.data.synthetic.oracle import oracles
from genrec.data.synthetic.wardrobe import Garment, garments, popularity
from genrec.data.synthetic.wording import description, title
from genrec.errors import UserError
from genrec.progress import bar

_FEWEST = 20


@dataclass(frozen=True, eq=False)
class FashionWorld:
    """oracles: {"users": …, "informed": {"recall@10": …, "ndcg@10": …}, "history": {…}} over every user's last event,
    owned items never ranked (nobody buys a thing twice). See oracle.py."""

    catalog: Catalog
    interactions: Interactions
    oracles: dict[str, object]


def build(folder: Path, *, items: int = 2400, users: int = 4500, seed: int = 7) -> FashionWorld:
    """Makes the world; pictures go to folder/images/<item_id>.png, and the catalogue's root is `folder`.

    Catalogue columns: item_id, title, text (title, description, brand), image, description, then the attributes
    category, silhouette, colour, accent (the pattern's second colour), pattern, material, season, style, brand, tier
    (price level 0 to 2), price, series and piece (place within the series; both null for garments of none).
    """
    if items < _FEWEST:
        raise UserError(f"items = {items}: a fashion catalogue needs at least {_FEWEST} items")
    if users < 1:
        raise UserError(f"users = {users}: at least one is needed")
    made = garments(items, seed)
    wanted = popularity(items, seed)
    catalog = Catalog(_table(made, seed), folder)
    _draw(catalog, folder)
    with bar("people", 2, "part") as progress:
        shop = open_shop(made, wanted)
        lived = live(shop, users, seed)
        progress.advance(1)
        figures = oracles(shop, lived)
        progress.advance(1)
    return FashionWorld(catalog, _interactions(catalog.ids, lived), figures)


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


def _draw(catalog: Catalog, folder: Path) -> None:
    from genrec.data.synthetic.drawing import picture

    (folder / "images").mkdir(parents=True, exist_ok=True)
    with bar("pictures", len(catalog), "picture") as progress:
        for row in catalog.table.iter_rows(named=True):
            picture(row).save(folder / row["image"], compress_level=6)
            progress.advance()


def _interactions(ids: list[str], lived: Histories) -> Interactions:
    users, steps = np.nonzero(lived.items >= 0)
    chosen = lived.items[users, steps]
    return Interactions(
        pl.DataFrame(
            {
                "user_id": [f"u{user:05d}" for user in users],
                "item_id": np.array(ids, dtype=object)[chosen].tolist(),
                "timestamp": lived.times[users, steps].astype(np.int64),
            }
        )
    )
