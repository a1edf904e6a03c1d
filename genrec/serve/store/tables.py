"""The tables, as SQLAlchemy knows them. The migrations make them; a test holds the two together."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

# On SQLite only a column that is called INTEGER numbers its rows by itself.
SEQUENCE = BigInteger().with_variant(Integer, "sqlite")
JSON_TEXT = JSON(none_as_null=True)

# Which events say what somebody thinks of an item. Literal, and the same in index and query: SQLite uses a partial
# index only where it can see that the query asks for nothing else.
OPINIONS = text("kind IN ('like', 'dislike', 'purchase')")

events = Table(
    "events",
    metadata,
    Column("seq", SEQUENCE, nullable=False),  # order of arrival, which decides between equal times
    Column("event_id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("item_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("time", Double, nullable=False),
    PrimaryKeyConstraint("seq", name="events_pkey"),
    UniqueConstraint("event_id", name="events_event_id_key"),
    Index("events_by_user", "user_id", "time", "seq"),
    Index("events_opinions", "user_id", "time", "seq", sqlite_where=OPINIONS, postgresql_where=OPINIONS),
)

# What runs were trained on. The key makes importing the same interaction again, from whichever run, change nothing;
# without a rowid SQLite keeps a person's rows side by side.
histories = Table(
    "histories",
    metadata,
    Column("user_id", Text, nullable=False),
    Column("time", Double, nullable=False),
    Column("item_id", Text, nullable=False),
    Column("place", BigInteger, nullable=False),  # in its import, which decides between equal times
    PrimaryKeyConstraint("user_id", "time", "item_id", name="histories_pkey"),
    sqlite_with_rowid=False,
)

imports = Table(
    "imports",
    metadata,
    Column("name", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("time", Double, nullable=False),
    PrimaryKeyConstraint("name", name="imports_pkey"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", Text, nullable=False),
    Column("user_id", Text),
    Column("messages", JSON_TEXT, nullable=False),
    Column("created", Double, nullable=False),
    Column("expires", Double, nullable=False),
    PrimaryKeyConstraint("session_id", name="sessions_pkey"),
    Index("sessions_by_user", "user_id"),
    Index("sessions_by_expiry", "expires"),
)

catalogue_versions = Table(
    "catalogue_versions",
    metadata,
    Column("fingerprint", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("time", Double, nullable=False),
    PrimaryKeyConstraint("fingerprint", "version", name="catalogue_versions_pkey"),
)

answers = Table(
    "answers",
    metadata,
    Column("seq", SEQUENCE, nullable=False),
    Column("answer_id", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("user_id", Text),
    Column("time", Double, nullable=False),
    Column("model", Text, nullable=False),
    Column("adapter", Text),
    Column("catalogue_version", BigInteger, nullable=False),
    Column("filters", JSON_TEXT),
    Column("items", JSON_TEXT, nullable=False),
    Column("scores", JSON_TEXT, nullable=False),
    Column("reasons", JSON_TEXT, nullable=False),
    PrimaryKeyConstraint("seq", name="answers_pkey"),
    UniqueConstraint("answer_id", name="answers_answer_id_key"),
    Index("answers_by_request", "request_id"),
    Index("answers_by_user", "user_id", "time"),
    Index("answers_by_time", "time"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("scopes", JSON_TEXT, nullable=False),
    Column("created", Double, nullable=False),
    Column("revoked", Double),
    Column("last_used", Double),
    PrimaryKeyConstraint("name", name="api_keys_pkey"),
    UniqueConstraint("hash", name="api_keys_hash_key"),
)

# A person who was forgotten: no name, its hash with this database's salt, and when.
tombstones = Table(
    "tombstones",
    metadata,
    Column("person", LargeBinary, nullable=False),
    Column("time", Double, nullable=False),
    PrimaryKeyConstraint("person", name="tombstones_pkey"),
)

settings = Table(
    "settings",
    metadata,
    Column("name", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    PrimaryKeyConstraint("name", name="settings_pkey"),
)
