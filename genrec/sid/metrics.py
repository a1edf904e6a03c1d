"""How good a set of semantic IDs is, before any generator is trained on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from genrec.data.interactions import Sequences
from genrec.sid.codes import SemanticIds, row_keys
from genrec.sid.residual import ResidualTokenizer, normalized

NEIGHBOURS = 10
SAMPLE = 2000
ROWS = 256


def usage(codes: np.ndarray, codebook_sizes: tuple[int, ...]) -> list[dict[str, float]]:
    """Per level of uint16 (N, L): `size`, codes `used`, and `perplexity` = exp(entropy), at most `size`."""
    rows = []
    for level, size in enumerate(codebook_sizes):
        counts = np.bincount(codes[:, level], minlength=size)
        shares = counts[counts > 0] / max(counts.sum(), 1)
        perplexity = float(np.exp(-(shares * np.log(shares)).sum()))
        rows.append({"size": int(size), "used": int((counts > 0).sum()), "perplexity": perplexity})
    return rows


def collisions(codes: np.ndarray) -> dict[str, float]:
    """`shared`: share of items whose codes another item has too; number of such `groups`; the `largest` group."""
    counts = np.unique(row_keys(codes), return_counts=True)[1]
    groups = counts[counts > 1]
    return {
        "shared": float(groups.sum() / max(len(codes), 1)),
        "groups": len(groups),
        "largest": int(counts.max(initial=0)),
    }


def r2(targets: np.ndarray, reconstructions: np.ndarray, mean: np.ndarray) -> float:
    """1 − Σ‖x − x̂‖² / Σ‖x − mean‖², over float32 (M, d): 1 is perfect, 0 is what the mean alone gives."""
    spread = float(np.square(targets - mean, dtype=np.float64).sum())
    error = float(np.square(targets - reconstructions, dtype=np.float64).sum())
    return 1 - error / spread if spread > 0 else float(error == 0)


def neighbours_kept(vectors: np.ndarray, reconstructions: np.ndarray, *, seed: int = 0) -> float:
    """Share of an item's 10 nearest (cosine, among the items) that are among its reconstruction's 10 nearest.

    Both searches are over the true vectors and leave the item itself out; mean over at most 2,000 items.
    """
    vectors, reconstructions = normalized(vectors), normalized(reconstructions)
    n, k = len(vectors), min(NEIGHBOURS, len(vectors) - 1)
    if k < 1:
        return 1.0
    chosen = np.sort(np.random.default_rng(seed).permutation(n)[:SAMPLE])
    kept = 0
    for begin in range(0, len(chosen), ROWS):
        rows = chosen[begin : begin + ROWS]
        near = []
        for queries in (vectors[rows], reconstructions[rows]):
            scores = queries @ vectors.T
            scores[np.arange(len(rows)), rows] = -np.inf
            near.append(np.argpartition(-scores, k - 1, axis=1)[:, :k])
        kept += int((near[0][:, :, None] == near[1][:, None, :]).sum())
    return kept / (k * len(chosen))


def first_code_lift(codes: np.ndarray, train: Sequences) -> float | None:
    """P(same first code | two different items in a row in a history) / P(same | two different items by popularity).

    1 means that first codes say nothing about what is bought together; None where there is nothing to count.
    """
    first = codes[:, 0].astype(np.int64)
    following = np.ones(max(len(train.items) - 1, 0), dtype=bool)
    borders = train.offsets[1:-1]
    following[borders[(borders > 0) & (borders < len(train.items))] - 1] = False
    left, right = train.items[:-1][following], train.items[1:][following]
    different = left != right
    left, right = left[different], right[different]
    popularity = np.bincount(train.items, minlength=len(codes)) / max(len(train.items), 1)
    by_code = np.bincount(first, weights=popularity)
    same_item = float(np.square(popularity).sum())
    chance = (float(np.square(by_code).sum()) - same_item) / (1 - same_item) if same_item < 1 else 0.0
    if len(left) == 0 or chance <= 1e-12:
        return None
    return float((first[left] == first[right]).mean()) / chance


def report(
    codes: np.ndarray,
    ids: SemanticIds,
    vectors: np.ndarray,
    tokenizer: ResidualTokenizer,
    train: Sequences,
    held_out: np.ndarray | None = None,
    *,
    seed: int = 0,
) -> dict[str, Any]:
    """Everything a run says about its semantic IDs, ready for JSON.

    codes: uint16 (N, L), as the tokenizer gave them. ids: after the collision policy. vectors: float32 (N, d).
    held_out: int rows of `vectors` that the tokenizer was not fitted on (None or empty: no held-out R²).
    """
    targets = tokenizer.prepare(vectors)
    reconstructions = tokenizer.decode(codes)
    rows = np.asarray(held_out if held_out is not None else [], dtype=np.int64)
    seen = np.ones(len(targets), dtype=bool)
    seen[rows] = False
    mean = targets[seen].mean(axis=0, dtype=np.float64)
    return {
        "items": len(codes),
        "levels": usage(ids.codes, ids.codebook_sizes),
        "r2": r2(targets, reconstructions, mean),
        "r2_held_out": r2(targets[rows], reconstructions[rows], mean) if len(rows) else None,
        "held_out_items": len(rows),
        "collisions_before": collisions(codes),
        "collisions_after": collisions(ids.codes),
        "neighbours_kept@10": neighbours_kept(targets, reconstructions, seed=seed),
        "first_code_lift": first_code_lift(codes, train),
    }
