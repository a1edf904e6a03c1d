"""What a language model may name, one version at a time: the trie, its words, what is available, the columns.

A process that serves a model has one *current* stock. Whoever masks takes it once a step, by one read; `put` puts
another in its place by one assignment, while requests are in flight.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from genrec.data.catalog import Catalog
from genrec.decode.bitmaps import RankBitmap
from genrec.decode.columns import ColumnIndex
from genrec.decode.sid_mask import SidMask
from genrec.decode.trie import Trie
from genrec.errors import UserError
from genrec.model.lm import ABOUT, check_catalogue, read_about
from genrec.model.vocabulary import SidVocabulary
from genrec.sid import SemanticIds

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, eq=False)
class Stock:
    """Never changed once it is made.

    trie, vocabulary: the items and their words. catalog: ids and columns, which requests' lists and filters need; None
    where there are none. available: the ranks that anybody may get, None for all. version: counts changes. model: the
    folder of the model whose stock it is, "" for whichever model a process has.
    """

    trie: Trie
    vocabulary: SidVocabulary
    catalog: Catalog | None = None
    available: RankBitmap | None = None
    version: int = 0
    model: str = ""

    def __post_init__(self) -> None:
        for what, n in (
            ("catalogue rows", None if self.catalog is None else len(self.catalog)),
            ("ranks of a bitmap", None if self.available is None else self.available.n),
        ):
            if n not in (None, len(self.trie)):
                raise ValueError(f"{n} {what} for {len(self.trie)} items in the trie")

    @cached_property
    def rank_of(self) -> np.ndarray:
        """int64 (N,), every item's rank."""
        ranks: np.ndarray = self.trie.rank_of().cpu().numpy()
        return ranks

    @cached_property
    def index(self) -> ColumnIndex:
        """The catalogue's columns, for filters. UserError where there is no catalogue."""
        if self.catalog is None:
            raise UserError(
                "where, allow and deny need the catalogue's table, and the model was loaded without one: name the "
                "workspace it belongs to (GENREC_CATALOGUE)"
            )
        return ColumnIndex(self.catalog.table, self.trie.order)

    def mask(self, device: str | torch.device) -> SidMask:
        """Made at the first call for a device and kept: it takes a moment where there are millions of items.

        UserError where the words are those of other codebooks.
        """
        name = str(device)
        if name not in self._masks:
            self._masks[name] = SidMask(self.trie, self.vocabulary, device)
        return self._masks[name]

    @cached_property
    def _masks(self) -> dict[str, SidMask]:
        return {}

    def changed(
        self,
        *,
        available: RankBitmap | None,
        trie: Trie | None = None,
        catalog: Catalog | None = None,
        version: int | None = None,
    ) -> Stock:
        """The next version. available: the ranks of its trie, None for all. trie, catalog: None where they stay."""
        number = self.version + 1 if version is None else version
        other = Stock(trie or self.trie, self.vocabulary, catalog or self.catalog, available, number, self.model)
        if other.trie is self.trie:
            kept = ("rank_of", "_masks", *(["index"] if catalog is None else []))
            other.__dict__.update({name: self.__dict__[name] for name in kept if name in self.__dict__})
        return other


def load(workspace: Path, tokenizer: PreTrainedTokenizerBase, model: Path) -> Stock:
    """The catalogue of a workspace (its stages `sid` and `data`) in the words of the tokenizer of `model`.

    Where `model` is that of a language model's folder (`genrec.model.lm`), it must have been trained on these semantic
    IDs. UserError where it was not, and where a part is missing.
    """
    ids = SemanticIds.load(workspace / "sid" / "sids.safetensors")
    folder = model.resolve().parent
    if (folder / ABOUT).is_file():
        check_catalogue(folder, read_about(folder), ids)
    table = workspace / "data" / "catalog.parquet"
    catalog = Catalog.read(table) if table.is_file() else None
    words = SidVocabulary.of(tokenizer, ids.codebook_sizes)
    return Stock(Trie.build(ids), words, catalog, model=str(model))


_current: Stock | None = None


def current() -> Stock | None:
    """What this process stocks now; None before the first `put`."""
    return _current


def put(stock: Stock | None) -> None:
    """From the next step on this is what may be named, in answers that are under way too."""
    global _current
    _current = stock
