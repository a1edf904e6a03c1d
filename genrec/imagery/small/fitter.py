"""Putting a thing's own picture onto a body or into a room, as a tailor would, before anything is drawn.

A small convolutional network looks at the picture, laid into the mask's box, and at the scene, and tells three things:
from where in the picture each pixel comes (an appearance flow, Zhou et al. 2016, section 3; of garments, Han et al.
2019, section 3.2), whether the thing is there at all, and how much lighter or darker it is. Prints travel along the
flow whole, where latents would have to draw them anew. What is still wrong with the result, edges and folds above all,
is the painter's work: it begins with the fitted picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn
from torch.nn import functional

from genrec import loop
from genrec.imagery.small.autoencoding import pictures, pixels
from genrec.imagery.small.lessons import Lessons
from genrec.imagery.small.scenes import laid

CELL = 4
"""Pixels of a cell's side; the network works on cells, two flows a side to each."""
REACH, SHADE = 0.5, 0.3
"""Sizes of the network's unit: of a flow in half pictures, of a shade in half ranges of brightness."""
SEEN = 0.05
"""Summed over RGB in [-1, 1], from where on the true picture differs from the scene: the thing is there."""
EPOCH = 500
"""Steps of an epoch, after which there is a checkpoint."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """shown: (B, 3, s, s) in [-1, 1], the scene with the thing. there: (B, 1, s, s), the logit of its being there,
    whatever the mask says. flow: (B, 2, s, s), x and y, in half pictures."""

    shown: Tensor
    there: Tensor
    flow: Tensor


class Fitter(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """widths: channels of cells, of cells' 2 × 2, of their 4 × 4; multiples of 8. Pictures have any side that is a
    multiple of 16."""

    @register_to_config
    def __init__(self, widths: Sequence[int] = (48, 64, 80)) -> None:
        super().__init__()
        first, second, third = widths
        self.begin = nn.Conv2d(8 * CELL**2, first, 1)
        self.down = nn.ModuleList([_Block(first, first), _Block(first, second), _Block(second, third)])
        self.middle = _Block(third, third)
        self.up = nn.ModuleList([_Block(third + second, second), _Block(second + first, first)])
        self.norm = nn.GroupNorm(8, first)
        self.told = nn.Conv2d(first, 8 + CELL**2 + 3, 3, padding=1)
        nn.init.zeros_(self.told.weight)  # it begins with the picture as it is laid
        if self.told.bias is not None:
            nn.init.zeros_(self.told.bias)

    def forward(self, own: Tensor, apart: Tensor, scene: Tensor, mask: Tensor) -> Fitted:
        """own, scene: (B, 3, s, s) in [-1, 1], the thing's picture as `scenes.laid` lays it, and the scene. apart,
        mask: (B, 1, s, s) in [0, 1], where own shows the thing, and where it may be."""
        seen = torch.cat([own, apart, scene, mask], dim=1)
        fine = self.down[0](self.begin(functional.pixel_unshuffle(seen, CELL)))
        coarse = self.down[1](functional.avg_pool2d(fine, 2))
        whole = self.middle(self.down[2](functional.avg_pool2d(coarse, 2)))
        coarse = self.up[0](torch.cat([functional.interpolate(whole, scale_factor=2.0), coarse], dim=1))
        fine = self.up[1](torch.cat([functional.interpolate(coarse, scale_factor=2.0), fine], dim=1))
        told = self.told(functional.silu(self.norm(fine)))
        size = own.shape[-1]
        flow = REACH * _smooth(functional.pixel_shuffle(told[:, :8], 2), size)
        edge = functional.pixel_shuffle(told[:, 8 : 8 + CELL**2], CELL)
        shade = SHADE * _smooth(told[:, 8 + CELL**2 :], size)
        moved = functional.grid_sample(
            torch.cat([own, apart], dim=1), _grid(size).to(own) + flow.movedim(1, -1),
            padding_mode="border", align_corners=False,
        )  # fmt: skip
        # What the flow brings is a first guess of where the thing is; the network corrects it.
        there = 6 * (moved[:, 3:] - 0.5) + 4 * edge
        shown = scene + (moved[:, :3] + shade - scene) * torch.sigmoid(there) * mask
        return Fitted(shown, there, flow)


class _Block(nn.Module):
    """Two convolutions beside the way past them (He et al. 2016)."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.first, self.second = nn.GroupNorm(8, before), nn.GroupNorm(8, after)
        self.into = nn.Conv2d(before, after, 3, padding=1)
        self.out = nn.Conv2d(after, after, 3, padding=1)
        self.past = nn.Identity() if before == after else nn.Conv2d(before, after, 1)
        nn.init.zeros_(self.out.weight)

    def forward(self, seen: Tensor) -> Tensor:
        inner = self.into(functional.silu(self.first(seen)))
        found: Tensor = self.past(seen) + self.out(functional.silu(self.second(inner)))
        return found


def _smooth(coarse: Tensor, size: int) -> Tensor:
    return functional.interpolate(coarse, size=(size, size), mode="bilinear", align_corners=False)


def _grid(size: int) -> Tensor:
    """(1, s, s, 2): where each pixel's middle is, x and y in [-1, 1]."""
    middles = (torch.arange(size) + 0.5) / (size / 2) - 1
    rows, columns = torch.meshgrid(middles, middles, indexing="ij")
    return torch.stack([columns, rows], dim=-1)[None]


@dataclass(frozen=True, eq=False)
class Fittings:
    """M previews and what the fitter is shown of them. own: uint8 (M, s, s, 3), laid. apart: uint8 (M, s, s), 0 to 255.
    lessons: with their scenes, masks and truths."""

    own: np.ndarray
    apart: np.ndarray
    lessons: Lessons

    @classmethod
    def of(cls, lessons: Lessons) -> Fittings:
        """Of every preview's own thing."""
        own, apart = np.empty_like(lessons.placed), np.empty_like(lessons.masks)
        for place, row in enumerate(lessons.of.tolist()):
            own[place], apart[place] = laid(lessons.pictures[row], lessons.masks[place] / 255.0)
        return cls(own, apart, lessons)

    def asked(self, places: np.ndarray) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What `Fitter.forward` takes, of some previews."""
        lessons = self.lessons
        return (
            pixels(self.own[places]), shares(self.apart[places]), pixels(lessons.scenes[places]),
            shares(lessons.masks[places]),
        )  # fmt: skip


def shares(masks: np.ndarray) -> Tensor:
    """float32 (B, 1, s, s) in [0, 1] of uint8 (B, s, s)."""
    return torch.from_numpy(np.array(masks)).to(torch.float32)[:, None] / 255


class _Fitting(nn.Module):
    """The fitter in training."""

    def __init__(self, fitter: Fitter, fittings: Fittings) -> None:
        super().__init__()
        self.fitter, self.fittings = fitter, fittings

    def forward(self, places: np.ndarray) -> Tensor:
        """Mean absolute difference to the truth within the mask, of pixels and of cells: a print that lies half a
        stripe off is still that print. Where the thing is, is learned by name; a flow that tears costs."""
        where = self.fitter.told.weight.device
        asked = [part.to(where) for part in self.fittings.asked(places)]
        scene, mask = asked[2], asked[3]
        true = pixels(self.fittings.lessons.placed[places]).to(where)
        found = self.fitter(*asked)
        inside = mask / mask.mean(dim=(1, 2, 3), keepdim=True).clamp(min=1e-3)
        error = (found.shown - true) * inside
        there = ((true - scene).abs().sum(dim=1, keepdim=True) > SEEN).to(mask)
        edge = functional.binary_cross_entropy_with_logits(found.there, there, reduction="none") * inside
        torn = found.flow.diff(dim=2).abs().mean() + found.flow.diff(dim=3).abs().mean()
        return error.abs().mean() + functional.avg_pool2d(error, CELL).abs().mean() + 0.2 * edge.mean() + torn


def fit_fitter(
    fitter: Fitter, fittings: Fittings, *, steps: int, batch: int, learning_rate: float, seed: int, folder: Path
) -> loop.Record:
    """Train on previews; a killed run goes on from its last checkpoint."""
    epochs = max(1, round(steps / EPOCH))
    per = max(1, steps // epochs)
    count = len(fittings.own)

    def batches(epoch: int) -> list[np.ndarray]:
        rng = np.random.default_rng([seed, epoch])
        return [np.sort(rng.choice(count, min(batch, count), replace=False)) for _ in range(per)]

    def loss(module: nn.Module, places: np.ndarray) -> Tensor:
        value: Tensor = module(places)
        return value

    module = _Fitting(fitter, fittings).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    config = loop.LoopConfig(
        epochs=epochs, learning_rate=learning_rate, warmup=0.05, floor=0.01, weight_decay=0.01, seed=seed
    )
    return loop.train(module, batches, loss, config, folder=folder, description="Fitter")


@torch.no_grad()
def fitted(fitter: Fitter, fittings: Fittings) -> np.ndarray:
    """uint8 (M, s, s, 3): every preview's scene with the fitted thing."""
    made = np.empty_like(fittings.own)
    ready = fitter.eval()
    for begin in range(0, len(made), 128):
        places = np.arange(begin, min(begin + 128, len(made)))
        asked = (part.to(ready.told.weight.device) for part in fittings.asked(places))
        made[places] = pictures(ready(*asked).shown)
    return made
