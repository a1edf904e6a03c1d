"""The beam core's step over paged keys and values: which block a token goes to, and which blocks a beam looks at."""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor

from genrec.decode.vllm.arena import Arena


class Model(Protocol):
    """What a step needs of a worker."""

    arena: Arena
    limit: int
    sequences: int

    def forward(
        self, tokens: Tensor, positions: Tensor, counts: Tensor, tables: Tensor, slots: Tensor, adapter: Any, /
    ) -> Tensor: ...


class Codes(Protocol):
    """The output layer over a catalogue's codes. tokens: per level int64, the token of every code, on the CPU."""

    tokens: Any
    sizes: list[int]

    def __call__(self, level: int, hidden: Tensor, /) -> Tensor: ...


class Paged:
    """One chunk of prompts: see `genrec.decode.beams.Step`. The arithmetic of blocks is done on the CPU.

    prompts: int64 (n,), all tokens, one prompt after the other. lengths: int64 (B,). blocks: how many it needs. What
    all prompts begin with (a system prompt) is read once, as far as it fills blocks. A beam that is needed stands in a
    slot of its user; slots are used from the first one on.
    """

    def __init__(
        self, model: Model, head: Codes, prompts: Tensor, lengths: Tensor, levels: int, width: int, adapter: Any
    ) -> None:
        self.model, self.head, self.adapter = model, head, adapter
        self.prompts, self.lengths = prompts, lengths
        self.block = block = model.arena.block
        self.full = lengths // block
        self.tail = tails(lengths, levels, block)
        self.common = common(prompts, lengths) // block
        counts = blocks_of(lengths, levels, width, block) - self.common
        # Block 0 stays free: to some backends it means «none».
        self.base = 1 + self.common + counts.cumsum(0) - counts
        self.slots_base = self.base - (-lengths // block) - self.common
        self.blocks = 1 + self.common + int(counts.sum())
        self.rest = (lengths % block > 0).tolist()
        self.filled = [0] * len(lengths)
        self.slots = torch.empty(0)

    def __call__(self, level: int, parents: Tensor | None, codes: Tensor | None, needed: Tensor | None) -> Tensor:
        if parents is None or codes is None:
            return self.head(0, self._read())[:, None]
        shape = codes.shape
        chosen = torch.ones(shape, dtype=torch.bool) if needed is None else needed.cpu()
        users, places = chosen.nonzero(as_tuple=True)
        if not len(users):
            return torch.zeros(0, self.head.sizes[level], device=codes.device)
        slots = chosen.cumsum(1) - 1
        first = self.slots_base[users] + slots[users, places] * self.tail[users]
        self._fill(chosen.sum(1).tolist())
        if level > 1:
            former = self.slots[users, parents.cpu()[users, places]]
            self._inherit(level, users, self.slots_base[users] + former * self.tail[users], first)
        self.slots = slots
        tokens = self.head.tokens[level - 1][codes.cpu()[users, places]]
        logits = self.head(level, self._write(users, first, tokens, self.lengths[users] + (level - 1)))
        return logits.view(*shape, -1) if needed is None else logits

    def _read(self) -> Tensor:
        """Bring the prompts into the arena; returns the hidden state of each one's last token, (B, d)."""
        known = self.common * self.block
        if known:
            self._bring(self.prompts[:known], torch.zeros(known, dtype=torch.long), torch.arange(known))
        users = torch.arange(len(self.lengths)).repeat_interleave(self.lengths)
        positions = torch.arange(len(users)) - (self.lengths.cumsum(0) - self.lengths)[users]
        fresh = positions >= known
        return self._bring(self.prompts[fresh], users[fresh], positions[fresh])

    def _bring(self, prompts: Tensor, users: Tensor, positions: Tensor) -> Tensor:
        """Read tokens (n,) of users, in order of user and position; hidden states of each user's last one."""
        ends = users.bincount().cumsum(0)
        columns = torch.arange(int(positions.max()) // self.block + 1)
        tables = self._of_prompt(torch.arange(len(ends))[:, None], columns).clamp(max=self.blocks - 1).int()
        slots = self._of_prompt(users, positions // self.block) * self.block + positions % self.block
        found = []
        for begin in range(0, len(users), self.model.limit):
            # A piece may begin and end within a prompt.
            end = min(begin + self.model.limit, len(users))
            piece, here = slice(begin, end), users[begin:end]
            counts = (here - here[0]).bincount()
            blocks = tables[here[0] : here[-1] + 1]
            hidden = self.model.forward(prompts[piece], positions[piece], counts, blocks, slots[piece], self.adapter)
            found.append(hidden[ends[(ends > begin) & (ends <= end)] - 1 - begin])
        return torch.cat(found)

    def _write(self, users: Tensor, first: Tensor, tokens: Tensor, positions: Tensor) -> Tensor:
        """Hidden states (R, d) of beams (R,), one token each: their prompts' whole blocks, then blocks of their own."""
        full = self.full[users][:, None]
        columns = torch.arange(int((self.full + self.tail).max()))
        tables = torch.where(columns < full, self._of_prompt(users[:, None], columns), first[:, None] + columns - full)
        tables = tables.clamp(max=self.blocks - 1)
        slots = tables.gather(1, (positions // self.block)[:, None])[:, 0] * self.block + positions % self.block
        tables, counts = tables.int(), torch.ones_like(users)
        most = min(self.model.limit, self.model.sequences)
        pieces = [slice(begin, begin + most) for begin in range(0, len(users), most)]
        return torch.cat(
            [self.model.forward(tokens[p], positions[p], counts[p], tables[p], slots[p], self.adapter) for p in pieces]
        )

    def _of_prompt(self, users: Tensor, columns: Tensor) -> Tensor:
        """The blocks at columns of users' prompts."""
        return torch.where(columns < self.common, 1 + columns, self.base[users] + columns - self.common)

    def _fill(self, counts: list[int]) -> None:
        """Give the slots that are used for the first time the rest of the prompt, which fills no whole block."""
        for user, count in enumerate(counts):
            if count <= self.filled[user]:
                continue
            if self.rest[user]:
                source = int(self.base[user] + self.full[user]) - self.common
                begin, tail = int(self.slots_base[user]), int(self.tail[user])
                self.model.arena.fill(source, begin + self.filled[user] * tail, begin + count * tail)
            self.filled[user] = count

    def _inherit(self, level: int, users: Tensor, sources: Tensor, targets: Tensor) -> None:
        """Copy what the parents wrote into the slots of their children."""
        moved = (sources != targets).nonzero()[:, 0]
        if not len(moved):
            return
        places = (self.lengths[users[moved]] % self.block)[:, None] + torch.arange(level - 1)
        further = places // self.block
        self.model.arena.move(sources[moved][:, None] + further, targets[moved][:, None] + further, places % self.block)


def common(prompts: Tensor, lengths: Tensor) -> int:
    """How many tokens all prompts begin with, the last of each left out; 0 where there is but one. See `Paged`."""
    if len(lengths) < 2:
        return 0
    starts = lengths.cumsum(0) - lengths
    rows = prompts[starts[:, None] + torch.arange(int(lengths.min()) - 1)]
    return int((rows == rows[0]).all(0).long().cumprod(0).sum())


def tails(lengths: Tensor, levels: int, block: int) -> Tensor:
    """Blocks of one beam slot, int64 (B,): the rest of the prompt and what the beam writes, one token a level but the
    last."""
    return -(-(lengths % block + levels - 1) // block)


def blocks_of(lengths: Tensor, levels: int, width: int, block: int) -> Tensor:
    """Blocks of each prompt with all its beams, int64 (B,)."""
    return -(-lengths // block) + width * tails(lengths, levels, block)
