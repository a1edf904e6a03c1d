"""What a taste does to the meaning of an item: its colour becomes one that this person would love, its cut stays.

Meanings are all but additive in the values of columns: m = … + U[category: coat] + U[colour: navy] + …. So a value is
taken out and another put in. With the level s of the slider, from 0 (the item as it is) to 1 (as they would love it):

    m(s) = m + s^EASE · Σ over the columns that may change (U[loved] - Σ_v p(v | m)·U[v])

loved is drawn, once a seed, from

    p(v | taste)^SHARP / p(v)^OWN    among the v with p(v | what it is) > SELDOM · p(v)

Both p(v | ·) are multinomial regressions, the first on the means of people's histories with a value of something else
they have; the second keeps off what no such thing has (a floral mirror). SHARP: drawn is what they would love, not what
they might buy too. OWN: and what is theirs, not what everybody has most of. Both were set on people of the lessons.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

SHARP, OWN = 5.0, 2.0
SELDOM, SURE = 0.1, 0.5
EASE = 0.6
"""Of two values in one meaning the heavier is drawn: below 1, the slider's first half is not idle."""
RARE = 8.0
"""A value counts as if it had been seen so many times more often than it was, all else alike."""
BLUR = 0.2
"""Noise on meanings while they are learned from: projected vectors are never exact."""
STEPS = 200


class Leaning(nn.Module):
    """columns: the judged columns and how many values each has. Meanings here have mean 0 and size 1.

    Fitted by `fit`; before, a taste changes nothing.
    """

    def __init__(self, width: int, columns: Mapping[str, int]) -> None:
        super().__init__()
        self.columns = dict(sorted(columns.items()))  # a saved configuration is sorted too
        for name, count in self.columns.items():
            self.register_buffer(f"values_{name}", torch.zeros(count, width))
            self.register_buffer(f"changes_{name}", torch.zeros((), dtype=torch.bool))
            self.register_buffer(f"share_{name}", torch.zeros(count))
            for reader in ("own", "loved", "able"):
                self.register_buffer(f"{reader}_{name}", torch.zeros(count, width + 1))

    def forward(self, item: Tensor, taste: Tensor, words: Tensor, given: Tensor, level: Tensor, luck: Tensor) -> Tensor:
        """The moved meanings, (B, width).

        item, taste, words: (B, width): the thing, the mean of a history, what keywords say. given: bool (B, 2), whether
        there is a history, whether there are keywords. Where keywords name a value, that is the loved one; a column of
        which neither says anything stays. level: (B,), 0 to 1. luck: (B, columns), uniform in [0, 1): which of the
        loved values is taken.
        """
        moved, what = item, self._identity(item)
        for number, name in enumerate(self.columns):
            if not self._part("changes", name):
                continue
            values = self._part("values", name)
            own = self._told("own", name, item).softmax(dim=1)
            share = self._part("share", name)
            loved = SHARP * self._told("loved", name, taste).log_softmax(dim=1) - OWN * share
            able = self._told("able", name, what).log_softmax(dim=1) - share > math.log(SELDOM)
            chosen = _drawn(loved.masked_fill(~able, -math.inf).softmax(dim=1), luck[:, number])
            sure, named = self._told("own", name, words).softmax(dim=1).max(dim=1)
            heard = given[:, 1] & (sure > SURE)
            chosen = torch.where(heard, named, chosen)
            far = level**EASE * (given[:, 0] | heard)
            moved = moved + far[:, None] * (values[chosen] - own @ values)
        return moved

    def _identity(self, item: Tensor) -> Tensor:
        """Of each meaning the part that no taste may change."""
        for name in self.columns:
            if self._part("changes", name):
                item = item - self._told("own", name, item).softmax(dim=1) @ self._part("values", name)
        return item

    def _part(self, kind: str, name: str) -> Tensor:
        part: Tensor = getattr(self, f"{kind}_{name}")
        return part

    def _told(self, reader: str, name: str, meaning: Tensor) -> Tensor:
        weights = self._part(reader, name)
        return functional.linear(meaning, weights[:, :-1], weights[:, -1])

    def fit(
        self,
        meanings: Tensor,
        told: Mapping[str, Sequence[int]],
        changing: Sequence[str],
        histories: Sequence[np.ndarray],
        free: np.ndarray,
        *,
        seed: int,
    ) -> None:
        """meanings (N, width). told: of every column the N rows' values, by number. changing: the columns that a taste
        may change. histories: of people the rows that they have. free: int64, the rows that may be learned from."""
        torch.manual_seed(seed)
        rows = torch.from_numpy(free)
        x = meanings[rows]
        labels = {name: torch.tensor(list(told[name])) for name in self.columns}
        added = _additive(x, [labels[name][rows] for name in self.columns], list(self.columns.values()))
        for (name, count), part in zip(self.columns.items(), added, strict=True):
            self._part("values", name).copy_(part)
            self._part("changes", name).fill_(name in changing)
            seen = torch.bincount(labels[name][rows], minlength=count) + RARE
            self._part("share", name).copy_((seen / seen.sum()).log())
            if name in changing:
                self._part("own", name).copy_(_regressed(x, labels[name][rows], count))
        what = self._identity(x)
        tastes, besides = _tastes(meanings, histories, np.random.default_rng([seed, 7]))
        for name, count in self.columns.items():
            if name in changing:
                self._part("able", name).copy_(_regressed(what, labels[name][rows], count))
                if len(besides):
                    self._part("loved", name).copy_(_regressed(tastes, labels[name][besides], count, blur=0.02))


def _drawn(chances: Tensor, luck: Tensor) -> Tensor:
    """int64 (B,): which value, of (B, values), the luck (B,) in [0, 1) falls on."""
    reached = chances.cumsum(dim=1)
    return (reached < luck[:, None] * reached[:, -1:]).sum(dim=1).clamp(max=chances.shape[1] - 1)


def _additive(meanings: Tensor, labels: Sequence[Tensor], counts: Sequence[int]) -> list[Tensor]:
    """Of every column's values what they add to a meaning, by ridge regression on all columns at once; of mean 0."""
    shown = torch.cat([functional.one_hot(own, count) for own, count in zip(labels, counts, strict=True)], dim=1)
    known = torch.cat([shown, torch.ones(len(shown), 1, dtype=shown.dtype)], dim=1).double()
    gram = known.T @ known + torch.eye(known.shape[1], dtype=torch.float64)
    found = torch.linalg.solve(gram, known.T @ meanings.double()).float()
    parts = list(found[:-1].split(list(counts)))
    share = [functional.one_hot(own, count).float().mean(dim=0) for own, count in zip(labels, counts, strict=True)]
    return [part - weight @ part for part, weight in zip(parts, share, strict=True)]


def _tastes(
    meanings: Tensor, histories: Sequence[np.ndarray], rng: np.random.Generator, draws: int = 3
) -> tuple[Tensor, Tensor]:
    """Means over some of what people have (M, width), and of each a row (M,) that they have besides."""
    tastes, others = [], []
    for history in histories:
        for _ in range(draws if len(history) > 3 else 0):
            mixed = rng.permutation(history)
            known = mixed[1 : 1 + int(rng.integers(3, len(mixed)))]
            tastes.append(meanings[torch.from_numpy(known)].mean(dim=0))
            others.append(int(mixed[0]))
    return torch.stack(tastes) if tastes else meanings[:0], torch.tensor(others, dtype=torch.int64)


@torch.enable_grad()
def _regressed(meanings: Tensor, labels: Tensor, count: int, blur: float = BLUR) -> Tensor:
    """(count, width + 1): a multinomial regression with its offsets, by Adam on all rows at once."""
    weights = torch.zeros(count, meanings.shape[1] + 1, requires_grad=True)
    optimizer = torch.optim.Adam([weights], lr=0.05)
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = 0.05 * (1 - step / STEPS)
        shown = meanings + blur * torch.randn_like(meanings)
        logits = functional.linear(shown, weights[:, :-1], weights[:, -1])
        loss = functional.cross_entropy(logits, labels) + 1e-4 * weights.square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return weights.detach()
