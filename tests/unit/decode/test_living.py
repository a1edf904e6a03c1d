"""The living catalogue against catalogues built anew, under load, and after kills."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import threading
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genrec.data.catalog import Catalog
from genrec.data.interactions import Sequences
from genrec.decode.generator import Generator
from genrec.decode.journal import LOG, Entry, Journal, Payload, now
from genrec.decode.leaf import LeafScorer
from genrec.decode.living import Frozen, Growing, Living, Snapshot
from genrec.decode.torch_engine import TorchEngine
from genrec.decode.trie import Trie
from genrec.errors import UserError
from genrec.evaluate.baselines.contentknn import ContentKNN
from genrec.evaluate.baselines.itemknn import ItemKNN
from genrec.evaluate.interface import TopK
from genrec.model.compact import CompactConfig, CompactModel
from genrec.sid import SemanticIds
from genrec.sid.collisions import resolve
from genrec.sid.rqkmeans import ResidualKMeans

N, DIM = 40, 8
WEIGHTS = {"codes": 0.7, "dense": 0.5, "neighbours": 1.3, "content": 0.4, "popularity": 0.2, "repeat": 0.3}
LEAF = pytest.mark.parametrize("leaf", [False, True], ids=["plain", "leaf"])


def encode(catalog: Catalog) -> np.ndarray:
    """A vector for every text, equal for equal texts."""
    rows = [np.random.default_rng(zlib.crc32(text.encode())).normal(size=DIM) for text in catalog.table["text"]]
    return np.array(rows, np.float32).reshape(-1, DIM)


@dataclass(frozen=True, eq=False)
class World:
    table: pl.DataFrame
    tokenizer: ResidualKMeans
    ids: SemanticIds
    model: CompactModel
    histories: Sequences

    def model_over(self, ids: SemanticIds, vectors: np.ndarray) -> CompactModel:
        """The model as `genrec update` would start one for these items, without any training."""
        known = (np.arange(len(ids)) >= 0.2 * N) & (np.arange(len(ids)) < N)
        model = CompactModel(CompactConfig(ids.codebook_sizes, len(ids), DIM, width=16, layers=1, heads=2, max_items=6))
        model.set_items(ids.codes, vectors, known)
        model.warm_start(self.model)
        return model.eval()

    def generator(self, ids: SemanticIds, vectors: np.ndarray, leaf: bool, width: int) -> Generator:
        """Built from nothing but the items that there are."""
        n = len(ids)
        model = self.model_over(ids, vectors)
        popularity = np.bincount(self.histories.items, minlength=n).astype(np.float32)
        engine = TorchEngine(model, Trie.build(ids), width=width)
        if not leaf:
            return Generator(engine, np.log1p(popularity))
        neighbours = ItemKNN(shrinkage=1.0).fit(self.histories, n)
        scorer = LeafScorer(model, neighbours, ContentKNN(vectors), popularity, WEIGHTS, 5)
        return Generator(engine, np.log1p(popularity), scorer)

    def first(self, leaf: bool, width: int) -> Snapshot:
        catalog = Catalog(self.table)
        return Snapshot.first(catalog, self.generator(self.ids, encode(catalog), leaf, width))

    def living(self, folder: Path, *, leaf: bool = False, width: int = 100) -> Living:
        def base() -> Snapshot:
            return self.first(leaf, width)

        return Living(base(), base, folder, lambda: Frozen(encode, self.tokenizer, frozenset({"text"})))


@pytest.fixture(scope="module")
def world() -> World:
    table = pl.DataFrame(
        {
            "item_id": [f"A{i}" for i in range(N)],
            "title": [f"Thing {i}" for i in range(N)],
            "text": [f"the thing {i}" for i in range(N)],
            "price": [float(i) for i in range(N)],
        }
    )
    vectors = encode(Catalog(table))
    tokenizer = ResidualKMeans(levels=2, codebook_size=5)
    tokenizer.fit(vectors, seed=0)
    ids = resolve(tokenizer.encode(vectors), np.arange(N), codebook_sizes=tokenizer.codebook_sizes, spare=2)
    torch.manual_seed(0)
    model = CompactModel(CompactConfig(ids.codebook_sizes, N, DIM, width=16, layers=1, heads=2, max_items=6))
    model.set_items(ids.codes, vectors, np.arange(N) >= 0.2 * N)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if "norm" not in name:
                weights.copy_(torch.randn_like(weights) * 0.3)
    random = np.random.default_rng(1)
    histories = Sequences.from_lists(random.integers(0, N, size).tolist() for size in (3, 1, 9, 6, 0, 14, 2))
    return World(table, tokenizer, ids, model, histories)


def rows(names: list[str], text: str = "new {}", **columns: Any) -> pl.DataFrame:
    return pl.DataFrame({"item_id": names, "text": [text.format(name) for name in names], **columns})


def answers(snapshot: Snapshot, histories: Sequences, k: int = 10, *, exclude_seen: bool = True) -> TopK:
    return snapshot.generator.recommend(histories, k, exclude_seen=exclude_seen)


def assert_equal(found: TopK, expected: TopK) -> None:
    assert np.array_equal(found.items, expected.items)
    assert np.allclose(found.scores, expected.scores, atol=1e-4)


def assert_as_built_anew(world: World, now: Snapshot, leaf: bool, histories: Sequences) -> None:
    """Every answer is the exhaustive ranking of a generator made of the same items, without what is withdrawn."""
    anew = world.generator(now.ids, encode(now.catalog), leaf, width=200)
    for exclude_seen in (False, True):
        everything = anew.recommend(histories, len(now.ids), exclude_seen=exclude_seen)
        for k in (3, len(now.ids)):
            found = now.generator.recommend(histories, k, exclude_seen=exclude_seen)
            for row in range(len(histories)):
                ranked = everything.items[row]
                kept = (ranked >= 0) & now.available[ranked]
                count = min(k, int(kept.sum()))
                assert found.items[row, :count].tolist() == ranked[kept][:count].tolist()
                assert np.allclose(found.scores[row, :count], everything.scores[row][kept][:count], atol=1e-4)
                assert (found.items[row, count:] == -1).all()


CHANGES = st.lists(
    st.tuples(st.sampled_from(["add", "change", "withdraw", "restore", "rollback"]), st.integers(0, 10**6)),
    min_size=1,
    max_size=8,
)


class Reference:
    """What a living catalogue should hold, one plain dict per version: id → (text, price, available)."""

    def __init__(self, table: pl.DataFrame) -> None:
        first = zip(table["item_id"], table["text"], table["price"], strict=True)
        self.versions = [{name: (text, price, True) for name, text, price in first}]

    def step(self, living: Living, kind: str, seed: int) -> None:
        random = np.random.default_rng(seed)
        now = dict(self.versions[-1])
        some = random.permutation(sorted(now))[: random.integers(1, 12)].tolist()
        if kind == "add":
            names = [f"N{len(self.versions)}-{i}" for i in range(random.integers(1, 6))]
            # Few texts: newcomers get the same vectors, fill their groups and have to go elsewhere.
            table = rows(names, f"kind {random.integers(0, 2)}", price=random.random(len(names)))
            living.add(table)
            now |= {n: (t, p, True) for n, t, p in zip(names, table["text"], table["price"], strict=True)}
        elif kind == "change" and seed % 2:
            living.change(pl.DataFrame({"item_id": some, "price": [seed / 7] * len(some)}))
            now |= {name: (now[name][0], seed / 7, now[name][2]) for name in some}
        elif kind == "change":
            living.change(rows(some, "other {}" + str(seed)))
            now |= {name: (f"other {name}{seed}", *now[name][1:]) for name in some}
        elif kind in ("withdraw", "restore"):
            getattr(living, kind)(some)
            now |= {name: (*now[name][:2], kind == "restore") for name in some}
        else:
            version = seed % len(self.versions)
            living.rollback(version)
            now = self.versions[version]
        self.versions.append(now)

    def check(self, now: Snapshot) -> None:
        table = now.catalog.table
        held = zip(table["item_id"], table["text"], table["price"], now.available.tolist(), strict=True)
        assert {name: tuple(rest) for name, *rest in held} == self.versions[-1]
        assert now.version == len(self.versions) - 1
        assert now.catalog.index == {name: i for i, name in enumerate(table["item_id"])}


@LEAF
@settings(max_examples=25, deadline=None)
@given(changes=CHANGES)
def test_any_sequence_of_changes_is_a_catalogue_built_anew(
    world: World, tmp_path_factory: pytest.TempPathFactory, leaf: bool, changes: list[tuple[str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("live")
    living, reference = world.living(folder, leaf=leaf), Reference(world.table)
    codes: dict[str, tuple[int, ...]] = {}
    for kind, seed in changes:
        before = living.current
        copied = (before.catalog.table.clone(), before.ids.codes.copy(), before.available.copy())
        answered = answers(before, world.histories)
        reference.step(living, kind, seed)
        now = living.current
        reference.check(now)
        # Who holds the version before still gets what it gave.
        assert before.catalog.table.equals(copied[0])
        assert np.array_equal(before.ids.codes, copied[1]) and np.array_equal(before.available, copied[2])
        assert_equal(answers(before, world.histories), answered)
        given_ids = dict(zip(now.catalog.ids, map(tuple, now.ids.codes.tolist()), strict=True))
        if kind != "rollback":
            assert codes.items() <= given_ids.items()
        codes = given_ids
    now = living.current
    assert np.array_equal(now.ids.codes[:N], world.ids.codes)
    # Histories hold newcomers and what is withdrawn.
    random = np.random.default_rng(len(changes))
    asked = Sequences.from_lists(random.integers(0, len(now.ids), size).tolist() for size in (1, 4, 0, 9))
    assert_as_built_anew(world, now, leaf, asked)
    again = world.living(folder, leaf=leaf)
    reference.check(again.current)
    assert np.array_equal(again.current.ids.codes, now.ids.codes)
    assert again.journal.entries == living.journal.entries
    assert_equal(answers(again.current, asked), answers(now, asked))


@LEAF
def test_a_rollback_answers_as_then(world: World, tmp_path: Path, leaf: bool) -> None:
    living = world.living(tmp_path, leaf=leaf, width=6)
    states = [living.current]
    for kind, seed in (("add", 1), ("withdraw", 2), ("change", 4), ("add", 9), ("restore", 2), ("change", 3)):
        reference = Reference(world.table)
        reference.versions = [
            {
                name: (text, price, bool(there))
                for name, text, price, there in zip(
                    *(states[-1].catalog.table[c] for c in ("item_id", "text", "price")),
                    states[-1].available,
                    strict=True,
                )
            }
        ] * len(states)
        reference.step(living, kind, seed)
        states.append(living.current)
    for version in (3, 0, 6, 5):
        living.rollback(version)
        assert_equal(answers(living.current, world.histories), answers(states[version], world.histories))
        assert np.array_equal(living.current.ids.codes, states[version].ids.codes)
    assert [entry.kind for entry in living.journal.entries[6:]] == ["rollback"] * 4
    # What was rolled back may be given again.
    living.rollback(0)
    living.add(rows(["N2-0"]))
    assert living.current.catalog.ids[N:] == ["N2-0"]


@LEAF
@pytest.mark.parametrize("exclude_seen", [False, True])
def test_less_than_k_are_left(world: World, tmp_path: Path, leaf: bool, exclude_seen: bool) -> None:
    living = world.living(tmp_path, leaf=leaf, width=4)
    living.withdraw(living.current.catalog.ids[3:])
    found = answers(living.current, world.histories, 10, exclude_seen=exclude_seen)
    for items, history in zip(found.items.tolist(), world.histories, strict=True):
        left = {0, 1, 2} - (set(history.tolist()) if exclude_seen else set())
        assert {item for item in items if item >= 0} == left and items[len(left) :] == [-1] * (10 - len(left))
    living.withdraw(["A0", "A1", "A2"])
    assert (answers(living.current, world.histories).items == -1).all()
    living.restore(["A1"])
    assert set(answers(living.current, world.histories, exclude_seen=False).items[:, 0].tolist()) == {1}


def test_nobody_proposes_what_is_withdrawn(world: World, tmp_path: Path) -> None:
    living = world.living(tmp_path, leaf=True)
    living.withdraw(living.current.catalog.ids[: N // 2])
    generator = living.current.generator
    histories = world.histories.take(np.flatnonzero(world.histories.lengths))
    assert generator.leaf is not None
    tables = generator.leaf.tables(generator.engine.states(histories), histories)
    assert int(generator.leaf.propose(tables).min()) >= N // 2


def test_what_is_wrong_changes_nothing(world: World, tmp_path: Path) -> None:
    living = world.living(tmp_path)
    living.withdraw(["A3"])
    before, log = living.current, (tmp_path / LOG).read_bytes()
    for call, message in (
        (lambda: living.add(rows(["A7"])), "has item 'A7' already: `change_items` changes it$"),
        (lambda: living.add(rows(["A3"])), "has item 'A3' already.* withdrawn: `restore` it"),
        (lambda: living.add(rows(["X", "Y", "X"])), "'X' is given more than once"),
        (
            lambda: living.add(pl.DataFrame({"item_id": ["X", "Y"], "title": ["a", "b"]})),
            "'X' has neither .*and 1 more",
        ),
        (lambda: living.add(rows(["X"], prize=[3.0])), "no column 'prize'; did you mean 'price'"),
        (lambda: living.add(rows(["X"], price=["cheap"])), "other values than the catalogue's"),
        (lambda: living.add(pl.DataFrame({"text": ["x"]})), "lack the column item_id"),
        (lambda: living.add(rows([])), "no items are given"),
        (lambda: living.change(rows(["A1", "B1"])), "no item 'B1'"),
        (lambda: living.change(rows(["A1", "A1"])), "'A1' is given more than once"),
        (lambda: living.change(pl.DataFrame({"item_id": ["A1"]})), "nothing to change"),
        (lambda: living.change(pl.DataFrame({"item_id": ["A1"], "colour": ["red"]})), "no column 'colour'"),
        (lambda: living.change(pl.DataFrame({"item_id": ["A1"], "text": [None]})), "'A1' has neither text nor image"),
        (lambda: living.withdraw(["A1", "B1"]), "no item 'B1'"),
        (lambda: living.withdraw("A1"), "not the text 'A1'"),
        (lambda: living.restore(["a1"]), "did you mean 'A1'"),
        (lambda: living.rollback(2), "no version 2 to go back to: versions here are 0 to 1"),
        (lambda: living.rollback(-1), "no version -1"),
    ):
        with pytest.raises(UserError, match=message):
            call()
        assert living.current is before and (tmp_path / LOG).read_bytes() == log


def test_no_room_for_newcomers_changes_nothing(world: World, tmp_path: Path) -> None:
    living = world.living(tmp_path)
    before = living.current
    with pytest.raises(UserError, match="nearest to it are full"):
        living.add(rows([f"X{i}" for i in range(500)], "all alike"))
    assert living.current is before and living.journal.version == 0


def test_the_log_says_what_was_done(world: World, tmp_path: Path) -> None:
    living = world.living(tmp_path)
    living.add(rows(["X", "Y"]))
    living.withdraw(["A0", "X"])
    living.rollback(1)
    said = [json.loads(line) for line in (tmp_path / LOG).read_text().splitlines()]
    assert set(said[0]) == {"schema", "base"}
    seen = [(line["version"], line["kind"], line["item_ids"], line["count"], line["items"]) for line in said[1:]]
    assert seen == [
        (1, "add", ["X", "Y"], 2, N + 2),
        (2, "withdraw", ["A0", "X"], 2, N + 2),
        (3, "rollback", [], 0, N + 2),
    ]
    assert [line["available"] for line in said[1:]] == [N + 2, N, N + 2] and said[3]["to"] == 1
    assert all(line["time"].endswith("+00:00") for line in said[1:])


def test_changes_together_count_at_once(world: World, tmp_path: Path) -> None:
    living = world.living(tmp_path)
    living.withdraw(["A0"])
    before = living.current
    with living.together():
        living.add(rows(["X", "Y"]))
        living.change(pl.DataFrame({"item_id": ["X", "A1"], "title": ["Ex", "One"]}))
        living.restore(["A0"])
        assert living.current is before and living.journal.version == 1
    now = living.current
    assert now.version == living.journal.version == 4 and now.available.all()
    titles = dict(now.catalog.table.select("item_id", "title").iter_rows())
    assert (titles["X"], titles["A1"]) == ("Ex", "One")
    again = world.living(tmp_path).current  # from the log
    assert again.catalog.table.equals(now.catalog.table) and again.version == 4


def test_where_one_of_them_fails_nothing_has_changed(world: World, tmp_path: Path) -> None:
    living = world.living(tmp_path)
    living.withdraw(["A0"])
    before, said = living.current, (tmp_path / LOG).read_bytes()
    with pytest.raises(UserError, match="colr"), living.together():
        living.add(rows(["X"]))
        living.change(pl.DataFrame({"item_id": ["A1"], "colr": ["red"]}))
    assert living.current is before and (tmp_path / LOG).read_bytes() == said
    assert living.add(rows(["X"])).version == 2  # and it goes on


# ---------------------------------------------------------------------- kills and other processes


def test_what_a_kill_left_unfinished_was_never_there(world: World, tmp_path: Path) -> None:
    living = world.living(tmp_path)
    living.add(rows(["X"]))
    before = living.current
    # Killed after the rows of version 2, and in the middle of its line.
    (tmp_path / "000002").mkdir()
    (tmp_path / "000002" / "rows.parquet").write_bytes(b"half a fi")
    (tmp_path / "000003.part").mkdir()
    with (tmp_path / LOG).open("ab") as file:
        file.write(b'{"version": 2, "time": "2026-01-01T00:00')
    again = world.living(tmp_path)
    assert again.current.version == 1 and again.current.catalog.ids == before.catalog.ids
    assert_equal(answers(again.current, world.histories), answers(before, world.histories))
    again.add(rows(["Y"]))
    assert world.living(tmp_path).current.catalog.ids[N:] == ["X", "Y"]
    assert all(json.loads(line) for line in (tmp_path / LOG).read_text().splitlines())


def test_a_written_change_counts_though_nobody_saw_it(world: World, tmp_path: Path) -> None:
    """A kill between the log's line and the swap: as far as the one who asked knows, it may have happened."""
    living = world.living(tmp_path)
    before = living.current
    living.add(rows(["X"]))
    assert X_is_in(world.living(tmp_path).current) and not X_is_in(before)


def X_is_in(snapshot: Snapshot) -> bool:
    return "X" in snapshot.catalog.index


def test_two_processes_do_not_write_over_each_other(world: World, tmp_path: Path) -> None:
    one, two = world.living(tmp_path), world.living(tmp_path)
    one.withdraw(["A1"])
    with pytest.raises(UserError, match="was changed by another process"):
        two.withdraw(["A2"])
    assert two.current.version == 0 and world.living(tmp_path).current.version == 1


class Full(Exception):
    """No space left."""


def test_a_log_that_nobody_else_wrote_to_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What others did to it is noticed all the same, and so is what a failed write of our own left behind."""
    read: list[int] = []
    parsed = Journal._parsed
    monkeypatch.setattr(Journal, "_parsed", lambda self, said: read.append(len(said)) or parsed(self, said))
    journal = Journal(tmp_path, "base")

    def entry(number: int) -> Entry:
        return Entry(number, now(), "withdraw", ("A",), 5, 4)

    for number in (1, 2, 3):
        journal.append(entry(number), Payload())
    assert read == [0]
    again = Journal(tmp_path, "base")
    again.append(entry(4), Payload())
    assert len(read) == 2 and again.version == 4
    log = tmp_path / LOG
    # An unfinished line, and a whole one that came at the same length as before.
    whole = log.read_bytes()
    log.write_bytes(whole + b'{"version": 5')
    again.append(entry(5), Payload())
    assert len(read) == 3 and Journal(tmp_path, "base").version == 5
    log.write_bytes(whole[:-10] + b"\n" + b" " * 9)
    with pytest.raises(UserError, match="is damaged"):
        again.append(entry(6), Payload())
    log.write_bytes(whole)
    with pytest.raises(UserError, match="was changed by another process"):
        journal.append(entry(4), Payload())
    # A write of our own that fails at its end.
    journal = Journal(tmp_path, "base")

    def full(number: int) -> None:
        raise Full

    with monkeypatch.context() as patch, pytest.raises(Full):
        patch.setattr("genrec.decode.journal.os.fsync", full)
        journal.append(entry(5), Payload())
    with pytest.raises(UserError, match="was changed by another process"):
        journal.append(entry(5), Payload())  # it may count: only who loads it again can know
    assert Journal(tmp_path, "base").version == 5


@given(st.lists(st.integers(0, 20), max_size=30))
def test_a_chain_leaves_out_what_was_gone_back_over(steps: list[int]) -> None:
    """Against all chains, one after the other. 0 to 9 go back to that version, where there is one."""
    with tempfile.TemporaryDirectory() as folder:
        journal, chains = Journal(Path(folder), "base"), list[list[int]]([[]])
        for step in steps:
            number = journal.version + 1
            back = step if step < min(10, number) else None
            kind = "withdraw" if back is None else "rollback"
            journal.entries.append(Entry(number, now(), kind, ("A",), 5, 4, back))
            chains.append(chains[-1] + [number] if back is None else chains[back])
        assert [journal.chain(version) for version in range(journal.version + 1)] == chains


def test_a_damaged_log_and_a_foreign_one(world: World, tmp_path: Path) -> None:
    living = world.living(tmp_path)
    living.add(rows(["X"]))
    living.withdraw(["X"])
    log = tmp_path / LOG
    whole = log.read_text()
    for broken, message in (
        (whole.replace('"version": 1', '"version": 7'), "do not count up"),
        (whole.replace('"kind"', "kind", 1), "is damaged"),
        (whole.replace('"schema": 1', '"schema": 2'), "schema 2"),
        (whole.replace('"base": "', '"base": "0'), "changes to another catalogue"),
    ):
        log.write_text(broken)
        with pytest.raises(UserError, match=message):
            world.living(tmp_path)
    log.write_text(whole)
    (tmp_path / "000001" / "codes.npy").write_bytes(b"")
    with pytest.raises(UserError, match="version 1 cannot be read"):
        world.living(tmp_path)


WRITER = """
import sys
from pathlib import Path
import numpy as np, polars as pl
from genrec.decode.journal import Entry, Journal, Payload, now
journal = Journal(Path(sys.argv[1]), "base")
while True:
    number = journal.version + 1
    rows = pl.DataFrame({"item_id": [f"{number}-{i}" for i in range(50)]})
    entry = Entry(number, now(), "add", tuple(rows["item_id"]), number, number)
    journal.append(entry, Payload(rows, np.full((50, 4), number, np.float32), np.full((50, 3), 1, np.uint16)))
    print(number, flush=True)
"""


def test_a_killed_writer_loses_nothing_that_it_confirmed(tmp_path: Path) -> None:
    for stop in (3, 8):
        process = subprocess.Popen([sys.executable, "-c", WRITER, tmp_path], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        confirmed = 0
        for _ in range(stop):
            confirmed = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        confirmed = max([confirmed, *(int(line) for line in process.stdout.read().split("\n") if line)])
        process.wait()
        journal = Journal(tmp_path, "base")
        assert confirmed <= journal.version <= confirmed + 1
        for number in range(1, journal.version + 1):
            payload = journal.payload(number)
            assert payload.rows is not None and payload.rows["item_id"][49] == f"{number}-49"
            assert payload.vectors is not None and (payload.vectors == number).all()


# ---------------------------------------------------------------------- under load


@LEAF
def test_a_thousand_requests_during_a_hundred_swaps(world: World, tmp_path: Path, leaf: bool) -> None:
    living = world.living(tmp_path, leaf=leaf, width=8)
    gone: dict[str, int] = {}  # what is withdrawn and not about to come back, and since which swap
    failures: list[str] = []
    taken, versions = [0], set()
    counting = threading.Lock()
    done = threading.Event()

    def requests(seed: int) -> None:
        random = np.random.default_rng(seed)
        while taken[0] < 1000 or not done.is_set():
            with counting:
                taken[0] += 1
            withdrawn = dict(gone)
            try:
                now = living.current
                history = random.integers(0, len(now.catalog), random.integers(0, 8)).tolist()
                found = answers(now, Sequences.from_lists([history]), 5, exclude_seen=bool(seed % 2)).items[0].tolist()
                names = [now.catalog.ids[item] for item in found if item >= 0]
                versions.add(now.version)
                if len(set(names)) < len(names) or not names:
                    failures.append(f"repeated or none: {names}")
                wrong = [name for name in names if name in withdrawn and gone.get(name) == withdrawn[name]]
                failures.extend(f"withdrawn: {name}" for name in wrong)
            except Exception as error:
                failures.append(repr(error))

    threads = [threading.Thread(target=requests, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    random = np.random.default_rng(0)
    for swap in range(100):
        kind = ("add", "withdraw", "change", "restore")[swap % 4]
        some = random.permutation(living.current.catalog.ids[:N])[:5].tolist()
        if kind == "add":
            living.add(rows([f"S{swap}"]))
        elif kind == "withdraw":
            living.withdraw(some)
            gone |= dict.fromkeys(some, swap)
        elif kind == "restore":
            for name in some:
                gone.pop(name, None)
            living.restore(some)
        elif swap % 8 == 2:
            living.change(rows(some, f"at {swap} {{}}"))
        else:
            back = list(gone)
            gone.clear()
            living.rollback(max(0, living.current.version - 3))
            living.withdraw(back)
            gone |= dict.fromkeys(back, swap)
    done.set()
    for thread in threads:
        thread.join()
    assert not failures, failures[:3]
    assert taken[0] >= 1000 and len(versions) > 20


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5), st.booleans()), max_size=12))
def test_growing_rows_never_change_what_was_given(steps: list[tuple[int, int, bool]]) -> None:
    made = [(Growing(torch.arange(3)), [0, 1, 2])]
    for which, count, change in steps:
        growing, held = made[which % len(made)]
        if change:
            made.append((growing.changed(torch.tensor([0]), torch.tensor([-1])), [-1, *held[1:]]))
        else:
            more = list(range(100 * len(made), 100 * len(made) + count))
            made.append((growing.extended(torch.tensor(more, dtype=torch.long)), held + more))
    assert all(growing.rows.tolist() == held for growing, held in made)
