"""A server under load from another process on the same machine: the tables of serve/README.md.

    python benchmarks/load.py runs/demo                 # 5 minutes at 20 requests/s, then batches against none
    python benchmarks/load.py runs/demo --minutes 1 --rate 40 --skip-batching

Requests come at random moments at a fixed mean rate whether or not earlier ones have been answered (an open loop), so a
server that falls behind is seen to: 60 % recommendations, 20 % chat, 10 % searches, 10 % events. People, histories and
words are drawn from the run's own tables. A latency is from the moment at which a request was due to its last byte.
Memory is the server's resident set, read every second; its trend is the slope of a line through the second half.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from machine import line, machine

MIX = {"recommendations": 0.6, "chat": 0.2, "search": 0.1, "events": 0.1}
IDLE = 30
"""Seconds after which a connection is not used again."""
SAID = (
    "I need {category} for {season}",
    "something {colour} by {brand}, please",
    "show me {category} in {colour} under {price}",
    "a {style} {category}, not {colour}",
    "cheaper",
)


class Connection:
    """One keep-alive connection: just enough of HTTP/1.1 to cost the machine little."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None
        self.used = 0.0

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        # What has been idle for long the server may be closing just now.
        if self.writer is None or self.writer.is_closing() or time.monotonic() - self.used > IDLE:
            self.close()
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.used = time.monotonic()
        assert self.reader is not None
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self.writer.write(head.encode() + body)
        await self.writer.drain()
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        status = int(lines[0].split(" ", 2)[1])
        if headers.get("transfer-encoding") == "chunked":
            parts = []
            while size := int(await self.reader.readline(), 16):
                parts.append(await self.reader.readexactly(size))
                await self.reader.readline()
            await self.reader.readline()
            return status, b"".join(parts)
        return status, await self.reader.readexactly(int(headers.get("content-length", "0")))

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()


@dataclass
class Taken:
    """Latencies in seconds and statuses, by kind of request; memory in MB by second."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in MIX})
    statuses: dict[int, int] = field(default_factory=dict)
    memory: list[float] = field(default_factory=list)
    lasted: float = 0.0


class Requests:
    """What people ask, drawn from the tables of a run."""

    def __init__(self, run: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.catalog = pl.read_parquet(run / "data" / "catalog.parquet")
        events = pl.read_parquet(run / "data" / "interactions.parquet")
        self.users = events["user_id"].unique(maintain_order=True).to_list()
        self.items = self.catalog["item_id"].to_list()
        self.values = {
            name: self.catalog[name].drop_nulls().unique(maintain_order=True).to_list()
            for name in ("category", "season", "colour", "brand", "style")
            if name in self.catalog.columns
        }
        self.number = 0

    def draw(self, kind: str) -> tuple[str, dict[str, Any]]:
        pick = self.random.choice
        if kind == "recommendations":
            if self.random.random() < 0.5:
                return "/v1/recommendations", {"user": pick(self.users), "k": 10}
            history = self.random.sample(self.items, self.random.randint(1, 20))
            return "/v1/recommendations", {"history": history, "k": 10}
        if kind == "chat":
            said = [self._say() for _ in range(self.random.randint(1, 3))]
            messages = [{"role": "user", "content": one} for one in said]
            stream = self.random.random() < 0.5
            return "/v1/chat/completions", {"messages": messages, "user": pick(self.users), "stream": stream}
        if kind == "search":
            return "/v1/search", {"text": self._say(), "k": 10}
        self.number += 1
        event = {
            "event_id": f"load-{self.random.getrandbits(64):x}-{self.number}", "user": pick(self.users),
            "item_id": pick(self.items), "kind": pick(["view", "click", "like", "purchase"]),
        }  # fmt: skip
        return "/v1/events", {"events": [event]}

    def _say(self) -> str:
        values = {name: self.random.choice(some) for name, some in self.values.items()}
        return self.random.choice(SAID).format(**values, price=self.random.choice((30, 50, 80, 120)))


SMALL_CACHES = """
import genrec.chat.conversation, genrec.recommender
genrec.chat.conversation.REMEMBERED = genrec.recommender.REMEMBERED = {size}
from genrec.cli import app
app()
"""


@contextmanager
def server(run: Path, port: int, *settings: str, caches: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """`genrec serve` on a copy of the run's changing parts, so that the run stays as it is. caches: people and
    conversations that are remembered."""
    begun = [str(Path(sys.executable).with_name("genrec"))]
    if caches is not None:
        begun = [sys.executable, "-c", SMALL_CACHES.format(size=caches)]
    command = [*begun, "serve", str(run), "--port", str(port)]
    for one in settings:
        command += ["--set", one]
    with tempfile.TemporaryDirectory() as folder:
        command += ["--database", f"sqlite:///{folder}/store.sqlite"]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            asyncio.run(_ready(port, process))
            yield process
        finally:
            process.terminate()
            process.wait(60)


async def _ready(port: int, process: subprocess.Popen[bytes]) -> None:
    body = json.dumps({"history": [], "k": 1}).encode()
    while process.poll() is None:
        try:
            status, _ = await Connection(port).post("/v1/recommendations", body)
            if status == 200:
                return
        except OSError:
            pass
        await asyncio.sleep(0.5)
    raise SystemExit("the server did not start; run `genrec serve` by hand to see why")


async def open_loop(run: Path, port: int, pid: int, rate: float, seconds: float, seed: int) -> Taken:
    """Requests at random moments, `rate` a second in the mean."""
    taken, requests, free = Taken(), Requests(run, seed), list[Connection]()
    chance = random.Random(seed + 1)
    running: set[asyncio.Task[None]] = set()
    kinds, weights = list(MIX), list(MIX.values())

    async def one(kind: str, due: float) -> None:
        connection = free.pop() if free else Connection(port)
        path, body = requests.draw(kind)
        try:
            status, _ = await connection.post(path, json.dumps(body).encode())
            free.append(connection)
        except (OSError, asyncio.IncompleteReadError):
            status = 0
        taken.seconds[kind].append(time.monotonic() - due)
        taken.statuses[status] = taken.statuses.get(status, 0) + 1

    watching = asyncio.create_task(_watch(pid, taken.memory))
    began = due = time.monotonic()
    while due - began < seconds:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        task = asyncio.create_task(one(chance.choices(kinds, weights)[0], due))
        running.add(task)
        task.add_done_callback(running.discard)
        due += chance.expovariate(rate)
    await asyncio.gather(*running)
    taken.lasted = time.monotonic() - began
    watching.cancel()
    return taken


async def _watch(pid: int, memory: list[float]) -> None:
    while True:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        memory.append(next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")))
        await asyncio.sleep(1)


async def closed_loop(run: Path, port: int, people: int, seconds: float, seed: int) -> float:
    """Recommendations per second where each of `people` asks again as soon as it is answered."""
    requests, done = Requests(run, seed), 0
    histories = [requests.random.sample(requests.items, 10) for _ in range(2_000)]
    bodies = [json.dumps({"history": history, "k": 10}).encode() for history in histories]
    end = time.monotonic() + seconds

    async def person() -> None:
        nonlocal done
        connection = Connection(port)
        while time.monotonic() < end:
            status, _ = await connection.post("/v1/recommendations", requests.random.choice(bodies))
            assert status == 200, status
            done += 1
        connection.close()

    began = time.monotonic()
    await asyncio.gather(*(person() for _ in range(people)))
    return done / (time.monotonic() - began)


def engine_level(run: Path, seconds: float) -> tuple[float, float]:
    """Recommendations per second of the engine alone: one at a time, and 32 at once."""
    from genrec import Recommender

    recommender, requests = Recommender.from_pretrained(run), Requests(run, 7)
    histories = [requests.random.sample(requests.items, 10) for _ in range(4_096)]

    def measured(size: int) -> float:
        done, began = 0, time.monotonic()
        while time.monotonic() - began < seconds:
            begin = done % (len(histories) - size)
            recommender.recommend_many(histories[begin : begin + size], 10)
            done += size
        return done / (time.monotonic() - began)

    measured(32)
    return measured(1), measured(32)


def show_load(taken: Taken, rate: float) -> None:
    count = sum(taken.statuses.values())
    print(f"\n{count:,} requests in {taken.lasted:.0f} s, {count / taken.lasted:.1f} a second ({rate:g} asked for)\n")
    print("| kind | requests | p50 ms | p95 ms | p99 ms | longest ms |\n|---|---|---|---|---|---|")
    everything = [second for seconds in taken.seconds.values() for second in seconds]
    for kind, seconds in [*taken.seconds.items(), ("all", everything)]:
        if seconds:
            p = [f"{1000 * value:.0f}" for value in (*np.percentile(seconds, [50, 95, 99]), max(seconds))]
            print(f"| {kind} | {len(seconds):,} | {' | '.join(p)} |")
    told = ", ".join(f"{status}: {number:,}" for status, number in sorted(taken.statuses.items()))
    print(f"\nstatuses {told}")
    half = taken.memory[len(taken.memory) // 2 :]
    slope = float(np.polyfit(np.arange(len(half)), half, 1)[0]) * 60 if len(half) > 10 else float("nan")
    print(f"memory {taken.memory[0]:.0f} MB at first, {half[0]:.0f} halfway, {taken.memory[-1]:.0f} at the end; "
          f"in the second half {slope:+.1f} MB a minute")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--rate", type=float, default=20.0, help="requests a second")
    parser.add_argument("--port", type=int, default=8411)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement of batching")
    parser.add_argument(
        "--caches", type=int, help="their size, so that they are full within a minute: does memory stay?"
    )
    parser.add_argument("--skip-load", action="store_true")
    parser.add_argument("--skip-batching", action="store_true")
    asked = parser.parse_args()
    print(line(machine()))
    if not asked.skip_load:
        with server(asked.run, asked.port, caches=asked.caches) as process:
            taken = asyncio.run(
                open_loop(asked.run, asked.port, process.pid, asked.rate, 60 * asked.minutes, asked.seed)
            )
        show_load(taken, asked.rate)
    if not asked.skip_batching:
        alone, together = engine_level(asked.run, asked.seconds)
        print("\n| recommendations/s | one at a time | batches of 32 | ratio |\n|---|---|---|---|")
        print(f"| engine | {alone:.0f} | {together:.0f} | {together / alone:.2f} |")
        rates = {}
        for size in (1, 32):
            with server(asked.run, asked.port, f"batching.most={size}"):
                rates[size] = asyncio.run(closed_loop(asked.run, asked.port, 32, asked.seconds, asked.seed))
        print(f"| over HTTP, 32 people | {rates[1]:.0f} | {rates[32]:.0f} | {rates[32] / rates[1]:.2f} |")


if __name__ == "__main__":
    main()
