"""Reads attributes off a picture: the judge of what was drawn, itself judged on real pictures first.

It shares nothing with a painter but the world it was taught in. `GATE` is how often it must be right, column by column,
on real pictures it was not taught with; where it is not, whatever it says about drawn ones is void.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from genrec import loop
from genrec.errors import UserError

GATE = 0.98
FEATURES = 128
_WIDTHS = (32, 64, 128, 128)


class _Tower(nn.Module):
    def __init__(self, sizes: Sequence[int]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for width in _WIDTHS:
            layers += [nn.Conv2d(before, width, 5 if before == 3 else 3, stride=2, padding=2 if before == 3 else 1)]
            layers += [nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
            before = width
        self.seen = nn.Sequential(*layers).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        # Shapes are told by where something is, so places are kept; prints by what is anywhere.
        self.shape = nn.Linear(16 * before, FEATURES)
        self.anywhere = nn.Linear(2 * before, FEATURES)
        self.heads = nn.ModuleList(nn.Linear(2 * FEATURES, size) for size in sizes)

    def features(self, shown: Tensor) -> Tensor:
        seen = self.seen(shown)
        pooled = torch.cat([seen.mean(dim=(2, 3)), seen.amax(dim=(2, 3))], dim=1)
        return torch.cat([functional.relu(self.shape(seen.flatten(1))), functional.relu(self.anywhere(pooled))], dim=1)

    def forward(self, shown: Tensor) -> list[Tensor]:
        features = functional.dropout(self.features(shown), 0.1, self.training)
        return [head(features) for head in self.heads]


class AttributeClassifier:
    """values: column → the values it tells apart, in the order of its answers."""

    def __init__(self, values: Mapping[str, Sequence[str]]) -> None:
        self.values = {name: list(known) for name, known in values.items()}
        self.model = _Tower([len(known) for known in self.values.values()])

    @classmethod
    def fit(
        cls,
        pictures: np.ndarray,
        labels: Mapping[str, Sequence[str]],
        *,
        epochs: int,
        seed: int,
        folder: Path | None,
        like: AttributeClassifier | None = None,
    ) -> Self:
        """pictures: uint8 (N, 64, 64, 3). labels: column → the N true values. like: one whose eyes it begins with."""
        made = cls({name: sorted(set(column)) for name, column in labels.items()})
        torch.manual_seed(seed)
        made.model = _Tower([len(known) for known in made.values.values()])
        if like is not None:
            made.model.seen.load_state_dict(like.model.seen.state_dict())
            made.model.anywhere.load_state_dict(like.model.anywhere.state_dict())
        targets = made._targets(labels)

        def loss(module: nn.Module, rows: Tensor) -> Tensor:
            shown = _varied(_pixels(pictures[rows.numpy()]))
            told = module(shown)
            return torch.stack(
                [functional.cross_entropy(one, targets[rows, i], label_smoothing=0.02) for i, one in enumerate(told)]
            ).mean()

        config = loop.LoopConfig(
            epochs=epochs, learning_rate=3e-3, weight_decay=0.02, warmup=0.1, floor=0.01, seed=seed
        )
        loop.train(
            made.model, lambda epoch: loop.shuffled(len(pictures), 64, seed, epoch), loss, config,
            folder=folder, description="Classifier",
        )  # fmt: skip
        return made

    def _targets(self, labels: Mapping[str, Sequence[str]]) -> Tensor:
        columns = [[known.index(value) for value in labels[name]] for name, known in self.values.items()]
        return torch.tensor(columns).T

    @torch.inference_mode()
    def chances(self, pictures: np.ndarray) -> dict[str, np.ndarray]:
        """Column → float32 (B, values): how likely each value is. pictures: uint8 (B, 64, 64, 3)."""
        parts: list[list[np.ndarray]] = []
        for begin in range(0, len(pictures), 256):
            told = self.model.eval()(_pixels(pictures[begin : begin + 256]))
            parts.append([functional.softmax(one, dim=1).numpy() for one in told])
        return {name: np.concatenate([part[i] for part in parts]) for i, name in enumerate(self.values)}

    @torch.inference_mode()
    def features(self, pictures: np.ndarray) -> np.ndarray:
        """float32 (B, 256)."""
        parts = [self.model.eval().features(_pixels(pictures[i : i + 256])) for i in range(0, len(pictures), 256)]
        return torch.cat(parts).numpy()

    def right(self, pictures: np.ndarray, labels: Mapping[str, Sequence[str]]) -> dict[str, np.ndarray]:
        """Column → bool (B,): whether the likeliest value is the true one. A value never taught is never right."""
        told = self.chances(pictures)
        return {
            name: np.array([known[i] for i in told[name].argmax(axis=1)], dtype=object)
            == np.array(labels[name], object)
            for name, known in self.values.items()
        }

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / "model.safetensors.part"
        save_file({name: tensor.contiguous() for name, tensor in self.model.state_dict().items()}, part)
        (folder / "values.json").write_text(json.dumps(self.values))
        os.replace(part, folder / "model.safetensors")

    @classmethod
    def load(cls, folder: Path) -> Self:
        if not (folder / "model.safetensors").exists():
            raise UserError(f"there is no classifier in {folder}: fit one first")
        made = cls(json.loads((folder / "values.json").read_text()))
        made.model.load_state_dict(load_file(folder / "model.safetensors"))
        made.model.eval()
        return made


def _pixels(pictures: np.ndarray) -> Tensor:
    shown = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2)
    return shown.to(torch.float32, memory_format=torch.channels_last) / 127.5 - 1


def _varied(shown: Tensor) -> Tensor:
    """Moved by up to two pixels; some a little soft, some a little noisy: what a judge must not be thrown by."""
    down, right = (int(n) for n in torch.randint(-2, 3, (2,)))
    moved = torch.roll(shown, (down, right), dims=(2, 3))
    soft = functional.avg_pool2d(moved, 3, stride=1, padding=1, count_include_pad=False)
    mixed = torch.where(torch.rand(len(shown), 1, 1, 1) < 0.15, (moved + soft) / 2, moved)
    return mixed + 0.03 * torch.rand(len(shown), 1, 1, 1) * torch.randn_like(shown)
