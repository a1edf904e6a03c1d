"""The mask over a language model's next tokens: whatever it writes as an item is an item, and one that is open.

A stream of tokens is *inside* an item at level l where its last l + 1 tokens are `<|sid_begin|>` and codes of the
levels 0 … l - 1, in order; everywhere else it is outside. So where a stream stands is read off its last L + 1 tokens
and nothing is kept between steps: after a swap of the catalogue a stream stands where its tokens say in the new one.

    inside, at level l < L    the codes that go on to an open item
    inside, all L codes there `<|sid_end|>`
    outside, free text        every token but codes and `<|sid_end|>`; `<|sid_begin|>` as long as one item is open
    outside, items only       `<|sid_begin|>` as long as items are wanted and open, then the end of the answer

Where the item that is half written was the last open one below its prefix and has been withdrawn since, nothing can
take its codes back. Then the one token allowed is another `<|sid_begin|>`, which starts afresh (or the end of the
answer, where no item is open at all). What stands before it is no item: an item is a begin, its L codes and an end, one
after another.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from genrec.decode.constraints import Constraints
from genrec.decode.trie import Trie
from genrec.errors import UserError
from genrec.model.vocabulary import SidVocabulary

SHUT = -float("inf")


class SidMask:
    """A trie and a vocabulary on one device. Batches are of B streams.

    by_level: whether the children of a level are computed for the streams at that level only. That asks the device
    where they are, which is nothing on a CPU; a GPU would have to be waited for, and does all levels for all instead.
    """

    def __init__(self, trie: Trie, vocabulary: SidVocabulary, device: str | torch.device = "cpu") -> None:
        if vocabulary.codebook_sizes != trie.codebook_sizes:
            raise UserError(
                f"the model's words are for codebook sizes {vocabulary.codebook_sizes}, the catalogue has "
                f"{trie.codebook_sizes}: give the catalogue that the model was trained on"
            )
        self.trie = trie.to(device)
        self.device = self.trie.order.device
        self.by_level = self.device.type == "cpu"
        self.begin, self.end = vocabulary.begin, vocabulary.end
        self.tables = [torch.from_numpy(table).to(self.device) for table in vocabulary.tables]
        rows = torch.from_numpy(vocabulary.rows)
        self.outside = rows[rows != self.begin].to(self.device)
        """What free text may not have: codes and the end."""
        self.needed = int(rows.max()) + 1
        """Fewest logits that a model with this vocabulary has."""
        # The last place is for all other tokens, -1 (no token) among them.
        self._level = torch.full((self.needed + 1,), -1, device=self.device)
        self._code = torch.full((self.needed + 1,), -1, device=self.device)
        for level, table in enumerate(self.tables):
            self._level[table] = level
            self._code[table] = torch.arange(len(table), device=self.device)
        # One search over (parent, code) for all prefixes of a level: a tenth of the time of `Trie.follow`.
        self._keys = [self._keys_of(level) for level in range(trie.levels)]

    @property
    def levels(self) -> int:
        return self.trie.levels

    def place(self, tail: Tensor) -> tuple[Tensor, Tensor]:
        """Where streams stand. tail: int64 (B, L + 1), their last tokens, -1 before the first.

        Returns the number of codes written, -1 outside, and the trie's node of that level, -1 where no item goes on
        from there; both int64 (B,).
        """
        places = torch.arange(self.levels + 1, device=self.device)
        known = self._known(tail)
        begin = torch.where(tail == self.begin, places, -1).amax(1)
        due = places - begin[:, None] - 1
        in_order = ((self._level[known] == due) | (due < 0)).all(1)
        depth = torch.where((begin >= 0) & in_order, self.levels - begin, -1)
        codes = self._code[known].gather(1, (begin[:, None] + 1 + places[:-1]).clamp(max=self.levels))
        node = torch.zeros_like(begin)
        for level in range(self.levels):
            node = torch.where(level < depth, self._follow(level, node, codes[:, level]), node)
        return depth, node

    def finished(self, tokens: Tensor) -> Tensor:
        """The ranks of the items that end at each of tokens int64 (B, W), N where none does; int64 (B, W).

        An item counts whether it is open or not: it has been named.
        """
        n, length = len(self.trie), self.levels + 2
        ranks = torch.full_like(tokens, n)
        if tokens.shape[1] < length:
            return ranks
        known = self._known(tokens)
        levels, codes = (table[known].unfold(1, length, 1)[..., 1:-1] for table in (self._level, self._code))
        due = torch.arange(self.levels, device=self.device)
        there = (
            (tokens[:, : 1 - length] == self.begin) & (tokens[:, length - 1 :] == self.end) & (levels == due).all(-1)
        )
        node = torch.where(there, 0, -1)
        for level in range(self.levels):
            node = self._follow(level, node, codes[..., level])
        ranks[:, length - 1 :] = torch.where(node >= 0, node, n)
        return ranks

    def forbid(
        self,
        logits: Tensor,
        rows: Tensor,
        tail: Tensor,
        constraints: Constraints,
        *,
        mixed: Tensor,
        left: Tensor,
        stop: Tensor,
    ) -> Tensor:
        """Set the logits of all tokens that may not come next to -inf, in place, and return them.

        logits: float (R, V). rows: int64 (B,), distinct, the streams' rows of it; others are left alone. tail: int64
        (B, L + 1), see `place`. constraints: of B requests, in ranks. mixed: bool (B,), free text beside items. left:
        int64 (B,), how many items are still wanted of a stream that is not mixed. stop: int64 (B,), the token that ends
        an answer. Every row keeps a token with a finite logit, also where other rules had forbidden it.
        """
        if logits.shape[1] < self.needed:
            raise UserError(
                f"the model has {logits.shape[1]} output rows, the words of this catalogue need {self.needed}: give "
                "the model that was trained on this catalogue"
            )
        depth, node = self.place(tail)
        whole = torch.tensor([0, len(self.trie)], device=self.device).expand(len(rows), 2)
        any_open = constraints.open(whole[:, :1], whole[:, 1:])[:, 0]
        free = (depth < 0) & mixed
        full = (depth == self.levels) & (node >= 0)
        full &= constraints.open_ranks(node.clamp(min=0)[:, None])[:, 0]
        # Where only one token is allowed, which one; true wherever nothing below says otherwise.
        only = torch.where(any_open & (mixed | (left > 0) | (depth >= 0)), self.begin, stop)
        only = torch.where(full, self.end, only)
        single = ~free
        # 1. What codes may follow, and what the model says to them. Read before anything is overwritten.
        kept = []
        for level, some in self._groups(depth):
            codes, is_open = self._children(level, depth[some], node[some], constraints.take(some))
            values = logits[rows[some, None], codes].masked_fill_(~is_open, SHUT)
            # Where other rules left none of them, ours goes first: they become equally likely.
            lost = (values == SHUT).all(1, keepdim=True)
            kept.append((rows[some], codes, torch.where(lost & is_open, 0, values)))
            single[some] &= ~is_open.any(1)
        # 2. Nothing but free text stays; of that, neither codes nor an end, nor a begin that leads nowhere.
        if self.by_level:  # whole rows, four times as fast as by a mask
            logits.index_fill_(0, rows[~free], SHUT)
            text = rows[free]
        else:
            written = torch.zeros(len(logits), dtype=torch.bool, device=self.device)
            logits.masked_fill_(written.index_put_((rows,), ~free)[:, None], SHUT)
            text = rows
        logits[text[:, None], self.outside] = SHUT
        logits[rows, self.begin] = torch.where(free & any_open, logits[rows, self.begin], SHUT)
        # 3. Back come the codes, and the tokens that have no alternative.
        for at, codes, values in kept:
            logits[at[:, None], codes] = values
        logits[rows, only] = torch.where(single, 0, logits[rows, only])
        return logits

    def _children(self, level: int, depth: Tensor, node: Tensor, constraints: Constraints) -> tuple[Tensor, Tensor]:
        """The tokens of level `level` that may follow and whether they may: int64 and bool (B, M); none elsewhere.

        A slot beyond the last child is the last child again, token and all, so that both write the same.
        """
        nodes = node.clamp(min=0)[:, None] if level else torch.zeros_like(node)[:, None]
        here = (depth == level) & (node >= 0)
        nodes = torch.where(here[:, None], nodes, 0)
        found, exists = self.trie.slots(level, nodes)
        is_open = constraints.open_children(self.trie.bounds(level, nodes))[:, 0]
        last = exists[:, 0].sum(1, keepdim=True) - 1
        is_open = torch.where(exists[:, 0], is_open, is_open.gather(1, last))
        return self.tables[level][self.trie.codes_at(level + 1, found)[:, 0].long()], is_open & here[:, None]

    def _groups(self, depth: Tensor) -> Iterator[tuple[int, Tensor]]:
        """Levels and the streams at them, or all streams at every level.

        Codes of different levels are different tokens, so a level that a stream is not at closes only what is closed.
        """
        for level in range(self.levels):
            if not self.by_level:
                yield level, torch.arange(len(depth), device=self.device)
            elif len(some := (depth == level).nonzero()[:, 0]):
                yield level, some

    def _known(self, tokens: Tensor) -> Tensor:
        """Places in `_level` and `_code`."""
        return torch.where((tokens >= 0) & (tokens < self.needed), tokens, self.needed)

    def _follow(self, level: int, node: Tensor, code: Tensor) -> Tensor:
        """The children of nodes of `level` that codes (of the same shape) lead to, -1 where there is none."""
        keys = self._keys[level]
        wanted = node * self.trie.codebook_sizes[level] + code
        found = torch.searchsorted(keys, wanted.contiguous()).clamp_(max=len(keys) - 1)
        return torch.where((keys[found] == wanted) & (node >= 0) & (code >= 0), found, -1)

    def _keys_of(self, level: int) -> Tensor:
        """int64 (M_{level + 1},), sorted: every node's parent times the codebook's size plus its code."""
        pointers, codes = self.trie.child[level], self.trie.codes[level].long()
        parents = torch.arange(len(pointers) - 1, device=self.device)
        parents = parents.repeat_interleave(pointers.diff(), output_size=len(codes))
        return parents * self.trie.codebook_sizes[level] + codes
