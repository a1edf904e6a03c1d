"""The one beam search. It knows scores, the trie and constraints, and asks a forward function for the rest.

Ties: of two prefixes with equal scores the one with the smaller codes goes first, of two items the one with the
smaller index. With a beam at least as wide as the catalogue the answer is the exhaustive ranking.

The beams of a request stand in the order of their codes, not of their scores: then the candidates of a step, children
of a node being contiguous, stand in the order of theirs, and «the smaller codes first» is «the smaller place first».
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from genrec.decode.constraints import Constraints
from genrec.decode.sampling import gumbel, perturb
from genrec.decode.selection import CLOSED, Keys, best, largest, ordered, spread_out
from genrec.decode.trie import Trie

__all__ = ["CLOSED", "Beams", "Step", "best", "search"]


class Step(Protocol):
    """A model as the search sees it."""

    def __call__(self, level: int, parents: Tensor | None, codes: Tensor | None, needed: Tensor | None, /) -> Tensor:
        """Logits of level `level` for every beam, float (B, W, codebook_sizes[level]).

        parents, codes: int64 (B, W), which beam of the level before each beam goes on from and what it wrote; None at
        level 0, where W is 1. A dead beam has parent 0 and code 0; its logits are not looked at.
        needed: None for all, or bool (B, W), the beams below which more than one item is left. The others have nothing
        to choose and, after normalisation, nothing to lose, nor have their descendants: their logits are not looked at
        (they must be finite), and may be left out: (R, codebook_sizes[level]) for the R needed beams in order.
        """
        ...


@dataclass(frozen=True, eq=False)
class Beams:
    """Best first. items: int64 (B, k), -1 where there is none. scores: float32 (B, k), -inf there.

    A score is log p, plus the item's offset where the constraints have offsets.
    """

    items: Tensor
    scores: Tensor


@torch.inference_mode()
def search(
    step: Step,
    trie: Trie,
    constraints: Constraints,
    *,
    width: int,
    k: int,
    normalise: str = "catalogue",
    spread: int | None = None,
    seeds: Tensor | None = None,
) -> Beams:
    """The k items of highest log-probability that a beam of `width` prefixes finds.

    normalise: «vocabulary», the model's own softmax over all codes of a level, or «catalogue», over those that continue
    an existing prefix, so that the probabilities of all items sum to one. Constraints close items and change no score.
    Where at least k items are allowed and width ≥ k, exactly k come back: every surviving prefix leads to one.

    spread: at most so many prefixes and answers of a request share their first code, while there are others.
    seeds: int64 (B,); instead of the most probable items, a sample without replacement, in the order in which it was
    drawn: stochastic beam search (Kool et al. 2019, §4.1). A request's sample depends on its own seed alone.
    """
    if normalise not in ("vocabulary", "catalogue"):
        raise ValueError(f"normalise must be 'vocabulary' or 'catalogue', not {normalise!r}")
    if spread is not None and spread < 1:
        raise ValueError(f"spread is {spread}: at least one answer must be allowed to a first code")
    if seeds is not None and constraints.offsets is not None:
        raise ValueError("offsets change what is best, not what is probable: a sample cannot have both")
    batch, device = constraints.batch, trie.order.device
    nodes = torch.zeros(batch, 1, dtype=torch.long, device=device)
    scores = torch.zeros(batch, 1, device=device)  # log p of every prefix
    ranking = scores  # what prefixes are chosen by, where it is something else
    first = nodes  # the node of every prefix's first code
    parents = codes = needed = None
    for level in range(trie.levels):
        last = level + 1 == trie.levels
        # 1. The model's opinion, laid out along the children that exist.
        if level and normalise == "catalogue":
            begin, end = trie.range_of(level, nodes)
            needed = (end - begin > 1) & (scores > CLOSED)
        logits = step(level, parents, codes, needed).float()
        found, exists = trie.slots(level, nodes)
        if normalise == "catalogue":
            opinion = _along(logits, trie.codes_at(level + 1, found), needed)
            gains = opinion.masked_fill_(~exists, CLOSED).log_softmax(-1)
        else:
            gains = _along(logits.log_softmax(-1), trie.codes_at(level + 1, found), None)
        # 2. What is closed is closed, whatever its score; so is all below a beam that is dead.
        allowed = exists.logical_and((scores > CLOSED)[..., None])
        if not constraints.unbounded:
            single = last and not constraints.closed.shape[1]
            bounds = None if single else trie.bounds(level, nodes)
            allowed &= constraints.open_ranks(found) if bounds is None else constraints.open_children(bounds)
        grown = gains.add_(scores[..., None]).masked_fill_(~allowed, CLOSED)
        by = grown
        if constraints.offsets is not None:
            by = grown + constraints.offsets.bound(level + 1, found)
        elif seeds is not None:
            by = perturb(ranking, scores, grown, gumbel(seeds, level, found))
        # 3. The best of them, over all beams of a request.
        fan = found.shape[-1]
        grown, by, found = grown.flatten(1), by.flatten(1), found.flatten(1)
        count = k if last else width
        if spread is not None and level:
            keys = trie.order[found].long() if last else None
            picked = spread_out(by, first.repeat_interleave(fan, dim=1), count, spread, keys)
        else:
            picked = largest(by, count, _items_of(trie, found) if last else None)
        if not last:
            picked = picked.sort(dim=1).values
        scores, ranking = grown.gather(1, picked), by.gather(1, picked)
        alive = scores > CLOSED
        parents = torch.where(alive, picked // fan, 0)
        nodes = torch.where(alive, found.gather(1, picked).long(), 0)
        codes = torch.where(alive, trie.codes_at(level + 1, nodes), 0)
        first = first.gather(1, parents) if level else nodes
    items = torch.where(scores > CLOSED, trie.order[nodes].long(), -1)
    if constraints.offsets is not None:
        scores = ranking
    order, _ = ordered(torch.arange(items.shape[1], device=device).expand_as(items), ranking, items)
    items, scores = items.gather(1, order), scores.gather(1, order)
    missing = k - items.shape[1]
    if missing > 0:
        items = torch.nn.functional.pad(items, (0, missing), value=-1)
        scores = torch.nn.functional.pad(scores, (0, missing), value=CLOSED)
    return Beams(items, scores)


def _along(logits: Tensor, codes: Tensor, needed: Tensor | None) -> Tensor:
    """The logits of codes int32 (B, W, M), float of that shape. Of beams that are not needed, any finite ones."""
    size = logits.shape[-1]
    if logits.dim() == 3:
        first = torch.arange(codes.shape[0] * codes.shape[1], device=codes.device).view(codes.shape[:2])
    else:
        assert needed is not None
        if not len(logits):
            return torch.zeros(codes.shape, device=logits.device)
        first = (needed.flatten().cumsum(0) - 1).clamp_(min=0).view(needed.shape)
    # Flat places: a quarter of the time that `gather` takes.
    first = (first * size)[..., None]
    places = codes + (first.int() if logits.numel() < 2**31 else first)
    return logits.reshape(-1).index_select(0, places.view(-1)).view(codes.shape)


def _items_of(trie: Trie, ranks: Tensor) -> Keys:
    return lambda rows: trie.order[ranks[rows]].long()
