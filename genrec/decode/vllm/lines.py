"""The two lines over which the engine speaks to vLLM: an `LLM` in this process, or an `AsyncLLM` in an event loop.

Both are used from ordinary threads and wait for their answers, so that there is one engine and one beam core for both.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from genrec.decode.vllm.install import require_vllm
from genrec.errors import UserError

T = TypeVar("T")
EXTENSION = "genrec.decode.vllm.worker.BeamWorker"
"""What workers gain: beams, and the exchange of what chat may name (`decode.vllm.stock`)."""
MASK = "genrec.decode.vllm.logits:CatalogueMask"
"""Chat that names items (`logits`). By name, since as an entry point it sees nothing on GPUs."""


class Line(Protocol):
    """How the engine reaches vLLM. llm: vLLM's own object, for everything else."""

    llm: Any

    def call(self, method: str, *arguments: Any) -> list[Any]:
        """A method of the worker extension, on every worker; what each of them returns."""
        ...

    def generate(self, prompts: Sequence[list[int]], parameters: Sequence[Any], adapter: Any) -> list[Any]:
        """vLLM's `RequestOutput` of every prompt (token ids), each with its own `SamplingParams`; all at once."""
        ...

    def add_adapter(self, request: Any) -> None: ...

    def remove_adapter(self, number: int) -> None: ...

    def close(self) -> None: ...


def options(
    folder: str | Path, *, beams: bool = True, rank: int = 0, slots: int = 2, memory: int | None = None,
    workers: int = 1, **further: Any,
) -> dict[str, Any]:  # fmt: skip
    """vLLM's engine arguments, and the environment it starts in.

    beams: whether the worker is to run beams. rank: the largest of the adapters', 0 for no adapters; slots: how many
    may be in use at once. memory: bytes of vLLM's own KV cache, None for 1 GiB on a CPU, else for vLLM's choice.
    workers: how many share the model's tensors.
    """
    # What vLLM reads while it is imported and starts, unless the user has set it.
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
    if beams:  # they run on the first model runner
        os.environ.setdefault("VLLM_USE_V2_MODEL_RUNNER", "0")
    require_vllm()
    from vllm.platforms import current_platform

    asked: dict[str, Any] = {
        "model": str(folder), "dtype": _dtype(folder), "enable_prefix_caching": True, "disable_log_stats": True,
        "tensor_parallel_size": workers, "seed": 0, "worker_extension_cls": EXTENSION, "logits_processors": [MASK],
    }  # fmt: skip
    if rank:
        asked |= {"enable_lora": True, "max_lora_rank": rank, "max_loras": slots, "max_cpu_loras": max(16, slots)}
    if current_platform.is_cpu():
        # The smallest blocks there are; and compiling takes minutes and wins little.
        asked |= {"block_size": 32, "enforce_eager": True, "max_num_batched_tokens": 4096}
        if memory is None and "VLLM_CPU_KVCACHE_SPACE" not in os.environ:
            memory = 1 << 30
    if memory is not None:
        asked["kv_cache_memory_bytes"] = memory
    return asked | further


def _dtype(folder: str | Path) -> str:
    """The checkpoint's own: vLLM would make float32 half as wide."""
    from transformers import AutoConfig

    try:
        dtype = AutoConfig.from_pretrained(folder).dtype
    except (OSError, ValueError) as error:
        raise UserError(f"{folder} is not the folder of a Hugging Face model: {error}") from error
    return "auto" if dtype is None else str(dtype).removeprefix("torch.")


@contextmanager
def _together() -> Iterator[None]:
    """Engine and worker, where there is one, in one process: nothing has to travel. Unless the user has said."""
    name = "VLLM_ENABLE_V1_MULTIPROCESSING"
    if name in os.environ:
        yield
        return
    os.environ[name] = "0"
    try:
        yield
    finally:
        del os.environ[name]


class Inline:
    """An `LLM`; threads take turns."""

    def __init__(self, asked: Mapping[str, Any]) -> None:
        from vllm import LLM

        with _together():
            self.llm = LLM(**asked)
        self._turn = threading.RLock()

    def call(self, method: str, *arguments: Any) -> list[Any]:
        with self._turn:
            found: list[Any] = self.llm.collective_rpc(method, args=arguments)
            return found

    def generate(self, prompts: Sequence[list[int]], parameters: Sequence[Any], adapter: Any) -> list[Any]:
        with self._turn:
            asked: list[Any] = [{"prompt_token_ids": tokens} for tokens in prompts]
            found: list[Any] = self.llm.generate(asked, list(parameters), use_tqdm=False, lora_request=adapter)
            return found

    def add_adapter(self, request: Any) -> None:
        with self._turn:
            self.llm.llm_engine.add_lora(request)

    def remove_adapter(self, number: int) -> None:
        with self._turn:
            self.llm.llm_engine.remove_lora(number)

    def close(self) -> None:
        self.llm.llm_engine.engine_core.shutdown()


class OnLoop:
    """An `AsyncLLM` whose event loop runs in another thread than the callers."""

    def __init__(self, asked: Mapping[str, Any], loop: asyncio.AbstractEventLoop) -> None:
        from vllm.engine.arg_utils import AsyncEngineArgs
        from vllm.v1.engine.async_llm import AsyncLLM

        with _together():
            self.llm = AsyncLLM.from_engine_args(AsyncEngineArgs(**asked))
        # It is made on its loop: what waits for that loop must come from another thread.
        self.loop, self._thread = loop, threading.get_ident()
        self._turn = threading.Lock()
        self._number = 0

    def call(self, method: str, *arguments: Any) -> list[Any]:
        # One at a time: between two calls the engine takes a step for everybody else.
        with self._turn:
            return self._wait(self.llm.collective_rpc(method, args=arguments))

    def generate(self, prompts: Sequence[list[int]], parameters: Sequence[Any], adapter: Any) -> list[Any]:
        async def one(tokens: list[int], wanted: Any, name: str) -> Any:
            prompt: Any = {"prompt_token_ids": tokens}
            return [found async for found in self.llm.generate(prompt, wanted, name, lora_request=adapter)][-1]

        async def together(first: int) -> list[Any]:
            asked = enumerate(zip(prompts, parameters, strict=True), first)
            return await asyncio.gather(*(one(*pair, f"genrec-{number}") for number, pair in asked))

        with self._turn:
            first, self._number = self._number, self._number + len(prompts)
        return self._wait(together(first))

    def add_adapter(self, request: Any) -> None:
        self._wait(self.llm.add_lora(request))

    def remove_adapter(self, number: int) -> None:
        self._wait(self.llm.remove_lora(number))

    def close(self) -> None:
        self.llm.shutdown()

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        if threading.get_ident() == self._thread:
            work.close()
            raise RuntimeError("this waits for the event loop it is called from: await asyncio.to_thread(…) instead")
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()
