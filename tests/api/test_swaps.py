"""What changes under load: the catalogue, its database, the adapters of a language model."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.test_speaking import TINY_BASE, TINY_LM, sets
from tests.serving import Served


class Asking:
    """People who ask all the time. statuses: of all answers. late: withdrawn items in answers to requests that began
    after the withdrawal was acknowledged."""

    def __init__(self, server: Served, bodies: list[tuple[str, dict[str, Any]]]) -> None:
        self.server, self.bodies = server, bodies
        self.statuses: dict[int, int] = {}
        self.late: list[str] = []
        self.gone: frozenset[str] = frozenset()
        self._lock, self._stop = threading.Lock(), threading.Event()

    @contextmanager
    def going_on(self, people: int) -> Iterator[None]:
        threads = [threading.Thread(target=self._person, args=(n,)) for n in range(people)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _person(self, n: int) -> None:
        with httpx.Client(base_url=self.server.url, timeout=60) as client:
            while not self._stop.is_set():
                path, body = self.bodies[n % len(self.bodies)]
                gone = self.gone
                answer = client.post(path, json=body)
                found = answer.json()
                rows = (
                    found["choices"][0]["message"]["recommendations"] if "choices" in found else found.get("items", [])
                )
                with self._lock:
                    self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
                    if gone is self.gone:  # else some may be back already
                        self.late += [row["item_id"] for row in rows if row["item_id"] in gone]
                n += 1


BODIES: list[tuple[str, dict[str, Any]]] = [
    ("/v1/recommendations", {"history": ["F00001", "F00002"], "k": 20}),
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": "something for winter"}]}),
    ("/v1/recommendations", {"k": 50, "where": {"category": ["dress", "shoes"]}, "explain": False}),
    ("/v1/search", {"text": "red dress", "k": 20}),
]


def test_a_catalogue_that_changes_under_load(serve: Callable[..., Served]) -> None:
    served = serve()
    asking = Asking(served, BODIES)
    with httpx.Client(base_url=served.url, timeout=60) as admin, asking.going_on(4):
        for turn in range(12):
            shown = admin.post("/v1/recommendations", json=BODIES[0][1]).json()["items"]
            out = [one["item_id"] for one in shown[:3]]
            assert admin.request("DELETE", "/v1/items", json={"item_ids": out}).status_code == 200
            asking.gone = frozenset(out)
            time.sleep(0.3)
            new = {"item_id": f"N{turn}", "title": f"Red Linen Dress {turn}", "category": "dress", "price": 20.0}
            assert admin.put("/v1/items", json={"items": [new]}).json()["added"] == 1
            asking.gone = frozenset()
            time.sleep(0.1)  # those who still hold the former list have begun
            back = [{"item_id": one} for one in out]
            assert admin.put("/v1/items", json={"items": back}).json()["restored"] == 3
    assert asking.late == []
    assert set(asking.statuses) <= {200, 429} and asking.statuses[200] > 30
    assert not [line for line in served.log.splitlines() if '"level": "error"' in line]


@pytest.mark.system
def test_a_database_that_is_away(serve: Callable[..., Served], postgresql: Any) -> None:
    """Recommendations from the history in the request meanwhile; events are refused, none that was taken is lost."""
    served = serve("--database", postgresql.database())
    taken: list[str] = []
    number = 0

    def send(client: httpx.Client) -> int:
        nonlocal number
        number += 1
        event = {"event_id": f"e{number}", "user": "u", "item_id": f"F{number % 300:05}", "kind": "view"}
        status = client.post("/v1/events", json={"events": [event]}).status_code
        if status == 200:
            taken.append(event["event_id"])
        return status

    with httpx.Client(base_url=served.url, timeout=60) as client:
        assert {send(client) for _ in range(10)} == {200}
        postgresql.stop("immediate")
        try:
            away = time.monotonic()
            while time.monotonic() - away < 30:
                answer = client.post("/v1/recommendations", json={"user": "u", "history": ["F00001"], "k": 5})
                assert answer.status_code == 200 and len(answer.json()["items"]) == 5
                assert answer.json()["missing"] == ["history"]
                said = client.post("/v1/chat/completions", json=BODIES[1][1] | {"user": "u"})
                assert said.status_code == 200 and said.json()["missing"] == ["history"]
                assert send(client) == 503
                assert client.get("/readyz").json() == {"ready": True, "store": "away"}
        finally:
            postgresql.start()
        for _ in range(100):
            if send(client) == 200:
                break
            time.sleep(0.2)
        assert client.get("/readyz").json()["store"] == "up"
        history = client.get("/v1/users/u").json()["history"]
        assert [one["item_id"] for one in history] == [f"F{int(name[1:]) % 300:05}" for name in taken]
        answer = client.post("/v1/recommendations", json={"user": "u", "k": 5}).json()
        assert answer["missing"] == []


@pytest.fixture(scope="module")
def speaking(fashion: Path, cli: Callable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small run with a language model and two adapters."""
    path = tmp_path_factory.mktemp("speaking") / "run"
    shutil.copytree(fashion, path)
    cli("lm", "pretrain", path, *sets(TINY_BASE)).ok()
    cli("lm", "train", path, *sets(TINY_LM)).ok()
    cli("lm", "train", path, "--name", "gifts", *sets((*TINY_LM, "seed=5"))).ok()
    return path


@pytest.mark.system
def test_adapters_and_catalogue_in_vllm(serve: Callable[..., Served], speaking: Path, vllm_installed: None) -> None:
    served = serve("--engine", "vllm", run=speaking)
    asked = {"history": ["F00001", "F00002"], "k": 20}
    with httpx.Client(base_url=served.url, timeout=120) as admin:
        plain = admin.post("/v1/recommendations", json=asked).json()
        assert plain["model"] == "genrec-lm"
        compact = admin.post("/v1/recommendations", json=asked | {"model": "genrec-compact"}).json()
        assert compact["model"] == "genrec-compact"
        assert "gifts" in admin.put("/v1/adapters/gifts", json={"stage": "lm-gifts"}).json()["adapters"]
        other = admin.post("/v1/recommendations", json=asked | {"adapter": "gifts"}).json()
        assert other["adapter"] == "gifts" and other["items"] != plain["items"]
        asking = Asking(served, [*BODIES, ("/v1/recommendations", asked | {"adapter": "gifts"})])
        with asking.going_on(4):
            for _ in range(5):
                out = [one["item_id"] for one in admin.post("/v1/recommendations", json=asked).json()["items"][:3]]
                assert admin.request("DELETE", "/v1/items", json={"item_ids": out}).status_code == 200
                asking.gone = frozenset(out)
                assert admin.put("/v1/adapters/gifts", json={"stage": "lm-gifts"}).status_code == 200
                time.sleep(1)
                asking.gone = frozenset()
                time.sleep(0.5)
                back = [{"item_id": one} for one in out]
                assert admin.put("/v1/items", json={"items": back}).status_code == 200
        assert asking.late == [] and set(asking.statuses) <= {200, 429} and asking.statuses[200] > 10
        assert admin.post("/v1/recommendations", json=asked).json()["items"] == plain["items"]
        unknown = admin.post("/v1/recommendations", json=asked | {"adapter": "none"})
        assert unknown.status_code == 400 and "none" in unknown.json()["error"]["message"]
        said = admin.post("/v1/chat/completions", json=BODIES[1][1] | {"genrec": {"history": ["F00001"]}}).json()
        assert said["choices"][0]["message"]["recommendations"]
    assert not [json.loads(line) for line in served.log.splitlines() if '"level": "error"' in line]
