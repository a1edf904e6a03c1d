"""Who asks, found out before anything of the body is read."""

from __future__ import annotations

import asyncio

from genrec.serve.safety.asgi import App, Connection, Receive, Refusal, Send, header, refuse, state
from genrec.serve.safety.clients import is_loopback, place
from genrec.serve.safety.keys import LOOPBACK, PREFIX, Caller, Keys
from genrec.serve.safety.rates import Rate, RateLimits

PRIVATE = ("/v1/", "/mcp", "/metrics")
"""Paths that nobody gets without being somebody; beside them there are the page's files and the probes."""
FAILURES = {"failures": Rate(per_minute=60, burst=30)}
"""Wrong keys from one address. Nobody guesses 256 bits; this keeps a flood of them cheap, and shows it in the log."""


class Authenticate:
    """Leaves the `Caller` in the request's state for `require`, None for nobody on a path that is not private.

    With a key there the answer to a wrong one is 401 wherever it is sent. Without any key ever made, requests from this
    machine are `LOOPBACK`'s and all others are refused. What came through a proxy is not from this machine, whatever
    address it shows: a proxy here would else open the door to everybody.
    """

    def __init__(self, app: App, keys: Keys) -> None:
        self.app, self.keys, self.failures = app, keys, RateLimits(FAILURES)

    async def __call__(self, connection: Connection, receive: Receive, send: Send) -> None:
        if connection["type"] == "http":
            if self.keys.stale:
                await asyncio.to_thread(self.keys.refresh)
            try:
                state(connection)["caller"] = self._caller(connection)
            except Refusal as refusal:
                await refuse(connection, send, refusal)
                return
        await self.app(connection, receive, send)

    def _caller(self, connection: Connection) -> Caller | None:
        client = (connection.get("client") or (None,))[0]
        if not self.keys.known:
            raise Refusal(503, "keys_unknown", "the keys cannot be read yet; try again", headers={"Retry-After": "1"})
        if self.keys.keyless:
            if is_loopback(client) and not state(connection)["proxied"]:
                return LOOPBACK
            why = "no key was made for this server yet, so it serves nobody but its own machine, and no proxies"
            raise Refusal(403, "loopback_only", why)
        scheme, _, key = (header(connection, "authorization") or "").partition(" ")
        key = key.strip()
        if not key:
            if connection["path"].startswith(PRIVATE):
                why = f"no API key: send «Authorization: Bearer {PREFIX}…»"
                raise Refusal(401, "missing_api_key", why)
            return None
        caller = self.keys.who(key) if scheme.lower() == "bearer" else None
        if caller is None:
            self.failures.spend(f"address {place(client)}", "failures").check()
            raise Refusal(401, "invalid_api_key", "that API key is unknown or was revoked")
        return caller
