"""All of safety around an application, in the order in which it must stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from genrec.serve.safety.access_log import AccessLog, Finished, Pseudonyms, RequestIds
from genrec.serve.safety.asgi import App, Connection, Receive, Send
from genrec.serve.safety.authenticate import Authenticate
from genrec.serve.safety.bodies import BodyLimit, JsonLimit
from genrec.serve.safety.browsers import HostCheck, OriginCheck
from genrec.serve.safety.clients import Clients, Proxies
from genrec.serve.safety.headers import SecureHeaders
from genrec.serve.safety.json_shape import DEPTH, VALUES
from genrec.serve.safety.keys import Keys
from genrec.serve.safety.rates import Rate, RateLimit, RateLimits

WITH_PICTURES = ("/v1/chat/", "/v1/search")
"""Routes whose bodies may carry pictures."""
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Policy:
    """What is configured of safety.

    hosts: names of the server besides localhost. origins: of pages elsewhere that may ask, as «https://shop.example».
    trusted_proxies: addresses or networks. rates: by class, see `classify`. body, picture_body: bytes, of requests
    without and with pictures. json_depth, json_values, body_seconds: see `JsonLimit`.
    """

    hosts: Sequence[str] = ()
    origins: Sequence[str] = ()
    trusted_proxies: Sequence[str] = ()
    rates: Mapping[str, Rate] | None = None
    body: int = MEBIBYTE
    picture_body: int = 16 * MEBIBYTE
    json_depth: int = DEPTH
    json_values: int = VALUES
    body_seconds: float = 30.0


def classify(method: str, path: str) -> str | None:
    """The class of limits a route counts in: read, chat, events or admin; None for the page, probes and metrics."""
    if not path.startswith(("/v1/", "/mcp")):
        return None
    if path.startswith(("/v1/chat/", "/mcp")):
        return "chat"
    if path.startswith("/v1/events"):
        return "events"
    reads = method in ("GET", "HEAD", "OPTIONS") or path.startswith(("/v1/recommendations", "/v1/search"))
    return "read" if reads else "admin"


def protect(
    app: App,
    keys: Keys,
    policy: Policy,
    *,
    pseudonyms: Pseudonyms | None = None,
    watch: Callable[[Finished], None] | None = None,
) -> App:
    """`app` behind everything, outermost last here.

    The log stands outside of all that can refuse, the headers too; what names the client before all that asks for it;
    whoever asks is known before it is counted, and counted before a byte of the body is read.
    """

    def most(path: str) -> int:
        return policy.picture_body if path.startswith(WITH_PICTURES) else policy.body

    guarded: App = JsonLimit(app, seconds=policy.body_seconds, depth=policy.json_depth, values=policy.json_values)
    guarded = BodyLimit(guarded, most)
    guarded = RateLimit(guarded, RateLimits(policy.rates or {}), classify)
    guarded = HostCheck(guarded, policy.hosts)
    guarded = Authenticate(guarded, keys)
    if policy.origins:
        guarded = _cors(guarded, policy.origins)  # before keys are asked for: a preflight has none
    guarded = OriginCheck(guarded, policy.origins)
    guarded = Clients(guarded, Proxies(policy.trusted_proxies))
    guarded = AccessLog(guarded, pseudonyms or Pseudonyms(), watch)
    guarded = SecureHeaders(guarded, shared=bool(policy.origins))
    return _OnlyHttp(RequestIds(guarded))


def _cors(app: App, origins: Sequence[str]) -> App:
    from starlette.middleware.cors import CORSMiddleware

    return CORSMiddleware(
        app,
        allow_origins=list(origins),
        allow_methods=["GET", "POST", "PUT", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "X-Request-Id"],
        expose_headers=["X-Request-Id", "Retry-After", "RateLimit", "RateLimit-Policy"],
        max_age=600,
    )


class _OnlyHttp:
    """No route speaks WebSocket, so none of the checks does: such a connection is closed before it is one."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, connection: Connection, receive: Receive, send: Send) -> None:
        if connection["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        await self.app(connection, receive, send)
