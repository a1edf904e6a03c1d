"""Users per second of offline generation on a finished run: the table of serve/README.

    python benchmarks/generate.py runs/demo --beam 50 --batch 32 128 512

What is timed is `Recommender.recommend_table`, which `genrec generate` calls for every shard: prefill, beam search
along the trie, leaf score, and the answer as a table under the users' and items' own ids. Reading the run is not timed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from machine import line, machine

from genrec import stages
from genrec.data import Sequences
from genrec.recommender import Recommender, load_generator
from genrec.workspace import Workspace

REPEATS = 3


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="a run whose stages up to `train` are done")
    parser.add_argument("--k", type=int, default=10, help="items per user")
    parser.add_argument("--beam", type=int, default=50, help="beams per user")
    parser.add_argument("--batch", type=int, nargs="+", default=[32, 128, 512], help="users per forward pass")
    parser.add_argument("--users", type=int, default=2000, help="how many users are answered, at most")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured here as well")
    asked = parser.parse_args(arguments)

    catalog, interactions = stages.load_data(Workspace(asked.run).folder("data"))
    sequences = interactions.sequences(catalog)
    some = np.sort(np.random.default_rng(0).permutation(len(sequences))[: asked.users])
    histories = sequences.take(some)
    rows = []
    for batch in asked.batch:
        row: dict[str, Any] = {"batch": batch}
        for name, plain in (("leaf", False), ("plain", True)):
            generator = load_generator(asked.run, beam=max(asked.beam, asked.k), plain=plain)
            generator.engine.batch = generator.batch = batch
            row[name] = speed(Recommender(asked.run, catalog, generator), histories, asked.k, batch)
        rows.append(row)
    found = {
        "run": str(asked.run), "items": len(catalog), "users": len(histories), "k": asked.k, "beam": asked.beam,
        "rows": rows, "machine": machine(),
    }  # fmt: skip

    print(f"{len(catalog):,} items, {len(histories):,} users, k {asked.k}, beam {asked.beam}, seen items excluded\n")
    print("| users per batch | users/s, codes and leaf score | users/s, codes alone |\n| --- | --- | --- |")
    for row in rows:
        print(f"| {row['batch']} | {row['leaf']:.0f} | {row['plain']:.0f} |")
    print(f"\nMedian of {REPEATS}. {line(machine())}")
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def speed(recommender: Recommender, histories: Sequences, k: int, batch: int) -> float:
    """Users per second, median of `REPEATS`, after one batch that is not counted."""
    recommender.recommend_table(histories.take(np.arange(min(batch, len(histories)))), k)
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        recommender.recommend_table(histories, k)
        taken.append(time.perf_counter() - start)
    return len(histories) / statistics.median(taken)


if __name__ == "__main__":
    main()
