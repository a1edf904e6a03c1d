"""What the store promises, on SQLite and on PostgreSQL."""

from __future__ import annotations

import math
import sqlite3
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from genrec.errors import UserError
from genrec.serve.store import Accepted, Answer, Event, EventConflict, Forgotten, KeyRow, Pruned, Retention, Store


def event(number: int, item: str, kind: str = "view", user: str = "ann", when: float | None = None) -> Event:
    return Event(f"e{number}", user, item, kind, float(number) if when is None else when)  # type: ignore[arg-type]


def answer(request: str = "r1", user: str | None = "ann", **changed: object) -> Answer:
    given = {"model": "genrec-compact", "adapter": None, "catalogue_version": 3, "filters": {"price": {"max": 80}}}
    given |= {"items": ("A", "B"), "scores": (-0.5, -1.25), "reasons": {"A": "like B\0 «ü» \ud800"}}
    return Answer(request, user, **(given | changed))  # type: ignore[arg-type]


def test_events_become_a_history_in_the_order_of_their_times(store: Store) -> None:
    assert store.add_events([event(3, "C"), event(1, "A", "purchase"), event(2, "B", "like")]) == Accepted(3, 0)
    store.add_events([event(9, "Z", user="bob"), event(4, "A", "click")])
    assert store.history("ann") == ["A", "B", "C", "A"]
    assert store.history("ann", limit=2) == ["C", "A"]
    assert store.history("nobody") == [] == store.history("ann", limit=0)
    assert store.users(10) == ["ann", "bob"] and store.users(1) == ["ann"]


def test_equal_times_keep_the_order_of_arrival(store: Store) -> None:
    names = ["D", "A", "C", "B"]
    store.add_events([event(number, name, when=5.0) for number, name in enumerate(names)])
    store.add_events([event(9, "E", when=5.0)])
    assert store.history("ann") == [*names, "E"]
    assert store.history("ann", limit=2) == ["B", "E"]


def test_the_last_word_decides_about_a_dislike(store: Store) -> None:
    store.add_events([event(1, "A", "like"), event(2, "B", "view"), event(3, "A", "dislike"), event(4, "B", "dislike")])
    assert store.disliked("ann") == ["A", "B"] and store.history("ann") == []
    store.add_events([event(5, "A", "view")])
    assert store.disliked("ann") == ["A", "B"] and store.history("ann") == []  # seeing it again is no opinion
    store.add_events([event(6, "A", "purchase")])
    assert store.disliked("ann") == ["B"] and store.history("ann") == ["A", "A", "A"]
    store.add_events([event(7, "B", "like", when=3.5)])  # came late, was said before
    assert store.disliked("ann") == ["B"]
    store.add_events([event(8, "C", "dislike"), event(9, "B", "dislike")])
    assert store.disliked("ann") == ["C", "B"]


def test_an_event_counts_once_within_and_across_batches(store: Store) -> None:
    assert store.add_events([event(1, "A"), event(1, "A"), event(2, "B")]) == Accepted(2, 1)
    assert store.add_events([event(2, "B"), event(3, "C")]) == Accepted(1, 1)
    assert store.add_events([]) == Accepted(0, 0)
    assert store.history("ann") == ["A", "B", "C"]


@pytest.mark.parametrize(
    "other", [event(1, "X"), event(1, "A", "like"), event(1, "A", user="bob"), event(1, "A", when=1.5)]
)
def test_an_id_with_other_content_stops_its_whole_batch(store: Store, other: Event) -> None:
    store.add_events([event(1, "A")])
    with pytest.raises(EventConflict) as raised:
        store.add_events([event(2, "B"), other])
    assert raised.value.event_ids == ("e1",) and "'e1'" in str(raised.value)
    assert store.history("ann") == ["A"] and store.history("bob") == []
    with pytest.raises(EventConflict):
        store.add_events([event(5, "A"), event(5, "B")])
    assert store.add_events([event(2, "B"), event(5, "B")]) == Accepted(2, 0)


def test_an_event_without_a_time_happened_when_it_came(store: Store) -> None:
    store.add_events([event(1, "A", when=time.time() - 60), event(2, "B", when=time.time() + 60)])
    batch = [Event("e3", "ann", "C", "view")]
    assert [store.add_events(batch), store.add_events(batch * 2)] == [Accepted(1, 0), Accepted(0, 2)]
    assert store.history("ann") == ["A", "C", "B"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"event_id": ""},
        {"user": "a\0b"},
        {"user": "\ud800"},
        {"item_id": "x" * 1001},
        {"item_id": "ü" * 501},
        {"kind": "bought"},
        {"time": math.nan},
        {"time": math.inf},
        {"user": 7},
    ],
)
def test_what_no_database_keeps_is_refused_by_name(wrong: dict[str, object]) -> None:
    good: dict[str, object] = {"event_id": "e", "user": "u", "item_id": "i", "kind": "view", "time": 0.0}
    with pytest.raises(UserError, match=next(iter(wrong))):
        Event(**(good | wrong))  # type: ignore[arg-type]


def test_the_longest_ids_and_any_letters_fit(store: Store) -> None:
    odd = ["'; DROP TABLE events; --", "ü" * 500, "\n\t %s :x \\ \u202e", "𝔞" * 250]
    store.import_histories("odd", [(name, name, 1.0) for name in odd])
    store.add_events([Event(name, name, name, "like", 2.0) for name in odd])
    assert [store.history(name) for name in odd] == [[name, name] for name in odd]
    for refused in ("", "a\0b", "\ud800"):
        with pytest.raises(UserError):
            store.history(refused)


def test_concurrent_batches_are_each_stored_once(store: Store) -> None:
    """Eight threads send the same forty batches, in which every second event is another batch's too."""
    batches = [[event(n, f"I{n}", when=1.0), event(n + 1, f"I{n + 1}", when=1.0)] for n in range(40)]
    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(store.add_events, batches * 8))
    assert sum(one.accepted for one in done) == 41
    assert sum(one.duplicates for one in done) == 8 * 80 - 41
    assert sorted(store.history("ann"), key=lambda name: int(name[1:])) == [f"I{n}" for n in range(41)]


def test_one_conflict_among_concurrent_batches_stops_only_its_own(store: Store) -> None:
    store.add_events([event(0, "A")])

    def send(number: int) -> str:
        wrong = [event(0, "X")] if number % 3 == 0 else []
        try:
            return str(store.add_events([event(number, "A"), *wrong]).accepted)
        except EventConflict as error:
            return ",".join(error.event_ids)

    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(send, range(1, 61)))
    assert said == ["e0" if number % 3 == 0 else "1" for number in range(1, 61)]
    assert len(store.history("ann")) == 41


def test_histories_are_imported_once_and_come_before_events(store: Store) -> None:
    rows = [("ann", "B", 5.0), ("ann", "A", 5.0), ("bob", "C", 1.0), ("ann", "B", 5.0)]
    assert store.import_histories("run-1", rows) == 3
    assert store.import_histories("run-1", [("ann", "Q", 1.0)]) == 0
    store.add_events([event(1, "E", when=5.0), event(2, "C", when=2.0), event(3, "D", when=6.0)])
    assert store.history("ann") == ["C", "B", "A", "E", "D"]
    assert store.history("ann", limit=3) == ["A", "E", "D"]
    # The next version of the run knows what happened since: nothing of it stands in a history twice.
    assert store.import_histories("run-2", [*rows, ("ann", "E", 5.0), ("ann", "F", 7.0)]) == 2
    assert sorted(store.history("ann")) == ["A", "B", "C", "D", "E", "F"]
    assert store.users(10) == ["ann", "bob"]


def test_a_long_import_keeps_the_order_of_its_rows(store: Store) -> None:
    rows = [("ann" if n % 2 else "bob", f"I{n}", 0.0) for n in range(12_001)]
    assert store.import_histories("long", iter(rows)) == 12_001
    assert store.history("ann", limit=20_000) == [f"I{n}" for n in range(1, 12_001, 2)]


def test_an_import_that_breaks_off_goes_on_when_it_is_called_again(store: Store) -> None:
    rows = [("ann", f"I{n}", float(n)) for n in range(7_000)]

    def torn() -> Iterator[tuple[str, str, float]]:
        yield from rows[:6_000]
        raise OSError("the disk with the run is gone")

    with pytest.raises(OSError, match="gone"):
        store.import_histories("run", torn())
    store.import_histories("run", rows)
    assert store.history("ann", limit=10_000) == [f"I{n}" for n in range(7_000)]
    with pytest.raises(UserError, match="item_id"):
        store.import_histories("bad", [("ann", "", 1.0)])


def test_forgetting_leaves_nothing_and_says_how_much_there_was(store: Store) -> None:
    store.import_histories("run", [("ann", "A", 1.0), ("bob", "A", 1.0)])
    store.add_events([event(1, "A"), event(2, "B"), event(3, "A", user="bob")])
    store.save_session("s1", [{"role": "user", "content": "for ann"}], user="ann")
    store.save_session("s2", [], user="bob")
    store.record([answer(), answer("r2"), answer("r3", "bob"), answer("r4", None)])
    assert store.forget("ann") == Forgotten(events=2, histories=1, sessions=1, answers=2)
    assert store.history("ann") == [] and store.audit(user="ann") == [] and store.session("s1") is None
    assert store.history("bob") == ["A", "A"] and store.session("s2") is not None and store.users(9) == ["bob"]
    assert {one.request_id for one in store.audit()} == {"r3", "r4"}
    assert store.forget("ann").total == 0 == store.forget("never seen").total


def test_the_forgotten_do_not_come_back_but_may_begin_anew(store: Store) -> None:
    before = time.time() - 10
    store.add_events([event(1, "A", when=before)])
    store.save_session("s", [{"content": "before"}], user="ann")
    late = answer(time=before)
    store.forget("ann")
    assert store.import_histories("run", [("ann", "B", before), ("ann", "C", before + 1e9), ("bob", "B", 1.0)]) == 1
    assert store.add_events([event(1, "A", when=before), event(3, "A", user="bob")]) == Accepted(1, 0, forgotten=1)
    store.record([late])
    assert store.history("ann") == [] == store.audit(user="ann")
    after = [Event("e1", "ann", "N", "like", time.time() + 1), Event("e9", "ann", "M", "view")]
    assert store.add_events(after) == Accepted(2, 0)  # e1 is free again: nothing is known of what it was
    store.record([answer("r9", time=time.time() + 1)])
    assert store.history("ann") == ["M", "N"] and len(store.audit(user="ann")) == 1
    assert store.forget("ann").events == 2


def test_a_conversation_from_before_the_forgetting_is_not_kept(store: Store) -> None:
    assert store.save_session("s", [{"content": "hello"}], user="bob")
    store.forget("ann", now=time.time() + 3)
    assert not store.save_session("s", [{"content": "hello"}, {"content": "I am ann"}], user="ann")
    assert store.session("s").messages == ({"content": "hello"},)  # type: ignore[union-attr]


def test_sqlite_keeps_no_byte_of_the_forgotten(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/store.db")
    person = "a-name-that-stands-nowhere-else"
    store.import_histories("run", [(person, f"I{n}", float(n)) for n in range(500)])
    store.add_events([Event(f"e{n}", person, "A", "view", float(n)) for n in range(500)])
    store.record([answer(user=person, reasons={"A": f"because {person} likes it"})])
    store.save_session("s", [{"content": f"I am {person}"}], user=person)

    def files_with_it() -> list[str]:
        return [path.name for path in tmp_path.iterdir() if person.encode() in path.read_bytes()]

    assert files_with_it()
    store.forget(person)
    assert files_with_it() == []
    store.close()


def test_conversations_are_kept_until_their_time_is_over(url: str) -> None:
    store = Store.open(url, Retention(sessions=0.3))
    said = [{"role": "user", "content": "a red dress ✓"}]
    assert store.save_session("s", said, user="ann")
    first = store.session("s")
    assert first is not None and first.user == "ann" and list(first.messages) == said
    assert store.save_session("s", [*said, {"role": "assistant", "content": "…"}])
    second = store.session("s")
    assert second is not None and len(second.messages) == 2 and second.user is None
    assert second.created == first.created and second.expires > first.expires
    time.sleep(0.31)
    assert store.session("s") is None and store.session("other") is None
    assert store.prune() == Pruned(answers=0, sessions=1)
    store.close()


def test_the_audit_log_gives_back_what_was_recorded(store: Store) -> None:
    first = answer("r1", time=10.0)
    second = answer("r2", None, time=20.0, adapter="winter", filters=None, items=(), scores=(), reasons={})
    third = answer("r1", "bob", time=15.0, scores=(0.1 + 0.2, float("-inf")))
    store.record([first, second])
    store.record([third])
    store.record([first])  # once more, as after a connection that broke
    assert store.audit(user="ann") == [first]
    assert store.audit(request_id="r2") == [second]
    assert [one.user for one in store.audit(request_id="r1")] == ["bob", "ann"]
    assert [one.time for one in store.audit(limit=2)] == [20.0, 15.0]
    (odd,) = store.audit(user="bob", request_id="r1")
    assert odd.scores[0] == 0.1 + 0.2 and math.isnan(odd.scores[1])


def test_pruning_takes_what_is_too_old_and_nothing_else(url: str) -> None:
    store = Store.open(url, Retention(answers=100.0))
    store.add_events([event(1, "A")])
    store.record([answer(time=moment) for moment in (0.0, 99.0, 100.0, 150.0)])
    assert store.prune(now=200.0).answers == 2
    assert [one.time for one in store.audit()] == [150.0, 100.0]
    store.record([answer(user=None, time=1.0) for _ in range(10_001)])
    assert store.prune(now=200.0).answers == 10_001 and len(store.audit()) == 2
    assert store.history("ann") == ["A"]
    store.close()


def test_catalogue_versions_are_noted_once(store: Store) -> None:
    store.record_catalogue(0, "add", 300, "abc")
    store.record_catalogue(1, "withdraw", 2, "abc")
    store.record_catalogue(0, "add", 999, "abc")
    store.record_catalogue(0, "add", 7, "other")
    assert [(one.fingerprint, one.version, one.count) for one in store.catalogues()] == [
        ("other", 0, 7),
        ("abc", 1, 2),
        ("abc", 0, 300),
    ]


def test_api_keys_are_kept_by_their_hash_also_when_revoked(store: Store) -> None:
    page = KeyRow("page", "hash-1", ("read", "events"), 1.0)
    store.add_key(page)
    store.add_key(KeyRow("ops", "hash-2", ("admin",), 2.0))
    for taken in (KeyRow("page", "hash-9", ("admin",), 3.0), KeyRow("other", "hash-1", ("admin",), 3.0)):
        with pytest.raises(UserError, match=taken.name):
            store.add_key(taken)
    assert store.keys()[0] == page
    store.used_key("page")
    used = store.keys()[0].last_used
    assert used is not None and abs(used - time.time()) < 60
    store.used_key("page")
    assert store.keys()[0].last_used == used  # to the minute: no write for every request
    store.revoke_key("page")
    store.revoke_key("nobody")
    revoked = store.keys()[0].revoked
    assert revoked is not None and store.keys()[1].revoked is None
    store.revoke_key("page")
    assert store.keys()[0].revoked == revoked and len(store.keys()) == 2


def test_a_store_that_is_opened_again_has_everything(url: str) -> None:
    store = Store.open(url)
    store.add_events([event(1, "A")])
    store.forget("bob")
    store.close()
    again = Store.open(url)
    assert again.history("ann") == ["A"]
    assert again.import_histories("run", [("bob", "A", 1.0)]) == 0  # the salt is the same
    again.close()


def test_the_sqlite_file_is_the_owners_alone(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/new/folder/store.db")
    store.add_events([event(1, "A")])
    path = tmp_path / "new" / "folder" / "store.db"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    store.close()
