"""The part that knows FastAPI: what a route demands of its caller, and errors in the shape of OpenAI's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import FastAPI, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from genrec.serve.safety.asgi import Refusal
from genrec.serve.safety.keys import PREFIX, Caller, Scope

BEARER = HTTPBearer(
    scheme_name="key",
    description=f"An API key, {PREFIX}…. Without any key made, the server serves its own machine and asks for none.",
    auto_error=False,
)


class ErrorDetail(BaseModel):
    """What is wrong, for people (message) and for programs (type, code); param is the field that is meant."""

    message: str
    type: str
    code: str | None
    param: str | None


class ErrorBody(BaseModel):
    """The body of every error."""

    error: ErrorDetail


REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorBody, "description": "not JSON, or a picture or value that cannot be used"},
    401: {"model": ErrorBody, "description": "no API key, or an unknown one"},
    403: {"model": ErrorBody, "description": "the key lacks the scope, or a page of another origin asked"},
    408: {"model": ErrorBody, "description": "the body did not come in time"},
    413: {"model": ErrorBody, "description": "more than this server takes at once"},
    421: {"model": ErrorBody, "description": "the server is not known by the name in the Host header"},
    422: {"model": ErrorBody, "description": "a field is missing, unknown or of the wrong kind"},
    429: {"model": ErrorBody, "description": "too often; Retry-After says when again"},
    503: {"model": ErrorBody, "description": "not at the moment; Retry-After says when again"},
}
"""``responses=`` for a router: what may come before any route of it runs."""


def require(scope: Scope) -> Callable[..., Caller]:
    """``caller: Annotated[Caller, Depends(require("read"))]``: 401 for nobody, 403 for a key without the scope."""

    def required(
        request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)] = None
    ) -> Caller:
        caller: Caller | None = getattr(request.state, "caller", None)
        if caller is None:  # also where the middleware is missing: the door is shut then
            raise Refusal(401, "missing_api_key", f"no API key: send «Authorization: Bearer {PREFIX}…»")
        if not caller.may(scope):
            raise Refusal(403, "missing_scope", f"the key {caller.name!r} lacks the scope {scope!r}")
        return caller

    return required


def note_user(request: Request, user_id: str | None) -> None:
    """Whom the request is about: the access log has a pseudonym of it."""
    request.state.user = user_id


def install_errors(app: FastAPI) -> None:
    """Answer refusals, HTTP errors, invalid requests and failures of the application as `ErrorBody`."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _failed)


def answer(request: Request, refusal: Refusal) -> Response:
    """What a refusal looks like; the log gets its code."""
    request.state.refused = refusal.code
    return JSONResponse(refusal.body, refusal.status, refusal.headers)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return answer(request, error)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
    return answer(request, Refusal(error.status_code, code, str(error.detail), headers=error.headers))


async def _invalid(request: Request, error: Exception) -> Response:
    """The first thing that is wrong, without its value: that may be anything, and of any length."""
    assert isinstance(error, RequestValidationError)
    wrong = error.errors()
    first: dict[str, Any] = dict(wrong[0]) if wrong else {}
    where, what = _dotted(first.get("loc", ())), str(first.get("msg", "the request is not valid"))
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    return answer(request, Refusal(422, "invalid_request", f"{where or 'body'}: {what}{more}", param=where or None))


async def _failed(request: Request, error: Exception) -> Response:
    """A mistake of ours. What it is stands in the log, under the request's id."""
    asked = getattr(request.state, "request_id", "")
    return answer(request, Refusal(500, "internal_error", f"something went wrong here; the log has it ({asked})"))


def _dotted(place: Sequence[Any]) -> str:
    said = ".".join(str(part) for part in place if part not in ("body", "query", "path", "header"))
    return said.encode(errors="replace").decode()[:200]
