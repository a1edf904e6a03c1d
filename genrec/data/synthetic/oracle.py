"""What can be known at best: two oracles over everybody's last event, as in leave-one-out.

The informed oracle sees the hidden taste and the date and ranks by the true p(next). The history oracle sees what a
recommender sees, past items and their times: it filters the hidden taste through the events (forward algorithm of a
hidden Markov model), does not know when the next event will be (it sums over the gap and so over the season), and
ranks by the exact posterior predictive. No recommender can beat it in expectation; the informed one is a ceiling
for nobody, and shows what the hidden state is worth.
"""

from __future__ import annotations

import numpy as np

from genrec.data.synthetic.dynamics import (
    ANCHORS,
    COMPLEMENT,
    GAPS,
    POPULAR,
    SEASONS,
    SERIES,
    TASTE,
    Histories,
    Shop,
    season_of,
)


def oracles(shop: Shop, lived: Histories, k: int = 10) -> dict[str, object]:
    """{"users", "informed": {"recall@k", "ndcg@k"}, "history": {…}} over users with three events or more."""
    asked = np.flatnonzero(lived.lengths >= 3)
    last = lived.lengths[asked] - 1
    targets = lived.items[asked, last]
    ranks: dict[str, list[np.ndarray]] = {"informed": [], "history": []}
    for start in range(0, len(asked), 512):
        who, end, target = asked[start : start + 512], last[start : start + 512], targets[start : start + 512]
        states, seasons = lived.states[who, end], season_of(lived.days[who, end])
        owned = [lived.items[user, :stop] for user, stop in zip(who, end, strict=True)]
        anchors = np.stack([lived.items[who, end - 1], lived.items[who, end - 2]], axis=1)
        ranks["informed"].append(_ranks(shop.rows(states, seasons, anchors, owned), target))
        items = np.where(np.arange(lived.items.shape[1])[None] < end[:, None], lived.items[who], -1)
        ranks["history"].append(_ranks(predict(shop, items, lived.days[who], end), target))
    figures: dict[str, object] = {"users": len(asked)}
    for name, parts in ranks.items():
        rank = np.concatenate(parts) if parts else np.empty(0)
        hit = rank < k
        gain = np.where(hit, 1 / np.log2(rank + 2), 0.0)
        figures[name] = {
            f"recall@{k}": round(float(hit.mean()), 6) if len(rank) else 0.0,
            f"ndcg@{k}": round(float(gain.mean()), 6) if len(rank) else 0.0,
        }
    return figures


def predict(shop: Shop, items: np.ndarray, days: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """p(next item | history), float64 (B, N), rows sum to 1.

    items int64 (B, L), -1 after each history's end; days (B, L); lengths (B,), at least 1.
    """
    b = len(items)
    belief = np.repeat(shop.prior[None] / shop.prior.sum(), b, axis=0)
    for step in range(int(lengths.max())):
        here = np.flatnonzero(lengths > step)
        prior = belief[here] @ shop.drift if step else belief[here]
        seasons = season_of(days[here, step])
        anchors = _anchors(items[here], np.full(len(here), step))
        total = _total(shop, anchors)[:, :, None] - _owned_mass(shop, items[here], step, anchors, seasons[:, None])
        chance = _mass(shop, items[here, step], anchors, seasons[:, None]) / total
        posterior = prior * chance[:, :, 0]
        belief[here] = posterior / posterior.sum(axis=1, keepdims=True)
    return _predictive(shop, belief @ shop.drift, items, days, lengths)


def _predictive(shop: Shop, belief: np.ndarray, items: np.ndarray, days: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Sums p(i | z, season, history) over tastes (belief, (B, K)) and over when the next event may be."""
    b, (k, s, n) = len(items), shop.base.shape
    every = np.arange(len(SEASONS))[:s]
    then = season_of(days[np.arange(b), lengths - 1][:, None] + 1 + np.arange(len(GAPS))[None])
    season = np.stack([((then == one) * GAPS).sum(axis=1) for one in every], axis=1) / GAPS.sum()
    anchors = _anchors(items, lengths)
    total = np.repeat(_total(shop, anchors)[:, :, None], s, axis=2)
    for step in range(int(lengths.max())):
        here = np.flatnonzero(lengths > step)
        total[here] -= _mass(shop, items[here, step], anchors[here], np.repeat(every[None], len(here), axis=0))
    weight = belief[:, :, None] * season[:, None, :] / total  # (B, K, S)
    flat = shop.base.reshape(k * s, n)
    result = (weight * (TASTE / shop.base_sum)).reshape(b, -1) @ flat
    result += weight.sum(axis=(1, 2))[:, None] * (shop.popularity * (POPULAR / shop.popularity.sum()))
    for j, share in enumerate(ANCHORS):
        has = np.flatnonzero(anchors[:, j] >= 0)
        item = anchors[has, j]
        sums = shop.complement_sum[shop.group[item]]
        part = weight[has] * np.divide(share * COMPLEMENT, sums, out=np.zeros_like(sums), where=sums > 0)
        result[has] += shop.complement[shop.group[item]] * (part.reshape(len(has), -1) @ flat)
        whole = weight[has].sum(axis=(1, 2))
        for p in range(shop.later.shape[1]):
            piece = shop.later[item, p]
            real = piece >= 0
            result[has[real], piece[real]] += (whole * share * SERIES * shop.later_share[item, p])[real]
    for row in range(b):
        result[row, items[row, : lengths[row]]] = 0.0
    return result


def _anchors(items: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The two items before position `at`, int64 (B, 2), -1 where there is none."""
    rows = np.arange(len(items))
    return np.stack([np.where(at > j, items[rows, np.maximum(at - 1 - j, 0)], -1) for j in range(len(ANCHORS))], axis=1)


def _total(shop: Shop, anchors: np.ndarray) -> np.ndarray:
    """What the unnormalised mixture sums to before owned items are taken out, (B, K); the same for every season."""
    k = shop.taste.shape[0]
    total = np.full((len(anchors), k), TASTE + POPULAR)
    for j, share in enumerate(ANCHORS):
        has = np.flatnonzero(anchors[:, j] >= 0)
        item = anchors[has, j]
        total[has] += share * COMPLEMENT * (shop.complement_sum[shop.group[item], :, 0] > 0)
        total[has] += (share * SERIES * (shop.later[item, 0] >= 0))[:, None]
    return total


def _mass(shop: Shop, item: np.ndarray, anchors: np.ndarray, seasons: np.ndarray) -> np.ndarray:
    """The mixture's unnormalised mass on one item per row, in every taste and the given seasons: (B, K, R).

    item (B,), anchors (B, 2), seasons (B, R).
    """
    # (B, R, K) while seasons are gathered, then the way round that the callers compute in.
    base = shop.base.transpose(2, 1, 0)[item[:, None], seasons]
    scale = (TASTE / shop.base_sum).T[seasons]
    extra = (POPULAR / shop.popularity.sum() * shop.popularity[item])[:, None]
    for j, share in enumerate(ANCHORS):
        has = np.flatnonzero(anchors[:, j] >= 0)
        last = anchors[has, j]
        group = shop.group[last]
        sums = shop.complement_sum.transpose(0, 2, 1)[group[:, None], seasons[has]]
        match = shop.complement[group, item[has]][:, None, None]
        scale[has] += np.divide(share * COMPLEMENT * match, sums, out=np.zeros_like(sums), where=sums > 0)
        in_series = (shop.later[last] == item[has][:, None]) * shop.later_share[last]
        extra[has, 0] += share * SERIES * in_series.sum(axis=1)
    return (base * scale + extra[:, :, None]).transpose(0, 2, 1)


def _owned_mass(shop: Shop, items: np.ndarray, step: int, anchors: np.ndarray, seasons: np.ndarray) -> np.ndarray:
    mass = np.zeros((len(items), shop.taste.shape[0], seasons.shape[1]))
    for past in range(step):
        mass += _mass(shop, items[:, past], anchors, seasons)
    return mass


def _ranks(scores: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """How many items stand before the target; equal scores go to the smaller index."""
    own = scores[np.arange(len(targets)), targets][:, None]
    before = np.arange(scores.shape[1])[None] < targets[:, None]
    return (scores > own).sum(axis=1) + ((scores == own) & before).sum(axis=1)
