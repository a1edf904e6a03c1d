"""The MCP server by the SDK's own client: in this process, and as a program on stdin and stdout."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from genrec.serve.mcp import mcp_server
from genrec.serve.service import Service
from genrec.serve.store import StoreAway


def told(service: Service, name: str, **arguments: Any) -> Any:
    """One call of a tool in a loop of its own."""

    async def scene() -> Any:
        async with Client(mcp_server(service)) as client:
            return await client.call_tool(name, arguments)

    return asyncio.run(scene())


def test_the_tools(service: Service, items: list[str]) -> None:
    found = told(service, "recommend", history=items[:3], k=4, where={"category": ["dress", "bag"]}, explain=True)
    rows = found.structured_content["items"]
    expected = service.recommender.recommend(items[:3], 4, where={"category": ["dress", "bag"]})
    assert [row["item_id"] for row in rows] == [one.item_id for one in expected]
    assert all(row["why"]["text"] for row in rows)
    rows = told(service, "search", text="red dress", k=3).structured_content["items"]
    assert [row["item_id"] for row in rows] == [one.item_id for one in service.recommender.search("red dress", 3)]
    why = told(service, "explain", item_id=items[9], history=items[:3]).structured_content
    assert why["why"]["text"] == service.recommender.explain(items[:3], items[9]).text
    card = told(service, "item", item_id=items[9]).structured_content
    assert card["item_id"] == items[9] and card["attributes"]["category"]


def test_what_could_not_be_reached_is_told(service: Service, items: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """As over HTTP: answers go on without the stored history, and say so."""

    def away(*arguments: Any) -> None:
        raise StoreAway("it is away")

    assert told(service, "recommend", user="somebody").structured_content["missing"] == []
    monkeypatch.setattr(service.store, "history", away)
    assert told(service, "recommend", user="somebody").structured_content["missing"] == ["history"]
    assert told(service, "explain", user="somebody", item_id=items[3]).structured_content["missing"] == ["history"]


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("recommend", {"history": ["nothing"]}, "no item 'nothing'"),
        ("recommend", {"where": {"colr": "red"}}, "no column 'colr'"),
        ("search", {"text": " "}, "what is looked for"),
        ("item", {"item_id": "nothing"}, "no item 'nothing'"),
    ],
)
def test_mistakes_are_told(service: Service, name: str, arguments: dict, said: str) -> None:
    answer = told(service, name, **arguments)
    assert answer.is_error and said in answer.content[0].text


def test_as_a_program(fashion: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(fashion, run)
    genrec = str(Path(sys.executable).with_name("genrec"))

    async def scene() -> tuple[list[str], Any]:
        async with Client(StdioServerParameters(command=genrec, args=["serve", str(run), "--mcp"])) as client:
            tools = await client.list_tools()
            return [tool.name for tool in tools.tools], await client.call_tool("recommend", {"k": 3})

    names, answer = asyncio.run(scene())
    assert names == ["recommend", "search", "explain", "item", "imagine"]
    assert len(answer.structured_content["items"]) == 3


NOISE = """
import os
from pathlib import Path
from genrec.serve import mcp, running, settings

async def speak(service):
    print("the protocol")

def loud(*args):
    print("a log of somebody's")
    os.system("echo and of a process of theirs")

running.open_store, running.open_service, mcp.serve_stdio = loud, loud, speak
running.serve_mcp(Path("run"), settings.load())
"""


def test_nothing_that_is_loaded_speaks_into_the_protocol() -> None:
    """As vLLM does, which logs to stdout."""
    said = subprocess.run([sys.executable, "-c", NOISE], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout == "the protocol\n" and said.stderr.count("somebody's") == 2
