"""An item score that knows words, added to the codes' log-probability when items are searched by text.

The codes say what an item is like, its text what it is called: a brand or a model's number that three codes cannot
hold stands there word for word. As with the leaf score of histories (`genrec.decode.leaf`) the candidates are the
beams' items and, as proposals, the items whose texts are nearest; those are scored by the codes exactly, by a search
that is allowed nothing else::

    score(i | q) = log p(codes of i | q) + weight · cos(q, text of i)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from genrec.decode.beams import CLOSED
from genrec.decode.bitmaps import RankBitmap
from genrec.decode.causal_generator import Prompted
from genrec.decode.constraints import Constraints
from genrec.decode.selection import best
from genrec.decode.wishes import Wishes
from genrec.evaluate.interface import TopK

if TYPE_CHECKING:
    from genrec.decode.lm_generator import LmGenerator

SIDS = re.compile(r"<\|sid_\w+\|>")
CELLS = 1 << 24
"""Scores held at once, queries times items: 64 MiB."""


class Encoder(Protocol):
    """A text encoder of `genrec.embed.text`."""

    def encode(self, texts: Sequence[str | None]) -> tuple[np.ndarray, np.ndarray]: ...


@dataclass(frozen=True, eq=False)
class TextScore:
    """encoder: of queries. vectors: float32 (N, d), of the items' texts by the same encoder, at unit length or zero.

    weight: what a cosine of 1 is worth in log-probability; `genrec.train.text_score` learns it. proposals: how many
    items the texts may add to a query's candidates.
    """

    encoder: Encoder
    vectors: np.ndarray
    weight: float = 0.0
    proposals: int = 50

    def rank(
        self,
        generator: LmGenerator,
        prompted: Prompted,
        queries: Sequence[str],
        k: int,
        wishes: Wishes,
        options: Mapping[str, Any],
    ) -> TopK:
        """The k best by the sum, of the candidates of every query."""
        items = np.full((len(queries), k), -1, np.int32)
        scores = np.full((len(queries), k), CLOSED, np.float32)
        size = max(1, CELLS // max(1, len(self.vectors)))
        for begin in range(0, len(queries), size):
            rows = np.arange(begin, min(begin + size, len(queries)))
            some = (prompted[0][rows], prompted[1][rows])
            asked = [queries[row] for row in rows.tolist()]
            found, codes, words = self.candidates(generator, some, asked, k, wishes.take(rows), options)
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
        k: int,
        wishes: Wishes,
        options: Mapping[str, Any],
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Items (Q, C), none twice in a row, -1 where there is none; their scores by codes, offsets included; cosines.

        Float32 (Q, C) both. The beams' items come first.
        """
        beams = generator.answer(prompted, None, max(k, self.proposals), wishes, **options)
        cosines = self.cosines(queries)
        offer, n = generator.offer, len(self.vectors)
        ranks = offer.rank_of.expand(len(queries), -1)
        open_ = offer.constraints(len(queries), None, wishes).open_ranks(ranks).cpu().numpy()
        rows, places = np.nonzero(beams.items >= 0)
        open_[rows, beams.items[rows, places]] = False  # they are candidates already
        count = min(self.proposals, n)
        near = np.where(open_, cosines, -np.inf)
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
        words = np.take_along_axis(cosines, np.maximum(items, 0), axis=1)
        return items, codes, words

    def cosines(self, queries: Sequence[str]) -> np.ndarray:
        """float32 (Q, N); 0 for a query of which the encoder knows no word. Semantic IDs in a query are no words."""
        found, _ = self.encoder.encode([SIDS.sub(" ", query) for query in queries])
        cosines: np.ndarray = found.astype(np.float32) @ self.vectors.T
        return cosines


def text_score_of(embed: Path, weight: float = 0.0) -> TextScore | None:
    """With encoder and text vectors of a run's folder `embed`; None where it has none, or the user's own."""
    from genrec.embed import vectors
    from genrec.embed.items import ItemEncoder

    encoder = ItemEncoder.from_pretrained(embed / "encoders").text
    if encoder is None:
        return None
    return TextScore(encoder, np.asarray(vectors.load(embed, "text")[0]), weight)
