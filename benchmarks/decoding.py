"""Constrained decoding, all ways on the same model, prompts, catalogue and machine: the tables of serve/README.

    python benchmarks/decoding.py --preset cpu-small --json cpu-small.json

`floor` is the model's own arithmetic and nothing else (`floors.py`), at the best batch of a sweep; `hf-generate` is
Hugging Face's beam search with `prefix_allowed_tokens_fn`, at its best batch too; `vllm-beam-search` is vLLM's, which
knows no constraint; `torch` is GenRec's engine at its own batch, `vllm` the one inside vLLM's worker, `vllm-driver` the
one over vLLM's public API, `vllm-chat` the worker beside a chat that streams. Ways take turns, but for those through
vLLM, which have a process each; a figure is the median of its turns, a ratio to the floor the median of the turns'
ratios. Latencies are of single requests, alone; memory is that of the whole process. `invalid` counts answers that are
no item or repeat one. All random: weights, prompts, catalogue.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from machine import line, machine  # isort: skip
import numpy as np
import torch
from clock import latencies, over, peak, seconds
from decoding_ways import (
    SPECIAL,
    HfGenerate,
    Way,
    catalogue,
    compact,
    compact_floor_way,
    compact_way,
    floor_way,
    qwen3,
    through_vllm,
    token_table,
    torch_way,
)
from floors import CausalFloor, CompactFloor, GemmChain
from torch import Tensor
from transformers.utils import logging

from genrec.decode.beams import Beams
from genrec.decode.causal_engine import CausalEngine
from genrec.decode.trie import Trie

VLLM = ("vllm-beam-search", "vllm", "vllm-driver", "vllm-chat")
HONEST = 0.6
"""A floor that reaches less of the speed of its bare matrix products says little."""


@dataclass(frozen=True)
class Preset:
    """shape: of the Qwen3, None for the compact model. grid: (prompt length, beam width). users: floor and torch; slow:
    users of the others. batches: what the floor tries."""

    shape: dict[str, Any] | None
    items: int
    codes: int
    grid: tuple[tuple[int, int], ...]
    users: int
    slow: int
    batches: tuple[int, ...]
    collisions: bool = True
    vocabulary: int = 0
    dtype: torch.dtype = torch.float32
    gpu: bool = False


def _qwen3(width: int, layers: int, inner: int, heads: int, kv: int, head: int) -> dict[str, Any]:
    return {
        "hidden_size": width, "num_hidden_layers": layers, "intermediate_size": inner, "num_attention_heads": heads,
        "num_key_value_heads": kv, "head_dim": head, "tie_word_embeddings": True,
    }  # fmt: skip


BIG: dict[str, Any] = {
    "items": 1_500_000, "codes": 8192, "users": 32, "slow": 2, "batches": (1, 2, 4, 8, 16, 32), "collisions": False,
    "vocabulary": 151_936, "dtype": torch.bfloat16, "gpu": True,
    "grid": tuple((length, width) for length in (1024, 2500, 5000) for width in (50, 128, 256, 512)),
}  # fmt: skip
PRESETS = {
    "tiny": Preset(_qwen3(32, 2, 64, 2, 1, 32), 300, 16, ((12, 4),), 6, 2, (2, 4)),
    "tiny-compact": Preset(None, 300, 16, ((6, 4),), 6, 0, (2, 4)),
    "cpu-small": Preset(_qwen3(256, 4, 1024, 4, 4, 64), 12_101, 256, ((81, 20),), 96, 8, (1, 4, 8, 16, 32)),
    "compact": Preset(None, 12_101, 256, ((20, 20),), 1024, 0, (16, 32, 64, 128, 256)),
    "gpu-0.6b": Preset(_qwen3(1024, 28, 3072, 16, 8, 128), **BIG),
    "gpu-1.7b": Preset(_qwen3(2048, 28, 6144, 16, 8, 128), **BIG),
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=PRESETS, default="cpu-small")
    parser.add_argument("--ways", nargs="+", choices=("hf-generate", "torch", *VLLM), help="beside floor")
    parser.add_argument("--prompt", type=int, nargs="+", help="only these prompt lengths of the preset")
    parser.add_argument("--beam", type=int, nargs="+", help="only these beams of the preset")
    parser.add_argument("--users", type=int, help="how many users the floor and torch answer in a turn")
    parser.add_argument("--repeats", type=int, default=5, help="turns")
    parser.add_argument("--threads", type=int, help="threads of torch; all cores by default")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows here as well")
    asked = parser.parse_args(arguments)
    if asked.threads:
        torch.set_num_threads(asked.threads)
    logging.set_verbosity_error()
    preset = PRESETS[asked.preset]
    if preset.gpu and not torch.cuda.is_available():
        print(f"{asked.preset}: not measured, it needs an NVIDIA GPU")
        return
    rows: list[dict[str, Any]] = []
    for length, width in preset.grid:
        if (asked.prompt and length not in asked.prompt) or (asked.beam and width not in asked.beam):
            continue
        rows += compare(asked.preset, preset, length, width, asked)
    print("\n| way | prompt | beam | batch | users/s | p50 ms | p99 ms | peak MB | invalid | time over floor |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for row in rows:
        if "note" in row:
            print(f"| {row['way']} | {row['prompt']} | {row['beam']} | {row['note']} | | | | | | |")
            continue
        print(
            f"| {row['way']} | {row['prompt']} | {row['beam']} | {row['batch']} | {row['users_per_s']:.1f} "
            f"| {row['p50_ms']:.1f} | {row['p99_ms']:.1f} | {row['peak_mb']:.0f} "
            f"| {'–' if row['invalid'] is None else row['invalid']} | {row['ratio_to_floor']:.2f} |"
        )
    print(f"\n{asked.preset}, median of {asked.repeats} turns. {line(machine())}")
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def compare(name: str, preset: Preset, length: int, width: int, asked: argparse.Namespace) -> list[dict[str, Any]]:
    """One table: every way at one prompt length and beam."""
    device = torch.device("cuda" if preset.gpu else "cpu")
    users = asked.users or preset.users
    ids = catalogue(preset.items, preset.codes, collisions=preset.collisions)
    trie = Trie.build(ids)
    random = torch.Generator().manual_seed(1)
    hf: HfGenerate | None = None
    floors: dict[int, tuple[Way, CausalFloor | CompactFloor]]
    batches = {1, *(batch for batch in preset.batches if batch <= users)}
    if preset.shape is None:
        small = compact(ids, 128, length, device)
        prompts = torch.randint(0, len(ids), (users, length), generator=random)
        floors = {batch: compact_floor_way(small, batch, length, width) for batch in batches}
        own = min(128, users)
        ways = [compact_way(small, trie, width, width, own)]
    else:
        tokens = token_table(ids)
        vocabulary = max(preset.vocabulary, SPECIAL + sum(ids.codebook_sizes))
        if preset.vocabulary:  # the codes stand behind the words
            tokens, vocabulary = [table + preset.vocabulary for table in tokens], preset.vocabulary + vocabulary
        model = qwen3(preset.shape, vocabulary, device, preset.dtype)
        untouched = qwen3(preset.shape, vocabulary, device, preset.dtype)
        engine = CausalEngine(model, trie, tokens, width=width)
        prompts = torch.randint(SPECIAL, vocabulary, (users, length), generator=random)
        floors = {batch: floor_way(engine, batch, length, width) for batch in batches}
        ways = [torch_way(engine, width, length)]
        hf = HfGenerate(untouched, ids, tokens, width, width)
        if asked.ways is None or "hf-generate" in asked.ways:
            tries = {batch: hf.way(batch) for batch in {1, 4, preset.slow} if batch <= preset.slow}
            ways.append(tries[sweep(tries, prompts[: preset.slow], rounds=1)])
    if asked.ways is not None:
        ways = [way for way in ways if way.name in asked.ways]

    best = sweep({batch: way for batch, (way, _) in floors.items()}, prompts.to(device))
    floor_, about = floors[best]
    ways = [floor_, *ways]
    turns = run_turns(ways, prompts, asked.repeats, preset.slow, about, device)
    found = []
    for way in ways:
        few = preset.slow if way.name == "hf-generate" else users
        alone = floors[1][0] if way.name == "floor" else way
        answers: list[Tensor | None] = []
        with peak(device) as most:
            for begin in range(0, few, way.batch):
                answers.append(way.answer(prompts[begin : min(few, begin + way.batch)].to(device)))
        waits = latencies(alone, prompts, min(few, 50 if way.name != "hf-generate" else 5), device)
        items = None if answers[0] is None else torch.cat([part for part in answers if part is not None])
        found.append(
            row(name, way.name, length, width, way.batch, [few / t for t in turns[way.name]], waits, most[0], items)
            | {"ratio_to_floor": ratio(turns[way.name], few, turns["floor"], users)}
        )
    if hf is not None:
        if len(ways) > 1:
            agreement(ways, prompts[: preset.slow].to(device))
        for way in VLLM:
            if asked.ways is None or way in asked.ways:
                some = prompts[: preset.slow] if way == "vllm-beam-search" else prompts
                found.append(
                    _vllm(way, name, hf, some, length, statistics.median(turns["floor"]) / users, asked.repeats)
                )
    return found


def _vllm(
    way: str, name: str, hf: HfGenerate, prompts: Tensor, length: int, floor: float, repeats: int
) -> dict[str, Any]:
    """floor: seconds a user."""
    ask = {"way": way, "repeats": repeats, "alone": 50, "talk": 600, "window": length + hf.levels + 1}
    if way == "vllm-beam-search":
        ask |= {"repeats": 2, "alone": 3}
    elif way == "vllm-chat":
        ask |= {"window": length + 600}
    with tempfile.TemporaryDirectory() as folder:
        told = through_vllm(Path(folder), hf, prompts, **ask)
    base = {"way": way, "preset": name, "prompt": length, "beam": hf.width}
    if isinstance(told, str):
        print(f"{way}: {told}")
        return base | {"note": told}
    speeds = [len(prompts) / seconds for seconds in told["seconds"]]
    items = torch.tensor(told["items"])
    if way == "vllm-chat":
        speed, gaps = statistics.median(speeds), told["gaps_ms"]
        note = (
            f"{speed:.1f} users/s beside a chat, whose {told['talked']} tokens are "
            f"{'the same' if told['same'] else 'OTHERS'}; p99 between two of them {gaps['alone']:.0f} ms alone, "
            f"{gaps['beside']:.0f} ms with beams"
        )
        return base | {"note": note, "users_per_s": speed, "invalid": invalid(items)} | gaps | {"same": told["same"]}
    return row(name, way, length, hf.width, len(prompts), speeds, told["alone"], told["peak_mb"], items) | {
        "ratio_to_floor": statistics.median(told["seconds"]) / len(prompts) / floor
    }


def row(
    preset: str, way: str, length: int, width: int, batch: int, speeds: list[float], waits: list[float], most: float,
    items: Tensor | None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "way": way, "preset": preset, "prompt": length, "beam": width, "batch": batch,
        "users_per_s": statistics.median(speeds), "p50_ms": float(np.percentile(waits, 50)) * 1e3,
        "p99_ms": float(np.percentile(waits, 99)) * 1e3, "peak_mb": most,
        "invalid": None if items is None else invalid(items),
    }  # fmt: skip


def invalid(items: Tensor) -> int:
    """Answers (B, k) that are no item, or stand in their row a second time."""
    ordered = items.sort(dim=1).values
    return int((items < 0).sum() + ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).sum())


def agreement(ways: list[Way], prompts: Tensor) -> None:
    """Ways that search the same tree with the same scores must find the same: say how far they do."""
    found: dict[str, Beams] = {way.name: way.scores(prompts) for way in ways if way.scores is not None}
    if len(found) < 2:
        return
    ours, theirs = found["torch"], found["hf-generate"]
    same = float((ours.items == theirs.items).float().mean())
    far = float((ours.scores - theirs.scores).abs().max())
    print(f"torch and hf-generate: {100 * same:.1f} % of items in the same place, scores differ by at most {far:.1g}")


def sweep(ways: dict[int, Way], prompts: Tensor, rounds: int = 2) -> int:
    """The batch at which a way is fastest, by the best of `rounds` runs each, after one that does not count."""
    taken: dict[int, list[float]] = {batch: [] for batch in ways}
    for _ in range(1 + rounds):
        for batch, way in ways.items():
            some = prompts[: max(batch, len(prompts) // 4 // batch * batch)]
            taken[batch].append(seconds(over(way, some), prompts.device) / len(some))
    return min(taken, key=lambda batch: min(taken[batch][1:]))


def run_turns(
    ways: list[Way], prompts: Tensor, repeats: int, slow: int, floor: CausalFloor | CompactFloor, device: torch.device
) -> dict[str, list[float]]:
    """Seconds of every way's turns, after one that does not count, and a line about the floor."""
    dtype = floor.x.dtype
    chain = GemmChain(floor.products(), floor.distinct, dtype, device)
    taken: dict[str, list[float]] = {way.name: [] for way in ways}
    chains = []
    calls = -(-len(prompts) // floor.batch)
    for turn in range(repeats + 1):
        for way in ways:
            if way.name == "hf-generate" and turn > 2:
                continue
            some = (prompts[:slow] if way.name == "hf-generate" else prompts).to(device)
            taken[way.name].append(seconds(over(way, some), device))
        chains.append(seconds(lambda: [chain.run() for _ in range(calls)], device))
    taken = {name: times[1:] for name, times in taken.items()}
    reached = statistics.median(floor.flops() * calls / t / 1e9 for t in taken["floor"])
    bare = statistics.median(chain.flops * calls / t / 1e9 for t in chains[1:])
    honest = "" if reached >= HONEST * bare else f": less than {HONEST:.0%}, this floor is NOT honest"
    print(
        f"floor: {reached:.0f} GFLOP/s at batch {floor.batch}; its matrix products alone {bare:.0f} GFLOP/s "
        f"({reached / bare:.0%}{honest})"
    )
    return taken


def ratio(times: list[float], count: int, floor: list[float], users: int) -> float:
    return statistics.median((a / count) / (b / users) for a, b in zip(times, floor, strict=False))


if __name__ == "__main__":
    main()
