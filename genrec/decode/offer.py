"""What a language model may name, one version at a time: semantic IDs, their words, what is available, the columns.

A process that serves one model has one *current* offer. Whoever masks or searches takes it once a step, by one read;
`put` puts another in its place by one assignment, while requests are in flight.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import torch

from genrec.data.catalog import Catalog
from genrec.decode.bitmaps import RankBitmap
from genrec.decode.columns import ColumnIndex
from genrec.decode.sid_mask import SidMask
from genrec.decode.trie import Trie
from genrec.errors import UserError
from genrec.model.vocabulary import SidVocabulary
from genrec.sid import SemanticIds

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, eq=False)
class Offer:
    """Never changed once it is made.

    ids, vocabulary: the items and their words. available: bool (N,) by item, None for all. catalog: ids and columns,
    which requests' lists and filters need; None where there are none. version: counts changes.
    """

    ids: SemanticIds
    vocabulary: SidVocabulary
    catalog: Catalog | None = None
    available: np.ndarray | None = None
    version: int = 0

    def __post_init__(self) -> None:
        if self.vocabulary.codebook_sizes != self.ids.codebook_sizes:
            raise UserError(
                f"the model's words are for codebook sizes {self.vocabulary.codebook_sizes}, the catalogue's semantic "
                f"IDs have {self.ids.codebook_sizes}: give the catalogue that the model was trained on"
            )
        for what, given in (("catalogue rows", self.catalog), ("entries in `available`", self.available)):
            if given is not None and len(given) != len(self.ids):
                raise ValueError(f"{len(given)} {what} for {len(self.ids)} semantic IDs")

    @cached_property
    def trie(self) -> Trie:
        return Trie.build(self.ids)

    @cached_property
    def rank_of(self) -> np.ndarray:
        """int64 (N,), every item's rank."""
        ranks: np.ndarray = self.trie.rank_of().cpu().numpy()
        return ranks

    @cached_property
    def on_offer(self) -> RankBitmap | None:
        """`available` by rank."""
        return None if self.available is None else RankBitmap.of_mask(self.available[self.trie.order.numpy()])

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
        """Made at the first call for a device and kept: it takes a moment where there are millions of items."""
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
        version: int | None = None,
        codes: np.ndarray | None = None,
        available: np.ndarray | None = None,
        table: bytes | None = None,
    ) -> Offer:
        """The next version; what is None stays as it is. All of it can travel between processes.

        codes: uint16 (N, L), of all items, those known in their order. available: bool (N,). table: the catalogue, as
        `packed` gives it.
        """
        same = codes is None
        ids = self.ids if codes is None else SemanticIds(codes, self.ids.codebook_sizes)
        if available is None and self.available is not None:
            # A grown catalogue whose newcomers nobody spoke of: they are there.
            available = np.ones(len(ids), bool)
            some = min(len(ids), len(self.available))
            available[:some] = self.available[:some]
        catalog = self.catalog if table is None else Catalog(pl.read_ipc(io.BytesIO(table)))
        other = Offer(ids, self.vocabulary, catalog, available, self.version + 1 if version is None else version)
        if same:
            kept = ("trie", "rank_of", "_masks", *(["index"] if table is None else []))
            other.__dict__.update({name: self.__dict__[name] for name in kept if name in self.__dict__})
        return other


def packed(catalog: Catalog) -> bytes:
    """A catalogue's table, for `Offer.changed` in another process."""
    buffer = io.BytesIO()
    catalog.table.write_ipc(buffer)
    return buffer.getvalue()


def load(workspace: Path, tokenizer: PreTrainedTokenizerBase, fingerprint: str | None = None) -> Offer:
    """The catalogue of a workspace (its stages `sid` and `data`) in the words of a tokenizer.

    fingerprint: of the semantic IDs that the model was trained on. UserError where a part is missing or of another
    catalogue.
    """
    from genrec.decode.living import fingerprint as fingerprint_of

    ids = SemanticIds.load(workspace / "sid" / "sids.safetensors")
    if fingerprint is not None and fingerprint != fingerprint_of(ids):
        raise UserError(
            f"the model was trained on other semantic IDs than {workspace} has: give the workspace it was trained in, "
            "or train it again (`genrec lm train`)"
        )
    table = workspace / "data" / "catalog.parquet"
    catalog = Catalog.read(table) if table.is_file() else None
    return Offer(ids, SidVocabulary.of(tokenizer, ids.codebook_sizes), catalog)


def workspace_of(model: Path) -> tuple[Path, str | None] | None:
    """The workspace that a model folder `<workspace>/lm…/model` lies in, and the fingerprint of its semantic IDs.

    None where it lies in none.
    """
    about = model.resolve().parent / "lm.json"
    workspace = about.parent.parent
    if not about.is_file() or not (workspace / "sid" / "sids.safetensors").is_file():
        return None
    said = json.loads(about.read_text(encoding="utf-8"))
    return workspace, said.get("catalogue")


_current: Offer | None = None


def current() -> Offer | None:
    """What this process offers now; None before the first `put`."""
    return _current


def put(offer: Offer) -> None:
    """From the next step on this is what may be named, in answers that are under way too."""
    global _current
    _current = offer
