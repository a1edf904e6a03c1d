"""Every item its own semantic ID: an extra last token, with spare rows for items to come.

Items that share their content codes are told apart by a last code, their rank in the group by popularity (TIGER, Rajput
et al. 2023, §3.1, appends such a token; ranking it and reserving rows is ours: 0 is the commonest code of its level,
and newcomers find embedding rows that are already there). IDs that were given never change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from genrec.errors import UserError
from genrec.sid.codes import SemanticIds, checked_codes, row_keys

if TYPE_CHECKING:
    from genrec.sid.residual import ResidualTokenizer

LARGEST = 65_536


def resolve(
    codes: np.ndarray, popularity: np.ndarray, *, codebook_sizes: tuple[int, ...], spare: int = 8
) -> SemanticIds:
    """Append the level that makes the content codes uint16 (N, L) unique.

    The new code is the item's rank in its group by `popularity` (training events (N,); most popular 0, equals by
    index). The new level has room for the largest group and `spare` more.
    """
    if spare < 0:
        raise UserError(f"`spare` is {spare}; it must be 0 or more")
    codes = checked_codes(codes, codebook_sizes)
    if len(popularity) != len(codes):
        raise ValueError(f"{len(popularity)} popularities for {len(codes)} items")
    _, groups = np.unique(row_keys(codes), return_inverse=True)
    ranks = _ranks(groups, np.lexsort((-np.asarray(popularity), groups)))
    size = int(ranks.max(initial=-1)) + 1 + spare
    if size > LARGEST:
        raise UserError(
            f"{size - spare} items share one semantic ID and {spare} rows are spare, which is more than {LARGEST}: "
            f"raise `levels` or `codebook_size`, or look for vectors that are all alike"
        )
    return SemanticIds(np.column_stack([codes, ranks.astype(np.uint16)]), (*codebook_sizes, max(size, 1)))


def extend(ids: SemanticIds, codes: np.ndarray, alternatives: Callable[[int], np.ndarray]) -> SemanticIds:
    """Semantic IDs of the old items, unchanged, followed by those of M newcomers.

    codes: uint16 (M, L), the newcomers' content codes, where `ids` has L + 1 levels. A newcomer takes the next free
    rank of its group, in order of arrival. Those whose group is full, again in order of arrival, go to the first of
    ``alternatives(row)`` (uint16 (K, L), best first: `ResidualTokenizer.alternatives` of that newcomer's vector) whose
    group has room. UserError where none has.
    """
    sizes = ids.codebook_sizes
    codes = checked_codes(codes, sizes[:-1])
    room = sizes[-1]
    keys, first, groups = np.unique(row_keys(codes), return_index=True, return_inverse=True)
    # Next free, not first free: the rank of an item that was withdrawn is never another item's.
    following = ids.following(codes[first])
    ranks = following[groups] + _ranks(groups, np.argsort(groups, kind="stable"))
    codes, fits = codes.copy(), ranks < room
    np.maximum.at(following, groups[fits], ranks[fits] + 1)

    taken = dict(zip(keys.tolist(), following.tolist(), strict=True)) if not fits.all() else {}
    for row in np.flatnonzero(~fits).tolist():
        others = checked_codes(alternatives(row), sizes[:-1])
        free = ids.following(others).tolist()
        for other, key, rank in zip(others, row_keys(others).tolist(), free, strict=True):
            rank = taken.get(key, rank)
            if rank < room:
                codes[row], ranks[row], taken[key] = other, rank, rank + 1
                break
        else:
            raise UserError(
                f"new item {row}: its semantic ID and the {len(others)} nearest to it are full ({room} items each): "
                f"run the stage `tokenize` again with a larger `spare`, `codebook_size` or `levels`"
            )
    added = np.column_stack([codes, ranks.astype(np.uint16)])
    return SemanticIds(np.concatenate([ids.codes, added]), sizes)


def admit(ids: SemanticIds, tokenizer: ResidualTokenizer, vectors: np.ndarray) -> SemanticIds:
    """`extend` by newcomers whose fused vectors, float32 (M, d), the frozen tokenizer encodes."""
    if not len(vectors):
        return ids
    return extend(ids, tokenizer.encode(vectors), lambda row: tokenizer.alternatives(vectors[row]))


def _ranks(groups: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Place of every row in its group, int64, where `order` sorts rows by group, then as they should rank."""
    sorted_groups = groups[order]
    begins = np.flatnonzero(np.concatenate([[True], sorted_groups[1:] != sorted_groups[:-1]])) if len(order) else order
    lengths = np.diff(np.append(begins, len(order)))
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order)) - np.repeat(begins, lengths)
    return ranks
