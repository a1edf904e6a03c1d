"""The store: what the server knows beyond its model. Synchronous; a server calls it in threads."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import text

from genrec.serve.store import audit, events, keys, people
from genrec.serve.store.database import STATEMENT_SECONDS, Collision, Database, understood
from genrec.serve.store.group import GroupCommit
from genrec.serve.store.people import Graves
from genrec.serve.store.records import (
    Accepted,
    Answer,
    CatalogueVersion,
    Event,
    Forgotten,
    KeyRow,
    Pruned,
    Retention,
    Session,
    StoreAway,
    checked,
)
from genrec.serve.store.schema import bring_up_to_date

ROWS = 5000  # in one transaction of an import or of pruning, which others wait for
TRIES = 4


class Store:
    """Events, histories, conversations, API keys and the audit log, in SQLite or PostgreSQL.

    Every method may raise StoreAway, and works again once the database is back. All may be called from many threads.
    """

    def __init__(self, database: Database, salt: bytes, retention: Retention) -> None:
        self._database, self._retention = database, retention
        self._graves = Graves(salt)
        self._events = GroupCommit(self._commit_events)

    @classmethod
    def open(cls, url: str, retention: Retention | None = None, *, patience: float = STATEMENT_SECONDS) -> Store:
        """`sqlite:///PATH` or `postgresql://USER@HOST/DATABASE`; makes the schema, or brings it up to date.

        patience: seconds after which a statement, or the wait for another writer, is given up with StoreAway.
        UserError where the address is none, or the database was used by a newer GenRec or by something else.
        """
        address = understood(url)
        salt = bring_up_to_date(address)
        return cls(Database(address, patience), salt, retention or Retention())

    def close(self) -> None:
        self._database.close()

    def ping(self) -> None:
        """Nothing, or StoreAway."""
        with self._database.reading() as connection:
            connection.execute(text("SELECT 1 FROM settings"))

    # What people did

    def add_events(self, batch: Sequence[Event]) -> Accepted:
        """Store a batch, all of it or nothing; when this returns, it is on the disk.

        An event that is there already, with the same content, is a duplicate and counted as such: after StoreAway the
        same batch may be sent again. EventConflict where an event_id is taken by another event.
        """
        return self._events(tuple(batch)) if batch else Accepted(0, 0)

    def _commit_events(self, batches: Sequence[Sequence[Event]]) -> Sequence[Accepted | Exception]:
        for _ in range(TRIES):
            try:
                with self._database.writing() as connection:
                    return events.add(connection, batches, self._graves, time.time())
            except (events.Overtaken, Collision):
                continue
        raise StoreAway(f"the database {self._database} is too busy with the same events: try again")

    def history(self, user: str, limit: int = 200) -> list[str]:
        """Item ids of what the person last saw, liked or bought, oldest first; without what they dislike."""
        checked("user", user)
        with self._database.reading() as connection:
            return events.history(connection, user, limit)

    def disliked(self, user: str) -> list[str]:
        """Item ids that the person dislikes: where no like or purchase came after the dislike."""
        checked("user", user)
        with self._database.reading() as connection:
            return events.disliked(connection, user)

    def users(self, limit: int = 100) -> list[str]:
        """Some people of whom something is known, by name."""
        with self._database.reading() as connection:
            return people.users(connection, limit)

    def import_histories(self, name: str, rows: Iterable[tuple[str, str, float]]) -> int:
        """Take in a run's interactions (user, item, time), in their order; the number of those that were new.

        name: the fingerprint of the table. What was imported under it before is not read again. An interaction that
        another import brought already is kept once, and people who were forgotten are left out. An import that is
        killed goes on when it is called again.
        """
        checked("name of the import", name)
        with self._database.reading() as connection:
            if people.imported(connection, name):
                return 0
        new = place = 0
        waiting = iter(rows)
        while some := list(islice(waiting, ROWS)):
            for user, item_id, _ in some:
                checked("user_id", user)
                checked("item_id", item_id)
            with self._database.writing() as connection:
                new += people.import_rows(connection, some, place, self._graves)
            place += len(some)
        with self._database.writing() as connection:
            people.note_import(connection, name, place, time.time())
        return new

    def forget(self, user: str, now: float | None = None) -> Forgotten:
        """Delete every row that names the person, in one transaction, and leave a tombstone.

        From then on imports do not bring them back, and neither do late events, answers and conversations from before.
        What they do afterwards is a new person's.
        """
        checked("user", user)
        with self._database.writing() as connection:
            gone = self._graves.bury(connection, user, time.time() if now is None else now)
        self._database.wipe()
        return gone

    # Conversations

    def session(self, session_id: str) -> Session | None:
        """The conversation, or None where there is none, or its time is over."""
        checked("session_id", session_id)
        with self._database.reading() as connection:
            return audit.session(connection, session_id, time.time())

    def save_session(self, session_id: str, messages: Sequence[Mapping[str, Any]], *, user: str | None = None) -> bool:
        """Keep a conversation for `retention.sessions` from now; in place of what was kept under this id.

        False, and nothing kept, where it began before its person was forgotten: begin another one.
        """
        checked("session_id", session_id)
        if user is not None:
            checked("user", user)
        now = time.time()
        with self._database.writing() as connection:
            expires = now + self._retention.sessions
            return audit.save_session(connection, session_id, user, messages, self._graves, now, expires)

    # What was recommended, and from what

    def record(self, answers: Sequence[Answer]) -> None:
        """Write answers into the audit log. AuditWriter does this without making a request wait for it."""
        if answers:
            with self._database.writing() as connection:
                audit.record(connection, answers, self._graves)

    def audit(self, *, user: str | None = None, request_id: str | None = None, limit: int = 100) -> list[Answer]:
        """The newest answers, newest first: of one person, of one request, or of all."""
        for name, value in (("user", user), ("request_id", request_id)):
            if value is not None:
                checked(name, value)
        with self._database.reading() as connection:
            return audit.audit(connection, user, request_id, limit)

    def record_catalogue(self, version: int, kind: str, count: int, fingerprint: str) -> None:
        """Note that a version of the catalogue is served from now on; what is noted already stays as it is."""
        with self._database.writing() as connection:
            audit.record_catalogue(connection, CatalogueVersion(fingerprint, version, kind, count, time.time()))

    def catalogues(self, limit: int = 100) -> list[CatalogueVersion]:
        """The versions that were served, newest first."""
        with self._database.reading() as connection:
            return audit.catalogues(connection, limit)

    def prune(self, now: float | None = None) -> Pruned:
        """Delete answers older than `retention.answers` and conversations whose time is over."""
        moment = time.time() if now is None else now
        answers = sessions = 0
        while True:
            with self._database.writing() as connection:
                gone = audit.prune(connection, moment - self._retention.answers, moment, ROWS)
            answers, sessions = answers + gone.answers, sessions + gone.sessions
            if max(gone.answers, gone.sessions) < ROWS:
                return Pruned(answers, sessions)

    # API keys

    def add_key(self, row: KeyRow) -> None:
        """Keep a key by its hash; UserError where name or hash is taken."""
        with self._database.writing() as connection:
            keys.add(connection, row)

    def keys(self) -> list[KeyRow]:
        """All keys, revoked ones too, oldest first."""
        with self._database.reading() as connection:
            return keys.every(connection)

    def revoke_key(self, name: str) -> None:
        """The key is revoked from now on; one that is so already, or that nobody knows, stays as it is."""
        checked("name of the key", name)
        with self._database.writing() as connection:
            keys.revoke(connection, name, time.time())

    def used_key(self, name: str) -> None:
        """Note that the key was used now, to the minute."""
        checked("name of the key", name)
        with self._database.writing() as connection:
            keys.used(connection, name, time.time())
