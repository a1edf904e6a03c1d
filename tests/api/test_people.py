"""Events, histories, dislikes, forgetting; the audit log."""

from __future__ import annotations

from urllib.parse import quote

from starlette.testclient import TestClient

from genrec.serve.service import Service


def sent(api: TestClient, user: str, *pairs: tuple[str, str]) -> dict:
    events = [
        {"event_id": f"{user}-{n}", "user": user, "item_id": item, "kind": kind, "time": 1_700_000_000 + n}
        for n, (item, kind) in enumerate(pairs)
    ]
    return api.post("/v1/events", json={"events": events})


def shown(api: TestClient, user: str, k: int = 10) -> list[str]:
    answer = api.post("/v1/recommendations", json={"user": user, "k": k})
    return [one["item_id"] for one in answer.json()["items"]]


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


def test_ids_may_be_anything(api: TestClient, service: Service, items: list[str]) -> None:
    user = "team/ann @home?#%"
    sent(api, user, (items[8], "like"))
    name = quote(user, safe="")
    assert [one["item_id"] for one in api.get(f"/v1/users/{name}").json()["history"]] == [items[8]]
    assert api.post(f"/v1/users/{name}:forget").json()["deleted"]["events"] == 1
    assert service.store.history(user) == []


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
    for _ in range(200):
        if found := service.store.audit(request_id=answer["id"]):
            break
    (line,) = found
    assert (line.user, line.model, line.catalogue_version) == ("eve", answer["model"], answer["catalogue_version"])
    assert list(line.items) == [one["item_id"] for one in answer["items"]]
    assert line.filters == {"kind": "recommend", "where": {"price": {"min": 5}}}


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
