"""The output layer inside a vLLM worker: of its rows only those of a catalogue's codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn


class Owner(Protocol):
    """The worker's side of the beams, as far as logits need it."""

    runner: Any
    device: torch.device

    def use(self, adapter: Any, sequences: int, tokens: int, /) -> None: ...


class Head:
    """The output layer's rows of a catalogue's codes, level by level. Adapters do not change it."""

    def __init__(self, owner: Owner, tokens: Sequence[Tensor]) -> None:
        self.owner, self.model, self.tokens = owner, owner.runner.model, tokens
        self.sizes = [len(ids) for ids in tokens]
        self.on_device = [ids.to(owner.device) for ids in tokens]
        head = getattr(self.model, "lm_head", None)
        weight = getattr(head, "weight", None)
        self.rows: list[Tensor] | None = None
        if isinstance(weight, Tensor) and weight.dim() == 2 and weight.is_floating_point() and len(weight):
            self._take(head, weight)
            if not self._right(weight):
                self.rows = None

    def __call__(self, level: int, hidden: Tensor) -> Tensor:
        """(n, d) → (n, codebook_sizes[level])."""
        if self.rows is None:
            return self._whole(hidden)[:, self.on_device[level]]
        logits = nn.functional.linear(hidden, self.rows[level])
        if not self.split:
            return logits
        from vllm.distributed import tensor_model_parallel_all_reduce

        return tensor_model_parallel_all_reduce(logits)

    def _take(self, head: Any, weight: Tensor) -> None:
        """The rows that this worker holds; zeros for those that others hold, so that the sum is right."""
        self.split = getattr(head, "tp_size", 1) > 1
        begin = head.shard_indices.org_vocab_start_index if self.split else 0
        end = head.shard_indices.org_vocab_end_index if self.split else len(weight)
        self.rows = []
        for ids in self.on_device:
            here = (ids >= begin) & (ids < end)
            self.rows.append(weight.detach()[torch.where(here, ids - begin, 0)] * here[:, None])

    def _right(self, weight: Tensor) -> bool:
        """Whether these rows make the logits that the model makes: nothing scales, caps or shifts them."""
        generator = torch.Generator().manual_seed(0)
        hidden = torch.randn(2, weight.shape[1], generator=generator).to(weight)
        whole = self._whole(hidden)
        ours = [self(level, hidden) for level in range(len(self.sizes))]
        if self.split:
            # Where the sum is right on one worker it is on all; but only the first is told what the model makes.
            from vllm.distributed import tensor_model_parallel_all_reduce

            wrong = torch.zeros(1, device=weight.device)
            if whole is not None:
                wrong += float(not self._same(ours, whole))
            return not bool(tensor_model_parallel_all_reduce(wrong))
        return self._same(ours, whole)

    def _whole(self, hidden: Tensor) -> Any:
        """The logits of the whole vocabulary; None on all but the first of some platforms' workers."""
        self.owner.use(None, len(hidden), len(hidden))
        return self.model.compute_logits(hidden)

    def _same(self, ours: list[Tensor], whole: Tensor) -> bool:
        limit = (1e-3 if whole.dtype == torch.float32 else 0.05) * float(whole.float().abs().max())
        pairs = zip(ours, self.on_device, strict=True)
        return all(float((mine.float() - whole[:, ids].float()).abs().max()) <= limit for mine, ids in pairs)
