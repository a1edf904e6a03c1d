"""Attributes: the catalogue's own columns (category, brand, colour, price …) as vectors.

A text that names brand and category says them among other words; as columns they are exact. A value becomes an
indicator weighted by its rarity (inverse document frequency), a number its place among the catalogue's quantiles.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl

from genrec.data.catalog import COLUMNS, Catalog
from genrec.embed.vectors import checked
from genrec.errors import UserError, nearest

KNOTS = 9
"""Quantiles between which a number is interpolated: its minimum, seven between, its maximum."""
MANY = 20
"""A column of whole numbers with more different values than this counts as numbers, not as names."""


class AttributeEncoder:
    """Learned once on a catalogue and frozen: values that come later and were never seen say nothing.

    After `fit`, columns: name → {"kind": "values", "values": […], "weights": […]} or {"kind": "number", "knots": […]}.
    """

    def __init__(self, names: Sequence[str] | None = None, values: int = 512) -> None:
        """names: the columns to read; None takes every one that tells groups of items apart, see `suitable`.

        values: at most so many values a column, the most frequent.
        """
        self.names, self.values = None if names is None else list(names), values
        self.columns: dict[str, dict[str, Any]] = {}

    def fit(self, catalog: Catalog) -> Self:
        """Raises UserError for a column that is named and not there, or that says nothing of any two items."""
        table = catalog.table
        for name in self.names or []:
            if name not in table.columns:
                raise UserError(
                    f"embed.attributes.columns: the catalogue has no column {name!r}: {nearest(name, table.columns)}"
                )
        chosen = suitable(table) if self.names is None else self.names
        self.columns = {}
        for name in chosen:
            learned = _learn(table[name], self.values)
            if learned is not None:
                self.columns[name] = learned
            elif self.names is not None:
                raise UserError(
                    f"embed.attributes.columns: {name!r} has no value that two items share, and tells no groups "
                    "apart: leave it out"
                )
        return self

    def encode(self, catalog: Catalog) -> tuple[np.ndarray, np.ndarray]:
        """(vectors float32 (N, d), mask bool (N,)): an item without any known value in any column is missing."""
        vectors = [np.empty((len(catalog), 0), np.float32)]
        mask = np.zeros(len(catalog), dtype=bool)
        for name, learned in self.columns.items():
            if name not in catalog.table.columns:
                column = pl.Series(name, [None] * len(catalog), dtype=pl.String)
            else:
                column = catalog.table[name]
            block = _numbers(column, learned) if learned["kind"] == "number" else _indicators(column, learned)
            vectors.append(block)
            mask |= block.any(axis=1)
        return checked(np.concatenate(vectors, axis=1), mask, source="attributes", ids=catalog.ids)

    def save_pretrained(self, folder: Path) -> None:
        """attributes.json."""
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / "attributes.json.part"
        said = {"names": self.names, "values": self.values, "columns": self.columns}
        part.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
        os.replace(part, folder / "attributes.json")

    @classmethod
    def from_pretrained(cls, folder: Path) -> Self:
        try:
            said = json.loads((folder / "attributes.json").read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise UserError(
                f"{folder} holds no attribute encoder ({error.filename} is missing): embed again"
            ) from error
        encoder = cls(said["names"], said["values"])
        encoder.columns = said["columns"]
        return encoder


def suitable(table: pl.DataFrame) -> list[str]:
    """The columns beyond `COLUMNS` that tell groups of items apart: numbers, and names that mostly repeat.

    A column of names is taken if at least half of the items that have it share their value with another item, so that
    descriptions, links and keys stay out; lists (tags, categories) likewise, by their single values.
    """
    chosen = []
    for name in table.columns:
        if name in COLUMNS:
            continue
        column = table[name]
        if column.dtype.is_float() or (column.dtype.is_integer() and column.n_unique() > MANY):
            chosen.append(name)
            continue
        said = [value for value in _said(column) if value]
        counts = Counter(one for value in said for one in value)
        shared = sum(any(counts[one] > 1 for one in value) for value in said)
        if said and len(counts) > 1 and 2 * shared >= len(said):
            chosen.append(name)
    return chosen


def _learn(column: pl.Series, most: int) -> dict[str, Any] | None:
    if column.dtype.is_float() or (column.dtype.is_integer() and column.n_unique() > MANY):
        numbers = column.cast(pl.Float64).to_numpy()
        numbers = numbers[np.isfinite(numbers)]
        knots = np.unique(np.quantile(numbers, np.linspace(0, 1, KNOTS))) if len(numbers) else np.empty(0)
        return {"kind": "number", "knots": knots.tolist()} if len(knots) > 1 else None
    said = _said(column)
    counts = Counter(one for value in said for one in set(value))
    # What all items are says as little as what one alone is.
    shared = [value for value, count in counts.items() if 1 < count < len(said)]
    shared = sorted(sorted(shared), key=lambda value: -counts[value])[:most]
    if not shared:
        return None
    return {"kind": "values", "values": shared, "weights": [float(np.log(len(said) / counts[one])) for one in shared]}


def _said(column: pl.Series) -> list[list[str]]:
    """Every item's values as text; a column of lists has several an item, a missing value is none."""
    if isinstance(column.dtype, pl.List):
        return [[str(one) for one in value if one is not None] if value is not None else [] for value in column]
    return [[str(value)] if value is not None and str(value).strip() else [] for value in column]


def _indicators(column: pl.Series, learned: dict[str, Any]) -> np.ndarray:
    places = {value: place for place, value in enumerate(learned["values"])}
    weights = np.asarray(learned["weights"], np.float32)
    block = np.zeros((len(column), len(places)), np.float32)
    for row, value in enumerate(_said(column)):
        for place in {places[one] for one in value if one in places}:
            block[row, place] = weights[place]
    return block


def _numbers(column: pl.Series, learned: dict[str, Any]) -> np.ndarray:
    """Between two knots a number is a mixture of both; beyond the last ones it is the last."""
    knots = np.asarray(learned["knots"])
    numbers = column.cast(pl.Float64, strict=False).to_numpy()
    there = np.flatnonzero(np.isfinite(numbers))
    places = np.interp(numbers[there], knots, np.arange(len(knots)))
    left = np.minimum(places.astype(np.int64), len(knots) - 2)
    block = np.zeros((len(column), len(knots)), np.float32)
    block[there, left] = left + 1 - places
    block[there, left + 1] = places - left
    # As heavy as a value that as many items have as fall between two knots.
    return block * np.float32(np.log(len(knots)))
