"""What is written down of a request: one JSON line without anything that was said in it.

Not there: bodies, keys, query strings, addresses, and paths, which may hold a person's id; the route's pattern stands
for the path. People and addresses are pseudonyms: HMAC-SHA256 under a secret of the deployment, so that one person's
requests can be found together by whoever holds the secret and knows the id, and nobody else learns who it was.
"""

from __future__ import annotations

import hmac
import json
import logging
import re
import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from genrec.serve.safety.asgi import App, Connection, Message, Receive, Send, header, state
from genrec.serve.safety.keys import PREFIX

LOGGER = "genrec.access"
UNMATCHED = "(none)"
"""The route of what no route answers: a stranger's path is not repeated."""
LEFT = 499
"""The status, as nginx has it, of a request whose sender left before there was an answer."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")

log = logging.getLogger(__name__)


class Pseudonyms:
    """secret: of the deployment; without one, pseudonyms hold until the process ends."""

    def __init__(self, secret: str | None = None) -> None:
        self._secret = secret.encode() if secret else secrets.token_bytes(32)

    def of(self, said: str, kind: str = "u") -> str:
        """«u_» and 96 bits; the same text as another kind of thing has another pseudonym."""
        digest = hmac.digest(self._secret, f"{kind}\0{said}".encode(errors="surrogatepass"), "sha256")
        return f"{kind}_{digest.hex()[:24]}"


@dataclass(frozen=True)
class Finished:
    """A request that has ended. route: the pattern. first: seconds to the answer's first line, seconds: to its last.

    status: `LEFT` where the client left before an answer. complete: whether all of the answer was sent. caller: the
    key's name. user, client: pseudonyms. refused: the code of the error that safety answered with.
    """

    request_id: str
    method: str
    route: str
    status: int
    complete: bool
    first: float | None
    seconds: float
    bytes: int
    caller: str | None
    user: str | None
    client: str | None
    refused: str | None


class RequestIds:
    """Gives every request an id, in its state and in the answer's X-Request-Id: the client's own if it looks like one.

    An id with a key's prefix in it is not taken: it would stand in the log.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, connection: Connection, receive: Receive, send: Send) -> None:
        if connection["type"] != "http":
            await self.app(connection, receive, send)
            return
        said = header(connection, "x-request-id") or ""
        taken = _WELL_FORMED.fullmatch(said) and PREFIX not in said
        request_id = said if taken else f"req_{uuid.uuid4().hex}"
        state(connection)["request_id"] = request_id

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                lines = [(key, value) for key, value in message.get("headers", ()) if key.lower() != b"x-request-id"]
                message = {**message, "headers": [*lines, (b"x-request-id", request_id.encode())]}
            await send(message)

        await self.app(connection, receive, named)


class AccessLog:
    """Writes a line when a request ends, and tells `watch`, which the metrics are made of. Failures of ours are logged
    with the request's id."""

    def __init__(self, app: App, pseudonyms: Pseudonyms, watch: Callable[[Finished], None] | None = None) -> None:
        self.app, self.pseudonyms, self.watch = app, pseudonyms, watch
        self.lines = logging.getLogger(LOGGER)

    async def __call__(self, connection: Connection, receive: Receive, send: Send) -> None:
        if connection["type"] != "http":
            await self.app(connection, receive, send)
            return
        begun, first, status, sent, complete = time.perf_counter(), None, LEFT, 0, False

        async def measured(message: Message) -> None:
            nonlocal first, status, sent, complete
            await send(message)
            if message["type"] == "http.response.start":
                first, status = time.perf_counter() - begun, message["status"]
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
                complete = not message.get("more_body", False)

        try:
            await self.app(connection, receive, measured)
        except Exception:
            # Here, because the web server does not know the request's id.
            log.exception("request %s failed", state(connection).get("request_id", ""))
            if first is None:
                status = 500  # what the web server now answers
            if not complete:  # a broken stream must be seen to break; what was answered in full is told already
                raise
        finally:
            self._finished(connection, status, complete, first, time.perf_counter() - begun, sent)

    def _finished(
        self, connection: Connection, status: int, complete: bool, first: float | None, seconds: float, sent: int
    ) -> None:
        known, method = state(connection), connection["method"]
        caller, user, client = known.get("caller"), known.get("user"), (connection.get("client") or (None,))[0]
        finished = Finished(
            known.get("request_id", ""),
            method if method in METHODS else "other",
            getattr(connection.get("route"), "path_format", None) or UNMATCHED,
            status,
            complete,
            None if first is None else round(first, 6),
            round(seconds, 6),
            sent,
            None if caller is None else caller.name,
            None if user is None else self.pseudonyms.of(user),
            None if client is None else self.pseudonyms.of(client, "c"),
            known.get("refused"),
        )
        self.lines.info(json.dumps(vars(finished)))
        if self.watch is not None:
            self.watch(finished)
