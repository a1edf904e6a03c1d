"""The floor under `decoding.py`: what the model's own arithmetic costs, written as tightly as plain torch allows.

Weights and shapes are the model's. Every prompt is read once, then the same number of tokens as a beam search without
short-cuts would write goes through the model and gets its level's logits. There is no trie, no top-k, no choice (every
beam follows itself), and no allocation: all state is made beforehand. Projections of one input are joined, norms'
weights are folded into what follows them. Beside it stands `gemm_seconds`: nothing but the matrix products of the same
shapes, one after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedModel

from genrec.model.compact import CompactModel

Shape = tuple[int, int, int]
"""A product of (rows, inner) and (inner, columns)."""


class CausalFloor:
    """A Qwen3-shaped decoder: B prompts of T tokens, then levels - 1 tokens for each of W beams."""

    def __init__(self, model: PreTrainedModel, rows: list[Tensor], batch: int, length: int, width: int) -> None:
        config, layers = model.config, model.base_model.layers
        self.d = config.head_dim
        self.heads, self.kv = config.num_attention_heads, config.num_key_value_heads
        self.eps, self.batch, self.length, self.width = config.rms_norm_eps, batch, length, width
        self.inner, self.hidden = config.intermediate_size, config.hidden_size
        self.steps = len(rows) - 1
        like = {"dtype": model.dtype, "device": model.device}
        slots = length + width * self.steps
        positions = torch.cat([torch.arange(length), torch.arange(self.steps).repeat_interleave(width) + length])
        hidden = torch.zeros(1, slots, self.hidden, **like)
        cos, sin = model.base_model.rotary_emb(hidden, positions[None].to(model.device))
        self.embedding = model.get_input_embeddings().weight.detach()
        norm = model.base_model.norm.weight.detach()
        self.rows = [(part * norm).contiguous() for part in rows]
        self.layers: list[dict[str, Any]] = []
        self.distinct = len(layers)
        for layer in layers:
            attention, mlp = layer.self_attn, layer.mlp
            parts = [attention.q_proj.weight, attention.k_proj.weight, attention.v_proj.weight]
            norms = torch.cat(
                [attention.q_norm.weight.expand(self.heads, -1), attention.k_norm.weight.expand(self.kv, -1)]
            )
            # Norm and rotation in one: x₁ · (w₁ cos) - x₂ · (w₂ sin) and x₂ · (w₂ cos) + x₁ · (w₁ sin).
            half = self.d // 2
            c, s = cos[0, :, None, :half] * norms[:, :half], sin[0, :, None, :half] * norms[:, half:]
            c2, s2 = cos[0, :, None, half:] * norms[:, half:], sin[0, :, None, half:] * norms[:, :half]
            self.layers.append(
                {
                    "qkv": (torch.cat(parts) * layer.input_layernorm.weight).detach().T,
                    "rope": [part.detach().contiguous() for part in (c, s, c2, s2)],
                    "out": attention.o_proj.weight.detach().T,
                    "up": (
                        torch.cat([mlp.gate_proj.weight, mlp.up_proj.weight]) * layer.post_attention_layernorm.weight
                    )
                    .detach()
                    .T,
                    "down": mlp.down_proj.weight.detach().T,
                    "qk": torch.empty(batch, slots, self.heads + self.kv, self.d, **like),
                    "v": torch.empty(batch, slots, self.kv, self.d, **like),
                }
            )
        most = batch * max(length, width)
        self.x, self.y = torch.empty(most, self.hidden, **like), torch.empty(most, self.hidden, **like)
        self.joined = torch.empty(most, (self.heads + 2 * self.kv) * self.d, **like)
        self.wide, self.narrow = torch.empty(most, 2 * self.inner, **like), torch.empty(most, self.inner, **like)
        self.masks = [self._mask(step, like) for step in range(self.steps)]
        self.codes = [torch.arange(batch * width, device=model.device) % len(part) for part in rows]

    def _mask(self, step: int, like: dict[str, Any]) -> Tensor:
        """Beam w sees the prompt and its own tokens, the w-th of every step."""
        own = torch.eye(self.width, dtype=torch.bool).repeat(1, step + 1)
        seen = torch.cat([torch.ones(self.width, self.length, dtype=torch.bool), own], dim=1)
        return torch.zeros(seen.shape).masked_fill(~seen, -torch.inf).repeat(self.heads // self.kv, 1).to(**like)

    def _normed(self, x: Tensor, out: Tensor) -> Tensor:
        size = x.shape[-1]
        scale = torch.linalg.vector_norm(x, dim=-1, keepdim=True).square_().div_(size).add_(self.eps).rsqrt_()
        return torch.mul(x, scale, out=out)

    def _forward(self, x: Tensor, begin: int, count: int, mask: Tensor | None) -> Tensor:
        n, d, half = len(x), self.d, self.d // 2
        groups = self.heads // self.kv
        y, joined, wide, narrow = self.y[:n], self.joined[:n], self.wide[:n], self.narrow[:n]
        end = begin + count
        for layer in self.layers:
            torch.mm(self._normed(x, y), layer["qkv"], out=joined)
            heads = joined.view(self.batch, count, -1, d)
            qk = heads[:, :, : self.heads + self.kv]
            self._normed(qk, qk)
            first, second = qk[..., :half], qk[..., half:]
            c, s, c2, s2 = (part[begin:end] for part in layer["rope"])
            kept = layer["qk"][:, begin:end]
            torch.mul(first, c, out=kept[..., :half]).addcmul_(second, s, value=-1)
            torch.mul(second, c2, out=kept[..., half:]).addcmul_(first, s2)
            layer["v"][:, begin:end] = heads[:, :, self.heads + self.kv :]
            q = kept[:, :, : self.heads].transpose(1, 2)
            k = layer["qk"][:, :end, self.heads :].transpose(1, 2)
            v = layer["v"][:, :end].transpose(1, 2)
            if mask is None:
                mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=groups > 1)
            else:
                rows = q if groups == 1 else q.reshape(self.batch, self.kv, groups * count, d)
                mixed = F.scaled_dot_product_attention(rows, k, v, attn_mask=mask)
                mixed = mixed.view(self.batch, self.heads, count, d)
            torch.addmm(x, mixed.transpose(1, 2).reshape(n, -1), layer["out"], out=x)
            torch.mm(self._normed(x, y), layer["up"], out=wide)
            torch.mul(F.silu(wide[:, : self.inner]), wide[:, self.inner :], out=narrow)
            torch.addmm(x, narrow, layer["down"], out=x)
        return x

    @torch.inference_mode()
    def run(self, prompts: Tensor) -> Tensor:
        """prompts: int64 (B, T) → the last level's logits (B · W, V)."""
        x = torch.index_select(self.embedding, 0, prompts.flatten(), out=self.x[: prompts.numel()])
        last = self._forward(x, 0, self.length, None).view(self.batch, self.length, -1)[:, -1]
        logits = self._normed(last, self.y[: self.batch]) @ self.rows[0].T
        for step in range(self.steps):
            n = self.batch * self.width
            x = torch.index_select(self.embedding, 0, self.codes[step], out=self.x[:n])
            x = self._forward(x, self.length + step * self.width, self.width, self.masks[step])
            logits = self._normed(x, self.y[:n]) @ self.rows[step + 1].T
        return logits

    def products(self) -> list[Shape]:
        """The matrix products of weights in one `run`."""
        shapes: list[Shape] = []
        rows = [self.batch * self.length] + [self.batch * self.width] * self.steps
        for step, n in enumerate(rows):
            for _ in self.layers:
                shapes += [
                    (n, self.hidden, self.joined.shape[1]), (n, self.heads * self.d, self.hidden),
                    (n, self.hidden, 2 * self.inner), (n, self.inner, self.hidden),
                ]  # fmt: skip
            shapes.append((self.batch if step == 0 else n, self.hidden, len(self.rows[step])))
        return shapes

    def flops(self) -> float:
        """Of one `run`: the products, and attention over what each token sees."""
        seen = self.length * (self.length + 1) / 2
        seen += sum(self.width * (self.length + step + 1) for step in range(self.steps))
        return flops_of(self.products()) + 4 * self.batch * len(self.layers) * self.heads * self.d * seen


class CompactFloor:
    """The compact generator: B histories of T items, then the depth decoder for W beams."""

    def __init__(self, model: CompactModel, batch: int, length: int, width: int) -> None:
        self.model, self.batch, self.length, self.width = model, batch, length, width
        self.distinct = max(len(model.blocks), len(model.depth_mlp))
        self.size = model.config.width
        n, levels = batch * length, len(model.config.codebook_sizes)
        like = {"dtype": model.dtype, "device": model.device}
        self.x, self.wide = torch.empty(n, self.size, **like), torch.empty(n, 4 * self.size, **like)
        self.joined = torch.empty(n, 3 * self.size, **like)
        beams = batch * width
        self.pair, self.deep = torch.empty(beams, 2 * self.size, **like), torch.empty(beams, 2 * self.size, **like)
        self.state = torch.empty(beams, self.size, **like)
        sizes = model.config.codebook_sizes
        self.written = [torch.arange(beams, device=model.device) % sizes[level] for level in range(levels)]

    @torch.inference_mode()
    def run(self, items: Tensor) -> Tensor:
        """items: int64 (B, T) → the last level's logits (B · W, V)."""
        model, size = self.model, self.size
        codes, items = model.codes[items.flatten()], items.flatten()
        x = torch.index_select(model.code_in[0].weight, 0, codes[:, 0], out=self.x)
        for level, table in enumerate(model.code_in[1:], 1):
            x += table.weight[codes[:, level]]
        if model.content_in is not None:
            torch.addmm(x, model.content[items], model.content_in.weight.T, out=x)
        if model.item_in is not None:
            x.addcmul_(model.item_in.weight[items], model.known[items][:, None].to(x.dtype))
        x.view(self.batch, self.length, size).add_(model.position.weight[: self.length])
        for block in model.blocks:
            y = F.layer_norm(x, (size,), block.norm_attention.weight, block.norm_attention.bias)
            torch.addmm(block.qkv.bias, y, block.qkv.weight.T, out=self.joined)
            heads = self.joined.view(self.batch, self.length, 3, block.heads, -1).permute(2, 0, 3, 1, 4)
            mixed = F.scaled_dot_product_attention(heads[0], heads[1], heads[2], is_causal=True)
            x += torch.addmm(block.out.bias, mixed.transpose(1, 2).reshape(len(x), size), block.out.weight.T)
            y = F.layer_norm(x, (size,), block.norm_mlp.weight, block.norm_mlp.bias)
            torch.addmm(block.up.bias, y, block.up.weight.T, out=self.wide)
            x += torch.addmm(block.down.bias, F.gelu(self.wide), block.down.weight.T)
        last = x.view(self.batch, self.length, size)[:, -1]
        state = F.layer_norm(last, (size,), model.norm.weight, model.norm.bias)
        logits = model.level_logits(0, state)
        self.state.view(self.batch, self.width, size).copy_(state[:, None])
        for level, mlp in enumerate(model.depth_mlp):
            norm = model.depth_norm[level]
            self.pair[:, :size] = F.layer_norm(self.state, (size,), norm.weight, norm.bias)
            self.pair[:, size:] = model.code_in[level].weight[self.written[level]]
            torch.addmm(mlp[0].bias, self.pair, mlp[0].weight.T, out=self.deep)
            self.state += torch.addmm(mlp[2].bias, F.gelu(self.deep), mlp[2].weight.T)
            logits = model.level_logits(level + 1, self.state)
        return logits

    def products(self) -> list[Shape]:
        """The matrix products of weights in one `run`."""
        n, beams, size = self.batch * self.length, self.batch * self.width, self.size
        shapes: list[Shape] = []
        if self.model.content_in is not None:
            shapes.append((n, self.model.config.content_dim, size))
        for _ in self.model.blocks:
            shapes += [(n, size, 3 * size), (n, size, size), (n, size, 4 * size), (n, 4 * size, size)]
        for level, codes in enumerate(self.model.config.codebook_sizes):
            if level:
                shapes += [(beams, 2 * size, 2 * size), (beams, 2 * size, size)]
            shapes.append((beams if level else self.batch, size, codes))
        return shapes

    def flops(self) -> float:
        """Of one `run`: the products, and attention over what each item sees."""
        seen = self.length * (self.length + 1) / 2
        return flops_of(self.products()) + 4 * self.batch * len(self.model.blocks) * self.size * seen


def flops_of(shapes: list[Shape]) -> float:
    return 2.0 * sum(rows * inner * columns for rows, inner, columns in shapes)


class GemmChain:
    """The products of `shapes` and nothing else, on buffers of their own.

    distinct: how many weights of one shape the model has, so that the chain finds as many of them in the caches.
    """

    def __init__(self, shapes: list[Shape], distinct: int, dtype: torch.dtype, device: torch.device) -> None:
        like = {"dtype": dtype, "device": device}
        rows = {(n, inner): torch.randn(n, inner, **like) for n, inner, _ in shapes}
        outs = {(n, columns): torch.empty(n, columns, **like) for n, _, columns in shapes}
        weights: dict[tuple[int, int, int], Tensor] = {}
        met: dict[Shape, int] = {}
        self.chain = []
        for n, inner, columns in shapes:
            met[n, inner, columns] = met.get((n, inner, columns), 0) + 1
            key = (met[n, inner, columns] % distinct, inner, columns)
            if key not in weights:
                weights[key] = torch.randn(columns, inner, **like).T
            self.chain.append((rows[n, inner], weights[key], outs[n, columns]))
        self.flops = flops_of(shapes)

    @torch.inference_mode()
    def run(self) -> None:
        for x, weight, out in self.chain:
            torch.mm(x, weight, out=out)


def captured(
    run: Callable[[Tensor], Tensor], shape: tuple[int, int], device: torch.device
) -> Callable[[Tensor], Tensor]:
    """The same run; on a GPU as one CUDA graph, so that launching kernels costs nothing."""
    if device.type != "cuda":
        return run
    given = torch.zeros(shape, dtype=torch.long, device=device)
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(3):
            run(given)
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        out = run(given)

    def replay(rows: Tensor) -> Tensor:
        given.copy_(rows)
        graph.replay()
        return out

    return replay
