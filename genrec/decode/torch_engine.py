"""The torch engine: next items for many histories at once, anywhere torch runs.

One prefill per user gives the history's state; all beams of all users of a batch share it and go down the trie
together. What the engine does not know: how the model was trained, what an item is called.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from genrec.data.interactions import Sequences
from genrec.decode.beams import CLOSED, Beams, Step, search
from genrec.decode.constraints import Constraints, seen_in
from genrec.decode.trie import Trie
from genrec.model.compact import CompactModel

BYTES = 40
"""What a candidate of a search step takes at its worst: scores, node, code, mask, and the ranks below it."""
MEMORY = 256 * 2**20
"""Bytes that a batch's search may take where no batch size is given."""


class TorchEngine:
    """Generates with a `CompactModel` over a `Trie`.

    width: beams per user. batch: users per forward pass; None takes as many as fit `MEMORY`, at most 256, beyond which
    nothing is gained. remembered: how many users' states are kept, so that who asks again with the same history is
    answered without reading it again.
    """

    def __init__(
        self, model: CompactModel, trie: Trie, *, width: int = 50, batch: int | None = None, remembered: int = 0
    ) -> None:
        self.model = model.eval()
        self.trie = trie.to(model.device)
        self.width, self.remembered = width, remembered
        self._states: OrderedDict[bytes, Tensor] = OrderedDict()
        self._lock = Lock()
        widest = max(min(width, len(trie)) * fan for fan in self.trie.branching)
        self.batch = batch or max(1, min(256, MEMORY // (BYTES * widest)))
        self.rank_of = self.trie.rank_of()
        self.paths = self.trie.paths()
        with torch.inference_mode():
            self.vectors = model.item_vectors()
            self.into, self.table = model.split_depth()

    @torch.inference_mode()
    def states(self, histories: Sequences) -> Tensor:
        """The state after each history, float32 (B, width). Histories must not be empty."""
        if len(histories) and not histories.lengths.min():
            raise ValueError("an empty history has no state: answer it by the prior")
        recent = histories.recent(self.model.config.max_items)
        if not self.remembered:
            return self._read(recent)
        keys = [
            recent.items[begin:end].tobytes() + recent.times[begin:end].tobytes()
            for begin, end in zip(recent.offsets[:-1].tolist(), recent.offsets[1:].tolist(), strict=True)
        ]
        with self._lock:
            known = {key: self._states.pop(key) for key in dict.fromkeys(keys) if key in self._states}
            self._states |= known  # last in line to be forgotten
        unknown = {key: row for row, key in enumerate(keys) if key not in known}
        fresh = self._read(recent.take(np.fromiter(unknown.values(), np.int64, len(unknown))))
        known |= zip(unknown, fresh, strict=True)
        with self._lock:
            self._states |= known
            while len(self._states) > self.remembered:
                self._states.popitem(last=False)
        return torch.stack([known[key] for key in keys]) if keys else fresh

    def _read(self, histories: Sequences) -> Tensor:
        device = self.model.device
        found = torch.empty(len(histories), self.model.config.width, device=device, dtype=self.vectors.dtype)
        order = np.argsort(histories.lengths, kind="stable")
        for begin in range(0, len(order), self.batch):
            rows = order[begin : begin + self.batch]
            some = histories.take(rows)
            longest = int(some.lengths.max())
            arrays = (*some.padded(longest), some.padded_times(longest))
            items, mask, times = (torch.from_numpy(part).to(device) for part in arrays)
            found[torch.from_numpy(rows).to(device)] = self.model.last_state(self.vectors[items], mask, times)
        return found

    @torch.inference_mode()
    def search(
        self,
        states: Tensor,
        constraints: Constraints,
        k: int,
        width: int | None = None,
        *,
        normalise: str = "catalogue",
        spread: int | None = None,
        seeds: Tensor | None = None,
    ) -> Beams:
        """Beams from states (B, width), k items each; see `genrec.decode.beams.search`.

        width: prefixes kept per request, never fewer than k.
        """
        return search(
            self._step(states), self.trie, constraints, width=max(k, width or self.width), k=k, normalise=normalise,
            spread=spread, seeds=seeds,
        )  # fmt: skip

    @torch.inference_mode()
    def score(self, states: Tensor, items: Tensor) -> Tensor:
        """log p(item | history) as `search` scores it, for items (B, P) after states (B, width) → float32 (B, P)."""
        # Items of a request that begin with the same codes share a state; below a prefix of one item there is nothing
        # left to decide, so its probability is 1. Both make far fewer rows than B · P.
        asked, count = items.flatten(), items.shape[1]
        total = torch.zeros(len(asked), device=states.device)
        state, nodes = states, torch.zeros(len(states), dtype=torch.long, device=states.device)
        pairs = torch.arange(len(asked), device=states.device)  # those with something left to decide
        row = pairs // max(count, 1)  # of `state`, for each pair
        for level, path in enumerate(self.paths):
            logits = self.model.level_logits(level, state)
            _, siblings, exists = self.trie.children(level, nodes[None])
            norm = logits.gather(-1, siblings[0]).masked_fill(~exists[0], CLOSED).logsumexp(-1)
            below = path[asked[pairs]]
            codes = self.trie.codes[level][below].long()
            total[pairs] += logits[row, codes] - norm[row]
            if level + 1 == self.trie.levels:
                break
            begin, end = self.trie.range_of(level + 1, below)
            open_ = end - begin > 1
            pairs, row, below, codes = pairs[open_], row[open_], below[open_], codes[open_]
            if not len(pairs):
                break
            _, place = torch.unique((pairs // count) * (len(self.trie) + 1) + below, return_inverse=True)
            one = torch.empty(int(place.max()) + 1, dtype=torch.long, device=states.device)
            one[place] = torch.arange(len(place), device=states.device)
            state = self.model.descend(level, state[row[one]], codes[one])
            nodes, row = below[one], place
        return total.view(items.shape)

    def exclude(self, histories: Sequences) -> Constraints:
        """The constraint «nothing from these histories»."""
        return Constraints.from_items(*seen_in(histories, self.model.device), self.rank_of)

    def _step(self, states: Tensor) -> Step:
        """The depth decoder of `CompactModel.descend`, in the order of operations that costs least.

        A level's hidden layer is linear in [norm(s), D[c]]: the part of the code is looked up in a table made once, the
        part of the state is computed once for every parent, before its children are told apart.
        """
        model = self.model
        # The state before this level of every beam that had a choice there, and where to find it: place → row.
        state, normed = states, model.depth_norm[0](states)
        row_of: Tensor | None = None
        before = 1

        def step(level: int, parents: Tensor | None, codes: Tensor | None, needed: Tensor | None) -> Tensor:
            nonlocal state, normed, row_of, before
            if parents is None or codes is None:
                return model.code_out[0](normed)[:, None]
            batch, width = parents.shape
            # Where shapes may follow the data, a beam without a choice costs no forward pass.
            rows = None if needed is None or needed.device.type != "cpu" else needed.flatten().nonzero().squeeze(1)
            from_ = (parents + before * torch.arange(batch, device=parents.device)[:, None]).flatten()
            written = codes.flatten()
            if rows is not None:
                from_, written = from_[rows], written[rows]
            if row_of is not None:
                from_ = row_of.flatten()[from_]
            before = width
            hidden = F.linear(normed, self.into[level - 1])[from_] + self.table[level - 1][written]
            state = model.depth_mlp[level - 1][2](F.gelu(hidden)).add_(state[from_])
            normed = model.depth_norm[level](state)
            logits: Tensor = model.code_out[level](normed)
            if rows is None:
                row_of = None
                return logits.view(batch, width, logits.shape[-1])
            row_of = torch.zeros(batch * width, dtype=torch.long, device=rows.device)
            row_of[rows] = torch.arange(len(rows), device=rows.device)
            row_of = row_of.view(batch, width)
            return logits

        return step
