"""The application: routes, errors, guards and the page over one `Service`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

import genrec
from genrec.serve import failures, page
from genrec.serve.routes import adapters, catalogue, chatting, health, imagery, items, recommending, storing
from genrec.serve.safety.uploads import PictureLimits
from genrec.serve.service import Service
from genrec.serve.talking import Talking

ABOUT = """Recommendations that are generated, item by item, under the catalogue's trie: no answer is an item that the
catalogue does not have. Every answer has an id under which the audit log keeps what was recommended and why."""


def create_app(
    service: Service,
    talking: Talking | None = None,
    pictures: PictureLimits | None = None,
) -> FastAPI:
    """Without guards, which stand around it: see `genrec.serve.safety.stack.protect`. The service is closed when the
    application ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await service.close()

    app = FastAPI(
        title="GenRec", version=genrec.__version__, description=ABOUT, lifespan=lifespan, docs_url=None, redoc_url=None
    )
    app.state.service, app.state.talking = service, talking or Talking(service)
    app.state.pictures = pictures or PictureLimits()
    failures.install(app)
    for room in (chatting, recommending, storing, catalogue, items, adapters, health):
        app.include_router(room.router)
    if service.imagery is not None:
        app.include_router(imagery.router)
    page.mount(app)
    return app
