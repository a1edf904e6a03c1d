"""What a browser may do with an answer, on every answer.

One policy for page and API: everything from here, no script, style or frame inside the markup, in nobody's frame. Item
pictures may also come as data or blobs, which is how the page shows one that was just chosen.
"""

from __future__ import annotations

from genrec.serve.safety.asgi import App, Connection, Message, Receive, Send

CONTENT = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
ALWAYS = {
    "content-security-policy": CONTENT,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
TRANSPORT = ("strict-transport-security", "max-age=31536000; includeSubDomains")
"""Only over TLS: said over plain HTTP it means nothing, and on a laptop's localhost it would lock the owner out."""
KEPT = (b"cache-control", b"etag")


class SecureHeaders:
    """Adds `ALWAYS`, replaces what the application said of the same, and forbids caches to keep what says nothing."""

    def __init__(self, app: App, *, shared: bool = False) -> None:
        """shared: other origins may read answers, as CORS allows them to."""
        fixed = ALWAYS | ({"cross-origin-resource-policy": "cross-origin"} if shared else {})
        self.app, self.fixed = app, [(key.encode(), value.encode()) for key, value in fixed.items()]
        self.names = {key for key, _ in self.fixed} | {b"server", TRANSPORT[0].encode()}

    async def __call__(self, connection: Connection, receive: Receive, send: Send) -> None:
        if connection["type"] != "http":
            await self.app(connection, receive, send)
            return

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                lines = [(key, value) for key, value in message.get("headers", ()) if key.lower() not in self.names]
                lines += self.fixed
                if connection.get("scheme") == "https":
                    lines.append((TRANSPORT[0].encode(), TRANSPORT[1].encode()))
                if not any(key.lower() in KEPT for key, _ in lines):
                    lines.append((b"cache-control", b"no-store"))
                message = {**message, "headers": lines}
            await send(message)

        await self.app(connection, receive, secured)
