"""/healthz, /readyz, /metrics."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import JSONResponse, PlainTextResponse, Response

from genrec.serve.routes.common import Reader, Served, failures

router = APIRouter(tags=["operation"])


@router.get("/healthz", response_class=PlainTextResponse)
async def healthz() -> str:
    """The process lives."""
    return "ok"


@router.get("/readyz", responses={503: {"description": "Not now; the body says why."}})
async def readyz(served: Served) -> Response:
    """Requests can come. While the database is away they can, and what is missing is said."""
    if not served.ready:
        return JSONResponse({"ready": False, "reason": "it is shutting down"}, status_code=503)
    away = await served.healthy()
    return JSONResponse({"ready": True, "store": "up" if away is None else "away"})


@router.get("/metrics", response_class=PlainTextResponse, responses=failures())
async def metrics(served: Served, caller: Reader) -> Response:
    """For Prometheus."""
    served.measure()
    return Response(served.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
