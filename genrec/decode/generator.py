"""The compact generator as a recommender: histories in, items out. No weights of its own: engine and leaf score."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from genrec.data.interactions import Sequences
from genrec.decode.beams import CLOSED, Beams, best
from genrec.decode.columns import ColumnIndex
from genrec.decode.constraints import Constraints
from genrec.decode.leaf import LeafScorer
from genrec.decode.selection import ordered, spread_out
from genrec.decode.torch_engine import TorchEngine
from genrec.decode.wishes import Offer, Wishes
from genrec.evaluate.interface import TopK

TABLES = 2**30
"""Bytes that the leaf score's tables of a batch may take: a number for every item and feature."""


class Generator:
    """Codes alone, or codes and a leaf score, behind the evaluator's interface.

    prior: float32 (N,), the order for people without a history; they get it instead of an error.
    index: the catalogue's columns, for filters. available: bool (N,) by item, False for what nobody gets; None for all.
    """

    def __init__(
        self,
        engine: TorchEngine,
        prior: np.ndarray,
        leaf: LeafScorer | None = None,
        *,
        index: ColumnIndex | None = None,
        available: np.ndarray | None = None,
    ) -> None:
        self.engine, self.leaf, self.index, self.available = engine, leaf, index, available
        self.offer = Offer.of(engine.rank_of, index, available)
        self.prior = torch.from_numpy(np.asarray(prior, np.float32))
        self.name = "genrec-compact"
        tables = 4 * len(self.prior) * (len(leaf.features) if leaf is not None else 1)
        self.batch = max(1, min(engine.batch, TABLES // max(tables, 1)))

    def recommend(
        self, histories: Sequences, k: int, *, exclude_seen: bool = False, wishes: Wishes | None = None
    ) -> TopK:
        """The k best items after each history that its wishes allow, fewer where there are not so many."""
        wishes = wishes or Wishes()
        if wishes.limits and len(wishes.limits) != len(histories):
            raise ValueError(f"{len(wishes.limits)} limits for {len(histories)} requests")
        items = np.full((len(histories), k), -1, np.int32)
        scores = np.full((len(histories), k), CLOSED, np.float32)
        warm = histories.lengths > 0
        for rows in (np.flatnonzero(warm), np.flatnonzero(~warm)):
            for begin in range(0, len(rows), self.batch):
                some = rows[begin : begin + self.batch]
                asked, own = histories.take(some), wishes.take(some)
                constraints = self.offer.constraints(len(asked), asked if exclude_seen else None, own)
                generate = self._generate if warm[some[0]] else self._prior
                answer = generate(asked, k, constraints, own)
                items[some], scores[some] = (part.cpu().numpy() for part in answer)
        return TopK(items, scores)

    def _prior(self, histories: Sequences, k: int, constraints: Constraints, wishes: Wishes) -> tuple[Tensor, Tensor]:
        n = len(self.prior)
        ranks = self.engine.rank_of.expand(len(histories), -1)
        scores = self.prior.to(ranks.device).expand(len(histories), -1)
        if constraints.offsets is not None:
            scores = scores + constraints.offsets.at(ranks)
        if not constraints.unbounded:
            scores = scores.masked_fill(~constraints.open_ranks(ranks), CLOSED)
        picked, values = best(scores, torch.arange(n, device=ranks.device).expand_as(scores), k)
        fill = (0, k - picked.shape[1])
        items = torch.where(values > CLOSED, picked, -1)
        return torch.nn.functional.pad(items, fill, value=-1), torch.nn.functional.pad(values, fill, value=CLOSED)

    def _generate(
        self, histories: Sequences, k: int, constraints: Constraints, wishes: Wishes
    ) -> tuple[Tensor, Tensor]:
        states = self.engine.states(histories)
        if self.leaf is None or wishes.seeds is not None:
            beams = self.engine.search(states, constraints, k, spread=wishes.spread, seeds=wishes.seeds)
            return beams.items, beams.scores
        tables = self.leaf.tables(states, histories)
        items, codes = self.candidates(states, tables, constraints, k)
        scores = self.leaf.total(codes, tables, items.clamp(min=0)).masked_fill(codes == CLOSED, CLOSED)
        if constraints.offsets is not None:
            ranks = self.engine.rank_of[items.clamp(min=0).to(states.device)]
            scores = scores + constraints.offsets.at(ranks).to(scores.device)
        if wishes.spread is not None:
            first = self.engine.paths[0].cpu()[items.clamp(min=0)]
            picked = spread_out(scores, first, k, wishes.spread, items)
            picked, values = ordered(picked, scores.gather(1, picked), items.gather(1, picked))
        else:
            picked, values = best(scores, items, k)
        return torch.where(values > CLOSED, items.gather(1, picked), -1), values

    def candidates(
        self, states: Tensor, tables: dict[str, Tensor], constraints: Constraints, k: int
    ) -> tuple[Tensor, Tensor]:
        """What the leaf score chooses from: items (B, C) and their log-probabilities by codes, on the CPU; C ≥ k.

        The beams' items, then the proposals; what is closed or already there has item -1 and -inf. tables: the leaf
        score's, for these states.
        """
        assert self.leaf is not None
        beams = self.engine.search(states, constraints, max(k, self.engine.width))
        if constraints.offsets is not None:
            # The search has added them already; the leaf score adds them to the whole.
            ranks = self.engine.rank_of[beams.items.clamp(min=0)]
            beams = Beams(beams.items, beams.scores - constraints.offsets.at(ranks))
        proposed = self.leaf.propose(tables).to(states.device)
        if not proposed.shape[1]:
            return beams.items.cpu(), beams.scores.cpu()
        ranks = self.engine.rank_of[proposed]
        codes = self.engine.score(states, proposed).masked_fill(~constraints.open_ranks(ranks), CLOSED)
        items = torch.cat([beams.items, proposed.masked_fill(codes == CLOSED, -1)], dim=1)
        codes = torch.cat([beams.scores, codes], dim=1)
        # Keep an item's first appearance. A stable sort puts equal items in order of appearance.
        ordered, order = items.sort(dim=1, stable=True)
        again = torch.zeros_like(items, dtype=torch.bool)
        again[:, 1:] = (ordered[:, 1:] == ordered[:, :-1]) | (ordered[:, 1:] < 0)
        repeated = torch.zeros_like(again).scatter(1, order, again) | (items < 0)
        return items.masked_fill(repeated, -1).cpu(), codes.masked_fill(repeated, CLOSED).cpu()
