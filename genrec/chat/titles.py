"""Items by their titles. A later version of a catalogue goes on from what the former one has made."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import polars as pl

from genrec.data.catalog import Catalog
from genrec.explain.gazetteer import short

WORDS = 14
"""Words of a title that are compared."""
SAME = 50
"""Items of one title that are told apart."""
HEAD = r"^([^,(\[|]+)"
NOT_WORDS = r"[^\p{L}\p{N}']+"


class Titles:
    """Of one catalogue."""

    def __init__(self, catalog: Catalog, former: Titles | None = None) -> None:
        self.catalog = catalog
        self._former: Titles | None = former._former if former is not None and former._by_key is None else former
        self._by_key: dict[str, list[int]] | None = None

    @property
    def by_key(self) -> dict[str, list[int]]:
        """From a title in plain words, whole and up to its first comma, to item indices; made when first asked for."""
        if self._by_key is None:
            former, self._former = self._former, None
            table = self.catalog.table
            rows, made = pl.arange(0, table.height, eager=True, dtype=pl.UInt32), dict[str, list[int]]()
            if former is not None and former._by_key is not None and former.catalog.table.height <= table.height:
                old = former.catalog.table["title"]
                same = table["title"].head(len(old)).eq_missing(old)
                rows = (~same).arg_true().append(pl.arange(len(old), table.height, eager=True, dtype=pl.UInt32))
                made = dict(former._by_key)
            titles = table["title"].gather(rows).fill_null("")
            heads = titles.str.extract(HEAD, 1).fill_null("")
            pairs = pl.DataFrame({"key": _keys(titles).append(_keys(heads)), "row": rows.append(rows)}).unique()
            groups = pairs.filter(pl.col("key") != "").sort("row").group_by("key").agg(pl.col("row").head(SAME))
            for key, own in groups.iter_rows():
                made[key] = [*made[key], *own][-SAME:] if key in made else own
            self._by_key = made
        return self._by_key

    def of(self, shown: Collection[str]) -> dict[str, tuple[str, ...]]:
        """The same for these items alone, short forms of titles too."""
        found: dict[str, tuple[str, ...]] = {}
        for item_id in shown:
            title = self.catalog.table["title"][self.catalog.index[item_id]] or ""
            for form in {title, short(title), re.split(r"[,(\[|]", title)[0]}:
                if key := _key(form):
                    found[key] = tuple(dict.fromkeys((*found.get(key, ()), item_id)))
        return found

    def match(self, words: Sequence[str], own: dict[str, tuple[str, ...]]) -> tuple[tuple[str, ...], int] | None:
        """The longest title that these words begin with, at least two words long: items and words used. own: first."""
        parts: list[str] = []
        ends: list[int] = []
        for word in words:
            parts += [part for part in re.split(r"[^\w']+|_", word) if part]
            ends.append(len(parts))
            if len(parts) >= WORDS:
                break
        for place in range(len(ends) - 1, -1, -1):
            if place and ends[place] == ends[place - 1]:
                continue  # a sign at its end
            key = " ".join(parts[: ends[place]])
            if ends[place] > 1 and key in own:
                return own[key], place + 1
            if ends[place] > 1 and key in self.by_key:
                rows = [row for row in self.by_key[key] if self._called(row, key)]
                if rows:
                    return tuple(self.catalog.ids[row] for row in rows), place + 1
        return None

    def _called(self, row: int, key: str) -> bool:
        """Whether it is still called that: titles change."""
        title = self.catalog.table["title"][row] or ""
        return key in (_key(title), _key(re.split(r"[,(\[|]", title)[0]))


def _keys(titles: pl.Series) -> pl.Series:
    return titles.str.replace_all("’", "'").str.to_lowercase().str.replace_all(NOT_WORDS, " ").str.strip_chars()


def _key(title: str) -> str:
    return str(_keys(pl.Series([title]))[0])
