"""A server that is killed, told to end, overrun, or left alone by its database."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.serving import Served


@pytest.fixture
def own(serve: Callable[..., Served]) -> Served:
    """A server that a test may end."""
    return serve()


def event(n: int, user: str = "u") -> dict:
    return {"event_id": f"{user}-{n}", "user": user, "item_id": f"F{n % 300:05}", "kind": "view", "time": 1_000_000 + n}


def send(url: str, begin: int, acknowledged: list[int], stop: threading.Event, user: str) -> None:
    with httpx.Client(base_url=url, timeout=30) as client:
        n = begin
        while not stop.is_set():
            try:
                answer = client.post("/v1/events", json={"events": [event(n, user), event(n + 1, user)]})
            except httpx.HTTPError:
                return
            if answer.status_code == 200:
                acknowledged += [n, n + 1]
            n += 2


def test_a_kill_loses_no_event_and_doubles_none(own: Served) -> None:
    acknowledged: list[list[int]] = [[] for _ in range(4)]
    stop = threading.Event()
    people = [
        threading.Thread(target=send, args=(own.url, 0, acknowledged[n], stop, f"p{n}")) for n in range(4)
    ]  # fmt: skip
    for person in people:
        person.start()
    while min(map(len, acknowledged)) < 20:
        time.sleep(0.05)
    own.process.send_signal(signal.SIGKILL)
    for person in people:
        person.join()
    own.again()
    with httpx.Client(base_url=own.url, timeout=30) as client:
        for n, numbers in enumerate(acknowledged):
            history = [one["item_id"] for one in client.get(f"/v1/users/p{n}").json()["history"]]
            assert [event(number)["item_id"] for number in numbers] == history[: len(numbers)]
            assert len(history) <= len(numbers) + 2  # a batch that was stored but not yet acknowledged
            # All of it sent again is known, each once.
            again = client.post("/v1/events", json={"events": [event(number, f"p{n}") for number in numbers]}).json()
            assert again == {"accepted": 0, "duplicates": len(numbers), "forgotten": 0}


def test_told_to_end_it_answers_what_is_under_way(own: Served) -> None:
    """SIGTERM in the middle of many requests: those that were taken are answered, nothing is cut off."""
    statuses: list[int] = []
    refused: list[Exception] = []

    async def scene() -> None:
        async with httpx.AsyncClient(base_url=own.url, timeout=60) as client:

            async def one(n: int) -> None:
                body = {"history": [f"F{n:05}"], "k": 10, "explain": True}
                try:
                    statuses.append((await client.post("/v1/recommendations", json=body)).status_code)
                except httpx.ConnectError as error:
                    refused.append(error)

            asked = [asyncio.create_task(one(n)) for n in range(30)]
            await asyncio.sleep(0.3)
            own.process.send_signal(signal.SIGTERM)
            await asyncio.gather(*asked)

    asyncio.run(scene())
    assert own.process.wait(60) in (0, -signal.SIGTERM)
    assert statuses and set(statuses) <= {200, 429}
    assert len(statuses) + len(refused) == 30
    lines = [json.loads(line) for line in own.log.splitlines() if line.startswith("{")]
    assert not [line for line in lines if line["level"] in ("error", "critical")]


def test_too_much_at_once_is_told_to_come_back(serve: Callable[..., Served]) -> None:
    narrow = serve("--set", "batching.waiting=4", "--set", "batching.most=1")

    async def scene() -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=80)
        async with httpx.AsyncClient(base_url=narrow.url, timeout=60, limits=limits) as client:
            body = {"history": ["F00001", "F00002"], "k": 10, "explain": True}
            return list(await asyncio.gather(*(client.post("/v1/recommendations", json=body) for _ in range(80))))

    answers = asyncio.run(scene())
    statuses = {answer.status_code for answer in answers}
    assert statuses == {200, 429}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers if answer.status_code == 429)
    # And then it is as before.
    assert httpx.post(f"{narrow.url}/v1/recommendations", json={"k": 3}).status_code == 200


def test_a_client_that_leaves_is_not_worked_for(serve: Callable[..., Served]) -> None:
    busy = serve("--set", "batching.most=1")
    host, port = busy.url.removeprefix("http://").split(":")
    body = json.dumps({"history": [f"F{n:05}" for n in range(40)], "k": 50, "explain": True}).encode()
    head = f"POST /v1/recommendations HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    for _ in range(30):
        with socket.create_connection((host, int(port))) as left:
            left.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    with httpx.Client(base_url=busy.url, timeout=60) as client:
        client.post("/v1/recommendations", json={"k": 3})
        told = client.get("/metrics").text
    marked = 'genrec_stage_seconds_count{stage="explain"}'
    explained = sum(float(line.split()[1]) for line in told.splitlines() if line.startswith(marked))
    left = [line for line in told.splitlines() if line.startswith("genrec_requests_total") and 'status="499"' in line]
    assert left and explained < 15  # of 30 that asked for it


def test_without_its_database(serve: Callable[..., Served], items_of_small: list[str]) -> None:
    """The file is taken away while it runs: recommendations go on from the history in the request, events do not."""
    served = serve()
    # A lock held by somebody else is what a database that does not answer looks like to SQLite.
    import sqlite3

    path = served.run / "serve" / "store.sqlite"
    with httpx.Client(base_url=served.url, timeout=60) as client:
        assert client.post("/v1/events", json={"events": [event(1, "before")]}).status_code == 200
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        refused = client.post("/v1/events", json={"events": [event(2, "before")]})
        assert refused.status_code == 503 and refused.headers["retry-after"]
        answer = client.post("/v1/recommendations", json={"history": items_of_small[:3], "user": "before", "k": 4})
        assert answer.status_code == 200 and len(answer.json()["items"]) == 4
        holder.execute("ROLLBACK")
        holder.close()
        assert client.post("/v1/events", json={"events": [event(2, "before")]}).json()["accepted"] == 1


@pytest.fixture
def items_of_small() -> list[str]:
    return [f"F{n:05}" for n in range(300)]


def test_a_port_that_is_taken(server: Served, tmp_path: Path) -> None:
    """Said in a sentence, with what to do."""
    shutil.copytree(server.run, tmp_path / "run", ignore=shutil.ignore_patterns("serve"))
    port = server.url.rpartition(":")[2]
    command = [str(Path(sys.executable).with_name("genrec")), "serve", str(tmp_path / "run"), "--port", port]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=180)
    assert ended.returncode == 2 and f"cannot listen on 127.0.0.1:{port}" in ended.stderr
