"""Pictures as jobs: they take seconds, so whoever asks gets a receipt and looks in again.

One thread draws, job after job, so that recommendations keep the machine. What waits is bounded, what is finished is
kept for a while in memory, and nothing of a job outlives the process: the audit of pictures is in themselves.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from genrec.errors import UserError
from genrec.imagery.painter import Cancelled
from genrec.serve.batching import Busy

Status = Literal["queued", "drawing", "done", "failed", "cancelled"]
WAITING, KEPT, KEPT_SECONDS = 16, 64, 1800.0
"""Jobs in the queue; finished ones that are kept, and for how long."""

Wanted = TypeVar("Wanted")


@dataclass(eq=False)
class Job(Generic[Wanted]):
    """user: for whom, if anybody. owner: whose key asked. error: what the asker can mend. pictures: PNG files."""

    wanted: Wanted
    owner: str
    user: str | None
    id: str = field(default_factory=lambda: f"img-{uuid.uuid4().hex}")
    status: Status = "queued"
    progress: float = 0.0
    error: str | None = None
    pictures: list[bytes] = field(default_factory=list)
    made: float = field(default_factory=time.time)
    ended: float = 0.0
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def over(self) -> bool:
        return self.status in ("done", "failed", "cancelled")


class Jobs(Generic[Wanted]):
    """draw(wanted, progress) → PNG files; it calls progress(share) now and then, which raises `Cancelled` when nobody
    wants them any more. failed: told of errors that are nobody's mistake but ours."""

    def __init__(
        self,
        draw: Callable[[Wanted, Callable[[float], None]], Sequence[bytes]],
        *,
        waiting: int = WAITING,
        failed: Callable[[BaseException], None] = lambda error: None,
    ) -> None:
        self._draw, self._waiting, self._failed = draw, waiting, failed
        self._jobs: OrderedDict[str, Job[Wanted]] = OrderedDict()
        self._queue: deque[Job[Wanted]] = deque()
        self._change = threading.Condition()
        self._closing = False
        self._seconds = 5.0  # a job's, a moving mean
        self._thread: threading.Thread | None = None

    def submit(self, wanted: Wanted, owner: str, user: str | None = None) -> Job[Wanted]:
        """A place in the queue; Busy where it is full."""
        with self._change:
            if self._closing or len(self._queue) >= self._waiting:
                raise Busy(max(1.0, self._seconds * max(1, len(self._queue))))
            job = Job(wanted, owner, user)
            self._jobs[job.id] = job
            self._queue.append(job)
            self._tidy()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="imagery", daemon=True)
                self._thread.start()
            self._change.notify_all()
            return job

    def get(self, job_id: str, owner: str) -> Job[Wanted] | None:
        """The job, if this owner asked for it and it is still kept."""
        with self._change:
            self._tidy()
            job = self._jobs.get(job_id)
            return job if job is not None and job.owner == owner else None

    def place(self, job: Job[Wanted]) -> int:
        """Jobs that are drawn before it."""
        with self._change:
            return self._queue.index(job) if job in self._queue else 0

    def cancel(self, job: Job[Wanted]) -> None:
        """Not drawn, or not to its end. What is over stays as it is."""
        with self._change:
            job.stop.set()
            if job in self._queue:
                self._queue.remove(job)
                self._end(job, "cancelled")

    def forget(self, user: str) -> int:
        """Cancel and drop every job for the person; how many."""
        with self._change:
            theirs = [job for job in self._jobs.values() if job.user == user]
            for job in theirs:
                job.stop.set()
                if job in self._queue:
                    self._queue.remove(job)
                del self._jobs[job.id]
            return len(theirs)

    def close(self) -> None:
        """Cancel all, and wait for the one that is being drawn to notice."""
        with self._change:
            self._closing = True
            for job in list(self._jobs.values()):
                job.stop.set()
            self._queue.clear()
            self._change.notify_all()
        if self._thread is not None:
            self._thread.join(timeout=10)

    # ------------------------------------------------------------------ inside

    def _work(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._queue or self._closing)
                if self._closing:
                    return
                job = self._queue.popleft()
                job.status = "drawing"
            began = time.monotonic()
            try:
                job.pictures = list(self._draw(job.wanted, lambda share, job=job: _note(job, share)))  # type: ignore[misc]
                self._finish(job, "cancelled" if job.stop.is_set() else "done")
            except Cancelled:
                self._finish(job, "cancelled")
            except UserError as error:
                job.error = str(error)
                self._finish(job, "failed")
            except Exception as error:  # the thread must live, whatever a model does
                job.error = "the picture could not be drawn; the server's log has more"
                self._failed(error)
                self._finish(job, "failed")
            self._seconds = 0.7 * self._seconds + 0.3 * (time.monotonic() - began)

    def _finish(self, job: Job[Wanted], status: Status) -> None:
        with self._change:
            self._end(job, status)

    def _end(self, job: Job[Wanted], status: Status) -> None:
        job.status, job.ended = status, time.time()
        if status == "done":
            job.progress = 1.0
        else:
            job.pictures = []
        self._change.notify_all()

    def _tidy(self) -> None:
        over = [job for job in self._jobs.values() if job.over]
        late = time.time() - KEPT_SECONDS
        for number, job in enumerate(over):
            if len(over) - number > KEPT or job.ended < late:
                del self._jobs[job.id]


def _note(job: Job[Wanted], share: float) -> None:
    if job.stop.is_set():
        raise Cancelled
    job.progress = max(job.progress, min(1.0, share))
