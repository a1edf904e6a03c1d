"""Where a request really comes from, and the doors that are open without a key.

``X-Forwarded-For`` is what a client says of itself, and counts only where a proxy that was named has written it: read
from the right, past the named proxies, the first other address is the client's. The web server must not do that by
itself (uvicorn: ``proxy_headers=False``).
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from genrec.errors import UserError
from genrec.serve.safety.asgi import App, Connection, Receive, Send, header, headers, state
from genrec.serve.safety.keys import ENVIRONMENT, Keys

FORWARDED = (b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip")
"""Headers that only proxies write."""


def address(text: str | None) -> IPv4Address | IPv6Address | None:
    """The address in `text`, also with a port or a zone behind it; IPv4 within IPv6 as IPv4. None if there is none."""
    said = (text or "").strip().strip('"')
    if said.startswith("["):
        said = said[1:].partition("]")[0]
    elif said.count(":") == 1:
        said = said.partition(":")[0]
    try:
        found = ip_address(said.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped if isinstance(found, IPv6Address) else None) or found


def is_loopback(host: str | None) -> bool:
    found = address(host)
    return found is not None and found.is_loopback


def place(host: str | None) -> str:
    """What counts as one client in limits: an IPv4 address, or an IPv6 network of 64 bits, as one household has."""
    found = address(host)
    if isinstance(found, IPv6Address):
        return str(IPv6Network((found, 64), strict=False).network_address)
    return str(found)


def check_bind(host: str, keys: Keys) -> None:
    """UserError where `host` is reachable from other machines and there is no key. It reads the store's keys."""
    if keys.stale:
        keys.refresh()
    if not keys.keyless or _only_here(host):
        return
    raise UserError(
        f"without an API key only this machine is served, and {host or 'an empty host'} is open to others. Put a first "
        f"key into {ENVIRONMENT} (`python -m genrec.serve.safety first admin` makes one), or serve on 127.0.0.1"
    )


def _only_here(host: str) -> bool:
    if address(host) is not None:
        return is_loopback(host)
    try:
        return bool(host) and all(is_loopback(str(found[4][0])) for found in socket.getaddrinfo(host, None))
    except OSError:
        return False


class Proxies:
    """The proxies that are believed. networks: addresses or networks, «10.0.0.0/8»; UserError for anything else."""

    def __init__(self, networks: Sequence[str] = ()) -> None:
        try:
            self._networks = [ip_network(network) for network in networks]
        except ValueError as error:
            raise UserError(f"trusted_proxies: {error}; write addresses or networks like 10.0.0.0/8") from None

    def trusted(self, host: str | None) -> bool:
        found = address(host)
        return found is not None and any(found in network for network in self._networks)

    def client(self, peer: str | None, forwarded: Sequence[str]) -> str | None:
        """The client's address. peer: who connected. forwarded: the values of all X-Forwarded-For, in order."""
        hops = [hop for line in forwarded for hop in line.split(",")]
        while hops and self.trusted(peer):
            hop = address(hops.pop())
            if hop is None:  # not written by a proxy that can be believed: what is known ends here
                return peer
            peer = str(hop)
        return peer


class Clients:
    """Puts the client's address and scheme, where a trusted proxy tells them, in the place of the connection's own."""

    def __init__(self, app: App, proxies: Proxies) -> None:
        self.app, self.proxies = app, proxies

    async def __call__(self, connection: Connection, receive: Receive, send: Send) -> None:
        if connection["type"] == "http":
            peer, port = connection.get("client") or (None, 0)
            if self.proxies.trusted(peer):
                client = self.proxies.client(peer, headers(connection, "x-forwarded-for"))
                connection["client"] = (client, port if client == peer else 0)
                scheme = (header(connection, "x-forwarded-proto") or "").rpartition(",")[2].strip().lower()
                if scheme in ("http", "https"):
                    connection["scheme"] = scheme
            state(connection)["proxied"] = any(name.lower() in FORWARDED for name, _ in connection.get("headers", ()))
        await self.app(connection, receive, send)
