"""What a prompt left behind, kept for the next request of the same user: least recently used goes first.

A prompt that was read is found again as a whole or by its beginning, in blocks of `BLOCK` tokens, so a history that has
grown by an item is read from where it changed. Nothing is found by a hash alone: the tokens are compared.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import Tensor

BLOCK = 16


@dataclass(frozen=True, eq=False)
class Read:
    """tokens: int64 (t,), on the CPU. kept: (2, layers, key heads, t, head size). hidden: (d,), of the last token."""

    tokens: Tensor
    kept: Tensor
    hidden: Tensor

    @property
    def bytes(self) -> int:
        return sum(part.numel() * part.element_size() for part in (self.tokens, self.kept, self.hidden))


class PromptCache:
    """At most `limit` bytes of prompts that were read."""

    def __init__(self, limit: int) -> None:
        self.limit, self.bytes = limit, 0
        self._reads: OrderedDict[int, Read] = OrderedDict()
        self._owners: dict[int, int] = {}  # the hash of a beginning → the key of the latest prompt that has it

    def __len__(self) -> int:
        return len(self._reads)

    def find(self, tokens: Tensor) -> tuple[Read, int] | None:
        """The prompt that shares the longest beginning with tokens (t,), and how many tokens that is."""
        for key, count in reversed(_beginnings(tokens)):
            read = self._reads.get(self._owners.get(key, 0))
            if read is not None and len(read.tokens) >= count and torch.equal(read.tokens[:count], tokens[:count]):
                self._reads.move_to_end(self._owners[key])
                return read, count
        return None

    def keep(self, read: Read) -> None:
        beginnings = _beginnings(read.tokens)
        key = beginnings[-1][0]
        if read.bytes > self.limit:
            return
        self._drop(key)
        self._reads[key] = read
        self.bytes += read.bytes
        self._owners.update((part, key) for part, _ in beginnings)
        while self.bytes > self.limit:
            self._drop(next(iter(self._reads)))

    def _drop(self, key: int) -> None:
        read = self._reads.pop(key, None)
        if read is None:
            return
        self.bytes -= read.bytes
        for part, _ in _beginnings(read.tokens):
            if self._owners.get(part) == key:
                del self._owners[part]


def _beginnings(tokens: Tensor) -> list[tuple[int, int]]:
    """(hash, length) of every beginning of whole blocks and of the whole, shortest first."""
    values, chain, found = tokens.tolist(), 0, []
    for begin in range(0, len(values), BLOCK):
        chain = hash((chain, *values[begin : begin + BLOCK]))
        found.append((chain, min(begin + BLOCK, len(values))))
    return found
