"""The compact generator: a causal backbone with one position per *item*, and a depth decoder that writes its codes.

An item enters as the sum of its code embeddings, a projection of its content vector (so that an item nobody has
touched yet has meaning) and, where asked, an embedding of its own. The backbone reads the history once; from its state
h the depth decoder writes the next item's semantic ID level by level::

    s_1 = h      log p(c_l | h, c_<l) = log softmax(E_l · norm(s_l))      s_{l+1} = s_l + MLP_l([norm(s_l), D_l[c_l]])

so a beam's whole state is one vector. One position per item instead of one per code makes history, prefill and
attention as many times shorter as a semantic ID is long (cf. the lazy decoder of OneRec-V2, arXiv 2508.20900; the depth
transformer of RQ-Transformer, Lee et al. 2022, §3.2).

The *dense head* scores an item by h · V x_i, x_i its input embedding: the second opinion that the leaf score of
`genrec.decode.leaf` weighs against the codes. The module knows nothing of tries, users or files other than its own.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel
from transformers.utils import logging as transformers_logging

from genrec.errors import UserError
from genrec.model.times import TIME_FEATURES, time_features

# Bars over the one small file of this model tell nobody anything, and stand between those that do.
transformers_logging.disable_progress_bar()

CHUNK = 65_536
"""How many items are embedded at once where no gradient is wanted: what is made on the way is much larger."""

Siblings = Callable[[int, Tensor], tuple[Tensor, Tensor]]


class CompactConfig(PretrainedConfig):
    """codebook_sizes: codes per level, collision level included. content_dim: 0 leaves content vectors out.

    spare_rate: how often training gives an item another code of the collision level, so that the rows reserved for
    items to come are trained too. seconds_per_unit: what a time of the histories counts in, 1 for Unix seconds, 0.001
    for milliseconds; 0 leaves times out. time_dropout: how often training hides a history's times.
    """

    model_type = "genrec-compact"

    def __init__(
        self,
        codebook_sizes: tuple[int, ...] = (256, 256, 256, 16),
        n_items: int = 1,
        content_dim: int = 0,
        width: int = 128,
        layers: int = 2,
        heads: int = 2,
        max_items: int = 50,
        dropout: float = 0.3,
        item_ids: bool = True,
        item_dropout: float = 0.2,
        spare_rate: float = 0.05,
        dense: bool = True,
        dense_weight: float = 1.0,
        seconds_per_unit: float = 0.0,
        time_dropout: float = 0.1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if width % heads:
            raise UserError(f"width {width} cannot be shared by {heads} heads: make it a multiple of `heads`")
        self.codebook_sizes = tuple(codebook_sizes)
        self.n_items = n_items
        self.content_dim = content_dim
        self.width = width
        self.layers = layers
        self.heads = heads
        self.max_items = max_items
        self.dropout = dropout
        self.item_ids = item_ids
        self.item_dropout = item_dropout
        self.spare_rate = spare_rate
        self.dense = dense
        self.dense_weight = dense_weight
        self.seconds_per_unit = seconds_per_unit
        self.time_dropout = time_dropout


class Block(nn.Module):
    """A pre-norm transformer layer, causal. Padding stands on the right, so causality alone hides it."""

    def __init__(self, config: CompactConfig) -> None:
        super().__init__()
        width = config.width
        self.heads, self.p = config.heads, config.dropout
        self.norm_attention, self.norm_mlp = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, T, width) → (B, T, width)"""
        rows, length, width = x.shape
        qkv = self.qkv(self.norm_attention(x)).view(rows, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        drop = self.p if self.training else 0.0
        mixed = F.scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], dropout_p=drop, is_causal=True)
        return self._finish(x, mixed.transpose(1, 2).reshape(rows, length, width))

    def last(self, x: Tensor, mask: Tensor) -> Tensor:
        """What `forward` gives at each row's last position, where mask (B, T) ends: (B, T, width) → (B, width).

        Keys and values are made for every position; query, output and MLP for one, which is most of the work saved.
        """
        rows, length, width = x.shape
        normed = self.norm_attention(x)
        at = (torch.arange(rows, device=x.device), mask.sum(1) - 1)
        weight, bias = self.qkv.weight, self.qkv.bias
        query = F.linear(normed[at], weight[:width], bias[:width]).view(rows, self.heads, 1, -1)
        both = F.linear(normed, weight[width:], bias[width:]).view(rows, length, 2, self.heads, -1)
        key, value = both.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None, None, :])
        return self._finish(x[at], mixed.reshape(rows, width))

    def _finish(self, x: Tensor, mixed: Tensor) -> Tensor:
        x = x + F.dropout(self.out(mixed), self.p, self.training)
        hidden = F.gelu(self.up(self.norm_mlp(x)))
        return x + F.dropout(self.down(hidden), self.p, self.training)


class CompactModel(PreTrainedModel):
    """See the module's docstring. `codes` (N, L) and `content` (N, d) are buffers that travel with the weights."""

    config_class = CompactConfig
    main_input_name = "items"

    codes: Tensor
    content: Tensor
    content_scale: Tensor
    known: Tensor

    def __init__(self, config: CompactConfig) -> None:
        super().__init__(config)
        width, levels = config.width, len(config.codebook_sizes)
        self.register_buffer("codes", torch.zeros(config.n_items, levels, dtype=torch.long))
        self.register_buffer("content", torch.zeros(config.n_items, config.content_dim))
        self.register_buffer("content_scale", torch.zeros(()))
        self.register_buffer("known", torch.ones(config.n_items, dtype=torch.bool))
        self.code_in = nn.ModuleList(nn.Embedding(size, width) for size in config.codebook_sizes)
        self.code_out = nn.ModuleList(nn.Linear(width, size) for size in config.codebook_sizes)
        self.content_in = nn.Linear(config.content_dim, width, bias=False) if config.content_dim else None
        self.item_in = nn.Embedding(config.n_items, width) if config.item_ids else None
        self.position = nn.Embedding(config.max_items, width)
        self.time_in = nn.Linear(TIME_FEATURES, width, bias=False) if config.seconds_per_unit else None
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width)
        self.depth_norm = nn.ModuleList(nn.LayerNorm(width) for _ in range(levels))
        self.depth_mlp = nn.ModuleList(
            nn.Sequential(nn.Linear(2 * width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
            for _ in range(levels - 1)
        )
        self._vectors: Tensor | None = None
        self.dense_out = nn.Linear(width, width) if config.dense else None
        self.dense_bias = nn.Parameter(torch.zeros(config.n_items)) if config.dense else None
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)

    # ------------------------------------------------------------------ items

    def set_items(self, codes: np.ndarray, content: np.ndarray | None, known: np.ndarray) -> None:
        """Give the model its catalogue. codes: integer (N, L). content: float32 (N, content_dim) or None.

        known: bool (N,), the items that training shows. The others' own embeddings would be noise and are left out.
        """
        self.codes.copy_(torch.from_numpy(codes.astype(np.int64)))
        self.known.copy_(torch.from_numpy(known))
        if content is not None and self.config.content_dim:
            # Brought to unit mean square: left as short as encoders give them, vectors are learned from many times
            # slower. A later, larger catalogue keeps the scale of the first.
            if not self.content_scale:
                self.content_scale.fill_(1 / max(float(np.sqrt(np.square(content, dtype=np.float64).mean())), 1e-12))
            self.content.copy_(torch.from_numpy(np.array(content, dtype=np.float32)) * self.content_scale)

    def over(self, vectors: Tensor) -> CompactModel:
        """This model over a catalogue that has grown or changed: the same parameters, not copies.

        vectors: (N', width), which `item_vectors` gives from now on; see `embed_as`. For decoding only: codes and
        content of the other items are not in it.
        """
        other = copy.copy(self)
        other._vectors = vectors
        return other

    def embed_as(self, items: Tensor, codes: Tensor, content: np.ndarray) -> Tensor:
        """Input embeddings that items (M,) have with codes int64 (M, L) and content vectors float32 (M, d) as
        `set_items` takes them: (M, width). Items beyond the model's own have no embedding of their own."""
        scaled = torch.from_numpy(np.array(content, dtype=np.float32)).to(self.content.device) * self.content_scale
        last = self.config.n_items - 1
        return self._embedded(items.clamp(max=last), codes, scaled, self.known[items.clamp(max=last)] & (items <= last))

    @torch.no_grad()
    def warm_start(self, former: CompactModel) -> None:
        """Take over the weights of a model of the same shape whose items are the first of this one's."""
        own = dict(self.named_parameters())
        if self.content_scale and former.content_scale:
            self.content.mul_(former.content_scale / self.content_scale)
            self.content_scale.copy_(former.content_scale)
        for name, weights in former.named_parameters():
            if weights.shape[1:] != own[name].shape[1:] or len(weights) > len(own[name]):
                raise ValueError(f"{name}: {tuple(weights.shape)} cannot start {tuple(own[name].shape)}")
            own[name][: len(weights)] = weights

    def embed_items(self, items: Tensor) -> Tensor:
        """Input embeddings of items (any shape of indices) → (..., width).

        In training an item's own embedding is hidden from time to time, so that codes and content alone must do, as
        they must for an item that came after the training.
        """
        return self._embedded(items, self._spared(self.codes[items]), self.content[items], self.known[items])

    def _embedded(self, items: Tensor, codes: Tensor, content: Tensor, known: Tensor) -> Tensor:
        x = torch.stack([table(codes[..., level]) for level, table in enumerate(self.code_in)]).sum(0)
        if self.content_in is not None:
            x = x + self.content_in(content)
        if self.item_in is not None:
            own = self.item_in(items)
            if self.training and self.config.item_dropout:
                own = own * (torch.rand(own.shape[:-1], device=own.device) >= self.config.item_dropout)[..., None]
            x = x + own * known[..., None]
        return x

    def _spared(self, codes: Tensor) -> Tensor:
        if not self.training or not self.config.spare_rate:
            return codes
        other = torch.randint(self.config.codebook_sizes[-1], codes.shape[:-1], device=codes.device)
        swap = torch.rand(codes.shape[:-1], device=codes.device) < self.config.spare_rate
        return torch.cat([codes[..., :-1], torch.where(swap, other, codes[..., -1])[..., None]], dim=-1)

    # ------------------------------------------------------------------ history

    def encode(self, items: Tensor, mask: Tensor, times: Tensor | None = None) -> Tensor:
        """Histories (B, T) padded on the right, mask bool (B, T) → states (B, T, width).

        times: int64 (B, T), in the units of `seconds_per_unit`; None, or below 1980, where they are not known.
        """
        x = self._read(self.embed_items(items), mask, times)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)

    def last_state(self, vectors: Tensor, mask: Tensor, times: Tensor | None = None) -> Tensor:
        """`encode`'s state of each history's last event alone, (B, width), for less than half the work.

        vectors: float (B, T, width), the events' input embeddings, rows of `item_vectors`. No history may be empty.
        """
        x = self._read(vectors, mask, times)
        for block in self.blocks[:-1]:
            x = block(x)
        last = self.blocks[-1]
        assert isinstance(last, Block)
        return self.norm(last.last(x, mask))

    def _read(self, vectors: Tensor, mask: Tensor, times: Tensor | None) -> Tensor:
        x = vectors + self.position.weight[: vectors.shape[1]]
        if self.time_in is not None and times is not None:
            x = x + self._times(times)
        return F.dropout(x, self.config.dropout, self.training) * mask[..., None]

    def _times(self, times: Tensor) -> Tensor:
        assert self.time_in is not None
        features = time_features(times.double() * self.config.seconds_per_unit).to(self.time_in.weight.dtype)
        if self.training and self.config.time_dropout:
            features = features * (torch.rand(len(times), 1, 1, device=times.device) >= self.config.time_dropout)
        return F.linear(features, self.time_in.weight)

    # ------------------------------------------------------------------ codes

    def level_logits(self, level: int, state: Tensor) -> Tensor:
        """Logits of level `level`'s codes from the depth state (..., width) → (..., codebook_sizes[level])."""
        return self.code_out[level](self.depth_norm[level](state))

    def descend(self, level: int, state: Tensor, codes: Tensor) -> Tensor:
        """The depth state after writing `codes` (...) at `level`, from the state before it (..., width)."""
        written = self.code_in[level](codes)
        return state + self.depth_mlp[level](torch.cat([self.depth_norm[level](state), written], dim=-1))

    def split_depth(self) -> tuple[list[Tensor], list[Tensor]]:
        """The hidden layer of `descend` in two parts, a level each: what it does to the state, and to every code.

        Weights (2 width, width) and, bias included, (codebook_sizes[level], 2 width): the layer is their sum.
        """
        width, states, written = self.config.width, [], []
        for mlp, table in zip(self.depth_mlp, self.code_in, strict=False):
            weight, bias = mlp.get_parameter("0.weight"), mlp.get_parameter("0.bias")
            states.append(weight[:, :width].contiguous())
            written.append(F.linear(table.get_parameter("weight"), weight[:, width:], bias))
        return states, written

    def item_log_probs(self, state: Tensor, items: Tensor) -> Tensor:
        """log p(semantic ID of item | h). state: (B, width), items: (B, P) → (B, P)."""
        codes = self.codes[items]
        state = state[:, None, :].expand(*items.shape, -1)
        total = torch.zeros(items.shape, device=state.device)
        for level in range(codes.shape[-1]):
            logits = self.level_logits(level, state)
            total = total + logits.log_softmax(-1).gather(-1, codes[..., level, None]).squeeze(-1)
            if level + 1 < codes.shape[-1]:
                state = self.descend(level, state, codes[..., level])
        return total

    # ------------------------------------------------------------------ dense head

    def item_vectors(self) -> Tensor:
        """The items' input embeddings, which the dense head scores with as well: (N, width)."""
        if self._vectors is not None:
            return self._vectors
        every = torch.arange(self.config.n_items, device=self.codes.device)
        if self.training or len(every) <= CHUNK:
            return self.embed_items(every)
        return torch.cat([self.embed_items(some) for some in every.split(CHUNK)])

    def dense_logits(self, state: Tensor, vectors: Tensor) -> Tensor:
        """state (B, width), vectors (N, width) → (B, N); N may be more than `n_items`."""
        assert self.dense_out is not None and self.dense_bias is not None
        # An item that training never showed has learned no bias: it gets what items have on average.
        usual = (self.dense_bias * self.known).sum() / self.known.sum().clamp(min=1)
        bias = torch.where(self.known, self.dense_bias, usual)
        bias = torch.cat([bias, usual.expand(len(vectors) - len(bias))])
        return self.dense_out(state) @ vectors.T + bias

    # ------------------------------------------------------------------ training

    def forward(
        self, items: Tensor, mask: Tensor, siblings: Siblings | None = None, times: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Losses at every position. items (B, T), mask (B, T): position t is asked for item t + 1, and knows nothing of
        when that was. times: see `encode`.

        siblings(level, items (P,)) → codes int64 (P, M) that exist at `level` beside those items' own, and which of
        them are real, bool (P, M). With it a level is normalised over what the catalogue holds, as decoding does it, so
        that nothing is learned of codes that no item has. The last level tells colliding items apart and stays
        normalised over all its codes, as some are kept for items to come.

        Returns `codes` (nats per item, summed over levels), `dense` (nats per item) and `loss`.
        """
        states = self.encode(items[:, :-1], mask[:, :-1], None if times is None else times[:, :-1])
        asked = mask[:, 1:]
        state, targets = states[asked], items[:, 1:][asked]
        codes = self._spared(self.codes[targets])
        loss_codes = torch.zeros((), device=state.device)
        depth = state
        for level in range(codes.shape[-1]):
            logits, right = self.level_logits(level, depth), codes[:, level]
            if siblings is not None and level + 1 < codes.shape[-1]:
                there, exists = siblings(level, targets)
                norm = logits.gather(1, there).masked_fill(~exists, -torch.inf).logsumexp(1)
                loss_codes = loss_codes + (norm - logits.gather(1, right[:, None]).squeeze(1)).mean()
            else:
                loss_codes = loss_codes + F.cross_entropy(logits, right)
            if level + 1 < codes.shape[-1]:
                depth = self.descend(level, depth, codes[:, level])
        losses = {"codes": loss_codes, "loss": loss_codes}
        if self.config.dense:
            # Items that no history has are not there yet: as wrong answers to every question they would be unlearned.
            logits = self.dense_logits(state, self.item_vectors()).masked_fill(~self.known, -torch.inf)
            losses["dense"] = F.cross_entropy(logits, targets)
            losses["loss"] = loss_codes + self.config.dense_weight * losses["dense"]
        return losses
