"""API keys: what is taken for one, what is kept of it, and that nothing repeats it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrec.errors import UserError
from genrec.serve.safety.keys import ENVIRONMENT, FORM, FRESH, KeyRow, Keys, hashed, new_key, parse
from tests.unit.serve.safety.conftest import Clock, MemoryStore


def test_keys_are_of_one_form_and_never_twice_the_same() -> None:
    made = {new_key() for _ in range(500)}
    assert len(made) == 500 and all(FORM.fullmatch(key) for key in made)
    parse(" ".join(f"k{place}:read:{key}" for place, key in enumerate(made)))


def test_the_environment_holds_the_first_keys() -> None:
    shop, ops = new_key(), new_key()
    keys = Keys.from_environment({ENVIRONMENT: f"shop:read+events:{shop},\n ops:admin:{ops}"})
    caller, boss = keys.who(shop), keys.who(ops)
    assert caller is not None and caller.name == "shop"
    assert [caller.may(scope) for scope in ("read", "events", "admin")] == [True, True, False]
    assert boss is not None and all(boss.may(scope) for scope in ("read", "events", "admin"))
    assert keys.who(new_key()) is None and keys.who("") is None and keys.who("ключ") is None
    assert not keys.keyless and Keys.from_environment({}).keyless
    assert shop not in repr(vars(keys)) and hashed(shop) in repr(vars(keys))


KEY = "gr_" + "Ab3dEf6hIj9lMn2pQr5tUv8xYz1-_BcDeFgHiJkLmNo0"[:43]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"shop:read:{KEY} ops", r"entry 2: write name:scopes:key"),
        (KEY, r"entry 1: write name:scopes:key"),
        (f"shop:{KEY}", r"entry 1: write name:scopes:key"),
        (f"shop:raed:{KEY}", r"entry 1 \(shop\): there is no such scope, did you mean 'read'\?"),
        (f"shop::{KEY}", r"entry 1 \(shop\): no scope"),
        (f"shop:read:{KEY}x", r"entry 1: the last part is no key"),
        ("shop:read:hunter2", r"entry 1: the last part is no key"),
        ("hunter2:read:shop", r"entry 1: the last part is no key"),
        (f"{KEY}:read:shop", r"entry 1: the last part is no key"),
        (f"shop:read:gr_{'a' * 43}", r"entry 1: the last part is no key"),
        (f"{KEY}:read:{KEY}", r"entry 1: a name has"),
        (f"sh/op:read:{KEY}", r"entry 1: a name has"),
        (f"shop:read:{KEY},shop:admin:{KEY}", r"entry 2 \(shop\): the name comes twice"),
    ],
)
def test_a_malformed_entry_is_named_and_never_repeated(text: str, said: str) -> None:
    with pytest.raises(UserError, match=rf"^{ENVIRONMENT}, {said}") as caught:
        parse(text)
    assert KEY not in str(caught.value) and "hunter2" not in str(caught.value)


@given(st.text("gr_:+,ab AZ09-é", max_size=80))
def test_whatever_stands_there_is_keys_or_a_message_without_them(text: str) -> None:
    try:
        rows = parse(text + " last:read:" + KEY)
    except UserError as error:
        assert KEY not in str(error)
    else:
        assert rows[-1].hash == hashed(KEY)


def test_issued_keys_are_kept_by_their_hash_alone_and_can_be_revoked(store: MemoryStore, clock: Clock) -> None:
    keys, elsewhere = Keys(store=store, clock=clock), Keys(store=store, clock=clock)
    assert not keys.known and not keys.keyless  # nobody has looked yet
    keys.refresh()
    elsewhere.refresh()
    assert keys.keyless
    key = keys.issue("shop", ["read"])
    assert key not in repr([asdict(row) for row in store.rows])
    assert keys.who(key) is not None and not keys.keyless
    assert elsewhere.who(key) is None and not elsewhere.stale
    clock.now += FRESH
    assert elsewhere.stale
    elsewhere.refresh()
    assert elsewhere.who(key) is not None
    keys.revoke("shop")
    assert keys.who(key) is None
    assert not keys.keyless  # the last key is gone, and the door stays shut


def test_names_are_given_once(store: MemoryStore) -> None:
    keys = Keys(parse(f"first:admin:{KEY}"), store)
    keys.issue("shop", ["read"])
    for taken in ("shop", "first"):
        with pytest.raises(UserError, match=f"a key '{taken}' already"):
            keys.issue(taken, ["read"])
    with pytest.raises(UserError, match="a name has"):
        keys.issue("sh op", ["read"])
    with pytest.raises(UserError, match=f"stands in {ENVIRONMENT}"):
        keys.revoke("first")
    with pytest.raises(UserError, match="no key 'shap'; did you mean 'shop'"):
        keys.revoke("shap")
    with pytest.raises(UserError, match=f"put it into {ENVIRONMENT}"):
        Keys().issue("shop", ["read"])


def test_where_the_store_is_away_what_it_said_last_holds(store: MemoryStore, clock: Clock) -> None:
    keys = Keys(store=store, clock=clock)
    key = keys.issue("shop", ["read"])
    store.away = True
    clock.now += FRESH
    keys.refresh()
    assert keys.who(key) is not None and not keys.stale  # and it is not asked again at once
    unread = Keys(store=store, clock=clock)
    unread.refresh()
    assert not unread.known and not unread.keyless  # it may hold a key: nobody is loopback yet


def test_one_revoked_row_does_not_shut_another_of_the_same_key_out() -> None:
    old = KeyRow("old", hashed(KEY), ("read",), 0.0, revoked=5.0)
    assert Keys([old]).who(KEY) is None
    new = KeyRow("new", hashed(KEY), ("admin",), 6.0)
    caller = Keys([old, new]).who(KEY)
    assert caller is not None and caller.name == "new"


def test_the_module_makes_an_entry_of_the_environment() -> None:
    command = [sys.executable, "-m", "genrec.serve.safety"]
    done = subprocess.run([*command, "shop", "read+events"], text=True, capture_output=True, check=True)
    row = parse(done.stdout)[0]
    assert (row.name, row.scopes) == ("shop", ("read", "events"))
    wrong = subprocess.run([*command, "shop", "reed"], text=True, capture_output=True)
    assert wrong.returncode == 2 and "did you mean 'read'" in wrong.stderr and "gr_" not in wrong.stderr
