"""The audit log's writer and group commit, with a log that does what a database may."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event as Flag

import pytest

from genrec.serve.store import Answer, AuditWriter, Store, StoreAway
from genrec.serve.store.group import GroupCommit


def answer(number: int) -> Answer:
    return Answer(f"r{number}", None, "m", None, 0, None, (), ())


class Slow:
    """A log that is away until told otherwise, and never takes what is in `never`."""

    def __init__(self, here: bool = True, never: Sequence[str] = ()) -> None:
        self.here, self.never = here, set(never)
        self.got: list[str] = []
        self.batches: list[int] = []

    def record(self, answers: Sequence[Answer]) -> None:
        if not self.here:
            raise StoreAway("away")
        if self.never & {one.request_id for one in answers}:
            raise ValueError("no")
        self.got += [one.request_id for one in answers]
        self.batches.append(len(answers))


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_everything_handed_over_is_in_the_log_in_its_order(store: Store) -> None:
    writer = AuditWriter(store, batch=7)
    for number in range(100):
        writer.put(answer(number))
    assert writer.close() == 0 and writer.waiting == 0
    assert [one.request_id for one in store.audit(limit=1000)] == [f"r{number}" for number in range(99, -1, -1)]


def test_what_does_not_fit_while_the_log_is_away_is_counted() -> None:
    log = Slow(here=False)
    writer = AuditWriter(log, bound=10, batch=4)
    for number in range(13):
        writer.put(answer(number))
    assert (writer.waiting, writer.dropped) == (10, 3)
    log.here = True
    until(lambda: writer.waiting == 0)
    writer.put(answer(99))
    assert writer.close() == 3
    assert log.got == [*(f"r{number}" for number in range(10)), "r99"] and max(log.batches) == 4


def test_closing_while_the_log_is_away_ends_in_time_and_says_what_is_lost() -> None:
    writer = AuditWriter(Slow(here=False))
    for number in range(5):
        writer.put(answer(number))
    assert writer.close(timeout=0.3) == 5
    writer.put(answer(6))
    assert (writer.waiting, writer.dropped) == (0, 6)


def test_an_answer_that_cannot_be_written_keeps_no_other_back() -> None:
    log = Slow(never=["r0", "r7", "r8", "r19"])
    writer = AuditWriter(log)
    for number in range(20):
        writer.put(answer(number))
    assert writer.close() == 4
    assert log.got == [f"r{number}" for number in range(20) if number not in (0, 7, 8, 19)]


def test_batches_that_come_during_a_commit_share_the_next() -> None:
    commits: list[int] = []
    first, go = Flag(), Flag()

    def commit(batches: Sequence[int]) -> list[int | Exception]:
        commits.append(len(batches))
        first.set()
        assert go.wait(20)
        return [ValueError(batch) if batch == 5 else 10 * batch for batch in batches]

    group: GroupCommit[int, int] = GroupCommit(commit, most=6)
    with ThreadPoolExecutor(11) as threads:
        leader = threads.submit(group, 0)
        assert first.wait(20)
        others = [threads.submit(group, batch) for batch in range(1, 11)]
        until(lambda: len(group._queue) == 10)
        go.set()
        assert leader.result() == 0
        for batch, other in enumerate(others, 1):
            if batch == 5:
                with pytest.raises(ValueError, match="5"):
                    other.result()
            else:
                assert other.result() == 10 * batch
    assert commits == [1, 6, 4]


def test_a_commit_that_fails_fails_for_all_it_carried_and_the_next_goes_on() -> None:
    failing = [True]

    def commit(batches: Sequence[int]) -> Sequence[int]:
        if failing[0]:
            raise StoreAway("away")
        return batches

    group: GroupCommit[int, int] = GroupCommit(commit)
    with ThreadPoolExecutor(4) as threads:
        for one in [threads.submit(group, batch) for batch in range(8)]:
            with pytest.raises(StoreAway):
                one.result()
    failing[0] = False
    assert group(3) == 3
