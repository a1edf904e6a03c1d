"""vLLM's own `beam_search`, in a process of its own: `decoding.py` starts it and reads the JSON that it writes.

    python benchmarks/decoding_vllm.py FOLDER

FOLDER holds the model, `prompts.npy` and `ask.json`: {"width", "tokens", "repeats", "batch", "alone"}. Written:
`answer.json` with the sequences (B, W, tokens) and seconds of every repeat and of every request alone. vLLM searches
without any constraint over the whole vocabulary. Start-up is not timed.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path

import numpy as np

os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "2")
os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def main(folder: Path) -> None:
    from vllm import LLM
    from vllm.sampling_params import BeamSearchParams

    ask = json.loads((folder / "ask.json").read_text(encoding="utf-8"))
    prompts = [{"prompt_token_ids": row} for row in np.load(folder / "prompts.npy").tolist()]
    width = ask["width"]
    llm = LLM(
        model=str(folder), dtype=ask["dtype"], enforce_eager=ask["eager"], max_logprobs=2 * width,
        max_model_len=len(prompts[0]["prompt_token_ids"]) + ask["tokens"] + 1, enable_prefix_caching=True,
        disable_log_stats=True, seed=0,
    )  # fmt: skip
    params = BeamSearchParams(beam_width=width, max_tokens=ask["tokens"], ignore_eos=True)
    length = len(prompts[0]["prompt_token_ids"])

    def search(some: list) -> list:
        return [
            [beam.tokens[length:] for beam in found.sequences]
            for found in llm.beam_search(some, params, use_tqdm=False)
        ]

    search(prompts[:1])
    answers: list = []
    seconds = []
    for _ in range(ask["repeats"]):
        start = time.perf_counter()
        answers = [row for b in range(0, len(prompts), ask["batch"]) for row in search(prompts[b : b + ask["batch"]])]
        seconds.append(time.perf_counter() - start)
    alone = []
    for prompt in prompts[: ask["alone"]]:
        start = time.perf_counter()
        search([prompt])
        alone.append(time.perf_counter() - start)
    peak = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    told = {"sequences": answers, "seconds": seconds, "alone": alone, "peak_mb": peak}
    (folder / "answer.json").write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
