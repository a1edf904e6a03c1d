"""An item score that knows words, added to the codes' log-probability when items are asked for in words.

The codes say what an item is like, its row what it is called: a brand or a model's number that three codes cannot
hold stands there word for word. As with the leaf score of histories (`genrec.decode.leaf`) the candidates are the
beams' items and, as proposals, the best by words; those are scored by the codes exactly, by a search that is allowed
nothing else::

    score(i | q) = log p(codes of i | q) + weight · log p(i | words of q)

The latter is a softmax over the catalogue of f(q) · g(i), of two towers over words (`genrec.model.towers`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from genrec.data.catalog import Catalog
from genrec.data.interactions import Sequences
from genrec.decode.beams import CLOSED
from genrec.decode.bitmaps import RankBitmap
from genrec.decode.causal_generator import Prompted
from genrec.decode.constraints import Constraints
from genrec.decode.selection import best
from genrec.decode.wishes import Wishes
from genrec.evaluate.interface import TopK
from genrec.model.towers import QueryReader, WordTowers
from genrec.sid.codes import SemanticIds

if TYPE_CHECKING:
    from genrec.decode.lm_generator import LmGenerator

WORDS = "words"
"""The folder of a language model's towers, beside its weights."""
CELLS = 1 << 24
"""Scores held at once, queries times items: 64 MiB."""


@dataclass(frozen=True, eq=False)
class TextScore:
    """reader: of queries. vectors: float32 (N, d), of the items, by the reader's towers.

    weight: of words beside codes; `genrec.train.towers` learns it. proposals: how many items the
    words may add to a query's candidates.
    """

    reader: QueryReader
    vectors: np.ndarray
    weight: float = 1.0
    proposals: int = 50

    def rank(
        self,
        generator: LmGenerator,
        prompted: Prompted,
        queries: Sequence[str],
        closed: Sequences | None,
        k: int,
        wishes: Wishes,
        options: Mapping[str, Any],
    ) -> TopK:
        """The k best by the sum, of the candidates of every query. closed: lists of items that are no answers."""
        items = np.full((len(queries), k), -1, np.int32)
        scores = np.full((len(queries), k), CLOSED, np.float32)
        size = max(1, CELLS // max(1, len(self.vectors)))
        for begin in range(0, len(queries), size):
            rows = np.arange(begin, min(begin + size, len(queries)))
            some = (prompted[0][rows], prompted[1][rows])
            asked = [queries[row] for row in rows.tolist()]
            shut = None if closed is None else closed.take(rows)
            found, codes, words = self.candidates(generator, some, asked, shut, k, wishes.take(rows), options)
            total = torch.from_numpy(np.where(found >= 0, codes + self.weight * words, CLOSED))
            places = torch.from_numpy(found.astype(np.int64))
            picked, values = best(total, places.clamp(min=0), k)
            there = values > CLOSED
            items[rows, : picked.shape[1]] = torch.where(there, places.gather(1, picked), -1).numpy()
            scores[rows, : picked.shape[1]] = values.numpy()
        return TopK(items, scores)

    def candidates(
        self,
        generator: LmGenerator,
        prompted: Prompted,
        queries: Sequence[str],
        closed: Sequences | None,
        k: int,
        wishes: Wishes,
        options: Mapping[str, Any],
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Items (Q, C), none twice in a row, -1 where there is none; float32 (Q, C) their scores by codes, offsets
        included, and by words.

        The beams' items come first.
        """
        beams = generator.answer(prompted, closed, max(k, self.proposals), wishes, **options)
        by_words = self.scores(queries)
        offer, n = generator.offer, len(self.vectors)
        ranks = offer.rank_of.expand(len(queries), -1)
        open_ = offer.constraints(len(queries), closed, wishes).open_ranks(ranks).cpu().numpy()
        rows, places = np.nonzero(beams.items >= 0)
        open_[rows, beams.items[rows, places]] = False  # they are candidates already
        count = min(self.proposals, n)
        near = np.where(open_, by_words, -np.inf)
        proposed = np.argpartition(-near, count - 1, axis=1)[:, :count]
        proposed = np.where(np.take_along_axis(open_, proposed, axis=1), proposed, -1)
        by_rank = offer.rank_of.cpu().numpy()
        lists = [RankBitmap.of_ranks(by_rank[row[row >= 0]], n) for row in proposed]
        offsets = wishes.offsets

        def only(some: torch.Tensor) -> Constraints:
            own = None if offsets is None else offsets.take(some)
            listed = [lists[row] for row in some.tolist()]
            return Constraints.build(offer.rank_of, len(some), allowed=listed, offsets=own)

        more = generator.ask(prompted, count, only, **options)
        items = np.concatenate([beams.items, more.items], axis=1)
        codes = np.concatenate([beams.scores, more.scores], axis=1)
        words = np.take_along_axis(by_words, np.maximum(items, 0), axis=1)
        return items, codes, words

    def scores(self, queries: Sequence[str]) -> np.ndarray:
        """float32 (Q, N), log-probabilities; equal for all items where the towers know no word of a query."""
        found = torch.from_numpy(self.reader.encode(queries) @ self.vectors.T)
        scores: np.ndarray = found.log_softmax(1).numpy()
        return scores


def text_score_of(lm: Path, catalog: Catalog, ids: SemanticIds) -> TextScore | None:
    """Of the language model in a folder, over a catalogue that may have grown since; None where it has no towers."""
    if not (lm / WORDS).exists():
        return None
    towers, said = WordTowers.from_pretrained(lm / WORDS)
    return TextScore(QueryReader(towers, catalog, ids), towers.items(catalog.table), said["weight"])
