"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SEQUENCE = sa.BigInteger().with_variant(sa.Integer, "sqlite")
OPINIONS = sa.text("kind IN ('like', 'dislike', 'purchase')")


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("seq", SEQUENCE, nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("item_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("time", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="events_pkey"),
        sa.UniqueConstraint("event_id", name="events_event_id_key"),
    )
    op.create_index("events_by_user", "events", ["user_id", "time", "seq"])
    op.create_index(
        "events_opinions", "events", ["user_id", "time", "seq"], sqlite_where=OPINIONS, postgresql_where=OPINIONS
    )
    op.create_table(
        "histories",
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("time", sa.Double, nullable=False),
        sa.Column("item_id", sa.Text, nullable=False),
        sa.Column("place", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "time", "item_id", name="histories_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "imports",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("time", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("name", name="imports_pkey"),
    )
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("messages", sa.JSON, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="sessions_pkey"),
    )
    op.create_index("sessions_by_user", "sessions", ["user_id"])
    op.create_index("sessions_by_expiry", "sessions", ["expires"])
    op.create_table(
        "catalogue_versions",
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("time", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", "version", name="catalogue_versions_pkey"),
    )
    op.create_table(
        "answers",
        sa.Column("seq", SEQUENCE, nullable=False),
        sa.Column("answer_id", sa.Text, nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("time", sa.Double, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("adapter", sa.Text),
        sa.Column("catalogue_version", sa.BigInteger, nullable=False),
        sa.Column("filters", sa.JSON),
        sa.Column("items", sa.JSON, nullable=False),
        sa.Column("scores", sa.JSON, nullable=False),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="answers_pkey"),
        sa.UniqueConstraint("answer_id", name="answers_answer_id_key"),
    )
    op.create_index("answers_by_request", "answers", ["request_id"])
    op.create_index("answers_by_user", "answers", ["user_id", "time"])
    op.create_index("answers_by_time", "answers", ["time"])
    op.create_table(
        "api_keys",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("revoked", sa.Double),
        sa.Column("last_used", sa.Double),
        sa.PrimaryKeyConstraint("name", name="api_keys_pkey"),
        sa.UniqueConstraint("hash", name="api_keys_hash_key"),
    )
    op.create_table(
        "tombstones",
        sa.Column("person", sa.LargeBinary, nullable=False),
        sa.Column("time", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("person", name="tombstones_pkey"),
    )
    op.create_table(
        "settings",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("name", name="settings_pkey"),
    )


def downgrade() -> None:
    raise NotImplementedError("restore the backup that was made before the update (docs/store.md)")
