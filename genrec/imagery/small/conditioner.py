"""From what is known of item and taste to what the network is conditioned on.

An item's meaning is a vector: the sum of its words' embeddings, or a linear map of the run's own item vector onto such
sums (projection.py). Sums and linear maps agree: the mean of a history's vectors becomes the mean of its meanings.

A taste moves the meaning (leaning.py); what draws sees the moved meaning and nothing else of the taste.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn
from torch.nn import functional

from genrec.imagery.small.leaning import Leaning
from genrec.imagery.small.words import bags


class Conditioner(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Words' embeddings; what a taste does to a meaning; tokens, pooled vector and sketch of a meaning."""

    @register_to_config
    def __init__(
        self,
        buckets: int = 2048,
        width: int = 160,
        tokens: int = 4,
        token_width: int = 128,
        hidden: int = 256,
        channels: int = 64,
        sketch_layers: int = 3,
        side: int = 8,
        columns: Mapping[str, int] | None = None,
    ) -> None:
        """width: of a meaning. tokens: of an item. token_width: of a token, and of the pooled vector.

        channels: of the first guess of the latents, `side` × `side`, which the network goes on from. columns:
        the judged columns of the domain, and how many values each has; see `Leaning`.
        """
        super().__init__()
        self.embedding = nn.Embedding(buckets, width)
        nn.init.normal_(self.embedding.weight, std=0.02)
        self.register_buffer("middle", torch.zeros(width))
        self.register_buffer("scale", torch.ones(()))
        self.leaning = Leaning(width, columns or {})
        self.nothing = nn.Parameter(torch.zeros(width))
        self.read = nn.Sequential(nn.Linear(width, hidden), nn.SiLU(), nn.Linear(hidden, token_width), nn.SiLU())
        self.sketch = Sketcher(channels, token_width, sketch_layers, side)
        self.item = nn.Linear(token_width, tokens * token_width)
        self.norm = nn.LayerNorm(token_width)
        self.pooled = nn.Linear(token_width + 3, token_width)

    def meaning(self, rows: Sequence[Sequence[str]]) -> Tensor:
        """float32 (B, width) of B rows' words; a row of none is zero."""
        flat, offsets = bags(rows, self.config["buckets"])
        where = self.embedding.weight.device
        return functional.embedding_bag(flat.to(where), self.embedding.weight, offsets.to(where), mode="sum")

    @torch.no_grad()
    def centre(self, meanings: Tensor) -> None:
        """Meanings (N, width) are read relative to their mean, in units of their spread."""
        self.middle.copy_(meanings.mean(dim=0))
        self.scale.copy_(1 / (meanings - self.middle).square().mean().sqrt().clamp(min=1e-6))

    def unit(self, meanings: Tensor) -> Tensor:
        """Of mean 0 and size 1."""
        return (meanings - self.middle) * self.scale

    def leant(self, item: Tensor, taste: Tensor, words: Tensor, given: Tensor, level: Tensor, luck: Tensor) -> Tensor:
        """The item's meaning, moved towards the taste as far as level says; all as in `Leaning.forward`, but in the
        words' own units. (B, width)."""
        moved: Tensor = self.leaning(self.unit(item), self.unit(taste), self.unit(words), given, level, luck)
        return moved / self.scale + self.middle

    def sketched(self, item: Tensor, has_item: Tensor) -> tuple[Tensor, Tensor]:
        """(what is read of the meanings (B, width), the sketch (B, channels, side, side)).

        The sketch is the picture's latents as far as the meaning tells them. has_item: bool (B,), where there is one.
        """
        told = torch.where(has_item[:, None], self.unit(item), self.nothing)
        known = self.read(told)
        return known, self.sketch(known)

    def forward(
        self, item: Tensor, has_item: Tensor, level: Tensor, preview: Tensor, referred: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """(tokens (B, K, token_width), pooled (B, token_width), sketch (B, channels, side, side)).

        item, has_item: as in `sketched`. level: (B,), how noisy the own picture is shown. preview, referred: bool (B,),
        whether the thing is drawn in a scene, and whether its own picture is shown.
        """
        known, sketch = self.sketched(item, has_item)
        tokens = self.norm(self.item(known).unflatten(1, (-1, self.config["token_width"])))
        flags = torch.stack([preview.to(known.dtype), referred.to(known.dtype), level.to(known.dtype)], dim=1)
        return tokens, self.pooled(torch.cat([known, flags], dim=1)), sketch


class Sketcher(nn.Module):
    """A linear guess of the latents, made sharper by blocks that are scaled and shifted by the condition: a print is
    where the thing is, and that is a product, not a sum."""

    def __init__(self, channels: int, width: int, layers: int, side: int) -> None:
        super().__init__()
        self.shape = (channels, side, side)
        self.layout = nn.Linear(width, channels * side * side)
        self.blocks = nn.ModuleList(_Block(channels, 2 * channels, width) for _ in range(layers))
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(self, known: Tensor) -> Tensor:
        """(B, width) → (B, channels, side, side)"""
        guess: Tensor = self.layout(known).unflatten(1, self.shape)
        for block in self.blocks:
            guess = block(guess, known)
        told: Tensor = self.out(guess)
        return told


class _Block(nn.Module):
    def __init__(self, channels: int, hidden: int, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, channels)
        self.up = nn.Conv2d(channels, hidden, 1)
        self.film = nn.Linear(width, 2 * hidden)
        self.down = nn.Conv2d(hidden, channels, 1)
        nn.init.zeros_(self.down.weight)

    def forward(self, guess: Tensor, known: Tensor) -> Tensor:
        gain, shift = self.film(known)[:, :, None, None].chunk(2, dim=1)
        inner = functional.silu(self.up(functional.silu(self.norm(guess))) * (1 + gain) + shift)
        found: Tensor = guess + self.down(inner)
        return found
