"""Questions in, everybody's own answer out; the queue has an end and forgets who has left."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Hashable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrec.serve.batching import Batcher, Busy, TooLate


class Engine:
    """Answers a question with itself and its kind; a question that is an error gets it. Notes its batches."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds, self.batches, self.open = seconds, [], threading.Event()
        self.open.set()

    def __call__(self, kind: Hashable, questions: list) -> list:
        self.open.wait(10)
        time.sleep(self.seconds)
        self.batches.append((kind, list(questions)))
        return [one if isinstance(one, Exception) else (kind, one) for one in questions]


@settings(max_examples=40, deadline=None)
@given(
    asked=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), min_size=1, max_size=60),
    most=st.integers(1, 8),
    linger=st.sampled_from([0.0, 0.001]),
)
def test_everybody_gets_their_own_answer(asked: list[tuple[str, int]], most: int, linger: float) -> None:
    engine = Engine()

    async def scene() -> list:
        batcher = Batcher(engine, most=most, waiting=100, linger=linger)
        try:
            return await asyncio.gather(*(batcher.ask(kind, n, timeout=10) for kind, n in asked))
        finally:
            await batcher.close()

    assert asyncio.run(scene()) == asked
    assert sorted((kind, n) for kind, some in engine.batches for n in some) == sorted(asked)
    assert all(1 <= len(some) <= most for _, some in engine.batches)


def test_questions_gather_while_the_engine_computes() -> None:
    engine = Engine()

    async def scene() -> None:
        batcher = Batcher(engine, most=32)
        engine.open.clear()
        first = asyncio.create_task(batcher.ask("a", 0, timeout=10))
        await asyncio.sleep(0.05)
        rest = [asyncio.create_task(batcher.ask("a", n, timeout=10)) for n in range(1, 20)]
        await asyncio.sleep(0.05)
        engine.open.set()
        await asyncio.gather(first, *rest)
        await batcher.close()

    asyncio.run(scene())
    assert [len(some) for _, some in engine.batches] == [1, 19]


def test_one_error_is_one_persons() -> None:
    async def scene() -> list:
        batcher = Batcher(Engine())
        mine = ValueError("mine")
        return await asyncio.gather(
            *(batcher.ask("a", one, timeout=10) for one in (1, mine, 2)), return_exceptions=True
        )

    first, error, second = asyncio.run(scene())
    assert (first, second) == (("a", 1), ("a", 2)) and str(error) == "mine"


def test_an_engine_that_fails_fails_its_batch_and_goes_on() -> None:
    calls: list[int] = []

    def answer(kind: Hashable, questions: list) -> list:
        calls.append(len(questions))
        if len(calls) == 1:
            raise RuntimeError("broken")
        return questions

    async def scene() -> None:
        batcher = Batcher(answer)
        with pytest.raises(RuntimeError, match="broken"):
            await batcher.ask("a", 1, timeout=10)
        assert await batcher.ask("a", 2, timeout=10) == 2

    asyncio.run(scene())


def test_who_has_left_or_waited_too_long_costs_nothing() -> None:
    engine = Engine()

    async def scene() -> None:
        batcher = Batcher(engine)
        engine.open.clear()
        first = asyncio.create_task(batcher.ask("a", 0, timeout=10))
        await asyncio.sleep(0.05)
        gone = asyncio.create_task(batcher.ask("a", 1, timeout=10))
        late = asyncio.create_task(batcher.ask("a", 2, timeout=0.05))
        stays = asyncio.create_task(batcher.ask("a", 3, timeout=10))
        await asyncio.sleep(0.01)
        gone.cancel()
        with pytest.raises(TooLate):
            await late
        engine.open.set()
        assert await stays == ("a", 3) and await first == ("a", 0)
        await batcher.close()

    asyncio.run(scene())
    assert engine.batches == [("a", [0]), ("a", [3])]


def test_a_full_queue_is_not_joined() -> None:
    engine = Engine()

    async def scene() -> None:
        batcher = Batcher(engine, waiting=3)
        engine.open.clear()
        first = asyncio.create_task(batcher.ask("a", 0, timeout=10))
        await asyncio.sleep(0.05)
        rest = [asyncio.create_task(batcher.ask("a", n, timeout=10)) for n in (1, 2, 3)]
        await asyncio.sleep(0.01)
        with pytest.raises(Busy) as busy:
            await batcher.ask("a", 4, timeout=10)
        assert busy.value.retry_after >= 1
        # Who leaves makes room.
        rest[0].cancel()
        await asyncio.sleep(0)
        more = asyncio.create_task(batcher.ask("a", 5, timeout=10))
        await asyncio.sleep(0.01)
        engine.open.set()
        assert await more == ("a", 5)
        await asyncio.gather(first, *rest[1:])

    asyncio.run(scene())


def test_a_queue_that_cannot_be_answered_in_time_is_not_joined() -> None:
    engine = Engine(0.1)

    async def scene() -> None:
        batcher = Batcher(engine, most=1, waiting=1000)
        for n in range(12):  # it learns how long a question takes
            await batcher.ask("a", n, timeout=10)
        waiting = [asyncio.create_task(batcher.ask("a", n, timeout=10)) for n in range(20)]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await batcher.ask("a", 99, timeout=0.5)
        for one in waiting:
            one.cancel()
        await batcher.close()

    asyncio.run(scene())


def test_closing_answers_what_waits_and_takes_nothing_new() -> None:
    async def scene() -> None:
        batcher = Batcher(Engine(0.05), most=2)
        asked = [asyncio.create_task(batcher.ask("a", n, timeout=10)) for n in range(6)]
        await asyncio.sleep(0)
        closing = asyncio.create_task(batcher.close())
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await batcher.ask("a", 9, timeout=10)
        assert await asyncio.gather(*asked) == [("a", n) for n in range(6)]
        await closing

    asyncio.run(scene())


def test_a_watcher_that_breaks_does_not_end_the_answers() -> None:
    def observe(kind: Hashable, size: int, queued: list[float], seconds: float) -> None:
        raise ValueError("a mistake of ours")

    async def scene() -> list:
        batcher = Batcher(Engine(), observe=observe)
        try:
            return [await batcher.ask("a", n, timeout=5) for n in range(3)]
        finally:
            await batcher.close()

    assert asyncio.run(scene()) == [("a", 0), ("a", 1), ("a", 2)]
