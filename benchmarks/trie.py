"""The trie at scale: building it, its memory, mapping its file, and what a step of the search costs.

    python benchmarks/trie.py
    python benchmarks/trie.py --preset small
    python benchmarks/trie.py --settings 3x8192 --codes clustered --beams 1x512 --device cuda

Every setting is built from codes in memory in a process of its own, whose peak counts those codes and the libraries.
Uniform codes are drawn from all semantic IDs alike. Clustered ones are not: after every prefix a few codes are common
and most are rare (code ⌊V · u³⌋ for a uniform u, turned by a number that depends on the prefix), as residual codebooks
are used. A step is timed at the nodes of items drawn from the catalogue, so that crowded prefixes come often; every
request excludes 50 items.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from machine import line, machine

SEEN = 50
PRESETS = {"full": (20_000_000, 20), "small": (20_000, 3)}
"""Items, and how often a step is timed."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=list(PRESETS), default="full", help="20 million items or 20,000")
    parser.add_argument("--items", type=int, help="another number of items")
    parser.add_argument(
        "--settings", nargs="+", default=["3x2048", "3x8192", "4x256", "4x8192"], metavar="LEVELSxCODES"
    )
    parser.add_argument("--codes", nargs="+", default=["clustered", "uniform"], choices=["clustered", "uniform"])
    parser.add_argument("--beams", nargs="+", default=["1x50", "8x256"], metavar="REQUESTSxWIDTH")
    parser.add_argument("--device", default="cpu", help="where the steps are timed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured here as well")
    asked = parser.parse_args(arguments)
    items, repeats = PRESETS[asked.preset]
    items = asked.items or items
    beams = [tuple(map(int, beam.split("x"))) for beam in asked.beams]

    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for setting in asked.settings:
            levels, size = map(int, setting.split("x"))
            for kind in asked.codes:
                codes, file = Path(folder) / "codes.npy", Path(folder) / "trie.safetensors"
                alone(write_codes, codes, items, levels, size, kind, asked.seed)
                row = {"setting": setting, "codes": kind, "items": items} | alone(build, codes, (size,) * levels, file)
                rows.append(row | alone(steps, file, beams, asked.device, repeats, asked.seed))
                print(f"{setting} {kind}: built in {row['build_s']:.1f} s", file=sys.stderr)

    head = ("setting", "codes", "build s", "of it checking IDs s", "peak MB", "bytes an item", "of it in the file",
            "mapped s", "fan-out by level")  # fmt: skip
    print(f"{items:,} items\n\n| " + " | ".join(head) + " |\n|" + " --- |" * len(head))
    for row in rows:
        fanout = ", ".join(f"{n:,}{'*' * dense}" for n, dense in zip(row["fanout"], row["dense"], strict=True))
        cells = (row["setting"], row["codes"], f"{row['build_s']:.1f}", f"{row['check_s']:.1f}",
                 f"{row['peak_mb']:,.0f}", f"{row['bytes_per_item']:.2f}", f"{row['file_bytes_per_item']:.2f}",
                 f"{row['load_s']:.3f}", fanout)  # fmt: skip
        print("| " + " | ".join(cells) + " |")
    print(f"\n\\* dense. µs per step on {asked.device}, by level: children / constraints / mask\n")
    deepest = max(len(row["fanout"]) for row in rows)
    print("| setting | codes | beam |" + "".join(f" level {level} |" for level in range(deepest)))
    print("|" + " --- |" * (3 + deepest))
    for row in rows:
        for beam in asked.beams:
            taken = [step for step in row["steps"] if step["beam"] == beam]
            parts = ("children_us", "open_us", "mask_us")
            times = [" / ".join(f"{step[part]:,.0f}" for part in parts) for step in taken]
            print(
                "| " + " | ".join([row["setting"], row["codes"], beam, *times, *["–"] * (deepest - len(times))]) + " |"
            )
    print(f"\n{line(machine())}")
    if asked.json:
        found = {"items": items, "device": asked.device, "rows": rows, "machine": machine()}
        asked.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def alone(work: Callable[..., Any], *arguments: Any) -> Any:
    """`work(*arguments)` in a fresh process, so that its peak memory is its own. This one stays small."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def write_codes(path: Path, items: int, levels: int, size: int, kind: str, seed: int) -> None:
    """uint16 (items, levels) as .npy, all rows different, in random order."""
    random = np.random.default_rng(seed)
    keys = np.empty(0, dtype=np.int64)
    if items > size**levels // 2:
        raise SystemExit(f"{items:,} items are too many for {levels} levels of {size}: at most {size**levels // 2:,}")
    while len(keys) < items:
        more = items + items // 20 if not len(keys) else items // 2
        if kind == "uniform":
            drawn = random.integers(0, size**levels, more)
        else:
            drawn = np.zeros(more, dtype=np.int64)
            for _ in range(levels):
                draw = random.random(more)
                code = (size * draw * draw * draw).astype(np.int64)
                drawn = drawn * size + (code + drawn * 40_503) % size
        keys = np.sort(np.concatenate([keys, drawn]))
        keys = keys[np.append(True, keys[1:] != keys[:-1])]
    keys = random.permutation(keys)[:items]
    codes = np.empty((items, levels), dtype=np.uint16)
    for level in reversed(range(levels)):
        keys, codes[:, level] = np.divmod(keys, size)
    np.save(path, codes)


def build(codes: Path, sizes: tuple[int, ...], file: Path) -> dict[str, Any]:
    """Seconds from codes in memory to a trie, the checking of the IDs included, and the peak of this process."""
    from genrec.decode.trie import Trie
    from genrec.sid import SemanticIds

    array = np.load(codes)
    start = time.perf_counter()
    ids = SemanticIds(array, sizes)
    checked = time.perf_counter()
    trie = Trie.build(ids)
    built = time.perf_counter()
    trie.save(file)
    saved = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {
        "check_s": checked - start,
        "build_s": built - start,
        "save_s": saved - built,
        "peak_mb": peak / 1e6,
        "bytes_per_item": trie.nbytes / len(trie),
        "file_bytes_per_item": file.stat().st_size / len(trie),
        "fanout": trie.fanout,
        "dense": trie.dense,
    }


def steps(file: Path, beams: list[tuple[int, int]], device: str, repeats: int, seed: int) -> dict[str, Any]:
    """Seconds to map a file and make its tables, and the median µs of every part of a step."""
    import torch

    from genrec.decode.constraints import Constraints
    from genrec.decode.trie import Trie

    start = time.perf_counter()
    trie = Trie.load(file)
    assert trie.tables
    found: dict[str, Any] = {"load_s": time.perf_counter() - start, "steps": []}
    trie = trie.to(device)
    draw = torch.Generator().manual_seed(seed)

    def micros(work: Callable[[], Any]) -> float:
        times: list[float] = []
        work()
        while len(times) < repeats and sum(times) < 2:
            if trie.order.is_cuda:
                torch.cuda.synchronize()
            begin = time.perf_counter()
            work()
            if trie.order.is_cuda:
                torch.cuda.synchronize()
            times.append(time.perf_counter() - begin)
        return 1e6 * statistics.median(times)

    for batch, width in beams:
        seen = torch.randint(len(trie), (batch, SEEN), generator=draw).to(device)
        constraints = Constraints.from_items(seen, torch.ones_like(seen, dtype=torch.bool), trie.rank_of())
        for level in range(trie.levels):
            ranks = torch.randint(len(trie), (batch, width if level else 1), generator=draw).to(device)
            nodes = trie.nodes_at(level, ranks) if level else torch.zeros_like(ranks)
            step: dict[str, Any] = {"beam": f"{batch}x{width}", "level": level, "slots": trie.fanout[level]}
            step["children_us"] = micros(partial(slots, trie, level, nodes))
            step["open_us"] = micros(partial(allowed, trie, constraints, level, nodes))
            step["mask_us"] = micros(partial(trie.mask, level, nodes))
            found["steps"].append(step)
    return found


def slots(trie: Any, level: int, nodes: Any) -> Any:
    """The children (B, W, M) of a level and their codes, as the search lays them out."""
    found, exists = trie.slots(level, nodes)
    return found, exists, trie.codes_at(level + 1, found)


def allowed(trie: Any, constraints: Any, level: int, nodes: Any) -> Any:
    """Which children (B, W, M) of a level have an allowed item below them."""
    return constraints.open_children(trie.bounds(level, nodes))
