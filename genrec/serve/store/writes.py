"""Insertions that leave alone what is there, in the words of either database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

# Values in one statement. SQLite takes 32,766 and PostgreSQL 65,535, but the time to compile one grows.
MANY = 500
T = TypeVar("T")


def chunks(values: Sequence[T], size: int = MANY) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert rows whose keys are not taken; the number of those that were new."""
    if not rows:
        return 0
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    asked = insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return connection.execute(asked, list(rows)).rowcount
