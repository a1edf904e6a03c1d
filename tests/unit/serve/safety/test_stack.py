"""All of safety together, around a small service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from genrec.serve.safety.access_log import Finished
from genrec.serve.safety.asgi import App
from genrec.serve.safety.keys import Keys, new_key
from tests.unit.serve.safety.conftest import Ask, MemoryStore, service

Keyed = tuple[Keys, dict[str, str]]
Guarded = Callable[..., App]
CALLS = [
    ("read", "POST", "/v1/recommendations", {"k": 3}),
    ("read", "GET", "/v1/items/F1", None),
    ("events", "POST", "/v1/events", {}),
    ("admin", "PUT", "/v1/items", []),
    ("admin", "POST", "/v1/users/u7:forget", {}),
]


@pytest.mark.parametrize(("scope", "method", "path", "body"), CALLS)
def test_a_key_opens_what_its_scopes_say(
    guarded: Guarded, ask: Ask, keyed: Keyed, scope: str, method: str, path: str, body: object
) -> None:
    keys, made = keyed
    app = guarded(keys)
    for holder, key in made.items():
        answer = ask(app, method, path, key=key, client="6.6.6.6", json=body)
        if holder in (scope, "admin"):
            assert answer.status_code == 200
        else:
            assert answer.status_code == 403
            assert answer.json()["error"]["code"] == "missing_scope"
            assert answer.json()["error"]["type"] == "permission_error"


@pytest.mark.parametrize("said", ["", "Bearer", "Bearer ", "Basic Zm9vOmJhcg==", f"Bearer {new_key()}", "gr_x", "\xff"])
@pytest.mark.parametrize("client", ["127.0.0.1", "6.6.6.6"])
def test_nobody_gets_anything_private(guarded: Guarded, ask: Ask, keyed: Keyed, said: str, client: str) -> None:
    app = guarded(keyed[0])
    for _, method, path, body in CALLS:
        answer = ask(app, method, path, client=client, headers={"Authorization": said.encode("latin-1")}, json=body)  # type: ignore[dict-item]
        assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["error"]["type"] == "authentication_error"
        assert set(answer.json()["error"]) == {"message", "type", "code", "param"}
    assert ask(app, "GET", "/metrics", client=client).status_code == 401
    assert ask(app, "GET", "/healthz", client=client).status_code == 200


def test_keys_in_the_address_count_for_nothing(guarded: Guarded, ask: Ask, keyed: Keyed) -> None:
    keys, made = keyed
    for name in ("key", "api_key", "authorization", "access_token"):
        assert ask(guarded(keys), "GET", f"/v1/items/F1?{name}={made['admin']}").status_code == 401


def test_a_route_without_the_middleware_is_shut(ask: Ask) -> None:
    assert ask(service(), "GET", "/v1/items/F1").status_code == 401  # type: ignore[arg-type]


def test_a_revoked_key_is_out_at_once_where_it_was_revoked(guarded: Guarded, ask: Ask, keyed: Keyed) -> None:
    keys, made = keyed
    app = guarded(keys)
    keys.revoke("read-key")
    assert ask(app, "GET", "/v1/items/F1", key=made["read"]).status_code == 401


def test_a_key_that_another_process_made_ends_loopback(guarded: Guarded, ask: Ask, store: MemoryStore) -> None:
    app = guarded(Keys(store=store))
    key = Keys(store=store).issue("other", ["read"])  # before this one has looked for the first time
    assert ask(app, "GET", "/v1/items/F1").status_code == 401
    assert ask(app, "GET", "/v1/items/F1", key=key).status_code == 200


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "LOCALHOST:8000", "[::1]:8000", "localhost:1"])
def test_names_of_this_machine(guarded: Guarded, ask: Ask, host: str) -> None:
    assert ask(guarded(Keys()), "GET", "/v1/items/F1", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "", "[::2]"])
def test_without_a_key_other_names_are_refused_from_the_first_request_on(
    guarded: Guarded, ask: Ask, store: MemoryStore, host: str
) -> None:
    """DNS rebinding: the page of evil.example, whose name now points here."""
    answer = ask(guarded(Keys(store=store)), "GET", "/v1/items/F1", headers={"Host": host})
    assert answer.status_code == 421 and answer.json()["error"]["code"] == "unknown_host"


def test_configured_names_are_minded_with_keys_too(guarded: Guarded, ask: Ask, keyed: Keyed) -> None:
    keys, made = keyed
    anywhere, named = guarded(keys), guarded(keys, hosts=["Shop.example"])
    codes = {
        host: [ask(app, "GET", "/v1/items/F1", key=made["read"], host=host).status_code for app in (anywhere, named)]
        for host in ("shop.example", "evil.example", "localhost")
    }
    assert codes == {"shop.example": [200, 200], "evil.example": [200, 421], "localhost": [200, 200]}
    mine = guarded(Keys(), hosts=["laptop.local"])
    assert ask(mine, "GET", "/v1/items/F1", host="laptop.local").status_code == 200


@pytest.mark.parametrize(
    ("sent", "passes"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"}, False),
        ({"Origin": "http://localhost"}, True),
        ({"Origin": "http://localhost:3000"}, False),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site"}, "named"),
    ],
)
def test_pages_of_other_origins_change_nothing(
    guarded: Guarded, ask: Ask, sent: dict[str, str], passes: bool | str
) -> None:
    for app, named in ((guarded(Keys()), False), (guarded(Keys(), origins=["https://shop.example"]), True)):
        allowed = passes is True or (passes == "named" and named)
        changing = ask(app, "POST", "/v1/events", headers=sent, json={})
        assert changing.status_code == (200 if allowed else 403)
        assert allowed or changing.json()["error"]["code"] == "foreign_origin"
        assert ask(app, "GET", "/v1/items/F1", headers=sent).status_code == 200  # without CORS nobody can read it


def test_cors_is_off_until_origins_are_named(guarded: Guarded, ask: Ask, keyed: Keyed) -> None:
    keys, made = keyed
    preflight = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    off, on = guarded(keys), guarded(keys, origins=["https://shop.example"])
    refused, allowed = (ask(app, "OPTIONS", "/v1/events", headers=preflight) for app in (off, on))
    assert refused.status_code == 401 and "access-control-allow-origin" not in refused.headers
    assert allowed.status_code == 200 and allowed.headers["access-control-allow-origin"] == "https://shop.example"
    assert "access-control-allow-credentials" not in allowed.headers
    evil = ask(on, "OPTIONS", "/v1/events", headers=preflight | {"Origin": "https://evil.example"})
    assert evil.status_code == 400 and "access-control-allow-origin" not in evil.headers
    read = ask(on, "GET", "/v1/items/F1", key=made["read"], headers={"Origin": "https://shop.example"})
    assert read.headers["access-control-allow-origin"] == "https://shop.example"


def test_every_answer_carries_the_headers(guarded: Guarded, ask: Ask, keyed: Keyed) -> None:
    keys, made = keyed
    app = guarded(keys)
    answers = {
        200: ask(app, "GET", "/healthz"),
        401: ask(app, "GET", "/v1/items/F1"),
        404: ask(app, "GET", "/nothing"),
        405: ask(app, "DELETE", "/healthz"),
        422: ask(app, "POST", "/v1/recommendations", key=made["read"], json={"k": "ten"}),
        500: ask(app, "POST", "/v1/fail", key=made["read"], json={"secret": "hunter2"}),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert "geolocation=()" in answer.headers["permissions-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in answer.headers
        assert answer.headers["x-request-id"].startswith("req_")
        if status >= 400:
            assert set(answer.json()["error"]) == {"message", "type", "code", "param"}
    assert answers[422].json()["error"]["param"] == "k" and "ten" not in answers[422].text
    assert "hunter2" not in answers[500].text and answers[500].headers["x-request-id"] in answers[500].text


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ("7f9c2ba4-e88f-4fb4-8f0d", True),
        ("order.2026_11-21", True),
        ("short", False),
        ("x" * 65, False),
        ("with spaces in it", False),
        ('quoted"and{so}on', False),
        (new_key(), False),
    ],
)
def test_a_request_id_is_taken_if_it_is_one(
    guarded: Guarded, ask: Ask, finished: list[Finished], said: str, taken: bool
) -> None:
    answer = ask(guarded(Keys()), "GET", "/healthz", headers={"X-Request-Id": said})
    assert (answer.headers["x-request-id"] == said) == taken
    assert finished[0].request_id == answer.headers["x-request-id"]


def test_only_http_and_the_lifespan_reach_the_application(guarded: Guarded) -> None:
    async def run(kind: str) -> list[str]:
        sent: list[str] = []
        messages = iter([{"type": f"{kind}.startup" if kind == "lifespan" else "websocket.connect"}])

        async def receive() -> Any:
            return next(messages, {"type": "lifespan.shutdown"})

        async def send(message: Any) -> None:
            sent.append(message["type"])

        await guarded(Keys())({"type": kind, "path": "/", "headers": []}, receive, send)
        return sent

    assert asyncio.run(run("websocket")) == ["websocket.close"]
    assert asyncio.run(run("lifespan")) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_openapi_tells_of_the_key(guarded: Guarded, ask: Ask) -> None:
    schema = ask(guarded(Keys()), "GET", "/openapi.json").json()
    assert schema["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            assert ("security" in operation) == path.startswith("/v1/")
