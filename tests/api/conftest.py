"""The API over HTTP: clients of a server that runs in a process of its own, and of one in this process."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from genrec.serve.app import create_app
from genrec.serve.running import open_service, open_store
from genrec.serve.safety.keys import Keys
from genrec.serve.safety.stack import protect
from genrec.serve.service import Service
from genrec.serve.settings import Secrets, load
from genrec.serve.talking import Talking
from tests.serving import Served


@pytest.fixture
def http(server: Served) -> Iterator[httpx.Client]:
    """Of the shared server."""
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def service(fashion: Path, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """Everything behind the API, in this process, on a copy of the small run."""
    run = tmp_path_factory.mktemp("service") / "run"
    shutil.copytree(fashion, run)
    settings = load()
    return open_service(run, settings, open_store(run, settings, Secrets()))


@pytest.fixture(scope="module")
def api(service: Service) -> Iterator[TestClient]:
    """The application with all that stands around it, in this process."""
    app = protect(create_app(service, Talking(service)), Keys(), load().policy())
    with TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 50000)) as client:
        yield client


@pytest.fixture
def items(service: Service) -> list[str]:
    """Ids of the catalogue."""
    return list(service.now.catalog.ids)
