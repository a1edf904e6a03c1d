"""Item vectors from who-touched-what alone: positive pointwise mutual information of nearby events, then SVD.

Levy and Goldberg 2014 («Neural word embedding as implicit matrix factorization») with items for words and histories for
sentences; the weights of Levy, Goldberg and Dagan 2015 (context smoothing 0.75, square root of the singular values).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from genrec.data.interactions import Sequences
from genrec.embed.svd import truncated_svd
from genrec.embed.vectors import checked


def collaborative_vectors(
    train: Sequences, n_items: int, *, dim: int = 64, window: int = 5, decay: float = 0.5, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """(vectors float32 (N, d), L2-normalised; mask bool (N,)) from training histories; never give it later events.

    Items without any event, or that never stood near another item, have mask False.
    """
    left, values, _ = truncated_svd(ppmi(cooccurrence(train, n_items, window=window, decay=decay)), dim, seed)
    vectors = left * np.sqrt(values)
    lengths = np.linalg.norm(vectors, axis=1)
    mask = lengths > 1e-6
    vectors[mask] /= lengths[mask, None]
    return checked(vectors, mask, source="collaborative vectors")


def cooccurrence(train: Sequences, n_items: int, *, window: int, decay: float) -> Any:
    """scipy CSR float64 (N, N), symmetric, zero diagonal: Σ decay^(distance - 1) over pairs within `window` events."""
    from scipy.sparse import coo_array

    owner = np.repeat(np.arange(len(train)), train.lengths)
    total = coo_array((n_items, n_items), dtype=np.float64).tocsr()
    for distance in range(1, window + 1):
        together = owner[distance:] == owner[:-distance]
        earlier, later = train.items[:-distance][together], train.items[distance:][together]
        different = earlier != later
        earlier, later = earlier[different], later[different]
        weights = np.full(len(earlier), decay ** (distance - 1))
        # Summed distance by distance: memory holds one distance's pairs, not the whole window's.
        total = total + coo_array((weights, (earlier, later)), shape=total.shape).tocsr()
    return (total + total.T).tocsr()


def ppmi(counts: Any, smoothing: float = 0.75) -> Any:
    """max(0, log(p(i, j) / (p(i) · q(j)))) of a symmetric CSR count matrix, where q(j) ∝ count(j)^smoothing."""
    pairs = counts.tocoo()
    if pairs.nnz == 0:
        return counts
    total = pairs.data.sum()
    rows = np.asarray(counts.sum(axis=1)).ravel() / total
    contexts = np.asarray(counts.sum(axis=0)).ravel() ** smoothing
    contexts /= contexts.sum()
    information = np.log(pairs.data / total / (rows[pairs.row] * contexts[pairs.col]))
    kept = counts.__class__((np.maximum(information, 0.0), (pairs.row, pairs.col)), shape=counts.shape)
    kept.eliminate_zeros()
    return kept
