"""The one beam search. It knows scores, the trie and constraints, and asks a forward function for the rest.

Ties: of two prefixes with equal scores the one with the smaller codes goes first, of two items the one with the
smaller index. With a beam at least as wide as the catalogue the answer is the exhaustive ranking.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from genrec.decode.constraints import Constraints
from genrec.decode.trie import Trie

CLOSED = float("-inf")


class Step(Protocol):
    """A model as the search sees it."""

    def __call__(self, level: int, parents: Tensor | None, codes: Tensor | None, /) -> Tensor:
        """Logits of level `level` for every beam, float (B, W, codebook_sizes[level]).

        parents, codes: int64 (B, W), which beam of the level before each beam goes on from and what it wrote; None at
        level 0, where W is 1. A dead beam has parent 0 and code 0; its logits are not looked at.
        """
        ...


@dataclass(frozen=True, eq=False)
class Beams:
    """Best first. items: int64 (B, k), -1 where there is none. scores: float32 (B, k), log p, -inf there."""

    items: Tensor
    scores: Tensor


def search(
    step: Step, trie: Trie, constraints: Constraints, *, width: int, k: int, normalise: str = "catalogue"
) -> Beams:
    """The k items of highest log-probability that a beam of `width` prefixes finds.

    normalise: «vocabulary», the model's own softmax over all codes of a level, or «catalogue», over those that continue
    an existing prefix, so that the probabilities of all items sum to one. Constraints close items and change no score.
    Where at least k items are allowed and width ≥ k, exactly k come back: every surviving prefix leads to one.
    """
    if normalise not in ("vocabulary", "catalogue"):
        raise ValueError(f"normalise must be 'vocabulary' or 'catalogue', not {normalise!r}")
    batch = constraints.closed.shape[0]
    device = trie.order.device
    nodes = torch.zeros(batch, 1, dtype=torch.long, device=device)
    scores = torch.zeros(batch, 1, device=device)
    parents: Tensor | None = None
    codes: Tensor | None = None
    for level in range(trie.levels):
        # 1. The model's opinion, laid out along the children that exist and are allowed.
        if level and normalise == "catalogue" and getattr(step, "takes_needed", False):
            begin, end = trie.range_of(level, nodes.clamp(min=0))
            logits = step(level, parents, codes, (nodes >= 0) & (end - begin > 1)).float()
        else:
            logits = step(level, parents, codes).float()
        found, found_codes, exists = trie.children(level, nodes)
        allowed = exists & constraints.open(*trie.range_of(level + 1, found))
        if normalise == "vocabulary":
            gains = logits.log_softmax(-1).gather(-1, found_codes)
        else:
            gains = logits.gather(-1, found_codes).masked_fill(~exists, CLOSED).log_softmax(-1)
        grown = (scores[..., None] + gains).masked_fill(~allowed, CLOSED).flatten(1)
        found, found_codes = found.flatten(1), found_codes.flatten(1)
        # 2. The best of them, over all beams of a request.
        last = level + 1 == trie.levels
        keys = trie.order[found].long() if last else found
        picked, scores = best(grown, keys, k if last else width)
        alive = scores > CLOSED
        nodes = torch.where(alive, found.gather(1, picked), -1)
        parents = torch.where(alive, picked // trie.branching[level], 0)
        codes = torch.where(alive, found_codes.gather(1, picked), 0)
    items = torch.where(nodes >= 0, trie.order[nodes.clamp(min=0)].long(), -1)
    if items.shape[1] < k:
        items = torch.nn.functional.pad(items, (0, k - items.shape[1]), value=-1)
        scores = torch.nn.functional.pad(scores, (0, k - scores.shape[1]), value=CLOSED)
    return Beams(items, scores)


def best(scores: Tensor, keys: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Positions and values of the `count` largest scores of each row (B, C), best first; ties to the smaller key.

    keys: int64 (B, C), distinct within a row wherever the score is finite.
    """
    count = min(count, scores.shape[1])
    values, picked = scores.topk(count, dim=1)
    border = values[:, -1:]
    # `topk` takes any of the equal scores at the border; only where there are more of them than room must we choose.
    # Rows whose border is closed have room for all they have.
    level = (scores == border) & (border > CLOSED)
    above = values > border
    n_above = above.sum(1, keepdim=True)
    if bool((level.sum(1, keepdim=True) > count - n_above).any()):
        by_key = torch.where(level, keys, torch.iinfo(torch.long).max).topk(count, dim=1, largest=False).indices
        slot = (torch.arange(count, device=scores.device) - n_above).clamp(min=0)
        picked = torch.where(above | (border == CLOSED), picked, by_key.gather(1, slot))
    # Equal scores inside the selection: order by key, then stably by score.
    picked = picked.gather(1, keys.gather(1, picked).argsort(dim=1))
    values = scores.gather(1, picked)
    order = values.argsort(dim=1, descending=True, stable=True)
    return picked.gather(1, order), values.gather(1, order)
