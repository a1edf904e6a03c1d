"""Training of `genrec-token`: a small decoder on semantic-ID sequences alone, early stopping on items.

The comparison for the compact generator gets the care that one gets: loss at every position, of every level over that
level's codes alone (the search never asks it to choose among others); batches of equal length; and the epoch of highest
NDCG@10 over items on the validation questions, asked by the same constrained beams that answer later.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import Qwen3ForCausalLM

from genrec import loop
from genrec.data.interactions import Sequences
from genrec.data.splits import Evaluation
from genrec.decode.causal_engine import CausalEngine
from genrec.decode.causal_generator import CausalGenerator
from genrec.decode.trie import Trie
from genrec.errors import UserError
from genrec.evaluate import metrics
from genrec.model import token
from genrec.sid.codes import SemanticIds

VALIDATION_USERS = 1000
"""How many validation questions an epoch is scored on, at most; the same ones every time."""
VALIDATION_BEAM = 20


def token_generator(
    model: Qwen3ForCausalLM, ids: SemanticIds, trie: Trie, *, max_items: int, beam: int
) -> CausalGenerator:
    """The model as a recommender, by codes alone. It belongs to the engine from now on."""
    tables = [torch.from_numpy(table) for table in token.tables(ids.codebook_sizes)]
    return CausalGenerator(
        CausalEngine(model, trie, tables, width=beam),
        lambda histories: token.prompts(ids.codes, ids.codebook_sizes, histories, max_items),
        name="genrec-token",
    )


def train_token(
    model: Qwen3ForCausalLM,
    ids: SemanticIds,
    trie: Trie,
    train: Sequences,
    validation: Evaluation,
    config: loop.LoopConfig,
    *,
    max_items: int,
    dropout: float = 0.0,
    batch_tokens: int = 1024,
    exclude_seen: bool = False,
    folder: Path | None = None,
) -> loop.Record:
    """Fit `model` in place to the histories of `train` with at least two events; see `loop.train` for folder.

    dropout: of token embeddings and last states; Qwen3 has none of its own between its layers.
    """
    rows = np.flatnonzero(train.lengths >= 2)
    if not len(rows):
        raise UserError("no history has two events to train on: nothing says what comes after what")
    histories = train.take(rows).recent(max_items + 1)
    asked = validation
    if len(asked) > VALIDATION_USERS:
        chosen = np.random.default_rng(config.seed).permutation(len(asked))[:VALIDATION_USERS]
        asked = asked.take(np.sort(chosen))

    def batches(epoch: int) -> list[np.ndarray]:
        lengths = histories.lengths * ids.levels
        return [part.numpy() for part in loop.by_length(lengths, batch_tokens, config.seed, epoch)]

    def loss(module: nn.Module, rows: np.ndarray) -> Tensor:
        arrays = token.prompts(ids.codes, ids.codebook_sizes, histories.take(rows), max_items + 1)
        value: Tensor = module(*(torch.from_numpy(array).to(model.device) for array in arrays))
        return value

    def score(_: nn.Module) -> float:
        # A copy: the engine exchanges its model's attention for one that has no gradients.
        made = token_generator(copy.deepcopy(model), ids, trie, max_items=max_items, beam=VALIDATION_BEAM)
        answer = made.recommend(asked.histories, 10, exclude_seen=exclude_seen)
        return float(metrics.per_question("ndcg@10", metrics.ranks_of(answer.items, asked.targets)).mean())

    return loop.train(
        _Supervised(model, ids.codebook_sizes, dropout),
        batches,
        loss,
        config,
        validate=score if len(asked) else None,
        folder=folder,
        description="Training token",
    )


class _Supervised(nn.Module):
    """The model and its loss: what the loop may spread over processes."""

    def __init__(self, model: Qwen3ForCausalLM, codebook_sizes: Sequence[int], dropout: float) -> None:
        super().__init__()
        self.model, self.dropout = model, dropout
        self.levels = token.tables(codebook_sizes)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """tokens: int64 (B, T), lengths: int64 (B,), as `genrec.model.token.prompts` makes them."""
        embedded = F.dropout(self.model.get_input_embeddings()(tokens[:, :-1]), self.dropout, self.training)
        hidden = self.model.base_model(inputs_embeds=embedded, use_cache=False).last_hidden_state
        hidden = F.dropout(hidden, self.dropout, self.training)
        place = torch.arange(tokens.shape[1] - 1, device=tokens.device)
        real = place[None, :] < lengths[:, None] - 1
        total = torch.zeros((), device=tokens.device)
        for level, table in enumerate(self.levels):
            at = real & (place % len(self.levels) == level)
            first, last = int(table[0]), int(table[-1])
            logits = F.linear(hidden[at], self.model.lm_head.weight[first : last + 1])
            total = total + F.cross_entropy(logits, tokens[:, 1:][at] - first)
        return total
