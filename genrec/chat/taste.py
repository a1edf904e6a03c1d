"""What is liked and disliked in a conversation, as boosts of single items; and which of many answers are shown.

An item is like another as far as columns say the same of both, rare values counting more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from genrec.chat.shelves import Shelves
from genrec.explain.gazetteer import stem

LIKED, DISLIKED, SAID = 4.0, 4.0, 4.0
"""Added to the score (a log-probability) of an item that is all like a liked one; taken from one like a disliked one;
added where the text has all the words that no column says."""
BOOSTED = 200
"""Items that are boosted, at most."""
NOVEL = 0.5
"""How much of the score's range a shown item may give way for one that is unlike those before it."""
FEW = 2
"""Times k: so few items left are shown best first, whatever they are like."""


def likeness(shelves: Shelves, item_ids: Sequence[str]) -> np.ndarray:
    """float32 (N,), 0…1: the mean likeness to these items, by columns of words."""
    n = len(shelves.catalog)
    found, most = np.zeros(n, np.float32), 0.0
    for column in shelves.words:
        items, codes, values = shelves.codes(column)
        if not values:
            continue
        counts = np.bincount(codes, minlength=len(values))
        rarity = np.log1p(n / np.maximum(counts, 1)) / np.log1p(n)
        weight = np.zeros(len(values), np.float32)
        for item_id in item_ids:
            own = codes[items == shelves.catalog.index[item_id]]
            weight[own] += 1.0 if column == shelves.kind else 0.5 + 0.5 * rarity[own]
            most += float(len(own) > 0)
        np.add.at(found, items, weight[codes])
    return found / max(most, 1.0)


def said(shelves: Shelves, words: str) -> np.ndarray:
    """float32 (N,), 0…2: the share of the words that stand in an item's text, and again of those in its title."""
    found = np.zeros(len(shelves.catalog), np.float32)
    parts = words.split()
    for word in parts:
        there = shelves.lower.str.contains(stem(word), literal=True).fill_null(False).to_numpy()
        titled = shelves.titles.str.contains(stem(word), literal=True).fill_null(False).to_numpy()
        found += there + 1.0 * titled
    return found / max(len(parts), 1)


def boosts(
    shelves: Shelves, mask: np.ndarray, liked: Sequence[str], disliked: Sequence[str], words: str
) -> dict[str, float]:
    """For a request: what is like liked things up, what is like disliked ones down. mask: bool (N,), what may come."""
    total = np.zeros(len(shelves.catalog), np.float32)
    if liked:
        # The newest counts as much as all before it.
        total += LIKED * (likeness(shelves, liked[-1:]) + likeness(shelves, liked)) / 2
    if disliked:
        total -= DISLIKED * likeness(shelves, disliked)
    if words:
        total += SAID * said(shelves, words)
    total = np.where(mask, total, 0)
    if not total.any():
        return {}
    # All alike are lifted or lowered by as much: only what stands out is worth naming.
    middle = float(np.median(total[mask]))
    total = np.where(mask, total - middle, 0)
    order = np.argsort(-np.abs(total), kind="stable")[:BOOSTED]
    ids = shelves.catalog.ids
    return {ids[item]: float(total[item]) for item in order.tolist() if abs(total[item]) > 1e-3}


def pick(
    shelves: Shelves, item_ids: Sequence[str], scores: Sequence[float], k: int, open_columns: Sequence[str]
) -> list[int]:
    """Places of k of the answers: the best, then what is good and unlike those before it in columns that are open.

    So an answer to the list tells much of what is wanted. With few to choose from, the best.
    """
    if len(item_ids) <= FEW * k or not open_columns:
        return list(range(min(k, len(item_ids))))
    table = shelves.table
    rows = [shelves.catalog.index[one] for one in item_ids]
    facets = np.zeros((len(rows), len(open_columns)), np.int64)
    for place, column in enumerate(open_columns):
        series = table[column].gather(rows)
        if series.dtype.is_nested():
            series = series.list.first()
        facets[:, place] = series.cast(pl.String).fill_null("").rank("dense").to_numpy()
    value = np.asarray(scores, np.float64)
    span = float(value[: max(3 * k, 10)].max() - value[: max(3 * k, 10)].min()) or 1.0
    value = (value - value.max()) / span
    chosen = [0]
    likeness_to = np.zeros(len(rows))
    while len(chosen) < k:
        same = (facets == facets[chosen[-1]]).mean(axis=1)
        likeness_to = np.maximum(likeness_to, same)
        gain = value - NOVEL * 2 * likeness_to
        gain[chosen] = -np.inf
        chosen.append(int(gain.argmax()))
    return sorted(chosen)


def open_columns(shelves: Shelves, settled: Sequence[str]) -> list[str]:
    """The columns of words, with few values, about which nothing was said."""
    real = [name for name in shelves.words if name in shelves.table.columns]
    return [name for name in real if name not in settled and len(shelves.values(name)) <= 60][:8]
