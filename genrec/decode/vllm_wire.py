"""What travels between the vLLM engine and its workers: plain bytes, whatever process a worker runs in.

A message is one safetensors blob: named tensors, and under `ABOUT` a JSON object as bytes. Nothing in it is executable,
so vLLM needs no permission to unpickle.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor

from genrec.decode.constraints import Allowed, Constraints
from genrec.decode.offsets import Offsets
from genrec.decode.trie import Trie

ABOUT = "about"


def pack(about: Mapping[str, Any], tensors: Mapping[str, Tensor] | None = None) -> bytes:
    """One message. about: JSON. tensors: on any device."""
    text = bytearray(json.dumps(dict(about)).encode())
    parts = {name: part.detach().cpu().contiguous() for name, part in (tensors or {}).items()}
    return bytes(save({ABOUT: torch.frombuffer(text, dtype=torch.uint8), **parts}))


def unpack(blob: bytes) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """What `pack` was given; tensors on the CPU."""
    tensors = load(bytes(blob))
    about: dict[str, Any] = json.loads(tensors.pop(ABOUT).numpy().tobytes())
    return about, tensors


def told(constraints: Constraints) -> dict[str, Tensor]:
    """The constraints of a batch as tensors. What can be computed from the trie stays at home."""
    tensors = {"closed": constraints.closed}
    if constraints.allowed is not None:
        tensors |= {"allowed.words": constraints.allowed.words, "allowed.rows": constraints.allowed.rows}
    offsets = constraints.offsets
    if offsets is not None:
        tensors |= {f"offsets.maxima.{level}": part for level, part in enumerate(offsets.maxima)}
        if offsets.ranks is not None and offsets.boosts is not None:
            tensors |= {"offsets.ranks": offsets.ranks, "offsets.boosts": offsets.boosts}
    return tensors


def heard(tensors: Mapping[str, Tensor], trie: Trie) -> Constraints:
    """The constraints that `told` took apart, on the trie's device."""
    device = trie.order.device
    moved = {name: part.to(device) for name, part in tensors.items()}
    allowed = offsets = None
    if "allowed.words" in moved:
        words = moved["allowed.words"]
        unsigned = words.long() & 0xFFFFFFFF
        allowed = Allowed(words, unsigned.cumsum(1) - unsigned, moved["allowed.rows"])
    if "offsets.maxima.0" in moved:
        levels = range(1, trie.levels + 1)
        starts = [trie.range_of(level, torch.arange(len(trie.codes[level - 1]), device=device))[0] for level in levels]
        maxima = tuple(moved[f"offsets.maxima.{level - 1}"] for level in levels)
        offsets = Offsets(maxima, tuple(starts), moved.get("offsets.ranks"), moved.get("offsets.boosts"))
    return Constraints(moved["closed"], allowed, offsets)
