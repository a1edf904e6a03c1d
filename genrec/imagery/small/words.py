"""Words and columns of a row as numbers of hash buckets: no vocabulary to keep, any catalogue's words welcome."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache

import torch
from torch import Tensor

from genrec.search.words import words_of

HASHES = 2
"""Buckets of a word: two words that share one of them hardly ever share the other."""
LONGEST = 96
"""Words of a text that are read, the first."""


def text_words(text: str) -> list[str]:
    """The words of a text, each once; those of the first sentence, where titles stand, also as such."""
    first, _, rest = text.partition(". ")
    said = words_of(first)
    heard = [f"first:{word}" for word in said] + said + words_of(rest)
    return list(dict.fromkeys(heard[:LONGEST]))


def column_words(columns: Mapping[str, str]) -> list[str]:
    """A word for every column's value, which no text can say by accident."""
    return [f"{name}={value}" for name, value in columns.items()]


@lru_cache(maxsize=65536)
def buckets(word: str, count: int) -> tuple[int, ...]:
    """The `HASHES` buckets of a word, out of `count`; the same on every machine."""
    digest = hashlib.blake2b(word.encode(), digest_size=4 * HASHES).digest()
    return tuple(int.from_bytes(digest[4 * n : 4 * n + 4], "little") % count for n in range(HASHES))


def bags(rows: Sequence[Sequence[str]], count: int) -> tuple[Tensor, Tensor]:
    """Words of B rows for `nn.functional.embedding_bag`: bucket numbers int64 (n,), offsets int64 (B,)."""
    flat: list[int] = []
    offsets: list[int] = []
    for words in rows:
        offsets.append(len(flat))
        for word in words:
            flat.extend(buckets(word, count))
    return torch.tensor(flat, dtype=torch.int64), torch.tensor(offsets, dtype=torch.int64)
