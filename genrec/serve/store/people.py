"""Who is known, how people are forgotten, and how what was forgotten stays so."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

from sqlalchemy import Connection, delete, select, text

from genrec.serve.store.records import Forgotten
from genrec.serve.store.tables import answers, events, histories, imports, sessions, tombstones
from genrec.serve.store.writes import chunks, insert_new

_ADVISORY = 0x666F72676574  # «forget», the name of the lock on PostgreSQL


class Graves:
    """The tombstones: salted hashes of the people who were forgotten, and when. Without the name nobody reads one."""

    def __init__(self, salt: bytes) -> None:
        self._salt = salt

    def hashed(self, user: str) -> bytes:
        return hashlib.blake2b(user.encode(), key=self._salt, digest_size=32).digest()

    def of(self, connection: Connection, users: Collection[str]) -> dict[str, float]:
        """When each of `users` was forgotten; without those who never were."""
        names = {self.hashed(user): user for user in users}
        found: dict[str, float] = {}
        for some in chunks(list(names)):
            asked = select(tombstones.c.person, tombstones.c.time).where(tombstones.c.person.in_(some))
            found |= {names[bytes(person)]: time for person, time in connection.execute(asked)}
        return found

    def keep_open(self, connection: Connection) -> None:
        """Until this transaction ends nobody is forgotten. SQLite has one writer at a time, and needs nothing."""
        if connection.dialect.name != "sqlite":
            connection.execute(text("SELECT pg_advisory_xact_lock_shared(:name)"), {"name": _ADVISORY})

    def bury(self, connection: Connection, user: str, now: float) -> Forgotten:
        """Delete every row that names `user`, and leave a tombstone."""
        if connection.dialect.name != "sqlite":
            connection.execute(text("SELECT pg_advisory_xact_lock(:name)"), {"name": _ADVISORY})
        gone = [
            connection.execute(delete(table).where(table.c.user_id == user)).rowcount
            for table in (events, histories, sessions, answers)
        ]
        connection.execute(delete(tombstones).where(tombstones.c.person == self.hashed(user)))
        insert_new(connection, tombstones, [{"person": self.hashed(user), "time": now}])
        return Forgotten(*gone)


def users(connection: Connection, limit: int) -> list[str]:
    """Up to `limit` people of whom there is a history or an event, by name."""
    found: set[str] = set()
    for table in (histories, events):
        found |= set(connection.scalars(select(table.c.user_id).distinct().order_by(table.c.user_id).limit(limit)))
    return sorted(found)[:limit]


def import_rows(connection: Connection, rows: Iterable[tuple[str, str, float]], place: int, graves: Graves) -> int:
    """Store (user, item, time) of people who were not forgotten; the number of those that were new.

    place: of the first of them in its import.
    """
    graves.keep_open(connection)
    numbered = list(enumerate(rows, place))
    buried = graves.of(connection, {user for _, (user, _, _) in numbered})
    names = ("user_id", "item_id", "time")
    values = [
        {**dict(zip(names, row, strict=True)), "place": number} for number, row in numbered if row[0] not in buried
    ]
    return insert_new(connection, histories, values)


def imported(connection: Connection, name: str) -> bool:
    return connection.execute(select(imports.c.name).where(imports.c.name == name)).first() is not None


def note_import(connection: Connection, name: str, rows: int, now: float) -> None:
    insert_new(connection, imports, [{"name": name, "rows": rows, "time": now}])
