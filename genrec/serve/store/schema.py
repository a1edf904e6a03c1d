"""Brings a database to the schema that this code knows, once, however many processes open it at the same time."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, inspect, select, text

from genrec.errors import UserError
from genrec.serve.store.database import Database
from genrec.serve.store.records import StoreAway
from genrec.serve.store.tables import metadata, settings
from genrec.serve.store.writes import insert_new

VERSION_TABLE = "genrec_schema"
MIGRATIONS = Path(__file__).with_name("migrations")
MIGRATION_SECONDS = 600.0
_ADVISORY = 0x67656E726563  # «genrec», the name of the lock on PostgreSQL
_alembic = Lock()  # Alembic's context is one per process


def bring_up_to_date(url: URL) -> bytes:
    """Migrate, and give the salt of this database's tombstones. UserError where a newer GenRec has been at work."""
    database = Database(url, patience=MIGRATION_SECONDS)
    try:
        if database.sqlite:
            _turn_to_wal(database)
        with _alembic, database.writing() as connection:
            if not database.sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:name)"), {"name": _ADVISORY})
            _migrate(connection, str(database))
            insert_new(connection, settings, [{"name": "salt", "value": secrets.token_bytes(32)}])
            salt = connection.execute(select(settings.c.value).where(settings.c.name == "salt")).scalar_one()
        return bytes(salt)
    finally:
        database.close()


def configuration(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _migrate(connection: Connection, name: str) -> None:
    config = configuration(connection)
    script = ScriptDirectory.from_config(config)
    known = {revision.revision for revision in script.walk_revisions()}
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    found = set(context.get_current_heads())
    if not found <= known:
        raise UserError(
            f"{name} has the schema {', '.join(sorted(found - known))}, which this GenRec does not know: a newer one "
            f"has used it. Update GenRec, or name another database"
        )
    if found == set(script.get_heads()):
        return
    if not found:
        _refuse_strangers(connection, name)
    command.upgrade(config, "head")


def _refuse_strangers(connection: Connection, name: str) -> None:
    """Tables of ours in a database that never was ours belong to somebody else."""
    taken = sorted(set(inspect(connection).get_table_names()) & set(metadata.tables))
    if taken:
        raise UserError(
            f"{name} holds tables of something else ({', '.join(taken)}): give GenRec a database of its own"
        )


def _turn_to_wal(database: Database) -> None:
    """The file's journal becomes a write-ahead log: readers and the writer no longer wait for each other.

    SQLite does not queue processes that want this at the same time, it refuses all but one; so we do.
    """
    deadline = time.monotonic() + 30
    while True:
        try:
            with database.reading() as connection:
                mode = connection.exec_driver_sql("PRAGMA journal_mode=WAL").scalar()
        except StoreAway as error:
            if time.monotonic() > deadline or "locked" not in str(error):
                raise _unreadable(database, error) from error
            time.sleep(0.05)
            continue
        if mode != "wal":
            raise UserError(f"{database}: no write-ahead log can be kept there (mode {mode}): use a local disk")
        return


def _unreadable(database: Database, error: StoreAway) -> UserError:
    return UserError(f"{database.url.database} cannot be used as a database: {error}")
