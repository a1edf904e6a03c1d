"""Training the network that draws: which example is shown how, and what a wrong guess costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import Tensor, nn

from genrec import loop
from genrec.imagery.small.conditioner import Conditioner
from genrec.imagery.small.lessons import Lessons
from genrec.imagery.small.meanings import Readings
from genrec.imagery.small.sampling import noised
from genrec.imagery.small.words import text_words

OUTSIDE = 0.1
"""What an error outside a preview's mask counts: the scene is put back there."""
EPOCH = 250
"""Steps of an epoch, after which there is a checkpoint."""


def network(channels: int, widths: Sequence[int], token_width: int, side: int = 8) -> UNet2DConditionModel:
    """Diffusers' conditional U-Net over latents: tokens by cross-attention, the pooled condition as scale and shift.

    Input channels: noised latents, the scene's, the mask, the thing's own picture's, the condition's sketch. Scene and
    mask are zero for covers: one network for both (cf. CatVTON, Chong et al. 2025, section 3, which joins latents too).
    """
    return UNet2DConditionModel(
        sample_size=side,
        in_channels=4 * channels + 1,
        out_channels=channels,
        layers_per_block=1,
        block_out_channels=tuple(widths),
        down_block_types=("CrossAttnDownBlock2D", *("DownBlock2D" for _ in widths[1:])),
        up_block_types=(*("UpBlock2D" for _ in widths[1:]), "CrossAttnUpBlock2D"),
        mid_block_type=None,
        cross_attention_dim=token_width,
        attention_head_dim=32 if widths[0] % 32 == 0 else 8,
        norm_num_groups=8,
        time_cond_proj_dim=token_width,
        resnet_time_scale_shift="scale_shift",
    )


@dataclass(frozen=True, eq=False)
class Latents:
    """Lessons in latent space, each channel of mean 0 and size 1. pictures (N, C, h, w); scenes, placed (M, C, h, w);
    masks (M, 1, h, w) in [0, 1]."""

    pictures: Tensor
    scenes: Tensor
    placed: Tensor
    masks: Tensor


class Studio(nn.Module):
    """Network and conditioner in training: `forward` is the loss of a batch of examples."""

    def __init__(self, unet: UNet2DConditionModel, conditioner: Conditioner) -> None:
        super().__init__()
        self.unet, self.conditioner = unet, conditioner
        conditioner.embedding.requires_grad_(False)

    def forward(
        self, clean: Tensor, scene: Tensor, mask: Tensor, own: Tensor, item: Tensor, taste: Tensor, level: Tensor,
        given: Tensor,
    ) -> Tensor:  # fmt: skip
        """clean, scene, own: (B, C, h, w); mask (B, 1, h, w); item, taste: meanings (B, width); level (B,).

        given: bool (B, 4): item, taste, whether it is a preview, whether its own picture is shown.
        """
        times = torch.sigmoid(torch.randn(len(clean)) + 0.8)  # more of the noisy half, where what is drawn is decided
        times = torch.where(torch.rand(len(clean)) < 0.15, torch.ones(()), times)
        noise = torch.randn_like(clean)
        tokens, pooled, sketch = self.conditioner.tokens(
            item, taste, level, torch.randn_like(item), given[:, 0], given[:, 1], given[:, 2], given[:, 3]
        )
        latents = noised(clean, noise, times)
        guess = sketch + self.unet(
            torch.cat([latents, scene, mask, own, sketch], dim=1).to(memory_format=torch.channels_last),
            times * 1000, tokens, timestep_cond=pooled,
        ).sample  # fmt: skip
        inside = torch.where(given[:, 2, None, None, None], OUTSIDE + (1 - OUTSIDE) * mask, torch.ones(()))
        error = ((guess - clean).square() * inside).mean(dim=(1, 2, 3)) / inside.mean(dim=(1, 2, 3))
        # No weight of the time: that of the velocity, 1/t², would spend nearly all on the last strokes.
        return error.mean()


class Sketch(nn.Module):
    """The conditioner alone in training: its sketch shall be the picture's latents, as far as the condition tells them.

    A hundred times cheaper than the network, and what the network would otherwise have to find out first.
    """

    def __init__(self, conditioner: Conditioner) -> None:
        super().__init__()
        self.conditioner = conditioner
        conditioner.embedding.requires_grad_(False)

    def forward(
        self, clean: Tensor, scene: Tensor, mask: Tensor, own: Tensor, item: Tensor, taste: Tensor, level: Tensor,
        given: Tensor,
    ) -> Tensor:  # fmt: skip
        """As `Studio.forward`."""
        _, _, sketch = self.conditioner.tokens(
            item, taste, level, torch.randn_like(item), given[:, 0], given[:, 1], given[:, 2], given[:, 3]
        )
        return (sketch - clean).square().mean()


class Examples:
    """What is shown: covers and previews; every second one with the taste of somebody who has the thing."""

    def __init__(
        self, lessons: Lessons, latents: Latents, readings: Readings, meanings: Tensor, previews: float
    ) -> None:
        """meanings (N, width): of the rows' full words. previews: their share."""
        self.lessons, self.latents, self.readings, self.meanings = lessons, latents, readings, meanings
        self.previews = previews if len(lessons.of) else 0.0
        self.free = np.flatnonzero(~lessons.held)
        self.owners: dict[int, list[int]] = {}
        for person, history in enumerate(lessons.histories):
            for thing in history.tolist():
                self.owners.setdefault(thing, []).append(person)
        self.owned = np.array([thing for thing in self.free.tolist() if thing in self.owners], dtype=np.int64)

    def batch(self, size: int, conditioner: Conditioner, rng: np.random.Generator) -> tuple[Tensor, ...]:
        """The arguments of `Studio.forward`."""
        things, spots = self._chosen(size, rng)
        taste, has_taste = self._tastes(things, conditioner, rng)
        level = self._levels(has_taste, rng)
        preview = spots >= 0
        latents, m = self.latents, self.meanings
        place = torch.from_numpy(np.maximum(spots, 0))
        seen = torch.from_numpy(preview)[:, None, None, None]
        rows = torch.from_numpy(things)
        flat = latents.pictures[rows]
        clean = torch.where(seen, latents.placed[place], flat) if preview.any() else flat
        scene = torch.where(seen, latents.scenes[place], torch.zeros(())) if preview.any() else torch.zeros_like(flat)
        mask = latents.masks[place] * seen if preview.any() else torch.zeros_like(flat[:, :1])
        # Its own picture is shown to most previews and to some covers, as far as the level lets it be told.
        shown = torch.from_numpy(np.where(preview, rng.random(size) < 0.8, rng.random(size) < 0.12))
        s = torch.from_numpy(level).float()
        own = noised(flat, torch.randn_like(flat), s) * shown[:, None, None, None]
        has_item = rng.random(size) > np.where(preview, 0.05, 0.1)
        told = conditioner.meaning([self.readings.told(row, rng) for row in things.tolist()])
        whole = torch.from_numpy(rng.random(size) < 0.5)[:, None]
        item = torch.where(whole, m[rows], told)
        given = torch.stack([torch.from_numpy(a) for a in (has_item, has_taste, preview, shown.numpy())], dim=1)
        return clean, scene, mask, own, item, taste, s, given

    def _chosen(self, size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Things, and for each the preview it is shown in, -1 for its cover."""
        things = rng.choice(self.free, size)
        if len(self.owned):
            things = np.where(rng.random(size) < 0.6, rng.choice(self.owned, size), things)
        spots = np.full(size, -1, dtype=np.int64)
        count = round(size * self.previews)
        if count:
            spots[:count] = rng.integers(len(self.lessons.of), size=count)
            things[:count] = self.lessons.of[spots[:count]]
        return things, spots

    def _tastes(
        self, things: np.ndarray, conditioner: Conditioner, rng: np.random.Generator
    ) -> tuple[Tensor, np.ndarray]:
        """Of a person who has each thing the mean of the other things' meanings (some of them), and who has one.

        One in seven is a few words instead, values that the other things have: a taste told in keywords.
        """
        taste = torch.zeros(len(things), self.meanings.shape[1])
        there = np.zeros(len(things), dtype=bool)
        for place, thing in enumerate(things.tolist()):
            people = self.owners.get(thing)
            if not people or rng.random() < 0.2:
                continue
            history = self.lessons.histories[people[int(rng.integers(len(people)))]]
            others = history[history != thing]
            if not len(others):
                continue
            some = rng.choice(others, int(rng.integers(min(3, len(others)), len(others) + 1)), replace=False)
            if rng.random() < 1 / 7:
                told = [self.lessons.told[int(rng.choice(some))] for _ in range(int(rng.integers(2, 7)))]
                values = [row[str(rng.choice(list(row)))] for row in told if row]
                taste[place] = conditioner.meaning([text_words(" ".join(values))])[0]
            else:
                taste[place] = self.meanings[torch.from_numpy(some)].mean(dim=0)
            there[place] = True
        return taste, there

    @staticmethod
    def _levels(has_taste: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """How much of each thing is left to the taste: mostly nothing, or anything up to all."""
        size = len(has_taste)
        level = np.where(rng.random(size) < 0.2, 1.0, rng.random(size))
        return np.where(rng.random(size) < np.where(has_taste, 0.5, 0.85), 0.0, level)


def fit_network(
    studio: Studio | Sketch,
    examples: Examples,
    *,
    steps: int,
    batch: int,
    learning_rate: float,
    seed: int,
    folder: Path,
) -> loop.Record:
    """Train network and conditioner, or its sketch alone; a killed run goes on from its last checkpoint."""
    epochs = max(1, round(steps / EPOCH))
    per = max(1, steps // epochs)

    def loss(module: nn.Module, _: int) -> Tensor:
        # From torch's own state, which the loop seeds: a killed run goes on the same way.
        rng = np.random.default_rng(int(torch.randint(2**31, ()).item()))
        value: Tensor = module(*examples.batch(batch, studio.conditioner, rng))
        return value

    studio.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    config = loop.LoopConfig(
        epochs=epochs, learning_rate=learning_rate, warmup=0.03, floor=0.01, weight_decay=0.01, seed=seed
    )
    return loop.train(studio, lambda epoch: range(per), loss, config, folder=folder, description=type(studio).__name__)
