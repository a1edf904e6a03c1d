"""A small fashion catalogue without pictures, people who buy from it, and scorers that say what they score by."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from genrec.data.catalog import Catalog
from genrec.data.interactions import Sequences
from genrec.data.synthetic.draws import Draws
from genrec.data.synthetic.synonyms import synonyms
from genrec.data.synthetic.wardrobe import garments
from genrec.data.synthetic.wording import description, title
from genrec.explain.checker import Checker
from genrec.model.tasks.facts import Fact, Facts
from genrec.sid.codes import SemanticIds

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
N, SIZES = 240, (12, 9, 8, 4)


@dataclass(frozen=True, eq=False)
class World:
    catalog: Catalog
    ids: SemanticIds
    facts: Facts
    histories: Sequences

    def fact(self, column: str, value: str) -> int:
        return self.facts.number[Fact(column, value)]

    def values(self, item: int, column: str) -> object:
        return self.catalog.table[column][item]


@pytest.fixture(scope="package")
def world() -> World:
    draws, rows = Draws(3, 3), []
    for number, garment in enumerate(garments(N, 3)):
        name, words = title(garment, draws), description(garment, draws)
        said = {"item_id": f"F{number:03d}", "title": name, "text": f"{name}. {words} {garment.brand}."}
        rows.append({**said, **asdict(garment), "series": garment.series or None})
    catalog = Catalog(pl.DataFrame(rows, infer_schema_length=None, schema_overrides={"series": pl.String}))
    random = np.random.default_rng(4)
    codes = np.stack(np.unravel_index(random.permutation(np.prod(SIZES))[:N], SIZES), axis=1)
    lengths = random.integers(3, 12, 60)
    histories = Sequences.from_lists([random.choice(N, length, replace=False).tolist() for length in lengths])
    return World(catalog, SemanticIds(codes, SIZES), Facts(catalog), histories)


@pytest.fixture(scope="package")
def checker(world: World) -> Checker:
    return Checker(world.catalog, world.facts, world.ids, synonyms(world.catalog.table))


@pytest.fixture(scope="package")
def cases(world: World) -> Any:
    """Phrasings filled truly and falsely, of all histories here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        made = importlib.import_module("claims").Cases
    random = np.random.default_rng(8)
    histories = [row.tolist() for row in world.histories]
    items = [int(random.choice(np.setdiff1d(np.arange(len(world.catalog)), history))) for history in histories]
    return made(world.catalog, world.ids, histories, items)


class Additive:
    """score(h, i) = Σ over events of decay ** age · table[event, i]; what an empty history scores is given."""

    def __init__(self, table: np.ndarray, decay: float = 0.8, empty: float = 0.0) -> None:
        self.table, self.decay, self.empty = table, decay, empty
        self.calls = 0

    def score(self, histories: Sequences, items: np.ndarray) -> np.ndarray:
        self.calls += 1
        found = np.full(items.shape, self.empty, np.float32)
        for row, history in enumerate(histories):
            for age, event in enumerate(history[::-1].tolist()):
                found[row] += self.decay**age * self.table[event, items[row]]
        return found


@pytest.fixture(scope="package")
def additive() -> Callable[..., Additive]:
    return Additive
