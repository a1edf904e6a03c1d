"""API keys: what they look like, what is kept of them, who holds them and what that allows.

A key is 256 random bits behind a prefix by which scanners for leaked secrets, and people, know it. Kept is its SHA-256
alone. Slow, salted hashes are for passwords, which people choose and others guess; nobody tries 2^256 keys, and a slow
hash would make every wrong key of a stranger cost us time. So a key that somebody made up is not taken.

Without any key only the machine itself is served. A key that was ever there ends that for good, revoked or not: taking
the last key away must not open the door.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, cast, get_args

from genrec.errors import UserError, nearest

Scope = Literal["read", "events", "admin"]
"""read: ask for anything. events: say what people did. admin: both, the catalogue, keys and people's data."""
SCOPES: tuple[Scope, ...] = get_args(Scope)
ENVIRONMENT = "GENREC_API_KEYS"
PREFIX = "gr_"
FORM = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
DIFFERENT = 16
"""Different characters that a random key has at least: fewer come once in 10^13 keys, and from people's hands."""
FRESH = 5.0
"""Seconds for which what the store said of its keys holds: so long a revoked one may still be taken elsewhere."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class KeyRow:
    """What is kept of a key. hash: SHA-256 in hex. created, revoked: unix seconds; None while it is valid."""

    name: str
    hash: str
    scopes: tuple[Scope, ...]
    created: float
    revoked: float | None = None


class Row(Protocol):
    """What must be there of a stored key; see `KeyRow`."""

    @property
    def name(self) -> str: ...
    @property
    def hash(self) -> str: ...
    @property
    def scopes(self) -> Sequence[str]: ...
    @property
    def revoked(self) -> float | None: ...


class KeyStore(Protocol):
    """Where keys are kept beyond the environment's first ones: `genrec.serve.store`, whose rows know some more."""

    def keys(self) -> Sequence[Row]: ...
    def add_key(self, row: Any) -> None: ...
    def revoke_key(self, name: str) -> None: ...


@dataclass(frozen=True)
class Caller:
    """Who asks: the name of a key, or `LOOPBACK`."""

    name: str
    scopes: frozenset[Scope]

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes or "admin" in self.scopes


LOOPBACK = Caller("loopback", frozenset(SCOPES))
"""Everybody on this machine, where there is no key."""


def new_key() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def scopes_of(text: str, where: str) -> tuple[Scope, ...]:
    """«read+events» as scopes; UserError, beginning with `where`, for none or an unknown one."""
    said = [part for part in text.split("+") if part]
    for part in said:
        if part not in SCOPES:
            raise UserError(f"{where}: there is no such scope, {nearest(part, SCOPES)}")
    if not said:
        raise UserError(f"{where}: no scope; write one or more of {'+'.join(SCOPES)}")
    return cast("tuple[Scope, ...]", tuple(dict.fromkeys(said)))


def parse(text: str) -> list[KeyRow]:
    """``name:scopes:key`` entries with spaces or commas between, as `GENREC_API_KEYS` holds them; scopes by «+».

    UserError names the entry by its place, and by its name where the key is one. It never prints what might be a key.
    """
    rows: list[KeyRow] = []
    for place, entry in enumerate(filter(None, re.split(r"[\s,]+", text)), start=1):
        where, parts = f"{ENVIRONMENT}, entry {place}", entry.split(":")
        if len(parts) != 3:
            raise UserError(f"{where}: write name:scopes:key, for example shop:read+events:{PREFIX}…")
        name, scopes, key = parts
        # Until the last part is known to be the key, any part may be one, and nothing is repeated.
        if not FORM.fullmatch(key) or len(set(key[len(PREFIX) :])) < DIFFERENT:
            how = "`python -m genrec.serve.safety NAME SCOPES` makes one"
            raise UserError(f"{where}: the last part is no key; keys are random, {how}")
        _named(name, where)
        where += f" ({name})"
        granted = scopes_of(scopes, where)
        if any(row.name == name for row in rows):
            raise UserError(f"{where}: the name comes twice")
        rows.append(KeyRow(name, hashed(key), granted, created=0.0))
    return rows


class Keys:
    """All keys: those of the environment, and those of the store, which is read again when it was read too long ago.

    Where the store cannot be read, what it said last holds. Until it was read once, nobody is let in: it may hold the
    key that ends loopback's rights.
    """

    def __init__(
        self, first: Sequence[KeyRow] = (), store: KeyStore | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._first, self._store, self._clock = tuple(first), store, clock
        self._stored: tuple[Row, ...] = ()
        self._read: float | None = None
        self._tried: float | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ, store: KeyStore | None = None) -> Keys:
        """With `GENREC_API_KEYS` as the first keys; UserError for one that is malformed."""
        return cls(parse(environment.get(ENVIRONMENT, "")), store)

    @property
    def known(self) -> bool:
        """Whether all keys are known: the store was read, or there is none."""
        return self._store is None or self._read is not None

    @property
    def keyless(self) -> bool:
        """No key has ever been made: only this machine is served."""
        return self.known and not self._first and not self._stored

    @property
    def stale(self) -> bool:
        """Whether `refresh` is due."""
        tried = self._tried
        return self._store is not None and (tried is None or not 0 <= self._clock() - tried < FRESH)

    def refresh(self) -> None:
        """Read the store's keys; it may block. A store that is away changes nothing."""
        if self._store is None:
            return
        self._tried = self._clock()
        try:
            self._stored = tuple(self._store.keys())
        except Exception as error:  # whatever a store raises: people with a key are still let in
            log.warning("the keys could not be read (%s); those known so far hold", type(error).__name__)
            return
        self._read = self._clock()

    def who(self, key: str) -> Caller | None:
        """Whose key this is; None for a revoked or unknown one. All keys are compared, equally long for each."""
        offered, found = hashed(key), None
        for row in self._all():
            if hmac.compare_digest(row.hash, offered) and row.revoked is None:
                found = row
        if found is None:
            return None
        return Caller(found.name, frozenset(scope for scope in SCOPES if scope in found.scopes))

    def issue(self, name: str, scopes: Iterable[Scope]) -> str:
        """A new key, kept in the store by its hash: what is returned here is never seen again."""
        if self._store is None:
            raise UserError(f"there is no store to keep the key {name!r} in: put it into {ENVIRONMENT}")
        _named(name, "the key's name")
        granted = scopes_of("+".join(scopes), f"the key {name!r}")
        self._stored = tuple(self._store.keys())
        if any(row.name == name for row in self._all()):
            raise UserError(f"there is a key {name!r} already: revoke it, and take another name")
        key = new_key()
        self._store.add_key(KeyRow(name, hashed(key), granted, self._clock()))
        self.refresh()
        return key

    def revoke(self, name: str) -> None:
        """From now on nobody comes in by that key; in other processes some seconds later (`FRESH`)."""
        if any(row.name == name for row in self._first):
            raise UserError(f"the key {name!r} stands in {ENVIRONMENT}: take it out there and restart")
        self.refresh()
        if self._store is None or not any(row.name == name for row in self._stored):
            raise UserError(f"there is no key {name!r}; {nearest(name, [row.name for row in self._all()])}")
        self._store.revoke_key(name)
        self.refresh()

    def _all(self) -> tuple[Row, ...]:
        return (*self._first, *self._stored)


def _named(name: str, where: str) -> None:
    if not NAME.fullmatch(name) or FORM.search(name):
        raise UserError(f"{where}: a name has up to 64 letters, digits, dots, dashes and underscores")
