"""A chat model as understanding: what is valid is taken, all else is as if never said; and the HTTP client."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrec.chat.endpoint import Endpoint, Unanswered
from genrec.chat.model import ModelUnderstanding
from genrec.chat.state import State
from genrec.errors import UserError

SHOWN = State().answered(("F003", "F001", "F002"), "")


def heard(fashion: Any, answer: Any, message: str = "something red") -> Any:
    return ModelUnderstanding(fashion.talk.gazetteer, lambda _: answer).hear(message, SHOWN)


def test_a_valid_answer_is_taken(fashion: Any) -> None:
    said = {"intent": "refine", "wanted": {"colour": ["navy"]}, "bounds": {"price": {"max": 80}}, "liked": [2]}
    found = heard(fashion, f"Here you are:\n```json\n{json.dumps(said)}\n```")
    assert found.wanted == {"colour": ("navy",)} and found.bounds["price"].max == 80 and found.liked == ("F001",)
    asked = heard(fashion, json.dumps({"intent": "question", "about": [1], "aspect": "material"}))
    assert asked.about == ("F003",) and asked.aspect == "material"


@pytest.mark.parametrize(
    "answer",
    [
        "", "no json", "{", '{"intent": "order"}', '{"wanted": {}}', '{"intent": "refine", "sudo": 1}', None, 7,
        '{"intent": "refine", "wanted": {"colour": ["octarine"]}}', '{"intent": "refine", "wanted": {"price": ["5"]}}',
        '{"intent": "refine", "bounds": {"colour": {"max": 5}}}', '{"intent": "refine", "bounds": {"price": {}}}',
        '{"intent": "refine", "bounds": {"price": {"max": "2020-01-01"}}}', '{"intent": "refine", "liked": [9]}',
        '{"intent": "refine", "liked": ["F017"]}', '{"intent": "explain"}', "{" * 5000,
        '{"intent": "refine", "count": 1e9}',
    ],
)  # fmt: skip
def test_an_invalid_one_is_as_if_it_had_not_been_said(fashion: Any, answer: Any) -> None:
    assert heard(fashion, answer) == fashion.talk.gazetteer.hear("something red", SHOWN)


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_json_is_survived(fashion: Any, value: Any) -> None:
    keys = ("wanted", "bounds", "liked", "count", "aspect", "words")
    for key in keys:
        assert heard(fashion, json.dumps({"intent": "refine", key: value})).intent in ("refine", "search", "recommend")


def test_a_model_that_fails_costs_nothing(fashion: Any) -> None:
    def broken(_: Any) -> str:
        raise TimeoutError("away")

    hears = ModelUnderstanding(fashion.talk.gazetteer, broken)
    assert hears.hear("something red", SHOWN).wanted == {"colour": ("red",)}


def test_no_text_of_an_item_reaches_the_model(fashion: Any) -> None:
    asked: list[Any] = []
    ModelUnderstanding(fashion.talk.gazetteer, lambda messages: asked.append(messages) or "").hear("why?", SHOWN)
    sent = json.dumps(asked)
    table, index = fashion.now.catalog.table, fashion.now.catalog.index
    assert not any(table["title"][index[one]] in sent or one in sent for one in SHOWN.last)
    assert "mustard" in sent and "price" in sent


def test_a_conversation_heard_by_a_model(fashion: Any) -> None:
    hears = ModelUnderstanding(
        fashion.talk.gazetteer, lambda _: '{"intent": "refine", "wanted": {"category": ["hat"]}}'
    )
    turn = fashion.talk.hear([{"role": "user", "content": "etwas für den Kopf"}], understanding=hears)
    assert turn.constraints.wanted == {"category": ("hat",)}


@contextmanager
def serving(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Iterator[tuple[str, list[Any]]]:
    """A server that always answers so; the address, and what it was asked."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            read = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, dict(self.headers), json.loads(read)))
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", asked
    finally:
        server.shutdown()
        server.server_close()


def answer(text: Any) -> bytes:
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()


def test_an_endpoint_is_asked_as_the_protocol_says() -> None:
    with serving(answer("hello")) as (url, asked):
        messages = [{"role": "user", "content": "hi"}]
        assert Endpoint(url, "small", key="sk-1")(messages) == "hello"
    path, headers, body = asked[0]
    assert path == "/v1/chat/completions" and headers["Authorization"] == "Bearer sk-1"
    assert body["messages"] == messages and body["model"] == "small"
    assert "sk-1" not in repr(Endpoint(url, "small", key="sk-1"))


@pytest.mark.parametrize(
    ("body", "status", "headers"),
    [
        (b"", 200, {}), (b"<html>", 200, {}), (b"[]", 200, {}), (b'{"choices": []}', 200, {}), (answer(None), 200, {}),
        (answer("x" * 100_000), 200, {}), (b"{}", 500, {}), (b"", 302, {"Location": "http://127.0.0.1:1/elsewhere"}),
        (b"[" * 60_000, 200, {}), (b"\xff\xfe", 200, {}),
    ],
)  # fmt: skip
def test_whatever_else_it_answers_is_no_answer(body: bytes, status: int, headers: dict[str, str]) -> None:
    with serving(body, status, headers) as (url, _), pytest.raises(Unanswered):
        Endpoint(url, "small")([{"role": "user", "content": "hi"}])


def test_an_endpoint_that_is_away_or_no_address() -> None:
    with pytest.raises(Unanswered):
        Endpoint("http://127.0.0.1:9/v1", "small", timeout=1)([])
    for wrong in ("file:///etc/passwd", "localhost:8000", "ftp://x/v1", "http://"):
        with pytest.raises(UserError, match="no address"):
            Endpoint(wrong, "small")
    with pytest.raises(UserError, match="password"):
        Endpoint("http://me:secret@localhost/v1", "small")
