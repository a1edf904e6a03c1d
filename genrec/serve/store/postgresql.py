"""Connections to PostgreSQL that give up in time, also on a server that is there and says nothing."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

import psycopg
from sqlalchemy import URL

CONNECT_SECONDS = 2
ANSWERED_LATER = 1.0  # seconds beyond the server's own time-out after which the server itself is taken for gone


class Impatient(psycopg.Connection[Any]):
    """A connection that is closed when a statement has no answer after `patience` seconds.

    The server's statement_timeout needs a server that works. One that is stopped, or behind a network that swallows
    everything, would hold the caller for as long as TCP has hope.
    """

    patience: float = 60.0

    def wait(self, gen: Any, *args: Any, **options: Any) -> Any:
        return super().wait(self._until(gen, time.monotonic() + self.patience), *args, **options)

    def _until(self, gen: Generator[Any, Any, Any], deadline: float) -> Generator[Any, Any, Any]:
        # psycopg sends a 0 («nothing is ready») a few times a second while it waits.
        try:
            said = next(gen)
            while True:
                ready = yield said
                if not ready and time.monotonic() > deadline:
                    self.pgconn.finish()
                    raise psycopg.OperationalError(f"no answer within {self.patience:.0f} s")
                said = gen.send(ready)
        except StopIteration as end:
            return end.value


class Connector:
    """How SQLAlchemy gets a new connection.

    After a failure the next try waits a little and fails at once until then: with a server behind a dead network every
    request would otherwise spend two seconds on finding that out again.
    """

    def __init__(self, url: URL, patience: float) -> None:
        self._patience = patience
        self._not_before = 0.0
        defaults: dict[str, Any] = {
            "connect_timeout": CONNECT_SECONDS,
            "options": f"-c statement_timeout={int(patience * 1000)}",
            "application_name": "genrec",
            "tcp_user_timeout": int(patience * 1000),
        }
        self._defaults = {name: value for name, value in defaults.items() if name not in url.query}

    def __call__(self, dialect: Any, record: Any, args: list[Any], options: dict[str, Any]) -> psycopg.Connection[Any]:
        began = time.monotonic()
        if began < self._not_before:
            raise psycopg.OperationalError("it could not be reached a moment ago")
        try:
            connection = Impatient.connect(*args, **(self._defaults | options))
        except psycopg.OperationalError:
            now = time.monotonic()
            self._not_before = now + max(0.5, now - began)
            raise
        connection.patience = self._patience + ANSWERED_LATER
        return connection
