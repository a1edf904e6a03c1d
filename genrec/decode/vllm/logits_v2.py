"""The mask over items for vLLM's second model runner, which keeps tokens on the GPU.

Nothing is kept between steps and nothing waits for the device: what a request has written is read from the runner's own
history every time. So preemption, chunked prefill and draft tokens need no care here. Not tried on a GPU yet.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from vllm.v1.worker.gpu.sample.logits_processor.interface import LogitsContext, LogitsProcessor, LogitsProcRequestState

from genrec.decode import stock
from genrec.decode.sid_slots import Ask, Slots
from genrec.decode.vllm.stock import adopt, stop_of
from genrec.errors import UserError

if TYPE_CHECKING:
    from vllm import SamplingParams
    from vllm.config import VllmConfig

log = logging.getLogger("vllm.genrec")


class MaskV2(LogitsProcessor):
    """See `genrec.decode.vllm.logits.CatalogueMask`."""

    def __init__(self, vllm_config: VllmConfig, req_states: LogitsProcRequestState) -> None:
        self._config, self._states = vllm_config, req_states
        adopt(vllm_config)
        self._slots = Slots(stock.current, req_states.max_num_reqs, req_states.device)
        self._masked = np.zeros(req_states.max_num_reqs, bool)
        self._refused = np.full(req_states.max_num_reqs, -1, np.int64)  # the token that ends it, or -1

    def add_request(self, req_idx: int, sampling_params: SamplingParams) -> bool:
        self._slots.release(req_idx)
        self._masked[req_idx], self._refused[req_idx] = False, -1
        said = (sampling_params.extra_args or {}).get("genrec")
        if said is None:
            return False
        stop = stop_of(sampling_params, self._config)
        try:
            self._slots.admit(req_idx, Ask.read(said), stop)
            self._masked[req_idx] = True
        except UserError as error:
            log.error("GenRec ends a request at once: %s", error)
            self._refused[req_idx] = stop
        return True

    def apply(self, logits: Tensor, ctx: LogitsContext) -> Tensor:
        """logits: float32 (R, V), changed in place."""
        if (self._refused[ctx.idx_mapping_np] >= 0).any():
            rows = self._rows(self._refused >= 0, ctx)
            stops = torch.from_numpy(self._refused).to(logits.device)[ctx.expanded_idx_mapping[rows].long()]
            logits[rows] = -float("inf")
            logits[rows, stops] = 0
        if not self._masked[ctx.idx_mapping_np].any():
            return logits
        self._slots.refresh()
        rows = self._rows(self._masked, ctx)
        slots = ctx.expanded_idx_mapping[rows].long()
        return self._slots.forbid_after(logits, rows, slots, self._context(rows, slots, ctx))

    def _rows(self, chosen: np.ndarray, ctx: LogitsContext) -> Tensor:
        """The logits rows of requests in chosen slots, bool by slot; int64 (B,)."""
        device = ctx.expanded_idx_mapping.device
        if len(ctx.expanded_idx_mapping) == len(ctx.idx_mapping_np):
            return torch.from_numpy(np.flatnonzero(chosen[ctx.idx_mapping_np])).to(device, non_blocking=True)
        # Draft tokens have rows of their own, and how many each request has is known on the device only.
        return torch.from_numpy(chosen).to(device)[ctx.expanded_idx_mapping.long()].nonzero()[:, 0]

    def _context(self, rows: Tensor, slots: Tensor, ctx: LogitsContext) -> Tensor:
        """The tokens of each row up to the one fed at it, int64 (B, W), see `Slots.forbid_after`."""
        states, before = self._states, self._slots.mask.levels + 1
        mine = self._masked[ctx.idx_mapping_np]
        answers = ctx.seq_lens_upper_bound_np[mine] - states.prompt_len.np[ctx.idx_mapping_np[mine]]
        width = before + max(0, int(answers.max()))
        back = torch.arange(1 - width, 1, device=rows.device)
        place = ctx.pos[rows].long()[:, None] + back
        history = states.all_token_ids.gpu
        tokens = history[slots[:, None], place.clamp(0, history.shape[1] - 1)].long()
        # Draft tokens stand in no history yet: they are what this step's rows of the request were fed.
        total = states.total_len.gpu[slots].long()[:, None]
        first = (rows - ctx.expanded_local_pos[rows].long())[:, None]
        draft = (first + place - total + 1).clamp(0, len(ctx.input_ids) - 1)
        tokens = torch.where(place >= total, ctx.input_ids[draft].long(), tokens)
        begin = (states.prompt_len.gpu[slots].long()[:, None] - before).clamp(min=0)
        return torch.where(place >= begin, tokens, -1)
