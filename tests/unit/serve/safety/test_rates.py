"""Limits: against a count by hand, exact about when, and bounded however many ask."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrec.serve.safety.asgi import App, Refusal
from genrec.serve.safety.keys import Keys
from genrec.serve.safety.rates import DAY, Rate, RateLimits
from genrec.serve.safety.stack import classify
from tests.unit.serve.safety.conftest import Ask, Clock

PAUSES = st.lists(st.integers(0, 200), min_size=1, max_size=60)


@given(PAUSES, st.integers(1, 5), st.sampled_from([6, 30, 60, 120]), st.none() | st.integers(1, 12))
def test_what_passes_is_what_counting_by_hand_lets_pass(
    pauses: list[int], burst: int, per_minute: int, per_day: int | None
) -> None:
    """By hand: in tenths of seconds and whole numbers, 600 parts a token."""
    clock = Clock(1_800_000_000.0)
    limits = RateLimits({"read": Rate(per_minute, burst, per_day)}, clock=clock)
    tenths, parts, last, spent = 18_000_000_000, burst * 600, 18_000_000_000, 0
    for pause in pauses:
        tenths += pause
        clock.now = tenths / 10
        parts, last = min(burst * 600, parts + (tenths - last) * per_minute), tenths
        used_up = per_day is not None and spent >= per_day
        passes = parts >= 600 and not used_up
        if passes:
            parts, spent = parts - 600, spent + 1
        answer = limits.spend("shop", "read")
        assert (answer.wait == 0) == passes
        assert answer.left == parts // 600 and answer.left_today == (None if per_day is None else per_day - spent)


@settings(max_examples=60)
@given(st.integers(1, 4), st.sampled_from([1, 7, 60, 90, 1000]), st.integers(0, 300))
def test_retry_after_is_the_first_whole_second_that_passes(burst: int, per_minute: int, wait: int) -> None:
    clock = Clock()
    limits = RateLimits({"read": Rate(per_minute, burst)}, clock=clock)
    while limits.spend("shop", "read").wait == 0:
        pass
    clock.now += wait / 100
    refused = limits.spend("shop", "read")
    if not refused.wait:
        return
    with pytest.raises(Refusal) as caught:
        refused.check()
    seconds = int(caught.value.headers["Retry-After"])
    begun = clock.now
    clock.now = begun + seconds - 1
    assert seconds == 1 or limits.spend("shop", "read").wait > 0
    clock.now = begun + seconds
    assert limits.spend("shop", "read").wait == 0


def test_a_quota_ends_with_the_day_and_says_so() -> None:
    clock = Clock(20_000 * DAY + 100.25)
    limits = RateLimits({"chat": Rate(600, 10, per_day=3)}, clock=clock)
    for _ in range(3):
        limits.spend("shop", "chat").check()
    clock.now = 20_000 * DAY + DAY - 60.5
    with pytest.raises(Refusal, match="quota of 3 requests a day") as caught:
        limits.spend("shop", "chat").check()
    refusal = caught.value
    assert (refusal.status, refusal.code, refusal.headers["Retry-After"]) == (429, "insufficient_quota", "61")
    assert refusal.headers["RateLimit"].endswith('"chat-day";r=0;t=61')
    limits.spend("other", "chat").check()
    clock.now += 61
    assert limits.spend("shop", "chat").left_today == 2


def test_a_clock_that_is_set_back_gives_nothing_and_takes_nothing() -> None:
    clock = Clock()
    limits = RateLimits({"read": Rate(60, 2)}, clock=clock)
    limits.spend("shop", "read")
    clock.now -= 3600
    assert limits.spend("shop", "read").wait == 0
    assert limits.spend("shop", "read").wait == pytest.approx(1, abs=1e-3)
    clock.now += 1.001
    assert limits.spend("shop", "read").wait == 0


def test_any_number_of_callers_takes_bounded_room_and_frees_nobody_from_a_limit() -> None:
    clock = Clock()
    limits = RateLimits({"read": Rate(60, 2, per_day=10)}, remembered=100, clock=clock)
    limits.spend("greedy", "read"), limits.spend("greedy", "read")
    passed = sum(limits.spend(f"address {number}", "read").wait == 0 for number in range(5_000))
    assert len(limits) == 101  # the hundred, and the place that all others share
    assert passed == 99 + 2
    assert limits.spend("greedy", "read").wait > 0  # not forgotten
    clock.now += DAY
    assert all(limits.spend(f"later {number}", "read").wait == 0 for number in range(50))
    assert len(limits) <= 101


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/v1/chat/completions", "chat"),
        ("POST", "/v1/recommendations", "read"),
        ("POST", "/v1/search", "read"),
        ("GET", "/v1/items/F1", "read"),
        ("POST", "/v1/events", "events"),
        ("PUT", "/v1/items", "admin"),
        ("DELETE", "/v1/items", "admin"),
        ("POST", "/v1/users/u:forget", "admin"),
        ("POST", "/v1/something/new", "admin"),
        ("GET", "/healthz", None),
        ("GET", "/metrics", None),
        ("GET", "/", None),
    ],
)
def test_classes_of_routes(method: str, path: str, name: str | None) -> None:
    assert classify(method, path) == name


def test_every_answer_says_what_is_left_and_keys_do_not_share(guarded: Callable[..., App], ask: Ask, store) -> None:  # type: ignore[no-untyped-def]
    keys = Keys(store=store)
    one, two = keys.issue("one", ["read"]), keys.issue("two", ["read"])
    app = guarded(keys, rates={"read": Rate(60, 2, per_day=50)})
    answers = [ask(app, "GET", "/v1/items/F1", key=one) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"read";q=2;w=2, "read-day";q=50;w=86400'
    assert re.fullmatch(r'"read";r=1;t=1, "read-day";r=49;t=\d+', answers[0].headers["ratelimit"])
    assert re.match(r'"read";r=0;t=2', answers[2].headers["ratelimit"]) and answers[2].headers["retry-after"] == "1"
    assert answers[2].json()["error"] == {
        "message": "more than 60 requests a minute (read); again in 1 s",
        "type": "rate_limit_error", "code": "rate_limit_exceeded", "param": None,
    }  # fmt: skip
    assert ask(app, "GET", "/v1/items/F1", key=two).status_code == 200
    assert ask(app, "POST", "/v1/events", key=one, json={}).status_code == 403  # another class has limits of its own


def test_a_flood_of_wrong_keys_is_put_off_and_right_ones_still_pass(
    guarded: Callable[..., App], ask: Ask, keyed: tuple[Keys, dict[str, str]]
) -> None:
    keys, made = keyed
    app = guarded(keys)
    codes = [ask(app, "GET", "/healthz", key=f"gr_{n:043}", client="6.6.6.6").status_code for n in range(40)]
    assert set(codes[:30]) == {401} and codes[-1] == 429
    assert ask(app, "GET", "/v1/items/F1", key=made["read"], client="6.6.6.6").status_code == 200
    assert ask(app, "GET", "/healthz", key="gr_wrong", client="7.7.7.7").status_code == 401
