"""From what is known of item and taste to what the network is conditioned on.

An item's meaning is a vector: the sum of its words' embeddings, or a linear map of the run's own item vector onto such
sums (projection.py). Sums and linear maps agree: the mean of a history's vectors becomes the mean of its meanings.

A meaning m has a part that says what the thing is, A·m (A: the best linear guess of the identity columns' words from
all words), and the rest, r = m - A·m: colour, pattern, whatever a taste may change. At level s, from 0 (the item as it
is) to 1 (nothing is known but what it is), the network sees

    A·m + (1 - s)·r + s·spread·ε,    ε ~ N(0, 1),

learns p(picture | half-told item, taste), and so fills in from the taste what it was not told.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn
from torch.nn import functional

from genrec.imagery.small.words import bags

LEAST = 0.1
"""Noise on r, in units of its spread, that is always there in training: projected vectors are never exact."""


class Conditioner(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Words' embeddings, the split into identity and rest, and the tokens of cross-attention."""

    @register_to_config
    def __init__(
        self,
        buckets: int = 2048,
        width: int = 160,
        tokens: int = 4,
        token_width: int = 128,
        hidden: int = 128,
        sketch: int = 64,
        side: int = 8,
    ) -> None:
        """width: of a meaning. tokens: of item and taste each. token_width: of a token, and of the pooled vector.

        sketch: channels of the first guess of the latents, `side` × `side`, which the network goes on from.
        """
        super().__init__()
        self.embedding = nn.Embedding(buckets, width)
        nn.init.normal_(self.embedding.weight, std=0.02)
        self.register_buffer("identity", torch.zeros(width, width))
        self.register_buffer("middle", torch.zeros(width))
        self.register_buffer("spread", torch.ones(width))
        self.register_buffer("scale", torch.ones(()))
        self.item = nn.Sequential(nn.Linear(2 * width + 1, hidden), nn.SiLU(), nn.Linear(hidden, tokens * token_width))
        self.taste = nn.Sequential(nn.Linear(width, hidden), nn.SiLU(), nn.Linear(hidden, tokens * token_width))
        self.nothing = nn.Parameter(torch.zeros(2, tokens * token_width))
        self.pooled = nn.Linear(2 * tokens * token_width + 2, token_width)
        self.norm = nn.LayerNorm(token_width)
        # A U-Net of convolutions knows no place: where things of a kind have what is told to it at once.
        self.layout = nn.Sequential(nn.SiLU(), nn.Linear(token_width, sketch * side * side))

    def meaning(self, rows: Sequence[Sequence[str]]) -> Tensor:
        """float32 (B, width) of B rows' words; a row of none is zero."""
        flat, offsets = bags(rows, self.config["buckets"])
        where = self.embedding.weight.device
        return functional.embedding_bag(flat.to(where), self.embedding.weight, offsets.to(where), mode="sum")

    @torch.no_grad()
    def split(self, meanings: Tensor, identities: Tensor) -> None:
        """Fits A (with an offset) by ridge regression, and the spread of the rest. Both (N, width)."""
        self.middle.copy_(meanings.mean(dim=0))
        self.scale.copy_(1 / (meanings - self.middle).square().mean().sqrt())
        x, y = meanings - self.middle, identities - identities.mean(dim=0)
        gram = x.T @ x
        ridge = torch.eye(len(gram)) * gram.diagonal().mean() * 1e-3
        self.identity.copy_(torch.linalg.solve(gram + ridge, x.T @ y))
        self.spread.copy_((x - x @ self.identity).square().mean(dim=0).sqrt())

    def tokens(
        self,
        item: Tensor,
        taste: Tensor,
        level: Tensor,
        noise: Tensor,
        has_item: Tensor,
        has_taste: Tensor,
        preview: Tensor,
        referred: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """(tokens (B, 2·K, token_width), pooled (B, token_width), sketch (B, channels, side, side)).

        item, taste: meanings (B, width). level: (B,). noise: ε, (B, width). has_item, has_taste, preview, referred:
        bool (B,), what is given, and whether the thing is drawn in a scene, its own picture beside it.
        """
        centred = item - self.middle
        what = centred @ self.identity
        rest = (1 - level)[:, None] * (centred - what) + (level + LEAST * (1 - level))[:, None] * self.spread * noise
        told = torch.cat([what * self.scale, rest * self.scale, level[:, None]], dim=1)
        one = torch.where(has_item[:, None], self.item(told), self.nothing[0])
        other = torch.where(has_taste[:, None], self.taste((taste - self.middle) * self.scale), self.nothing[1])
        both = torch.cat([one, other], dim=1)
        flags = torch.stack([preview, referred], dim=1).to(both.dtype)
        tokens = self.norm(both.unflatten(1, (-1, self.config["token_width"])))
        pooled = self.pooled(torch.cat([both, flags], dim=1))
        side = self.config["side"]
        return tokens, pooled, self.layout(pooled).unflatten(1, (-1, side, side))
