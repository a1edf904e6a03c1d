"""A living catalogue: items are added, changed and withdrawn while requests run.

A request takes the current `Snapshot` once, by one attribute read, and keeps it to its end. A change makes the next
snapshot beside it, has the journal write it down, and then puts it in place by one assignment: no request ever sees
half a change, waits for one, or gets an item that was withdrawn before it began.

Encoders, tokenizer and weights are frozen. An item keeps index and semantic ID for good: newcomers are given free ones,
what is withdrawn keeps its own and comes back by `restore`. Only `rollback` takes additions back as if they had never
been, their indices and IDs with them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from threading import RLock

import numpy as np
import polars as pl
import torch
from torch import Tensor

from genrec.data.catalog import Catalog
from genrec.decode.columns import ColumnIndex
from genrec.decode.generator import Generator
from genrec.decode.growing import Growing
from genrec.decode.journal import Entry, Journal, Kind, Payload, now
from genrec.decode.requests import hint
from genrec.decode.torch_engine import TorchEngine
from genrec.decode.trie import Trie
from genrec.errors import UserError
from genrec.evaluate.baselines.contentknn import normalised
from genrec.sid import SemanticIds
from genrec.sid.collisions import admit
from genrec.sid.residual import ResidualTokenizer


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One version of everything that answers a request, never changed once it is made.

    available: bool (N,), False for what is withdrawn; rows of the catalogue and of all else are there nevertheless.
    """

    version: int
    catalog: Catalog
    generator: Generator
    available: np.ndarray

    @classmethod
    def first(cls, catalog: Catalog, generator: Generator) -> Snapshot:
        """Version 0, the catalogue that the generator was made with."""
        return cls(0, catalog, generator, np.ones(len(catalog), bool))

    @cached_property
    def ids(self) -> SemanticIds:
        model = self.generator.engine.model
        return SemanticIds(model.codes.cpu().numpy(), model.config.codebook_sizes)

    @cached_property
    def tables(self) -> dict[str, Growing]:
        """What is looked up by item: its embedding and, for the leaf score, its content at unit length."""
        engine, leaf = self.generator.engine, self.generator.leaf
        found = {"vectors": engine.vectors}
        if leaf is not None:
            found |= {"unit": torch.from_numpy(leaf.content.vectors), "present": torch.from_numpy(leaf.content.present)}
        return {name: Growing(rows) for name, rows in found.items()}

    def items(self, item_ids: Sequence[str]) -> np.ndarray:
        """Item indices int64 (M,); UserError for an id that the catalogue lacks or that comes twice."""
        index = self.catalog.index
        for item_id in item_ids:
            if item_id not in index:
                raise UserError(f"the catalogue has no item {item_id!r}: {hint(item_id, self.catalog)}")
        _once(item_ids)
        return np.fromiter((index[item_id] for item_id in item_ids), np.int64, len(item_ids))


class Draft:
    """The next snapshot in the making: any number of changes, and then `done`."""

    def __init__(self, former: Snapshot) -> None:
        self.former = former
        self.catalog, self.ids, self.tables = former.catalog, former.ids, former.tables
        self.available = former.available.copy()
        self._moved = False  # whether item vectors have changed

    def add(self, rows: pl.DataFrame, vectors: np.ndarray, codes: np.ndarray) -> None:
        """rows (M) with vectors float32 (M, d) and semantic IDs uint16 (M, L)."""
        n, count = len(self.ids), len(codes)
        self.catalog = self.catalog.extended(rows)
        self.ids = SemanticIds(np.concatenate([self.ids.codes, codes]), self.ids.codebook_sizes)
        self.available = np.concatenate([self.available, np.ones(count, bool)])
        parts = self._parts(np.arange(n, n + count), vectors)
        self.tables = {name: table.extended(parts[name]) for name, table in self.tables.items()}

    def change(self, items: np.ndarray, rows: pl.DataFrame, vectors: np.ndarray | None) -> None:
        """Columns, and content vectors float32 (M, d) where they are other ones now; never a semantic ID."""
        self.catalog = self.catalog.changed(items, rows.drop("item_id"))
        if vectors is not None:
            parts, places = self._parts(items, vectors), torch.from_numpy(items)
            self.tables = {name: table.changed(places, parts[name]) for name, table in self.tables.items()}
            self._moved = True

    def allow(self, items: np.ndarray, available: bool) -> None:
        self.available[items] = available

    def apply(self, entry: Entry, payload: Payload) -> None:
        """What the journal says of a version. It must not be a rollback: `Journal.chain` has none."""
        if entry.kind == "add":
            assert payload.rows is not None and payload.vectors is not None and payload.codes is not None
            self.add(payload.rows, payload.vectors, payload.codes)
            return
        items = np.fromiter((self.catalog.index[name] for name in entry.item_ids), np.int64, entry.count)
        if entry.kind == "change":
            assert payload.rows is not None
            self.change(items, payload.rows, payload.vectors)
        else:
            self.allow(items, entry.kind == "restore")

    def done(self, version: int) -> Snapshot:
        former, n = self.former.generator, len(self.catalog)
        grown = n - len(self.former.catalog)
        engine = former.engine
        held = {name: table.rows for name, table in self.tables.items()}
        model = engine.model.over(held["vectors"])
        if grown or self._moved:
            trie = Trie.build(self.ids) if grown else engine.trie
            options = {"width": engine.width, "batch": engine.batch, "remembered": engine.remembered}
            engine = TorchEngine(model, trie, **options)
        prior, leaf = former.prior.numpy(), former.leaf
        if grown:
            # Nobody has taken a newcomer yet.
            prior = np.concatenate([prior, np.zeros(grown, np.float32)])
        everything = bool(self.available.all())
        if leaf is not None:
            leaf = replace(
                leaf,
                model=model,
                neighbours=leaf.neighbours.extended(n) if grown else leaf.neighbours,
                content=leaf.content.over(held["unit"].numpy(), held["present"].numpy()),
                popularity=np.concatenate([leaf.popularity, np.zeros(grown, leaf.popularity.dtype)]),
                available=None if everything else torch.from_numpy(self.available),
            )
        same = self.catalog is self.former.catalog and not grown
        index = former.index if same else ColumnIndex(self.catalog.table, engine.trie.order)
        available = None if everything else self.available
        generator = Generator(engine, prior, leaf, index=index, available=available)
        generator.name = former.name
        snapshot = Snapshot(version, self.catalog, generator, self.available)
        snapshot.__dict__.update(ids=self.ids, tables=self.tables)
        return snapshot

    @torch.inference_mode()
    def _parts(self, items: np.ndarray, vectors: np.ndarray) -> dict[str, Tensor]:
        """The rows of `Snapshot.tables` for items with content vectors float32 (M, d)."""
        model = self.former.generator.engine.model
        codes = torch.from_numpy(self.ids.codes[items].astype(np.int64)).to(model.device)
        unit, present = normalised(vectors)
        embedded = model.embed_as(torch.from_numpy(items).to(model.device), codes, vectors)
        return {"vectors": embedded, "unit": torch.from_numpy(unit), "present": torch.from_numpy(present)}


@dataclass(frozen=True, eq=False)
class Frozen:
    """What newcomers are made known by. encode: vectors float32 (M, d) of items. reads: the columns it looks at."""

    encode: Callable[[Catalog], np.ndarray]
    tokenizer: ResidualTokenizer
    reads: frozenset[str]


class Living:
    """The current snapshot, and the one way to another. Changes wait for each other; requests wait for nothing.

    first: version 0. base: makes it anew, for rollbacks, so that nothing of it is kept until then. folder: of the log;
    what it holds is replayed. frozen: loads encoder and tokenizer, at the first change that needs them.
    """

    def __init__(
        self, first: Snapshot, base: Callable[[], Snapshot], folder: Path, frozen: Callable[[], Frozen]
    ) -> None:
        self._base, self._load = base, frozen
        self._lock = RLock()
        self._open: list[tuple[Entry, Payload]] | None = None  # made by `together`, and not written yet
        self._ahead: Snapshot | None = None  # with these
        self.journal = Journal(folder, fingerprint(first.ids))
        self.current = self._replayed(first, self.journal.version)

    @cached_property
    def frozen(self) -> Frozen:
        return self._load()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Changes made within count at once, or, where one of them fails, not at all: nobody sees the middle."""
        with self._lock:
            self._open, self._ahead = [], self.current
            try:
                yield
                if self._open:
                    self.journal.extend(self._open)
                    self.current = self._ahead
            finally:
                self._open = self._ahead = None

    def add(self, rows: pl.DataFrame, vectors: np.ndarray | None = None) -> Entry:
        """Newcomers, with columns of the catalogue. vectors: float32 (M, d), where the encoder need not make them."""
        with self._lock:
            before = self._ahead or self.current
            ids = _ids(rows)
            for item_id in ids:
                if item_id in before.catalog.index:
                    back = "" if before.available[before.catalog.index[item_id]] else "; it is withdrawn: `restore` it"
                    raise UserError(f"the catalogue has item {item_id!r} already: `change_items` changes it{back}")
            fresh = before.catalog.conformed(rows)
            _readable(fresh)
            if vectors is None:
                vectors = self.frozen.encode(Catalog(fresh, before.catalog.root))
            codes = admit(before.ids, self.frozen.tokenizer, vectors).codes[len(before.ids) :]
            return self._make(before, "add", ids, Payload(fresh, vectors, codes))

    def change(self, rows: pl.DataFrame) -> Entry:
        """Columns of items that are there; all but item_id replace what was. Semantic IDs stay, whatever is said now.

        Where a column changes that the encoder reads, the item's content vector follows, and with it what the item
        means in a history and to the content score.
        """
        with self._lock:
            before = self._ahead or self.current
            ids = _ids(rows)
            items = before.items(ids)
            if rows.width < 2:
                raise UserError("nothing to change: give item_id and at least one other column")
            rows = before.catalog.conformed(rows).select(rows.columns)
            whole = before.catalog.table[items].with_columns(rows.get_columns())
            if {"text", "image"} & set(rows.columns):
                _readable(whole)
            vectors = None
            if self.frozen.reads & set(rows.columns):
                vectors = self.frozen.encode(Catalog(whole, before.catalog.root))
            return self._make(before, "change", ids, Payload(rows, vectors))

    def withdraw(self, item_ids: Sequence[str]) -> Entry:
        """From the next request on nobody gets these items. They may be withdrawn already."""
        return self._switch("withdraw", item_ids)

    def restore(self, item_ids: Sequence[str]) -> Entry:
        """Withdrawn items are there again, under the IDs they had."""
        return self._switch("restore", item_ids)

    def rollback(self, version: int) -> Entry:
        """A new version that equals `version`; 0 is the catalogue before any change. Not within `together`."""
        with self._lock:
            assert self._open is None
            if not 0 <= version <= self.journal.version:
                last = self.journal.version
                raise UserError(f"there is no version {version} to go back to: versions here are 0 to {last}")
            target = self._replayed(self._base(), version)
            number = self.journal.version + 1
            entry = Entry(number, now(), "rollback", (), len(target.catalog), int(target.available.sum()), version)
            self.journal.append(entry, Payload())
            self.current = _numbered(target, number)
            return entry

    def _switch(self, kind: Kind, item_ids: Sequence[str]) -> Entry:
        if isinstance(item_ids, str):
            raise UserError(f"give a list of item ids, not the text {item_ids!r}")
        with self._lock:
            before = self._ahead or self.current
            before.items(item_ids)
            return self._make(before, kind, list(item_ids), Payload())

    def _make(self, before: Snapshot, kind: Kind, ids: list[str], payload: Payload) -> Entry:
        """Make the next snapshot, write it down, put it in place; what fails before that leaves no trace."""
        number = self.journal.version + 1 + len(self._open or ())
        draft = Draft(before)
        entry = Entry(number, now(), kind, tuple(ids), len(draft.catalog), 0)
        draft.apply(entry, payload)
        after = draft.done(number)
        entry = replace(entry, items=len(after.catalog), available=int(after.available.sum()))
        if self._open is not None:
            self._open.append((entry, payload))
            self._ahead = after
            return entry
        self.journal.append(entry, payload)
        self.current = after
        return entry

    def _replayed(self, first: Snapshot, version: int) -> Snapshot:
        chain = self.journal.chain(version)
        if not chain:
            return _numbered(first, version)
        draft = Draft(first)
        for number in chain:
            draft.apply(self.journal.entries[number - 1], self.journal.payload(number))
        return draft.done(version)


def fingerprint(ids: SemanticIds) -> str:
    """What a catalogue is known by: a hash of its semantic IDs in order."""
    return hashlib.sha256(ids.codes.astype("<u2").tobytes()).hexdigest()


def _numbered(snapshot: Snapshot, version: int) -> Snapshot:
    other = replace(snapshot, version=version)
    other.__dict__.update(ids=snapshot.ids, tables=snapshot.tables)
    return other


def _ids(rows: pl.DataFrame) -> list[str]:
    if "item_id" not in rows.columns:
        raise UserError(f"the items lack the column item_id; they have {', '.join(rows.columns)}")
    if not rows.height:
        raise UserError("no items are given: a change needs at least one")
    ids = rows["item_id"].cast(pl.String)
    if ids.null_count():
        raise UserError(f"row {ids.is_null().arg_true()[0] + 1} has no item_id: give it one")
    found = ids.to_list()
    _once(found)
    return found


def _once(item_ids: Sequence[str]) -> None:
    if len(set(item_ids)) < len(item_ids):
        twice = next(item_id for item_id in item_ids if list(item_ids).count(item_id) > 1)
        raise UserError(f"item {twice!r} is given more than once: give every item once")


def _readable(rows: pl.DataFrame) -> None:
    bare = rows.filter((pl.col("text").fill_null("").str.strip_chars() == "") & pl.col("image").is_null())
    if bare.height:
        more = f" (and {bare.height - 1} more such item(s))" if bare.height > 1 else ""
        raise UserError(f"item {bare['item_id'][0]!r} has neither text nor image{more}: give it one of them")
