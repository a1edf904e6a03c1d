"""Training of the compact generator: loss at every position, batches of equal length, early stopping on items.

The score that decides is NDCG@10 over items on the validation questions, as the finished generator would answer them
by codes and by the dense head: never a loss.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from genrec import loop
from genrec.data.interactions import Sequences
from genrec.data.splits import Evaluation
from genrec.decode.constraints import Constraints
from genrec.decode.torch_engine import TorchEngine
from genrec.decode.trie import Trie
from genrec.errors import UserError
from genrec.evaluate import metrics
from genrec.model.compact import CompactModel
from genrec.sid.codes import SemanticIds

VALIDATION_USERS = 2000
"""How many validation questions an epoch is scored on, at most; the same ones every time."""


def train_compact(
    model: CompactModel,
    trie: Trie,
    train: Sequences,
    validation: Evaluation,
    config: loop.LoopConfig,
    *,
    batch_tokens: int = 4096,
    beam: int = 20,
    exclude_seen: bool = False,
    folder: Path | None = None,
    device: str | None = None,
) -> loop.Record:
    """Fit `model` in place to the histories of `train` with at least two events; see `loop.train` for folder."""
    rows = np.flatnonzero(train.lengths >= 2)
    if not len(rows):
        raise UserError("no history has two events to train on: nothing says what comes after what")
    histories = train.take(rows).recent(model.config.max_items + 1)
    asked = validation.take(np.flatnonzero(validation.histories.lengths > 0))
    if len(asked) > VALIDATION_USERS:
        chosen = np.random.default_rng(config.seed).permutation(len(asked))[:VALIDATION_USERS]
        asked = asked.take(np.sort(chosen))

    def batches(epoch: int) -> list[np.ndarray]:
        return [part.numpy() for part in loop.by_length(histories.lengths, batch_tokens, config.seed, epoch)]

    # Newcomers are not there yet: a code that leads to them alone must not be unlearned as a wrong answer.
    known = Trie.build(SemanticIds(model.codes[model.known].cpu().numpy(), model.config.codebook_sizes))
    place = model.known.cpu().cumsum(0) - 1
    parents = [torch.zeros(len(known), dtype=torch.long), *known.paths()[:-1]]

    def siblings(level: int, items: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        _, codes, exists = known.children(level, parents[level][place[items.cpu()]][:, None])
        return codes[:, 0].to(items.device), exists[:, 0].to(items.device)

    def loss(module: torch.nn.Module, rows: np.ndarray) -> torch.Tensor:
        some = histories.take(rows)
        longest = int(some.lengths.max())
        where = next(module.parameters()).device
        arrays = (*some.padded(longest), some.padded_times(longest))
        items, mask, times = (torch.from_numpy(array).to(where) for array in arrays)
        value: torch.Tensor = module(items, mask, siblings, times)["loss"]
        return value

    def score(_: torch.nn.Module) -> float:
        return validation_ndcg(model, trie, asked, beam, exclude_seen)

    return loop.train(
        model,
        batches,
        loss,
        config,
        validate=score if len(asked) else None,
        folder=folder,
        description="Training compact",
        device=device,
    )


@torch.inference_mode()
def validation_ndcg(model: CompactModel, trie: Trie, asked: Evaluation, beam: int, exclude_seen: bool) -> float:
    """NDCG@10 over items: the mean of codes (a beam search) and dense head, which the leaf score will weigh."""
    engine = TorchEngine(model, trie, width=beam)
    vectors = model.item_vectors() if model.config.dense else None
    found: list[list[np.ndarray]] = [[], []]
    for begin in range(0, len(asked), 256):
        histories = asked.histories.take(np.arange(begin, min(begin + 256, len(asked))))
        states = engine.states(histories)
        closed = engine.exclude(histories) if exclude_seen else Constraints.none(len(histories), states.device)
        found[0].append(engine.search(states, closed, 10).items.cpu().numpy())
        if vectors is not None:
            scores = model.dense_logits(states, vectors)
            if exclude_seen:
                scores[np.repeat(np.arange(len(histories)), histories.lengths), histories.items] = -torch.inf
            found[1].append(scores.topk(min(10, len(vectors))).indices.cpu().numpy())
    figures = [
        float(metrics.per_question("ndcg@10", metrics.ranks_of(np.concatenate(answers), asked.targets)).mean())
        for answers in found
        if answers
    ]
    return float(np.mean(figures))
