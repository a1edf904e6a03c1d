"""Tensors that grow by rows while readers hold what they were."""

from __future__ import annotations

import torch
from torch import Tensor


class Growing:
    """A tensor to which rows are added at the end, in a buffer with room to spare. What `rows` gave never changes."""

    def __init__(self, rows: Tensor) -> None:
        self.rows, self._buffer, self._used = rows, rows, [len(rows)]

    def extended(self, more: Tensor) -> Growing:
        """These rows and then `more`; of two that are made from the same one the second is a copy."""
        n, total = len(self.rows), len(self.rows) + len(more)
        other = object.__new__(Growing)
        if self._used[0] == n and total <= len(self._buffer):
            other._buffer, other._used = self._buffer, self._used
        else:
            size = (total + total // 8 + 1024, *self.rows.shape[1:])
            other._buffer, other._used = torch.empty(size, dtype=self.rows.dtype, device=self.rows.device), [n]
            other._buffer[:n] = self.rows
        other._buffer[n:total] = more
        other._used[0] = total
        other.rows = other._buffer[:total]
        return other

    def changed(self, places: Tensor, rows: Tensor) -> Growing:
        """A copy in which `places` hold `rows`."""
        copied = self.rows.clone()
        copied[places.to(copied.device)] = rows
        return Growing(copied)
