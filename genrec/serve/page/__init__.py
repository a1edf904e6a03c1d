"""The page of the service: files of this folder and nothing else, so there is nothing to build or to fetch.

Its modules stand under a folder named after the fingerprint of all of them: what a browser has kept can never be of
another version than the page that asks for it, so it may keep it for good and asks for one file when it comes back.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""Files with other endings are not the page's."""
FOREVER, ASK = "public, max-age=31536000, immutable", "no-cache"


@dataclass(frozen=True)
class File:
    """A file as it is sent: as it is and with gzip, each with a tag of its content."""

    plain: bytes
    packed: bytes
    kind: str
    tag: str

    @classmethod
    def of(cls, content: bytes, kind: str) -> File:
        return cls(content, gzip.compress(content, 9, mtime=0), kind, hashlib.sha256(content).hexdigest()[:24])

    def response(self, request: Request, keep: str) -> Response:
        """The content, or 304 for a browser that has it. keep: the Cache-Control."""
        packs = "gzip" in request.headers.get("accept-encoding", "")
        tag = f'"{self.tag}-gzip"' if packs else f'"{self.tag}"'
        headers = {"ETag": tag, "Cache-Control": keep, "Vary": "Accept-Encoding"}
        if tag in [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]:
            return Response(status_code=304, headers=headers)
        if packs:
            headers["Content-Encoding"] = "gzip"
        return Response(self.packed if packs else self.plain, media_type=self.kind, headers=headers)


def mount(app: FastAPI) -> None:
    """The page at `/`, its files under `/page/FINGERPRINT/`. Neither stands in the OpenAPI document."""
    contents = {path: entry.read_bytes() for path, entry in sorted(_walk(files(__name__)))}
    index = contents.pop("index.html").decode()
    version = hashlib.sha256(b"".join(name.encode() + content for name, content in contents.items())).hexdigest()[:12]
    parts = {path: File.of(content, TYPES[path[path.rindex(".") :]]) for path, content in contents.items()}
    # Told of all modules at once, a browser need not find one in the other.
    ahead = "\n    ".join(
        f'<link rel="modulepreload" href="/page/{version}/{path}">' for path in parts if path.startswith("js/")
    )
    front = File.of(index.replace("<!-- modules -->", ahead).replace("VERSION", version).encode(), TYPES[".html"])

    async def page(request: Request) -> Response:
        return front.response(request, ASK)

    async def part(request: Request) -> Response:
        found = parts.get(request.path_params["path"]) if request.path_params["version"] == version else None
        if found is None:
            return PlainTextResponse("the page has no such file; load it anew", status_code=404)
        return found.response(request, FOREVER)

    app.add_route("/", page, methods=["GET"], include_in_schema=False)
    app.add_route("/page/{version}/{path:path}", part, methods=["GET"], include_in_schema=False)


def _walk(folder: Traversable, at: str = "") -> list[tuple[str, Traversable]]:
    """All files of the page beneath a folder, by their path within it."""
    found: list[tuple[str, Traversable]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _walk(entry, f"{at}{entry.name}/")
        elif any(entry.name.endswith(ending) for ending in TYPES):
            found.append((at + entry.name, entry))
    return found
