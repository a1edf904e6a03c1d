"""The page's files: complete, cached for as long as they hold, and nobody else's."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from genrec.serve import page

FOLDER = Path(str(files("genrec.serve.page")))
SOURCES = sorted(one for one in FOLDER.rglob("*") if one.suffix in page.TYPES)


@pytest.fixture(scope="module")
def client() -> TestClient:
    app = FastAPI()
    page.mount(app)
    return TestClient(app)


def test_all_that_the_page_names_is_there(client: TestClient) -> None:
    front = client.get("/")
    assert front.headers["content-type"] == "text/html; charset=utf-8"
    named = re.findall(r'(?:src|href)="(/[^"]+)"', front.text)
    for address in named:
        part = client.get(address)
        assert part.status_code == 200, address
        assert part.headers["content-type"] == page.TYPES[Path(address).suffix]
    told = {address.split("/", 3)[3] for address in named}
    assert {f"js/{one.name}" for one in FOLDER.glob("js/*.js")} <= told, "every module is told of ahead"


def test_modules_import_only_modules_that_there_are() -> None:
    for module in FOLDER.glob("js/*.js"):
        for name in re.findall(r'^(?:import|export) .*?from "(.*?)";', module.read_text(), re.M):
            assert (module.parent / name).is_file(), f"{module.name}: {name}"


def test_elements_that_modules_ask_for_stand_in_the_page() -> None:
    html = (FOLDER / "index.html").read_text()
    ids = set(re.findall(r'\bid="([^"]+)"', html))
    scripts = "".join(one.read_text() for one in FOLDER.rglob("*.js"))
    asked = set(re.findall(r'\bat\("([^"]+)"\)', scripts))
    assert asked and asked <= ids | {"details-title"}
    icons = set(re.findall(r'\bicon\("([^"]+)"\)', scripts)) | set(re.findall(r'href="#i-([^"]+)"', html))
    assert {f"i-{name}" for name in icons} <= ids


def test_a_browser_that_has_a_file_does_not_get_it_again(client: TestClient) -> None:
    front = client.get("/")
    assert front.headers["cache-control"] == "no-cache"
    again = client.get("/", headers={"If-None-Match": front.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/", headers={"If-None-Match": '"another"'}).status_code == 200
    script = next(address for address in re.findall(r'src="([^"]+)"', front.text))
    part = client.get(script)
    assert "immutable" in part.headers["cache-control"]
    several = {"If-None-Match": f'"other", W/{part.headers["etag"]}'}
    assert client.get(script, headers=several).status_code == 304


def test_files_are_packed_for_those_who_unpack(client: TestClient) -> None:
    packed = client.get("/", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    assert packed.text == plain.text and packed.headers["etag"] != plain.headers["etag"]
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 2
    assert packed.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", ["/page/other/js/main.js", "/page/VERSION/js/none.js", "/page/VERSION/../__init__.py"])
def test_nothing_else_is_there(client: TestClient, path: str) -> None:
    version = re.search(r"/page/([0-9a-f]+)/", client.get("/").text)
    assert version is not None
    assert client.get(path.replace("VERSION", version[1])).status_code == 404


def test_no_file_knows_another_host() -> None:
    allowed = {"http://www.w3.org/2000/svg"}  # a name, not an address: nobody fetches it
    for source in SOURCES:
        found = set(re.findall(r"(?:https?:)?//[\w.-]+\.[a-z]{2,}[\w./-]*", source.read_text()))
        assert found <= allowed, source.name


def test_no_way_to_turn_text_into_html_is_used() -> None:
    ways = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b|new Function|srcdoc|javascript:"
    for source in FOLDER.rglob("*.js"):
        assert not re.search(ways, source.read_text()), source.name
    html = (FOLDER / "index.html").read_text()
    assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=", html), "nothing inline"
    assert "require-trusted-types-for 'script'" in html and "unsafe" not in html
