"""Learning the weights of the leaf score on the validation questions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from genrec import progress
from genrec.data.splits import Evaluation
from genrec.decode.constraints import Constraints
from genrec.decode.generator import Generator

STEPS = (0.0, 0.25, 0.5, 0.7, 0.85, 1.2, 1.4, 2.0, 4.0)
"""What a weight is multiplied with to look for a better one."""


def fit_leaf(
    generator: Generator, validation: Evaluation, *, seed: int = 0, most: int = 10_000, exclude_seen: bool = False
) -> dict[str, float]:
    """Weights by feature for `generator.leaf`, from at most `most` validation questions. Sets them, and returns them.

    All of the scorer's `features` take part; a weight may end at 0. Without a question nothing changes.
    """
    assert generator.leaf is not None
    asked = validation.take(np.flatnonzero(validation.histories.lengths > 0))
    if len(asked) > most:
        asked = asked.take(np.sort(np.random.default_rng(seed).permutation(len(asked))[:most]))
    if not len(asked):
        return generator.leaf.weights
    names = generator.leaf.features
    weights = best_weights(*gather(generator, asked, names, exclude_seen))
    generator.leaf = replace(generator.leaf, weights=dict(zip(names, weights, strict=True)))
    return generator.leaf.weights


def gather(
    generator: Generator, asked: Evaluation, names: list[str], exclude_seen: bool = False
) -> tuple[Tensor, Tensor]:
    """Features float32 (Q, C, F) of the candidates of every question, and the answer's place among them (Q,).

    `names` starts with «codes», which is -inf for candidates that are not there. Questions whose answer is no candidate
    are left out: no weights could find it.
    """
    assert generator.leaf is not None
    kept, places = [], []
    with progress.bar("Weighing leaf scores", len(asked), "user") as shown:
        for begin in range(0, len(asked), generator.batch):
            part = asked.take(np.arange(begin, min(begin + generator.batch, len(asked))))
            states = generator.engine.states(part.histories)
            closed = generator.engine.exclude(part.histories) if exclude_seen else None
            constraints = closed or Constraints.none(len(part), states.device)
            tables = generator.leaf.tables(states, part.histories)
            items, codes = generator.candidates(states, tables, constraints, 10)
            columns = [codes if name == "codes" else tables[name].gather(1, items.clamp(min=0)) for name in names]
            hit = items == torch.from_numpy(part.targets.astype(np.int64))[:, None]
            rows = hit.any(1)
            kept.append(torch.stack(columns, dim=-1)[rows])
            places.append(hit[rows].int().argmax(1))
            shown.advance(len(part))
    width = max(part.shape[1] for part in kept)
    padded = [torch.nn.functional.pad(part, (0, 0, 0, width - part.shape[1]), value=-torch.inf) for part in kept]
    return torch.cat(padded), torch.cat(places)


def best_weights(features: Tensor, place: Tensor, rounds: int = 4) -> list[float]:
    """Weights w ≥ 0 (F,) of highest NDCG@10 of the answers `place` (Q,) when X w ranks the candidates X (Q, C, F).

    A coordinate search from the best single feature. The likelihood of a conditional logit would be smoother, but its
    optimum is another one: it is about the answers that nobody finds as much as about those at the top.
    """
    if not len(place):
        return [1.0] + [0.0] * (features.shape[-1] - 1)
    absent = torch.isneginf(features[..., 0])
    columns = [column.masked_fill(absent, 0.0).contiguous() for column in features.unbind(-1)]

    def ndcg(scores: Tensor) -> float:
        scores = scores.masked_fill(absent, -torch.inf)
        # An equal score goes before the answer: a feature that says nothing must not look as if it found everything.
        rank = (scores >= scores.gather(1, place[:, None])).sum(1) - 1
        return float(torch.where(rank < 10, 1 / torch.log2(rank + 2.0), 0.0).mean())

    # 1. Every feature on its own, on a scale on which all vary alike.
    scale = [float(1 / column[~absent].std().clamp(min=1e-6)) for column in columns]
    figures = [ndcg(column) for column in columns]
    best = max(figures)
    weights = [0.0] * len(columns)
    weights[figures.index(best)] = scale[figures.index(best)]
    # 2. One weight after the other, a weight of 0 from its natural scale; the others' sum is made once for all steps.
    for _ in range(rounds):
        before = best
        for feature, column in enumerate(columns):
            others = [(weight, other) for weight, other in zip(weights, columns, strict=True) if other is not column]
            rest = sum((weight * other for weight, other in others if weight), torch.zeros_like(column))
            alone = not any(weight for weight, _ in others)
            around = weights[feature] or scale[feature]
            for step in STEPS:
                if alone and not step:
                    continue
                figure = ndcg(rest + around * step * column)
                if figure > best + 1e-6:
                    best, weights[feature] = figure, around * step
        if best <= before:
            break
    largest = max(weights)
    return [weight / largest for weight in weights]
