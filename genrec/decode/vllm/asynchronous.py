"""The vLLM engine for services: one event loop, streams of chat through `llm`, and beam calls between their tokens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from torch import Tensor

from genrec.data.catalog import Catalog
from genrec.decode.beams import Beams
from genrec.decode.bitmaps import RankBitmap
from genrec.decode.constraints import Constraints
from genrec.decode.trie import Trie
from genrec.decode.vllm.catalogues import Catalogue
from genrec.decode.vllm.engine import VllmEngine
from genrec.decode.vllm.lines import Line, OnLoop


def on_this_loop() -> Callable[[dict[str, Any]], Line]:
    """`connect` for `VllmEngine`, which must then be made in another thread than the running loop's."""
    loop = asyncio.get_running_loop()

    async def made(options: dict[str, Any]) -> Line:
        return OnLoop(options, loop)

    def connect(options: dict[str, Any]) -> Line:
        return asyncio.run_coroutine_threadsafe(made(options), loop).result()

    return connect


class AsyncVllmEngine:
    """A `VllmEngine` over vLLM's `AsyncLLM`. `llm` is the latter, `engine` the former; `start` makes both."""

    def __init__(self, engine: VllmEngine) -> None:
        self.engine = engine

    @classmethod
    async def start(cls, folder: str | Path, trie: Trie, tokens: Sequence[Tensor], **asked: Any) -> AsyncVllmEngine:
        """See `VllmEngine`. The running event loop is the one that all later calls must come from."""
        return cls(await asyncio.to_thread(VllmEngine, folder, trie, tokens, connect=on_this_loop(), **asked))

    @property
    def llm(self) -> Any:
        return self.engine.llm

    async def answer(
        self,
        prompts: Tensor,
        lengths: Tensor,
        k: int,
        constraints: Callable[[Tensor], Constraints] | None = None,
        normalise: str = "catalogue",
        adapter: str | None = None,
        now: Catalogue | None = None,
    ) -> Beams:
        """See `VllmEngine.answer`. The loop goes on meanwhile; `constraints` is called in another thread."""
        return await asyncio.to_thread(self.engine.answer, prompts, lengths, k, constraints, normalise, adapter, now)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Catalogue]:
        """See `VllmEngine.snapshot`."""
        kept = self.engine.snapshot()
        now = await asyncio.to_thread(kept.__enter__)
        try:
            yield now
        finally:
            await asyncio.to_thread(kept.__exit__, None, None, None)

    async def swap(self, trie: Trie, available: RankBitmap | None = None, catalog: Catalog | None = None) -> None:
        await asyncio.to_thread(self.engine.swap, trie, available, catalog)

    async def add_adapter(self, name: str, folder: str | Path) -> None:
        await asyncio.to_thread(self.engine.add_adapter, name, folder)

    async def remove_adapter(self, name: str) -> None:
        await asyncio.to_thread(self.engine.remove_adapter, name)

    def close(self) -> None:
        self.engine.close()
