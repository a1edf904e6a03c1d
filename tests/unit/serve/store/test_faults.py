"""Processes that are killed and databases that go away: what was acknowledged is there, once, and work goes on."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Thread
from threading import Event as Flag
from typing import Any

import pytest

from genrec.serve.store import Accepted, Answer, AuditWriter, Event, EventConflict, KeyRow, Store, StoreAway

# Eight threads send batches of three, and each says a batch's number only once it is acknowledged.
INGEST = """
import itertools, os, sys
from concurrent.futures import ThreadPoolExecutor
from genrec.serve.store import Event, Store
store = Store.open(sys.argv[1])
numbers = itertools.count(int(sys.argv[2]))
def send(_):
    while True:
        number = next(numbers)
        store.add_events([Event(f"{number}-{i}", "ann", f"{number}-{i}", "view", float(number)) for i in range(3)])
        os.write(1, f"{number} ".encode())
with ThreadPoolExecutor(8) as threads:
    list(threads.map(send, range(8)))
"""


def test_what_was_acknowledged_before_a_kill_is_there_once(url: str) -> None:
    acknowledged: list[int] = []
    for start in (0, 100_000, 200_000):
        ingest = subprocess.Popen([sys.executable, "-c", INGEST, url, str(start)], text=True, stdout=subprocess.PIPE)
        assert ingest.stdout is not None
        try:
            said = ingest.stdout.read(700)
        finally:
            ingest.kill()
        acknowledged += [int(number) for number in (said + ingest.stdout.read()).split()]
        ingest.wait()
    store = Store.open(url)
    there = store.history("ann", limit=10_000_000)
    assert len(there) == len(set(there))
    assert {f"{number}-{i}" for number in acknowledged for i in range(3)} <= set(there)
    batches = {name.rpartition("-")[0] for name in there}
    assert len(there) == 3 * len(batches)  # no batch is there in part
    # What was sent and not acknowledged can be sent again.
    again = [
        Event(f"{number}-{i}", "ann", f"{number}-{i}", "view", float(number)) for number in batches for i in (0, 1, 2)
    ]
    assert store.add_events(again).duplicates == len(there)
    store.close()


def methods(store: Store) -> list[Callable[[], object]]:
    """Every method that speaks to the database, called with something harmless."""
    answer = Answer("r", "bob", "m", None, 0, None, (), ())
    return [
        lambda: store.add_events([Event("once", "bob", "A", "view", 1.0)]),
        lambda: store.history("ann"),
        lambda: store.disliked("ann"),
        lambda: store.users(5),
        lambda: store.import_histories("name", [("bob", "A", 1.0)]),
        lambda: store.forget("carl"),
        lambda: store.session("s"),
        lambda: store.save_session("s", []),
        lambda: store.record([answer]),
        lambda: store.audit(),
        lambda: store.record_catalogue(0, "add", 1, "f"),
        lambda: store.catalogues(),
        lambda: store.prune(),
        lambda: store.keys(),
        lambda: store.add_key(KeyRow("k", "h", ("read",), 1.0)),
        lambda: store.revoke_key("k"),
        lambda: store.used_key("k"),
        lambda: store.ping(),
    ]


def until(works: Callable[[], object], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            works()
            return
        except StoreAway:
            assert time.monotonic() < deadline, "the store does not come back"
            time.sleep(0.1)


@pytest.fixture
def restarted(postgresql: Any) -> Iterator[Any]:
    """A server that is up again afterwards, whatever the test does to it."""
    yield postgresql
    with contextlib.suppress(subprocess.CalledProcessError):
        postgresql.start()


@pytest.mark.system
def test_every_method_says_that_the_database_is_away_and_works_when_it_is_back(restarted: Any) -> None:
    store = Store.open(restarted.database())
    store.add_events([Event("e1", "ann", "A", "view", 1.0)])
    restarted.stop()
    for method in methods(store):
        began = time.monotonic()
        with pytest.raises(StoreAway):
            method()
        assert time.monotonic() - began < 10
    restarted.start()
    until(store.ping)
    for method in methods(store):
        method()
    assert store.history("ann") == ["A"] and store.history("bob") == ["A"]
    with pytest.raises(StoreAway):
        restarted.stop("immediate")
        store.history("ann")
    restarted.start()
    until(store.ping)
    store.close()


@pytest.mark.system
def test_nothing_is_lost_while_the_database_is_stopped_and_started_under_use(restarted: Any) -> None:
    url = restarted.database()
    store = Store.open(url)
    acknowledged: list[str] = []
    refused = []
    over = Flag()

    def use(who: int) -> None:
        number = 0
        while not over.is_set():
            name = f"{who}-{number}"
            try:
                store.add_events([Event(name, "ann", name, "view", float(number))])
                acknowledged.append(name)
                number += 1  # only then: what was refused is sent again, under its old id
            except StoreAway as error:
                refused.append(error)
                time.sleep(0.02)

    threads = [Thread(target=use, args=(who,)) for who in range(6)]
    for thread in threads:
        thread.start()
    for mode in ("fast", "immediate"):
        time.sleep(0.5)
        restarted.stop(mode)
        time.sleep(0.5)
        restarted.start()
        enough = len(acknowledged) + 50
        until_true(lambda enough=enough: len(acknowledged) > enough)
    over.set()
    for thread in threads:
        thread.join()
    assert refused
    there = store.history("ann", limit=10_000_000)
    assert sorted(there) == sorted(acknowledged)
    store.close()


def until_true(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.system
def test_a_server_that_says_nothing_is_given_up(restarted: Any) -> None:
    """A stopped process keeps its connections, and takes new ones, without a word: no time-out of its own will help."""
    store = Store.open(restarted.database())
    store.add_events([Event("e1", "ann", "A", "view", 1.0)])
    restarted.signal(signal.SIGSTOP)
    try:
        for _ in range(3):
            with pytest.raises(StoreAway):
                store.history("ann")
        began = time.monotonic()
        with pytest.raises(StoreAway):
            store.history("ann")
        assert time.monotonic() - began < 6
    finally:
        restarted.signal(signal.SIGCONT)
    until(store.ping)
    assert store.history("ann") == ["A"]
    store.close()


def test_a_sqlite_file_that_another_process_keeps_is_away_until_it_is_let_go(
    tmp_path: Path,
) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/store.db", patience=0.2)
    store.add_events([Event("e1", "ann", "A", "view", 1.0)])
    other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreAway, match="locked"):
        store.add_events([Event("e2", "ann", "B", "view", 2.0)])
    assert store.history("ann") == ["A"]  # readers do not wait for writers
    other.execute("ROLLBACK")
    assert store.add_events([Event("e2", "ann", "B", "view", 2.0)]).accepted == 1
    store.close()


def test_a_sqlite_file_that_is_gone_is_away_and_never_written_for_nothing(tmp_path: Path) -> None:
    """The disk is not mounted, or somebody moved the file: events must not go into a file without a name."""
    path = tmp_path / "store.db"
    store = Store.open(f"sqlite:///{path}")
    store.add_events([Event("e1", "ann", "A", "view", 1.0)])
    away = tmp_path / "away"
    away.mkdir()
    names = [name for name in ("store.db", "store.db-wal", "store.db-shm") if (tmp_path / name).exists()]
    for name in names:
        (tmp_path / name).rename(away / name)
    for method in methods(store):
        with pytest.raises(StoreAway):
            method()
    assert not path.exists()
    for name in names:
        (away / name).rename(tmp_path / name)
    for method in methods(store):
        method()
    assert store.history("ann") == ["A"]
    store.close()


def test_a_full_or_read_only_disk_refuses_writes_only(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/store.db")
    store.add_events([Event("e1", "ann", "A", "view", 1.0)])
    with store._database.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    from sqlalchemy import event

    @event.listens_for(store._database._engine, "checkout")
    def full(connection: Any, record: Any, proxy: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")

    big = [Event(f"b{n}", "ann", "x" * 900, "view", 2.0) for n in range(200)]
    with pytest.raises(StoreAway, match="full"):
        store.add_events(big)
    assert store.history("ann") == ["A"]
    event.remove(store._database._engine, "checkout", full)
    store.close()
    store = Store.open(f"sqlite:///{tmp_path}/store.db")
    assert store.add_events(big).accepted == 200
    store.close()


@pytest.mark.system
@pytest.mark.parametrize("step", [1, -1], ids=["in the same order", "in opposite orders"])
def test_two_servers_that_get_the_same_events_at_once_store_them_once(postgresql: Any, step: int) -> None:
    """A client that gave up waiting sends its batch to the other server: they meet in the middle of their transactions,
    and in opposite orders each waits for the other."""
    url = postgresql.database()
    stores = [Store.open(url) for _ in range(2)]
    batches = [[Event(f"{b}-{n}", "ann", f"{b}-{n}", "view", float(b)) for n in range(200)] for b in range(30)]
    together = Barrier(2)

    def send(number: int) -> list[Accepted]:
        told = []
        for batch in batches:
            together.wait(30)
            told.append(stores[number].add_events(batch[::step] if number else batch))
        return told

    with ThreadPoolExecutor(2) as threads:
        one, two = threads.map(send, range(2))
    assert [a.accepted + b.accepted for a, b in zip(one, two, strict=True)] == [200] * 30
    assert [a.duplicates + b.duplicates for a, b in zip(one, two, strict=True)] == [200] * 30
    assert len(stores[0].history("ann", limit=10_000)) == 6_000
    with pytest.raises(EventConflict):
        stores[1].add_events([Event("1-1", "ann", "other", "view", 1.0)])
    for store in stores:
        store.close()


@pytest.mark.system
def test_forgetting_and_ingest_at_the_same_moment_leave_nothing_from_before(postgresql: Any) -> None:
    url = postgresql.database()
    ingest, forget = Store.open(url), Store.open(url)
    over = Flag()

    def send() -> None:
        number = 0
        while not over.is_set():
            number += 1
            ingest.add_events([Event(f"e{number}", "ann", "A", "view", 5.0)])  # long ago: dead after any forgetting

    thread = Thread(target=send)
    thread.start()
    try:
        for _ in range(30):
            time.sleep(0.01)
            forget.forget("ann")
            assert forget.history("ann") == []
    finally:
        over.set()
        thread.join()
    ingest.close()
    forget.close()


@pytest.mark.system
def test_the_audit_writer_keeps_answers_while_the_database_is_away(restarted: Any) -> None:
    store = Store.open(restarted.database())
    writer = AuditWriter(store)
    writer.put(Answer("r0", "ann", "m", None, 0, None, (), ()))
    until_true(lambda: writer.waiting == 0)
    restarted.stop()
    for number in range(1, 30):
        writer.put(Answer(f"r{number}", "ann", "m", None, 0, None, (), ()))
    time.sleep(0.5)
    assert writer.waiting == 29
    restarted.start()
    assert writer.close(timeout=20) == 0
    assert [answer.request_id for answer in store.audit()] == [f"r{number}" for number in range(29, -1, -1)]
    store.close()
