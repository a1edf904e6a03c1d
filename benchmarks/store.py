"""How fast the store takes events in and reads histories: the table of docs/store.md.

    python benchmarks/store.py sqlite:///FOLDER/new.db
    python benchmarks/store.py postgresql://USER@HOST/EMPTY_DATABASE

«alone» commits every batch by itself; «grouped» is what the store does. The database is filled; give it a new one.
"""

from __future__ import annotations

import argparse
import random
import time
from concurrent.futures import ThreadPoolExecutor

from genrec.serve.store import Answer, Event, Store
from genrec.serve.store.group import GroupCommit

SECONDS = 4.0
EVENTS, PEOPLE = 100_000, 2_000


def ingest(store: Store, threads: int, label: str) -> str:
    """Batches of one event from `threads` threads, each sent when the one before is acknowledged."""
    until = time.perf_counter() + SECONDS

    def send(thread: int) -> list[float]:
        took: list[float] = []
        while (began := time.perf_counter()) < until:
            name = f"{label}-{thread}-{len(took)}"
            store.add_events([Event(name, f"p{thread}", name, "view", began)])
            took.append(time.perf_counter() - began)
        return took

    with ThreadPoolExecutor(threads) as pool:
        took = sorted(one for some in pool.map(send, range(threads)) for one in some)
    p50, p99 = (took[int(len(took) * share)] * 1e3 for share in (0.5, 0.99))
    return f"{len(took) / SECONDS:,.0f} events/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms"


def latency(name: str, call: object, times: int = 1000) -> None:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        call()  # type: ignore[operator]
        took.append(time.perf_counter() - began)
    took.sort()
    print(f"{name}: p50 {took[times // 2] * 1e3:.2f} ms, p99 {took[-times // 100] * 1e3:.2f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    store = Store.open(parser.parse_args().url)
    for threads in (1, 8, 32):
        grouped = store._events
        store._events = GroupCommit(store._commit_events, most=1)
        print(f"{threads} threads, alone: {ingest(store, threads, f'alone{threads}')}")
        store._events = grouped
        print(f"{threads} threads, grouped: {ingest(store, threads, f'grouped{threads}')}")

    dice = random.Random(0)
    events = [
        Event(
            f"e{n}",
            f"u{dice.randrange(PEOPLE)}",
            f"i{dice.randrange(5000)}",
            dice.choice(["view", "like", "dislike"]),
            float(n),
        )  # type: ignore[arg-type]
        for n in range(EVENTS)
    ]
    began = time.perf_counter()
    for start in range(0, EVENTS, 1000):
        store.add_events(events[start : start + 1000])
    print(f"batches of 1,000: {EVENTS / (time.perf_counter() - began):,.0f} events/s")
    rows = [(f"u{dice.randrange(PEOPLE)}", f"i{dice.randrange(5000)}", float(-n)) for n in range(EVENTS)]
    began = time.perf_counter()
    store.import_histories("benchmark", rows)
    print(f"import: {EVENTS / (time.perf_counter() - began):,.0f} rows/s")
    store.add_events([Event(f"h{n}", "heavy", f"i{n % 5000}", "view", float(n)) for n in range(20_000)])
    latency(
        "history of a person with 50 events and 50 imported rows", lambda: store.history(f"u{dice.randrange(PEOPLE)}")
    )
    latency("history of a person with 20,000 events", lambda: store.history("heavy"))
    latency("disliked", lambda: store.disliked(f"u{dice.randrange(PEOPLE)}"))
    answers = [
        [
            Answer(
                f"r{n}-{m}",
                f"u{m}",
                "model",
                None,
                1,
                {"price": {"max": 80}},
                tuple("ABCDEFGHIJ"),
                (0.5,) * 10,
                dict.fromkeys("ABCDEFGHIJ", "because you liked it"),
            )
            for m in range(200)
        ]
        for n in range(50)
    ]
    began = time.perf_counter()
    for some in answers:
        store.record(some)
    print(f"audit log, batches of 200: {10_000 / (time.perf_counter() - began):,.0f} answers/s")
    latency(
        "save_session",
        lambda: store.save_session(f"s{dice.randrange(100)}", [{"role": "user", "content": "x" * 200}] * 10),
        300,
    )
    latency("forget", lambda: store.forget(f"u{dice.randrange(PEOPLE)}"), 100)
    store.close()


if __name__ == "__main__":
    main()
