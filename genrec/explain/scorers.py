"""What evidence asks a model: the scores of given items after given histories. One small class a kind of model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from genrec.data.interactions import Sequences

if TYPE_CHECKING:
    from genrec.decode.causal_engine import CausalEngine
    from genrec.decode.generator import Generator


class Scorer(Protocol):
    """items: int64 (B, P), P of them for each of B histories, which may be empty → float32 (B, P), higher is likelier.

    A difference between two scores of one item must mean something: log-probabilities, or what a ranking adds to them.
    """

    def score(self, histories: Sequences, items: np.ndarray) -> np.ndarray: ...


class CompactScorer:
    """log p(item | history) of a compact generator or, where it has a leaf score, the sum that it ranks by.

    codes: the log-probabilities alone, whatever the generator ranks by. Without a history log p is the prior's, which
    is what such people are answered by.
    """

    def __init__(self, generator: Generator, *, codes: bool = False) -> None:
        self.generator = generator
        self.leaf = None if codes else generator.leaf

    def score(self, histories: Sequences, items: np.ndarray) -> np.ndarray:
        found = np.empty(items.shape, np.float32)
        cold = histories.lengths == 0
        found[cold] = self._prior(items[cold])
        warm = np.flatnonzero(~cold)
        for begin in range(0, len(warm), self.generator.batch):
            rows = warm[begin : begin + self.generator.batch]
            found[rows] = self._warm(histories.take(rows), items[rows])
        return found

    def _warm(self, histories: Sequences, items: np.ndarray) -> np.ndarray:
        import torch

        engine = self.generator.engine
        states, asked = engine.states(histories), torch.from_numpy(items)
        codes = engine.score(states, asked.to(states.device)).cpu()
        if self.leaf is not None:
            codes = self.leaf.total(codes, self.leaf.tables(states, histories), asked)
        scores: np.ndarray = codes.numpy()
        return scores

    def _prior(self, items: np.ndarray) -> np.ndarray:
        """Both opinions about codes are the prior's; neighbours and content have none without a history."""
        prior = self.generator.prior.log_softmax(0).numpy()[items]
        if self.leaf is None:
            return prior
        weights, names = self.leaf.weights, self.leaf.features
        scores = prior * (weights.get("codes", 1.0) + (weights["dense"] if "dense" in names else 0.0))
        if "popularity" in names:
            scores = scores + weights["popularity"] * self.leaf.log_popularity.numpy()[items]
        return scores


class CausalScorer:
    """log p(item | prompt) of a language model. prompt: from a history of item indices, the tokens that ask what is
    next."""

    def __init__(self, engine: CausalEngine, prompt: Callable[[np.ndarray], Sequence[int]]) -> None:
        self.engine, self.prompt = engine, prompt

    def score(self, histories: Sequences, items: np.ndarray) -> np.ndarray:
        import torch
        from torch.nn.utils.rnn import pad_sequence

        from genrec.decode.causal_score import score

        if not len(histories):
            return np.empty(items.shape, np.float32)
        rows = [torch.tensor(list(self.prompt(history)), dtype=torch.long) for history in histories]
        lengths = torch.tensor([len(row) for row in rows])
        prompts = pad_sequence(rows, batch_first=True)
        scores: np.ndarray = score(self.engine, prompts, lengths, torch.from_numpy(items)).numpy()
        return scores
