"""Rows of tokens as batches, and the loss on those that count: what every training of a language model shares.

Two ways to make batches of rows of different lengths. By length: rows of like length side by side, padded on the right,
which causality hides. Packed: several rows behind one another in one, each reading itself alone, by positions that
begin anew (transformers makes the block-diagonal mask from them). On a CPU the first is faster, since attention inside
a padded row costs only what lies below the diagonal; on a GPU the second, since every row of a batch is full.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from genrec import loop
from genrec.errors import UserError

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel


@dataclass(frozen=True, eq=False)
class Rows:
    """An epoch's R rows of tokens, one after the other.

    tokens: int32 (n,). mask: bool (n,), on which the loss is taken. offsets: int64 (R + 1,). names: what kinds of rows
    there are; kinds: int64 (R,), which of them each row is.
    """

    tokens: np.ndarray
    mask: np.ndarray
    offsets: np.ndarray
    names: tuple[str, ...]
    kinds: np.ndarray

    @classmethod
    def of(cls, rows: Sequence[tuple[str, Sequence[int], Sequence[bool]]], window: int) -> Rows:
        """From (kind, tokens, mask); of a row longer than `window` the end is kept, where the answer is."""
        names = tuple(sorted({kind for kind, _, _ in rows}))
        cut = [(np.asarray(tokens[-window:], np.int32), np.asarray(mask[-window:], bool)) for _, tokens, mask in rows]
        lengths = [len(tokens) for tokens, _ in cut]
        return cls(
            np.concatenate([tokens for tokens, _ in cut]) if cut else np.empty(0, np.int32),
            np.concatenate([mask for _, mask in cut]) if cut else np.empty(0, bool),
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            names,
            np.array([names.index(kind) for kind, _, _ in rows], np.int64),
        )

    def __len__(self) -> int:
        return len(self.kinds)

    @property
    def lengths(self) -> np.ndarray:
        return np.diff(self.offsets)


@dataclass(frozen=True, eq=False)
class Batch:
    """Some rows of an epoch, laid out when they are needed. lines: row numbers; those of a line stand in one row."""

    rows: Rows
    lines: list[list[int]] = field(repr=False)

    @property
    def targets(self) -> int:
        """How many tokens the loss is taken on. A row's first token follows nothing."""
        return sum(int(self.rows.mask[self.rows.offsets[r] + 1 : self.rows.offsets[r + 1]].sum()) for r in self._all())

    def _all(self) -> list[int]:
        return [row for line in self.lines for row in line]

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """tokens, positions, kinds: int64 (B, T). kinds: which kind of row a target is of, -1 where there is none."""
        lengths = self.rows.lengths
        size = max(sum(int(lengths[row]) for row in line) for line in self.lines)
        tokens = np.zeros((len(self.lines), size), np.int64)
        positions = np.broadcast_to(np.arange(size), tokens.shape).copy()
        kinds = np.full(tokens.shape, -1, np.int64)
        for place, line in enumerate(self.lines):
            begin = 0
            for row in line:
                span = slice(int(self.rows.offsets[row]), int(self.rows.offsets[row + 1]))
                end = begin + span.stop - span.start
                tokens[place, begin:end] = self.rows.tokens[span]
                positions[place, begin:end] = np.arange(end - begin)
                wanted = self.rows.mask[span].copy()
                wanted[:1] = False
                kinds[place, begin:end][wanted] = self.rows.kinds[row]
                begin = end
            if begin < size and len(line) > 1:
                positions[place, begin:] = np.arange(size - begin)
        return tokens, positions, kinds


def by_length(rows: Rows, budget: int, seed: int, epoch: int) -> list[Batch]:
    """Batches of rows of like length, at most `budget` tokens each, padding included."""
    return [Batch(rows, [[row] for row in part.tolist()]) for part in loop.by_length(rows.lengths, budget, seed, epoch)]


def packed(rows: Rows, window: int, budget: int, seed: int, epoch: int) -> list[Batch]:
    """Batches of full lines: rows in random order, each put into the fullest open line that it fits (best fit)."""
    lengths = rows.lengths
    order = np.random.default_rng([seed, epoch]).permutation(len(rows))
    lines: list[list[int]] = []
    rooms: list[int] = []
    first = 0  # lines before it are as good as full
    for row in order.tolist():
        need = int(lengths[row])
        fits = [(rooms[line], line) for line in range(first, len(lines)) if rooms[line] >= need]
        if fits:
            line = min(fits)[1]
        else:
            line = len(lines)
            lines.append([])
            rooms.append(window)
        lines[line].append(row)
        rooms[line] -= need
        first = max(first, len(lines) - OPEN)
    per = max(1, budget // window)
    return [Batch(rows, lines[begin : begin + per]) for begin in range(0, len(lines), per)]


OPEN = 32
"""Lines that packing looks for room in; more would fill them no better."""


class TokenLoss(nn.Module):
    """A causal language model whose output layer sees only the positions that the loss is taken on.

    Elsewhere logits are never made: of a vocabulary of 150,000 words they are most of a step's memory.
    """

    def __init__(self, model: PreTrainedModel | PeftModel, compute: torch.dtype = torch.float32) -> None:
        """compute: what products are made in; weights keep their own precision."""
        super().__init__()
        self.model = model
        self.compute = compute
        self._wanted: Tensor | None = None
        head = model.get_output_embeddings()
        head.register_forward_pre_hook(self._select)

    def _select(self, _: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...] | None:
        return None if self._wanted is None else (given[0][self._wanted], *given[1:])

    def forward(self, tokens: Tensor, positions: Tensor | None, wanted: Tensor) -> Tensor:
        """tokens, positions: int64 (B, T); positions None: 0, 1, … in every row. wanted: bool (B, T), the targets.

        Returns their negative log-likelihoods, float32 (targets,), in reading order.
        """
        # Position t tells token t + 1.
        self._wanted = torch.zeros_like(wanted)
        self._wanted[:, :-1] = wanted[:, 1:]
        lower = torch.autocast(tokens.device.type, self.compute, enabled=self.compute != torch.float32)
        try:
            with lower:
                logits = self.model(input_ids=tokens, position_ids=positions, use_cache=False).logits
        finally:
            self._wanted = None
        return nn.functional.cross_entropy(logits.float(), tokens[wanted], reduction="none")


def loss(module: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, tuple[float, float]]]:
    """For `loop.train`: the mean over a batch's targets, and each kind's sum and count. module: a `TokenLoss`."""
    device = next(module.parameters()).device
    tokens, positions, kinds = (torch.from_numpy(array).to(device) for array in batch.arrays())
    together = any(len(line) > 1 for line in batch.lines)
    found: Tensor = module(tokens, positions if together else None, kinds >= 0)
    of = kinds[kinds >= 0]
    names = batch.rows.names
    sums = torch.zeros(len(names), device=device).index_add_(0, of, found.detach()).tolist()
    counts = torch.bincount(of, minlength=len(names)).tolist()
    parts = {name: (sums[n], float(counts[n])) for n, name in enumerate(names) if counts[n]}
    return found.mean(), parts


@torch.no_grad()
def check_packing(module: TokenLoss, words: int) -> None:
    """UserError where the model, given two rows in one, does not read each by itself. words: its vocabulary's size."""
    random = np.random.default_rng(0)
    listed = [random.integers(0, words, length).tolist() for length in (5, 7)]
    rows = Rows.of([("", tokens, [True] * len(tokens)) for tokens in listed], 16)
    training = module.training
    module.eval()
    alone, _ = loss(module, Batch(rows, [[0], [1]]))
    beside, _ = loss(module, Batch(rows, [[0, 1]]))
    module.train(training)
    limit = 1e-3 if next(module.parameters()).dtype == torch.float32 else 0.05
    if abs(float(alone - beside)) > limit * abs(float(alone)):
        raise UserError(
            f"{type(module.model).__name__} reads packed rows as one text (loss {float(beside):.4f}, apart "
            f"{float(alone):.4f}): train it with --set packing=false"
        )
