"""How a database gets its tables: once, whoever opens it, and only where it is ours."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, create_engine, inspect, text

from genrec.errors import UserError
from genrec.serve.store import Event, Store, StoreAway
from genrec.serve.store.tables import metadata


def engine(url: str) -> Engine:
    return create_engine(url.replace("postgresql:", "postgresql+psycopg:"))


def described(connection: Connection) -> dict[str, Any]:
    """All that the database says about its tables; of indexes also their conditions, which Alembic does not compare."""
    seen = inspect(connection)
    if connection.dialect.name == "sqlite":
        asked = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    else:
        asked = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    indexes = {name: " ".join(sql.split()) for name, sql in connection.execute(text(asked))}
    tables = {
        name: (
            [{**column, "type": str(column["type"])} for column in seen.get_columns(name)],
            seen.get_pk_constraint(name),
            seen.get_unique_constraints(name),
            seen.get_table_options(name),
        )
        for name in seen.get_table_names()
    }
    ours = {name: said for name, said in tables.items() if name != "genrec_schema"}
    return {"tables": ours, "indexes": {n: sql for n, sql in indexes.items() if not n.startswith("genrec_schema")}}


def test_the_migrations_make_what_the_models_say(url: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    Store.open(url).close()
    if url.startswith("sqlite"):
        other = f"sqlite:///{tmp_path}/models.db"
    else:
        other = request.getfixturevalue("postgresql").database()
    with engine(other).begin() as connection:
        metadata.create_all(connection)
        from_models = described(connection)
    with engine(url).connect() as connection:
        migrated = described(connection)
        options = {"compare_type": True, "compare_server_default": True}
        options["include_name"] = lambda name, kind, parents: name != "genrec_schema"
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
    assert migrated == from_models
    assert len(migrated["tables"]) == len(metadata.tables) and "WHERE" in migrated["indexes"]["events_opinions"]


OPENER = """
import sys
from genrec.serve.store import Event, Store
sys.stdin.readline()
store = Store.open(sys.argv[1])
print(store.add_events([Event(sys.argv[2], "ann", "A", "view", 1.0)]).accepted, store._graves.hashed("ann").hex())
"""


def test_processes_that_open_an_empty_database_together_make_it_once(url: str) -> None:
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    openers = [
        subprocess.Popen([sys.executable, "-c", OPENER, url, f"e{number}"], text=True, **pipes) for number in range(4)
    ]
    for opener in openers:
        print(file=opener.stdin, flush=True)
    said = [opener.communicate() for opener in openers]
    assert all(opener.returncode == 0 for opener in openers), said
    assert len({out for out, _ in said}) == 1 and said[0][0].startswith("1 ")  # one salt
    store = Store.open(url)
    assert len(store.history("ann")) == 4
    store.close()


def test_a_database_of_a_newer_schema_is_refused_and_left_alone(url: str) -> None:
    store = Store.open(url)
    store.add_events([Event("e1", "ann", "A", "view", 1.0)])
    store.close()
    with engine(url).begin() as connection:
        connection.execute(text("UPDATE genrec_schema SET version_num = '9999'"))
    with pytest.raises(UserError, match=r"9999.*newer"):
        Store.open(url)
    with engine(url).begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM events")).scalar() == 1
        connection.execute(text("UPDATE genrec_schema SET version_num = '0001'"))
    Store.open(url).close()


def test_somebody_elses_tables_are_not_touched(url: str) -> None:
    with engine(url).begin() as connection:
        connection.execute(text("CREATE TABLE events (theirs TEXT)"))
    with pytest.raises(UserError, match=r"events.*of its own"):
        Store.open(url)
    with engine(url).connect() as connection:
        assert inspect(connection).get_table_names() == ["events"]


def test_tables_that_are_not_ours_by_name_may_stand_beside(url: str) -> None:
    with engine(url).begin() as connection:
        connection.execute(text("CREATE TABLE theirs (id INTEGER)"))
    Store.open(url).close()


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("store.db", "no database address"),
        ("mysql://root@localhost/genrec", "mysql"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:////proc/nowhere/store.db", "cannot be written"),
    ],
)
def test_an_address_that_cannot_be_used_is_explained(address: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        Store.open(address)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("nothing to do with SQL " * 100)
    with pytest.raises(UserError, match=r"notes\.txt"):
        Store.open(f"sqlite:///{path}")
    assert path.read_text() == "nothing to do with SQL " * 100


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_server_that_is_not_there_is_named_without_its_password(scheme: str) -> None:
    with pytest.raises(StoreAway) as raised:
        Store.open(f"{scheme}://genrec:hush@127.0.0.1:1/genrec")
    assert "127.0.0.1" in str(raised.value) and "hush" not in str(raised.value)


def test_a_migration_that_is_killed_leaves_nothing_half_done(tmp_path: Path) -> None:
    """The tables are made in one transaction: at every moment a reader sees none of them, or all."""
    path = tmp_path / "store.db"
    code = """
import os, signal, sys
import sqlalchemy.dialects.sqlite.base
from alembic import op
made, create = [], op.create_table
def dying(name, *columns, **options):
    made.append(create(name, *columns, **options))
    if len(made) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
op.create_table = dying
from genrec.serve.store import Store
Store.open(sys.argv[1])
"""
    died = subprocess.run([sys.executable, "-c", code, f"sqlite:///{path}"], check=False)
    assert died.returncode == -9
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    Store.open(f"sqlite:///{path}").close()
