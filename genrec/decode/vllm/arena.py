"""Room for the keys and values of a beam call, inside a vLLM worker: blocks of our own, shaped like the engine's.

The engine's scheduler owns the blocks of its KV cache and knows nothing of beams. So a call gets an arena beside them:
for every attention layer a tensor like the layer's own, with blocks enough for one call. It is bound to the layers
while the call runs and unbound after, whatever happens, so ordinary requests never meet it.

Where a user's blocks are is arithmetic, no bookkeeping: first those of the prompt, read by all beams, then for every
beam slot the blocks in which the prompt's rest and the beam's own tokens stand.

    prompt of 70 tokens, blocks of 32, two slots:    [0-31] [32-63] [64-69 ·]    [64-69 a b ·] [64-69 c d ·]
                                                      full   full    rest         slot 0        slot 1

What a block's bytes mean is the attention backend's affair (a CPU stores keys transposed, for one). Where a token's
numbers stand in a block is found by writing tokens and looking.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor


class Unsupported(Exception):
    """This model or backend does something the arena does not know; the message says what."""


class Arena:
    """Blocks for the attention layers of a worker's model runner.

    block: tokens to a block. blocks: how many there are; never fewer than asked for by `grow`.
    """

    def __init__(self, runner: Any) -> None:
        context = runner.compilation_config.static_forward_context
        names = [name for groups in runner.attn_groups for group in groups for name in group.layer_names]
        self.layers = {name: context[name] for name in names}
        self.own = {name: layer.kv_cache for name, layer in self.layers.items()}
        self.owner: dict[str, str] = dict(runner.shared_kv_cache_layers)
        for name, cache in self.own.items():
            if not isinstance(cache, Tensor) or cache.dim() != 4 or cache.stride(0) < max(cache.stride()):
                raise Unsupported(f"layer {name} keeps something else than blocks of keys and values")
        sizes = {cache.shape[2] for cache in self.own.values()}
        if len(sizes) != 1:
            raise Unsupported(f"its layers have blocks of different sizes: {sorted(sizes)}")
        self.block = sizes.pop()
        self.blocks = 0
        self.stores: list[Tensor] = []
        self.views: dict[str, Tensor] = {}
        self.grow(2)
        self.places = [self._look(store) for store in self.stores]

    @property
    def bytes_of_block(self) -> int:
        """Of all layers together."""
        return sum(store[:, 0].nbytes for store in self.stores)

    def grow(self, blocks: int) -> None:
        """Make room for that many blocks. What was there is forgotten."""
        if blocks <= self.blocks:
            return
        self.stores, self.views, self.blocks = [], {}, blocks  # the old ones go before the new ones come
        # Layers that use another layer's cache do so here. Where a cache lies says nothing: groups of layers may lie
        # over each other, their blocks being told apart by the scheduler.
        kinds: dict[tuple[Any, ...], dict[str, list[str]]] = {}
        for name, cache in self.own.items():
            kind = (cache.dtype, cache.device, tuple(cache.shape[1:]), _order(cache))
            kinds.setdefault(kind, {}).setdefault(self.owner.get(name, name), []).append(name)
        for (dtype, device, shape, order), caches in kinds.items():
            inner = [shape[axis - 1] for axis in order]
            # Zeros, since what is not a number would get through any mask.
            store = torch.zeros(len(caches), blocks, *inner, dtype=dtype, device=device)
            self.stores.append(store.flatten(2))
            back = [0, *(1 + order.index(axis) for axis in (1, 2, 3))]
            for part, names in zip(store, caches.values(), strict=True):
                self.views |= dict.fromkeys(names, part.permute(back))

    @contextmanager
    def bound(self) -> Iterator[None]:
        """The layers write to and read from the arena in here."""
        try:
            for name, layer in self.layers.items():
                layer.kv_cache = self.views[name]
            yield
        finally:
            for name, layer in self.layers.items():
                layer.kv_cache = self.own[name]

    def fill(self, source: int, begin: int, end: int) -> None:
        """Copy block `source` to blocks begin … end - 1, in all layers."""
        for store in self.stores:
            store[:, begin:end] = store[:, source : source + 1]

    def move(self, sources: Tensor, targets: Tensor, slots: Tensor) -> None:
        """Copy tokens from blocks to blocks, at the same place in both, all three int64 of one shape.

        All are read before any is written.
        """
        for store, places in zip(self.stores, self.places, strict=True):
            size = store.shape[2]
            flat, inside = store.flatten(1), places[slots]
            taken = flat.index_select(1, ((sources * size)[..., None] + inside).flatten())
            flat.index_copy_(1, ((targets * size)[..., None] + inside).flatten(), taken)

    def _look(self, store: Tensor) -> Tensor:
        """int64 (block, n): where the n numbers of every token of a block stand in the block.

        Found by writing tokens that hold nothing but their own number through the layer's attention backend.
        """
        name = next(name for name, view in self.views.items() if view.data_ptr() == store.data_ptr())
        layer, view = self.layers[name], self.views[name]
        update = getattr(layer.impl, "do_kv_cache_update", None)
        if update is None or self.block > 256:
            raise Unsupported(f"{type(layer.impl).__name__} does not say how it writes its blocks")
        count, device = self.block, view.device
        marks = torch.arange(1, count + 1, device=device, dtype=torch.float32)[:, None, None]
        keys = marks.expand(-1, layer.num_kv_heads, layer.head_size).to(view.dtype).contiguous()
        values = (-marks).expand(-1, layer.num_kv_heads, layer.head_size_v).to(view.dtype).contiguous()
        update(layer, keys, values, view, torch.arange(count, device=device) + count)
        written = store[0, 1].float().abs().round().long()
        order = written.argsort(stable=True)
        numbers = order[written[order] > 0]
        if len(numbers) % count or not bool((written[numbers].view(count, -1) == marks[:, 0].long()).all()):
            raise Unsupported(f"{type(layer.impl).__name__} does not store keys and values as they are")
        store.zero_()
        return numbers.view(count, -1)


def _order(cache: Tensor) -> tuple[int, ...]:
    """The axes 1, 2, 3 of a cache in the order in which they lie in memory."""
    return tuple(sorted((1, 2, 3), key=lambda axis: (-cache.stride()[axis], axis)))
