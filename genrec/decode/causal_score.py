"""What a `CausalEngine` thinks of given items: teacher-forced log-probabilities, on the same scale as its search.

The items of a prompt are its beams: level by level each goes on with its own next code, so a prompt is read once,
however many items are asked about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genrec.decode.beams import CLOSED, Step

if TYPE_CHECKING:
    from genrec.decode.trie import Trie


def score(step: Step, trie: Trie, items: Tensor, normalise: str = "catalogue") -> Tensor:
    """log p of items int64 (B, P), as `genrec.decode.beams.search` with the same step scores them: float32 (B, P)."""
    if normalise not in ("vocabulary", "catalogue"):
        raise ValueError(f"normalise must be 'vocabulary' or 'catalogue', not {normalise!r}")
    total = torch.zeros(items.shape, device=items.device)
    nodes = torch.zeros(len(items), 1, dtype=torch.long, device=items.device)
    parents = codes = None
    for level, path in enumerate(trie.paths()):
        logits = step(level, parents, codes, None).float()
        if normalise == "catalogue":
            _, siblings, exists = trie.children(level, nodes)
            norm = logits.gather(-1, siblings).masked_fill(~exists, CLOSED).logsumexp(-1)
        else:
            norm = logits.logsumexp(-1)
        nodes = path[items]
        parents = (
            torch.zeros_like(items) if not level else torch.arange(items.shape[1], device=items.device).expand_as(items)
        )
        codes = trie.codes[level][nodes].long()
        total += logits.expand(*items.shape, -1).gather(-1, codes[..., None]).squeeze(-1) - norm
    return total
