"""Ways through vLLM, in a process of their own: `decoding.py` starts it and reads the JSON that it writes.

    python benchmarks/decoding_vllm.py FOLDER

FOLDER holds the model, `prompts.npy`, `codes.npy` (the catalogue's semantic IDs) and `ask.json`. Written: `answer.json`
with the items (B, k), the seconds of every repeat and of every request alone. Start-up is not timed. Ways:

- `vllm-beam-search`: vLLM's own, without any constraint over the whole vocabulary.
- `vllm`, `vllm-driver`: GenRec's engine, beams inside vLLM's worker or over its public API.
- `vllm-chat`: the first of these beside a chat that streams tokens; also how long its tokens wait for each other.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def main(folder: Path) -> None:
    ask = json.loads((folder / "ask.json").read_text(encoding="utf-8"))
    prompts = np.load(folder / "prompts.npy")
    if ask["way"] == "vllm-chat":
        told = asyncio.run(chat(folder, ask, prompts))
    else:
        answer = (beam_search if ask["way"] == "vllm-beam-search" else engine)(folder, ask, prompts)
        told = timed(answer, ask, prompts)
    (folder / "answer.json").write_text(json.dumps(told), encoding="utf-8")


def timed(answer: Callable[[np.ndarray], list[list[int]]], ask: dict[str, Any], prompts: np.ndarray) -> dict[str, Any]:
    answer(prompts[:1])
    items: list[list[int]] = []
    seconds, alone = [], []
    for _ in range(ask["repeats"]):
        start = time.perf_counter()
        items = answer(prompts)
        seconds.append(time.perf_counter() - start)
    for row in range(min(ask["alone"], len(prompts))):
        start = time.perf_counter()
        answer(prompts[row : row + 1])
        alone.append(time.perf_counter() - start)
    return {"items": items, "seconds": seconds, "alone": alone, "peak_mb": peak()}


def peak() -> float:
    """MB of this process and those that vLLM runs in, each at its most; 0 where the system does not say."""
    import psutil

    most = 0
    for process in (psutil.Process(), *psutil.Process().children(recursive=True)):
        try:
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        except OSError:
            continue
        most += sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return most / 1024


def beam_search(folder: Path, ask: dict[str, Any], prompts: np.ndarray) -> Callable[[np.ndarray], list[list[int]]]:
    from vllm import LLM
    from vllm.sampling_params import BeamSearchParams

    width, length = ask["width"], prompts.shape[1]
    llm = LLM(
        model=str(folder), dtype=ask["dtype"], enforce_eager=ask["eager"], max_logprobs=2 * width,
        max_model_len=ask["window"], enable_prefix_caching=True, disable_log_stats=True, seed=0,
    )  # fmt: skip
    tables = [{token: code for code, token in enumerate(table)} for table in ask["tokens"]]
    item = {tuple(row): number for number, row in enumerate(np.load(folder / "codes.npy").tolist())}
    params = BeamSearchParams(beam_width=width, max_tokens=len(tables), ignore_eos=True)

    def answer(rows: np.ndarray) -> list[list[int]]:
        found = llm.beam_search([{"prompt_token_ids": row} for row in rows.tolist()], params, use_tqdm=False)
        return [[named(beam.tokens[length:]) for beam in one.sequences] for one in found]

    def named(tokens: list[int]) -> int:
        codes = tuple(table.get(token, -1) for table, token in zip(tables, tokens, strict=True))
        return item.get(codes, -1)

    return answer


def settings(folder: Path, ask: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What GenRec's engine is made of."""
    from genrec.decode.trie import Trie
    from genrec.sid import SemanticIds

    ids = SemanticIds(np.load(folder / "codes.npy"), tuple(len(table) for table in ask["tokens"]))
    tokens = [torch.tensor(table) for table in ask["tokens"]]
    further = {"width": ask["width"], "dtype": ask["dtype"], "max_model_len": ask["window"]}
    return (folder, Trie.build(ids), tokens), further


def engine(folder: Path, ask: dict[str, Any], prompts: np.ndarray) -> Callable[[np.ndarray], list[list[int]]]:
    from genrec.decode.vllm.engine import VllmEngine

    given, further = settings(folder, ask)
    made = VllmEngine(*given, mode="driver" if ask["way"] == "vllm-driver" else "worker", **further)

    def answer(rows: np.ndarray) -> list[list[int]]:
        asked = torch.from_numpy(rows)
        found: list[list[int]] = made.answer(
            asked, torch.full((len(rows),), rows.shape[1]), ask["width"]
        ).items.tolist()
        return found

    return answer


async def chat(folder: Path, ask: dict[str, Any], prompts: np.ndarray) -> dict[str, Any]:
    """Beams for everybody, again and again, while one chat goes on; the same chat alone before and after."""
    from vllm import SamplingParams

    from genrec.decode.vllm.asynchronous import AsyncVllmEngine

    given, further = settings(folder, ask)
    made = await AsyncVllmEngine.start(*given, mode="worker", **further)
    asked, lengths = torch.from_numpy(prompts), torch.full((len(prompts),), prompts.shape[1])
    wanted = SamplingParams(max_tokens=ask["talk"], temperature=0.0, ignore_eos=True)

    async def talk(name: str) -> tuple[list[int], list[float]]:
        """Its tokens, and the milliseconds between them."""
        tokens: list[int] = []
        times = []
        async for output in made.llm.generate({"prompt_token_ids": prompts[0].tolist()}, wanted, name):
            tokens = list(output.outputs[0].token_ids)
            times.append(time.perf_counter())
        return tokens, (np.diff(times) * 1e3).tolist()

    try:
        for _ in range(3):
            await made.answer(asked, lengths, ask["width"])
        alone, quiet = await talk("alone")
        talking = asyncio.create_task(talk("beside"))
        seconds, items = [], torch.empty(0)
        while not talking.done():
            start = time.perf_counter()
            items = (await made.answer(asked, lengths, ask["width"])).items
            if not talking.done() or not seconds:
                seconds.append(time.perf_counter() - start)
        beside, busy = await talking
        gaps = {"alone": float(np.percentile(quiet, 99)), "beside": float(np.percentile(busy, 99))}
        return {
            "items": items.tolist(), "seconds": seconds, "gaps_ms": gaps | {"longest": max(busy)},
            "same": alone == beside, "talked": len(beside),
        }  # fmt: skip
    finally:
        made.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
