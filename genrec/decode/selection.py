"""Choosing the largest of many scores with a tie rule, on any device.

`torch.topk` takes any of several equal scores. Here the one with the smaller key is taken, a key being a candidate's
place unless others are given, so that answers do not depend on device, batch size or torch's version.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

CLOSED = float("-inf")
LARGEST_KEY = 2**31 - 1

Keys = Callable[[Tensor | slice], Tensor]
"""From rows to those rows' keys, int64 (R, C), each 0 … LARGEST_KEY and distinct in a row where scores are finite."""


def largest(scores: Tensor, count: int, keys: Keys | None = None) -> Tensor:
    """Places of the `count` largest scores of each row (B, C), int64 (B, min(count, C)), in no order that counts.

    Which of several -inf are taken is left open.
    """
    count = min(count, scores.shape[1])
    if scores.device.type != "cpu":
        return _totally_ordered(scores, keys(slice(None)) if keys else None).topk(count, dim=1).indices
    # Here a look at the data is cheap: only rows with more equals at the border than room have to choose by key.
    values, picked = scores.topk(min(count + 1, scores.shape[1]), dim=1)
    if values.shape[1] > count:
        tied = ((values[:, count - 1] == values[:, count]) & (values[:, count] > CLOSED)).nonzero().squeeze(1)
        picked = picked[:, :count]
        if len(tied):
            ordered = _totally_ordered(scores[tied], keys(tied) if keys else None)
            picked[tied] = ordered.topk(count, dim=1).indices
    return picked


def best(scores: Tensor, keys: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Places and values of the `count` largest scores of each row (B, C), best first; ties to the smaller key.

    keys: int64 (B, C), see `Keys`.
    """
    picked = largest(scores, count, lambda rows: keys[rows])
    return ordered(picked, scores.gather(1, picked), keys.gather(1, picked))


def ordered(picked: Tensor, values: Tensor, keys: Tensor) -> tuple[Tensor, Tensor]:
    """picked and values (B, k), best first, equal values by key."""
    order = keys.argsort(dim=1)
    order = order.gather(1, values.gather(1, order).argsort(dim=1, descending=True, stable=True))
    return picked.gather(1, order), values.gather(1, order)


def spread_out(scores: Tensor, groups: Tensor, count: int, most: int, keys: Tensor | None = None) -> Tensor:
    """Places of the `count` largest scores (B, C), of each group at most `most` while others are left.

    groups: int64 (B, C). Ties go to the smaller key, int64 (B, C), or place; the result stands in no order that counts.
    """
    if keys is None:
        order = scores.argsort(dim=1, descending=True, stable=True)
    else:
        order = keys.argsort(dim=1)
        order = order.gather(1, scores.gather(1, order).argsort(dim=1, descending=True, stable=True))
    group = groups.gather(1, order)
    # Places in one's group, in order of score: a stable sort brings groups together, and keeps that order in them.
    together = group.argsort(dim=1, stable=True)
    sorted_groups = group.gather(1, together)
    place = torch.arange(scores.shape[1], device=scores.device).expand_as(together)
    begins = torch.ones_like(sorted_groups, dtype=torch.bool)
    begins[:, 1:] = sorted_groups[:, 1:] != sorted_groups[:, :-1]
    within = place - torch.where(begins, place, 0).cummax(dim=1).values
    surplus = torch.zeros_like(group).scatter(1, together, within) >= most
    # What is closed comes after what is surplus.
    last = surplus.long() + 2 * (scores.gather(1, order) == CLOSED)
    return order.gather(1, last.argsort(dim=1, stable=True)[:, :count])


def _totally_ordered(scores: Tensor, keys: Tensor | None) -> Tensor:
    """int64 (B, C): larger scores larger, of equal ones those with the smaller key; no two alike."""
    # A float's bits, taken as an integer, are in order for positive numbers, and in reverse for negative ones.
    bits = (scores.float() + 0.0).contiguous().view(torch.int32)  # + 0.0: minus zero is zero
    bits = torch.where(bits < 0, bits ^ LARGEST_KEY, bits).long()
    if keys is None:
        keys = torch.arange(scores.shape[1], device=scores.device)
    return (bits << 32) + (LARGEST_KEY - keys)
