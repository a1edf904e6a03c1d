"""Threads for work that waits for somebody else: a language model in vLLM, an endpoint in the network.

They are few, so is what waits for one of them, and nobody waits beyond a deadline: who asks has an answer without it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any, TypeVar

from genrec.serve.batching import Busy, TooLate

T = TypeVar("T")


class Waiting:
    """name: of the threads. threads: how many. waiting: how much work may wait for one of them."""

    def __init__(self, name: str, threads: int, waiting: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._most, self._taken, self._lock = threads + waiting, 0, Lock()

    async def run(self, work: Callable[[], T], *, timeout: float) -> T:
        """What `work` gives, or its error. Busy where too much waits already, TooLate after `timeout` seconds: what has
        not begun by then never will, what has keeps its thread until it ends."""
        with self._lock:
            if self._taken >= self._most:
                raise Busy(timeout)
            self._taken += 1
        try:
            begun = self._threads.submit(work)
        except BaseException:
            self._done()
            raise
        begun.add_done_callback(self._done)
        deadline = asyncio.timeout(timeout)
        try:
            async with deadline:
                return await asyncio.wrap_future(begun)
        except TimeoutError:
            if not deadline.expired():
                raise
            raise TooLate(f"no answer within {timeout:g} s") from None

    def close(self) -> None:
        """What waits is dropped; nobody waits for what has begun."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _done(self, _: Future[Any] | None = None) -> None:
        with self._lock:
            self._taken -= 1
