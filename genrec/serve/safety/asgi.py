"""What the middlewares share: ASGI's types, headers, the state of a request, and a refusal as a response.

A refusal has the shape of OpenAI's errors, which is what clients of chat completions read:
``{"error": {"message": …, "type": …, "code": …, "param": …}}``.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Connection = MutableMapping[str, Any]
"""ASGI's «scope»; that word means a key's scope here."""
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Connection, Receive, Send], Awaitable[None]]

TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    429: "rate_limit_error",
}


class Refusal(Exception):
    """A request that is answered with an error that its sender can read and act on.

    code: short, for programs and for the metric of refusals. param: the field that is wrong.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.param = status, code, message, param
        self.headers = dict(headers or {})
        if status == 401:
            self.headers.setdefault("WWW-Authenticate", "Bearer")

    @property
    def type(self) -> str:
        return TYPES.get(self.status, "invalid_request_error" if self.status < 500 else "server_error")

    @property
    def body(self) -> dict[str, dict[str, str | None]]:
        return {"error": {"message": self.message, "type": self.type, "code": self.code, "param": self.param}}


def state(connection: Connection) -> dict[str, Any]:
    """What middlewares and application tell each other of one request; FastAPI has it as ``request.state``."""
    found: dict[str, Any] = connection.setdefault("state", {})
    return found


def header(connection: Connection, name: str) -> str | None:
    """The first header of that name (in lower case)."""
    return next(iter(headers(connection, name)), None)


def headers(connection: Connection, name: str) -> list[str]:
    """All headers of that name (in lower case), in order."""
    wanted = name.encode("latin-1")
    return [value.decode("latin-1") for key, value in connection.get("headers", ()) if key.lower() == wanted]


async def refuse(connection: Connection, send: Send, refusal: Refusal) -> None:
    """Answer with the refusal, and remember it for the log and the metrics."""
    state(connection)["refused"] = refusal.code
    body = json.dumps(refusal.body).encode()
    fields = {"Content-Type": "application/json", "Content-Length": str(len(body)), **refusal.headers}
    lines = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": refusal.status, "headers": lines})
    await send({"type": "http.response.body", "body": body})
