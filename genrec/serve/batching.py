"""Single questions gathered into batches for one worker thread, with deadlines and an end to the queue.

While the worker computes, questions gather; when it is free it takes the oldest and all others of its kind. So a busy
server answers in large batches and an idle one at once. A question whose asker has left, or whose time is over, is
dropped before it costs anything; a queue that could not be answered in time is not joined (`Busy`).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

SMOOTH = 0.1
"""Weight of the newest batch in the moving mean of seconds per question."""


class Busy(Exception):
    """The queue is full. retry_after: seconds after which it should have emptied."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"the server is busy: try again in {retry_after:.0f} s")
        self.retry_after = retry_after


class TooLate(Exception):
    """The answer would have come after its deadline."""


@dataclass(eq=False)
class _Asked:
    kind: Hashable
    question: Any
    answer: asyncio.Future[Any]
    deadline: float
    since: float = field(default_factory=time.monotonic)


class Batcher:
    """answer(kind, questions) → one answer each, or an exception in an answer's place; runs in one thread of its own.

    most: questions a batch. waiting: questions in the queue, at most. linger: seconds for which an idle worker waits
    for company. observe(kind, size, queued, seconds): told of every batch; queued are the seconds each one waited.
    """

    def __init__(
        self,
        answer: Callable[[Hashable, list[Any]], Sequence[Any]],
        *,
        most: int = 32,
        waiting: int = 256,
        linger: float = 0.0,
        observe: Callable[[Hashable, int, list[float], float], None] | None = None,
    ) -> None:
        self._answer, self.most, self.waiting, self.linger = answer, most, waiting, linger
        self._observe = observe
        self._queue: deque[_Asked] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._runner: asyncio.Task[None] | None = None
        self._came = asyncio.Event()
        self._each = 0.01  # seconds a question takes
        self._closed = self._busy = False

    @property
    def depth(self) -> int:
        """Questions that wait."""
        return len(self._queue)

    async def ask(self, kind: Hashable, question: Any, *, timeout: float) -> Any:
        """The answer. Busy, TooLate, or what `answer` put in its place."""
        if self._closed:
            raise Busy(1.0)
        expected = self._each * len(self._queue)
        if len(self._queue) >= self.waiting or expected > timeout:
            self._sweep()
            if len(self._queue) >= self.waiting or self._each * len(self._queue) > timeout:
                raise Busy(max(1.0, expected))
        loop = asyncio.get_running_loop()
        if self._runner is None or self._runner.done() or self._runner.get_loop() is not loop:
            self._came, self._runner = asyncio.Event(), loop.create_task(self._run(), name="batcher")
        asked = _Asked(kind, question, loop.create_future(), time.monotonic() + timeout)
        self._queue.append(asked)
        self._came.set()
        try:
            async with asyncio.timeout(timeout):
                return await asked.answer
        except TimeoutError:
            raise TooLate(f"no answer within {timeout:g} s") from None

    async def close(self) -> None:
        """Answer what waits, and nothing more."""
        self._closed = True
        while self._queue or (self._runner is not None and self._busy):
            await asyncio.sleep(0.005)
        if self._runner is not None:
            self._runner.cancel()
        self._thread.shutdown(wait=True)

    def _sweep(self) -> None:
        """Forget questions that nobody waits for."""
        now = time.monotonic()
        for _ in range(len(self._queue)):
            asked = self._queue.popleft()
            if not asked.answer.done() and asked.deadline > now:
                self._queue.append(asked)

    def _batch(self) -> list[_Asked]:
        """The oldest question and the others of its kind; the rest stays in its order."""
        self._sweep()
        if not self._queue:
            return []
        kind = self._queue[0].kind
        batch: list[_Asked] = []
        rest: deque[_Asked] = deque()
        for asked in self._queue:
            if asked.kind == kind and len(batch) < self.most:
                batch.append(asked)
            else:
                rest.append(asked)
        self._queue = rest
        return batch

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if not self._queue:
                self._came.clear()
                await self._came.wait()
                if self.linger:
                    await asyncio.sleep(self.linger)
            batch = self._batch()
            if not batch:
                continue
            self._busy, began = True, time.monotonic()
            try:
                answers = await loop.run_in_executor(
                    self._thread, self._answer, batch[0].kind, [asked.question for asked in batch]
                )
            except Exception as error:
                answers = [error] * len(batch)
            seconds = time.monotonic() - began
            self._busy = False
            self._each += SMOOTH * (seconds / len(batch) - self._each)
            for asked, answer in zip(batch, answers, strict=True):
                if asked.answer.done():
                    continue
                if isinstance(answer, BaseException):
                    asked.answer.set_exception(answer)
                else:
                    asked.answer.set_result(answer)
            if self._observe is not None:
                with contextlib.suppress(Exception):  # nobody's answer depends on it
                    self._observe(batch[0].kind, len(batch), [began - asked.since for asked in batch], seconds)
