"""The audit log, written beside the requests: a request hands its answer over and goes on."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Sequence
from threading import Condition, Thread
from typing import Protocol

from genrec.serve.store.records import Answer, StoreAway

logger = logging.getLogger(__name__)
LONGEST_PAUSE = 2.0


class Log(Protocol):
    """What answers are written to: a Store."""

    def record(self, answers: Sequence[Answer]) -> None: ...


class AuditWriter:
    """A thread that writes answers to the log, many at a time.

    While the database is away it keeps up to `bound` of them and tries again; what comes beyond is dropped, counted in
    `dropped`, and said once in the log file of the server. batch: answers in one transaction.
    """

    def __init__(self, log: Log, *, bound: int = 10_000, batch: int = 200) -> None:
        self._log, self._bound, self._batch = log, bound, batch
        self._queue: deque[Answer] = deque()
        self._changed = Condition()
        self._closing_at: float | None = None
        self.dropped = 0
        self._thread = Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Answers that are not on the disk yet."""
        return len(self._queue)

    def put(self, answer: Answer) -> None:
        """Hand over; returns at once."""
        with self._changed:
            if len(self._queue) >= self._bound or self._closing_at is not None:
                self._drop(1)
                return
            self._queue.append(answer)
            self._changed.notify()

    def close(self, timeout: float = 10.0) -> int:
        """Write what is waiting, for at most `timeout` seconds; the number of answers that were lost in all."""
        with self._changed:
            if self._closing_at is None:
                self._closing_at = time.monotonic() + timeout
            self._changed.notify()
        self._thread.join()
        return self.dropped

    def _run(self) -> None:
        pause = 0.1
        while True:
            with self._changed:
                while not self._queue and self._closing_at is None:
                    self._changed.wait()
                some = [self._queue[i] for i in range(min(self._batch, len(self._queue)))]
            if not some:
                return
            if done := self._done(some):
                pause = 0.1
                with self._changed:
                    for _ in range(done):
                        self._queue.popleft()
                continue
            with self._changed:
                if self._closing_at is not None and time.monotonic() + pause > self._closing_at:
                    self._drop(len(self._queue))
                    self._queue.clear()
                    return
                self._changed.wait_for(lambda: self._closing_at is not None, timeout=pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _done(self, some: Sequence[Answer]) -> int:
        """How many of the first of `some` are written, or never will be; 0 where the database is away."""
        try:
            self._log.record(some)
        except StoreAway as error:
            logger.warning("audit: %d answers wait: %s", self.waiting, error)
            return 0
        except Exception:
            if len(some) > 1:
                return self._done(some[: len(some) // 2])  # one that cannot be written must not keep back the others
            logger.exception("audit: an answer of request %s cannot be written", some[0].request_id)
            with self._changed:
                self._drop(1)
        return len(some)

    def _drop(self, count: int) -> None:
        if count and not self.dropped:
            logger.error("audit: the log is full or closed, answers are not written any more")
        self.dropped += count
