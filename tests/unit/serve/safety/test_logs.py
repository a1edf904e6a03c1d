"""What is written down of a whole run: enough to work with, and none of what was said."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrec.serve.safety.access_log import Pseudonyms
from genrec.serve.safety.asgi import App
from genrec.serve.safety.keys import Keys, new_key
from genrec.serve.safety.logs import log_as_json, struck
from genrec.serve.safety.stack import Policy, protect
from tests.unit.serve.safety.conftest import Ask, MemoryStore, service


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """The log of the process, as the server sets it up; afterwards everything is as it was."""
    loggers = [
        logging.getLogger(name) for name in (None, "httpx", "httpcore", "uvicorn", "uvicorn.error", "uvicorn.access")
    ]
    before = [(one, one.handlers, one.level, one.propagate, one.disabled) for one in loggers]
    stream = io.StringIO()
    log_as_json("debug", stream)
    yield stream
    for one, handlers, level, propagate, disabled in before:
        one.handlers, one.level, one.propagate, one.disabled = handlers, level, propagate, disabled


def lines(written: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_the_log_of_a_whole_run_holds_no_secret(written: io.StringIO, ask: Ask, store: MemoryStore) -> None:
    keys = Keys(store=store)
    made = {scope: keys.issue(f"{scope}-key", [scope]) for scope in ("read", "events", "admin")}  # type: ignore[list-item]
    app = protect(service(), keys, Policy(), pseudonyms=Pseudonyms("pepper-of-this-deployment"))  # type: ignore[arg-type]
    wrong, user, said = new_key(), "anna.karenina@example.org", "a-private-wish-for-a-red-dress"
    ask(app, "POST", "/v1/recommendations", key=made["read"], json={"user": user, "said": said})
    ask(app, "POST", f"/v1/users/{user}:forget", key=made["admin"], json={})
    ask(app, "POST", "/v1/events", key=made["events"], json={"user": user, "text": said})
    ask(app, "POST", "/v1/fail", key=made["read"], json={"user": user, "text": said})  # its exception quotes all of it
    ask(app, "GET", f"/v1/items/{made['admin']}?api_key={made['read']}&user={user}", key=made["read"])
    ask(app, "GET", f"/no/such/{user}?q={said}", key=made["read"])
    ask(app, "GET", "/v1/items/F1", key=wrong)
    ask(app, "GET", "/v1/items/F1", key=made["read"], headers={"X-Request-Id": made["admin"], "Cookie": said})
    ask(app, "POST", "/v1/recommendations", key=made["read"], json={"k": said})
    store.away = True
    Keys(store=store).refresh()
    logging.getLogger("genrec.serve").error("careless: %s", made["admin"])
    logging.getLogger("uvicorn.access").info('"GET /v1/items/F1?key=%s"', said)
    log = written.getvalue()
    secrets = [*made.values(), wrong, user, said, "hunter2", "pepper-of-this-deployment", "127.0.0.1"]
    assert not [secret for secret in secrets if secret in log or secret[3:30] in log]
    assert not re.search(r"gr_[A-Za-z0-9_-]{20}", log)

    access = [line for line in lines(written) if line["logger"] == "genrec.access"]
    assert [(line["method"], line["route"], line["status"]) for line in access] == [
        ("POST", "/v1/recommendations", 200),
        ("POST", "/v1/users/{user_id}:forget", 200),
        ("POST", "/v1/events", 200),
        ("POST", "/v1/fail", 500),
        ("GET", "/v1/items/{item_id}", 200),
        ("GET", "(none)", 404),
        ("GET", "(none)", 401),
        ("GET", "/v1/items/{item_id}", 200),
        ("POST", "/v1/recommendations", 422),
    ]
    people = [line["user"] for line in access if line["user"]]
    assert len(people) == 2 and len(set(people)) == 1 and str(people[0]).startswith("u_")  # one person, nameless
    assert access[0]["caller"] == "read-key" and access[6]["caller"] is None
    assert access[6]["refused"] == "invalid_api_key" and access[0]["refused"] is None
    assert all(line["request_id"] and line["seconds"] and line["time"] for line in access)
    failure = next(line for line in lines(written) if "exception" in line)
    assert failure["exception"] == "builtins.ValueError" and " fail" in str(failure["frames"])
    assert failure["message"] == f"request {access[3]['request_id']} failed"


def test_pseudonyms_hold_for_a_deployment_and_no_further() -> None:
    one, same, other = Pseudonyms("s1"), Pseudonyms("s1"), Pseudonyms("s2")
    assert one.of("anna") == same.of("anna") != other.of("anna")
    assert one.of("anna") != one.of("anne") and one.of("anna") != one.of("anna", "c")
    assert Pseudonyms().of("anna") != Pseudonyms().of("anna")


@given(st.text(), st.sampled_from(["", " ", '"', "=", "x"]))
def test_keys_are_struck_out_wherever_they_stand(around: str, glue: str) -> None:
    key = new_key()
    assert key not in struck(f"{around}{glue}{key}{glue}{around}")


def test_what_else_is_struck_out() -> None:
    assert struck("postgresql://genrec:hunter2@db:5432/x") == "postgresql://genrec:[struck out]@db:5432/x"
    assert "c2VjcmV0c2VjcmV0" not in struck("Authorization: Basic c2VjcmV0c2VjcmV0")
    assert struck("http://localhost:8000/v1 and 10:30 a@b") == "http://localhost:8000/v1 and 10:30 a@b"


def test_nobody_writes_lines_of_their_own(written: io.StringIO, guarded: Callable[..., App], ask: Ask) -> None:
    forged = '1\n{"level": "info", "logger": "genrec.access", "caller": "admin"}'
    logging.getLogger("genrec.serve").info("user said %s", forged)
    ask(guarded(Keys()), "GET", "/v1/items/" + "%0A%7B%22caller%22%3A1%7D", headers={"X-Request-Id": "a" * 9 + "{"})
    said = [line for line in lines(written) if str(line["logger"]).startswith("genrec")]
    assert [line["logger"] for line in said] == ["genrec.serve", "genrec.access"]
    assert "caller" not in said[0] and said[1]["caller"] == "loopback"
