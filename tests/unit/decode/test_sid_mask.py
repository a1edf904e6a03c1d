"""The mask against a brute-force reading of the same rules, over random catalogues, requests, answers and swaps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genrec.data.catalog import Catalog
from genrec.decode.bitmaps import RankBitmap
from genrec.decode.sid_mask import SidMask
from genrec.decode.sid_slots import Ask, Slots
from genrec.decode.stock import Stock
from genrec.decode.trie import Trie
from genrec.errors import UserError
from genrec.model.vocabulary import SidVocabulary
from genrec.sid import SemanticIds

TEXT = 5
"""Tokens 0 … 4 are words, 0 ends an answer; the words of the catalogue follow in a random order."""
STOP = 0


def words_of(sizes: tuple[int, ...], random: np.random.Generator) -> SidVocabulary:
    tokens = TEXT + random.permutation(2 + sum(sizes))
    tables = np.split(tokens[2:], np.cumsum(sizes)[:-1])
    return SidVocabulary(int(tokens[0]), int(tokens[1]), tuple(table.astype(np.int64) for table in tables))


def stock_of(sizes: tuple[int, ...], n: int, random: np.random.Generator) -> Stock:
    rows = random.permutation(int(np.prod(sizes)))[:n]
    ids = SemanticIds(np.stack(np.unravel_index(rows, sizes), axis=1), sizes)
    colours = random.choice(["red", "blue", "green"], n).tolist()
    table = pl.DataFrame({"item_id": [f"i{item}" for item in range(n)], "colour": colours})
    return Stock(Trie.build(ids), words_of(sizes, random), Catalog(table))


@cache
def codes_of(stock: Stock) -> np.ndarray:
    """int64 (N, L), by item, read off the trie's root-to-leaf paths."""
    paths, trie = stock.trie.paths(), stock.trie
    return torch.stack([trie.codes_at(level + 1, nodes) for level, nodes in enumerate(paths)], 1).numpy()


def with_items(stock: Stock, mask: np.ndarray) -> Stock:
    """Available is what mask (N,) says of items."""
    return stock.changed(available=RankBitmap.of_mask(mask[stock.trie.order.numpy()]))


def tokens_of(stock: Stock, item: int) -> list[int]:
    return stock.vocabulary.tokens(codes_of(stock)[item : item + 1])[0].tolist()


@cache
def items_by_tokens(stock: Stock) -> dict[tuple[int, ...], int]:
    return {tuple(row): item for item, row in enumerate(stock.vocabulary.tokens(codes_of(stock)).tolist())}


def named(stock: Stock, tokens: list[int]) -> list[int]:
    """The items that stand in a stream, by the rule: a begin, the codes of an item, an end."""
    known, length = items_by_tokens(stock), stock.trie.levels + 2
    found = (known.get(tuple(tokens[place : place + length])) for place in range(len(tokens) - length + 1))
    return [item for item in found if item is not None]


@dataclass
class Stream:
    """One request of a test. prompt and answer: tokens."""

    ask: Ask
    prompt: list[int]
    answer: list[int]

    def open(self, stock: Stock) -> set[int]:
        """The items that it may name now."""
        items = set(range(len(stock.trie)))
        if stock.available is not None:
            items &= set(stock.trie.order[torch.from_numpy(stock.available.ranks())].tolist())
        assert stock.catalog is not None
        if self.ask.where is not None:
            items &= set(np.flatnonzero(stock.catalog.table["colour"] == self.ask.where["colour"]).tolist())
        index = stock.catalog.index
        if self.ask.allow is not None:
            items &= {index[one] for one in self.ask.allow if one in index}
        items -= {index[one] for one in self.ask.deny if one in index}
        return items - set(self.written(stock)) if self.ask.once else items

    def written(self, stock: Stock) -> list[int]:
        """The items that the answer has finished, one that the prompt began among them."""
        before = self.prompt[max(0, len(self.prompt) - stock.trie.levels - 1) :]
        return named(stock, before + self.answer)

    def allowed(self, stock: Stock) -> set[int]:
        """The tokens that may come next, by brute force."""
        words, levels = stock.vocabulary, stock.trie.levels
        stream, openings = self.prompt + self.answer, self.open(stock)
        left = self.ask.mode == "mixed" or len(self.written(stock)) < self.ask.count
        for depth in range(levels + 1):
            codes = stream[len(stream) - depth :]
            if len(stream) <= depth or stream[-1 - depth] != words.begin:
                continue
            if any(code not in words.tables[level] for level, code in enumerate(codes)):
                continue
            paths = [list(path[1:]) for path, item in items_by_tokens(stock).items() if item in openings]
            found = {path[depth] for path in paths if path[:depth] == codes}
            return found or ({words.begin} if openings else {STOP})
        if self.ask.mode == "items":
            return {words.begin} if left and openings else {STOP}
        forbidden = {words.end, *np.concatenate(words.tables).tolist()} | (set() if openings else {words.begin})
        return set(range(TEXT + len(words.rows))) - forbidden


def asks(n: int) -> st.SearchStrategy[Ask]:
    names = st.integers(0, n - 1).map(lambda item: f"i{item}")
    # Lists may name an item twice.
    some, listed = (st.lists(names, min_size=least, max_size=n).map(tuple) for least in (0, 1))
    colour = st.sampled_from([None, None, {"colour": "red"}, {"colour": "blue"}])
    repeats = st.sampled_from([None, True, False])
    text = st.builds(Ask, repeats=repeats, where=colour, deny=some)
    return st.one_of(
        text,
        st.builds(Ask, where=colour, allow=listed),
        st.builds(Ask, st.just("items"), st.integers(1, 4), repeats, colour, st.one_of(st.none(), listed)),
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[Stock, list[Stream], np.random.Generator]:
    sizes = draw(st.sampled_from([(3, 2), (2, 3, 2), (5, 1, 4), (2, 2, 2, 3), (40, 3)]))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(1, min(int(np.prod(sizes)), 20)))
    stock = stock_of(sizes, n, random)
    streams = []
    for ask in draw(st.lists(asks(n), min_size=1, max_size=4)):
        # Nothing, words, a history, and half an item: real or made up.
        history = [token for item in random.integers(0, n, random.integers(0, 3)) for token in tokens_of(stock, item)]
        tail = [[], [1, 2], [stock.vocabulary.begin], tokens_of(stock, random.integers(n))[: random.integers(1, 4)]]
        junk = random.integers(0, TEXT + len(stock.vocabulary.rows), random.integers(0, 4)).tolist()
        prompt = history + [*tail, junk][random.integers(5)]
        streams.append(Stream(ask, prompt, []))
    return stock, streams, random


def next_stock(stock: Stock, random: np.random.Generator) -> Stock:
    """Items go, come back or are new; now and then the newest are unmade."""
    n, sizes, codes = len(stock.trie), stock.trie.codebook_sizes, codes_of(stock)
    if random.random() < 0.6:
        return with_items(stock, random.random(n) < random.random())
    assert stock.catalog is not None
    if random.random() < 0.5 and n > 1:
        kept = int(random.integers(1, n))
        trie, catalog = Trie.build(SemanticIds(codes[:kept], sizes)), Catalog(stock.catalog.table[:kept])
        return stock.changed(available=None, trie=trie, catalog=catalog)
    everything = np.stack(np.unravel_index(np.arange(int(np.prod(sizes))), sizes), axis=1)
    fresh = everything[SemanticIds(codes, sizes).lookup(everything) < 0][:2]
    rows = pl.DataFrame({"item_id": [f"n{n + row}" for row in range(len(fresh))], "colour": ["red"] * len(fresh)})
    trie = Trie.build(SemanticIds(np.concatenate([codes, fresh]), sizes))
    available = RankBitmap.of_mask(random.random(len(trie)) < 0.8)
    return stock.changed(
        available=available, trie=trie, catalog=stock.catalog.extended(rows) if len(fresh) else stock.catalog
    )


def pick(allowed: set[int], stock: Stock, random: np.random.Generator) -> int:
    """Any of them, but an item rather than a word half of the time."""
    begin = stock.vocabulary.begin
    return begin if begin in allowed and random.random() < 0.5 else int(random.choice(sorted(allowed)))


def context_of(streams: list[Stream], levels: int) -> torch.Tensor:
    rows = [[*s.prompt[max(0, len(s.prompt) - levels - 1) :], *s.answer] for s in streams]
    width = max(levels + 1, *map(len, rows))
    return torch.tensor([[-1] * (width - len(row)) + row for row in rows])


@settings(max_examples=120, deadline=None)
@given(cases())
def test_the_same_tokens_as_by_brute_force(case: tuple[Stock, list[Stream], np.random.Generator]) -> None:
    stock, streams, random = case
    now = stock
    slots = Slots(lambda: now, len(streams), "cpu")
    for slot, stream in enumerate(streams):
        slots.admit(slot, stream.ask, STOP)
    for _ in range(20):
        if random.random() < 0.2:
            now = next_stock(now, random)
        slots.refresh()
        slots.mask.by_level = bool(random.random() < 0.5)  # as on a CPU, as on a GPU
        logits = torch.from_numpy(random.normal(size=(len(streams) + 1, TEXT + len(now.vocabulary.rows))))
        given = logits.clone()
        # The streams' rows stand in another order, and row 0 is somebody else's.
        rows = torch.from_numpy(1 + random.permutation(len(streams)))
        context = context_of(streams, now.trie.levels)
        slots.forbid_after(logits, rows, torch.arange(len(streams)), context)
        assert logits[0].equal(given[0])
        for row, stream in zip(rows.tolist(), streams, strict=True):
            allowed = stream.allowed(now)
            assert set(logits[row].isfinite().nonzero()[:, 0].tolist()) == allowed
            if len(allowed) > 1:
                some = sorted(allowed)
                assert logits[row, some].equal(given[row, some])
            token = pick(allowed, now, random)
            if token == now.vocabulary.end:
                last = named(now, stream.prompt[-now.trie.levels - 1 :] + stream.answer + [token])[-1]
                assert last in stream.open(now)
            stream.answer.append(token)


@settings(max_examples=50, deadline=None)
@given(cases())
def test_every_open_item_can_be_reached(case: tuple[Stock, list[Stream], np.random.Generator]) -> None:
    stock, streams, random = case
    stock = with_items(stock, random.random(len(stock.trie)) < 0.7)
    slots = Slots(lambda: stock, 1, "cpu")
    stream = Stream(streams[0].ask, [1], [])
    slots.admit(0, stream.ask, STOP)
    for item in stream.open(stock):
        stream.answer = []
        for token in tokens_of(stock, item):
            logits = torch.zeros(1, TEXT + len(stock.vocabulary.rows))
            row = torch.zeros(1, dtype=torch.long)
            slots.forbid_after(logits, row, row, context_of([stream], stock.trie.levels))
            assert logits[0, token].isfinite()
            stream.answer.append(token)


def test_a_withdrawn_item_is_not_finished_and_the_answer_goes_on() -> None:
    """One sibling left: the half-written item is steered to it. None left: it is abandoned for a fresh one."""
    ids = SemanticIds(np.array([[0, 0], [0, 1], [1, 0]]), (2, 2))
    words = SidVocabulary(5, 6, (np.array([7, 8]), np.array([9, 10])))
    now = Stock(Trie.build(ids), words)
    slots = Slots(lambda: now, 1, "cpu")
    slots.admit(0, Ask(), STOP)

    def allowed(tokens: list[int]) -> list[int]:
        slots.refresh()
        row = torch.zeros(1, dtype=torch.long)
        context = torch.tensor([[-1] * (3 - len(tokens)) + tokens])
        return slots.forbid_after(torch.zeros(1, 11), row, row, context).isfinite().nonzero()[:, 1].tolist()

    assert allowed([1, 5, 7]) == [9, 10]
    now = with_items(now, np.array([False, True, True]))
    assert allowed([1, 5, 7]) == [10]
    assert allowed([1, 5, 7, 10]) == [6]
    now = with_items(now, np.array([False, False, True]))
    assert allowed([1, 5, 7]) == [5]
    assert allowed([1, 5, 7, 10]) == [5]
    assert allowed([1, 5, 7, 10, 5]) == [8]
    now = with_items(now, np.zeros(3, bool))
    assert allowed([1, 5, 7]) == [STOP]
    assert allowed([1]) == [0, 1, 2, 3, 4]


def test_other_rules_never_leave_a_row_without_a_token() -> None:
    """Whatever took the tokens that the mask allows, one comes: a sampler fed with -inf alone returns nonsense."""
    random = np.random.default_rng(3)
    stock = stock_of((3, 2), 4, random)
    slots = Slots(lambda: stock, 3, "cpu")
    for slot, ask in enumerate([Ask("items"), Ask("items"), Ask()]):
        slots.admit(slot, ask, STOP)
    begin, rows = stock.vocabulary.begin, torch.arange(3)
    finished = [*tokens_of(stock, 0)][-3:]
    context = torch.tensor([[1, 1, begin], [2, 2, 2], [1, 1, begin]])
    logits = torch.full((3, TEXT + len(stock.vocabulary.rows)), -float("inf"))
    slots.forbid_after(logits, rows, rows, context)
    assert logits.isfinite().any(1).all()
    logits = torch.full_like(logits, -float("inf"))
    slots.forbid(logits, rows, rows, torch.tensor([finished] * 3), torch.ones(3, dtype=torch.long), None)
    assert logits[:2].isfinite().nonzero().tolist() == [[0, STOP], [1, STOP]]


def test_many_items_on_levels_too_large_for_sixteen_bits_with_a_sign() -> None:
    sizes = (3, 40_000)
    random = np.random.default_rng(5)
    stock = stock_of(sizes, 500, random)
    mask = SidMask(stock.trie, stock.vocabulary)
    items = random.integers(0, 500, 64)
    tokens = torch.from_numpy(stock.vocabulary.tokens(codes_of(stock)[items]))
    ranks = mask.finished(torch.cat([torch.ones(64, 2, dtype=torch.long), tokens], 1))
    assert (ranks[:, :-1] == 500).all()
    assert stock.trie.order[ranks[:, -1]].tolist() == items.tolist()
    depth, node = mask.place(tokens[:, :3])
    assert (depth == 2).all()
    assert stock.trie.order[node].tolist() == items.tolist()


def test_settings_that_cannot_be_read() -> None:
    stock = stock_of((3, 2), 4, np.random.default_rng(0))
    for said, message in [
        ("mixed", "expected settings"),
        ({"mod": "mixed"}, "did you mean 'mode'"),
        ({"mode": "free"}, "genrec.mode is 'free'"),
        ({"mode": "items", "count": 0}, "at least 1"),
        ({"count": 2}, "for the mode 'items'"),
        ({"repeats": 1}, "true or false"),
        ({"deny": "i1"}, "a list of item ids"),
    ]:
        with pytest.raises(UserError, match=message):
            Ask.read(said)
    slots = Slots(lambda: stock, 1, "cpu")
    for said, message in [
        ({"deny": ["i9"]}, "no item 'i9'"),
        ({"allow": ["i1"], "deny": ["i1"]}, "both name 'i1'"),
        ({"where": {"color": "red"}}, "did you mean 'colour'"),
    ]:
        with pytest.raises(UserError, match=message):
            slots.admit(0, Ask.read(said), STOP)


def test_a_catalogue_that_does_not_fit_the_model() -> None:
    stock = stock_of((3, 2), 4, np.random.default_rng(0))
    with pytest.raises(UserError, match="codebook sizes"):
        SidMask(Trie.build(SemanticIds(np.zeros((1, 2)), (2, 2))), stock.vocabulary)
    slots = Slots(lambda: stock, 1, "cpu")
    slots.admit(0, Ask(), STOP)
    row = torch.zeros(1, dtype=torch.long)
    with pytest.raises(UserError, match="output rows"):
        slots.forbid_after(torch.zeros(1, 4), row, row, torch.tensor([[1, 1, 1]]))
    with pytest.raises(UserError, match="no catalogue is known"):
        Slots(lambda: None, 1, "cpu").admit(0, Ask(), STOP)
    without = Slots(lambda: Stock(stock.trie, stock.vocabulary), 1, "cpu")
    without.admit(0, Ask(), STOP)
    with pytest.raises(UserError, match="catalogue's table"):
        without.admit(0, Ask(deny=("i1",)), STOP)
