"""How often somebody may ask: a token bucket per caller and class of routes, and a quota per day.

A bucket holds `burst` requests and fills at `per_minute`; it is two numbers, computed when somebody asks. A quota
counts a day of UTC. What is kept is bounded: callers whose buckets are full again and who have spent nothing of a quota
are forgotten first, since remembering them changes nothing; where even that leaves no room, newcomers share one place.
Counts are this process's own and begin anew with it.

Headers: ``RateLimit-Policy`` and ``RateLimit`` as the IETF's draft «RateLimit header fields for HTTP» has them since
its 8th version, and ``Retry-After`` (RFC 9110) in whole seconds: the first at which the request passes, if that caller
asks for nothing else meanwhile.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from genrec.serve.safety.asgi import App, Connection, Message, Receive, Refusal, Send, refuse, state

DAY = 86_400.0
REMEMBERED = 10_000
OVERFLOW = "everybody else"
ROUNDING = 1e-6
"""Of a token: what sums of fractions may miss."""


@dataclass(frozen=True)
class Rate:
    """per_minute: requests, in the long run. burst: requests at once. per_day: None for no quota."""

    per_minute: float
    burst: int
    per_day: int | None = None


@dataclass
class _Meter:
    """tokens left at the time `at`; spent: requests on the day `day`."""

    tokens: float
    at: float
    day: int
    spent: int


@dataclass(frozen=True)
class Spent:
    """What is left after a request was counted, or why it was not. wait: seconds, 0 for a request that may go on."""

    name: str
    rate: Rate
    left: int
    full_in: float
    left_today: int | None
    day_ends_in: float
    wait: float
    quota: bool

    @property
    def headers(self) -> dict[str, str]:
        window = math.ceil(60 * self.rate.burst / self.rate.per_minute)
        policy = [f'"{self.name}";q={self.rate.burst};w={window}']
        now = [f'"{self.name}";r={self.left};t={math.ceil(self.full_in)}']
        if self.left_today is not None:
            policy.append(f'"{self.name}-day";q={self.rate.per_day};w={DAY:.0f}')
            now.append(f'"{self.name}-day";r={self.left_today};t={math.ceil(self.day_ends_in)}')
        return {"RateLimit-Policy": ", ".join(policy), "RateLimit": ", ".join(now)}

    def check(self) -> None:
        """Refusal 429 for a request that must wait."""
        if not self.wait:
            return
        seconds = math.ceil(self.wait)
        headers = self.headers | {"Retry-After": str(seconds)}
        if self.quota:
            why = f"the quota of {self.rate.per_day} requests a day ({self.name}) is used up; again in {seconds} s"
            raise Refusal(429, "insufficient_quota", why, headers=headers)
        why = f"more than {self.rate.per_minute:g} requests a minute ({self.name}); again in {seconds} s"
        raise Refusal(429, "rate_limit_exceeded", why, headers=headers)


class RateLimits:
    """rates: by class of routes; a class that is not there has no limit. remembered: meters, at most."""

    def __init__(
        self, rates: Mapping[str, Rate], *, remembered: int = REMEMBERED, clock: Callable[[], float] = time.time
    ) -> None:
        self.rates, self._clock, self._most = dict(rates), clock, remembered
        # One table a class, the meter that was asked for longest ago first: it is the likeliest to be full again.
        self._meters: dict[str, OrderedDict[str, _Meter]] = {name: OrderedDict() for name in self.rates}

    def __len__(self) -> int:
        return sum(map(len, self._meters.values()))

    def spend(self, caller: str, name: str) -> Spent:
        """Count one request of the class `name`, if it may go on."""
        rate, now = self.rates[name], self._clock()
        meter = self._meter(caller, name, now)
        meter.tokens = self._tokens(meter, rate, now)
        meter.at = now
        if meter.day != int(now // DAY):
            meter.day, meter.spent = int(now // DAY), 0
        ends = (meter.day + 1) * DAY - now
        used_up = rate.per_day is not None and meter.spent >= rate.per_day
        wait = 0.0
        if used_up:
            wait = ends
        elif meter.tokens < 1 - ROUNDING:
            wait = (1 - meter.tokens) * 60 / rate.per_minute
        else:
            meter.tokens = max(0.0, meter.tokens - 1)
            meter.spent += 1
        left_today = None if rate.per_day is None else rate.per_day - meter.spent
        full_in = (rate.burst - meter.tokens) * 60 / rate.per_minute
        return Spent(name, rate, int(meter.tokens + ROUNDING), full_in, left_today, ends, wait, used_up)

    @staticmethod
    def _tokens(meter: _Meter, rate: Rate, now: float) -> float:
        # A clock that was set back fills nothing.
        return min(float(rate.burst), meter.tokens + max(0.0, now - meter.at) * rate.per_minute / 60)

    def _meter(self, caller: str, name: str, now: float) -> _Meter:
        meters, rate = self._meters[name], self.rates[name]
        if caller not in meters and len(meters) >= self._most:
            oldest = next(iter(meters))
            idle, today = meters[oldest], int(now // DAY)
            if self._tokens(idle, rate, now) >= rate.burst - ROUNDING and (rate.per_day is None or idle.day != today):
                del meters[oldest]
            else:
                caller = OVERFLOW
        if caller not in meters:
            meters[caller] = _Meter(float(rate.burst), now, int(now // DAY), 0)
        meters.move_to_end(caller)
        return meters[caller]


class RateLimit:
    """Counts requests by their caller and the class that `classify(method, path)` names, None for none."""

    def __init__(self, app: App, limits: RateLimits, classify: Callable[[str, str], str | None]) -> None:
        self.app, self.limits, self.classify = app, limits, classify

    async def __call__(self, connection: Connection, receive: Receive, send: Send) -> None:
        if connection["type"] != "http":
            await self.app(connection, receive, send)
            return
        name, caller = self.classify(connection["method"], connection["path"]), state(connection).get("caller")
        if name is None or name not in self.limits.rates or caller is None:
            await self.app(connection, receive, send)
            return
        spent = self.limits.spend(f"key {caller.name}", name)
        try:
            spent.check()
        except Refusal as refusal:
            await refuse(connection, send, refusal)
            return
        lines = [(key.lower().encode("latin-1"), value.encode("latin-1")) for key, value in spent.headers.items()]

        async def limited(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *lines]}
            await send(message)

        await self.app(connection, receive, limited)
