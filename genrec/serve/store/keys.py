"""API keys as the store keeps them: by their hash. Who hashes, and what a scope allows, is `serve/safety`'s matter."""

from __future__ import annotations

from sqlalchemy import Connection, or_, select, update

from genrec.errors import UserError
from genrec.serve.store.records import KeyRow, checked
from genrec.serve.store.tables import api_keys
from genrec.serve.store.writes import insert_new

USED_SECONDS = 60.0  # how exact «last used» is: a write for every request would be one for nothing


def add(connection: Connection, key: KeyRow) -> None:
    checked("name of the key", key.name)
    row = {name: getattr(key, name) for name in ("name", "hash", "created", "revoked")}
    if not insert_new(connection, api_keys, [row | {"scopes": list(key.scopes)}]):
        raise UserError(f"API key {key.name!r} is there already, maybe revoked: choose another name")


def every(connection: Connection) -> list[KeyRow]:
    """All keys, revoked ones too, oldest first."""
    return [
        KeyRow(row.name, row.hash, tuple(row.scopes), row.created, row.revoked, row.last_used)
        for row in connection.execute(select(api_keys).order_by(api_keys.c.created, api_keys.c.name))
    ]


def revoke(connection: Connection, name: str, now: float) -> None:
    asked = update(api_keys).where(api_keys.c.name == name, api_keys.c.revoked.is_(None))
    connection.execute(asked.values(revoked=now))


def used(connection: Connection, name: str, now: float) -> None:
    stale = or_(api_keys.c.last_used.is_(None), api_keys.c.last_used < now - USED_SECONDS)
    connection.execute(update(api_keys).where(api_keys.c.name == name, stale).values(last_used=now))
