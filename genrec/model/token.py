"""A small decoder over semantic IDs alone: one token per code, no text. What `genrec-token` is made of.

The shape is Qwen3's, as that of the small base of `genrec lm pretrain`: the comparison asks what one position per item
is worth (`genrec.model.compact`) against one position per code, with the same semantic IDs and a like budget.

    begin  code 1 of level 0 … code 1 of level L - 1  code 2 of level 0 …

Every position says what the next code is, the first one what a history begins with, so that people without one are
answered too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from genrec.data.interactions import Sequences as Histories
from genrec.errors import UserError

if TYPE_CHECKING:
    from transformers import Qwen3ForCausalLM

BEGIN = 0


def tables(codebook_sizes: Sequence[int]) -> list[np.ndarray]:
    """Per level int64 (codebook_sizes[level],), the token id of every code; 0 begins a history."""
    first = 1 + np.concatenate([[0], np.cumsum(codebook_sizes)])
    return [np.arange(begin, end) for begin, end in zip(first[:-1].tolist(), first[1:].tolist(), strict=True)]


def token_model(
    codebook_sizes: Sequence[int], *, width: int, layers: int, heads: int, max_items: int
) -> Qwen3ForCausalLM:
    """An untrained decoder. Its MLPs are three times as wide as it is, as in Qwen3 0.6B."""
    from transformers import Qwen3Config, Qwen3ForCausalLM

    if width % (2 * heads):
        # A head's dimensions are turned in pairs by their position.
        raise UserError(f"width {width} cannot be shared by {heads} heads: make it a multiple of twice `heads`")
    return Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=1 + sum(codebook_sizes),
            hidden_size=width,
            intermediate_size=3 * width,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            num_key_value_heads=heads,
            head_dim=width // heads,
            tie_word_embeddings=False,
            max_position_embeddings=(max_items + 1) * len(codebook_sizes) + 1,
            bos_token_id=None,
            eos_token_id=None,
            pad_token_id=None,
        )
    )


def prompts(
    codes: np.ndarray, codebook_sizes: Sequence[int], histories: Histories, max_items: int
) -> tuple[np.ndarray, np.ndarray]:
    """Histories as tokens int64 (B, 1 + T · L), padded with 0 on the right, and their lengths int64 (B,).

    codes: uint16 (N, L), of all items. Of a history the latest `max_items` are read.
    """
    recent = histories.recent(max_items)
    items, mask = recent.padded(int(recent.lengths.max(initial=0)))
    inner = np.stack([table[codes[items, level]] for level, table in enumerate(tables(codebook_sizes))], axis=2)
    tokens = np.where(mask[:, :, None], inner, BEGIN).reshape(len(recent), items.shape[1] * codes.shape[1])
    return np.pad(tokens, ((0, 0), (1, 0)), constant_values=BEGIN), 1 + recent.lengths * codes.shape[1]
