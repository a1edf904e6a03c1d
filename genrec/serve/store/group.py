"""Group commit: writers that come while a commit is under way share the next one.

A commit costs a flush to the disk whether it carries one batch or fifty (DeWitt et al. 1984, «Implementation
techniques for main memory database systems», section 5.2). Knows nothing of databases.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

Batch = TypeVar("Batch")
Outcome = TypeVar("Outcome")


class _Waiting(Generic[Batch, Outcome]):
    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.outcome: Outcome | BaseException | None = None


class GroupCommit(Generic[Batch, Outcome]):
    """commit: stores batches and gives an outcome for each, or raises for all of them. most: batches in one commit."""

    def __init__(self, commit: Callable[[Sequence[Batch]], Sequence[Outcome | Exception]], most: int = 64) -> None:
        self._commit, self._most = commit, most
        self._queue: list[_Waiting[Batch, Outcome]] = []
        self._queueing = Lock()
        self._committing = Lock()

    def __call__(self, batch: Batch) -> Outcome:
        """Wait until `batch` is stored, by this thread or another one; its outcome, or what was raised for it."""
        mine: _Waiting[Batch, Outcome] = _Waiting(batch)
        with self._queueing:
            self._queue.append(mine)
        # Whoever gets the lock commits the oldest in the queue, himself or others; who finds himself done leaves.
        while mine.outcome is None:
            with self._committing:
                if mine.outcome is None:
                    self._lead()
        if isinstance(mine.outcome, BaseException):
            raise mine.outcome
        return mine.outcome

    def _lead(self) -> None:
        with self._queueing:
            group, self._queue = self._queue[: self._most], self._queue[self._most :]
        try:
            outcomes = self._commit([waiting.batch for waiting in group])
            for waiting, outcome in zip(group, outcomes, strict=True):
                waiting.outcome = outcome
        except BaseException as error:
            for waiting in group:
                waiting.outcome = error
            if not isinstance(error, Exception):
                raise
