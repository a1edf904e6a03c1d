"""What the mask over items costs a sampling step of a language model, beside the step's own look at its logits.

    python benchmarks/sid_mask.py
    python benchmarks/sid_mask.py --batch 256 --words 4096 151936 --device cuda

Streams stand outside items (text), inside one (all at the level that costs most), or everywhere alike (mixed). Every
level has 256 codes, drawn as benchmarks/trie.py draws clustered ones. With limits, every request has a filter of its
own and a tenth of the catalogue is withdrawn. «argmax» is what greedy sampling pays for the same logits.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
import torch
from machine import line, machine
from trie import write_codes

LEVELS, SIZE = 4, 256
PRESETS = {"full": ((12_000, 1_000_000), 200), "small": ((500,), 3)}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=list(PRESETS), default="full", help="12,000 and 1 million items, or 500")
    parser.add_argument("--items", type=int, nargs="+", help="other numbers of items")
    parser.add_argument("--words", type=int, nargs="+", default=[4096, 151_936], help="words besides the items'")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured here as well")
    asked = parser.parse_args(arguments)
    items, repeats = PRESETS[asked.preset]
    print("| items | words | limits | text µs | inside µs | mixed µs | argmax µs |\n|" + " --- |" * 7)
    rows = []
    for n in asked.items or items:
        for words in asked.words:
            for limits in (False, True):
                times = measure(n, words, limits, asked.batch, asked.device, repeats)
                rows.append({"items": n, "words": words, "limits": limits, **times})
                cells = (f"{n:,}", f"{words:,}", "yes" if limits else "no", *(f"{one:,.0f}" for one in times.values()))
                print("| " + " | ".join(cells) + " |")
    print(f"\nbatch {asked.batch}, {asked.device}\n\n{line(machine())}")
    if asked.json:
        found = {"batch": asked.batch, "device": asked.device, "rows": rows, "machine": machine()}
        asked.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def measure(n: int, words: int, limits: bool, batch: int, device: str, repeats: int) -> dict[str, float]:
    """Median µs per step, by the table's columns."""
    from genrec.data.catalog import Catalog
    from genrec.decode.bitmaps import RankBitmap
    from genrec.decode.sid_slots import Ask, Slots
    from genrec.decode.stock import Stock
    from genrec.decode.trie import Trie
    from genrec.model.vocabulary import SidVocabulary
    from genrec.sid import SemanticIds

    random = np.random.default_rng(0)
    with TemporaryDirectory() as folder:
        write_codes(Path(folder) / "codes.npy", n, LEVELS, SIZE, "clustered", 0)
        ids = SemanticIds(np.load(Path(folder) / "codes.npy"), (SIZE,) * LEVELS)
    first = words + 2
    vocabulary = SidVocabulary(words, words + 1, tuple(first + SIZE * np.arange(LEVELS)[:, None] + np.arange(SIZE)))
    table = pl.DataFrame({"item_id": [str(item) for item in range(n)], "price": random.random(n)})
    available = RankBitmap.of_mask(random.random(n) < 0.9) if limits else None
    stock = Stock(Trie.build(ids), vocabulary, Catalog(table), available)
    slots = Slots(lambda: stock, batch, device)
    for slot in range(batch):
        slots.admit(slot, Ask(where={"price": {"max": 0.2 + 0.8 * slot / batch}} if limits else None), 0)
    tokens = torch.from_numpy(vocabulary.tokens(ids.codes[random.integers(0, n, batch)])).to(device)
    text = torch.ones(batch, LEVELS + 1, dtype=torch.long, device=device)
    tails = [text, *(torch.cat([text, tokens[:, : level + 1]], 1)[:, -LEVELS - 1 :] for level in range(LEVELS + 1))]
    which = torch.arange(batch, device=device) % (LEVELS + 2)
    mixed = torch.stack(tails)[which, torch.arange(batch, device=device)]
    logits = torch.randn(batch, first + SIZE * LEVELS, device=device)
    rows, done = torch.arange(batch, device=device), torch.zeros(batch, dtype=torch.long, device=device)

    def micros(work: Callable[[torch.Tensor], Any]) -> float:
        times = []
        for _ in range(repeats + 2):
            given = logits.clone()
            if given.is_cuda:
                torch.cuda.synchronize()
            begin = time.perf_counter()
            work(given)
            if given.is_cuda:
                torch.cuda.synchronize()
            times.append(time.perf_counter() - begin)
        return 1e6 * statistics.median(times[2:])

    def step(tail: torch.Tensor) -> float:
        return micros(lambda given: slots.forbid(given, rows, rows, tail, done, None))

    with torch.inference_mode():
        text_us, *inside = (step(tail) for tail in tails[:-1])
        return {
            "text_us": text_us,
            "inside_us": max(inside),
            "mixed_us": step(mixed),
            "argmax_us": micros(lambda given: given.argmax(-1)),
        }


if __name__ == "__main__":
    main()
