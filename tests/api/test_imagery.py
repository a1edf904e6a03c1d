"""Pictures over HTTP: jobs, their pictures, scenes of one's own, cancelling, forgetting, mistakes; and over MCP."""

from __future__ import annotations

import asyncio
import base64
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mcp import Client
from PIL import Image
from starlette.testclient import TestClient

from genrec.imagery.pictures import read_provenance
from genrec.serve.app import create_app
from genrec.serve.imagery import Imagery
from genrec.serve.mcp import mcp_server
from genrec.serve.safety.keys import Keys
from genrec.serve.safety.stack import protect
from genrec.serve.service import Service
from genrec.serve.settings import load


@pytest.fixture(scope="module")
def imagery(service: Service, tiny_painter: Path) -> Iterator[Imagery]:
    """By a painter of the smallest kind."""
    made = Imagery.of(service, load("embedded", [f"imagery.painter={tiny_painter}", "imagery.steps=2"]).imagery)
    assert made is not None
    yield made
    made.jobs.close()


@pytest.fixture
def drawing(service: Service, imagery: Imagery) -> TestClient:
    """The application, without its life cycle: the service belongs to all tests of this module."""
    service.imagery = imagery
    app = protect(create_app(service), Keys(), load().policy())
    return TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 50000))


def finished(client: TestClient, asked: dict[str, Any]) -> dict[str, Any]:
    answer = client.post("/v1/imagery", json=asked)
    assert answer.status_code == 202, answer.text
    deadline = time.monotonic() + 60
    while True:
        job = client.get(f"/v1/imagery/{answer.json()['id']}").json()
        if job["status"] in ("done", "failed", "cancelled"):
            return job
        assert time.monotonic() < deadline, job
        time.sleep(0.02)


def shown(client: TestClient, url: str) -> Image.Image:
    answer = client.get(url)
    assert answer.status_code == 200 and answer.headers["content-type"] == "image/png"
    return Image.open(io.BytesIO(answer.content))


def encoded(picture: Image.Image) -> str:
    held = io.BytesIO()
    picture.save(held, "PNG")
    return "data:image/png;base64," + base64.b64encode(held.getvalue()).decode()


def test_a_slider_of_pictures_for_a_history(drawing: TestClient, items: list[str], tmp_path: Path) -> None:
    assert "genrec-imagery" in [one["id"] for one in drawing.get("/v1/models").json()["data"]]
    job = finished(drawing, {"item_id": items[7], "history": items[:4], "love": [0, 0.5, 1], "seed": 3})
    assert job["status"] == "done" and job["progress"] == 1 and job["item_id"] == items[7]
    assert [one["love"] for one in job["pictures"]] == [0, 0.5, 1]
    first, _, last = (shown(drawing, one["url"]) for one in job["pictures"])
    assert first.size == (64, 64) and first.tobytes() != last.tobytes()
    (tmp_path / "one.png").write_bytes(drawing.get(job["pictures"][2]["url"]).content)
    said = read_provenance(tmp_path / "one.png")
    assert said is not None and (said.item_id, said.love, said.seed) == (items[7], 1.0, 3)
    again = finished(drawing, {"item_id": items[7], "history": items[:4], "love": [1], "seed": 3})
    assert shown(drawing, again["pictures"][0]["url"]).tobytes() == last.tobytes()


def test_without_an_item_the_next_one_is_drawn(drawing: TestClient, service: Service, items: list[str]) -> None:
    job = finished(drawing, {"history": items[:3]})
    assert job["item_id"] == service.recommender.recommend(items[:3], 1)[0].item_id


def test_previews_in_own_scenes_and_in_ones_own(drawing: TestClient, items: list[str]) -> None:
    about = drawing.get("/v1/imagery").json()
    assert about["preview"] == "tryon" and "walking" in about["scenes"] and about["kinds"] == ["cover", "tryon"]
    job = finished(drawing, {"item_id": items[7], "kind": "tryon", "love": [0], "scene": "walking"})
    assert shown(drawing, job["pictures"][0]["url"]).size == (128, 128)
    random = np.random.default_rng(0)
    scene = Image.fromarray(random.integers(0, 255, (80, 100, 3), dtype=np.uint8))
    mask = np.zeros((80, 100), np.uint8)
    mask[20:60, 30:70] = 255
    mine = {"image": encoded(scene), "mask": encoded(Image.fromarray(mask))}
    job = finished(drawing, {"item_id": items[7], "kind": "tryon", "love": [0], "scene": mine})
    after = np.asarray(shown(drawing, job["pictures"][0]["url"]).convert("RGB"))
    assert (after[mask == 0] == np.asarray(scene)[mask == 0]).all() and (after != np.asarray(scene)).any()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"item_id": "nothing", "love": [0]}, "no item 'nothing'"),
        ({"love": [0]}, "name an item_id, a user or a history"),
        ({"item_id": "F00007", "love": [0.5]}, "needs a taste"),
        ({"item_id": "F00007", "love": [2]}, "less than or equal to 1"),
        ({"item_id": "F00007", "love": [0], "kind": "poster"}, "'cover', 'tryon' or 'room'"),
        ({"item_id": "F00007", "love": [0], "kind": "tryon", "scene": {"image": "", "mask": ""}}, "no PNG, JPEG or"),
    ],
)
def test_mistakes_are_refused_at_once(drawing: TestClient, asked: dict[str, Any], said: str) -> None:
    answer = drawing.post("/v1/imagery", json=asked)
    assert answer.status_code in (400, 415, 422) and said in answer.text, answer.text


def test_masks_that_do_not_fit(drawing: TestClient, items: list[str]) -> None:
    scene, other = Image.new("RGB", (64, 64)), Image.new("L", (32, 32), 255)
    for mask, said in ((other, "32 × 32"), (Image.new("L", (64, 64)), "the mask is empty")):
        asked = {"item_id": items[7], "kind": "tryon", "love": [0]}
        answer = drawing.post("/v1/imagery", json=asked | {"scene": {"image": encoded(scene), "mask": encoded(mask)}})
        assert answer.status_code == 400 and said in answer.text


def test_what_cannot_be_drawn_is_a_failed_job_that_says_why(drawing: TestClient, items: list[str]) -> None:
    job = finished(drawing, {"item_id": items[7], "kind": "room", "love": [0]})
    assert job["status"] == "failed" and "no scenes of its own" in job["error"] and job["pictures"] == []


def test_a_withdrawn_item_is_not_drawn(drawing: TestClient, items: list[str]) -> None:
    drawing.delete(f"/v1/items/{items[9]}")
    answer = drawing.post("/v1/imagery", json={"item_id": items[9], "love": [0]})
    assert answer.status_code == 400 and "withdrawn" in answer.text
    drawing.put("/v1/items", json={"items": [{"item_id": items[9]}]})


def test_cancelling_and_forgetting(drawing: TestClient, items: list[str]) -> None:
    jobs = [drawing.post("/v1/imagery", json={"item_id": items[7], "love": [0] * 9}).json()["id"] for _ in range(3)]
    gone = drawing.delete(f"/v1/imagery/{jobs[2]}").json()
    assert gone["status"] == "cancelled" and gone["pictures"] == []
    event = {"event_id": "ann-1", "user": "ann", "item_id": items[3], "kind": "like", "time": 1_700_000_000}
    drawing.post("/v1/events", json={"events": [event]})
    job = finished(drawing, {"user": "ann", "item_id": items[7]})
    assert job["status"] == "done"
    assert drawing.post("/v1/users/ann:forget").json()["deleted"]["pictures"] == 1
    assert drawing.get(f"/v1/imagery/{job['id']}").status_code == 404
    assert drawing.get(job["pictures"][0]["url"]).status_code == 404


def test_a_server_without_a_painter_has_no_such_endpoints(service: Service, items: list[str]) -> None:
    service.imagery = None
    app = protect(create_app(service), Keys(), load().policy())
    client = TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 50000))
    assert client.post("/v1/imagery", json={"item_id": items[0], "love": [0]}).status_code == 404
    assert "genrec-imagery" not in [one["id"] for one in client.get("/v1/models").json()["data"]]


def test_the_example_of_the_document_works(drawing: TestClient, items: list[str]) -> None:
    said = drawing.get("/openapi.json").json()["components"]["schemas"]["ImageryRequest"]["examples"]
    for example in said:
        assert drawing.post("/v1/imagery", json=example | {"history": items[:2]}).status_code == 202


def test_an_agent_gets_a_picture(service: Service, imagery: Imagery, items: list[str]) -> None:
    service.imagery = imagery

    async def scene(**arguments: Any) -> Any:
        async with Client(mcp_server(service)) as client:
            return await client.call_tool("imagine", arguments)

    found = asyncio.run(scene(item_id=items[7], history=items[:3], love=1.0))
    (content,) = found.content
    assert content.type == "image" and content.mime_type == "image/png"
    assert Image.open(io.BytesIO(base64.b64decode(content.data))).size == (64, 64)
    refused = asyncio.run(scene(item_id="nothing", history=items[:3]))
    assert refused.is_error and "no item 'nothing'" in refused.content[0].text
