"""A small service with a route of every kind, behind all of safety, and ways to ask it as this or that client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from genrec.serve.safety.access_log import Finished
from genrec.serve.safety.asgi import App
from genrec.serve.safety.keys import Caller, KeyRow, Keys
from genrec.serve.safety.require import REFUSALS, install_errors, note_user, require
from genrec.serve.safety.stack import Policy, protect

READ, EVENTS, ADMIN = Depends(require("read")), Depends(require("events")), Depends(require("admin"))


class MemoryStore:
    """Keys in a list; `away` as a database that cannot be reached."""

    def __init__(self) -> None:
        self.rows: list[KeyRow] = []
        self.away = False

    def keys(self) -> Sequence[KeyRow]:
        if self.away:
            raise ConnectionError("postgresql://genrec:hunter2@db/genrec")
        return list(self.rows)

    def add_key(self, row: KeyRow) -> None:
        self.rows.append(row)

    def revoke_key(self, name: str) -> None:
        self.rows = [replace(row, revoked=1.0) if row.name == name else row for row in self.rows]


@dataclass
class Clock:
    """A clock that only the test moves."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Asked(BaseModel):
    user: str | None = None
    k: int = 10


@dataclass
class Seen:
    """What the service noticed of its streams."""

    left: asyncio.Event = field(default_factory=asyncio.Event)
    begun: int = 0


def service(seen: Seen | None = None) -> FastAPI:
    seen = seen or Seen()
    app = FastAPI(openapi_url="/openapi.json", docs_url=None, redoc_url=None)
    install_errors(app)
    routes = APIRouter(prefix="/v1", responses=REFUSALS)

    @app.get("/healthz")
    def healthz() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/")
    def page(request: Request) -> dict[str, str]:
        return {"scheme": request.url.scheme}

    @routes.post("/recommendations")
    def recommendations(asked: Asked, request: Request, caller: Annotated[Caller, READ]) -> dict[str, Any]:
        note_user(request, asked.user)
        return {"caller": caller.name, "k": asked.k}

    @routes.post("/events", dependencies=[EVENTS])
    def take(body: dict[str, Any]) -> dict[str, int]:
        return {"accepted": len(body)}

    @routes.put("/items", dependencies=[ADMIN])
    def put(body: list[dict[str, Any]]) -> dict[str, int]:
        return {"items": len(body)}

    @routes.get("/items/{item_id}", dependencies=[READ])
    def item(item_id: str) -> dict[str, str]:
        return {"item_id": item_id}

    @routes.post("/users/{user_id}:forget", dependencies=[ADMIN])
    def forget(user_id: str, request: Request) -> dict[str, bool]:
        note_user(request, user_id)
        return {"forgotten": True}

    @routes.post("/fail", dependencies=[READ])
    def fail(body: dict[str, Any]) -> None:
        raise ValueError(f"what was sent: {body}")

    @routes.post("/chat/completions", dependencies=[READ])
    async def chat(body: dict[str, Any]) -> StreamingResponse:
        async def words() -> AsyncIterator[bytes]:
            seen.begun += 1
            try:
                for count in range(int(body.get("words", 3))):
                    yield f"data: {count}\n\n".encode()
                    await asyncio.sleep(float(body.get("pause", 0)))
            except asyncio.CancelledError:
                seen.left.set()
                raise

        return StreamingResponse(words(), media_type="text/event-stream")

    app.include_router(routes)
    return app


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def finished() -> list[Finished]:
    """Every request that has ended, in order."""
    return []


Ask = Callable[..., httpx.Response]


@pytest.fixture
def guarded(finished: list[Finished]) -> Callable[..., App]:
    """``guarded(keys, hosts=["shop.example"])``: the service behind safety."""
    return lambda keys, **policy: protect(service(), keys, Policy(**policy), watch=finished.append)


@pytest.fixture
def ask() -> Ask:
    """``ask(app, "POST", "/v1/events", key=…, client=…, host=…, json=…)``: one request, answered whole."""

    def asked(
        app: App,
        method: str,
        path: str,
        *,
        key: str | None = None,
        client: str = "127.0.0.1",
        host: str = "localhost",
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> httpx.Response:
        async def one() -> httpx.Response:
            transport = httpx.ASGITransport(app, client=(client, 40_000), raise_app_exceptions=False)  # type: ignore[arg-type]
            sent = dict(headers or {}) | ({"Authorization": f"Bearer {key}"} if key else {})
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as http:
                return await http.request(method, path, headers=sent, **options)

        return asyncio.run(one())

    return asked


@pytest.fixture
def keyed(store: MemoryStore) -> tuple[Keys, dict[str, str]]:
    """Keys with one of each scope, and the keys themselves by scope."""
    keys = Keys(store=store)
    return keys, {scope: keys.issue(f"{scope}-key", [scope]) for scope in ("read", "events", "admin")}  # type: ignore[list-item]
