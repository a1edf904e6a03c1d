"""`genrec imagery tune`: a diffusers checkpoint learns a run's items, and whom they suit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from genrec.data import Interactions
from genrec.errors import UserError
from genrec.imagery.artist import RECENT, kind_of, require_diffusers, vectors_of
from genrec.imagery.checkpoint.training.examples import Example
from genrec.imagery.reading import read_picture, read_scene
from genrec.recipes import ImageryLoraRecipe
from genrec.recommender import Recommender

PAIRS = ("item_id", "picture", "mask")


def tune(
    run: Path, recipe: ImageryLoraRecipe, folder: Path, *, items: int = 2000, pairs: Path | None = None
) -> dict[str, Any]:
    """Tune the recipe's checkpoint on the run's items; see `genrec.imagery.checkpoint.training.tune`.

    items: how many pictures are learned from at most, drawn by the recipe's seed. pairs: for the task of that name, a
    table (CSV or Parquet) with the columns item_id, picture (of the item in a scene) and mask (white: it), paths
    relative to it; a run of a synthetic world does without, its scenes are drawn. UserError for a table without
    these columns, an item that the catalogue does not have, and everything that `read_scene` finds wrong.
    """
    require_diffusers()
    from genrec.imagery.checkpoint.training import tune as learn

    if pairs is not None and recipe.task != "pairs":
        raise UserError(f"--pairs is for the task pairs; this recipe's is {recipe.task}: --set task=pairs")
    known = _Known(run, recipe.seed)
    if recipe.task == "pictures":
        examples = list(known.pictures(items))
    elif pairs is not None:
        examples = list(known.listed(pairs, items))
    else:
        examples = list(known.drawn(items))
    return learn(recipe, examples, folder)


class _Known:
    """A run's items, and who has them."""

    def __init__(self, run: Path, seed: int) -> None:
        self.run, self.rng = run, np.random.default_rng([seed, 6])
        self.now = Recommender.from_pretrained(run).snapshot
        self.catalog = self.now.catalog
        self.vectors, self.present = vectors_of(run, self.now)
        self.rows: Sequence[dict[str, Any]] = self.catalog.table.to_dicts()
        self.histories: list[np.ndarray] = []
        self.owners: dict[int, list[int]] = {}
        path = run / "data" / "interactions.parquet"
        if path.exists():
            self.histories = list(Interactions.read(path).sequences(self.catalog))
        for person, history in enumerate(self.histories):
            for item in history.tolist():
                self.owners.setdefault(item, []).append(person)

    def pictures(self, count: int) -> Iterator[Example]:
        shown = [item for item in range(len(self.catalog)) if self.catalog.image_path(item) is not None]
        for item in np.sort(self.rng.permutation(shown)[:count]).tolist():
            yield Example(picture=self._own(item), **self._told(item))

    def listed(self, table: Path, count: int) -> Iterator[Example]:
        """Pairs of the user's own."""
        try:
            rows = pl.read_csv(table, infer_schema=False) if table.suffix == ".csv" else pl.read_parquet(table)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise UserError(f"{table}: cannot be read as a table ({error})") from None
        absent = [name for name in PAIRS if name not in rows.columns]
        if absent:
            raise UserError(f"{table}: there is no column {absent[0]!r}; it needs {', '.join(PAIRS)}")
        for number in np.sort(self.rng.permutation(len(rows))[:count]).tolist():
            row = rows.row(number, named=True)
            if row["item_id"] not in self.catalog.index:
                raise UserError(f"{table}, row {number + 1}: there is no item {row['item_id']!r} in the catalogue")
            item = self.catalog.index[row["item_id"]]
            scene = read_scene(table.parent / row["picture"], table.parent / row["mask"])
            yield Example(picture=scene.picture, mask=scene.mask, item=self._own(item), **self._told(item))

    def drawn(self, count: int) -> Iterator[Example]:
        """Pairs of the synthetic world's own scenes, those that are kept for measures left out."""
        from genrec.imagery.small.domains import DOMAINS

        world = DOMAINS.get(kind_of(self.run) or "")
        if world is None or world.place is None:
            raise UserError(f"{self.run} has no scenes of its own: give --pairs, a table of {', '.join(PAIRS)}")
        for item in self.rng.choice(len(self.catalog), count).tolist():
            made = world.place(self.rows[item], self.rng)
            yield Example(picture=made.placed, mask=made.region, item=self._own(item), **self._told(item))

    def _own(self, item: int) -> Any:
        path = self.catalog.image_path(item)
        if path is None:
            raise UserError(f"item {self.catalog.ids[item]} has no picture: leave it out of the pairs")
        return read_picture(path)

    def _told(self, item: int) -> dict[str, Any]:
        """Id, text, vector, and the taste of somebody who has the item, by the rest of what they have."""
        row, taste = self.rows[item], None
        owners = self.owners.get(item, [])
        if owners:
            history = self.histories[owners[int(self.rng.integers(len(owners)))]]
            others = [one for one in history.tolist() if one != item and self.present[one]]
            if others:
                some = self.rng.permutation(others)[:RECENT]
                taste = self.vectors[some].mean(axis=0).astype(np.float32)
        return {
            "item_id": self.catalog.ids[item],
            "text": str(row.get("text") or row.get("title") or ""),
            "vector": np.asarray(self.vectors[item], dtype=np.float32) if self.present[item] else None,
            "taste": taste,
        }
