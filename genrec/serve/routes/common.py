"""What routes share: the service behind them, who may ask, and how a picture comes in."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.convertors import StringConvertor, register_url_convertor

from genrec.serve.safety.keys import Caller
from genrec.serve.safety.require import REFUSALS, ErrorBody, require
from genrec.serve.service import Service
from genrec.serve.talking import Talking


class _Ids(StringConvertor):
    """Ids are the owner's: what was %2F or %0A is a slash or a line's end again when routes are matched."""

    regex = "(?s:.+)"


register_url_convertor("id", _Ids())


def service(request: Request) -> Service:
    found: Service = request.app.state.service
    return found


def talking(request: Request) -> Talking:
    found: Talking = request.app.state.talking
    return found


Served = Annotated[Service, Depends(service)]
Talks = Annotated[Talking, Depends(talking)]
Reader = Annotated[Caller, Depends(require("read"))]
Sender = Annotated[Caller, Depends(require("events"))]
Admin = Annotated[Caller, Depends(require("admin"))]


FURTHER = {
    404: "there is no such thing",
    409: "it contradicts what is there",
    504: "the answer would have come too late",
}


def failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of a route, for the OpenAPI document: those that every route can have, and these."""
    return REFUSALS | {status: {"model": ErrorBody, "description": FURTHER[status]} for status in statuses}
