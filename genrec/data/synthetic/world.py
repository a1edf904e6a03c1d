"""What every synthetic world comes to: a catalogue with pictures, people's events, and how well one could do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from PIL import Image

from genrec.data.catalog import Catalog
from genrec.data.interactions import Interactions
from genrec.data.synthetic.draws import Draws
from genrec.data.synthetic.dynamics import Histories, Shop, live
from genrec.data.synthetic.oracle import oracles
from genrec.errors import UserError
from genrec.progress import bar

_FEWEST = 20


@dataclass(frozen=True, eq=False)
class World:
    """oracles: {"users": …, "informed": {"recall@10": …, "ndcg@10": …}, "history": {…}} over every user's last event,
    owned items never ranked (nobody buys a thing twice). See oracle.py."""

    catalog: Catalog
    interactions: Interactions
    oracles: dict[str, object]


def check(name: str, items: int, users: int) -> None:
    """UserError where a world would be too small to be one."""
    if items < _FEWEST:
        raise UserError(f"items = {items}: a {name} catalogue needs at least {_FEWEST} items")
    if users < 1:
        raise UserError(f"users = {users}: at least one is needed")


def popularity(n: int, seed: int) -> np.ndarray:
    """Integer weights, float64 (n,), with a long tail: the most wanted item weighs some 30 times the median's."""
    ranks = Draws(seed, 2).order(n)
    return (4 + (1200 * n) // (n + 60 * ranks)).astype(np.float64)


def illustrate(catalog: Catalog, folder: Path, picture: Callable[[Mapping[str, Any]], Image.Image]) -> None:
    """Draws every row's picture where its column `image` says."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    with bar("pictures", len(catalog), "picture") as progress:
        for row in catalog.table.iter_rows(named=True):
            picture(row).save(folder / row["image"], compress_level=6)
            progress.advance()


def people(catalog: Catalog, open_shop: Callable[[], Shop], users: int, seed: int) -> World:
    """The catalogue with its people, and what the oracles reach."""
    with bar("people", 2, "part") as progress:
        shop = open_shop()
        lived = live(shop, users, seed)
        progress.advance(1)
        figures = oracles(shop, lived)
        progress.advance(1)
    return World(catalog, _interactions(catalog.ids, lived), figures)


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
