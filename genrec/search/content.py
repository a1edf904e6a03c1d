"""Search over one version of a catalogue, without a language model: by words, by a picture, by a change of one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from PIL import Image

from genrec.data.catalog import Catalog, moved_rows
from genrec.errors import UserError
from genrec.explain.gazetteer import Synonyms
from genrec.model.tasks.wording import HEADS
from genrec.search.pictures import Eye, Pictures
from genrec.search.values import ItemValues, Reading
from genrec.search.words import WordIndex, weighed, words_of

if TYPE_CHECKING:
    from genrec.decode.living import Snapshot

TITLE = 1.5
"""How much a word of a title counts beside the same word anywhere in the row."""
VALUE = 40.0
"""How much a value that the text states counts: more than its words, for titles say it in other words."""
KIND = 10.0
"""How much it counts that a changed thing stays of its kind and keeps what the text names, beside any other value."""
POPULAR = 1e-4
"""Of popularity's logarithm, between items that meet a text equally well."""


@dataclass(frozen=True, eq=False)
class Rows:
    """What a version's rows say, and the table they were read from, for the next version to compare with."""

    table: pl.DataFrame
    words: WordIndex
    titles: WordIndex
    values: ItemValues

    @classmethod
    def of(cls, catalog: Catalog, former: Rows | None, synonyms: Synonyms | None) -> Rows:
        """Of a version that only adds or changes rows, the others stand as `former` has them."""
        values = former.values if former is not None else ItemValues.of(catalog, synonyms)
        table = catalog.table.select("item_id", "title", "text", *values.columns)
        moved = None if former is None else moved_rows(former.table, table)
        if former is None or moved is None:
            values = values if former is None else ItemValues.of(catalog, synonyms)
            table = catalog.table.select("item_id", "title", "text", *values.columns)
            return cls(table, WordIndex.of(_texts(table)), WordIndex.of(_titles(table), b=0), values)
        words, titles = former.words, former.titles
        if len(moved):
            some = table[moved]
            words, titles = words.changed(moved, _texts(some)), titles.changed(moved, _titles(some))
            values = values.changed(moved, some)
        fresh = table[len(former.table) :]
        if len(fresh):
            words, titles = words.extended(_texts(fresh)), titles.extended(_titles(fresh))
            values = values.extended(fresh)
        return cls(table, words, titles, values)


class ContentSearch:
    """See `of`. Scores are float32 (N,), higher is nearer, of all items, withdrawn ones too: who asks leaves those out.

    A version's search is made when it is asked, from the former version's where there is one; it may be used by many
    threads.
    """

    def __init__(
        self, now: Snapshot, rows: Rows, eye: Eye, pictures: Pictures | None, synonyms: Synonyms | None
    ) -> None:
        self.now, self.rows, self._eye, self._former, self._synonyms = now, rows, eye, pictures, synonyms

    @classmethod
    def of(
        cls, path: Path, now: Snapshot, former: ContentSearch | None = None, synonyms: Synonyms | None = None
    ) -> ContentSearch:
        """Of the run in `path` at the version `now`. former: of another version of the same run, to go on from.

        synonyms: words for columns' values, {column: {value: [word, …]}}, beside those that titles teach.
        """
        same = former is not None and former._synonyms is synonyms
        rows = Rows.of(now.catalog, former.rows if former is not None and same else None, synonyms)
        if former is None:
            return cls(now, rows, Eye(path), None, synonyms)
        return cls(now, rows, former._eye, former.__dict__.get("pictures", former._former), synonyms)

    @cached_property
    def pictures(self) -> Pictures:
        """UserError where the run's items have no picture vectors."""
        return Pictures.of(self._eye, self.now.catalog, self._former)

    def text(self, query: str) -> np.ndarray:
        """How well items meet a text; -inf where nothing of it is said of them. UserError for an empty one."""
        if not query.strip():
            raise UserError(
                "the search is empty: say in words what is looked for, for example «a red dress for summer»"
            )
        values, reading = self.rows.values, self.rows.values.read(query)
        wanted = np.zeros(values.has.shape[1], np.float32)
        for one in reading.stated:
            for fact, sure in one.facts.items():
                wanted[fact] += (-sure if one.denied else sure) * VALUE
        said = self._words(words_of(query))
        scores = said + values.has @ wanted
        scores = np.where(scores != 0, scores, -np.inf)
        found: np.ndarray = (scores + POPULAR * self.now.generator.prior.numpy()).astype(np.float32)
        return found

    def picture(self, image: Image.Image) -> np.ndarray:
        """How like a picture items' own pictures are; -inf for items without one."""
        found = self.pictures.like(image)
        return np.where(self.pictures.mask, found, np.float32(-np.inf))

    def changed(self, image_or_item: Image.Image | int, change: str) -> np.ndarray:
        """How well items meet «like this, but in red», of a picture or an item index. UserError for an empty change."""
        if not change.strip():
            raise UserError("the change is empty: say what shall be other, for example «in red»")
        values, reading = self.rows.values, self.rows.values.read(change)
        if isinstance(image_or_item, Image.Image):
            likeness = self.pictures.like(image_or_item)
            kept = values.has.T @ self.pictures.sure(likeness)
        else:
            likeness = np.zeros(len(values), np.float32)
            kept = np.asarray(values.has[image_or_item].todense()).ravel()
        return self._like(reading, kept, likeness, words_of(change))

    def _like(self, reading: Reading, kept: np.ndarray, likeness: np.ndarray, words: list[str]) -> np.ndarray:
        """kept: float32 (F,), how surely the thing to change has each fact."""
        values = self.rows.values
        weight = np.zeros(values.has.shape[1], np.float32)
        columns = {values.facts[one.fact].attribute for one in reading.stated if not one.denied} | set(reading.others)
        named = set(reading.names) - columns
        for fact, sure in enumerate(kept.tolist()):
            column = values.facts[fact].attribute
            if column not in columns:
                weight[fact] = sure * (KIND if column in HEADS or column in named else 1)
            elif column in reading.others:
                weight[fact] = -VALUE * sure
        for one in reading.stated:
            for fact, sure in one.facts.items():
                weight[fact] += (-sure if one.denied else sure) * VALUE
        found: np.ndarray = values.has @ weight + likeness
        if not reading.stated and not reading.others:
            found = found + self._words(words)
        return found.astype(np.float32)

    def _words(self, words: list[str]) -> np.ndarray:
        rows = self.rows
        known = weighed(words, rows.words)
        return rows.words.scores(known) + TITLE * rows.titles.scores(known)


def _texts(table: pl.DataFrame) -> list[list[str]]:
    columns = [name for name in table.columns if name != "item_id"]
    return [words_of(" ".join(_said(value) for value in row)) for row in table.select(columns).iter_rows()]


def _titles(table: pl.DataFrame) -> list[list[str]]:
    return [words_of(title or "") for title in table["title"].to_list()]


def _said(value: object) -> str:
    if isinstance(value, list):
        return " ".join(str(one) for one in value if one is not None)
    return "" if value is None else str(value)
