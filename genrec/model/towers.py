"""Two towers over words: what a query asks for, and what an item's row says of it.

A query is a bag of words, an item one of the words and values of its row; each tower makes a vector, and the product of
two says how well the item meets the query. It is the two-tower model of retrieval (Huang et al. 2013, «Learning deep
structured semantic models for web search», with bags of words instead of letter trigrams), small enough to learn in a
minute on a CPU. A language model's codes say what items are like; rows tell apart what three codes cannot. An item that
comes later has a vector from its row, without training.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from genrec.data.catalog import Catalog
from genrec.embed.attributes import suitable
from genrec.errors import UserError
from genrec.model.vocabulary import BEGIN, END, text
from genrec.sid.codes import SemanticIds

WORD = re.compile(r"\w+")
ITEM = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}")
NAMED = "@"
"""Before a word of an item that a query names: not what is asked for, but what it shall be like."""
SCHEMA = 1


class WordTowers(nn.Module):
    """asked, said: the words of queries and of items' rows that it knows. columns: of the catalogue, read beside title
    and text. width: d of both towers' vectors.

    With s the sum of a query's word vectors: f(q) = s + MLP(LayerNorm(s)); an item is the sum of its words' vectors.
    """

    def __init__(
        self, asked: Sequence[str], said: Sequence[str], columns: Sequence[str], width: int, dropout: float = 0.2
    ) -> None:
        super().__init__()
        self.asked, self.said = ({word: n for n, word in enumerate(words)} for words in (asked, said))
        self.columns, self.width = tuple(columns), width
        self.queries = nn.EmbeddingBag(max(1, len(asked)), width, mode="sum")
        self.rows = nn.EmbeddingBag(max(1, len(said)), width, mode="sum")
        for bag in (self.queries, self.rows):
            nn.init.normal_(bag.weight, std=0.05)
        self.dropout = nn.Dropout(dropout)
        self.turn = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    @classmethod
    def over(cls, queries: Iterable[Sequence[str]], catalog: Catalog, width: int) -> WordTowers:
        """Untrained, for the words that stand in two of `queries` or more, and those of the catalogue's rows."""
        columns = [name for name in suitable(catalog.table) if not catalog.table[name].dtype.is_numeric()]
        asked = Counter(word for query in queries for word in set(query))
        said = Counter(word for row in words_of_rows(catalog.table, columns) for word in row)
        return cls(sorted(word for word, times in asked.items() if times > 1), sorted(said), columns, width)

    def of_items(self, words: Tensor, starts: Tensor) -> Tensor:
        """Vectors of items, as `forward` of queries."""
        found: Tensor = self.rows(words, starts)
        return found

    def forward(self, queries: Tensor, starts: Tensor) -> Tensor:
        """Vectors of B queries, float32 (B, width). queries: int64, their words one after the other; starts (B,)."""
        found: Tensor = self.dropout(self.queries(queries, starts))
        turned: Tensor = self.turn(found)
        return found + turned

    @torch.no_grad()
    def items(self, table: pl.DataFrame) -> np.ndarray:
        """float32 (rows, width): the vectors of a catalogue's rows."""
        words = [self.known(row, self.said) for row in words_of_rows(table, self.columns)]
        found: np.ndarray = self.of_items(*bags(words)).numpy()
        return found

    @torch.no_grad()
    def encode(self, queries: Sequence[Sequence[str]]) -> np.ndarray:
        """float32 (B, width) of queries in words; zero for one that has no known word."""
        words = [self.known(query, self.asked) for query in queries]
        self.eval()
        found: np.ndarray = self(*bags(words)).numpy()
        found[[not row for row in words]] = 0
        return found

    @staticmethod
    def known(words: Sequence[str], numbers: Mapping[str, int]) -> list[int]:
        """The numbers of the different words that are known."""
        return [numbers[word] for word in dict.fromkeys(words) if word in numbers]

    def save(self, folder: Path, **more: float) -> None:
        """more: what else its JSON shall say."""
        folder.mkdir(parents=True, exist_ok=True)
        save_file(
            {name: value.contiguous() for name, value in self.state_dict().items()}, folder / "towers.safetensors"
        )
        said = {"schema": SCHEMA, "width": self.width, "columns": self.columns, **more}
        said |= {"asked": list(self.asked), "said": list(self.said)}
        (folder / "towers.json").write_text(json.dumps(said), encoding="utf-8")

    @classmethod
    def from_pretrained(cls, folder: Path) -> tuple[WordTowers, dict[str, float]]:
        """The towers, and what more `save` was told. UserError for a folder of another GenRec."""
        said = json.loads((folder / "towers.json").read_text(encoding="utf-8"))
        if said.pop("schema") != SCHEMA:
            raise UserError(f"{folder} is not of this GenRec's schema ({SCHEMA}): make it again with `genrec lm train`")
        towers = cls(said.pop("asked"), said.pop("said"), said.pop("columns"), said.pop("width"))
        towers.load_state_dict(load_file(folder / "towers.safetensors"))
        return towers.eval(), said


def bags(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Rows one after the other, int64, and where each starts: as `nn.EmbeddingBag` takes them."""
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])])[:-1].astype(np.int64)
    inner = np.fromiter((one for row in rows for one in row), np.int64)
    return torch.from_numpy(inner), torch.from_numpy(starts)


def words_of_rows(table: pl.DataFrame, columns: Sequence[str]) -> list[list[str]]:
    """Of every item the words of title and text, and its values: «colour=navy blue»."""
    rows = [words_of(f"{title or ''} {said or ''}") for title, said in table.select("title", "text").iter_rows()]
    for name in columns:
        for row, value in zip(rows, table[name].to_list(), strict=True):
            values = value if isinstance(value, list) else [value]
            for one in (" ".join(str(one).lower().split()) for one in values if one is not None):
                if one:
                    row += [*words_of(one), f"{name}={one}"]
    return rows


def words_of(said: str) -> list[str]:
    return WORD.findall(said.lower())


class QueryReader:
    """Queries in words, in which an item that a query names is what its row says. Rows are read when one is named."""

    def __init__(self, towers: WordTowers, catalog: Catalog, ids: SemanticIds) -> None:
        self.towers, self._table, self._ids = towers, catalog.table, ids
        self._items: dict[str, int] | None = None

    def words(self, query: str) -> list[str]:
        """Its words, then those of the items it names, marked."""
        named = ITEM.findall(query)
        plain = words_of(ITEM.sub(" ", query))
        return plain + [NAMED + word for one in named for word in self._row(one)]

    def encode(self, queries: Sequence[str]) -> np.ndarray:
        """float32 (B, width)."""
        return self.towers.encode([self.words(query) for query in queries])

    def _row(self, item: str) -> list[str]:
        if self._items is None:
            self._items = {text(codes): n for n, codes in enumerate(self._ids.codes)}
        place = self._items.get(item)
        if place is None:
            return []
        words = words_of_rows(self._table[place : place + 1], self.towers.columns)[0]
        # What it shall be like is a matter of its values; where it has none, of its text.
        return [word for word in words if "=" in word] or words
