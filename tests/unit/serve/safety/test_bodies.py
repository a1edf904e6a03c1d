"""Bodies: how long, how deep, how slowly; also where no length was said before."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrec.serve.safety.asgi import App, Refusal
from genrec.serve.safety.bodies import BodyLimit, JsonLimit
from genrec.serve.safety.json_shape import check_json
from genrec.serve.safety.keys import Keys
from tests.unit.serve.safety.conftest import Ask

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=40,
)


def depth_of(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth_of, inner), default=0)


@given(VALUES, st.booleans(), st.integers(0, 6))
def test_depth_is_what_the_parsed_value_has(value: Any, ascii_only: bool, most: int) -> None:
    data = json.dumps(value, ensure_ascii=ascii_only).encode(errors="surrogatepass")
    try:
        check_json(data, depth=most)
    except Refusal as refusal:
        assert (refusal.code == "json_too_deep" and depth_of(value) > most) or b"\\u0000" in data
    else:
        assert depth_of(value) <= most


@given(st.lists(st.sampled_from(["\\ud83d", "\\ude00", "\\\\", "\\u0041", "a", "\\\\u0000", "\\n", '\\"'])))
def test_halves_of_pairs_are_found_exactly_where_the_parser_makes_them(parts: list[str]) -> None:
    data = f'["{"".join(parts)}"]'.encode()
    halved = any(0xD800 <= ord(letter) < 0xE000 for letter in json.loads(data)[0])
    if halved:
        with pytest.raises(Refusal, match="surrogate"):
            check_json(data)
    else:
        check_json(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_let_through_or_refused(data: bytes) -> None:
    try:
        check_json(data)
    except Refusal as refusal:
        assert refusal.status in (400, 413)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"[" * 1_000_000, "json_too_large"),
        (b"[" * 50_000 + b"]" * 50_000, "json_too_deep"),
        (b"[" + b"1," * 500_000 + b"1]", "json_too_large"),
        (b'{"a": NaN}', "invalid_json"),
        (b"[-Infinity]", "invalid_json"),
        (b'["\\u0000"]', "invalid_json"),
        (b'["\0"]', "invalid_json"),
        (b'"\\udc00"', "invalid_json"),
    ],
)
def test_what_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        check_json(data)
    assert caught.value.code == code


@pytest.mark.parametrize("data", [b'["NaN, Infinity, [[[["]', b'"' + b"\\" * 2_000_000, b'"' * 999_999, b""])
def test_what_is_not(data: bytes) -> None:
    check_json(data)


def test_longer_bodies_are_refused_with_and_without_a_length(guarded: Callable[..., App], ask: Ask) -> None:
    app = guarded(Keys(), body=1000, picture_body=3000)

    async def pieces(count: int) -> AsyncIterator[bytes]:
        yield b'{"a": "'
        for _ in range(count):
            yield b"x" * 100
        yield b'"}'

    def sent(path: str, length: int) -> list[int]:
        whole = b'{"a": "' + b"x" * length + b'"}'
        types = {"Content-Type": "application/json"}
        said = ask(app, "POST", path, content=whole, headers=types)
        streamed = ask(app, "POST", path, content=pieces(length // 100), headers=types)
        return [said.status_code, streamed.status_code]

    assert sent("/v1/events", 900) == [200, 200]
    assert sent("/v1/events", 1000) == [413, 413]
    assert sent("/v1/chat/completions", 2900) == [200, 200]
    assert sent("/v1/chat/completions", 3000) == [413, 413]
    refused = ask(app, "POST", "/v1/events", content=b"x" * 2000)
    assert refused.json()["error"]["code"] == "request_too_large" and refused.headers["connection"] == "close"
    assert ask(app, "POST", "/v1/events", content=b"{}", headers={"Content-Length": "+2"}).status_code == 400
    deep = b'{"a":' * 40 + b"1" + b"}" * 40
    assert ask(app, "POST", "/v1/events", content=deep).json()["error"]["code"] == "json_too_deep"
    cut = ask(app, "POST", "/v1/events", content=b'{"a": ', headers={"Content-Type": "application/json"})
    assert cut.status_code == 422 and set(cut.json()["error"]) == {"message", "type", "code", "param"}


def run(app: App, messages: list[dict[str, Any]], pause: float = 0.0, **connection: Any) -> list[dict[str, Any]]:
    """What `app` sends where the client sends `messages`, and nothing after them."""

    async def one() -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []
        left = iter(messages)

        async def receive() -> Any:
            await asyncio.sleep(pause)
            return next(left)

        async def send(message: Any) -> None:
            sent.append(dict(message))

        asked = {"type": "http", "method": "POST", "path": "/v1/x", "headers": [], **connection}
        await app(asked, receive, send)
        return sent

    return asyncio.run(one())


def test_more_than_allowed_never_reaches_the_application_and_its_answer_is_dropped() -> None:
    got = []

    async def app(connection: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "http.request":
            got.append(len(message["body"]))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("the client has left")

    pieces = [{"type": "http.request", "body": b"x" * 40, "more_body": True}] * 10
    sent = run(BodyLimit(app, lambda path: 100), pieces)
    assert got == [40, 40]
    assert [message.get("status") for message in sent] == [413, None]


def test_a_body_that_drips_is_given_up() -> None:
    async def app(connection: Any, receive: Any, send: Any) -> None:
        raise AssertionError("it never was whole")

    drops = [{"type": "http.request", "body": b"x", "more_body": True}] * 1000
    sent = run(JsonLimit(app, seconds=0.05), drops, pause=0.01)
    assert sent[0]["status"] == 408


def test_who_leaves_while_sending_is_not_answered() -> None:
    async def app(connection: Any, receive: Any, send: Any) -> None:
        raise AssertionError("it never was whole")

    gone = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    assert run(JsonLimit(app), gone) == []


def test_after_the_body_the_application_hears_of_the_client_leaving() -> None:
    heard = []

    async def app(connection: Any, receive: Any, send: Any) -> None:
        heard.append((await receive())["body"])
        heard.append((await receive())["type"])

    pieces = [
        {"type": "http.request", "body": b'{"a"', "more_body": True},
        {"type": "http.request", "body": b": 1}"},
        {"type": "http.disconnect"},
    ]
    run(BodyLimit(JsonLimit(app), lambda path: 100), pieces)
    assert heard == [b'{"a": 1}', "http.disconnect"]


def test_forms_with_files_are_not_held() -> None:
    heard = []

    async def app(connection: Any, receive: Any, send: Any) -> None:
        heard.append((await receive())["body"])

    form = [(b"content-type", b"multipart/form-data; boundary=x")]
    run(JsonLimit(app), [{"type": "http.request", "body": b"[" * 99, "more_body": True}], headers=form)
    assert heard == [b"[" * 99]
