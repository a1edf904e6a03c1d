"""A small image encoder that learns to see from the catalogue itself: pictures against their own texts.

CLIP (Radford et al. 2021, section 2.3) at the size of a laptop: a compact convolutional network and one linear map
from given text vectors (any text encoder's) meet in a shared space, trained with the symmetric InfoNCE loss. Afterwards
a text finds pictures and a picture finds texts by dot product. Each picture shall also find itself when it is taken
anew (`genrec.embed.views`), by the same loss with a temperature of its own, as language and self-supervision go
together in SLIP (Mu et al. 2022): so a photo finds the item.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Self, cast

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from genrec import loop
from genrec.embed import views
from genrec.embed.vectors import checked
from genrec.errors import UserError

SIZE = 64
WIDTHS = (32, 64, 128, 192)
HELD_OUT = 0.1
HELD_OUT_MOST = 500


class ContrastiveModel(nn.Module):
    """Image tower and text projection into one space of `dim` numbers; about 0.34 M parameters plus dim · text_dim.

    pools: 2, mean and maximum of what the tower sees anywhere; 1 in encoders of before, the mean alone.
    """

    def __init__(self, text_dim: int, dim: int, pools: int = 2) -> None:
        super().__init__()
        self.pools = pools
        layers: list[nn.Module] = []
        before = 3
        for width in WIDTHS:
            kernel = 5 if before == 3 else 3
            layers += [nn.Conv2d(before, width, kernel, stride=2, padding=kernel // 2, bias=False)]
            layers += [nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
            before = width
        # Channels last: twice as fast on CPUs.
        self.tower = nn.Sequential(*layers).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.head = nn.Linear(pools * before, dim)
        self.text = nn.Linear(text_dim, dim, bias=False)
        # CLIP section 2.5: a learned temperature, from 0.07, never below 0.01.
        self.scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        self.likeness = nn.Parameter(torch.tensor(math.log(1 / 0.07)))  # the same between two pictures

    def pictures(self, pictures: Tensor) -> Tensor:
        """uint8 (B, 64, 64, 3) → float32 (B, dim), unit length."""
        pixels = pictures.permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.channels_last) / 127.5 - 1.0
        seen = self.tower(pixels)
        pooled = [seen.mean(dim=(2, 3)), seen.amax(dim=(2, 3))]
        return functional.normalize(self.head(torch.cat(pooled[: self.pools], dim=1)), dim=1)

    def texts(self, vectors: Tensor) -> Tensor:
        """float32 (B, text_dim) → float32 (B, dim), unit length."""
        return functional.normalize(self.text(vectors), dim=1)

    def forward(self, pictures: Tensor, vectors: Tensor, anew: Tensor | None = None) -> Tensor:
        """Symmetric InfoNCE of B pairs. Another pair with the very same text is no negative: its picture fits too.

        anew: uint8 (B, 64, 64, 3), the same pictures taken anew, which are then matched with them as well.
        """
        unit = functional.normalize(vectors, dim=1)
        twins = (unit @ unit.T > 0.9999).fill_diagonal_(False)
        if anew is None:
            return _matched(self.pictures(pictures), self.texts(vectors), self.scale, twins)
        seen, again = self.pictures(torch.cat([pictures, anew])).chunk(2)
        return _matched(seen, self.texts(vectors), self.scale, twins) + _matched(again, seen, self.likeness, twins)


def _matched(first: Tensor, second: Tensor, scale: Tensor, twins: Tensor) -> Tensor:
    """Symmetric InfoNCE of rows that belong together, both float32 (B, dim)."""
    logits = (first @ second.T * scale.clamp(max=math.log(100.0)).exp()).masked_fill(twins, -math.inf)
    own = torch.arange(len(logits), device=logits.device)
    return (functional.cross_entropy(logits, own) + functional.cross_entropy(logits.T, own)) / 2


class ContrastiveEncoder:
    """Fit on a catalogue's pictures and text vectors, then frozen; new pictures and texts land in the same space."""

    def __init__(self, dim: int = 64, *, epochs: int = 15, batch_size: int = 64, learning_rate: float = 4e-3) -> None:
        self.dim, self.epochs, self.batch_size, self.learning_rate = dim, epochs, batch_size, learning_rate
        self.model: ContrastiveModel | None = None
        self.metrics: dict[str, float] = {}

    def fit(
        self,
        pictures: np.ndarray,
        picture_mask: np.ndarray,
        text_vectors: np.ndarray,
        text_mask: np.ndarray,
        *,
        seed: int,
        folder: Path | None = None,
        device: str | None = None,
    ) -> Self:
        """Learn from the items that have both. pictures: uint8 (N, 64, 64, 3), text_vectors: float32 (N, text_dim).

        folder: checkpoints; a killed fit goes on there. `metrics` is then what held-out pairs (a tenth, never trained
        on, nothing chosen by them) say: `recall@10` = share of pictures whose own text is among the ten nearest of
        the held-out texts, `recall@1`, `anew@1` = share that find themselves among them when they are taken anew,
        `chance@10`, `held_out`, `pairs`, and the last epoch's `loss`.
        """
        both = np.flatnonzero(picture_mask & text_mask)
        if len(both) < 4:
            raise UserError(
                f"{len(both)} item(s) have both a picture and a text; the contrastive encoder learns from such pairs"
            )
        held, kept = left_out(both, seed)
        count, rows = len(held), torch.from_numpy(np.sort(kept))
        torch.manual_seed(seed)
        self.model = ContrastiveModel(text_vectors.shape[1], self.dim)
        config = loop.LoopConfig(
            epochs=self.epochs, learning_rate=self.learning_rate, weight_decay=0.05, warmup=0.1, seed=seed
        )

        def batches(epoch: int) -> list[Tensor]:
            cut = loop.shuffled(len(rows), self.batch_size, seed, epoch)
            if len(cut) > 1 and len(cut[-1]) < self.batch_size // 2:
                cut = cut[:-1]  # a few pairs are few negatives and poor batch statistics; they come again next epoch
            return cut

        def loss(module: nn.Module, batch: Tensor) -> Tensor:
            chosen = rows[batch].numpy()
            where = next(module.parameters()).device
            own = np.ascontiguousarray(pictures[chosen])
            anew = views.elsewhere(torch.from_numpy(own), torch.from_numpy(views.in_front(own)))
            said = torch.from_numpy(text_vectors[chosen]).to(where)
            return cast(Tensor, module(augmented(torch.from_numpy(own)).to(where), said, anew.to(where)))

        record = loop.train(
            self.model, batches, loss, config, folder=folder, description="Image encoder", device=device
        )
        seen, texts = self._run("pictures", pictures, held), self._run("texts", text_vectors, held)
        own = np.ascontiguousarray(pictures[held])
        anew = views.elsewhere(torch.from_numpy(own), torch.from_numpy(views.in_front(own))).numpy()
        again = self._run("pictures", anew, np.arange(count))
        self.metrics = {
            "recall@1": retrieval(seen, texts, 1),
            "recall@10": retrieval(seen, texts, 10),
            "anew@1": retrieval(again, seen, 1),
            "chance@10": min(1.0, 10 / count),
            "held_out": float(count),
            "pairs": float(len(both)),
            "loss": float(record.epochs[-1]["loss"]),
        }
        return self

    def encode(
        self, pictures: np.ndarray, mask: np.ndarray, ids: Sequence[str] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """(vectors float32 (N, dim), unit length, mask bool (N,)) of uint8 (N, 64, 64, 3), see `read_thumbnails`."""
        vectors = np.zeros((len(pictures), self.dim), np.float32)
        vectors[mask] = self._run("pictures", pictures, np.flatnonzero(mask))
        return checked(vectors, mask, source="contrastive image encoder", ids=ids)

    def encode_texts(self, vectors: np.ndarray) -> np.ndarray:
        """float32 (N, text_dim), from the text encoder it was fitted with → float32 (N, dim), unit length."""
        return self._run("texts", vectors, np.arange(len(vectors)))

    def _run(self, tower: str, inputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
        if self.model is None:
            raise RuntimeError("ContrastiveEncoder used before fit")
        where = self.model.scale.device
        found = np.zeros((len(rows), self.dim), np.float32)
        with torch.inference_mode():
            for begin in range(0, len(rows), 256):
                batch = torch.from_numpy(inputs[rows[begin : begin + 256]]).to(where)
                found[begin : begin + 256] = getattr(self.model, tower)(batch).cpu().numpy()
        return found

    def save_pretrained(self, folder: Path) -> None:
        """model.safetensors and config.json."""
        if self.model is None:
            raise RuntimeError("ContrastiveEncoder saved before fit")
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / "model.safetensors.part"
        save_file({name: tensor.cpu().contiguous() for name, tensor in self.model.state_dict().items()}, part)
        os.replace(part, folder / "model.safetensors")
        said = {
            "dim": self.dim,
            "text_dim": self.model.text.in_features,
            "pools": self.model.pools,
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "learning_rate": self.learning_rate,
        }
        part = folder / "config.json.part"
        part.write_text(json.dumps(said, indent=2))
        os.replace(part, folder / "config.json")

    @classmethod
    def from_pretrained(cls, folder: Path) -> Self:
        try:
            said = json.loads((folder / "config.json").read_text())
            tensors = load_file(folder / "model.safetensors")
        except FileNotFoundError as error:
            raise UserError(f"{folder} holds no contrastive image encoder ({error}): embed again") from error
        text_dim, pools = said.pop("text_dim"), said.pop("pools", 1)
        encoder = cls(**said)
        encoder.model = ContrastiveModel(text_dim, encoder.dim, pools)
        tensors.setdefault("likeness", tensors["scale"])  # of before pictures were matched with each other
        encoder.model.load_state_dict(tensors)
        encoder.model.eval()
        return encoder


def left_out(rows: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Of the items that have both, int64 (M,): those that `fit` measures by and never trains on, and the others."""
    order = rows[np.random.default_rng(seed).permutation(len(rows))]
    count = min(HELD_OUT_MOST, max(1, int(len(rows) * HELD_OUT)))
    return order[:count], order[count:]


def augmented(pictures: Tensor) -> Tensor:
    """uint8 (B, 64, 64, 3), mirrored at random, shifted by up to 4 pixels. Colour stays: texts speak of it."""
    pictures = torch.where(torch.rand(len(pictures), 1, 1, 1) < 0.5, pictures.flip(2), pictures)
    down, right = torch.randint(-4, 5, (2,)).tolist()
    return pictures.roll((down, right), dims=(1, 2))


def retrieval(queries: np.ndarray, answers: np.ndarray, k: int) -> float:
    """Share of rows i whose answer i is among the k nearest to query i; both unit (N, d).

    Among equals it stands in the middle, so a space that has collapsed to a point finds nothing.
    """
    scores = queries @ answers.T
    own = np.diagonal(scores)[:, None]
    rank = (scores > own).sum(axis=1) + ((scores == own).sum(axis=1) - 1) / 2
    return float((rank < k).mean())
