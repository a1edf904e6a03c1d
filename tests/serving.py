"""For API and browser tests: `genrec serve` in a process of its own, on a copy of the small run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

UP = 180
"""Seconds in which a server must have come up, also on a machine that is busy with other things."""


@dataclass
class Served:
    """A server: where it listens, its run, its options, and its process."""

    url: str
    run: Path
    options: tuple[str, ...]
    environment: dict[str, str]
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> str:
        return (self.run.parent / "log").read_text(errors="replace")

    def again(self) -> None:
        """Start it anew, on the same port, after it has ended."""
        self.process.wait(60)
        self.process = _process(self.run, self.url, self.options, self.environment)
        _wait(self)


@pytest.fixture(scope="session")
def serve(fashion: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Served]]:
    """``serve("--set", "batching.most=1", GENREC_API_KEYS=…)``: a server, until the session ends. run: another run."""
    begun: list[Served] = []

    def start(*options: str, run: Path | None = None, **environment: str) -> Served:
        own = tmp_path_factory.mktemp("served") / "run"
        shutil.copytree(run or fashion, own)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{free.getsockname()[1]}"
        served = Served(url, own, options, environment, _process(own, url, options, environment))
        begun.append(served)
        _wait(served)
        return served

    yield start
    for served in begun:
        if served.process.poll() is None:
            served.process.terminate()
    for served in begun:
        served.process.wait(timeout=60)


@pytest.fixture(scope="session")
def server(serve: Callable[..., Served]) -> Served:
    """The one that most tests share. Their people differ, so that they do not meet."""
    return serve()


def _process(run: Path, url: str, options: tuple[str, ...], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [str(Path(sys.executable).with_name("genrec")), "serve", str(run), "--port", url.rpartition(":")[2], *options],
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
        stdout=subprocess.DEVNULL,
        stderr=(run.parent / "log").open("ab"),
    )


def _wait(served: Served) -> None:
    for _ in range(UP * 4):
        assert served.process.poll() is None, f"the server ended: {served.log[-2000:]}"
        try:
            with urllib.request.urlopen(f"{served.url}/readyz", timeout=5):
                return
        except OSError:
            time.sleep(0.25)
    raise AssertionError(f"the server does not come up: {served.log[-2000:]}")
