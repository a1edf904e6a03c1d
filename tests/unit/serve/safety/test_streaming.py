"""A real web server with all of safety in front: streams stream, and a client that leaves ends what it asked for."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from genrec.serve.safety.access_log import LEFT, Finished
from genrec.serve.safety.keys import Keys
from genrec.serve.safety.stack import Policy, protect
from tests.unit.serve.safety.conftest import Seen, service


class Running:
    """The service on a port of its own, in a thread."""

    def __init__(self, finished: list[Finished]) -> None:
        self.seen = Seen()
        app = protect(service(self.seen), Keys(), Policy(body=2000, picture_body=4000), watch=finished.append)
        config = uvicorn.Config(app, port=0, log_level="error", access_log=False, proxy_headers=False, lifespan="off")  # type: ignore[arg-type]
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(10)


@pytest.fixture
def running(finished: list[Finished]) -> Iterator[Running]:
    service = Running(finished)
    yield service
    service.stop()


def request(body: dict[str, object], path: str = "/v1/chat/completions") -> bytes:
    data = json.dumps(body).encode()
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        f"Content-Length: {len(data)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + data


def until(true: object, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)


def test_words_arrive_one_by_one(running: Running, finished: list[Finished]) -> None:
    with running.connect() as client:
        client.sendall(request({"words": 3, "pause": 0.2}))
        heard, times = b"", []
        while b"data: 2" not in heard:
            heard += client.recv(4096)
            if len(times) < heard.count(b"data: "):
                times += [time.monotonic()] * (heard.count(b"data: ") - len(times))
    assert len(set(times)) == 3  # not one piece at the end
    until(lambda: finished)
    assert finished[0].status == 200 and finished[0].first is not None and finished[0].first < finished[0].seconds


def test_a_client_that_leaves_ends_the_stream(running: Running, finished: list[Finished]) -> None:
    with running.connect() as client:
        client.sendall(request({"words": 10_000, "pause": 0.02}))
        while b"data: 1" not in client.recv(4096):
            pass
    until(running.seen.left.is_set)
    until(lambda: finished)
    assert finished[0].status == 200 and not finished[0].complete


def test_a_client_that_leaves_while_sending_begins_nothing(running: Running, finished: list[Finished]) -> None:
    with running.connect() as client:
        client.sendall(request({"words": 3})[:-5])
    until(lambda: finished)
    assert finished[0].status == LEFT and running.seen.begun == 0


def test_an_endless_body_is_cut_off_while_it_comes(running: Running, finished: list[Finished]) -> None:
    with running.connect() as client:
        client.sendall(b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        heard = b""
        try:
            for _ in range(10_000):
                client.sendall(b"400\r\n" + b"x" * 1024 + b"\r\n")
        except OSError:
            pass  # the server has hung up
        else:
            raise AssertionError("all of it was taken")
        with contextlib.suppress(ConnectionError):  # what it said may be lost with the connection, as TCP has it
            heard = client.recv(4096)
        assert heard == b"" or b" 413 " in heard
    until(lambda: finished)
    assert finished[0].status == 413


def test_cancelling_a_request_passes_through_everything(finished: list[Finished]) -> None:
    seen = Seen()
    app = protect(service(seen), Keys(), Policy(), watch=finished.append)

    async def cancelled() -> None:
        asked = {
            "type": "http", "method": "POST", "path": "/v1/chat/completions", "raw_path": b"", "query_string": b"",
            "root_path": "", "scheme": "http", "http_version": "1.1", "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80), "asgi": {"version": "3.0"},
            "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
        }  # fmt: skip
        begun, body = asyncio.Event(), [b'{"words": 100000, "pause": 0.01}']

        async def receive() -> dict[str, object]:
            if body:
                return {"type": "http.request", "body": body.pop()}
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: object) -> None:
            begun.set()

        task = asyncio.create_task(app(asked, receive, send))  # type: ignore[arg-type]
        await begun.wait()
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert seen.left.is_set() and not finished[0].complete
