"""Decoders over semantic-ID tokens behind the evaluator's interface: prompts in, items out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from genrec.data.interactions import Sequences
from genrec.decode.beams import Beams
from genrec.decode.columns import ColumnIndex
from genrec.decode.constraints import Constraints
from genrec.decode.trie import Trie
from genrec.decode.wishes import Offer, Wishes
from genrec.evaluate.interface import TopK

Prompted = tuple[np.ndarray, np.ndarray]
"""Prompts as an engine takes them: token ids int64 (B, T), padded on the right, and their lengths int64 (B,)."""


class Engine(Protocol):
    """What the engines for decoders have in common: see `genrec.decode.causal_engine.CausalEngine`."""

    @property
    def trie(self) -> Trie: ...

    def answer(
        self,
        prompts: Tensor,
        lengths: Tensor,
        k: int,
        constraints: Callable[[Tensor], Constraints] | None = None,
        normalise: str = "catalogue",
    ) -> Beams: ...


class CausalGenerator:
    """Next items by the codes that a decoder writes.

    prompt: from B histories, some of them empty, to their prompts; a person without a history gets what the model says
    before anything is known. index: the catalogue's columns, for filters. available: bool (N,) by item, False for what
    nobody gets; None for all. defaults: options of the engine's `answer` that hold where a call names none.
    """

    def __init__(
        self,
        engine: Engine,
        prompt: Callable[[Sequences], Prompted],
        *,
        name: str,
        index: ColumnIndex | None = None,
        available: np.ndarray | None = None,
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        self.engine, self.prompt, self.name, self.defaults = engine, prompt, name, dict(defaults or {})
        self.offer = Offer.of(engine.trie.rank_of(), index, available)

    def recommend(
        self,
        histories: Sequences,
        k: int,
        *,
        exclude_seen: bool = False,
        wishes: Wishes | None = None,
        **options: Any,
    ) -> TopK:
        """The k best items after each history that its wishes allow, fewer where there are not so many.

        options: further ones of the engine's `answer`.
        """
        return self.answer(self.prompt(histories), histories if exclude_seen else None, k, wishes, **options)

    def answer(
        self, prompted: Prompted, closed: Sequences | None, k: int, wishes: Wishes | None, **options: Any
    ) -> TopK:
        """k items for each of B prompts. closed: B lists of items that the prompts' answers must not hold."""
        wishes = wishes or Wishes()
        if wishes.limits and len(wishes.limits) != len(prompted[0]):
            raise ValueError(f"{len(wishes.limits)} limits for {len(prompted[0])} requests")
        if wishes.spread is not None or wishes.seeds is not None:
            raise ValueError("engines for decoders give the best items, neither spread out nor sampled")

        def constraints(rows: Tensor) -> Constraints:
            some = rows.cpu().numpy()
            return self.offer.constraints(len(some), None if closed is None else closed.take(some), wishes.take(some))

        return self.ask(prompted, k, constraints, **options)

    def ask(self, prompted: Prompted, k: int, constraints: Callable[[Tensor], Constraints], **options: Any) -> TopK:
        """k items for each of B prompts under constraints of one's own, as the engine takes them."""
        tokens, lengths = (torch.from_numpy(part) for part in prompted)
        found = self.engine.answer(tokens, lengths, k, constraints, **self.defaults | options)
        return TopK(found.items.cpu().numpy().astype(np.int32), found.scores.cpu().numpy())
