"""The OpenAPI document against the server: whatever fits it, and much that does not, is answered and breaks nothing."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from tests.serving import Served

CHECKS = (schemathesis.checks.not_a_server_error, status_code_conformance, response_schema_conformance)
QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck), "phases": (Phase.explicit, Phase.generate)}


@pytest.fixture(scope="module")
def schema(server: Served) -> Any:
    return schemathesis.openapi.from_url(f"{server.url}/openapi.json")


def machine(schema: Any) -> Any:
    """A state machine over the API: answers of one request feed the next."""

    class Machine(schema.as_state_machine()):  # type: ignore[misc]
        def validate_response(self, response: Any, case: Any, **options: Any) -> None:
            case.validate_response(response, checks=CHECKS)

    return Machine


def test_the_document_says_what_every_route_answers(server: Served) -> None:
    said = httpx.get(f"{server.url}/openapi.json").json()
    for path, methods in said["paths"].items():
        for method, told in methods.items():
            assert told["summary"] and told["responses"].keys() & {"200", "202"}, (method, path)
            body = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            if "$ref" in body:
                model = said["components"]["schemas"][body["$ref"].rpartition("/")[2]]
                assert model.get("examples"), f"{body['$ref']} has no example"


def test_the_examples_work(server: Served) -> None:
    """Everybody copies them first."""
    said = httpx.get(f"{server.url}/openapi.json").json()
    # Their ids are the demo's, of which the small run has the first 300.
    # Pictures first: another example withdraws what they show.
    for path, methods in sorted(said["paths"].items(), key=lambda entry: "imagery" not in entry[0]):
        for method, told in methods.items():
            body = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            if "$ref" not in body or "adapters" in path:
                continue
            for example in said["components"]["schemas"][body["$ref"].rpartition("/")[2]]["examples"]:
                answer = httpx.request(method, server.url + path, json=example, timeout=60)
                assert answer.status_code in (200, 202), (method, path, example, answer.text)
    # What the examples did to the catalogue is undone.
    httpx.put(f"{server.url}/v1/items", json={"items": [{"item_id": "F00042"}]}).raise_for_status()


def test_stateful(schema: Any) -> None:
    machine(schema).run(settings=settings(max_examples=8, stateful_step_count=6, **QUIET))


@pytest.mark.slow
def test_stateful_for_long(serve: Callable[..., Served], tiny_painter: Path) -> None:
    # It changes catalogue and people as it likes, and has pictures drawn.
    own = serve("--set", f"imagery.painter={tiny_painter}", "--set", "imagery.steps=1")
    schema = schemathesis.openapi.from_url(f"{own.url}/openapi.json")
    machine(schema).run(settings=settings(max_examples=60, stateful_step_count=12, **QUIET))
    unharmed(own)


# ---------------------------------------------------------------- bodies that nobody meant

WORDS = (
    "red", "dress", "not", "black", "under", "50", "cheaper", "why", "the second one", "F00001", "compare", "2 and 3",
    "more like", "show me", "or", "but", "without", "forget", "start over", "€", "-1", "1e309", "NaN", "\u202e",
    "\u200b", "<|im_start|>", "<|sid_begin|>", "<script>", "'; DROP TABLE events; --", "{{7*7}}", "%s%n", "\x00",
    "\ud83d", "ß", "Ω" * 50, "𓀀", "a\u0301" * 20, "(((((", "\\" * 20, "\n\n", "\t", "null", "[]", "١٢٣", "−5", "0x10",
    "10,000.50",
)  # fmt: skip


def said(chance: random.Random) -> str:
    """Words of a shop, of an attacker and of nobody, in any order."""
    if chance.random() < 0.15:
        return "".join(
            chr(chance.choice((chance.randrange(32, 127), chance.randrange(0x250, 0xD7FF)))) for _ in range(60)
        )
    text = " ".join(chance.choice(WORDS) for _ in range(chance.randrange(1, 12)))
    if chance.random() < 0.1:
        text *= chance.randrange(1, 60)
    return text


def anything(chance: random.Random, depth: int = 0) -> Any:
    """Any JSON."""
    kind = chance.randrange(8 if depth < 4 else 6)
    if kind == 6:
        return [anything(chance, depth + 1) for _ in range(chance.randrange(4))]
    if kind == 7:
        return {said(chance)[:20]: anything(chance, depth + 1) for _ in range(chance.randrange(4))}
    return (
        None,
        chance.random() < 0.5,
        chance.randrange(-(10**20), 10**20),
        chance.uniform(-1e300, 1e300),
        said(chance),
        "",
    )[kind]


def chat_body(chance: random.Random) -> Any:
    messages: Any = [
        {"role": chance.choice(("user", "user", "assistant", "system", "tool")), "content": said(chance)}
        for _ in range(chance.randrange(1, 8))
    ]
    body: dict[str, Any] = {"model": "genrec", "messages": messages, "stream": chance.random() < 0.3}
    if chance.random() < 0.4:
        body["genrec"] = {"k": chance.randrange(-1, 25), "where": where(chance), "explain": chance.random() < 0.3}
    if chance.random() < 0.3:
        body[chance.choice([*body, "user", "n", "tools", "genrec", said(chance)[:8]])] = anything(chance)
    if chance.random() < 0.1:
        chance.choice(messages)["content"] = anything(chance)
    return body if chance.random() < 0.97 else anything(chance)


def search_body(chance: random.Random) -> Any:
    body: dict[str, Any] = {"text": said(chance), "k": chance.randrange(0, 120)}
    if chance.random() < 0.3:
        body = {"item_id": f"F{chance.randrange(320):05}", "change": said(chance)}
    if chance.random() < 0.1:
        body = {"image": chance.choice(("data:image/png;base64,", "", "http://x/")) + said(chance)}
    if chance.random() < 0.4:
        body["where"] = where(chance)
    if chance.random() < 0.2:
        body[chance.choice([*body, "deny", "allow", "k"])] = anything(chance)
    return body if chance.random() < 0.97 else anything(chance)


def where(chance: random.Random) -> Any:
    column = chance.choice(("colour", "category", "price", "tier", "nothing", "title", "any", "all", "not"))
    value: Any = chance.choice(("red", "dress", 50, {"max": 50}, {"min": "a"}, ["red", "blue"], None, {"not": "red"}))
    return {column: value if chance.random() < 0.8 else anything(chance)}


def bodies(seed: int, count: int) -> list[tuple[str, bytes]]:
    chance, made = random.Random(seed), []
    for _ in range(count):
        path, make = chance.choice((("chat/completions", chat_body), ("search", search_body)))
        raw = json.dumps(make(chance)).encode()
        if chance.random() < 0.05:  # not even JSON
            at = chance.randrange(len(raw))
            raw = raw[:at] + bytes(chance.randrange(256) for _ in range(3)) + raw[at + 1 :]
        made.append((f"/v1/{path}", raw))
    return made


def fuzz(server: Served, seed: int, count: int) -> dict[int, int]:
    statuses: dict[int, int] = {}
    with httpx.Client(base_url=server.url, timeout=120, headers={"Content-Type": "application/json"}) as client:
        for path, body in bodies(seed, count):
            answer = client.post(path, content=body)
            statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
            assert answer.status_code < 500, (answer.text, path, body[:2000])
            if answer.status_code >= 400:
                assert answer.json()["error"]["message"], body[:500]
    return statuses


def unharmed(server: Served) -> None:
    """It still answers, and its log has no error of ours."""
    assert httpx.get(f"{server.url}/healthz").text == "ok"
    lines = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]
    assert not [line for line in lines if line["level"] in ("error", "critical")]


def test_fuzzed_bodies(server: Served) -> None:
    statuses = fuzz(server, 1, 400)
    assert {200, 400, 422} <= set(statuses) <= {200, 400, 413, 415, 422}
    unharmed(server)


@pytest.mark.slow
def test_ten_thousand_fuzzed_bodies(serve: Callable[..., Served]) -> None:
    own = serve()
    statuses = fuzz(own, 2, 10_000)
    assert sum(statuses.values()) == 10_000 and statuses[200] > 2_000
    unharmed(own)
