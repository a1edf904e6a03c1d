"""What people did: events as they come in, and the histories that runs were trained on. Statements only; who opens the
transaction and who waits for it is `store.py`'s matter."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import CompoundSelect, Connection, Integer, Text, bindparam, literal_column, select, union_all

from genrec.serve.store.people import Graves
from genrec.serve.store.records import Accepted, Event, EventConflict
from genrec.serve.store.tables import OPINIONS, events, histories
from genrec.serve.store.writes import chunks, insert_new

Content = tuple[str, str, str, float]  # user, item, kind, time
Outcome = Accepted | EventConflict


class Overtaken(Exception):
    """Another process wrote the same event between our look and our insert: look again."""


def add(connection: Connection, batches: Sequence[Sequence[Event]], graves: Graves, now: float) -> list[Outcome]:
    """Store batches one after the other, each wholly or, where it is in conflict, not at all.

    One look-up and one insert for all of them. Raises Overtaken with nothing decided.
    """
    graves.keep_open(connection)
    known = _known(connection, sorted({event.event_id for batch in batches for event in batch}))
    buried = graves.of(connection, {event.user for batch in batches for event in batch})
    outcomes: list[Outcome] = []
    rows: dict[str, Content] = {}
    for batch in batches:
        outcome, new = _judged(batch, known, buried, now)
        known |= new
        rows |= new
        outcomes.append(outcome)
    names = ("user_id", "item_id", "kind", "time")
    values = [{"event_id": event_id, **dict(zip(names, row, strict=True))} for event_id, row in rows.items()]
    if insert_new(connection, events, values) < len(values):
        raise Overtaken
    return outcomes


def _judged(
    batch: Sequence[Event], known: dict[str, Content], buried: dict[str, float], now: float
) -> tuple[Outcome, dict[str, Content]]:
    """What becomes of one batch, and what it adds to what is known."""
    new: dict[str, Content] = {}
    duplicates = forgotten = 0
    conflicts = []
    for event in batch:
        moment = now if event.time is None else float(event.time)
        before = known.get(event.event_id) or new.get(event.event_id)
        if before is not None:
            # Without a time of its own it is the same event whenever it came first.
            same = (event.user, event.item_id, event.kind, before[3] if event.time is None else moment) == before
            duplicates += same
            if not same:
                conflicts.append(event.event_id)
        elif moment <= buried.get(event.user, -1.0):
            forgotten += 1
        else:
            new[event.event_id] = (event.user, event.item_id, event.kind, moment)
    if conflicts:
        return EventConflict(conflicts), {}
    return Accepted(len(new), duplicates, forgotten), new


def _known(connection: Connection, event_ids: Sequence[str]) -> dict[str, Content]:
    found: dict[str, Content] = {}
    columns = (events.c.event_id, events.c.user_id, events.c.item_id, events.c.kind, events.c.time)
    for some in chunks(event_ids):
        for row in connection.execute(select(*columns).where(events.c.event_id.in_(some))):
            found[row[0]] = (row[1], row[2], row[3], row[4])
    return found


def disliked(connection: Connection, user: str) -> list[str]:
    """Items of which the last that the person said is a dislike; in the order in which that was said."""
    last: dict[str, str] = {}
    for item_id, kind in connection.execute(_OPINIONS, {"user": user}):
        last.pop(item_id, None)
        last[item_id] = kind
    return [item_id for item_id, kind in last.items() if kind == "dislike"]


def history(connection: Connection, user: str, limit: int) -> list[str]:
    """The last `limit` items that the person saw, liked or bought and does not dislike, oldest first."""
    asked = {"user": user, "unwanted": disliked(connection, user), "limit": limit}
    rows = sorted(connection.execute(_HISTORY, asked), key=lambda row: (row.time, row.lived, row.seq, row.item_id))
    return [row.item_id for row in rows[-limit:]] if limit > 0 else []


def _history() -> CompoundSelect[tuple[str, float, int, int]]:
    user = bindparam("user", type_=Text)
    unwanted = bindparam("unwanted", type_=Text, expanding=True)
    limit = bindparam("limit", type_=Integer)
    past = (
        select(
            histories.c.item_id, histories.c.time, histories.c.place.label("seq"), literal_column("0").label("lived")
        )
        .where(histories.c.user_id == user, histories.c.item_id.not_in(unwanted))
        .order_by(histories.c.time.desc(), histories.c.place.desc(), histories.c.item_id.desc())
        .limit(limit)
    )
    # Events may have gone into the run since: what stands in both is one thing.
    again = select(histories.c.item_id).where(
        histories.c.user_id == user, histories.c.time == events.c.time, histories.c.item_id == events.c.item_id
    )
    since = (
        select(events.c.item_id, events.c.time, events.c.seq, literal_column("1").label("lived"))
        .where(events.c.user_id == user, events.c.kind != "dislike", events.c.item_id.not_in(unwanted), ~again.exists())
        .order_by(events.c.time.desc(), events.c.seq.desc())
        .limit(limit)
    )
    return union_all(past.subquery().select(), since.subquery().select())


# Built once: that takes longer than SQLite needs for the answer.
_HISTORY = _history()
_OPINIONS = (
    select(events.c.item_id, events.c.kind)
    .where(events.c.user_id == bindparam("user"), OPINIONS)
    .order_by(events.c.time, events.c.seq)
)
