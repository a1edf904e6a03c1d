"""Whatever order things happen in, the store agrees with a few lines of Python that keep everything in lists."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import create_engine

from genrec.serve.store import Accepted, Event, EventConflict, Store

PEOPLE = ("ann", "bob")
POSITIVE = {"view", "click", "like", "purchase"}
EVENTS = st.builds(
    Event,
    event_id=st.sampled_from([f"e{n}" for n in range(12)]),
    user=st.sampled_from(PEOPLE),
    item_id=st.sampled_from("ABC"),
    kind=st.sampled_from(["view", "click", "like", "dislike", "purchase"]),
    time=st.integers(0, 6).map(float),
)
ROWS = st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from("ABC"), st.integers(0, 6).map(float)), max_size=6)


class Machine(RuleBasedStateMachine):
    """Times and forgettings run on one clock from 0 to 6, so that events from before and after meet tombstones."""

    url: str

    @initialize()
    def begin(self) -> None:
        self.store = Store.open(self.url)
        for user in PEOPLE:  # what an example before this one left
            self.store.forget(user, now=-1.0)
        with create_engine(self.url.replace("postgresql:", "postgresql+psycopg:")).begin() as connection:
            connection.exec_driver_sql("DELETE FROM tombstones")
        self.events: list[Event] = []
        self.rows: list[tuple[str, str, float]] = []
        self.names: set[str] = set()
        self.buried: dict[str, float] = {}
        self.import_prefix = uuid.uuid4().hex

    @rule(batch=st.lists(EVENTS, max_size=5))
    def add(self, batch: list[Event]) -> None:
        events, duplicates, forgotten, conflicts = list(self.events), 0, 0, []
        for event in batch:
            same = [old for old in events if old.event_id == event.event_id]
            if same:
                duplicates += same[0] == event
                conflicts += [event.event_id] if same[0] != event else []
            elif event.time is not None and event.time <= self.buried.get(event.user, -1.0):
                forgotten += 1
            else:
                events.append(event)
        if conflicts:
            with pytest.raises(EventConflict) as raised:
                self.store.add_events(batch)
            assert raised.value.event_ids == tuple(conflicts)
        else:
            told = self.store.add_events(batch)
            assert told == Accepted(len(events) - len(self.events), duplicates, forgotten)
            self.events = events

    @rule(user=st.sampled_from(PEOPLE), now=st.integers(0, 6).map(float))
    def forget(self, user: str, now: float) -> None:
        gone = self.store.forget(user, now=now)
        assert gone.events == sum(event.user == user for event in self.events)
        assert gone.histories == sum(row[0] == user for row in self.rows)
        self.events = [event for event in self.events if event.user != user]
        self.rows = [row for row in self.rows if row[0] != user]
        self.buried[user] = now

    @rule(name=st.sampled_from("vwxyz"), rows=ROWS, learnt=st.booleans())
    def import_histories(self, name: str, rows: list[tuple[str, str, float]], learnt: bool) -> None:
        """learnt: the run was trained on what happened so far, too."""
        new = []
        if learnt:
            rows = rows + [(event.user, event.item_id, event.time or 0.0) for event in self.events]
        if name not in self.names:
            for row in rows:
                if row[0] not in self.buried and row not in self.rows and row not in new:
                    new.append(row)
        self.names.add(name)
        assert self.store.import_histories(self.import_prefix + name, rows) == len(new)
        self.rows += new

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = Store.open(self.url)

    @invariant()
    def the_same_is_known(self) -> None:
        for user in PEOPLE:
            mine = sorted([event for event in self.events if event.user == user], key=lambda event: event.time or 0.0)
            said: dict[str, str] = {}
            for event in mine:
                if event.kind in ("like", "dislike", "purchase"):
                    said.pop(event.item_id, None)
                    said[event.item_id] = event.kind
            disliked = [item for item, kind in said.items() if kind == "dislike"]
            assert self.store.disliked(user) == disliked
            wanted = [event for event in mine if event.kind in POSITIVE and event.item_id not in disliked]
            twice = {(row[1], row[2]) for row in self.rows if row[0] == user}
            lived = [(event.time, event.item_id) for event in wanted if (event.item_id, event.time) not in twice]
            past = [(time, item) for who, item, time in self.rows if who == user and item not in disliked]
            found = self.store.history(user)
            assert sorted(found) == sorted(item for _, item in lived + past)
            # In the order of times, and events in the order of their arrival behind imported rows of the same time.
            moments = sorted({time for time, _ in lived + past if time is not None})
            at = 0
            for moment in moments:
                here_past = [item for time, item in past if time == moment]
                here_lived = [item for time, item in lived if time == moment]
                assert sorted(found[at : at + len(here_past)]) == sorted(here_past)
                at += len(here_past)
                assert found[at : at + len(here_lived)] == here_lived
                at += len(here_lived)
            for limit in (1, 3):
                assert self.store.history(user, limit) == found[-limit:]
        assert self.store.users() == sorted({event.user for event in self.events} | {row[0] for row in self.rows})

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()


def test_any_sequence_of_calls_leaves_what_the_oracle_says(url: str, tmp_path: Path) -> None:
    Machine.url = url
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Machine,
        settings=settings(
            max_examples=25, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
