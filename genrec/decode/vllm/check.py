"""Is the worker right? A few prompts through it, and the same items through vLLM's public API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from genrec.decode.bitmaps import RankBitmap
from genrec.decode.constraints import Constraints
from genrec.decode.vllm.driver import drive

if TYPE_CHECKING:
    from genrec.decode.vllm.engine import VllmEngine

PROMPTS, ITEMS = 8, 4
LIMITS = {"float32": 1e-3, "float16": 0.05, "bfloat16": 0.25}
"""How far scores of the same item may lie apart: sums of a few log-probabilities."""


def disagreement(engine: VllmEngine) -> str:
    """Why the worker's answers are not to be trusted; nothing where they are.

    Prompts shorter and longer than a block of keys and values, and as long. The worker finds items; the public API may
    answer with these and no others, so both have scored the same.
    """
    now, block = engine.catalogues.current, int(engine.about["block"])
    levels, n = now.trie.levels, len(now.trie)
    lengths = torch.tensor([1, 2, block - 1, block, block + 1, 2 * block - 1, 2 * block, 2 * block + 3])
    lengths = lengths.clamp(max=engine.window - levels)
    generator = torch.Generator().manual_seed(0)
    known = torch.cat(now.tokens)
    prompts = known[torch.randint(len(known), (PROMPTS, int(lengths.max())), generator=generator)]
    mine = engine.search(now, prompts, lengths, Constraints.none(PROMPTS), ITEMS, ITEMS)
    ranks = now.trie.rank_of()
    found = [row[row >= 0] for row in mine.items]
    only = [RankBitmap.of_ranks(ranks[row].numpy(), n) for row in found]
    rows = [row[:length].tolist() for row, length in zip(prompts, lengths.tolist(), strict=True)]
    allowed = Constraints.build(ranks, PROMPTS, allowed=only)
    theirs = drive(
        engine.line, now.trie, now.tokens, rows, allowed, width=ITEMS, k=ITEMS, normalise="catalogue", adapter=None
    )
    limit = LIMITS.get(engine.dtype, LIMITS["bfloat16"])
    for place in range(PROMPTS):
        by_worker = dict(zip(mine.items[place].tolist(), mine.scores[place].tolist(), strict=True))
        by_api = dict(zip(theirs.items[place].tolist(), theirs.scores[place].tolist(), strict=True))
        if set(by_worker) != set(by_api):
            return f"for a prompt of {int(lengths[place])} tokens it found items that the public API does not know"
        far = max(abs(by_worker[item] - by_api[item]) for item in by_worker if item >= 0)
        if not np.isfinite(far) or far > limit:
            return f"for a prompt of {int(lengths[place])} tokens its scores and the public API's differ by {far:.2g}"
    return ""
