"""Who shops, and for what: users of a run, with what they really bought next and with what their taste would choose."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genrec.data import Catalog, Interactions, Sequences


@dataclass(frozen=True)
class Person:
    """history: item ids, oldest first. targets: item index by setting."""

    history: list[str]
    targets: dict[str, int]


def people(run: Path, count: int, seed: int) -> list[Person]:
    """`count` users that no other seed has: all but the last item, the last item, and one drawn by their taste."""
    catalog = Catalog.read(run / "data" / "catalog.parquet")
    sequences = Interactions.read(run / "data" / "interactions.parquet").sequences(catalog)
    users = np.flatnonzero(sequences.lengths >= 3)
    order = np.random.default_rng(0).permutation(users)[seed * count : (seed + 1) * count]
    if len(order) < count:
        raise SystemExit(f"{run}: {len(users)} users are too few for {count} shoppers with seed {seed}")
    tastes = drawn_by_taste(run, sequences, order, seed)
    ids = catalog.ids
    return [
        Person([ids[item] for item in sequences[user][:-1]], {"next": int(sequences[user][-1]), "taste": int(taste)})
        for user, taste in zip(order.tolist(), tastes, strict=True)
    ]


def drawn_by_taste(run: Path, sequences: Sequences, users: np.ndarray, seed: int) -> np.ndarray:
    """An item index for each user, drawn by p_taste of the world's formula (dynamics.py), from what is not owned.

    The world is made again from the run's recipe, and must give the events that the run has.
    """
    from genrec.data.synthetic.dynamics import live, season_of
    from genrec.data.synthetic.fashion_shop import open_shop
    from genrec.data.synthetic.wardrobe import garments
    from genrec.data.synthetic.world import popularity

    recipe = json.loads((run / "data" / "manifest.json").read_text(encoding="utf-8"))["recipe"]
    n, world = recipe["n_items"], recipe["seed"]
    shop = open_shop(garments(n, world), popularity(n, world))
    lived = live(shop, recipe["n_users"], world)
    rows = [int(sequences.users[user][1:]) for user in users]
    random = np.random.default_rng([seed, 1])
    drawn = []
    for user, row in zip(users.tolist(), rows, strict=True):
        items, last = lived.items[row, : lived.lengths[row]], lived.lengths[row] - 1
        if items.tolist() != sequences[user].tolist():
            raise SystemExit(f"{run}: user {sequences.users[user]} did not live in the world of the run's recipe")
        chance = shop.base[lived.states[row, last], season_of(lived.days[row, last : last + 1])[0]].copy()
        chance[items[:-1]] = 0
        drawn.append(random.choice(len(chance), p=chance / chance.sum()))
    return np.array(drawn)
