"""The connection to SQLite or PostgreSQL: how long it may take, and one error for everything that it can meet.

Reads and writes are transactions of their own here; what stands in them is the other files' matter.
"""

from __future__ import annotations

import json
import math
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, make_url

from genrec.errors import UserError
from genrec.serve.store.records import StoreAway

STATEMENT_SECONDS = 5.0
_COLLISIONS = ("40001", "40P01")  # serialization_failure, deadlock_detected


def _shown(url: str) -> str:
    """What of an address nobody could read may be shown: a password may stand before an @."""
    return repr(url if "@" not in url else f"…@{url.rpartition('@')[2]}")


def understood(url: str) -> URL:
    """The address of a database that the store can use; UserError otherwise."""
    try:
        parsed = make_url(url)
    except exc.ArgumentError:
        raise UserError(
            f"{_shown(url)} is no database address: write sqlite:///PATH or postgresql://USER@HOST/DATABASE"
        ) from None
    name = parsed.drivername
    if name in ("postgresql", "postgres", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    if name not in ("sqlite", "sqlite+pysqlite"):
        raise UserError(f"databases of kind {name!r} are not supported: sqlite:///PATH or postgresql://…")
    if parsed.database in (None, "", ":memory:"):
        raise UserError(f"{url!r} names no file: what people do must outlive the server, write sqlite:///PATH")
    return parsed.set(drivername="sqlite+pysqlite")


class Collision(StoreAway):
    """Two transactions waited for each other, and PostgreSQL ended this one: the same again will do."""


class Database:
    """One database and the connections to it. patience: seconds that a statement, or a wait for a lock, may take."""

    def __init__(self, url: URL, patience: float = STATEMENT_SECONDS) -> None:
        self.url = url
        self.sqlite = url.get_backend_name() == "sqlite"
        self._engine = _sqlite(url, patience) if self.sqlite else _postgresql(url, patience)
        self._read = self._engine if self.sqlite else self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._write = self._engine.execution_options(writes=True)

    def __str__(self) -> str:
        return self.url.render_as_string(hide_password=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection whose every statement sees what is committed then."""
        with self._translated(), self._read.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction: committed, and on the disk, when the block is left without an error."""
        with self._translated(), self._write.begin() as connection:
            yield connection

    def wipe(self) -> None:
        """Empty SQLite's write-ahead log, where deleted rows still stand. Readers may hinder that."""
        if self.sqlite:
            with suppress(StoreAway), self.reading() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (exc.IntegrityError, exc.DataError, exc.NotSupportedError):
            raise  # our own mistake, not the database's
        except exc.DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) in _COLLISIONS:
                raise Collision(f"the database {self} is busy with the same rows: try again") from error
            said = str(error.orig).strip().splitlines()
            raise StoreAway(f"the database {self} did not do its part: {said[0] if said else error.orig!r}") from error
        except (exc.TimeoutError, exc.DisconnectionError) as error:
            raise StoreAway(f"the database {self} is busy: {error}") from error


def _sqlite(url: URL, patience: float) -> Engine:
    path = Path(str(url.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # what people do is nobody else's business
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror}): name another place for the database") from error
    # mode=rw: a connection never makes the file anew where it is gone, or its disk not mounted.
    address = f"{path.absolute().as_uri()}?mode=rw"
    engine = create_engine(
        url,
        creator=lambda: sqlite3.connect(address, uri=True, timeout=patience, check_same_thread=False),
        pool_timeout=patience,
        json_serializer=to_json,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, record: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say so, below
        connection.execute("PRAGMA synchronous=FULL")  # a commit in WAL mode is then on the disk
        connection.execute("PRAGMA secure_delete=ON")  # what is forgotten is overwritten, not only unlinked
        record.info["file"] = _identity(path)

    @event.listens_for(engine, "checkout")
    def same_file(connection: sqlite3.Connection, record: Any, proxy: Any) -> None:
        # A connection to a file that was moved or deleted goes on writing into what nobody will find again.
        if record.info["file"] != _identity(path):
            raise exc.DisconnectionError(f"{path} is another file now")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A write that begins as a read cannot wait for another writer: SQLite refuses it at once.
        if connection.get_execution_options().get("writes"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _postgresql(url: URL, patience: float) -> Engine:
    from genrec.serve.store.postgresql import Connector

    connector = Connector(url, patience)
    engine = create_engine(
        url, pool_size=10, max_overflow=10, pool_timeout=patience, pool_pre_ping=True, json_serializer=to_json
    )
    event.listen(engine, "do_connect", connector)
    return engine


def _plain(value: Any) -> Any:
    """Without NaN and infinities, which JSON does not have."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _plain(of) for key, of in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(of) for of in value]
    return value


def to_json(value: Any) -> str:
    return json.dumps(_plain(value), default=str)
