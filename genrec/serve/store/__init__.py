"""What the service keeps: people's events and histories, conversations, API keys, and what it recommended and why.

SQLite by default, PostgreSQL by its address; docs/store.md has the tables.
"""

from genrec.serve.store.records import (
    Accepted,
    Answer,
    CatalogueVersion,
    Event,
    EventConflict,
    Forgotten,
    KeyRow,
    Kind,
    Pruned,
    Retention,
    Session,
    StoreAway,
)
from genrec.serve.store.store import Store
from genrec.serve.store.writer import AuditWriter

__all__ = [
    "Accepted",
    "Answer",
    "AuditWriter",
    "CatalogueVersion",
    "Event",
    "EventConflict",
    "Forgotten",
    "KeyRow",
    "Kind",
    "Pruned",
    "Retention",
    "Session",
    "Store",
    "StoreAway",
]
