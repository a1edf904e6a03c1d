"""The torch engine: next items for many histories at once, anywhere torch runs.

One prefill per user gives the history's state; all beams of all users of a batch share it and go down the trie
together. What the engine does not know: how the model was trained, what an item is called.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from genrec.data.interactions import Sequences
from genrec.decode.beams import CLOSED, Beams, search
from genrec.decode.constraints import Constraints
from genrec.decode.trie import Trie
from genrec.model.compact import CompactModel


class TorchEngine:
    """Generates with a `CompactModel` over a `Trie`. batch: users per forward pass, which bounds the memory."""

    def __init__(self, model: CompactModel, trie: Trie, *, width: int = 50, batch: int = 128) -> None:
        self.model = model.eval()
        self.trie = trie.to(model.device)
        self.width, self.batch = width, batch
        self.rank_of = self.trie.rank_of()
        self.paths = self.trie.paths()

    @torch.inference_mode()
    def states(self, histories: Sequences) -> Tensor:
        """The state after each history, float32 (B, width). Histories must not be empty."""
        if len(histories) and not histories.lengths.min():
            raise ValueError("an empty history has no state: answer it by the prior")
        device = self.model.device
        found = torch.empty(len(histories), self.model.config.width, device=device)
        order = np.argsort(histories.lengths, kind="stable")
        for begin in range(0, len(order), self.batch):
            rows = order[begin : begin + self.batch]
            some = histories.take(rows).recent(self.model.config.max_items)
            longest = int(some.lengths.max())
            arrays = (*some.padded(longest), some.padded_times(longest))
            items, mask, times = (torch.from_numpy(part).to(device) for part in arrays)
            states = self.model.encode(items, mask, times)
            last = mask.sum(1) - 1
            found[torch.from_numpy(rows).to(device)] = states[torch.arange(len(rows), device=device), last]
        return found

    @torch.inference_mode()
    def search(self, states: Tensor, constraints: Constraints, k: int, width: int | None = None) -> Beams:
        """Beams from states (B, width), k items each. width: prefixes kept per request, never fewer than k."""
        return search(self._step(states), self.trie, constraints, width=max(k, width or self.width), k=k)

    @torch.inference_mode()
    def score(self, states: Tensor, items: Tensor) -> Tensor:
        """log p(item | history) as `search` scores it, for items (B, P) after states (B, width) → float32 (B, P)."""
        # At the root all items of a request share one state; each has its own from then on.
        depth = states[:, None, :]
        nodes = torch.zeros(len(states), 1, dtype=torch.long, device=states.device)
        total = torch.zeros(items.shape, device=states.device)
        for level, path in enumerate(self.paths):
            logits = self.model.level_logits(level, depth)
            _, siblings, exists = self.trie.children(level, nodes)
            norm = logits.gather(-1, siblings).masked_fill(~exists, CLOSED).logsumexp(-1)
            nodes = path[items]
            codes = self.trie.codes[level][nodes].long()
            written = logits.expand(*items.shape, -1).gather(-1, codes[..., None]).squeeze(-1)
            total = total + written - norm
            if level + 1 < self.trie.levels:
                depth = self.model.descend(level, depth.expand(*items.shape, -1), codes)
        return total

    def exclude(self, histories: Sequences) -> Constraints:
        """The constraint «nothing from these histories»."""
        longest = int(histories.lengths.max(initial=0))
        items, mask = (torch.from_numpy(part).to(self.model.device) for part in histories.padded(longest))
        return Constraints.from_items(items, mask, self.rank_of)

    def _step(self, states: Tensor) -> Callable[[int, Tensor | None, Tensor | None], Tensor]:
        depth = states[:, None, :]

        def step(level: int, parents: Tensor | None, codes: Tensor | None) -> Tensor:
            nonlocal depth
            if parents is not None and codes is not None:
                state = depth.gather(1, parents[..., None].expand(-1, -1, depth.shape[-1]))
                depth = self.model.descend(level - 1, state, codes)
            return self.model.level_logits(level, depth)

        return step
