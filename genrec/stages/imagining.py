"""`genrec imagine`: pictures of items for people of a run, as PNG files, an index in Parquet and a contact sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from genrec import progress
from genrec.data import Catalog
from genrec.errors import UserError, nearest
from genrec.evaluate.report import Drawn
from genrec.imagery.artist import WEIGHTS, Artist, kind_of
from genrec.imagery.batches import Order, draw_batch
from genrec.imagery.commission import Kind, Scene
from genrec.imagery.pictures import as_png
from genrec.imagery.reading import read_picture
from genrec.recommender import Recommender

SHEET = "index.html"
SLIDER = (0.0, 0.25, 0.5, 0.75, 1.0)
PLACED: dict[Kind, str] = {"tryon": "tried on", "room": "in a room"}
"""The steps that reports and pages show."""


@dataclass(frozen=True)
class Wanted:
    """users: whom to draw for; people: so many more, drawn by seed. items: what; without them each person's likeliest
    next `count`. love: one picture each. scene: a scene of the run's own by name, or a picture and a mask. painter,
    steps: see `Recommender.imagine`. words: prompt, style, negative, guidances."""

    users: Sequence[str] = ()
    people: int = 0
    items: Sequence[str] = ()
    count: int = 1
    kind: Kind = "cover"
    love: Sequence[float] = (0.0, 0.5, 1.0)
    scene: str | Scene | None = None
    reference: bool = False
    painter: str | None = None
    steps: int | None = None
    seed: int = 0
    label: bool = False
    words: dict[str, Any] = field(default_factory=dict)


def imagine(run: Path, wanted: Wanted, out: Path) -> pl.DataFrame:
    """Draw what is wanted into `out`; the index. What is finished there is not drawn again.

    UserError for a user that the run does not have, an item that the catalogue does not have, nobody and nothing named.
    """
    recommender = Recommender.from_pretrained(run)
    people = _people(run, wanted)
    if not people and not wanted.items:
        raise UserError("nothing to draw: name a --user, some --people, or an --item")
    artist = recommender.artist(wanted.painter)
    orders: list[Order] = []
    rows: list[str] = []
    for user, history in people or [(None, [])]:
        items = list(wanted.items) or [one.item_id for one in recommender.recommend(history, wanted.count)]
        for item in items:
            rows.append(f"{user}, {item}" if user else item)
            for love in wanted.love if user else (0.0,):
                made = artist.commission(
                    item, history, kind=wanted.kind, love=love, scene=wanted.scene, reference=wanted.reference,
                    seed=wanted.seed, **wanted.words,
                )  # fmt: skip
                orders.append(Order(made, user))
    with progress.bar("Drawing", len(orders), "picture") as shown:
        done = 0

        def share(part: float) -> None:
            nonlocal done
            now = int(part * len(orders))
            shown.advance(max(0, now - done))
            done = max(done, now)

        index = draw_batch(
            artist.painter, orders, out, catalogue=str(recommender.snapshot.version), steps=wanted.steps,
            label=wanted.label, progress=share,
        )  # fmt: skip
    _sheet(artist, orders, rows, index, out)
    return index


def sheet(
    run: Path, column: str, out: Path, *, painter: str | None = None, values: int = 12, count: int = 4, seed: int = 0,
    steps: int | None = None,
) -> Path:  # fmt: skip
    """A contact sheet by a column of the catalogue: of its `values` most frequent values `count` items each, the
    catalogue's picture beside the one that is drawn from the item's vector and words. out/index.html, out/sheet-1.png.

    A painter that learned this run's own pictures is asked for those that it never saw. UserError for an absent column.
    """
    from genrec.imagery.measures import gallery

    artist = Recommender.from_pretrained(run).artist(painter)
    catalog = artist.now.catalog
    if column not in catalog.table.columns:
        raise UserError(f"{run}: the catalogue has no column {column!r}: {nearest(column, catalog.table.columns)}")
    able = np.array([catalog.image_path(item) is not None for item in range(len(catalog))]) & _strange(artist)
    said = catalog.table[column].cast(pl.String)
    counts = said.filter(pl.Series(able)).drop_nulls().value_counts(sort=True)
    rng = np.random.default_rng(seed)
    chosen: list[tuple[str, list[int]]] = []
    for value in counts[column].to_list()[:values]:
        of_it = np.flatnonzero((said == value).fill_null(False).to_numpy() & able)
        chosen.append((value, rng.permutation(of_it)[:count].tolist()))
    if not chosen:
        raise UserError(f"{run}: no item with a picture has a value in the column {column!r}")
    asked = [artist.commission(catalog.ids[item], love=0, seed=seed) for _, items in chosen for item in items]
    drawn = iter(artist.draw(asked, steps=steps))
    rows = []
    for value, items in chosen:
        pictures = []
        for item in items:
            path = catalog.image_path(item)
            assert path is not None
            pictures += [read_picture(path), next(drawn).picture]
        rows.append((value, pictures))
    title = f"By {column}: the catalogue's picture, and what {artist.painter.name} drew without seeing it"
    made = gallery.write([gallery.Sheet(title, ["own", "drawn"] * count, rows)], out, title)
    return made[0]


def _strange(artist: Artist) -> np.ndarray:
    """bool (N,): the items whose pictures the painter did not learn from, as far as it says."""
    trained = getattr(getattr(artist.painter, "pipeline", None), "config", {}).get("trained", {})
    if not trained.get("run"):
        return np.ones(len(artist.now.catalog), dtype=bool)
    from genrec.imagery.small.lessons import held_out

    return held_out(artist.now.catalog.table, ("item_id",))


def for_report(
    run: Path, catalog: Catalog, asked: Sequence[tuple[str, Sequence[int], int]], love: Sequence[float] = SLIDER
) -> list[Drawn]:
    """Some people's next items (user, history, item; by index), each along the slider, and put into a scene. None
    where the run is of no world that GenRec's own painters know, or diffusers is not installed."""
    if not (WEIGHTS / str(kind_of(run)) / "model_index.json").exists() or find_spec("diffusers") is None:
        return []
    from genrec.decode.living import Snapshot
    from genrec.recommender import load_generator

    artist = Artist.of(run, Snapshot.first(catalog, load_generator(run, catalog=catalog)))
    wanted = [(user, history, item) for user, history, item in asked if item >= 0 and len(history)]
    ids = catalog.ids
    labels = ["as it is" if step == 0 else "as they would love it" if step == 1 else f"{step:.0%}" for step in love]
    previews = sorted(artist.painter.kinds - {"cover"})
    labels += [PLACED[kind] for kind in previews]
    asked_for = []
    for _, history, item in wanted:
        known = [ids[one] for one in history]
        asked_for += [artist.commission(ids[item], known, love=step) for step in love]
        asked_for += [artist.commission(ids[item], known, love=0.0, kind=kind) for kind in previews]
    files = [as_png(one.picture, one.provenance) for one in artist.draw(asked_for)]
    return [
        Drawn(user, item, list(zip(labels, files[number * len(labels) :], strict=False)))
        for number, (user, _, item) in enumerate(wanted)
    ]


def histories(run: Path) -> dict[str, list[str]]:
    """Of everybody in the run's data: item ids, oldest first."""
    path = run / "data" / "interactions.parquet"
    if not path.exists():
        raise UserError(f"{run} holds no histories (a saved recommender has none): name items instead of users")
    table = pl.read_parquet(path).sort("timestamp", maintain_order=True)
    grouped = table.group_by("user_id", maintain_order=True).agg("item_id")
    return dict(zip(grouped["user_id"].to_list(), grouped["item_id"].to_list(), strict=True))


def _people(run: Path, wanted: Wanted) -> list[tuple[str | None, list[str]]]:
    if not wanted.users and not wanted.people:
        return []
    known = histories(run)
    for user in wanted.users:
        if user not in known:
            raise UserError(f"the run has no user {user!r}: {nearest(user, list(known)[:50_000])}")
    others = sorted(known.keys() - set(wanted.users))
    drawn = np.random.default_rng(wanted.seed).permutation(len(others))[: wanted.people]
    return [(user, known[user]) for user in [*wanted.users, *(others[i] for i in sorted(drawn))]]


def _sheet(artist: Artist, orders: Sequence[Order], rows: Sequence[str], index: pl.DataFrame, out: Path) -> None:
    from PIL import Image

    from genrec.imagery.measures import gallery

    wide = max(1, len(orders) // max(1, len(rows)))
    paths = index["path"][: len(orders)].to_list()
    lines = []
    for number, name in enumerate(rows):
        pictures = [Image.open(out / path) for path in paths[number * wide : (number + 1) * wide]]
        lines.append((name, pictures))
    heads = [f"love {order.commission.love:g}" for order in orders[:wide]]
    title = f"Drawn by {artist.painter.name} ({artist.painter.licence}); generated pictures"
    (out / SHEET).write_text(gallery.page([gallery.Sheet(title, heads, lines)], "Drawn for you"), encoding="utf-8")
