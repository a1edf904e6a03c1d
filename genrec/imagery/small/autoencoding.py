"""The latent space: an autoencoder of pixels, 64 × 64 × 3 to 16 × 16 × 16 and back.

It begins as the best linear one (principal components of 4 × 4 patches), laid into diffusers' own architecture, and is
trained from there: minutes on a CPU instead of hours, for edges and prints need not be found first. The network then
sees 2 × 2 latents as one (`packed`), as FLUX's does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_dc import AutoencoderDC
from torch import Tensor, nn
from torch.nn import functional

from genrec import loop

FACTOR = 4
"""Pixels of a latent's side."""
_REFERENCE = 3.0


def autoencoder(channels: int = 16, widths: tuple[int, ...] = (16, 32, 64)) -> AutoencoderDC:
    """Diffusers' deep-compression autoencoder (Chen et al. 2025) at a hundredth of its size.

    Its first step folds pixels into channels, so that nothing is computed at full resolution: fast on CPUs.
    """
    layers = (0, *(1 for _ in widths[1:]))
    return AutoencoderDC(
        latent_channels=channels,
        encoder_block_types="ResBlock",
        decoder_block_types="ResBlock",
        encoder_block_out_channels=widths,
        decoder_block_out_channels=widths,
        encoder_layers_per_block=layers,
        decoder_layers_per_block=layers,
        encoder_qkv_multiscales=tuple(() for _ in widths),
        decoder_qkv_multiscales=tuple(() for _ in widths),
        decoder_act_fns="silu",
        scaling_factor=1.0,
    )


@torch.no_grad()
def begin_linear(model: AutoencoderDC, shown: np.ndarray) -> None:
    """Set the weights to those of the best linear autoencoder of 4 × 4 patches of `shown`, uint8 (N, 64, 64, 3).

    Residual blocks begin as nothing. A first convolution that copies three channels, and one that copies twelve, carry
    all 48 numbers of a patch; the last layers of encoder and decoder are solved for. The decoder's last normalisation
    would lose how bright a pixel is, so constant channels give it a reference.
    """
    some = pixels(shown)
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            module.weight.mul_(0.1)
            if module.bias is not None:
                module.bias.zero_()
        if type(module).__name__ == "ResBlock":
            cast(Any, module).norm.weight.zero_()
    encoder, decoder = cast(Any, model.encoder), cast(Any, model.decoder)
    first, last = encoder.conv_in.conv, encoder.conv_out
    _copy(first, 3)
    _copy(encoder.down_blocks[1][-1].conv, 12)
    patches = functional.pixel_unshuffle(some, FACTOR)
    flat = patches.movedim(1, -1).flatten(0, 2)
    mean = flat.mean(dim=0)
    channels = int(model.config["latent_channels"])
    variances, directions = torch.linalg.eigh(((flat - mean).T @ (flat - mean)).double() / len(flat))
    chosen = directions[:, -channels:].float()
    # Half-way between raw scores and white ones: what matters more in pixels stays larger, and is drawn first.
    sizes = variances[-channels:].float().sqrt().sqrt()
    hidden = encoder.conv_in(some)
    for block in encoder.down_blocks:
        hidden = block(hidden)
    shortcut = hidden.unflatten(1, (-1, encoder.out_shortcut_average_group_size)).mean(dim=2)
    scores = ((flat - mean) @ chosen / sizes).view(*patches.movedim(1, -1).shape[:3], channels).movedim(-1, 1)
    _solve(last, hidden, scores - shortcut)
    # The way back: latents → the 48 numbers of a patch → 12 of a quarter of it, beside constants → pixels.
    back = (chosen * sizes).T  # (channels, 48), in the order of pixel_unshuffle: colour, row, column
    spread = torch.zeros(decoder.conv_in.weight.shape[:2])
    spread[:48] = back.T
    repeats = int(decoder.in_shortcut_repeats)
    for out in range(len(spread)):
        spread[out, out // repeats] -= 1
    decoder.conv_in.weight.zero_()
    decoder.conv_in.weight[:, :, 1, 1] = spread
    decoder.conv_in.bias.zero_()
    decoder.conv_in.bias[:48] = mean
    up = decoder.up_blocks[1][0]
    wide = torch.zeros(up.conv.weight.shape[:2])
    bias = torch.full((len(wide),), _REFERENCE)
    for colour in range(3):
        for row in range(4):
            for column in range(4):
                # Of a quarter (row // 2, column // 2) the pixel (row % 2, column % 2) becomes a channel.
                kept = colour * 4 + row % 2 * 2 + column % 2
                out = kept * 4 + row // 2 * 2 + column // 2
                wide[out, colour * 16 + row * 4 + column] = 1
                bias[out] = _REFERENCE / 2
    for out in range(len(wide)):
        wide[out, out // up.repeats] -= 1
    up.conv.weight.zero_()
    up.conv.weight[:, :, 1, 1] = wide
    up.conv.bias.copy_(bias)
    hidden = model.encode(some).latent
    hidden = decoder.conv_in(hidden) + hidden.repeat_interleave(repeats, dim=1)
    for block in reversed(decoder.up_blocks):
        hidden = block(hidden)
    hidden = decoder.conv_act(decoder.norm_out(hidden.movedim(1, -1)).movedim(-1, 1))
    _solve(decoder.conv_out.conv, hidden, functional.pixel_unshuffle(some, 2))


def _copy(conv: nn.Conv2d, count: int) -> None:
    """The first `count` outputs are the first `count` inputs."""
    conv.weight[:count] = 0
    for n in range(count):
        conv.weight[n, n, 1, 1] = 1


def _solve(conv: nn.Conv2d, given: Tensor, wanted: Tensor) -> None:
    """The 3 × 3 weights that map `given` onto `wanted`, both (B, ·, h, w), with the least squared error."""
    columns = functional.unfold(given, 3, padding=1).movedim(1, -1).flatten(0, 1)
    columns = torch.cat([columns, torch.ones(len(columns), 1)], dim=1).double()
    targets = wanted.flatten(2).movedim(1, -1).flatten(0, 1).double()
    gram = columns.T @ columns
    gram.diagonal().add_(1e-6 * gram.diagonal().mean())
    solved = torch.linalg.solve(gram, columns.T @ targets).T.float()
    conv.weight.copy_(solved[:, :-1].view_as(conv.weight))
    if conv.bias is not None:
        conv.bias.copy_(solved[:, -1])


def packed(latents: Tensor) -> Tensor:
    """(B, C, h, w) → (B, 4·C, h/2, w/2)"""
    if not len(latents):  # torch leaves no pictures as they are
        _, channels, height, width = latents.shape
        return latents.new_empty(0, 4 * channels, height // 2, width // 2)
    return functional.pixel_unshuffle(latents, 2)


def unpacked(latents: Tensor) -> Tensor:
    """The way back."""
    return functional.pixel_shuffle(latents, 2)


def pixels(pictures: np.ndarray | Tensor) -> Tensor:
    """uint8 (B, 64, 64, 3) → float32 (B, 3, 64, 64) in [-1, 1], channels last in memory."""
    given = torch.from_numpy(np.array(pictures)) if isinstance(pictures, np.ndarray) else pictures
    return given.permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.channels_last) / 127.5 - 1


def pictures(shown: Tensor) -> np.ndarray:
    """The way back, uint8 (B, 64, 64, 3)."""
    whole = ((shown.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return whole.permute(0, 2, 3, 1).cpu().numpy()


class Reconstruction(nn.Module):
    """What the autoencoder loses: mean absolute difference of pixels and, twice as heavy, of neighbours' differences,
    which edges and prints are made of. Latents are kept near unit size, and told with a little noise."""

    def __init__(self, model: AutoencoderDC) -> None:
        super().__init__()
        self.model = model

    def forward(self, shown: Tensor) -> Tensor:
        latents = cast(Any, self.model).encode(shown).latent
        told = latents + 0.05 * torch.randn_like(latents)
        again = self.model.decode(told).sample
        apart = again - shown
        down, right = apart.diff(dim=2), apart.diff(dim=3)
        size = (latents.square().mean() - 1).abs()
        return apart.abs().mean() + down.abs().mean() + right.abs().mean() + 1e-3 * size


def fit_autoencoder(
    model: AutoencoderDC, shown: np.ndarray, *, steps: int, batch: int, learning_rate: float, seed: int, folder: Path
) -> loop.Record:
    """Train on uint8 (N, 64, 64, 3) in epochs of at most 500 steps."""
    epochs = max(1, round(steps / 500))
    per = max(1, steps // epochs)

    def batches(epoch: int) -> list[Tensor]:
        return [part for n in range(1 + per * batch // len(shown)) for part in
                loop.shuffled(len(shown), min(batch, len(shown)), seed + 7919 * n, epoch)][:per]  # fmt: skip

    def loss(module: nn.Module, rows: Tensor) -> Tensor:
        value: Tensor = module(pixels(shown[np.sort(rows.numpy())]).to(next(module.parameters()).device))
        return value

    cast(Any, model).to(memory_format=torch.channels_last)
    config = loop.LoopConfig(epochs=epochs, learning_rate=learning_rate, warmup=0.05, floor=0.02, seed=seed)
    return loop.train(Reconstruction(model), batches, loss, config, folder=folder, description="Autoencoder")


@torch.no_grad()
def encoded(model: AutoencoderDC, shown: np.ndarray) -> Tensor:
    """float32 (N, C, 16, 16) of uint8 (N, 64, 64, 3)."""
    ready = cast(Any, model.eval())
    where = next(model.parameters()).device
    parts = [ready.encode(pixels(shown[i : i + 128]).to(where)).latent.float().cpu() for i in range(0, len(shown), 128)]
    return torch.cat(parts) if parts else torch.empty(0, model.config["latent_channels"], 16, 16)
