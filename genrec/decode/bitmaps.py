"""Sets of ranks as packed bitmaps: what a filter, an allow list or the catalogue's availability leaves of the items.

Bit r % 32 of word r // 32 stands for rank r. N // 32 + 1 words have room for the rank N, the end of the last range, so
that it can be looked up like any other; it and what follows it are never set.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

SHIFT, LOW = 5, 31
"""32 ranks to a word: r >> SHIFT and r & LOW."""
ONE = np.uint32(1)


def width(n: int) -> int:
    """Words of a bitmap over n ranks."""
    return (n >> SHIFT) + 1


def add(words: np.ndarray, ranks: np.ndarray) -> None:
    """Set the bits of `ranks` (distinct, not set before, in any order) in `words`, uint32, in place.

    By addition, which is the same for bits that are not set, and which numpy does at many places without sorting them.
    """
    np.add.at(words, (ranks >> SHIFT).astype(np.intp), np.left_shift(ONE, (ranks & LOW).astype(np.uint32)))


def remove(words: np.ndarray, ranks: np.ndarray) -> None:
    """Clear the bits of `ranks` (distinct, set before, in any order) in `words`, uint32, in place."""
    np.subtract.at(words, (ranks >> SHIFT).astype(np.intp), np.left_shift(ONE, (ranks & LOW).astype(np.uint32)))


def pack(mask: np.ndarray) -> np.ndarray:
    """bool (N,) by rank as words, uint32 (width(N),)."""
    octets = np.zeros(width(len(mask)) * 4, np.uint8)
    packed = np.packbits(mask, bitorder="little")
    octets[: len(packed)] = packed
    return octets.view("<u4").astype(np.uint32, copy=False)


@dataclass(frozen=True, eq=False)
class RankBitmap:
    """A set of ranks. words: uint32 (width(n),), not to be written to. n: how many ranks there are."""

    words: np.ndarray
    n: int

    @classmethod
    def everything(cls, n: int) -> RankBitmap:
        words = np.full(width(n), np.uint32(0xFFFFFFFF))
        words[-1] = (1 << (n & LOW)) - 1
        return cls(words, n)

    @classmethod
    def nothing(cls, n: int) -> RankBitmap:
        return cls(np.zeros(width(n), np.uint32), n)

    @classmethod
    def of_mask(cls, mask: np.ndarray) -> RankBitmap:
        """mask: bool (N,), by rank."""
        return cls(pack(mask), len(mask))

    @classmethod
    def of_ranks(cls, ranks: Iterable[int] | np.ndarray, n: int) -> RankBitmap:
        """In any order, repeats are fine; ValueError for a rank outside 0 … n - 1."""
        distinct = np.unique(np.asarray(ranks if isinstance(ranks, np.ndarray) else list(ranks), np.int64))
        if len(distinct) and (distinct[0] < 0 or distinct[-1] >= n):
            raise ValueError(f"ranks must lie in 0 … {n - 1}, not {distinct[0]} … {distinct[-1]}")
        words = np.zeros(width(n), np.uint32)
        add(words, distinct)
        return cls(words, n)

    def mask(self) -> np.ndarray:
        """bool (N,), by rank."""
        octets = self.words.astype("<u4", copy=False).view(np.uint8)
        return np.unpackbits(octets, count=self.n, bitorder="little").view(bool)

    def ranks(self) -> np.ndarray:
        """int64, sorted."""
        return np.flatnonzero(self.mask())

    def count(self) -> int:
        return int(np.count_nonzero(self.mask()))

    def __contains__(self, rank: int) -> bool:
        return 0 <= rank < self.n and bool(self.words[rank >> SHIFT] >> np.uint32(rank & LOW) & np.uint32(1))

    def __and__(self, other: RankBitmap) -> RankBitmap:
        return RankBitmap(self.words & other.words, self.n)

    def __or__(self, other: RankBitmap) -> RankBitmap:
        return RankBitmap(self.words | other.words, self.n)

    def __sub__(self, other: RankBitmap) -> RankBitmap:
        return RankBitmap(self.words & ~other.words, self.n)
