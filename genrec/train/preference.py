"""The preference stage: a tuned language model learns which of its own answers were right.

Every round the model answers training questions by constrained beams, with the weights it has then, and every beam is
an item of the catalogue. What really came next tells right from wrong:

grpo  Group-relative policy optimisation (Shao et al. 2024, DeepSeekMath, §4.1) with beams as roll-outs. The reward is
      rank-aware (cf. MiniOneRec, arXiv 2510.24431): 1 for the item that came next; the wrong ones share -1, the more of
      it the higher they stand, since what stands above the right answer costs most. Advantages are rewards centred and
      scaled within the group, ratios are clipped, a penalty keeps the policy near the model it started from.
dpo   Direct preference optimisation (Rafailov et al. 2023, eq. 7) of the clicked item over all that were offered and
      not clicked at once (S-DPO, Chen et al. 2024, arXiv 2406.09215, §3).

In both, the clicked item joins the group where the beams missed it. Probabilities are those of the search, normalised
over the catalogue (`genrec.train.items`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from genrec import loop
from genrec.decode.causal_engine import CausalEngine
from genrec.train.items import ItemScores


@dataclass(frozen=True)
class PreferenceConfig:
    """group: items offered to a question. questions: asked a round. batch: questions a step. beta: the penalty's weight
    (grpo), or how sharply preferences are read (dpo). clip: how far a ratio may go from 1 (grpo)."""

    method: str = "grpo"
    group: int = 16
    questions: int = 1024
    batch: int = 16
    beta: float = 0.1
    clip: float = 0.2


@dataclass(frozen=True)
class Offers:
    """A round's answers. items: int64 (Q, G), the last one the clicked. wrong: float32 (Q, G - 1), what each of the
    others takes of the penalty. real: bool (Q, G), False where nothing was offered. before, reference: float32 (Q, G),
    log-probabilities by the weights of the round's start, and by those of the stage's."""

    items: Tensor
    wrong: Tensor
    real: Tensor
    before: Tensor
    reference: Tensor


class Preference:
    """Questions and what came next. prompts: token lists, each ending where an item's first code comes next.

    module: what is trained; model: the Hugging Face model in it (the same, or inside PEFT's wrapper). Its weights as
    they are now are the reference.
    """

    def __init__(
        self,
        module: nn.Module,
        model: PreTrainedModel,
        scores: ItemScores,
        prompts: Sequence[Sequence[int]],
        clicked: np.ndarray,
        config: PreferenceConfig,
        *,
        seed: int = 0,
    ) -> None:
        if config.method not in ("grpo", "dpo"):
            raise ValueError(f"method must be 'grpo' or 'dpo', not {config.method!r}")
        self.module, self.model, self.scores, self.config, self.seed = module, model, scores, config, seed
        self.lengths = torch.tensor([len(prompt) for prompt in prompts])
        self.prompts = torch.zeros(len(prompts), int(self.lengths.max()), dtype=torch.long)
        for row, prompt in enumerate(prompts):
            self.prompts[row, : len(prompt)] = torch.tensor(prompt)
        self.clicked = torch.from_numpy(np.asarray(clicked, np.int64))
        self._first = {name: p.detach().clone() for name, p in module.named_parameters() if p.requires_grad}
        self._attention = model.config._attn_implementation
        self._round: tuple[int, dict[int, int], Offers] | None = None

    def batches(self, epoch: int) -> list[tuple[int, np.ndarray]]:
        """A round's questions, in steps: (round, rows). Questions of like length go together."""
        random = np.random.default_rng((self.seed, epoch))
        rows = random.permutation(len(self.clicked))[: self.config.questions]
        rows = rows[np.argsort(self.lengths[torch.from_numpy(rows)].numpy(), kind="stable")]
        parts = [rows[at : at + self.config.batch] for at in range(0, len(rows), self.config.batch)]
        return [(epoch, parts[at]) for at in random.permutation(len(parts))]

    def loss(self, _: nn.Module, batch: tuple[int, np.ndarray]) -> Tensor:
        """Of one step; the first of a round makes its offers."""
        epoch, rows = batch
        if self._round is None or self._round[0] != epoch:
            asked = np.concatenate([part for _, part in self.batches(epoch)])
            self._round = (epoch, {int(row): at for at, row in enumerate(asked)}, self.offer(asked))
        places = torch.tensor([self._round[1][int(row)] for row in rows])
        offers = self._round[2]
        items, real, wrong = offers.items[places], offers.real[places], offers.wrong[places]
        now = self._logprobs(rows, items)
        reference = offers.reference[places].to(now.device)
        real, wrong = real.to(now.device), wrong.to(now.device)
        if self.config.method == "dpo":
            margins = self.config.beta * (now - reference)
            others = (margins[:, :-1] - margins[:, -1:]).masked_fill(~real[:, :-1], -torch.inf)
            return nn.functional.softplus(others.logsumexp(1)).mean()
        rewards = torch.cat([-wrong, torch.ones_like(wrong[:, :1])], dim=1)
        count = real.sum(1, keepdim=True)
        mean = (rewards * real).sum(1, keepdim=True) / count
        spread = (((rewards - mean) ** 2 * real).sum(1, keepdim=True) / count).sqrt()
        advantages = (rewards - mean) / spread.clamp(min=1e-6)
        ratio = (now - offers.before[places].to(now.device)).exp()
        held = ratio.clamp(1 - self.config.clip, 1 + self.config.clip)
        gain = torch.minimum(ratio * advantages, held * advantages)
        away = reference - now
        penalty = away.clamp(max=10).exp() - away - 1  # never negative, zero where nothing has changed
        return -(((gain - self.config.beta * penalty) * real).sum(1, keepdim=True) / count).mean()

    @torch.no_grad()
    def offer(self, rows: np.ndarray) -> Offers:
        """What the model, as it is now, answers these questions, without what was clicked; and then that."""
        training = self.module.training
        self.module.eval()
        group = self.config.group
        engine = CausalEngine(self.model, self.scores.trie, self.scores.tables, width=group)
        at = torch.from_numpy(rows)
        found = engine.answer(self.prompts[at], self.lengths[at], group)
        self.model.set_attn_implementation(self._attention)
        clicked = self.clicked[at][:, None]
        # Wrong answers keep their order; the one that was right, or else the last, makes room.
        order = (found.items == clicked).int().argsort(dim=1, stable=True)[:, : group - 1]
        others = found.items.gather(1, order)
        ranks = torch.arange(2, group + 1).float()
        weights = (1 / ranks.log2()).expand(len(rows), -1).masked_fill(others < 0, 0)
        items = torch.cat([others.clamp(min=0), clicked], dim=1)
        real = torch.cat([others >= 0, torch.ones_like(clicked, dtype=torch.bool)], dim=1)
        before = self._all_logprobs(rows, items)
        with self.as_before():
            reference = self._all_logprobs(rows, items)
        self.module.train(training)
        return Offers(items, weights / weights.sum(1, keepdim=True).clamp(min=1e-6), real, before, reference)

    def go_back(self) -> None:
        """To the weights that the stage began with."""
        self._put(self._first)

    @contextmanager
    def as_before(self) -> Iterator[None]:
        """With the weights that the stage began with."""
        now = {name: p.detach().clone() for name, p in self.module.named_parameters() if name in self._first}
        try:
            self._put(self._first)
            yield
        finally:
            self._put(now)

    @torch.no_grad()
    def _put(self, weights: dict[str, Tensor]) -> None:
        for name, parameter in self.module.named_parameters():
            if name in weights:
                parameter.copy_(weights[name])

    def _all_logprobs(self, rows: np.ndarray, items: Tensor) -> Tensor:
        size = 4 * self.config.batch
        parts = [self._logprobs(rows[at : at + size], items[at : at + size]).cpu() for at in range(0, len(rows), size)]
        return torch.cat(parts)

    def _logprobs(self, rows: np.ndarray, items: Tensor) -> Tensor:
        at, device = torch.from_numpy(rows), self.model.device
        lengths = self.lengths[at]
        prompts = self.prompts[at][:, : int(lengths.max())]
        return self.scores.item_logprobs(self.model, prompts.to(device), lengths.to(device), items.to(device))


def train_preference(
    preference: Preference,
    config: loop.LoopConfig,
    *,
    validate: Callable[[nn.Module], float] | None = None,
    folder: Path | None = None,
    device: str | None = None,
) -> loop.Record:
    """Rounds are epochs of `loop.train`: the best round by `validate` stays, a killed stage goes on from the last."""
    return loop.train(
        preference.module,
        preference.batches,
        preference.loss,
        config,
        validate=validate,
        folder=folder,
        description=f"Preferences ({preference.config.method})",
        device=device,
    )
