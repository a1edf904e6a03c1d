"""Attention of many beams over one prompt, for any decoder that uses transformers' own extension points.

The prompt's keys and values stand in memory once per user. A step hands the model all beams of a user as one row of W
tokens, so its queries (W beams × heads) meet the prompt's keys in one matrix product. What the beams write is appended
behind the prompt and never moved: a beam sees the prompt and, by a mask, the tokens on its own path, so following a
parent costs a row of small integers and not a copy of keys and values. Two hooks do it: `PromptState` is the model's
`Cache`, and `attend` its attention function, registered under `NAME`.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AttentionInterface, Cache

from genrec.errors import UserError

NAME = "genrec_shared"
CLOSED = float("-inf")


class PromptState(Cache):
    """Keys and values of B prompts of up to T tokens and, behind them, of what beams write, at most `tail` tokens each.

    Per layer keys and values (batch, key heads, length + tail, head size), allocated by the first forward pass and used
    again for the next prompts, as long as they fit. Prompts are padded on the right: causality hides the padding from
    the prompt, a mask from the beams.
    """

    def __init__(self, batch: int, length: int, tail: int, device: torch.device) -> None:
        super().__init__(layers=[])
        self.room = (batch, length, tail)
        self.device = device
        self.keys: list[Tensor] = []
        self.values: list[Tensor] = []
        self.lengths = torch.empty(0)
        self.width = self.used = self.calls = 0  # of the prompts, padded; of what is kept; of attention
        self._asked = torch.empty(0)
        self._paths: Tensor | None = None
        self._places: Tensor | None = None
        self._masks: dict[int | None, Tensor | None] = {}

    def fits(self, batch: int, length: int, tail: int) -> bool:
        return self.room[0] >= batch and self.room[1] >= length and self.room[2] >= tail

    # ------------------------------------------------------------------ the engine's side

    def start(self, lengths: Tensor, width: int) -> None:
        """Forget what was here. lengths: int64 (B,), of the prompts; width: the longest of them."""
        self.lengths, self.width, self.used = lengths, width, width

    def read(self, count: int, starts: Tensor | None = None) -> Tensor:
        """The prompts' next `count` tokens come; returns their positions (B, count).

        starts: int64 (B,), how many tokens of each prompt are here already; None where there are none.
        """
        self._asked = torch.arange(count, device=self.device).expand(len(self.lengths), -1)
        if starts is not None:
            # What lies beyond a prompt is padding. It is put where the first beam will write, and nobody looks there.
            self._asked = (self._asked + starts[:, None]).clamp(max=self.width)
        self._places = None if starts is None else self._asked
        self._paths, self.calls = None, 0
        self._masks = {None: None} if starts is None else {}
        return self._asked

    def write(self, positions: Tensor, paths: Tensor) -> None:
        """Beams come: one token each, at `positions` (B, W), kept behind all that is here.

        paths: int64 (B, W, t), the places, counted from the prompts' end, of the tokens that each beam has written so
        far, this one's last.
        """
        self._asked, self._paths, self._places = positions, paths, None
        self._masks, self.calls = {}, 0
        self.used += positions.shape[1]

    def take(self, row: int, count: int) -> Tensor:
        """A copy of the first `count` keys and values of a prompt, (2, layers, key heads, count, head size)."""
        return torch.stack([torch.stack([x[row, :, :count] for x in part]) for part in (self.keys, self.values)])

    def put(self, row: int, kept: Tensor) -> None:
        """Give a prompt the keys and values that `take` copied."""
        if not self.keys:
            for _ in range(kept.shape[1]):
                self._allocate(kept[0, 0, None], kept[1, 0, None])
        for layer, (keys, values) in enumerate(zip(self.keys, self.values, strict=True)):
            keys[row, :, : kept.shape[3]] = kept[0, layer]
            values[row, :, : kept.shape[3]] = kept[1, layer]

    def _allocate(self, keys: Tensor, values: Tensor) -> None:
        # Zeros, since what is not a number would get through any mask. One place more than the tail, for padding.
        places = self.room[1] + self.room[2] + 1
        self.keys.append(keys.new_zeros(self.room[0], keys.shape[1], places, keys.shape[3]))
        self.values.append(values.new_zeros(self.room[0], values.shape[1], places, values.shape[3]))

    # ------------------------------------------------------------------ the model's side

    def get_seq_length(self, layer_idx: int = 0) -> int:
        return self.used

    def update(
        self, key_states: Tensor, value_states: Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Keep keys and values (B, key heads, n, head size); returns all that the queries may look at."""
        if layer_idx == len(self.keys):
            self._allocate(key_states, value_states)
        keys, values = self.keys[layer_idx][: len(key_states)], self.values[layer_idx][: len(key_states)]
        if self._places is not None:
            at = self._places[:, None, :, None]
            keys.scatter_(2, at.expand_as(key_states), key_states)
            values.scatter_(2, at.expand_as(value_states), value_states)
            return keys[:, :, : self.width], values[:, :, : self.width]
        n = key_states.shape[2]
        begin = 0 if self._paths is None else self.used - n
        keys[:, :, begin : begin + n] = key_states
        values[:, :, begin : begin + n] = value_states
        if self._paths is None:
            return key_states, value_states
        return keys[:, :, : self.used], values[:, :, : self.used]

    def mask(self, window: int | None, groups: int, dtype: torch.dtype, *, needed: bool = False) -> Tensor | None:
        """What the queries may look at, added to the logits, (B, 1, groups · n, keys), the same for all layers.

        None where plain causality says it, unless it is needed all the same. groups: query heads per key head, which
        become rows. window: how far back a query sees; None for all the way.
        """
        if window is not None and self._paths is None and self.width <= window:
            window = None
        if window not in self._masks or (needed and self._masks[window] is None):
            self._masks[window] = self._mask(window, groups, dtype)
        return self._masks[window]

    def _mask(self, window: int | None, groups: int, dtype: torch.dtype) -> Tensor:
        fresh = self._paths is None and self._places is None
        ages = self._asked[..., None] - torch.arange(self._asked.shape[1] if fresh else self.width, device=self.device)
        visible = ages >= 0
        if self._paths is not None:
            visible &= torch.arange(self.width, device=self.device) < self.lengths[:, None, None]
        if window is not None:
            visible &= ages < window
        if self._paths is not None:
            own = visible.new_zeros(*visible.shape[:2], self.used - self.width)
            paths = self._paths if window is None else self._paths[..., -window:]
            visible = torch.cat([visible, own.scatter(2, paths, True)], dim=2)
        added = torch.zeros(visible.shape, dtype=dtype, device=self.device).masked_fill(~visible, CLOSED)
        return added.repeat(1, groups, 1)[:, None]


def attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    shared_prompt: PromptState | None = None,
    s_aux: Tensor | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """The attention function. query: (B, heads, n, d); key, value: (B, key heads, m, d). Returns (B, n, heads, d).

    Query heads that share a key head become rows of one product, so keys are never repeated.
    """
    if shared_prompt is None:
        raise UserError(
            f"{type(module).__name__} hands no arguments on to its attention function, or the model was called outside "
            "the engine that it was given to: give the engine a model of its own, of a kind that uses transformers' "
            "attention interface"
        )
    if s_aux is not None or attention_mask is not None:
        raise UserError(
            f"{type(module).__name__} uses attention sinks or a mask of its own, which beams do not support"
        )
    shared_prompt.calls += 1
    batch, heads, n, d = query.shape
    groups = heads // key.shape[1]
    mask = shared_prompt.mask(sliding_window, groups, query.dtype, needed=bool(softcap))
    if mask is None:
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True, scale=scaling, enable_gqa=groups > 1)
        return mixed.transpose(1, 2), None
    rows = query.reshape(batch, key.shape[1], groups * n, d)
    if softcap:
        logits = (rows @ key.transpose(2, 3)) * (d**-0.5 if scaling is None else scaling)
        logits = (logits / softcap).tanh() * softcap + mask
        mixed = logits.softmax(-1, dtype=torch.float32).to(value.dtype) @ value
    else:
        mixed = F.scaled_dot_product_attention(rows, key, value, attn_mask=mask, scale=scaling)
    return mixed.reshape(batch, heads, n, -1).transpose(1, 2), None


AttentionInterface.register(NAME, attend)
