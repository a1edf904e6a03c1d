"""Two small catalogues: a fashion world with people in it, and one whose values are words that nothing else says."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from genrec.data import Catalog
from genrec.data.interactions import Sequences
from genrec.data.splits import leave_one_out
from genrec.data.synthetic import fashion
from genrec.model.tasks import Facts, Material
from genrec.sid import SemanticIds

SIZES = (8, 8, 8, 2)


def ids_of(items: int) -> SemanticIds:
    """Distinct codes for so many items, in no order."""
    every = np.array(list(product(*(range(size) for size in SIZES))), np.uint16)
    return SemanticIds(np.random.default_rng(1).permutation(every)[:items], SIZES)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Catalog, Sequences]:
    """160 garments and what 60 people did, held-out events included."""
    folder: Path = tmp_path_factory.mktemp("fashion")
    made = fashion.build(folder, items=160, users=60, seed=3)
    return made.catalog, made.interactions.sequences(made.catalog)


@pytest.fixture(scope="session")
def material(world: tuple[Catalog, Sequences]) -> Material:
    catalog, sequences = world
    train = leave_one_out(sequences, len(catalog)).train
    return Material(catalog, ids_of(len(catalog)), train, Facts(catalog), max_items=12)


@pytest.fixture(scope="session")
def plain() -> Material:
    """200 things whose values are words of their own; titles are names. So a question shows which values it states."""
    random = np.random.default_rng(5)
    columns = {
        "category": ["lamp", "chair", "table"],
        "shade": ["umber", "ochre", "azure", "ecru", "khaki"],
        "stuff": ["oak", "teak", "zinc", "glass"],
        "maker": ["Noka", "Ruvo", "Sibo", "Tamo", "Velu"],
    }
    drawn = {name: random.choice(values, 200) for name, values in columns.items()}
    names = [f"Q{n}" for n in range(200)]
    catalog = Catalog(pl.DataFrame({"item_id": names, "title": names, **drawn}))
    histories = [random.integers(0, 200, 6) for _ in range(30)]
    return Material(catalog, ids_of(200), Sequences.from_lists(histories), Facts(catalog))
