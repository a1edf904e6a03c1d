"""The log of what was recommended to whom and why, the conversations, and the catalogue's versions. Statements only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, select

from genrec.serve.store.people import Graves
from genrec.serve.store.records import Answer, CatalogueVersion, Pruned, Session
from genrec.serve.store.tables import answers, catalogue_versions, sessions
from genrec.serve.store.writes import insert_new


def record(connection: Connection, given: Sequence[Answer], graves: Graves) -> None:
    """Store answers, but for those that their person has since had forgotten."""
    graves.keep_open(connection)
    buried = graves.of(connection, {answer.user for answer in given if answer.user is not None})
    insert_new(connection, answers, [_row(a) for a in given if a.user is None or a.time > buried.get(a.user, -1.0)])


def _row(answer: Answer) -> dict[str, Any]:
    return {
        "answer_id": answer.answer_id,
        "request_id": answer.request_id,
        "user_id": answer.user,
        "time": float(answer.time),
        "model": answer.model,
        "adapter": answer.adapter,
        "catalogue_version": int(answer.catalogue_version),
        "filters": None if answer.filters is None else dict(answer.filters),
        "items": list(answer.items),
        "scores": [float(score) for score in answer.scores],
        "reasons": dict(answer.reasons),
    }


def audit(connection: Connection, user: str | None, request_id: str | None, limit: int) -> list[Answer]:
    """The newest answers, newest first."""
    asked = select(answers).order_by(answers.c.time.desc(), answers.c.seq.desc()).limit(limit)
    if user is not None:
        asked = asked.where(answers.c.user_id == user)
    if request_id is not None:
        asked = asked.where(answers.c.request_id == request_id)
    return [
        Answer(
            request_id=row.request_id,
            user=row.user_id,
            model=row.model,
            adapter=row.adapter,
            catalogue_version=row.catalogue_version,
            filters=row.filters,
            items=tuple(row.items),
            scores=tuple(float("nan") if score is None else score for score in row.scores),
            reasons=row.reasons,
            time=row.time,
            answer_id=row.answer_id,
        )
        for row in connection.execute(asked)
    ]


def session(connection: Connection, session_id: str, now: float) -> Session | None:
    row = connection.execute(select(sessions).where(sessions.c.session_id == session_id)).one_or_none()
    if row is None or row.expires <= now:
        return None
    return Session(row.session_id, row.user_id, tuple(row.messages), row.created, row.expires)


def save_session(
    connection: Connection,
    session_id: str,
    user: str | None,
    messages: Sequence[Mapping[str, Any]],
    graves: Graves,
    now: float,
    expires: float,
) -> bool:
    """False, and nothing stored, where the conversation began before its person was forgotten."""
    graves.keep_open(connection)
    before = session(connection, session_id, now)
    created = now if before is None else before.created
    if user is not None and created <= graves.of(connection, {user}).get(user, -1.0):
        return False
    connection.execute(delete(sessions).where(sessions.c.session_id == session_id))
    row = {"session_id": session_id, "user_id": user, "messages": [dict(message) for message in messages]}
    insert_new(connection, sessions, [row | {"created": created, "expires": expires}])
    return True


def record_catalogue(connection: Connection, version: CatalogueVersion) -> None:
    row = {name: getattr(version, name) for name in ("fingerprint", "version", "kind", "count", "time")}
    insert_new(connection, catalogue_versions, [row])


def catalogues(connection: Connection, limit: int) -> list[CatalogueVersion]:
    """The versions that were served, newest first."""
    asked = select(catalogue_versions).order_by(catalogue_versions.c.time.desc(), catalogue_versions.c.version.desc())
    return [CatalogueVersion(*row) for row in connection.execute(asked.limit(limit))]


def prune(connection: Connection, answers_before: float, now: float, most: int) -> Pruned:
    """At most `most` rows of each table: others wait for this transaction."""
    old = select(answers.c.seq).where(answers.c.time < answers_before).limit(most)
    expired = select(sessions.c.session_id).where(sessions.c.expires <= now).limit(most)
    return Pruned(
        answers=connection.execute(delete(answers).where(answers.c.seq.in_(old))).rowcount,
        sessions=connection.execute(delete(sessions).where(sessions.c.session_id.in_(expired))).rowcount,
    )
