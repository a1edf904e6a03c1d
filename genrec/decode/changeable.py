"""A catalogue that its owner may change while it is asked: what `Recommender` inherits of `genrec.decode.living`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import polars as pl

from genrec.data.catalog import Catalog
from genrec.decode.requests import indices_of
from genrec.errors import UserError, nearest

if TYPE_CHECKING:
    from genrec.decode.generator import Generator
    from genrec.decode.journal import Entry
    from genrec.decode.living import Living, Snapshot

LIVE = "live"
"""The folder of changes to the catalogue since: see `genrec.decode.journal`."""

Items = pl.DataFrame | Iterable[Mapping[str, Any]]


@dataclass
class _Still:
    """A catalogue that nobody has changed."""

    current: Snapshot


class Changeable(ABC):
    """The catalogue of the run in `path`. Encoders and log are loaded when the first change needs them."""

    def __init__(self, path: Path, first: Snapshot) -> None:
        self.path = path
        self._held: Living | _Still = _Still(first)
        self._lock = Lock()

    @abstractmethod
    def _first(self) -> Snapshot:
        """The catalogue as it was trained, made anew."""

    @property
    def snapshot(self) -> Snapshot:
        """Catalogue, generator and availability as they stand now; what is taken once stays as it is."""
        return self._held.current

    @property
    def catalog(self) -> Catalog:
        """All items that can stand in a history, withdrawn ones too."""
        return self.snapshot.catalog

    @property
    def generator(self) -> Generator:
        return self.snapshot.generator

    @contextmanager
    def together(self) -> Iterator[None]:
        """Additions, changes, withdrawals and restorations made within count at once, or, after an error, not at all.

        Until then `snapshot` is what it was; other threads' changes wait.
        """
        with self._living().together():
            yield

    def add_items(self, items: Items) -> Entry:
        """New items, there for every request that begins after this returns; the version that this makes.

        items: a data frame or one mapping an item, with item_id and columns of the catalogue. A text that is not given
        is made as readers make it, of title, brand, categories and description. image: a path, absolute or below the
        catalogue's root. All is written to `path`/live before it counts, and there again after a restart.

        UserError, and nothing has changed, for an id that is there already or comes twice, an item with neither text
        nor image, a column that the catalogue lacks.
        """
        from genrec.data.readers.columns import compose, text_sources

        with _readable():
            rows = items if isinstance(items, pl.DataFrame) else pl.DataFrame(list(items), infer_schema_length=None)
            texts = text_sources({}, [name for name in rows.columns if name != "text"])
            if texts:
                said = [pl.col("text")] if "text" in rows.columns else []
                rows = rows.with_columns(pl.coalesce(*said, compose(rows, texts)).alias("text"))
        return self._living().add(rows)

    def change_items(self, items: Items) -> Entry:
        """Other values in columns of items that are there: a price, a title, a text. What is not named stays.

        Semantic IDs stay too. A changed text, picture or attribute gives the item another content vector, if the run's
        encoder reads it.
        """
        rows = items if isinstance(items, pl.DataFrame) else self._filled(list(items))
        return self._living().change(rows)

    def withdraw(self, item_ids: Sequence[str]) -> Entry:
        """Nobody gets these items from the next request on. In histories they may still stand."""
        return self._living().withdraw(item_ids)

    def restore(self, item_ids: Sequence[str]) -> Entry:
        """Withdrawn items are there again."""
        return self._living().restore(item_ids)

    def rollback(self, version: int) -> Entry:
        """A new version that equals `version`; items added since are no longer known. 0: as trained."""
        return self._living().rollback(version)

    @property
    def version(self) -> int:
        """Of the catalogue as it stands: how many changes there were since the run was trained."""
        return self.snapshot.version

    @property
    def log(self) -> list[Entry]:
        """All changes, oldest first."""
        return [] if isinstance(self._held, _Still) else list(self._held.journal.entries)

    def _living(self) -> Living:
        from genrec.decode.living import Frozen, Living
        from genrec.embed.items import ItemEncoder
        from genrec.sid import load_tokenizer

        def frozen() -> Frozen:
            encoder = ItemEncoder.from_pretrained(self.path / "embed" / "encoders")
            attributes = encoder.attributes.columns if encoder.attributes is not None else ()
            return Frozen(
                lambda catalog: encoder.encode(catalog)[1],
                load_tokenizer(self.path / "sid" / "tokenizer"),
                frozenset({"text", "image", *attributes}),
            )

        with self._lock:
            if isinstance(self._held, _Still):
                self._held = Living(self._held.current, self._first, self.path / LIVE, frozen)
            return self._held

    def _filled(self, changes: list[Mapping[str, Any]]) -> pl.DataFrame:
        """One row a mapping; what one does not name, and another does, stays as it is in the catalogue."""
        catalog = self.catalog
        names = list(dict.fromkeys(name for change in changes for name in change))
        for name in names:
            if name not in catalog.table.columns:
                raise UserError(f"the catalogue has no column {name!r}; {nearest(name, catalog.table.columns)}")
        for change in changes:
            if "item_id" not in change:
                raise UserError(f"a change names no item_id: {dict(change)!r}")
        items = indices_of([change["item_id"] for change in changes], catalog)
        filled = {
            name: [
                change[name] if name in change else catalog.table[name][item]
                for change, item in zip(changes, items, strict=True)
            ]
            for name in names
        }
        with _readable():
            return pl.DataFrame(filled, strict=False)


@contextmanager
def _readable() -> Iterator[None]:
    """What makes no table is the user's to mend."""
    try:
        yield
    except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError) as error:
        raise UserError(f"the items make no table, a column holds values of several kinds: {error}") from None
