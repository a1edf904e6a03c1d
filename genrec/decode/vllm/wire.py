"""What travels between the vLLM engine and its workers: plain bytes, whatever process a worker runs in.

A message is one safetensors blob: named tensors, and under `ABOUT` a JSON object as bytes. Nothing in it is executable,
so vLLM needs no permission to unpickle.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
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


class Teller:
    """Takes constraints apart for the workers. The offsets that all requests share travel when they change only."""

    def __init__(self) -> None:
        self.shared: tuple[Tensor, ...] | None = None
        self.key = 0

    def told(self, constraints: Constraints) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """JSON and tensors for `Listener.heard`. What can be computed from the trie stays at home."""
        tensors = {"closed": constraints.closed}
        if constraints.allowed is not None:
            tensors |= {"allowed.words": constraints.allowed.words, "allowed.rows": constraints.allowed.rows}
        offsets = constraints.offsets
        if offsets is None:
            return {"offsets": None}, tensors
        if offsets.maxima is not self.shared:
            self.shared, self.key = offsets.maxima, self.key + 1
            tensors |= {f"offsets.{level}": part for level, part in enumerate(offsets.maxima)}
        if offsets.ranks is not None and offsets.boosts is not None:
            tensors |= {"boosts.ranks": offsets.ranks, "boosts": offsets.boosts}
        return {"offsets": self.key}, tensors

    def forget(self) -> None:
        """The next shared offsets travel again: a worker may not have heard the last ones."""
        self.shared = None


class Listener:
    """Puts constraints over a trie together again, on the trie's device."""

    def __init__(self, trie: Trie) -> None:
        self.trie, self.device = trie, trie.order.device
        self.key, self.shared = -1, Offsets((), ())

    def heard(self, about: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Constraints:
        moved = {name: part.to(self.device) for name, part in tensors.items()}
        allowed = None
        if "allowed.words" in moved:
            words = moved["allowed.words"]
            unsigned = words.long() & 0xFFFFFFFF
            allowed = Allowed(words, unsigned.cumsum(1) - unsigned, moved["allowed.rows"])
        offsets = None
        if about["offsets"] is not None:
            offsets = self._offsets(about["offsets"], moved)
        return Constraints(moved["closed"], allowed, offsets)

    def _offsets(self, key: int, moved: dict[str, Tensor]) -> Offsets:
        levels = range(1, self.trie.levels + 1)
        if "offsets.0" in moved:
            counts = [len(codes) for codes in self.trie.codes]
            nodes = [torch.arange(count, device=self.device) for count in counts]
            starts = tuple(self.trie.range_of(level, nodes[level - 1])[0] for level in levels)
            self.shared = Offsets(tuple(moved[f"offsets.{level - 1}"] for level in levels), starts)
            self.key = key
        if self.key != key:
            raise LookupError(f"offsets {key} were never heard")
        return replace(self.shared, ranks=moved.get("boosts.ranks"), boosts=moved.get("boosts"))
