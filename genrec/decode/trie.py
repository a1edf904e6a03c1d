"""The catalogue's semantic IDs as a trie, in flat arrays.

Items are sorted by their codes; an item's place in that order is its *rank*. A node of level l stands for one prefix of
l codes and covers a contiguous range of ranks; the children of a node are contiguous too. M_l being the number of nodes
of level l (M_0 = 1, the root alone), a few small arrays say everything:

    order     int32 (N,)             the item of every rank
    codes[l]  uint16 (M_{l+1},)      the last code of every node of level l + 1
    child[l]  int32 (M_l + 1,)       node n of level l has the children child[l][n] … child[l][n + 1] - 1 of level l + 1
    ranks[l]  int32 (M_{l+1} + 1,)   node m of level l + 1 covers the ranks ranks[l][m] … ranks[l][m + 1] - 1

The nodes of the last level L are the items in order of rank, so `ranks` ends at level L - 2: the children of level
L - 1 are ranks, a node of level L is one. That makes about 12 bytes an item at most with three levels and 22 with four.
`load` maps the file into memory; what no search touches is never read.

A level is *dense* where a table of every code of every node (int32 (M_l, V), -1 where there is none) fits the budget
`dense_bytes` and some node has at least half of all codes as children: then slot v of a node is code v, and a search
needs neither pointers nor codes. The root nearly always is.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from genrec.errors import UserError
from genrec.sid.codes import SemanticIds

DENSE_BYTES = 32 << 20


@dataclass(frozen=True, eq=False)
class Trie:
    """See the module's docstring. fanout: by level 0 … L - 1, the most children of a node."""

    codebook_sizes: tuple[int, ...]
    order: Tensor
    codes: tuple[Tensor, ...]
    child: tuple[Tensor, ...]
    ranks: tuple[Tensor, ...]
    fanout: tuple[int, ...]
    dense_bytes: int = DENSE_BYTES

    @classmethod
    def build(cls, ids: SemanticIds, *, dense_bytes: int = DENSE_BYTES) -> Trie:
        """Vectorised: one sort of N keys, then one pass per level. A UserError where there are no items."""
        n, levels = ids.codes.shape
        if n == 0:
            raise UserError("cannot decode over an empty catalogue: add items first")
        order = _sorted(ids.codes, ids.codebook_sizes)
        ordered = ids.codes[order]
        items = torch.from_numpy(order.astype(np.int32))
        del order
        first = np.zeros(n, dtype=bool)
        first[0] = True
        codes, child, ranks = [], [], []
        above = np.array([0, n], dtype=np.int32)
        for level in range(levels - 1):
            first[1:] |= ordered[1:, level] != ordered[:-1, level]
            starts = np.flatnonzero(first).astype(np.int32)
            codes.append(torch.from_numpy(ordered[starts, level]))
            child.append(torch.from_numpy(np.searchsorted(starts, above).astype(np.int32)))
            above = np.append(starts, np.int32(n))
            ranks.append(torch.from_numpy(above))
        # No two items share an ID: the nodes of the last level are the items.
        codes.append(torch.from_numpy(ordered[:, -1].copy()))
        child.append(torch.from_numpy(above))
        # The last of `ranks` is the last of `child` again.
        parts = (tuple(codes), tuple(child), tuple(ranks[:-1]))
        return cls(ids.codebook_sizes, items, *parts, _fanout(parts[1]), dense_bytes)

    def __len__(self) -> int:
        return len(self.order)

    @property
    def levels(self) -> int:
        return len(self.codes)

    @cached_property
    def dense(self) -> tuple[bool, ...]:
        """By level 0 … L - 1: is there a table? From the root down, each that pays and that the budget has room for."""
        room, found = self.dense_bytes, []
        for size, pointers, fanout in zip(self.codebook_sizes, self.child, self.fanout, strict=True):
            need = 4 * (len(pointers) - 1) * size
            found.append(2 * fanout >= size and need <= room)
            room -= need if found[-1] else 0
        return tuple(found)

    @property
    def branching(self) -> tuple[int, ...]:
        """By level 0 … L - 1, the slots that `children` gives every node: its fanout, or all V codes where dense."""
        sizes = zip(self.dense, self.codebook_sizes, self.fanout, strict=True)
        return tuple(size if dense else fanout for dense, size, fanout in sizes)

    @cached_property
    def tables(self) -> tuple[Tensor | None, ...]:
        """By level int32 (M_l, V), the child that each code leads to or -1; None where the level is not dense."""
        return tuple(self._table(level) if dense else None for level, dense in enumerate(self.dense))

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays, tables too, but not of what `rank_of` and `paths` make."""
        parts = (self.order, *self.codes, *self.child, *self.ranks, *self.tables)
        return sum(part.nbytes for part in parts if part is not None)

    def spans(self, level: int, nodes: Tensor) -> tuple[Tensor, Tensor]:
        """The children of nodes (any shape) of `level`: nodes begin … begin + count - 1 of level + 1, in order of code.

        Both int64 of that shape; count is 0 at a node of -1.
        """
        safe = nodes.clamp(min=0)
        pointers = self.child[level]
        begin = pointers[safe].long()
        return begin, (pointers[safe + 1].long() - begin) * (nodes >= 0)

    def children(self, level: int, nodes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The children of nodes (B, W) of `level` in M = `branching[level]` slots each, in order of code.

        Returns nodes of level + 1, their codes and whether they exist, each (B, W, M): int64, int64, bool; 0 and some
        code of the level where there is none. A node of -1 has no children. Cost O(B · W · M), whatever N is.
        """
        table = self.tables[level]
        slots = torch.arange(self.branching[level], device=nodes.device)
        if table is not None:
            found = _rows(table, nodes)
            exists = (found >= 0).logical_and_((nodes >= 0)[..., None])
            return found.long().mul_(exists), slots.expand(found.shape), exists
        begin, count = self.spans(level, nodes)
        exists = slots < count[..., None]
        found = (begin[..., None] + slots).mul_(exists)
        return found, self.codes_at(level + 1, found), exists

    def slots(self, level: int, nodes: Tensor) -> tuple[Tensor, Tensor]:
        """`children` without their codes, in `fanout[level]` slots: nodes int32 and whether they exist, both (B, W, M).

        A slot beyond the last child repeats it. nodes: (B, W), none of them -1.
        """
        begin, count = self.spans(level, nodes)
        slots = torch.arange(self.fanout[level], dtype=torch.int32, device=nodes.device)
        exists = slots < count[..., None]
        return slots.minimum((count - 1).int()[..., None]).add_(begin.int()[..., None]), exists

    def bounds(self, level: int, nodes: Tensor) -> Tensor:
        """Where the ranks below each of `slots` begin, int32 (B, W, M + 1): slot m covers bounds[…, m : m + 2]."""
        begin, count = self.spans(level, nodes)
        slots = torch.arange(self.fanout[level] + 1, dtype=torch.int32, device=nodes.device)
        places = slots.minimum(count.int()[..., None]).add_(begin.int()[..., None])
        return places if level + 1 == self.levels else _read(self._starts(level + 1), places)

    def codes_at(self, level: int, nodes: Tensor) -> Tensor:
        """The last code of nodes of level `level` ≥ 1 (any shape), int64 or, for int32 nodes, int32."""
        # As 16 bits with a sign: of those without, torch reads single places only slowly or not at all.
        codes = _read(self.codes[level - 1].view(torch.int16), nodes).to(nodes.dtype)
        return codes if self.codebook_sizes[level - 1] <= 2**15 else codes & 0xFFFF

    def range_of(self, level: int, nodes: Tensor) -> tuple[Tensor, Tensor]:
        """The ranks [begin, end) below nodes of level `level` ≥ 1 (any shape), int64."""
        if level == self.levels:
            return nodes, nodes + 1
        starts = self._starts(level)
        return starts[nodes].long(), starts[nodes + 1].long()

    def nodes_at(self, level: int, ranks: Tensor) -> Tensor:
        """The nodes of level `level` ≥ 1 that cover `ranks` (any shape), int64."""
        if level == self.levels:
            return ranks.long()
        return torch.searchsorted(self._starts(level), ranks.int(), right=True) - 1

    def follow(self, level: int, nodes: Tensor, codes: Tensor) -> Tensor:
        """The children of nodes of `level` that `codes` (of the same shape) lead to, int64; -1 where there is none.

        For engines that know a beam by the codes it wrote. codes may be any integers; a node of -1 leads nowhere.
        """
        begin, count = self.spans(level, nodes)
        stored, end = self.codes[level], begin + count
        low, high = begin, end
        for _ in range(self.fanout[level].bit_length()):
            middle = (low + high) // 2
            right = (low < high) & (stored[middle.clamp(max=len(stored) - 1)].long() < codes)
            low, high = torch.where(right, middle + 1, low), torch.where(right, high, middle)
        there = (low < end) & (stored[low.clamp(max=len(stored) - 1)].long() == codes)
        return torch.where(there, low, -1)

    def mask(self, level: int, nodes: Tensor) -> Tensor:
        """bool (B, W, V): which codes of the whole codebook go on from nodes (B, W) of `level`; none from -1.

        O(B · W · M) and the writing of the mask.
        """
        table = self.tables[level]
        alive = (nodes >= 0)[..., None]
        if table is not None:
            return (_rows(table, nodes) >= 0).logical_and_(alive)
        begin, count = self.spans(level, nodes)
        slots = torch.arange(self.fanout[level], device=nodes.device)
        # Slots beyond the last child repeat it, so that they write what is written anyway.
        codes = self.codes[level][begin[..., None] + slots.minimum((count - 1).clamp(min=0)[..., None])].long()
        mask = torch.zeros(*nodes.shape, self.codebook_sizes[level], dtype=torch.bool, device=nodes.device)
        return mask.scatter_(-1, codes, alive.expand(codes.shape))

    def rank_of(self) -> Tensor:
        """int64 (N,): every item's rank, the inverse of `order`. Made at the first call and kept."""
        return self._rank_of

    def paths(self) -> list[Tensor]:
        """Per level int64 (N,): the node of every item at level l + 1. Made at the first call and kept."""
        return self._paths

    def to(self, device: str | torch.device) -> Trie:
        """The same trie on `device`; itself where it is there already."""
        device = torch.empty(0, device=device).device
        if device == self.order.device:
            return self
        codes, child, ranks = (tuple(p.to(device) for p in part) for part in (self.codes, self.child, self.ranks))
        return Trie(self.codebook_sizes, self.order.to(device), codes, child, ranks, self.fanout, self.dense_bytes)

    def save(self, path: Path) -> None:
        """One safetensors file, put in its place at once: a process that has the former file mapped keeps it whole."""
        path = Path(path)
        tensors = {"order": self.order}
        for name in ("codes", "child", "ranks"):
            tensors |= {f"{name}.{level}": part for level, part in enumerate(getattr(self, name))}
        tensors |= {"codebook_sizes": torch.tensor(self.codebook_sizes), "fanout": torch.tensor(self.fanout)}
        part = path.with_name(path.name + ".part")
        save_file(tensors, part)
        os.replace(part, path)

    @classmethod
    def load(cls, path: Path, *, dense_bytes: int = DENSE_BYTES) -> Trie:
        """Map what `save` wrote; a UserError where the file is missing, broken or holds something else."""
        try:
            with safe_open(path, framework="pt") as file:
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no iterator)
            sizes = tuple(tensors["codebook_sizes"].tolist())
            levels = len(sizes)
            codes = tuple(tensors[f"codes.{level}"] for level in range(levels))
            child = tuple(tensors[f"child.{level}"] for level in range(levels))
            ranks = tuple(tensors[f"ranks.{level}"] for level in range(levels - 2))
            # Files of GenRec 0.1 lack `fanout`, and hold two arrays `ranks` more than are needed.
            fanout = _fanout(child) if "fanout" not in tensors else tuple(tensors["fanout"].tolist())
            trie = cls(sizes, tensors["order"], codes, child, ranks, fanout, dense_bytes)
            trie._check()
        except FileNotFoundError as error:
            raise UserError(f"{path}: there is no such file; the stage `tokenize` writes it") from error
        except (SafetensorError, KeyError, ValueError) as error:
            raise UserError(f"{path}: not a readable trie ({error}); run the stage `tokenize` again") from error
        return trie

    def _check(self) -> None:
        """A ValueError where the arrays' types and lengths are not those of one trie."""
        nodes = [1, *(len(part) for part in self.codes)]
        pointers = [(part, nodes[level] + 1) for level, part in enumerate(self.child)]
        pointers += [(part, nodes[level + 1] + 1) for level, part in enumerate(self.ranks)]
        pointers.append((self.order, nodes[-1]))
        fits = all(part.dtype == torch.int32 and len(part) == length for part, length in pointers)
        if not fits or len(self.fanout) != self.levels or any(part.dtype != torch.uint16 for part in self.codes):
            raise ValueError("its arrays do not fit one another")

    def _starts(self, level: int) -> Tensor:
        """int32 (M_level + 1,), the first ranks of the nodes of level 1 … L - 1 and N."""
        return self.child[level] if level == self.levels - 1 else self.ranks[level - 1]

    # What is kept may be asked for in inference mode first and in training later.
    @torch.inference_mode(False)
    def _table(self, level: int) -> Tensor:
        pointers, codes = self.child[level], self.codes[level]
        nodes, below = len(pointers) - 1, len(codes)
        table = torch.full((nodes, self.codebook_sizes[level]), -1, dtype=torch.int32, device=codes.device)
        table[_owners(pointers, below), codes.long()] = torch.arange(below, dtype=torch.int32, device=codes.device)
        return table

    @cached_property
    @torch.inference_mode(False)
    def _rank_of(self) -> Tensor:
        ranks = torch.empty(len(self), dtype=torch.long, device=self.order.device)
        ranks[self.order.long()] = torch.arange(len(self), device=self.order.device)
        return ranks

    @cached_property
    @torch.inference_mode(False)
    def _paths(self) -> list[Tensor]:
        # Written out by rank and permuted, which costs a fraction of a search for every item.
        by_rank = (_owners(self._starts(level), len(self)) for level in range(1, self.levels))
        return [*(nodes[self._rank_of] for nodes in by_rank), self._rank_of]


def _owners(pointers: Tensor, below: int) -> Tensor:
    """int64 (below,): which of the runs pointers[n] … pointers[n + 1] - 1 each place is in."""
    return torch.arange(len(pointers) - 1, device=pointers.device).repeat_interleave(pointers.diff(), output_size=below)


def _fanout(child: tuple[Tensor, ...]) -> tuple[int, ...]:
    return tuple(int(pointers.diff().max()) for pointers in child)


def _read(values: Tensor, places: Tensor) -> Tensor:
    """values[places]: on a CPU a flat `index_select` takes a tenth of the time of indexing."""
    return values.index_select(0, places.reshape(-1)).view(places.shape)


def _rows(table: Tensor, nodes: Tensor) -> Tensor:
    """Rows of table (M, V) for nodes (…): (…, V), the first row at a node of -1."""
    # Whole rows by `index_select` take a quarter of the time of indexing.
    return table.index_select(0, nodes.clamp(min=0).flatten()).view(*nodes.shape, table.shape[1])


def _sorted(codes: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    """int64 (N,), the rows of codes in order. All codes of a row in one 64-bit key where they fit."""
    bits = [(size - 1).bit_length() for size in sizes]
    if sum(bits) > 64:
        return np.lexsort(codes.T[::-1])
    keys = np.zeros(len(codes), dtype=np.uint64)
    for level, width in enumerate(bits):
        keys <<= np.uint64(width)
        keys |= codes[:, level]
    return np.argsort(keys)
