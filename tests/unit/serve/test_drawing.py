"""Jobs: one after another, bounded, cancelled at any moment, forgotten with their person, seen by their owner alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from genrec.errors import UserError
from genrec.serve import drawing
from genrec.serve.batching import Busy
from genrec.serve.drawing import Job, Jobs


class Slow:
    """Draws until it is let go, step by step, and tells progress."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Semaphore(0), threading.Event()
        self.drawn: list[str] = []

    def __call__(self, wanted: str, progress: Callable[[float], None]) -> list[bytes]:
        self.begun.release()
        if wanted == "mistake":
            raise UserError("no such item")
        if wanted == "bug":
            raise RuntimeError("secret detail")
        while not self.go.wait(0.005):
            progress(0.5)
        progress(0.9)
        self.drawn.append(wanted)
        return [wanted.encode()]


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def errors() -> list[BaseException]:
    return []


@pytest.fixture
def jobs(slow: Slow, errors: list[BaseException]) -> Iterator[Jobs[str]]:
    made = Jobs(slow, waiting=3, failed=errors.append)
    yield made
    made.close()


def over(job: Job[str]) -> str:
    deadline = time.monotonic() + 30
    while not job.over:
        assert time.monotonic() < deadline, job.status
        time.sleep(0.002)
    return job.status


def test_jobs_are_drawn_in_their_order_and_one_at_a_time(jobs: Jobs[str], slow: Slow) -> None:
    made = [jobs.submit(name, "shop") for name in ("a", "b", "c")]
    slow.begun.acquire()
    assert [job.status for job in made] == ["drawing", "queued", "queued"]
    assert [jobs.place(job) for job in made] == [0, 0, 1]
    slow.go.set()
    assert [over(job) for job in made] == ["done"] * 3 and slow.drawn == ["a", "b", "c"]
    assert [job.pictures for job in made] == [[b"a"], [b"b"], [b"c"]] and made[0].progress == 1


def test_the_queue_has_an_end(jobs: Jobs[str], slow: Slow) -> None:
    jobs.submit("drawn", "shop")
    slow.begun.acquire()
    for number in range(3):
        jobs.submit(str(number), "shop")
    with pytest.raises(Busy) as refused:
        jobs.submit("one too many", "shop")
    assert refused.value.retry_after >= 1
    slow.go.set()


def test_a_job_is_cancelled_in_the_queue_and_while_it_is_drawn(jobs: Jobs[str], slow: Slow) -> None:
    first, second = jobs.submit("first", "shop"), jobs.submit("second", "shop")
    slow.begun.acquire()
    jobs.cancel(second)
    assert second.status == "cancelled"
    jobs.cancel(first)
    assert over(first) == "cancelled" and first.pictures == [] and slow.drawn == []
    third = jobs.submit("third", "shop")
    slow.go.set()
    assert over(third) == "done"
    jobs.cancel(third)
    assert third.status == "done" and third.pictures == [b"third"]


def test_a_mistake_is_told_a_bug_is_not_and_the_thread_lives(
    jobs: Jobs[str], slow: Slow, errors: list[BaseException]
) -> None:
    slow.go.set()
    mistake, bug, good = (jobs.submit(name, "shop") for name in ("mistake", "bug", "good"))
    assert [over(job) for job in (mistake, bug, good)] == ["failed", "failed", "done"]
    assert mistake.error == "no such item" and bug.error is not None and "secret" not in bug.error
    assert [str(error) for error in errors] == ["secret detail"]


def test_a_job_is_its_owners_and_goes_with_its_person(jobs: Jobs[str], slow: Slow) -> None:
    slow.go.set()
    mine, other = jobs.submit("mine", "shop", "ann"), jobs.submit("other", "shop", "bob")
    over(other)
    assert jobs.get(mine.id, "shop") is mine and jobs.get(mine.id, "another") is None
    assert jobs.forget("ann") == 1
    assert jobs.get(mine.id, "shop") is None and jobs.get(other.id, "shop") is other


def test_forgetting_stops_what_is_under_way(jobs: Jobs[str], slow: Slow) -> None:
    begun, queued = jobs.submit("begun", "shop", "ann"), jobs.submit("queued", "shop", "ann")
    slow.begun.acquire()
    assert jobs.forget("ann") == 2
    assert over(begun) == "cancelled"
    slow.go.set()
    last = jobs.submit("last", "shop")
    assert over(last) == "done" and slow.drawn == ["last"] and queued.pictures == []


def test_what_is_finished_is_kept_for_a_while(jobs: Jobs[str], slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "KEPT", 2)
    slow.go.set()
    made = []
    for number in range(4):
        made.append(jobs.submit(str(number), "shop"))
        over(made[-1])
    assert [jobs.get(job.id, "shop") is job for job in made] == [False, False, True, True]
    made[-1].ended -= drawing.KEPT_SECONDS + 1
    assert jobs.get(made[-1].id, "shop") is None


def test_closing_cancels_all(slow: Slow) -> None:
    jobs = Jobs(slow)
    first, second = jobs.submit("first", "shop"), jobs.submit("second", "shop")
    slow.begun.acquire()
    jobs.close()
    assert over(first) == "cancelled" and second.pictures == [] and slow.drawn == []
    with pytest.raises(Busy):
        jobs.submit("late", "shop")
