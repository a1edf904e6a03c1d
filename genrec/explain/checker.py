"""The check of what was written: sentence by sentence, against the catalogue and the history and nothing else.

A sentence stays if every claim that the reader finds in it holds. One without any claim stays too: there is nothing to
deny; but it is no citation. What no column says cannot be checked, so a word that describes an item and stands in none
of the texts at hand counts as a claim that nothing supports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from genrec.data.catalog import Catalog
from genrec.explain.claims import Claim, Has, Owned, World
from genrec.explain.gazetteer import PRICES, Gazetteer, Synonyms
from genrec.explain.reader import Reading
from genrec.model.tasks.facts import Facts, replaced
from genrec.sid.codes import SemanticIds


@dataclass(frozen=True)
class Sentence:
    """text: as it was written. claims: what it says. refuted: those of them that do not hold."""

    text: str
    claims: tuple[Claim, ...]
    refuted: tuple[Claim, ...]

    @property
    def kept(self) -> bool:
        return not self.refuted

    @property
    def things(self) -> tuple[int, ...]:
        """The things of the history that it names, in order."""
        return tuple(dict.fromkeys(claim.item for claim in self.claims if isinstance(claim, Owned)))

    def facts_of(self, item: int) -> frozenset[int]:
        """The facts that it says of an item."""
        said = [one.facts for one in self.claims if isinstance(one, Has) and one.item == item and not one.denied]
        return frozenset().union(*said)


class Checker:
    """Of one catalogue; see `Gazetteer` for synonyms."""

    def __init__(self, catalog: Catalog, facts: Facts, ids: SemanticIds, synonyms: Synonyms | None = None) -> None:
        self.facts = facts
        self.gazetteer = Gazetteer(catalog, facts, ids, synonyms)
        self.names = catalog.ids
        self.texts = catalog.table["text"].to_list()
        self.prices = _prices(catalog.table)

    def after(
        self,
        catalog: Catalog,
        facts: Facts,
        ids: SemanticIds,
        rows: np.ndarray,
        before: Mapping[int, str],
        titles: Mapping[int, str],
    ) -> Checker:
        """Of a later version. rows: int64, sorted, the items that differ and those that are new. The others as for
        `Gazetteer.after`."""
        new = Checker.__new__(Checker)
        new.facts, new.names, items = facts, catalog.ids, rows.tolist()
        new.gazetteer = self.gazetteer.after(facts, ids, before, titles)
        new.texts = replaced(self.texts, items, catalog.table[rows]["text"].to_list())
        new.prices = replaced(self.prices, items, _prices(catalog.table[rows])) if self.prices else []
        return new

    def world(self, history: Sequence[int], item: int) -> World:
        return World(self.facts, item, tuple(int(one) for one in history), self.prices, self.names)

    def check(self, text: str, history: Sequence[int], item: int) -> list[Sentence]:
        """All sentences of `text` about `item` for somebody with `history` (item indices, oldest first)."""
        world = self.world(history, item)
        found = []
        for marks in self.gazetteer.sentences(text):
            named = {item, *(thing for mark in marks for thing in mark.items)}
            allowed = self.gazetteer.words(sorted(named), self.texts)
            claims = tuple(Reading(marks, item, set(world.history), allowed).read())
            refuted = tuple(claim for claim in claims if not claim.holds(world))
            found.append(Sentence(text[marks[0].begin : marks[-1].end], claims, refuted))
        return found


def _prices(table: pl.DataFrame) -> list[float | None]:
    column = next((name for name in PRICES if name in table.columns), None)
    return [] if column is None else table[column].cast(pl.Float64, strict=False).to_list()
