"""RQ-VAE: residual quantization in a learned latent space.

An encoder maps an item's vector to a latent, the latent is written as a sum of codewords, a decoder rebuilds the vector
from the sum. Sources: Zeghidour et al. 2021 (SoundStream, §III-C: residual quantizer, k-means start, EMA codebooks,
revival of unused codes), Lee et al. 2022 (RQ-VAE, §3.1: commitment at every depth), Rajput et al. 2023 (TIGER, §3.1:
semantic IDs).

Two things differ from them. Encoder and decoder are a linear map plus a multi-layer perceptron whose last layer starts
at zero, and the linear maps start at the principal components, so that training begins as residual k-means on
principal components. And the commitment weighs 0.02 rather than 0.25: on 4,385 items, all else equal, levels two and
three had a perplexity of 203 and 213 (of 256) at 0.02, of 146 and 150 at 0.1, with the same reconstruction.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from genrec.errors import UserError
from genrec.loop import LoopConfig, Record, shuffled, train
from genrec.sid.residual import (
    Metric,
    ResidualTokenizer,
    at_least_one,
    checked_size,
    checked_vectors,
    residual_kmeans,
)


class Quantizer(nn.Module):
    """Codebooks float32 (L, K, latent), how often each code was used of late, and their upkeep.

    With `ema` a codeword is the moving average of the residuals that chose it; without, it is learned by gradient.
    """

    codebooks: Tensor
    counts: Tensor
    sums: Tensor

    def __init__(self, levels: int, size: int, latent: int, *, ema: bool, decay: float, revive_below: float) -> None:
        super().__init__()
        self.ema, self.decay, self.revive_below = ema, decay, revive_below
        codebooks = torch.zeros(levels, size, latent)
        if ema:
            self.register_buffer("codebooks", codebooks)
            self.register_buffer("sums", torch.zeros(levels, size, latent))
        else:
            self.codebooks = nn.Parameter(codebooks)
        # Share of a batch that chose each code, times the size of the codebook: 1 where all codes are used alike.
        self.register_buffer("counts", torch.ones(levels, size))
        self._seen: list[tuple[Tensor, Tensor]] = []

    def start(self, codebooks: np.ndarray) -> None:
        with torch.no_grad():
            self.codebooks.copy_(torch.from_numpy(codebooks))
            if self.ema:
                self.sums.copy_(self.codebooks * self.counts[:, :, None])

    def forward(self, latents: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """latents (B, latent) → (quantized, straight through (B, latent); codebook loss; commitment loss)."""
        rest, total = latents, torch.zeros_like(latents)
        codebook_loss = commitment = latents.new_zeros(())
        self._seen = []
        for level in range(len(self.codebooks)):
            codebook = self.codebooks[level]
            with torch.no_grad():
                codes = (codebook.square().sum(1) - 2 * rest @ codebook.T).argmin(1)
            self._seen.append((rest.detach(), codes))
            chosen = codebook[codes]
            codebook_loss = codebook_loss + (chosen - rest.detach()).square().sum(1).mean()
            commitment = commitment + (rest - chosen.detach()).square().sum(1).mean()
            rest = rest - chosen.detach()
            total = total + chosen.detach()
        return latents + (total - latents).detach(), codebook_loss, commitment

    @torch.no_grad()
    def upkeep(self, step: int, last_revival: int) -> None:
        """After an optimizer step: move codewords to their residuals (EMA), give unused ones a recent residual.

        All state is in buffers and all chance in torch's generator, so that a resumed run repeats it exactly.
        """
        size = self.codebooks.shape[1]
        for level, (rest, codes) in enumerate(self._seen):
            used = torch.bincount(codes, minlength=size).to(rest.dtype) * (size / len(rest))
            self.counts[level].lerp_(used, 1 - self.decay)
            if self.ema:
                sums = torch.zeros_like(self.sums[level]).index_add_(0, codes, rest) * (size / len(rest))
                self.sums[level].lerp_(sums, 1 - self.decay)
                means = self.sums[level] / self.counts[level].clamp_min(1e-6)[:, None]
                self.codebooks[level] = torch.where(self.counts[level, :, None] > 1e-6, means, self.codebooks[level])
            dead = torch.nonzero(self.counts[level] < self.revive_below).flatten()
            if step < last_revival and len(dead):
                rows = torch.randint(len(rest), (len(dead),), device="cpu").to(rest.device)
                self.codebooks[level, dead] = rest[rows]
                self.counts[level, dead] = 1.0
                if self.ema:
                    self.sums[level, dead] = rest[rows]


class Network(nn.Module):
    """Encoder, quantizer, decoder; vectors are centred and brought to unit mean square length first."""

    mean: Tensor
    scale: Tensor

    def __init__(self, dim: int, latent: int, hidden: Sequence[int], dropout: float, quantizer: Quantizer) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("scale", torch.ones(()))
        self.encoder_line = nn.Linear(dim, latent, bias=False)
        self.decoder_line = nn.Linear(latent, dim, bias=False)
        self.encoder = _perceptron([dim, *hidden, latent], dropout)
        self.decoder = _perceptron([latent, *reversed(hidden), dim], dropout)
        self.quantizer = quantizer

    def encode(self, vectors: Tensor) -> Tensor:
        inputs = (vectors - self.mean) / self.scale
        return self.encoder_line(inputs) + self.encoder(inputs)

    def decode(self, latents: Tensor) -> Tensor:
        return (self.decoder_line(latents) + self.decoder(latents)) * self.scale + self.mean

    def start(self, vectors: Tensor) -> None:
        """Centre, scale and principal components of vectors (N, d)."""
        with torch.no_grad():
            self.mean.copy_(vectors.mean(0))
            centred = vectors - self.mean
            self.scale.copy_(centred.square().sum(1).mean().sqrt().clamp_min(1e-12))
            basis = torch.linalg.eigh(centred.T.double() @ centred.double())[1].flip(1).T.float()
            kept = min(len(basis), self.encoder_line.out_features)
            for weight in (self.encoder_line.weight, self.decoder_line.weight.T):
                weight.zero_()
                weight[:kept] = basis[:kept]


def _perceptron(widths: Sequence[int], dropout: float) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(widths):
        layers += [nn.Linear(before, after), nn.ReLU(), nn.Dropout(dropout)]
    layers = layers[:-2]
    nn.init.zeros_(layers[-1].weight)  # type: ignore[arg-type]
    nn.init.zeros_(layers[-1].bias)  # type: ignore[arg-type]
    return nn.Sequential(*layers)


class RQVAE(ResidualTokenizer):
    """levels × codebook_size codes of a `latent`-dimensional latent."""

    name = "rqvae"

    def __init__(
        self,
        *,
        levels: int = 3,
        codebook_size: int = 256,
        metric: Metric = "l2",
        latent: int = 96,
        hidden: Sequence[int] = (512,),
        dropout: float = 0.1,
        codebook_update: Literal["ema", "gradient"] = "ema",
        decay: float = 0.99,
        revive_below: float = 0.05,
        commitment: float = 0.02,
        epochs: int = 60,
        batch_size: int = 512,
        learning_rate: float = 2e-3,
        weight_decay: float = 0.0,
        beam_width: int = 1,
    ) -> None:
        at_least_one(
            levels=levels, codebook_size=codebook_size, latent=latent, batch_size=batch_size, beam_width=beam_width
        )
        if metric not in ("l2", "cosine"):
            raise UserError(f"`metric` is {metric!r}; it must be 'l2' or 'cosine'")
        if codebook_update not in ("ema", "gradient"):
            raise UserError(f"`codebook_update` is {codebook_update!r}; it must be 'ema' or 'gradient'")
        self.levels, self.codebook_size, self.metric, self.beam_width = levels, codebook_size, metric, beam_width
        self._config: dict[str, Any] = {
            "levels": levels,
            "codebook_size": codebook_size,
            "metric": metric,
            "latent": latent,
            "hidden": list(hidden),
            "dropout": dropout,
            "codebook_update": codebook_update,
            "decay": decay,
            "revive_below": revive_below,
            "commitment": commitment,
            "epochs": epochs,
            "batch_size": batch_size,
            "learning_rate": learning_rate,
            "weight_decay": weight_decay,
            "beam_width": beam_width,
        }
        self._network: Network | None = None
        self.record = Record()

    def config(self) -> dict[str, Any]:
        return dict(self._config)

    def _build(self, dim: int) -> Network:
        said = self._config
        quantizer = Quantizer(
            self.levels,
            self.codebook_size,
            said["latent"],
            ema=said["codebook_update"] == "ema",
            decay=said["decay"],
            revive_below=said["revive_below"],
        )
        return Network(dim, said["latent"], said["hidden"], said["dropout"], quantizer)

    def fit(self, vectors: np.ndarray, *, seed: int, folder: Path | None = None) -> None:
        """vectors: float32 (N, d), N >= codebook_size. A fit that was killed goes on from `folder`'s last epoch."""
        prepared = self.prepare(checked_vectors(vectors))
        checked_size(len(prepared), self.codebook_size)
        said = self._config
        _claim(folder, {**said, "seed": seed, "vectors": hashlib.sha256(prepared.tobytes()).hexdigest()})
        torch.manual_seed(seed)
        network = self._build(prepared.shape[1])
        rows = torch.from_numpy(np.array(prepared))
        network.start(rows)
        with torch.no_grad():
            latents = network.eval().encode(rows).numpy()
        network.quantizer.start(residual_kmeans(latents, self.levels, self.codebook_size, 25, seed))

        def loss(_: nn.Module, batch: Tensor) -> Tensor:
            inputs = rows[batch].to(network.scale.device)
            quantized, codebook_loss, commitment = network.quantizer(network.encode(inputs))
            error = ((network.decode(quantized) - inputs) / network.scale).square().sum(1).mean()
            value = error + said["commitment"] * commitment
            return value if network.quantizer.ema else value + codebook_loss

        steps = said["epochs"] * -(-len(rows) // said["batch_size"])
        self.record = train(
            network,
            lambda epoch: shuffled(len(rows), said["batch_size"], seed, epoch),
            loss,
            LoopConfig(
                epochs=said["epochs"],
                learning_rate=said["learning_rate"],
                weight_decay=said["weight_decay"],
                seed=seed,
            ),
            folder=folder,
            description="RQ-VAE",
            # Codes revived at the very end would be left as they are: single, untrained residuals.
            after_step=lambda _, step: network.quantizer.upkeep(step, last_revival=int(0.9 * steps)),
        )
        self._network = network.cpu()

    @property
    def network(self) -> Network:
        if self._network is None:
            raise RuntimeError("this RQVAE is not fitted: call fit first")
        return self._network

    @property
    def codebooks(self) -> list[np.ndarray]:
        return list(self.network.quantizer.codebooks.detach().numpy())

    @property
    def dim(self) -> int:
        return len(self.network.mean)

    @torch.no_grad()
    def _into(self, targets: np.ndarray) -> np.ndarray:
        return self.network.encode(torch.from_numpy(targets)).numpy()

    @torch.no_grad()
    def _back(self, latents: np.ndarray) -> np.ndarray:
        return self.network.decode(torch.from_numpy(latents)).numpy()

    def _tensors(self) -> dict[str, np.ndarray]:
        return {name: tensor.numpy() for name, tensor in self.network.state_dict().items()}

    def _restore(self, tensors: dict[str, np.ndarray]) -> None:
        network = self._build(len(tensors["mean"]))
        network.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in tensors.items()})
        self._network = network.eval()


def _claim(folder: Path | None, fit: dict[str, Any]) -> None:
    """Make sure that the checkpoints in `folder` are of this very fit."""
    if folder is None:
        return
    path = Path(folder) / "fit.json"
    said = json.dumps(fit, indent=2, sort_keys=True)
    if path.exists() and path.read_text() != said:
        raise UserError(f"{folder}: holds checkpoints of a fit with another recipe, seed or vectors; remove the folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(said)
