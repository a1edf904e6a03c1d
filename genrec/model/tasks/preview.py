"""Rendered examples of every task, for people who want to see what a model is trained on."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from genrec.model.prompts import render
from genrec.model.tasks.mixture import Mixture

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

OPEN, CLOSE = "⟦", "⟧"
"""Around every run of tokens that the loss is taken on."""


def preview(mixture: Mixture, tokenizer: PreTrainedTokenizerBase, per_task: int) -> str:
    """`per_task` examples of each task, as tokens say them, answers between ⟦ and ⟧; shares and lengths above."""
    parts = []
    for name, share in mixture.shares.items():
        only = Mixture(mixture.material, {name: 1.0}, mixture.seed)
        rendered = [render(tokenizer, example.messages) for example in only.epoch(0, per_task)]
        lengths = [len(one.tokens) for one in rendered]
        parts.append(
            f"── {name}: {share:.1%} of an epoch, {len(mixture.tasks[name]):,} different, "
            f"{min(lengths, default=0)} to {max(lengths, default=0)} tokens"
        )
        for one in rendered:
            runs = groupby(zip(one.tokens, one.mask, strict=True), key=lambda pair: pair[1])
            said = [(learned, str(tokenizer.decode([token for token, _ in run]))) for learned, run in runs]
            parts.append("".join(f"{OPEN}{text}{CLOSE}" if learned else text for learned, text in said))
    if mixture.without:
        parts.append(f"── this catalogue has no example of: {', '.join(mixture.without)}")
    return "\n\n".join(parts) + "\n"
