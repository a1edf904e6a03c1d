"""Requests that a browser makes on somebody else's behalf.

Where no key is asked for, being on this machine is the only credential, and every page that the owner of the machine
opens could use it: by a name of its own that points at 127.0.0.1 (DNS rebinding: the Host header tells), or by sending
a request without waiting for the answer (Origin and Sec-Fetch-Site tell; programs send neither).
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from genrec.serve.safety.asgi import App, Connection, Receive, Refusal, Send, header, headers, refuse, state
from genrec.serve.safety.keys import LOOPBACK

HERE = ("localhost", "127.0.0.1", "[::1]")
SAFE = ("GET", "HEAD", "OPTIONS")


def host_of(line: str) -> str:
    """The name in a Host header, without its port, in lower case."""
    line = line.strip().lower()
    if line.startswith("["):
        return line.partition("]")[0] + "]"
    return line.partition(":")[0]


class HostCheck:
    """Refuses requests to a name that is not this server's, where they came in without a key or names are configured.

    hosts: the names besides `HERE`. Stands within `Authenticate`, which says how they came in.
    """

    def __init__(self, app: App, hosts: Sequence[str] = ()) -> None:
        self.app, self.named = app, bool(hosts)
        self.hosts = {*HERE, *(name.lower() for name in hosts)}

    async def __call__(self, connection: Connection, receive: Receive, send: Send) -> None:
        if connection["type"] == "http" and (self.named or state(connection).get("caller") is LOOPBACK):
            lines = headers(connection, "host")
            if len(lines) != 1 or host_of(lines[0]) not in self.hosts:
                await refuse(connection, send, Refusal(421, "unknown_host", "this server is not known by that name"))
                return
        await self.app(connection, receive, send)


class OriginCheck:
    """Refuses requests that may change something and that a page of another origin sent. origins: those allowed."""

    def __init__(self, app: App, origins: Sequence[str] = ()) -> None:
        self.app, self.origins = app, set(origins)

    async def __call__(self, connection: Connection, receive: Receive, send: Send) -> None:
        if connection["type"] == "http" and connection["method"] not in SAFE and self._foreign(connection):
            why = "a page of another origin sent this; the setting `origins` names those that may"
            await refuse(connection, send, Refusal(403, "foreign_origin", why))
            return
        await self.app(connection, receive, send)

    def _foreign(self, connection: Connection) -> bool:
        origin, site = header(connection, "origin"), header(connection, "sec-fetch-site")
        if origin is not None and origin in self.origins:
            return False
        if site is not None:
            return site not in ("same-origin", "none")
        return origin is not None and urlsplit(origin).netloc.lower() != (header(connection, "host") or "").lower()
