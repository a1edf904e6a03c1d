"""Filters inside the search: what compiling one takes, and users per second with another filter in every request.

    python benchmarks/filters.py --preset million

Random weights over a random catalogue with columns category, brand, price, countries and released: what a filter costs
depends on sizes and not on what was learned. Filters come as the HTTP interface gets them, as dictionaries; reading and
compiling them is part of their time. Each round times the same users without a filter and with one, in turn; a ratio is
the median over rounds. Every answer is held against the table, row by row.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from machine import line, machine

import torch  # isort: skip  (after `machine`, which sets what torch reads at its start)

from genrec.data.interactions import Sequences
from genrec.decode.columns import ColumnIndex
from genrec.decode.limits import Limits, constraints_of
from genrec.decode.torch_engine import TorchEngine
from genrec.decode.trie import Trie
from genrec.model.compact import CompactConfig, CompactModel
from genrec.sid import SemanticIds

FIRST_DAY = dt.date(2020, 1, 1)
DAYS, CATEGORIES, BRANDS = 2000, 200, 5000
COUNTRIES = ["AT", "BE", "CH", "DE", "ES", "FR", "GB", "IT", "NL", "PL", "SE", "US"]


@dataclass(frozen=True)
class Preset:
    """items, the codebooks before the collision level, users per batch and beams per user."""

    items: int
    codebooks: tuple[int, ...]
    batch: int = 64
    beam: int = 50


PRESETS = {
    "million": Preset(1_000_000, (2048, 2048, 2048)),
    "million-256": Preset(1_000_000, (256, 256, 256, 256)),
    "small": Preset(3_000, (32, 32, 32), batch=8, beam=12),
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=PRESETS, default="million")
    parser.add_argument("--k", type=int, default=10, help="items per user")
    parser.add_argument("--batch", type=int, help="users per forward pass, instead of the preset's")
    parser.add_argument("--rounds", type=int, default=7, help="batches per way, after one that is not counted")
    parser.add_argument("--compiled", type=int, default=2000, help="filters whose compilation is timed one by one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured here as well")
    asked = parser.parse_args(arguments)
    preset, random = PRESETS[asked.preset], np.random.default_rng(asked.seed)
    batch = asked.batch or preset.batch

    # 1. A catalogue, its trie, its index.
    ids = codes(preset, random)
    trie, table = Trie.build(ids), catalogue(preset.items, random)
    begin = time.perf_counter()
    index = ColumnIndex(table, trie.order)
    index.prepare()
    prepared = time.perf_counter() - begin

    # 2. Compilation alone. A few filters before make numpy's and the index's own first-time work.
    for _ in range(50):
        index.compile(some_filter(random))
    taken = []
    for said in [some_filter(random) for _ in range(asked.compiled)]:
        begin = time.perf_counter()
        index.compile(said)
        taken.append((time.perf_counter() - begin) * 1e6)

    # 3. Users per second.
    torch.manual_seed(asked.seed)
    config = CompactConfig(ids.codebook_sizes, preset.items, item_ids=False, dense=False)
    model = CompactModel(config)
    model.set_items(ids.codes, None, np.ones(preset.items, bool))
    engine = TorchEngine(model, trie, width=preset.beam, batch=batch)
    found = {
        "preset": asked.preset, "items": preset.items, "codebook_sizes": list(ids.codebook_sizes), "k": asked.k,
        "beam": preset.beam, "batch": batch, "prepare_s": prepared, "filters": len(taken),
        "compile_p50_us": float(np.percentile(taken, 50)), "compile_p99_us": float(np.percentile(taken, 99)),
    }  # fmt: skip
    found["rows"] = [
        {"histories": name} | speed(engine, index, table, random, batch, asked, exclude)
        for name, exclude in (("allowed", False), ("excluded", True))
    ]

    sizes = "×".join(map(str, ids.codebook_sizes))
    print(f"{preset.items:,} items, codebooks {sizes}, {batch} users per batch, beam {preset.beam}, k {asked.k}\n")
    print("| histories | users/s, no filter | users/s, a filter each | ratio | invalid | incomplete |")
    print("| --- | --- | --- | --- | --- | --- |")
    for row in found["rows"]:
        speeds = f"{row['unfiltered_users_per_s']:.0f} | {row['filtered_users_per_s']:.0f} | {row['ratio']:.2f}"
        print(f"| {row['histories']} | {speeds} | {row['invalid']} | {row['incomplete']} |")
    times = f"p50 {found['compile_p50_us']:.0f} µs, p99 {found['compile_p99_us']:.0f} µs over {len(taken)} filters"
    print(f"\nCompiling a filter: {times}; indexing five columns: {prepared:.1f} s. {line(machine())}")
    if asked.json:
        asked.json.write_text(json.dumps(found | {"machine": machine()}, indent=1) + "\n", encoding="utf-8")


def speed(
    engine: TorchEngine, index: ColumnIndex, table: pl.DataFrame, random: np.random.Generator, batch: int, asked: Any,
    exclude: bool,
) -> dict[str, Any]:  # fmt: skip
    """Users/s without and with a filter in every request; answers that are wrong, and those that lack an item."""
    rank_of, n = engine.rank_of, table.height
    seconds: dict[bool, list[float]] = {False: [], True: []}
    invalid = incomplete = 0
    for _ in range(asked.rounds + 1):
        lengths = random.integers(5, 30, batch)
        histories = Sequences.from_lists(random.integers(0, n, length).tolist() for length in lengths)
        asks = [some_filter(random) for _ in range(batch)]
        for filtered in (False, True):
            begin = time.perf_counter()
            limits = [Limits.read(index, {}, where=said if filtered else None) for said in asks]
            seen = None
            if exclude:
                padded = histories.padded(int(histories.lengths.max()))
                seen = tuple(torch.from_numpy(part).to(rank_of.device) for part in padded)
            constraints = constraints_of(limits, index, rank_of, seen=seen)
            found = engine.search(engine.states(histories), constraints, asked.k).items.cpu()
            seconds[filtered].append(time.perf_counter() - begin)
            if not filtered:
                continue
            left = constraints.count(n).tolist()
            for row, said, count, history in zip(found.tolist(), asks, left, histories, strict=True):
                items = [item for item in row if item >= 0]
                wrong = [item for item, columns in zip(items, table[items].iter_rows(named=True), strict=True)
                         if not holds(said, columns) or (exclude and item in history)]  # fmt: skip
                invalid += len(wrong) + len(items) - len(set(items))
                incomplete += len(items) < min(asked.k, count)
    plain, filtered_ = (seconds[way][1:] for way in (False, True))
    return {
        "unfiltered_users_per_s": batch / statistics.median(plain),
        "filtered_users_per_s": batch / statistics.median(filtered_),
        "ratio": statistics.median(a / b for a, b in zip(plain, filtered_, strict=True)),
        "invalid": invalid,
        "incomplete": incomplete,
    }


def codes(preset: Preset, random: np.random.Generator) -> SemanticIds:
    """Uniform codes, and a collision level that counts the items of equal ones."""
    drawn = np.stack([random.integers(0, size, preset.items) for size in preset.codebooks], axis=1)
    order = np.lexsort(drawn.T[::-1])
    new = np.append(True, (drawn[order][1:] != drawn[order][:-1]).any(1))
    place = np.arange(preset.items)
    count = np.empty(preset.items, np.int64)
    count[order] = place - np.maximum.accumulate(np.where(new, place, 0))
    return SemanticIds(np.column_stack([drawn, count]), (*preset.codebooks, max(int(count.max()) + 1, 2)))


def catalogue(n: int, random: np.random.Generator) -> pl.DataFrame:
    """Skewed categories and brands, prices with some missing, up to three countries, a day of release."""
    prices = pl.Series(random.lognormal(3, 1, n).round(2))
    countries = random.integers(0, len(COUNTRIES), (n, 3))
    return pl.DataFrame(
        {
            "category": pl.Series(skewed(CATEGORIES, n, random)).cast(pl.String),
            "brand": pl.Series(skewed(BRANDS, n, random)).cast(pl.String),
            "price": prices.set(pl.Series(random.random(n) < 0.02), None),
            "countries": pl.Series(np.array(COUNTRIES)[countries]).arr.to_list(),
            "released": pl.Series(random.integers(0, DAYS, n)).cast(pl.Int32) * dt.timedelta(days=1) + FIRST_DAY,
        }
    )


def skewed(count: int, n: int, random: np.random.Generator) -> np.ndarray:
    """n values from 0 … count - 1, the first the most frequent, none rare beyond measure."""
    return (count * random.random(n) ** 1.5).astype(np.int64)


def some_filter(random: np.random.Generator) -> dict[str, Any]:
    """One to three of five conditions, as a request would say them."""
    low = float(random.lognormal(2.5, 1))
    day = FIRST_DAY + dt.timedelta(days=int(random.integers(0, DAYS - 100)))
    some = random.choice(COUNTRIES, random.integers(1, 3), replace=False).tolist()
    conditions: dict[str, Any] = {
        "category": random.integers(0, CATEGORIES, random.integers(1, 6)).astype(str).tolist(),
        "brand": random.integers(0, BRANDS, random.integers(1, 30)).astype(str).tolist(),
        "price": {"min": round(low, 2), "max": round(low * float(random.uniform(1.5, 6)), 2)},
        "countries": {"not": some} if random.random() < 0.3 else some,
        "released": {
            "min": day.isoformat(),
            "max": (day + dt.timedelta(days=int(random.integers(1, 800)))).isoformat(),
        },
    }
    chosen = random.permutation(list(conditions))[: random.integers(1, 4)]
    return {name: conditions[name] for name in chosen.tolist()}


def holds(said: dict[str, Any], row: dict[str, Any]) -> bool:
    """The same filter read by hand, for one row of the table."""
    for name, condition in said.items():
        value = row[name]
        if name == "price":
            good = value is not None and condition["min"] <= value <= condition["max"]
        elif name == "released":
            good = condition["min"] <= value.isoformat() <= condition["max"]
        elif name == "countries":
            good = (
                not set(value) & set(condition["not"]) if isinstance(condition, dict) else set(value) & set(condition)
            )
        else:
            good = value in condition
        if not good:
            return False
    return True


if __name__ == "__main__":
    main()
