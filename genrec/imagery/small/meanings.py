"""Learning what words mean: a row's words, added up, shall tell its columns' values.

Words that tell nothing shrink to nothing (weight decay); those that tell the same come to lie alike. Learned in
seconds, before anything is drawn, and fixed from then on, so that a run's vectors can be mapped onto sums of words.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from genrec import loop
from genrec.imagery.small.conditioner import Conditioner
from genrec.imagery.small.lessons import Lessons
from genrec.imagery.small.words import column_words, text_words


class Readings:
    """The ways in which rows are told: text, columns, both, some of the words. N rows."""

    def __init__(self, texts: Sequence[str | None], columns: Sequence[dict[str, str]]) -> None:
        self.texts = [text_words(text or "") for text in texts]
        self.columns = [column_words(row) for row in columns]

    def full(self, row: int) -> list[str]:
        """All that its row says, as the item's own words."""
        return self.texts[row] + self.columns[row]

    def told(self, row: int, rng: np.random.Generator) -> list[str]:
        """One way of telling it, at random."""
        way = rng.random()
        if way < 0.4:
            return self.full(row)
        if way < 0.65:
            return self.texts[row]
        if way < 0.8:
            return self.columns[row]
        words = self.full(row) if way < 0.9 else self.columns[row]
        kept = rng.random(len(words)) < rng.uniform(0.2, 0.9)
        return [word for word, keep in zip(words, kept, strict=True) if keep] or words[:1]


class _Tells(nn.Module):
    def __init__(self, conditioner: Conditioner, values: dict[str, list[str]]) -> None:
        super().__init__()
        self.conditioner = conditioner
        self.heads = nn.ModuleList(nn.Linear(conditioner.config["width"], len(known)) for known in values.values())

    def forward(self, rows: Sequence[Sequence[str]], targets: Tensor) -> Tensor:
        """targets: int64 (B, columns), -100 where a row has no value."""
        meaning = self.conditioner.meaning(rows)
        losses = [functional.cross_entropy(head(meaning), targets[:, i]) for i, head in enumerate(self.heads)]
        return torch.stack(losses).mean() + 1e-3 * meaning.square().sum(dim=1).mean()


def fit_meanings(conditioner: Conditioner, lessons: Lessons, *, epochs: int, seed: int, folder: Path) -> Readings:
    """Trains the words' embeddings; ways to tell the rows."""
    told = lessons.told
    names = list(dict.fromkeys(name for row in told for name in row))
    values = {name: sorted({row[name] for row in told if name in row}) for name in names}
    targets = torch.tensor([[values[name].index(row[name]) if name in row else -100 for name in names] for row in told])
    readings = Readings(lessons.table["text"].to_list(), told)

    def loss(module: nn.Module, rows: Tensor) -> Tensor:
        # Drawn from torch's own state, which the loop seeds: a killed run goes on the same way.
        own = np.random.default_rng(int(torch.randint(2**31, ()).item()))
        value: Tensor = module([readings.told(row, own) for row in rows.tolist()], targets[rows])
        return value

    module = _Tells(conditioner, values)
    config = loop.LoopConfig(epochs=epochs, learning_rate=1e-2, warmup=0.05, floor=0.02, seed=seed)
    loop.train(
        module, lambda epoch: loop.shuffled(len(told), 128, seed, epoch), loss, config,
        folder=folder, description="Words", device="cpu",
    )  # fmt: skip
    conditioner.requires_grad_(True)
    return readings
