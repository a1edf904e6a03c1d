"""Group commit: writers that come while a commit is under way share the next one.

A commit costs a flush to the disk whether it carries one batch or fifty (DeWitt et al. 1984, «Implementation
techniques for main memory database systems», section 5.2). Knows nothing of databases.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event, Lock
from typing import Generic, TypeVar

Batch = TypeVar("Batch")
Outcome = TypeVar("Outcome")


class _Waiting(Generic[Batch, Outcome]):
    """A batch in the queue. called: its thread may go on, with an outcome, or as the next one to commit."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.outcome: Outcome | BaseException | None = None
        self.called = Event()


class GroupCommit(Generic[Batch, Outcome]):
    """commit: stores batches and gives an outcome for each, or raises for all of them. most: batches in one commit."""

    def __init__(self, commit: Callable[[Sequence[Batch]], Sequence[Outcome | Exception]], most: int = 64) -> None:
        self._commit, self._most = commit, most
        self._queue: list[_Waiting[Batch, Outcome]] = []
        self._lock = Lock()
        self._committing = False

    def __call__(self, batch: Batch) -> Outcome:
        """Wait until `batch` is stored, by this thread or another one; its outcome, or what was raised for it."""
        mine: _Waiting[Batch, Outcome] = _Waiting(batch)
        with self._lock:
            self._queue.append(mine)
            leads, self._committing = not self._committing, True
        if not leads:
            mine.called.wait()
        if mine.outcome is None:
            self._lead()
        if mine.outcome is None:
            raise AssertionError("whoever leads is the first in the queue")
        if isinstance(mine.outcome, BaseException):
            raise mine.outcome
        return mine.outcome

    def _lead(self) -> None:
        """Commit the oldest of the queue, and hand over to the oldest that is left.

        A lock instead would go to whoever asks at the right moment, mostly the one who just had it.
        """
        with self._lock:
            group, self._queue = self._queue[: self._most], self._queue[self._most :]
        try:
            outcomes: Sequence[Outcome | BaseException] = self._commit([waiting.batch for waiting in group])
        except BaseException as error:
            outcomes = [error] * len(group)
        for waiting, outcome in zip(group, outcomes, strict=True):
            waiting.outcome = outcome
        with self._lock:
            heirs = self._queue[:1]
            self._committing = bool(heirs)
        for waiting in group + heirs:
            waiting.called.set()
