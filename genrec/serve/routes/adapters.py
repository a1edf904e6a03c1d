"""LoRA adapters of the language model, while it runs: GET, PUT, DELETE /v1/adapters."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from genrec.serve.routes.common import Admin, Reader, Served, failures
from genrec.serve.schemas.common import Said

router = APIRouter(prefix="/v1/adapters", tags=["adapters"])

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,128}$")]


class Adapters(BaseModel):
    """Names that a request may give as `adapter`."""

    adapters: list[str]


class AdapterRequest(Said):
    model_config = ConfigDict(json_schema_extra={"examples": [{"stage": "lm-winter"}]})
    stage: Annotated[Name, Field(description="A finished stage of the run, of `genrec lm train --name …`.")]


@router.get("", responses=failures())
async def adapters(served: Served, caller: Reader) -> Adapters:
    """Those that are loaded."""
    return Adapters(adapters=served.adapters.names)


@router.put("/{name}", responses=failures())
async def put(name: Name, asked: AdapterRequest, served: Served, caller: Admin) -> Adapters:
    """Load one, in the place of a former one of that name; nothing restarts."""
    return Adapters(adapters=await served.adapters.put(name, asked.stage))


@router.delete("/{name}", responses=failures())
async def remove(name: Name, served: Served, caller: Admin) -> Adapters:
    """Unload one."""
    return Adapters(adapters=await served.adapters.remove(name))
