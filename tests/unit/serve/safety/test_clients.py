"""Where a request comes from, and who is served without a key."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrec.errors import UserError
from genrec.serve.safety.asgi import App
from genrec.serve.safety.clients import Proxies, check_bind, is_loopback, place
from genrec.serve.safety.keys import ENVIRONMENT, Keys
from tests.unit.serve.safety.conftest import Ask, MemoryStore


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "[::1]", "::ffff:127.0.0.1", "localhost"])
def test_loopback_may_be_bound_without_a_key(host: str) -> None:
    check_bind(host, Keys())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.7", "nobody.invalid"])
def test_nothing_else_may(host: str, store: MemoryStore) -> None:
    with pytest.raises(UserError, match=rf"without an API key only this machine .*{ENVIRONMENT}.*127\.0\.0\.1"):
        check_bind(host, Keys())
    with pytest.raises(UserError, match="without an API key"):
        check_bind(host, Keys(store=store))  # nobody has read the store yet, and there is no key in it
    keys = Keys(store=store)
    keys.issue("shop", ["read"])
    check_bind(host, keys)


@pytest.mark.parametrize("host", [None, "", "testclient", "127.0.0.1.evil.example", "1.2.3.4", "::ffff:1.2.3.4"])
def test_what_is_not_this_machine(host: str | None) -> None:
    assert not is_loopback(host)


def test_a_household_is_one_place() -> None:
    assert place("2001:db8:1:2:3::4") == place("2001:db8:1:2:ffff::1") != place("2001:db8:1:3::1")
    assert place("1.2.3.4") == place("::ffff:1.2.3.4") == place("1.2.3.4:555") != place("1.2.3.5")


HOPS = st.sampled_from(["10.0.0.1", "10.9.9.9", "127.0.0.1", "6.6.6.6", "2001:db8::7", "unknown", "", "6.6.6.6:80"])


@given(st.sampled_from(["10.0.0.1", "6.6.6.6", "127.0.0.1"]), st.lists(HOPS, max_size=6))
def test_only_the_first_address_that_no_trusted_proxy_vouches_for_counts(peer: str, hops: list[str]) -> None:
    trusted = ("10.0.0.1", "10.9.9.9")
    expected, known = peer, peer
    for hop in reversed(hops):  # told as a story: every trusted proxy says who spoke to it
        if known not in trusted:
            break
        if hop in ("unknown", ""):
            break
        known = expected = hop.removesuffix(":80")
    proxies = Proxies(["10.0.0.0/8"])
    assert proxies.client(peer, [", ".join(hops)] if hops else []) == expected
    assert proxies.client(peer, hops) == expected  # one header a hop is the same list
    assert Proxies().client(peer, hops) == peer


def test_networks_that_are_none_are_named() -> None:
    with pytest.raises(UserError, match=r"trusted_proxies: .*10\.0\.0\.0/33"):
        Proxies(["10.0.0.0/33"])


@pytest.mark.parametrize("path", ["/healthz", "/", "/v1/items/F1", "/nothing"])
def test_without_a_key_only_this_machine_is_served(guarded: Callable[..., App], ask: Ask, path: str) -> None:
    app = guarded(Keys(), trusted_proxies=["10.0.0.0/8"])
    assert ask(app, "GET", path).status_code in (200, 404)
    assert ask(app, "GET", path, key="what the openai client sends").status_code in (200, 404)
    lied = {"X-Forwarded-For": "127.0.0.1"}
    others = [
        ask(app, "GET", path, client="6.6.6.6"),
        ask(app, "GET", path, client="6.6.6.6", headers=lied),
        ask(app, "GET", path, client="10.0.0.1", headers=lied),  # said by a proxy: not from this machine either
        ask(app, "GET", path, headers={"X-Forwarded-For": "6.6.6.6"}),  # an unnamed proxy on this machine
        ask(app, "GET", path, headers={"Via": "1.1 shop"}),
    ]
    assert [(one.status_code, one.json()["error"]["code"]) for one in others] == [(403, "loopback_only")] * 5


def test_the_scheme_is_believed_from_a_trusted_proxy_alone(guarded: Callable[..., App], ask: Ask) -> None:
    keys, said = Keys(store=MemoryStore()), {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "https"}
    keys.issue("shop", ["read"])
    app = guarded(keys, trusted_proxies=["10.0.0.1"])
    behind, before = (ask(app, "GET", "/", client=peer, headers=said) for peer in ("10.0.0.1", "6.6.6.6"))
    assert behind.json()["scheme"] == "https" and "strict-transport-security" in behind.headers
    assert before.json()["scheme"] == "http" and "strict-transport-security" not in before.headers


def test_until_the_keys_are_known_nobody_is_served(guarded: Callable[..., App], ask: Ask, store: MemoryStore) -> None:
    store.away = True
    answer = ask(guarded(Keys(store=store)), "GET", "/v1/items/F1")
    assert answer.status_code == 503 and answer.headers["retry-after"] == "1"
