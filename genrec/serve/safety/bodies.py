"""How much a request may send, how long it may take to, and what its JSON may look like."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from genrec.serve.safety.asgi import App, Connection, Message, Receive, Refusal, Send, header, refuse
from genrec.serve.safety.json_shape import DEPTH, VALUES, check_json


class BodyLimit:
    """Answers 413 as soon as a body is longer than `most(path)` bytes, whether or not its length was said before.

    What the application has read by then was no more than that; it is told that the client has left.
    """

    def __init__(self, app: App, most: Callable[[str], int]) -> None:
        self.app, self.most = app, most

    async def __call__(self, connection: Connection, receive: Receive, send: Send) -> None:
        if connection["type"] != "http":
            await self.app(connection, receive, send)
            return
        most = self.most(connection["path"])
        # The rest of the body would stand where the next request is expected.
        too_large = Refusal(
            413, "request_too_large", f"the body is larger than {most:,} bytes", headers={"Connection": "close"}
        )
        said = header(connection, "content-length")
        if said is not None and not (said.isascii() and said.isdigit()):
            await refuse(connection, send, Refusal(400, "invalid_length", "Content-Length is no number"))
            return
        if said is not None and int(said[:20]) > most:
            await refuse(connection, send, too_large)
            return
        had, started, over = 0, False, False

        async def counted() -> Message:
            nonlocal had, over
            if over:
                return {"type": "http.disconnect"}
            message = await receive()
            had += len(message.get("body", b""))
            if had <= most:
                return message
            over = True
            if not started:
                await refuse(connection, send, too_large)
            return {"type": "http.disconnect"}

        async def watched(message: Message) -> None:
            nonlocal started
            if not over:
                started = True
                await send(message)

        try:
            await self.app(connection, counted, watched)
        except Exception:
            if not over:  # it was told that the client has left, and may say so in its own way
                raise


class JsonLimit:
    """Reads bodies that may be JSON whole, within `seconds`, and lets only those through that `check_json` lets.

    Stands within `BodyLimit`, so what is held is bounded. Forms with files are left to stream.
    """

    def __init__(self, app: App, *, seconds: float = 30.0, depth: int = DEPTH, values: int = VALUES) -> None:
        self.app, self.seconds, self.depth, self.values = app, seconds, depth, values

    async def __call__(self, connection: Connection, receive: Receive, send: Send) -> None:
        form = (header(connection, "content-type") or "").lower().startswith("multipart/")
        if connection["type"] != "http" or connection["method"] in ("GET", "HEAD", "OPTIONS") or form:
            await self.app(connection, receive, send)
            return
        try:
            async with asyncio.timeout(self.seconds):
                body = await _whole(receive)
            if body is None:  # the client left: there is nobody to answer
                return
            check_json(body, depth=self.depth, values=self.values)
        except TimeoutError:
            why = f"the body did not come within {self.seconds:g} s"
            await refuse(connection, send, Refusal(408, "request_timeout", why, headers={"Connection": "close"}))
            return
        except Refusal as refusal:
            await refuse(connection, send, refusal)
            return
        given = False

        async def replayed() -> Message:
            nonlocal given
            if given:
                return await receive()  # from here on there is only the client's leaving
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app(connection, replayed, send)


async def _whole(receive: Receive) -> bytes | None:
    """The body; None where the client left before its end."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)
