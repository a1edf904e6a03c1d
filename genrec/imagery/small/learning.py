"""Training the network that draws: which example is shown how, and what a wrong guess costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import Tensor, nn
from torch.nn import functional

from genrec import loop
from genrec.imagery.small.autoencoding import packed, unpacked
from genrec.imagery.small.conditioner import Conditioner
from genrec.imagery.small.leaning import BLUR
from genrec.imagery.small.lessons import Lessons
from genrec.imagery.small.meanings import Readings
from genrec.imagery.small.sampling import noised

FIRST = 0.45
"""The share of examples that are shown as noise alone."""
OUTSIDE = 0.1
"""What an error outside a preview's mask counts: the scene is put back there."""
EPOCH = 250
"""Steps of an epoch, after which there is a checkpoint."""


def network(channels: int, widths: Sequence[int], token_width: int, side: int = 16) -> UNet2DConditionModel:
    """Diffusers' conditional U-Net over latents, `channels` of them, `side` × `side`: tokens by cross-attention, at
    half that side, and the pooled condition as scale and shift. `guessed` is how it is asked.

    Input channels: noised latents, the scene's, the mask, the own picture's (in a preview the fitted one's), the
    sketch. What it tells is added to the sketch, or to the fitted picture, and is the guess of the clean latents. Scene
    and mask are zero for covers: one network for both (cf. CatVTON, Chong et al. 2025, section 3, which joins latents
    too).
    """
    levels = len(widths)
    return UNet2DConditionModel(
        sample_size=side,
        in_channels=4 * channels + 1,
        out_channels=channels,
        layers_per_block=1,
        block_out_channels=tuple(widths),
        down_block_types=tuple("CrossAttnDownBlock2D" if n == 1 else "DownBlock2D" for n in range(levels)),
        up_block_types=tuple("CrossAttnUpBlock2D" if n == levels - 2 else "UpBlock2D" for n in range(levels)),
        mid_block_type=None,
        cross_attention_dim=token_width,
        attention_head_dim=32 if widths[1] % 32 == 0 else 8,
        norm_num_groups=8,
        time_cond_proj_dim=token_width,
        resnet_time_scale_shift="scale_shift",
    )


@dataclass(frozen=True, eq=False)
class Latents:
    """Lessons in latent space, each channel of mean 0 and size 1. pictures (N, C, h, w); scenes, placed, fitted
    (M, C, h, w), the last as the fitter leaves them; masks (M, 1, 2h, 2w) in [0, 1]."""

    pictures: Tensor
    scenes: Tensor
    placed: Tensor
    fitted: Tensor
    masks: Tensor


class Studio(nn.Module):
    """The network in training: `forward` is the loss of a batch of examples. The sketch is learned before and stays."""

    def __init__(self, unet: UNet2DConditionModel, conditioner: Conditioner) -> None:
        super().__init__()
        self.unet, self.conditioner = unet, conditioner
        for part in (conditioner.embedding, conditioner.read, conditioner.sketch):
            part.requires_grad_(False)
        conditioner.nothing.requires_grad_(False)
        nn.init.zeros_(unet.conv_out.weight)  # it begins with the sketch, or with the fitted picture
        if unet.conv_out.bias is not None:
            nn.init.zeros_(unet.conv_out.bias)

    def forward(self, lot: Lot) -> Tensor:
        """The squared error of the guessed latents, inside the mask above all."""
        # Condition and scene all but decide the picture, so the first step, from noise alone, decides most.
        chance, times = torch.rand(2, len(lot.clean), device=lot.clean.device)
        times = torch.where(chance < FIRST, 1.0, times)
        told = self.conditioner(lot.item, lot.has_item, lot.level, lot.preview, lot.referred)
        latents = noised(lot.clean, torch.randn_like(lot.clean), times)
        guess = guessed(self.unet, latents, lot.scene, lot.mask, lot.own, told, lot.preview, times)
        seen = lot.preview[:, None, None, None]
        inside = torch.where(seen, OUTSIDE + (1 - OUTSIDE) * functional.avg_pool2d(lot.mask, 2), 1.0)
        error = ((guess - lot.clean).square() * inside).mean(dim=(1, 2, 3)) / inside.mean(dim=(1, 2, 3))
        # No weight of the time: that of the velocity, 1/t², would spend nearly all on the last strokes.
        return error.mean()


def guessed(
    unet: UNet2DConditionModel, latents: Tensor, scene: Tensor, mask: Tensor, own: Tensor,
    told: tuple[Tensor, Tensor, Tensor], preview: Tensor, times: Tensor,
) -> Tensor:  # fmt: skip
    """The clean latents (B, C, h, w), as the network guesses them from x_t: what it corrects is a cover's sketch or a
    preview's fitted picture.

    latents, scene, own: (B, C, h, w), packed; the network works on them unpacked, where a print is easier to move.
    mask: (B, 1, 2h, 2w). told: of `Conditioner`. preview: bool (B,). times: (B,) in [0, 1].
    """
    tokens, pooled, sketch = told
    shown = torch.cat([unpacked(latents), unpacked(scene), mask, unpacked(own), unpacked(sketch)], dim=1)
    dtype = unet.dtype
    found = unet(
        shown.to(dtype, memory_format=torch.channels_last), times * 1000, tokens.to(dtype),
        timestep_cond=pooled.to(dtype),
    ).sample  # fmt: skip
    begun = torch.where(preview[:, None, None, None], own, sketch)
    return begun + packed(found.to(latents.dtype))


class Sketch(nn.Module):
    """The conditioner in training: its sketch shall be the picture's latents, as far as the meaning tells them.

    A tenth of the network's work, and nearly all of what a cover is.
    """

    def __init__(self, conditioner: Conditioner) -> None:
        super().__init__()
        self.conditioner = conditioner
        conditioner.embedding.requires_grad_(False)

    def forward(self, lot: Lot) -> Tensor:
        _, sketch = self.conditioner.sketched(lot.item, lot.has_item)
        return (sketch - lot.clean).square().mean()


@dataclass(frozen=True, eq=False)
class Lot:
    """B examples. clean, scene, own: latents (B, C, h, w), of what is to be drawn, of the scene, of the thing's
    picture, as noisy as level (B,) says, or fitted. mask: (B, 1, 2h, 2w). item: meanings (B, width). has_item, preview,
    referred: bool (B,), whether the meaning is shown, whether it is a preview, whether its own picture is shown."""

    clean: Tensor
    scene: Tensor
    mask: Tensor
    own: Tensor
    item: Tensor
    level: Tensor
    has_item: Tensor
    preview: Tensor
    referred: Tensor

    def to(self, device: torch.device) -> Lot:
        return Lot(**{name: value.to(device) for name, value in vars(self).items()})


class Examples:
    """What is shown: covers, their things told in full or in part, and previews, told by the fitted picture alone."""

    def __init__(
        self, lessons: Lessons, latents: Latents, readings: Readings, meanings: Tensor, identity: Sequence[str],
        previews: float,
    ) -> None:  # fmt: skip
        """meanings (N, width): of the rows' full words. identity: the columns that say what a thing is. previews: their
        share."""
        self.lessons, self.latents, self.readings, self.meanings = lessons, latents, readings, meanings
        self.previews = previews if len(lessons.of) else 0.0
        self.free = np.flatnonzero(~lessons.held)
        self.siblings = lessons.siblings(identity)

    def covers(self, size: int, conditioner: Conditioner, rng: np.random.Generator) -> Lot:
        """Of covers alone, for the sketch: nothing else of them is looked at."""
        things = rng.choice(self.free, size)
        clean = self.latents.pictures[torch.from_numpy(things)]
        item = self._meanings(things, conditioner, rng, 0.2)
        none = torch.zeros(size, dtype=torch.bool)
        there = torch.from_numpy(rng.random(size) > 0.03)
        return Lot(clean, clean, clean[:, :1], clean, item, torch.zeros(size), there, none, none)

    def batch(self, size: int, conditioner: Conditioner, rng: np.random.Generator) -> Lot:
        """Previews first, then covers."""
        things, spots = self._chosen(size, rng)
        preview = torch.from_numpy(spots >= 0)
        seen = preview[:, None, None, None]
        flat = self.latents.pictures[torch.from_numpy(things)]
        other = np.array([rng.choice(self.siblings[row]) for row in things.tolist()])
        clean, scene, mask = flat, torch.zeros_like(flat), torch.zeros_like(unpacked(flat)[:, :1])
        # Some covers are shown the own picture. For what a taste will do to it, it is now and then shown noisy, and is
        # that of a thing of another colour: then only its cut is to be trusted.
        referred = torch.from_numpy(rng.random(size) < 0.25)
        changed = torch.from_numpy(rng.random(size) < 0.5)
        level = torch.where(changed & referred & ~preview, torch.from_numpy(rng.random(size)).float(), torch.zeros(()))
        looks = torch.where(changed[:, None, None, None], self.latents.pictures[torch.from_numpy(other)], flat)
        own = noised(looks, torch.randn_like(flat), level) * referred[:, None, None, None]
        there = torch.from_numpy(rng.random(size) > 0.1)
        if preview.any():
            # The fitted picture says all that there is to be said: no meaning is told, and no other picture shown.
            known, place = self.latents, torch.from_numpy(np.maximum(spots, 0))
            scene, mask = known.scenes[place] * seen, known.masks[place] * seen
            clean = torch.where(seen, known.placed[place], flat)
            own = torch.where(seen, known.fitted[place], own)
        item = self._meanings(things, conditioner, rng, 0.3)
        return Lot(clean, scene, mask, own, item, level, there & ~preview, preview, referred | preview)

    def _chosen(self, size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Things, and for each the preview it is shown in, -1 for its cover."""
        things = rng.choice(self.free, size)
        spots = np.full(size, -1, dtype=np.int64)
        count = round(size * self.previews)
        if count:
            spots[:count] = rng.integers(len(self.lessons.of), size=count)
            things[:count] = self.lessons.of[spots[:count]]
        return things, spots

    def _meanings(
        self, things: np.ndarray, conditioner: Conditioner, rng: np.random.Generator, partly: float
    ) -> Tensor:
        """Of all that the rows say, for a share of them of some of it; a little noisy, as projected vectors are."""
        full = self.meanings[torch.from_numpy(things)]
        short = np.flatnonzero(rng.random(len(things)) < partly)
        if len(short):
            full = full.clone()
            told = [self.readings.told(int(row), rng) for row in things[short]]
            full[torch.from_numpy(short)] = conditioner.meaning(told).cpu()
        return full + BLUR / conditioner.scale.cpu() * torch.randn_like(full)


def fit_network(
    studio: Studio | Sketch,
    lots: Callable[[int, Conditioner, np.random.Generator], Lot],
    *,
    steps: int,
    batch: int,
    learning_rate: float,
    seed: int,
    folder: Path,
) -> loop.Record:
    """Train on lots of examples, or the sketch alone; a killed run goes on from its last checkpoint."""
    epochs = max(1, round(steps / EPOCH))
    per = max(1, steps // epochs)

    def loss(module: nn.Module, _: int) -> Tensor:
        # From torch's own state, which the loop seeds: a killed run goes on the same way.
        rng = np.random.default_rng(int(torch.randint(2**31, ()).item()))
        with torch.no_grad():
            lot = lots(batch, studio.conditioner, rng).to(studio.conditioner.nothing.device)
        value: Tensor = module(lot)
        return value

    studio.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    config = loop.LoopConfig(
        epochs=epochs, learning_rate=learning_rate, warmup=0.03, floor=0.01, weight_decay=0.01, seed=seed
    )
    return loop.train(studio, lambda epoch: range(per), loss, config, folder=folder, description=type(studio).__name__)
