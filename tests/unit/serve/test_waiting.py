"""Work that waits for somebody else, and what becomes of those who wait for it."""

from __future__ import annotations

import asyncio
import threading

import pytest

from genrec.serve.batching import Busy, TooLate
from genrec.serve.waiting import Waiting


def test_answers_and_errors_come_through() -> None:
    pool = Waiting("some", 2, 2)

    def wrong() -> None:
        raise TimeoutError("of its own")

    assert asyncio.run(pool.run(lambda: 7, timeout=10)) == 7
    with pytest.raises(TimeoutError, match="of its own"):
        asyncio.run(pool.run(wrong, timeout=10))
    pool.close()


def test_nobody_waits_beyond_the_deadline_and_not_too_many_wait() -> None:
    pool, go, begun = Waiting("some", 2, 3), threading.Event(), list[int]()

    def slow(n: int) -> int:
        begun.append(n)
        go.wait()
        return n

    async def scene() -> None:
        late = [asyncio.create_task(pool.run(lambda n=n: slow(n), timeout=0.3)) for n in range(5)]  # type: ignore[misc]
        await asyncio.sleep(0.05)
        with pytest.raises(Busy):
            await pool.run(lambda: slow(9), timeout=10)
        found = await asyncio.gather(*late, return_exceptions=True)
        assert all(isinstance(one, TooLate) for one in found)
        # What had not begun makes room; what had keeps its thread.
        waits = asyncio.create_task(pool.run(lambda: slow(5), timeout=10))
        await asyncio.sleep(0.05)
        assert begun == [0, 1]
        go.set()
        assert await waits == 5 and sorted(begun) == [0, 1, 5]

    try:
        asyncio.run(scene())
    finally:
        go.set()
        pool.close()
