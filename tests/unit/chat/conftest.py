"""Four shops to talk to: garments, tools, books, and things without any column; each with a real, untrained engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from genrec.chat.conversation import Conversation, Reply, Turn
from genrec.chat.state import Heard, State
from genrec.data.catalog import Catalog
from genrec.data.interactions import Sequences
from genrec.data.synthetic.draws import Draws
from genrec.data.synthetic.wardrobe import garments
from genrec.data.synthetic.wording import description, title
from genrec.decode.columns import ColumnIndex
from genrec.decode.generator import Generator
from genrec.decode.living import Snapshot
from genrec.decode.requests import Recommendations, limits_of, listed, offsets_of
from genrec.decode.torch_engine import TorchEngine
from genrec.decode.trie import Trie
from genrec.decode.wishes import Wishes
from genrec.model.compact import CompactConfig, CompactModel
from genrec.sid import SemanticIds

SIZES = (12, 9, 8, 4)


def snapshot(
    rows: list[dict[str, Any]], version: int = 0, available: np.ndarray | None = None, **types: Any
) -> Snapshot:
    """A catalogue with an engine whose weights are drawn by chance."""
    catalog = Catalog(pl.DataFrame(rows, infer_schema_length=None, schema_overrides=types))
    n, random = len(catalog), np.random.default_rng(5)
    codes = np.stack(np.unravel_index(random.permutation(np.prod(SIZES))[:n], SIZES), axis=1)
    ids = SemanticIds(codes, SIZES)
    torch.manual_seed(5)
    model = CompactModel(CompactConfig(SIZES, n, 8, width=16, layers=1, heads=2, max_items=6))
    model.set_items(codes, random.normal(size=(n, 8)).astype(np.float32), np.ones(n, bool))
    trie = Trie.build(ids)
    engine = TorchEngine(model.eval(), trie, width=20)
    there = np.ones(n, bool) if available is None else available
    index = ColumnIndex(catalog.table, engine.trie.order)
    prior = np.log1p(random.integers(0, 50, n)).astype(np.float32)
    held = None if available is None else available
    return Snapshot(version, catalog, Generator(engine, prior, index=index, available=held), there)


@dataclass
class Shop:
    """A conversation and the engine behind it, without a recommender's folder."""

    now: Snapshot
    talk: Conversation

    def heard(self, message: str, shown: Sequence[str] = (), so_far: State | None = None) -> Heard:
        state = so_far or State()
        return self.talk.gazetteer.hear(message, state.answered(tuple(shown), "") if shown else state)

    def found(self, turn: Turn) -> Recommendations | None:
        """As `Recommender.recommend_many` answers."""
        if turn.ask is None:
            return None
        asked, now = [turn.ask.request], self.now
        histories = Sequences.from_lists([[now.catalog.index[one] for one in turn.ask.request.history]])
        limits = limits_of(asked, now)
        wishes = Wishes(limits, offsets_of(asked, now, None))
        answer = now.generator.recommend(histories, turn.ask.k, exclude_seen=True, wishes=wishes)
        return listed(answer, asked, limits, histories, True, now)[0]

    def say(self, *said: str, history: Sequence[str] = (), k: int = 5, **options: Any) -> list[Reply]:
        """The answers to what somebody says, one after the other."""
        messages: list[dict[str, str]] = []
        replies = []
        for one in said:
            messages.append({"role": "user", "content": one})
            turn = self.talk.hear(messages, history=history, k=k, **options)
            reply = self.talk.reply(turn, self.talk.pick(turn, self.found(turn)), {})
            replies.append(reply)
            messages.append({"role": "assistant", "content": reply.text})
        return replies

    def values(self, reply: Reply, column: str) -> set[Any]:
        table, index = self.now.catalog.table, self.now.catalog.index
        return {table[column][index[one.item_id]] for one in reply.items}


def shop(rows: list[dict[str, Any]], **types: Any) -> Shop:
    now = snapshot(rows, **types)
    return Shop(now, Conversation(now))


def fashion_rows(count: int = 400) -> list[dict[str, Any]]:
    draws, rows = Draws(3, 3), []
    for number, garment in enumerate(garments(count, 3)):
        name, words = title(garment, draws), description(garment, draws)
        said = {
            "item_id": f"F{number:03d}",
            "title": name,
            "text": f"{name}. {words} {garment.brand}.",
            "description": words,
        }
        rows.append({**said, **asdict(garment), "series": garment.series or None})
    return rows


def tool_rows() -> list[dict[str, Any]]:
    random = np.random.default_rng(1)
    kinds = {
        "drill": ("cordless", "corded"),
        "hammer": ("manual",),
        "saw": ("manual", "cordless"),
        "sander": ("corded",),
    }
    brands, rows = ("Torwald", "Hexa", "Grip & Co", "Bolt Bros"), []
    for number in range(160):
        kind = list(kinds)[number % 4]
        power = str(random.choice(kinds[kind]))
        brand = str(random.choice(brands))
        waterproof = bool(random.random() < 0.5)
        name = f"{brand} {power.title()} {kind.title()} {100 + number}"
        rows.append(
            {
                "item_id": f"T-{number}", "title": name,
                "text": f"{name}. {'Any weather' if waterproof else 'Indoors'}.",
                "type": kind, "power_source": power, "maker": brand, "waterproof": waterproof,
                "weight_kg": round(float(random.uniform(0.3, 6)), 2), "price": round(float(random.uniform(8, 240)), 2),
            }
        )  # fmt: skip
    return rows


def book_rows() -> list[dict[str, Any]]:
    random = np.random.default_rng(2)
    genres = ("science fiction", "mystery", "romance", "history", "comedy", "horror")
    authors = ("Ada Winter", "Bo Lindqvist", "Carla Reyes", "Dov Adler", "Emi Tanaka", "Fay Moss")
    nouns = ("Lantern", "Harbour", "Clock", "Orchard", "Signal", "Archive", "Voyage", "Mirror")
    rows = []
    for number in range(180):
        own = sorted({genres[number % 6], str(random.choice(genres))})
        name = f"The {nouns[number % 8]} of {['Glass', 'Salt', 'Ash', 'Light', 'Paper'][number % 5]}"
        rows.append(
            {
                "item_id": f"b{number:04d}", "title": name, "text": f"{name}. A book about {own[0]}.", "genres": own,
                "author": str(random.choice(authors)), "language": str(random.choice(["English", "German", "French"])),
                "pages": int(random.integers(90, 900)), "year": int(random.integers(1950, 2024)),
                "rating": round(float(random.uniform(2, 5)), 1), "hardcover": bool(random.random() < 0.3),
            }
        )  # fmt: skip
    return rows


def bare_rows() -> list[dict[str, Any]]:
    random = np.random.default_rng(3)
    tags = ("Garden", "Kitchen", "Bathroom", "Outdoor Living", "Storage", "Lighting")
    things = ("Basket", "Lamp", "Bench", "Shelf", "Bowl", "Hook")
    rows = []
    for number in range(120):
        own = random.choice(tags, 2, replace=False)
        name = f"{['Oak', 'Steel', 'Rattan', 'Clay'][number % 4]} {things[number % 6]} {number}"
        rows.append({"item_id": f"X{number}", "title": name, "text": f"{name}. {own[0]}. {own[1]}."})
    return rows


@pytest.fixture(scope="package")
def fashion() -> Shop:
    return shop(fashion_rows(), series=pl.String)


@pytest.fixture(scope="package")
def tools() -> Shop:
    return shop(tool_rows())


@pytest.fixture(scope="package")
def books() -> Shop:
    return shop(book_rows())


@pytest.fixture(scope="package")
def bare() -> Shop:
    return shop(bare_rows())


@pytest.fixture(scope="package")
def make() -> Callable[..., Shop]:
    return shop
