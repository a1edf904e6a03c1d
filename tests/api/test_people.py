"""Events, histories, dislikes, forgetting; the audit log."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import polars as pl
from starlette.testclient import TestClient

from genrec.serve.app import create_app
from genrec.serve.safety.keys import Keys, new_key, parse
from genrec.serve.safety.stack import protect
from genrec.serve.service import Service
from genrec.serve.settings import load
from genrec.serve.store import Answer
from genrec.workspace.guard import locked


def sent(api: TestClient, user: str, *pairs: tuple[str, str]) -> dict:
    events = [
        {"event_id": f"{user}-{n}", "user": user, "item_id": item, "kind": kind, "time": 1_700_000_000 + n}
        for n, (item, kind) in enumerate(pairs)
    ]
    return api.post("/v1/events", json={"events": events})


def shown(api: TestClient, user: str, k: int = 10) -> list[str]:
    answer = api.post("/v1/recommendations", json={"user": user, "k": k})
    return [one["item_id"] for one in answer.json()["items"]]


def written(service: Service, request_id: str) -> Answer:
    """The audit log's line, which is written behind the answer."""
    for _ in range(500):
        if found := service.store.audit(request_id=request_id):
            break
        time.sleep(0.01)
    (line,) = found
    return line


def test_events_become_a_history(api: TestClient, service: Service, items: list[str]) -> None:
    history = [items[20], items[40], items[60]]
    answer = sent(api, "ann", *((item, "purchase") for item in history))
    assert answer.json() == {"accepted": 3, "duplicates": 0, "forgotten": 0}
    assert shown(api, "ann") == [one.item_id for one in service.recommender.recommend(history, 10)]
    assert [one["item_id"] for one in api.get("/v1/users/ann").json()["history"]] == history
    # The same again changes nothing.
    again = sent(api, "ann", *((item, "purchase") for item in history))
    assert again.json() == {"accepted": 0, "duplicates": 3, "forgotten": 0}
    assert [one["item_id"] for one in api.get("/v1/users/ann").json()["history"]] == history


def test_dislikes_act_at_once(api: TestClient, items: list[str]) -> None:
    sent(api, "ben", (items[5], "view"))
    first = shown(api, "ben")
    api.post("/v1/events", json={"events": [
        {"event_id": "ben-no", "user": "ben", "item_id": first[0], "kind": "dislike"}
    ]})  # fmt: skip
    assert first[0] not in shown(api, "ben")
    said = api.post(
        "/v1/chat/completions",
        json={"user": "ben", "messages": [{"role": "user", "content": "hello, what have you got for me?"}]},
    )
    assert first[0] not in [one["item_id"] for one in said.json()["choices"][0]["message"]["recommendations"]]


def test_an_event_that_contradicts_another(api: TestClient, items: list[str]) -> None:
    sent(api, "cas", (items[1], "like"))
    answer = sent(api, "cas", (items[2], "like"))
    assert answer.status_code == 409 and "cas-0" in answer.json()["error"]["message"]


def test_one_bad_event_stops_its_batch(api: TestClient, service: Service, items: list[str]) -> None:
    answer = sent(api, "dan", (items[1], "like"), ("nothing", "like"))
    assert answer.status_code == 400 and "events[1]" in answer.json()["error"]["message"]
    assert service.store.history("dan") == []


def test_histories_of_the_run_are_known(api: TestClient, service: Service) -> None:
    user = service.store.users(1)[0]
    history = service.store.history(user)
    assert history and not set(shown(api, user)) & set(history)


def test_what_was_recommended_is_written_down(api: TestClient, service: Service, items: list[str]) -> None:
    answer = api.post(
        "/v1/recommendations", json={"user": "eve", "history": items[:3], "k": 4, "where": {"price": {"min": 5}}}
    ).json()
    line = written(service, answer["id"])
    assert (line.user, line.model, line.catalogue_version) == ("eve", answer["model"], answer["catalogue_version"])
    assert list(line.items) == [one["item_id"] for one in answer["items"]]
    assert line.filters == {"kind": "recommend", "where": {"price": {"min": 5}}}


def test_what_a_chat_recommended_is_written_down(api: TestClient, service: Service) -> None:
    """Under the id that its client has."""
    made = api.post(
        "/v1/chat/completions", json={"user": "eve", "messages": [{"role": "user", "content": "shoes"}]}
    ).json()
    line = written(service, made["id"])
    shown = [one["item_id"] for one in made["choices"][0]["message"]["recommendations"]]
    assert line.user == "eve" and line.filters["kind"] == "chat" and shown == list(line.items)


def test_whoever_has_a_slash_in_the_name_is_known_and_forgotten(api: TestClient, items: list[str]) -> None:
    sent(api, "shop/gus", (items[30], "purchase"))
    assert [one["item_id"] for one in api.get("/v1/users/shop%2Fgus").json()["history"]] == [items[30]]
    assert api.post("/v1/users/shop%2Fgus:forget").json()["deleted"]["events"] == 1


def test_the_database_is_asked_whatever_else_waits(api: TestClient, service: Service, items: list[str]) -> None:
    """Changes of the catalogue that wait for one another take no thread that others need."""
    with ThreadPoolExecutor(50) as people, service.recommender.together():
        putting = [people.submit(api.delete, f"/v1/items/{items[0]}") for _ in range(40)]
        sent(api, "hal", (items[1], "like"))
        assert shown(api, "hal") and not any(one.done() for one in putting)
    assert all(one.result().status_code == 200 for one in putting)
    api.put("/v1/items", json={"items": [{"item_id": items[0]}]})


def test_the_database_counts_as_up_until_it_is_away(api: TestClient, items: list[str]) -> None:
    def up() -> str:
        return next(one for one in api.get("/metrics").text.splitlines() if one.startswith("genrec_store_up "))

    assert up() == "genrec_store_up 1.0"


def test_forgetting(api: TestClient, service: Service, items: list[str]) -> None:
    sent(api, "fay", (items[30], "purchase"), (items[31], "dislike"))
    made = api.post(
        "/v1/chat/completions", json={"user": "fay", "store": True, "messages": [{"role": "user", "content": "shoes"}]}
    ).json()
    kept = api.get(f"/v1/chat/completions/{made['id']}")
    assert kept.status_code == 200
    deleted = api.post("/v1/users/fay:forget").json()["deleted"]
    assert deleted["events"] == 2 and deleted["sessions"] == 1
    assert service.store.history("fay") == [] and service.store.audit(user="fay") == []
    assert api.get(f"/v1/chat/completions/{made['id']}").status_code == 404
    # What was on its way when they were forgotten is not written any more.
    late = sent(api, "fay", (items[30], "purchase"))
    assert late.json() == {"accepted": 0, "duplicates": 0, "forgotten": 1}


def test_metrics_want_a_key_that_may_read(service: Service) -> None:
    made = {scope: new_key() for scope in ("read", "events")}
    keys = Keys(parse(" ".join(f"{scope}:{scope}:{key}" for scope, key in made.items())))
    client = TestClient(protect(create_app(service), keys, load().policy()), base_url="http://127.0.0.1")
    answers = {scope: client.get("/metrics", headers={"Authorization": f"Bearer {key}"}) for scope, key in made.items()}
    assert {scope: answer.status_code for scope, answer in answers.items()} == {"read": 200, "events": 403}
    assert client.get("/metrics").status_code == 401


def test_forgetting_reaches_the_files_of_the_run(api: TestClient, service: Service) -> None:
    run = service.recommender.path
    table = run / "data" / "interactions.parquet"
    user = pl.read_parquet(table)["user_id"][0]
    with locked(run / "workspace.lock", "train"):
        refused = api.post(f"/v1/users/{user}:forget")
        assert refused.status_code == 503 and refused.headers["Retry-After"]
        assert refused.json()["error"]["code"] == "run_busy" and "train" in refused.json()["error"]["message"]
    assert service.store.history(user) == []
    deleted = api.post(f"/v1/users/{user}:forget").json()["deleted"]
    assert deleted["run.interactions"] >= 3 and user not in pl.read_parquet(table)["user_id"]
