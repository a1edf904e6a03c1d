"""Cleaning of events. Every function returns what is left, in the order in which it stood, and how many rows went."""

from __future__ import annotations

import numpy as np
import polars as pl

from genrec.data.interactions import SCHEMA, Interactions


def stable_order(interactions: Interactions) -> Interactions:
    """Rows by user, then time; equal times of one user keep the order of the table. Doing it twice changes nothing."""
    return Interactions(interactions.table.sort("user_id", "timestamp", maintain_order=True))


def deduplicate(interactions: Interactions, *, consecutive: bool = False) -> tuple[Interactions, int]:
    """One row for each (user, item, timestamp): the first.

    consecutive: also drop an event whose user's event before it, in time, was the same item (reloads, re-listens).
    """
    table = interactions.table.unique(list(SCHEMA), keep="first", maintain_order=True)
    if consecutive:
        ordered = table.with_row_index("#row").sort("user_id", "timestamp", maintain_order=True)
        again = (pl.col("user_id") == pl.col("user_id").shift()) & (pl.col("item_id") == pl.col("item_id").shift())
        table = ordered.filter(~again.fill_null(False)).sort("#row").drop("#row")
    return Interactions(table), len(interactions) - table.height


def k_core(interactions: Interactions, *, users: int, items: int) -> tuple[Interactions, int]:
    """The largest part in which every user has at least `users` events and every item at least `items`.

    Both limits are applied until neither takes anything away, which gives the same set in whatever order it is done.
    Repeated events count as often as they stand there: deduplicate first where that matters.
    """
    user, item = _codes(interactions.table["user_id"]), _codes(interactions.table["item_id"])
    rows = np.arange(len(interactions))
    while len(rows):
        enough = np.bincount(user[rows])[user[rows]] >= users
        enough &= np.bincount(item[rows])[item[rows]] >= items
        if enough.all():
            break
        rows = rows[enough]
    return Interactions(interactions.table[rows]), len(interactions) - len(rows)


def _codes(column: pl.Series) -> np.ndarray:
    """int (n,): equal values have equal numbers from 0 on."""
    known = column.unique().to_frame("value").with_row_index("code")
    return column.to_frame("value").join(known, on="value", how="left", maintain_order="left")["code"].to_numpy()
