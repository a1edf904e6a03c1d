"""Ways to cut rows into batches. An epoch's batches are a function of (seed, epoch) alone."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor


def shuffled(count: int, size: int, seed: int, epoch: int) -> list[Tensor]:
    """Index batches of `size` out of `count` rows in an order that depends on (seed, epoch) alone."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    return list(torch.randperm(count, generator=generator).split(size))


def by_length(lengths: Iterable[int], tokens: int, seed: int, epoch: int) -> list[Tensor]:
    """Index batches of rows of similar length with at most `tokens` padded positions each, in random order.

    Rows are shuffled before they are sorted by length, so that rows of equal length meet others every epoch.
    """
    lengths = torch.as_tensor(list(lengths))
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    order = torch.randperm(len(lengths), generator=generator)
    order = order[torch.sort(lengths[order], stable=True).indices]
    batches: list[Tensor] = []
    begin = 0
    sizes = lengths[order].tolist()
    for end in range(1, len(sizes) + 1):
        if end == len(sizes) or (end + 1 - begin) * max(1, sizes[end]) > tokens:
            batches.append(order[begin:end])
            begin = end
    return [batches[i] for i in torch.randperm(len(batches), generator=generator).tolist()]
