"""Errors as answers: one clear sentence in the form that OpenAI's clients read, never a stack trace."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

from fastapi import FastAPI, Request
from starlette.responses import Response

from genrec import workspace
from genrec.errors import UserError
from genrec.serve.batching import Busy, TooLate
from genrec.serve.leaving import Left
from genrec.serve.safety.asgi import Refusal
from genrec.serve.safety.require import answer, install_errors
from genrec.serve.store import EventConflict, StoreAway

log = logging.getLogger(__name__)

CLIENT_LEFT = 499
"""What nginx calls a client that left; nobody reads it but the log."""
AGAIN = "5"
"""Seconds after which to try a database again that is away."""


def install(app: FastAPI) -> None:
    """Every error that a route can let out has its answer."""
    install_errors(app)

    def on(kind: type[Exception], refusal: Callable[[Exception], Refusal]) -> None:
        async def handler(request: Request, error: Exception) -> Response:
            return answer(request, refusal(error))

        app.add_exception_handler(kind, handler)

    on(
        workspace.Busy,
        lambda error: Refusal(
            503, "run_busy", f"not done yet, send it again later: {error}", headers={"Retry-After": AGAIN}
        ),
    )
    on(UserError, lambda error: Refusal(400, "invalid_value", str(error)))
    on(EventConflict, lambda error: Refusal(409, "event_conflict", str(error)))
    on(StoreAway, _away)
    on(TooLate, lambda error: Refusal(504, "too_late", str(error)))
    on(Busy, _busy)

    @app.exception_handler(Left)
    async def _left(request: Request, error: Left) -> Response:
        return Response(status_code=CLIENT_LEFT)


def _away(error: Exception) -> Refusal:
    log.warning("%s", error)  # it names host and database, which are nobody's business outside
    return Refusal(503, "store_away", "the database does not answer: try again", headers={"Retry-After": AGAIN})


def _busy(error: Exception) -> Refusal:
    assert isinstance(error, Busy)
    return Refusal(429, "busy", str(error), headers={"Retry-After": str(math.ceil(error.retry_after))})
