"""The leaf score: what is known of an item beyond its codes, added to the beams' log-probabilities.

Semantic IDs made from content throw co-occurrence away, and no code can tell two items apart that look the same. At
the leaves the candidates are items, so item scores can be added there::

    score(i | u) = Σ_f w_f · feature_f(u, i)

with the features of `FEATURES`. The weights are learned on the validation questions (`genrec.train.leaf`), on events
that neither the model nor the neighbours were fitted to. Candidates are the beams' items and, as extra leaves scored
exactly by the same codes, the items that the dense head and the neighbours think best.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genrec.data.interactions import Sequences
from genrec.evaluate.baselines.contentknn import ContentKNN
from genrec.evaluate.baselines.itemknn import ItemKNN
from genrec.model.compact import CompactModel

FEATURES = ("codes", "dense", "neighbours", "content", "popularity", "repeat")
"""codes: log p of the semantic ID. dense: log softmax of the dense head. neighbours: the ItemKNN score.
content: cosine with the history's decayed content. popularity: log(1 + training events). repeat: -1 for what the
history holds, else 0, so that its weight says how rarely people take a thing twice."""


@dataclass(eq=False)
class LeafScorer:
    """Item scores at the leaves for one `CompactModel`.

    weights: by feature. `codes` always takes part, with 1 where it is not named; another that is 0 is not computed.
    proposals: how many items each of the dense head, the neighbours and the content may add to a request's candidates.
    available: bool (N,) on the CPU, the items that may be proposed; None for all.
    """

    model: CompactModel
    neighbours: ItemKNN
    content: ContentKNN
    popularity: np.ndarray
    weights: dict[str, float]
    proposals: int = 50
    available: Tensor | None = None

    def __post_init__(self) -> None:
        with torch.inference_mode():
            self.vectors = self.model.item_vectors() if self.model.config.dense else None
        self.log_popularity = torch.from_numpy(np.log1p(self.popularity).astype(np.float32))

    @property
    def features(self) -> list[str]:
        """The features that take part, `codes` first."""
        absent = () if self.vectors is not None else ("dense",)
        return ["codes", *(name for name in FEATURES[1:] if self.weights.get(name) and name not in absent)]

    @torch.inference_mode()
    def tables(self, states: Tensor, histories: Sequences) -> dict[str, Tensor]:
        """Every feature but `codes` over the whole catalogue, float32 (B, N) each, on the CPU."""
        found: dict[str, Tensor] = {}
        if self.vectors is not None and self.weights.get("dense"):
            found["dense"] = self.model.dense_logits(states, self.vectors).log_softmax(-1).cpu()
        if self.weights.get("neighbours"):
            found["neighbours"] = torch.from_numpy(self.neighbours.scores(histories).toarray().astype(np.float32))
        if self.weights.get("content"):
            found["content"] = torch.from_numpy(self.content.scores(histories))
        if self.weights.get("popularity"):
            found["popularity"] = self.log_popularity.expand(len(histories), -1)
        if self.weights.get("repeat"):
            repeats = torch.zeros(len(histories), len(self.popularity))
            repeats[np.repeat(np.arange(len(histories)), histories.lengths), histories.items] = -1.0
            found["repeat"] = repeats
        return found

    def propose(self, tables: dict[str, Tensor]) -> Tensor:
        """int64 (B, P): the items that single features think best, repeats included; (0, 0) where none is asked."""
        chosen = [tables[name] for name in ("dense", "neighbours", "content") if name in tables]
        count = min(self.proposals, len(self.popularity))
        if not chosen or not count:
            return torch.empty(0, 0, dtype=torch.long)
        if self.available is not None:
            chosen = [table.masked_fill(~self.available, -torch.inf) for table in chosen]
        return torch.cat([table.topk(count, dim=1).indices for table in chosen], dim=1)

    def total(self, codes: Tensor, tables: dict[str, Tensor], items: Tensor) -> Tensor:
        """The weighted sum for items (B, C) whose log-probabilities by codes are `codes` (B, C)."""
        total = self.weights.get("codes", 1.0) * codes
        for name, table in tables.items():
            total = total + self.weights[name] * table.gather(1, items)
        return total

    def save(self, folder: Path) -> None:
        """`leaf.json` beside the model; the neighbours go with it."""
        self.neighbours.save(folder / "neighbours.safetensors")
        np.save(folder / "popularity.npy", self.popularity)
        said = {"weights": self.weights, "proposals": self.proposals, "content_decay": self.content.decay}
        (folder / "leaf.json").write_text(json.dumps(said, indent=1))

    @classmethod
    def load(cls, folder: Path, model: CompactModel, vectors: np.ndarray, present: np.ndarray) -> LeafScorer:
        """vectors, present: the content vectors and mask that the scorer was fitted with."""
        said = json.loads((folder / "leaf.json").read_text())
        content = ContentKNN(vectors, present, decay=said["content_decay"])
        popularity = np.load(folder / "popularity.npy", allow_pickle=False)
        neighbours = ItemKNN.load(folder / "neighbours.safetensors")
        return cls(model, neighbours, content, popularity, said["weights"], said["proposals"])
