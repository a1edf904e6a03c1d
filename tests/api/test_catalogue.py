"""The living catalogue over HTTP: from the next request on."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from genrec.decode.requests import Request
from genrec.recommender import Recommender
from genrec.serve.backend import Backend, Find, Recommend
from genrec.serve.cards import recommended
from genrec.serve.service import Service


@pytest.fixture(autouse=True)
def back(service: Service) -> None:
    """Whatever a test does to the catalogue is taken back."""
    yield
    if service.recommender.version:
        service.recommender.rollback(0)


def found(api: TestClient, where: dict) -> list[str]:
    answer = api.post("/v1/recommendations", json={"k": 100, "where": where}).json()
    return [one["item_id"] for one in answer["items"]]


def test_an_item_is_added_changed_withdrawn_and_brought_back(api: TestClient) -> None:
    item = {"item_id": "N1", "title": "Linen Wrap Dress in Red", "category": "dress", "colour": "red", "price": 59.0}
    answer = api.put("/v1/items", json={"items": [item]}).json()
    assert answer["added"] == 1 and answer["catalogue_version"] == 1
    card = api.get("/v1/items/N1").json()
    assert card["title"] == item["title"] and card["attributes"]["colour"] == "red" and card["available"]
    assert "N1" in found(api, {"category": "dress", "colour": "red"})
    assert api.put("/v1/items", json={"items": [{"item_id": "N1", "price": 30.0}]}).json()["changed"] == 1
    assert api.get("/v1/items/N1").json()["attributes"]["price"] == 30.0
    assert api.delete("/v1/items/N1").json()["withdrawn"] == 1
    assert "N1" not in found(api, {"category": "dress"}) and not api.get("/v1/items/N1").json()["available"]
    assert api.put("/v1/items", json={"items": [{"item_id": "N1"}]}).json()["restored"] == 1
    assert "N1" in found(api, {"category": "dress"})


def test_chat_knows_the_catalogue_as_it_is(api: TestClient) -> None:
    item = {"item_id": "N2", "title": "Sun Hat in Tangerine", "category": "hat", "colour": "tangerine", "price": 20.0}
    api.put("/v1/items", json={"items": [item]})
    asked = {"messages": [{"role": "user", "content": "a hat in tangerine"}]}
    message = api.post("/v1/chat/completions", json=asked).json()["choices"][0]["message"]
    assert [one["item_id"] for one in message["recommendations"]] == ["N2"]
    api.delete("/v1/items/N2")
    message = api.post("/v1/chat/completions", json=asked).json()["choices"][0]["message"]
    assert "N2" not in [one["item_id"] for one in message["recommendations"]]


def test_all_or_nothing(api: TestClient, service: Service, items: list[str]) -> None:
    before = service.now
    bad = [{"item_id": "N3", "title": "Fine"}, {"item_id": items[0], "colr": "red"}]
    answer = api.put("/v1/items", json={"items": bad})
    assert answer.status_code == 400 and "colr" in answer.json()["error"]["message"]
    assert "N3" not in service.now.catalog.index
    assert service.now.catalog.table.equals(before.catalog.table)
    assert api.request("DELETE", "/v1/items", json={"item_ids": [items[0], "nothing"]}).status_code == 400
    assert service.now.available.all()


def test_nobody_sees_half_of_a_request(api: TestClient, service: Service, items: list[str]) -> None:
    """One with additions, changes and restorations is one step, and one that fails is none: no rollback either."""
    api.delete(f"/v1/items/{items[1]}")
    version = service.now.version
    bad = [{"item_id": "N4", "title": "Fine"}, {"item_id": items[0], "price": "dear"}]
    assert api.put("/v1/items", json={"items": bad}).status_code == 400
    assert service.now.version == version
    seen: list[tuple[bool, bool]] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            now = service.now
            seen.append(("N4" in now.catalog.index, bool(now.available[now.catalog.index[items[1]]])))

    looking = threading.Thread(target=look)
    looking.start()
    good = [{"item_id": "N4", "title": "Fine"}, {"item_id": items[1], "price": 3}]
    answer = api.put("/v1/items", json={"items": good}).json()
    stop.set()
    looking.join()
    assert (answer["added"], answer["changed"], answer["restored"]) == (1, 1, 1)
    assert set(seen) <= {(False, False), (True, True)}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("price", {"a": 1}), ("title", {"a": 1}), ("text", ["x"]), ("text", [["x"]]), ("price", [1]), ("price", "dear"),
        ("image", "a" * 5000), ("image", ""), ("image", "../catalog.parquet"), ("image", "nothing.png"), ("image", 3),
    ],
)  # fmt: skip
@pytest.mark.parametrize("known", [False, True])
def test_values_that_no_column_has(
    api: TestClient, service: Service, items: list[str], column: str, value: object, known: bool
) -> None:
    before = service.now
    item = {"item_id": items[0] if known else "N5", "title": "Fine", column: value}
    answer = api.put("/v1/items", json={"items": [item]})
    assert answer.status_code == 400 and answer.json()["error"]["message"]
    assert str(service.recommender.path) not in answer.text
    assert service.now is before


def test_ids_with_slashes(api: TestClient) -> None:
    api.put("/v1/items", json={"items": [{"item_id": "shop/7\n?", "title": "Fine"}]})
    path = f"/v1/items/{quote('shop/7' + chr(10) + '?', safe='')}"
    assert api.get(path).json()["title"] == "Fine"
    assert "picture" in api.get(f"{path}/image").json()["error"]["message"]
    assert api.delete(path).json()["withdrawn"] == 1


class Changing:
    """A recommender whose catalogue changes while it answers."""

    def __init__(self, recommender: Recommender) -> None:
        self._own = recommender

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._own, name)
        if name not in ("recommend_many", "search", "refine"):
            return found

        def changed(*args: Any, **options: Any) -> Any:
            self._own.add_items([{"item_id": f"N-{name}", "title": "Red Shirt", "category": "shirt"}])
            return found(*args, **options)

        return changed


def test_an_answer_is_of_one_version(service: Service, items: list[str]) -> None:
    """Newcomers that an answer names are in the catalogue that its cards are made from."""
    backend = Backend(cast("Recommender", Changing(service.recommender)))
    for question in (
        Recommend(Request((), None, ["N-recommend_many"]), 1),
        Find(1, "red shirt", allow=["N-search"]),
        Find(1, item_id=items[0], change="in red", allow=["N-refine"]),
    ):
        (found,) = backend.answer(question.kind, [question])
        (shown,) = recommended(found.now, found.items)
        assert shown.title == "Red Shirt" and found.now is service.now


def test_a_chat_while_the_catalogue_never_rests(api: TestClient, service: Service, items: list[str]) -> None:
    """Every time that the engine is asked the catalogue has changed since the message was heard."""
    answer_ = service.backend.answer
    turn = 0

    def answer(kind: Hashable, questions: list[Any]) -> Any:
        nonlocal turn
        turn += 1
        service.recommender.change_items([{"item_id": items[0], "price": float(turn)}])
        service.recommender.withdraw([gone[-1]])
        return answer_(kind, questions)

    asked = {"messages": [{"role": "user", "content": "shoes"}]}
    shown = api.post("/v1/chat/completions", json=asked).json()["choices"][0]["message"]["recommendations"]
    gone = [shown[0]["item_id"]]
    service.batcher._answer = answer
    try:
        said = api.post("/v1/chat/completions", json=asked)
    finally:
        service.batcher._answer = answer_
    assert said.status_code == 200 and turn > 1
    found = [one["item_id"] for one in said.json()["choices"][0]["message"]["recommendations"]]
    assert found and gone[0] not in found
    assert said.json()["catalogue_version"] <= service.now.version


def test_after_a_change_one_thread_reads_the_catalogue(service: Service, items: list[str]) -> None:
    """Those who chat at that moment wait for it instead of doing the same."""
    service.recommender.change_items([{"item_id": items[0], "price": 1.0}])
    together = threading.Barrier(8)

    def talk(_: int) -> object:
        together.wait()
        return service.recommender.conversation()

    with ThreadPoolExecutor(8) as people:
        made = list(people.map(talk, range(8)))
    assert all(one is made[0] for one in made)


def test_pictures(api: TestClient, service: Service, items: list[str]) -> None:
    answer = api.get(f"/v1/items/{items[0]}/image")
    assert answer.headers["content-type"] == "image/png"
    assert answer.content == service.now.catalog.image_path(0).read_bytes()
    assert api.get("/v1/items/nothing/image").status_code == 404
    assert api.get("/v1/items/nothing").status_code == 404


def test_ids_that_end_as_pictures_do(api: TestClient, service: Service, items: list[str]) -> None:
    """The slash of an id is written %2F; one that is not is the picture's, where there is such an item."""
    twin, alone = f"{items[0]}/image", "nobody/image"
    picture = service.now.catalog.table["image"][0]
    rows = [{"item_id": one, "title": f"Called {one}", "text": "A thing.", "image": picture} for one in (twin, alone)]
    assert api.put("/v1/items", json={"items": rows}).status_code == 200
    assert api.get(f"/v1/items/{items[0]}%2Fimage").json()["title"] == f"Called {twin}"
    assert api.get(f"/v1/items/{items[0]}/image").headers["content-type"] == "image/png"
    assert api.get("/v1/items/nobody%2Fimage").json()["item_id"] == alone
    assert api.get("/v1/items/nobody/image").json()["item_id"] == alone
    address = api.get("/v1/items/nobody%2Fimage").json()["image"]
    assert api.get(address).headers["content-type"] == "image/png"


def test_what_there_is_to_filter_by(api: TestClient, service: Service) -> None:
    said = api.get("/v1/catalogue").json()
    columns = {one["name"]: one for one in said["columns"]}
    table = service.now.catalog.table
    assert said["items"] == len(table)
    assert {one["value"] for one in columns["colour"]["values"]} <= set(table["colour"].to_list())
    assert columns["price"]["min"] == table["price"].min() and columns["price"]["max"] == table["price"].max()
