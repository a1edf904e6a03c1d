"""Recommendations, searches, explanations: what HTTP gives is what the `Recommender` gives."""

from __future__ import annotations

import asyncio
import base64
import io

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from genrec.serve.service import Service


def ids(answer: dict) -> list[str]:
    return [one["item_id"] for one in answer["items"]]


def test_a_history(api: TestClient, service: Service, items: list[str]) -> None:
    history = [items[3], items[70], items[150]]
    answer = api.post("/v1/recommendations", json={"history": history, "k": 7}).json()
    expected = service.recommender.recommend(history, 7)
    assert ids(answer) == [one.item_id for one in expected]
    np.testing.assert_allclose([one["score"] for one in answer["items"]], [one.score for one in expected], rtol=1e-5)
    assert answer["catalogue_version"] == service.now.version and answer["missing"] == []


def test_limits(api: TestClient, service: Service, items: list[str]) -> None:
    asked = {"history": items[:4], "k": 6, "where": {"category": ["dress", "coat"]}, "deny": [items[9]], "diversity": 2}
    answer = api.post("/v1/recommendations", json=asked).json()
    limits = {"where": asked["where"], "deny": asked["deny"], "spread": 2}
    assert ids(answer) == [one.item_id for one in service.recommender.recommend(items[:4], 6, **limits)]
    assert {one["attributes"]["category"] for one in answer["items"]} <= {"dress", "coat"}
    none = api.post("/v1/recommendations", json={"k": 5, "where": {"price": {"max": 0.01}}}).json()
    assert none["items"] == [] and "price" in none["reason"]


def test_why(api: TestClient, service: Service, items: list[str]) -> None:
    history = items[10:16]
    answer = api.post("/v1/recommendations", json={"history": history, "k": 3, "explain": True}).json()
    for one in answer["items"]:
        told = service.recommender.explain(history, one["item_id"])
        assert one["why"]["text"] == told.text and one["why"]["cited"] == list(told.cited)
        alone = api.post("/v1/explanations", json={"history": history, "item_id": one["item_id"]}).json()
        assert alone["why"] == one["why"]


def test_many_at_once_get_what_each_gets_alone(service: Service, items: list[str]) -> None:
    """Batches mix people, filters and errors; nobody's answer depends on the others."""
    random = np.random.default_rng(5)
    asked = []
    for n in range(40):
        history = random.choice(items, int(random.integers(0, 12)), replace=False).tolist()
        where = None if n % 3 else {"category": str(random.choice(["dress", "bag", "shoes"]))}
        asked.append({"history": history, "k": int(random.choice([3, 5, 10])), "where": where})

    async def together() -> list:
        return await asyncio.gather(*(service.recommend(**one) for one in asked))

    found = asyncio.run(together())
    for one, answered in zip(asked, found, strict=True):
        expected = service.recommender.recommend(one["history"], one["k"], where=one["where"])
        assert [item.item_id for item in answered.found.items] == [item.item_id for item in expected]


def test_search(api: TestClient, service: Service, items: list[str]) -> None:
    answer = api.post("/v1/search", json={"text": "red dress", "k": 4}).json()
    assert ids(answer) == [one.item_id for one in service.recommender.search("red dress", 4)]
    row = service.now.catalog.table.row(5, named=True)
    picture = (service.now.catalog.image_path(5) or pytest.fail("no picture")).read_bytes()
    said = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    seen = api.post("/v1/search", json={"image": said, "k": 5}).json()
    assert row["item_id"] in ids(seen)
    changed = api.post("/v1/search", json={"image": said, "change": "in red", "k": 3}).json()
    assert changed["items"] and changed["items"] != seen["items"][:3]
    like = api.post("/v1/search", json={"item_id": row["item_id"], "change": "in red", "k": 3}).json()
    assert row["item_id"] not in ids(like)


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("recommendations", {"history": ["nothing"]}, 400, "no item 'nothing'"),
        ("recommendations", {"k": 0}, 422, "k:"),
        ("recommendations", {"histroy": []}, 422, "histroy"),
        ("recommendations", {"where": {"colr": "red"}}, 400, "no column 'colr'"),
        ("recommendations", {"adapter": "winter"}, 400, "--engine vllm"),
        ("recommendations", {"model": "genrec-lm"}, 400, "--engine vllm"),
        ("search", {"text": " "}, 422, "text is empty"),
        ("search", {}, 422, "give one of"),
        ("search", {"text": "a", "item_id": "F00001"}, 422, "give one of"),
        ("search", {"image": "http://elsewhere/picture.png"}, 400, "not fetched"),
        ("search", {"image": "AAAA"}, 415, "PNG"),
        ("explanations", {"item_id": "nothing"}, 400, "no item 'nothing'"),
    ],
)
def test_mistakes(api: TestClient, path: str, body: dict, status: int, said: str) -> None:
    answer = api.post(f"/v1/{path}", json=body)
    assert answer.status_code == status, answer.text
    assert said in answer.json()["error"]["message"]


def test_a_large_picture_is_refused_before_it_is_unpacked(api: TestClient) -> None:
    packed = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(packed, "PNG")
    image = base64.b64encode(packed.getvalue()).decode()
    assert len(image) < 200_000
    answer = api.post("/v1/search", json={"image": image})
    assert answer.status_code == 413 and "20,000" in answer.json()["error"]["message"]
