"""The mask over items in transformers' `generate`: text and items from the torch engine's models, chat among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from transformers import LogitsProcessor

from genrec.decode.sid_slots import Ask, Slots
from genrec.decode.stock import Stock
from genrec.errors import UserError


class SidLogitsProcessor(LogitsProcessor):
    """For one call of `generate`: `model.generate(tokens, logits_processor=[SidLogitsProcessor(...)])`.

    stock: what may be named; a function that returns it is asked at every step, so that a catalogue may change under an
    answer. prompt: tokens before the answer, `tokens.shape[1]`, padding included. asks: what prompts may get, one for
    each or one for all; of several beams or samples of a prompt each is an answer of its own. stop: the token that ends
    an answer (`generation_config.eos_token_id`).
    """

    def __init__(
        self,
        stock: Stock | Callable[[], Stock | None],
        prompt: int,
        asks: Ask | Sequence[Ask],
        stop: int | Sequence[int] | None,
        device: str | torch.device = "cpu",
    ) -> None:
        asks = [asks] if isinstance(asks, Ask) else list(asks)
        stops = [stop] if isinstance(stop, int) else list(stop or ())
        if not stops:
            raise UserError("no token ends an answer: set eos_token_id in the model's generation_config.json")
        if isinstance(stock, Stock):
            fixed = stock
            self._slots = Slots(lambda: fixed, len(asks), device)
        else:
            self._slots = Slots(stock, len(asks), device)
        self._prompt, self._asks = prompt, len(asks)
        for slot, ask in enumerate(asks):
            self._slots.admit(slot, ask, stops[0])

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """input_ids: int64 (B, T). scores: float (B, V), changed in place; row r is of prompt r // (B / prompts)."""
        slots = self._slots
        slots.refresh()
        rows = torch.arange(len(scores), device=scores.device)
        if len(scores) % self._asks:
            raise ValueError(f"{len(scores)} rows for {self._asks} prompts")
        context = _context(input_ids, self._prompt, slots.mask.levels + 1)
        return slots.forbid_after(scores, rows, rows // (len(scores) // self._asks), context)


def _context(tokens: Tensor, prompt: int, before: int) -> Tensor:
    """The answer and `before` tokens in front of it, -1 where there are none."""
    missing = before - prompt
    if missing > 0:
        return torch.nn.functional.pad(tokens, (missing, 0), value=-1)
    return tokens[:, prompt - before :]
