"""The compact generator as a recommender: histories in, items out. No weights of its own: engine and leaf score."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from genrec.data.interactions import Sequences
from genrec.decode.beams import CLOSED, best
from genrec.decode.constraints import Constraints
from genrec.decode.leaf import LeafScorer
from genrec.decode.torch_engine import TorchEngine
from genrec.evaluate.interface import TopK


class Generator:
    """Codes alone, or codes and a leaf score, behind the evaluator's interface.

    prior: float32 (N,), the order for people without a history; they get it instead of an error. available: bool (N,),
    False for items that nobody gets; None where all are there.
    """

    def __init__(
        self,
        engine: TorchEngine,
        prior: np.ndarray,
        leaf: LeafScorer | None = None,
        available: np.ndarray | None = None,
    ) -> None:
        self.engine, self.leaf, self.available = engine, leaf, available
        self.prior = torch.from_numpy(np.asarray(prior, np.float32))
        self._withdrawn = torch.empty(0, dtype=torch.long)
        if available is not None:
            self._withdrawn = torch.from_numpy(np.flatnonzero(~available))
        self.name = "genrec-compact"

    def recommend(self, histories: Sequences, k: int, *, exclude_seen: bool = False) -> TopK:
        items = np.full((len(histories), k), -1, np.int32)
        scores = np.full((len(histories), k), CLOSED, np.float32)
        warm = histories.lengths > 0
        for rows in (np.flatnonzero(warm), np.flatnonzero(~warm)):
            for begin in range(0, len(rows), self.engine.batch):
                some = rows[begin : begin + self.engine.batch]
                asked = histories.take(some)
                answer = self._generate(asked, k, exclude_seen) if warm[some[0]] else self._prior(len(some), k)
                items[some], scores[some] = (part.cpu().numpy() for part in answer)
        return TopK(items, scores)

    def _prior(self, batch: int, k: int) -> tuple[Tensor, Tensor]:
        count = min(k, len(self.prior))
        prior = self.prior.index_fill(0, self._withdrawn, CLOSED)[None]
        picked, values = best(prior, torch.arange(len(self.prior))[None], count)
        fill = (0, k - count)
        items = torch.nn.functional.pad(picked.masked_fill(values == CLOSED, -1), fill, value=-1)
        return items.expand(batch, -1), torch.nn.functional.pad(values, fill, value=CLOSED).expand(batch, -1)

    def _generate(self, histories: Sequences, k: int, exclude_seen: bool) -> tuple[Tensor, Tensor]:
        states = self.engine.states(histories)
        constraints = self.constraints(histories, exclude_seen)
        if self.leaf is None:
            beams = self.engine.search(states, constraints, k)
            return beams.items, beams.scores
        tables = self.leaf.tables(states, histories)
        items, codes = self.candidates(states, tables, constraints, k)
        scores = self.leaf.total(codes, tables, items.clamp(min=0)).masked_fill(codes == CLOSED, CLOSED)
        picked, values = best(scores, items, k)
        return torch.where(values > CLOSED, items.gather(1, picked), -1), values

    def constraints(self, histories: Sequences, exclude_seen: bool) -> Constraints:
        """What these requests may not get: what is withdrawn and, where asked, what their histories hold."""
        device = self.engine.trie.order.device
        if not len(self._withdrawn):
            return self.engine.exclude(histories) if exclude_seen else Constraints.none(len(histories), device)
        items, mask = histories.padded(int(histories.lengths.max(initial=0)) if exclude_seen else 0)
        withdrawn = self._withdrawn.expand(len(histories), -1)
        closed = torch.cat([torch.from_numpy(items), withdrawn], dim=1).to(device)
        counts = torch.cat([torch.from_numpy(mask), torch.ones_like(withdrawn, dtype=torch.bool)], dim=1).to(device)
        return Constraints.from_items(closed, counts, self.engine.rank_of)

    def candidates(
        self, states: Tensor, tables: dict[str, Tensor], constraints: Constraints, k: int
    ) -> tuple[Tensor, Tensor]:
        """What the leaf score chooses from: items (B, C) and their log-probabilities by codes, on the CPU; C ≥ k.

        The beams' items, then the proposals; what is closed or already there has item -1 and -inf. tables: the leaf
        score's, for these states.
        """
        assert self.leaf is not None
        beams = self.engine.search(states, constraints, max(k, self.engine.width))
        proposed = self.leaf.propose(tables).to(states.device)
        if not proposed.shape[1]:
            return beams.items.cpu(), beams.scores.cpu()
        ranks = self.engine.rank_of[proposed]
        codes = self.engine.score(states, proposed).masked_fill(~constraints.open(ranks, ranks + 1), CLOSED)
        items = torch.cat([beams.items, proposed.masked_fill(codes == CLOSED, -1)], dim=1)
        codes = torch.cat([beams.scores, codes], dim=1)
        # Keep an item's first appearance. A stable sort puts equal items in order of appearance.
        ordered, order = items.sort(dim=1, stable=True)
        again = torch.zeros_like(items, dtype=torch.bool)
        again[:, 1:] = (ordered[:, 1:] == ordered[:, :-1]) | (ordered[:, 1:] < 0)
        repeated = torch.zeros_like(again).scatter(1, order, again) | (items < 0)
        return items.masked_fill(repeated, -1).cpu(), codes.masked_fill(repeated, CLOSED).cpu()
