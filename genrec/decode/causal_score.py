"""What a `CausalEngine` thinks of given items: teacher-forced log-probabilities, on the same scale as its search.

The items of a prompt are its beams: level by level each goes on with its own next code, so a prompt is read once for
as many items as the engine has beams.
"""

from __future__ import annotations

import torch
from torch import Tensor

from genrec.decode.beams import CLOSED, Step
from genrec.decode.causal_engine import CausalEngine
from genrec.decode.trie import Trie


@torch.inference_mode()
def score(
    engine: CausalEngine, prompts: Tensor, lengths: Tensor, items: Tensor, normalise: str = "catalogue"
) -> Tensor:
    """log p(item | prompt) as `engine.search` scores it, for items int64 (B, P): float32 (B, P), on the CPU.

    prompts, lengths: as for `engine.answer`, any number of them. The other items asked about change nothing.
    """
    found = torch.empty(items.shape)
    if not items.numel():
        return found
    for some in torch.arange(items.shape[1]).split(engine.width):
        batch = engine.batch_of(int(lengths.max()), len(some))
        for rows in lengths.argsort(stable=True).cpu().split(batch):
            asked = items[rows][:, some].to(engine.model.device)
            with engine.step(prompts[rows], lengths[rows], len(some)) as step:
                found[rows[:, None], some] = teacher_forced(step, engine.trie, asked, normalise).cpu()
    return found


def teacher_forced(step: Step, trie: Trie, items: Tensor, normalise: str) -> Tensor:
    """log p of items int64 (B, P), as `genrec.decode.beams.search` with the same step scores them: float32 (B, P)."""
    if normalise not in ("vocabulary", "catalogue"):
        raise ValueError(f"normalise must be 'vocabulary' or 'catalogue', not {normalise!r}")
    total = torch.zeros(items.shape, device=items.device)
    nodes = torch.zeros(len(items), 1, dtype=torch.long, device=items.device)
    own = torch.arange(items.shape[1], device=items.device).expand_as(items)
    parents = codes = None
    for level, path in enumerate(trie.paths()):
        logits = step(level, parents, codes, None).float()
        if normalise == "catalogue":
            _, siblings, exists = trie.children(level, nodes)
            norm = logits.gather(-1, siblings).masked_fill(~exists, CLOSED).logsumexp(-1)
        else:
            norm = logits.logsumexp(-1)
        nodes = path[items]
        parents = own if level else torch.zeros_like(items)  # the prompt is the only beam before the first code
        codes = trie.codes_at(level + 1, nodes)
        total += logits.expand(*items.shape, -1).gather(-1, codes[..., None]).squeeze(-1) - norm
    return total
