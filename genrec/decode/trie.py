"""The catalogue's semantic IDs as a trie, in flat arrays.

Items are sorted by their codes; an item's place in that order is its *rank*. A node of level l stands for one prefix of
l codes and covers a contiguous range of ranks; the children of a node are contiguous too. So three small arrays a level
say everything, M_l being the number of nodes of level l (M_0 = 1, the root alone):

    codes[l]   int32 (M_{l+1},)      the last code of every node of level l + 1 (uint16 in the file)
    child[l]   int32 (M_l + 1,)      node n of level l has the children child[l][n] … child[l][n + 1] - 1 of level l + 1
    ranks[l]   int32 (M_{l+1} + 1,)  node m of level l + 1 covers the ranks ranks[l][m] … ranks[l][m + 1] - 1

The nodes of the last level are the items in order of rank.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from genrec.errors import UserError
from genrec.sid.codes import SemanticIds


@dataclass(frozen=True, eq=False)
class Trie:
    """See the module's docstring. order: int32 (N,), the item of every rank."""

    codebook_sizes: tuple[int, ...]
    order: Tensor
    codes: tuple[Tensor, ...]
    child: tuple[Tensor, ...]
    ranks: tuple[Tensor, ...]

    @cached_property
    def branching(self) -> tuple[int, ...]:
        """The most children that a node of each level 0 … L - 1 has."""
        return tuple(int(pointers.diff().max()) for pointers in self.child)

    @classmethod
    def build(cls, ids: SemanticIds) -> Trie:
        """Vectorised: one sort of N rows of codes, then one pass per level. A UserError where there are no items."""
        codes = ids.codes
        n, levels = codes.shape
        if n == 0:
            raise UserError("cannot decode over an empty catalogue: add items first")
        order = np.lexsort(codes.T[::-1])
        ordered = codes[order]
        first = np.zeros(n, dtype=bool)
        first[0] = True
        level_codes, ranks, child = [], [], []
        above = np.array([0, n], dtype=np.int64)
        for level in range(levels):
            first[1:] |= ordered[1:, level] != ordered[:-1, level]
            starts = np.flatnonzero(first)
            level_codes.append(torch.from_numpy(ordered[starts, level].astype(np.int32)))
            child.append(torch.from_numpy(np.searchsorted(starts, above).astype(np.int32)))
            above = np.append(starts, n)
            ranks.append(torch.from_numpy(above.astype(np.int32)))
        items = torch.from_numpy(order.astype(np.int32))
        return cls(tuple(ids.codebook_sizes), items, tuple(level_codes), tuple(child), tuple(ranks))

    def __len__(self) -> int:
        return len(self.order)

    @property
    def levels(self) -> int:
        return len(self.codes)

    def rank_of(self) -> Tensor:
        """int64 (N,): every item's rank, the inverse of `order`."""
        ranks = torch.empty(len(self), dtype=torch.long, device=self.order.device)
        ranks[self.order.long()] = torch.arange(len(self), device=self.order.device)
        return ranks

    def paths(self) -> list[Tensor]:
        """Per level int64 (N,): the node of every item at level l + 1."""
        ranks = self.rank_of()
        return [torch.searchsorted(starts.long(), ranks, right=True) - 1 for starts in self.ranks]

    def children(self, level: int, nodes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The children of nodes (B, W) of `level`, padded to the level's branching factor M.

        Returns nodes of level + 1, their codes and whether they exist, each (B, W, M): int64, int64, bool; 0 and that
        node's code where there is none. A node of -1 has no children. Cost O(B · W · M), whatever the catalogue's size.
        """
        safe = nodes.clamp(min=0)
        begin, end = self.child[level][safe].long(), self.child[level][safe + 1].long()
        slots = torch.arange(self.branching[level], device=nodes.device)
        found = begin[..., None] + slots
        exists = (found < end[..., None]) & (nodes >= 0)[..., None]
        found = torch.where(exists, found, 0)
        return found, self.codes[level][found].long(), exists

    def range_of(self, level: int, nodes: Tensor) -> tuple[Tensor, Tensor]:
        """The ranks [begin, end) below nodes of level `level` ≥ 1 (any shape), int64."""
        ranks = self.ranks[level - 1]
        return ranks[nodes].long(), ranks[nodes + 1].long()

    def to(self, device: str | torch.device) -> Trie:
        def moved(parts: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            return tuple(part.to(device) for part in parts)

        return Trie(self.codebook_sizes, self.order.to(device), moved(self.codes), moved(self.child), moved(self.ranks))

    def save(self, path: Path) -> None:
        """One safetensors file."""
        tensors = {"order": self.order, "codebook_sizes": torch.tensor(self.codebook_sizes)}
        for level in range(self.levels):
            tensors[f"codes.{level}"] = self.codes[level].to(torch.uint16)
            tensors[f"child.{level}"] = self.child[level]
            tensors[f"ranks.{level}"] = self.ranks[level]
        save_file(tensors, path)

    @classmethod
    def load(cls, path: Path) -> Trie:
        """Read what `save` wrote; a UserError where the file is missing or broken."""
        try:
            tensors = load_file(path)
        except FileNotFoundError as error:
            raise UserError(f"{path}: there is no such file; the stage `tokenize` writes it") from error
        except SafetensorError as error:
            raise UserError(f"{path}: not a readable trie ({error}); run the stage `tokenize` again") from error
        sizes = tuple(tensors["codebook_sizes"].tolist())
        levels = range(len(sizes))
        return cls(
            sizes,
            tensors["order"],
            tuple(tensors[f"codes.{level}"].to(torch.int32) for level in levels),
            tuple(tensors[f"child.{level}"] for level in levels),
            tuple(tensors[f"ranks.{level}"] for level in levels),
        )
