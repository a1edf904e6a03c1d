"""A living catalogue: what an addition takes, part by part, and what requests notice of changes.

    python benchmarks/living.py
    python benchmarks/living.py --leaf --json living.json
    python benchmarks/living.py --preset small

Items are random vectors around random centres, their semantic IDs from residual k-means fitted on a sample of them; the
generator's weights are random, for nothing here depends on what it has learned. «In all» is `Living.add`, from vectors
of the newcomers to the moment when requests see them, the log on the disk included; making vectors of texts is the
encoder's time and not in it. Latency is one request at a time, at rest and while another thread changes the catalogue
without a pause: adds, withdraws, changes, restores, in turn.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from machine import line, machine

from genrec.data import Catalog, Sequences
from genrec.decode.generator import Generator
from genrec.decode.leaf import LeafScorer
from genrec.decode.living import Draft, Frozen, Living, Snapshot
from genrec.decode.torch_engine import TorchEngine
from genrec.decode.trie import Trie
from genrec.evaluate.baselines.contentknn import ContentKNN
from genrec.evaluate.baselines.itemknn import ItemKNN
from genrec.model.compact import CompactConfig, CompactModel
from genrec.sid.collisions import extend, resolve
from genrec.sid.rqkmeans import ResidualKMeans

PRESETS = {"full": (1_000_000, 10_000, 256, 200), "small": (2_000, 50, 16, 20)}
"""Items, newcomers, codes per level, requests at rest."""
LEVELS, DIM, WIDTH, USERS = 3, 64, 64, 2_000
REPEATS = 3
WEIGHTS = {"codes": 1.0, "dense": 0.3, "neighbours": 1.0, "content": 0.3}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=list(PRESETS), default="full", help="1 million items or 2,000")
    parser.add_argument("--swaps", type=int, default=100, help="changes while requests run")
    parser.add_argument("--beam", type=int, default=50, help="beams per request")
    parser.add_argument("--leaf", action="store_true", help="with the leaf score, which looks at the whole catalogue")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured here as well")
    asked = parser.parse_args(arguments)
    n, newcomers, codes, requests = PRESETS[asked.preset]

    world = World(n, codes, asked.leaf, asked.beam, asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        first = world.first()
        first.catalog.index  # noqa: B018 (the first request of all makes it)
        living = Living(first, world.first, Path(folder), world.frozen)
        additions = [world.addition(living, newcomers) for _ in range(REPEATS)]
        parts = parts_of(living.current, world, newcomers)
        rest = latency(living, world, lambda done: done >= requests)
        busy = during_swaps(living, world, asked.swaps)
    found: dict[str, Any] = {
        "items": n, "newcomers": newcomers, "beam": asked.beam, "leaf": asked.leaf, "add_s": additions,
        "parts_s": parts,
        "at_rest": rest, "during_swaps": busy, "machine": machine(),
    }  # fmt: skip

    score = "with the leaf score" if asked.leaf else "codes alone"
    print(f"{n:,} items, {newcomers:,} added, beam {asked.beam}, {score}\n\n| part | s |\n| --- | --- |")
    for name, seconds in parts.items():
        print(f"| {name} | {seconds:.3f} |")
    print(f"| in all, first to last of {REPEATS} | {', '.join(f'{seconds:.2f}' for seconds in additions)} |")
    print("\n| requests | p50 ms | p99 ms | longest ms | invalid | errors |\n| --- | --- | --- | --- | --- | --- |")
    for name, row in (("at rest", rest), (f"during {asked.swaps} swaps in {busy['seconds']:.1f} s", busy)):
        figures = " | ".join(f"{row[key]:.1f}" for key in ("p50_ms", "p99_ms", "max_ms"))
        print(f"| {row['requests']}, {name} | {figures} | {row['invalid']} | {row['errors']} |")
    print(f"\n{line(machine())}")
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


class World:
    """A catalogue of n random items and a generator over it."""

    def __init__(self, n: int, codes: int, leaf: bool, beam: int, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.leaf, self.beam = leaf, beam
        self.centres = self.random.normal(size=(512, DIM)).astype(np.float32)
        self.vectors = self.draw(n)
        self.tokenizer = ResidualKMeans(levels=LEVELS, codebook_size=codes, iterations=10)
        self.tokenizer.fit(self.vectors[:50_000], seed=seed)
        sizes = self.tokenizer.codebook_sizes
        self.ids = resolve(self.tokenizer.encode(self.vectors), np.zeros(n), codebook_sizes=sizes, spare=64)
        self.histories = Sequences.from_lists(self.random.integers(0, n, 12).tolist() for _ in range(USERS))
        self.table = self.rows([f"I{item}" for item in range(n)])
        self.added = 0
        torch.manual_seed(seed)
        self.config = CompactConfig(self.ids.codebook_sizes, n, DIM, width=WIDTH, layers=2, heads=2)
        self.weights = CompactModel(self.config).state_dict()

    def draw(self, n: int) -> np.ndarray:
        noise = self.random.standard_normal((n, DIM), dtype=np.float32)
        vectors: np.ndarray = self.centres[self.random.integers(0, len(self.centres), n)] + noise
        return vectors

    def rows(self, names: list[str]) -> pl.DataFrame:
        prices = self.random.random(len(names))
        return pl.DataFrame({"item_id": names, "title": names, "text": names, "price": prices})

    def first(self) -> Snapshot:
        model = CompactModel(self.config)
        model.load_state_dict(self.weights)
        model.set_items(self.ids.codes, self.vectors, np.ones(len(self.ids), bool))
        engine = TorchEngine(model, Trie.build(self.ids), width=self.beam)
        popularity = np.bincount(self.histories.items, minlength=len(self.ids)).astype(np.float32)
        leaf = None
        if self.leaf:
            neighbours = ItemKNN().fit(self.histories, len(self.ids))
            leaf = LeafScorer(model, neighbours, ContentKNN(self.vectors), popularity, WEIGHTS)
        return Snapshot.first(Catalog(self.table), Generator(engine, np.log1p(popularity), leaf))

    def frozen(self) -> Frozen:
        return Frozen(lambda catalog: self.draw(len(catalog)), self.tokenizer, frozenset({"text"}))

    def newcomers(self, count: int) -> pl.DataFrame:
        self.added += count
        return self.rows([f"N{item}" for item in range(self.added - count, self.added)])

    def addition(self, living: Living, count: int) -> float:
        """Seconds until `count` newcomers can be recommended."""
        rows, vectors = self.newcomers(count), self.draw(count)
        started = time.perf_counter()
        living.add(rows, vectors)
        return time.perf_counter() - started


def parts_of(now: Snapshot, world: World, count: int) -> dict[str, float]:
    """Seconds of what an addition does, one after the other, on what comes out of the step before."""
    rows, vectors = world.newcomers(count), world.draw(count)
    seconds: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        result = work()
        seconds[name] = time.perf_counter() - started
        return result

    tokenizer = world.tokenizer
    codes = timed("tokenizer encodes", lambda: tokenizer.encode(vectors))
    ids = timed("free semantic IDs", lambda: extend(now.ids, codes, lambda row: tokenizer.alternatives(vectors[row])))
    draft = Draft(now)
    timed("tables grow", lambda: draft.add(rows, vectors, ids.codes[len(now.ids) :]))
    trie = timed("trie", lambda: Trie.build(ids))
    timed("ranks and paths of all items", lambda: (trie.rank_of(), trie.paths()))
    return seconds


def latency(living: Living, world: World, enough: Callable[[int], bool]) -> dict[str, Any]:
    """One request after the other until enough(requests): milliseconds, and what was wrong with the answers."""
    random = np.random.default_rng(1)
    taken, invalid, errors, done = [], 0, 0, 0
    living.current.generator.recommend(world.histories.take(np.array([0])), 10, exclude_seen=True)
    while not enough(done):
        history = world.histories.take(random.integers(0, USERS, 1))
        started = time.perf_counter()
        now = living.current
        try:
            items = now.generator.recommend(history, 10, exclude_seen=True).items[0]
        except Exception:
            errors += 1
            continue
        finally:
            taken.append(1000 * (time.perf_counter() - started))
            done += 1
        whole = len(set(items.tolist())) == 10 and items.min() >= 0 and items.max() < len(now.catalog)
        invalid += not (whole and now.available[items].all() and not set(items.tolist()) & set(history.items.tolist()))
    p50, p99 = np.percentile(taken, [50, 99])
    return {"requests": done, "p50_ms": p50, "p99_ms": p99, "max_ms": max(taken), "invalid": invalid, "errors": errors}


def during_swaps(living: Living, world: World, swaps: int) -> dict[str, Any]:
    failed: list[BaseException] = []
    over = threading.Event()

    def change() -> None:
        try:
            for number in range(swaps):
                ids = [living.current.catalog.ids[item] for item in world.random.permutation(1000)[:50]]
                if number % 4 == 0:
                    living.add(world.newcomers(50))
                elif number % 4 == 1:
                    living.withdraw(ids)
                elif number % 4 == 2:
                    living.change(world.rows(ids).select("item_id", "price"))
                else:
                    living.restore(ids)
        except BaseException as error:
            failed.append(error)
        finally:
            over.set()

    writer = threading.Thread(target=change)
    started = time.perf_counter()
    writer.start()
    row = latency(living, world, lambda done: over.is_set() and done >= 20)
    writer.join()
    if failed:
        raise failed[0]
    return row | {"seconds": time.perf_counter() - started}


if __name__ == "__main__":
    main()
