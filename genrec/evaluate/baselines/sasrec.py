"""SASRec: a causal transformer over items (Kang and McAuley, ICDM 2018), trained as it deserves.

What makes the baseline strong where the copied figures are weak: softmax cross-entropy over the *whole* catalogue at
every position instead of one sampled negative (Klenitskiy and Vasilev, RecSys 2023), pre-norm blocks, a cosine
schedule, decoupled weight decay, and early stopping on validation NDCG@10. Item embeddings are shared between input
and output.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genrec import loop
from genrec.data.interactions import Sequences
from genrec.data.splits import Evaluation
from genrec.evaluate import baselines, metrics
from genrec.evaluate.interface import TopK


class SASRecModule(nn.Module):
    """Hidden states for item sequences; position p sees positions up to p only."""

    def __init__(self, n_items: int, max_items: int, width: int, layers: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.item = nn.Embedding(n_items, width)
        self.position = nn.Embedding(max_items, width)
        nn.init.normal_(self.item.weight, std=1.0 / math.sqrt(width))
        nn.init.normal_(self.position.weight, std=0.02)
        self.blocks = nn.ModuleList(Block(width, heads, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, items: Tensor) -> Tensor:
        """int64 (B, T), padded on the right, -> float32 (B, T, width)."""
        x = self.item(items) * math.sqrt(self.item.embedding_dim) + self.position.weight[: items.shape[1]]
        x = self.dropout(x)
        for block in self.blocks:
            x = block(x)
        hidden: Tensor = self.norm(x)
        return hidden

    def logits(self, hidden: Tensor) -> Tensor:
        """(R, width) -> (R, n_items)"""
        return hidden @ self.item.weight.T


class Block(nn.Module):
    """Pre-norm self-attention and a feed-forward layer of four times the width."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        rows, length, width = x.shape
        qkv = self.qkv(self.norm_1(x)).view(rows, length, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        rate = self.dropout.p if self.training else 0.0
        # Padding stands on the right, so that a causal mask is all the mask that real positions need.
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True, dropout_p=rate)
        x = x + self.dropout(self.out(mixed.transpose(1, 2).reshape(rows, length, width)))
        return x + self.dropout(self.down(F.gelu(self.up(self.norm_2(x)))))


class SASRec:
    """The baseline around the module.

    batch_tokens: positions of a training batch, padding included; small batches mean many steps, which small data sets
    need more than they need width. max_items: events of a history that are read, the latest.
    """

    name = "sasrec"

    def __init__(
        self,
        *,
        width: int = 256,
        layers: int = 1,
        heads: int = 4,
        dropout: float = 0.6,
        learning_rate: float = 1e-3,
        weight_decay: float = 1.0,
        max_items: int = 50,
        batch_tokens: int = 512,
        epochs: int = 20,
        patience: int = 5,
    ) -> None:
        self.width, self.layers, self.heads, self.dropout = width, layers, heads, dropout
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.max_items, self.batch_tokens, self.epochs, self.patience = max_items, batch_tokens, epochs, patience

    def fit(
        self,
        train: Sequences,
        n_items: int,
        *,
        validation: Evaluation,
        seed: int,
        folder: Path | None = None,
        exclude_seen: bool = False,
    ) -> SASRec:
        """Train until validation NDCG@10 stops rising; all `epochs` where validation asks no question.

        folder: for checkpoints; a killed run goes on from there. `record` then tells the epochs: loss, validation
        NDCG@10, seconds.
        """
        torch.manual_seed(seed)
        self.module = SASRecModule(n_items, self.max_items, self.width, self.layers, self.heads, self.dropout)
        self.rest = baselines.popular_below(train, n_items, top=0.0)
        windows = _windows(train, self.max_items + 1)

        def batches(epoch: int) -> list[Tensor]:
            return loop.by_length((windows.lengths - 1).tolist(), self.batch_tokens, seed, epoch)

        def loss(module: nn.Module, rows: Tensor) -> Tensor:
            chosen = windows.take(rows.numpy())
            items, mask = (torch.from_numpy(array) for array in chosen.padded(int(chosen.lengths.max())))
            real = mask[:, 1:]
            device = self.module.item.weight.device
            hidden = module(items[:, :-1].to(device))[real.to(device)]
            return F.cross_entropy(self.module.logits(hidden), items[:, 1:][real].to(device))

        self.record = loop.train(
            self.module,
            batches,
            loss,
            loop.LoopConfig(
                epochs=self.epochs,
                learning_rate=self.learning_rate,
                weight_decay=self.weight_decay,
                patience=self.patience,
                seed=seed,
            ),
            validate=(lambda _: self._ndcg(validation, exclude_seen)) if len(validation) else None,
            folder=folder,
            description="Training SASRec",
        )
        return self

    def recommend(self, histories: Sequences, k: int, *, exclude_seen: bool = False) -> TopK:
        def score(asked: Sequences) -> np.ndarray:
            scores = np.repeat(self.rest[None, :], len(asked), axis=0)
            told = np.flatnonzero(asked.lengths > 0)
            if len(told):
                scores[told] = self._scores(asked.take(told)).cpu().numpy()
            return scores

        return baselines.rank(histories, k, len(self.rest), score, exclude_seen)

    @torch.no_grad()
    def _scores(self, histories: Sequences) -> Tensor:
        """float32 (B, N) after the last event of each history, none of which may be empty."""
        self.module.eval()
        items, mask = histories.padded(min(self.max_items, int(histories.lengths.max())))
        device = self.module.item.weight.device
        hidden = self.module(torch.from_numpy(items).to(device))
        last = torch.from_numpy(mask.sum(axis=1) - 1).to(device)
        return self.module.logits(hidden[torch.arange(len(last), device=device), last])

    def _ndcg(self, validation: Evaluation, exclude_seen: bool) -> float:
        """NDCG@10 by counting who stands before the right answer, which needs no sorting."""
        asked = validation.take(np.flatnonzero(validation.histories.lengths > 0))
        ranks = [np.empty(0, np.int64)]
        for begin in range(0, len(asked), 512):
            some = asked.take(np.arange(begin, min(begin + 512, len(asked))))
            scores = self._scores(some.histories)
            if exclude_seen:
                scores[np.repeat(np.arange(len(some)), some.histories.lengths), some.histories.items] = -torch.inf
            target = torch.from_numpy(some.targets.astype(np.int64)).to(scores.device)[:, None]
            own = scores.gather(1, target)
            smaller = torch.arange(scores.shape[1], device=scores.device)[None, :] < target
            ranks.append(((scores > own) | ((scores == own) & smaller)).sum(1).cpu().numpy())
        return float(metrics.ndcg(np.concatenate(ranks), 10).sum() / len(validation))


def _windows(train: Sequences, length: int) -> Sequences:
    """Histories of 2 to `length` events: longer ones are cut from the end, neighbours sharing the event at the cut."""
    events = train.lengths
    pieces = np.maximum(1, -(-(events - 1) // (length - 1))) * (events >= 2)
    user = np.repeat(np.arange(len(train)), pieces)
    nth = np.arange(len(user)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    copies = train.take(user)
    end = copies.lengths - nth * (length - 1)
    return copies.clip(np.maximum(end - length, 0), end)


TRIALS: list[dict[str, Any]] = [
    {},
    {"dropout": 0.4},
    {"dropout": 0.5, "weight_decay": 0.1},
    {"layers": 2},
    {"width": 128, "layers": 2, "heads": 2, "dropout": 0.5},
    {"width": 64, "layers": 2, "heads": 2, "dropout": 0.5, "learning_rate": 2e-3},
]
"""Hyper-parameters for `genrec.evaluate.tuning`, the likeliest first, for a budget may end before the list does."""
