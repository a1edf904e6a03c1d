"""What requests in flight may write: their settings by slot, on the device of the logits, under the current stock.

A slot is a small number that an adapter gives to a request as long as it runs (vLLM's own slot, a row of a batch).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from genrec.decode.bitmaps import RankBitmap, width
from genrec.decode.constraints import Allowed, Constraints
from genrec.decode.limits import Limits
from genrec.decode.stock import Stock
from genrec.errors import UserError, nearest


@dataclass(frozen=True, eq=False)
class Ask:
    """What one request may write. It travels as {"genrec": {…}} with these keys in vLLM's `extra_args`.

    mode: «mixed», free text that may name items; «items», nothing but items. count: how many items end an answer of
    items. repeats: whether an answer may name an item twice; unless said, a text may, a list of items may not.
    where: a filter over the catalogue's columns. allow: ids of the only items there are. deny: ids of items to leave
    out.
    """

    mode: Literal["mixed", "items"] = "mixed"
    count: int = 1
    repeats: bool | None = None
    where: Any = None
    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()

    @classmethod
    def read(cls, said: Any) -> Ask:
        """UserError for unknown keys and values of the wrong kind; ids and filters are looked at by `Slots.admit`."""
        known = [field.name for field in fields(cls)]
        if not isinstance(said, Mapping):
            raise UserError(f'genrec: expected settings such as {{"mode": "mixed"}}, not {said!r}')
        for key in said:
            if key not in known:
                raise UserError(f"genrec: there is no setting {key!r}; {nearest(str(key), known)}")
        values = {key: value for key, value in said.items() if value is not None}
        mode, count = values.get("mode", "mixed"), values.get("count", 1)
        if mode not in ("mixed", "items"):
            raise UserError(f"genrec.mode is {mode!r}: 'mixed' is text that names items, 'items' nothing but items")
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            raise UserError(f"genrec.count is {count!r}: give a number of items, at least 1")
        if "count" in values and mode != "items":
            raise UserError("genrec.count is for the mode 'items'; a text ends where the model ends it: leave it out")
        if not isinstance(values.get("repeats", False), bool):
            raise UserError(f"genrec.repeats is {values['repeats']!r}: give true or false")
        for key in ("allow", "deny"):
            if key in values:
                listed = values[key]
                if not isinstance(listed, list | tuple) or not all(isinstance(one, str) for one in listed):
                    raise UserError(f"genrec.{key}: expected a list of item ids, not {listed!r}")
                values[key] = tuple(listed)
        return cls(**values)

    @property
    def once(self) -> bool:
        """Whether an item that has been named is closed."""
        return self.mode == "items" if self.repeats is None else not self.repeats

    def limits(self, stock: Stock, *, strict: bool = True) -> Limits:
        """UserError for a filter that cannot be read and for ids that the catalogue does not have.

        strict: False leaves such ids out, which were known when the request came.
        """
        if self.where is None and self.allow is None and not self.deny:
            return Limits()
        index, items = stock.index, {} if stock.catalog is None else stock.catalog.index
        allow, deny = self.allow, self.deny
        if not strict:
            allow = None if allow is None else tuple(one for one in allow if one in items)
            deny = tuple(one for one in deny if one in items)
        return Limits.read(index, items, where=self.where, allow=allow, deny=deny or None)


class Slots:
    """Settings of up to `capacity` requests, and the mask over the stock of the moment.

    stock: asked at every step. It must not be None, and once there is one it stays or is replaced.
    """

    def __init__(self, stock: Callable[[], Stock | None], capacity: int, device: str | torch.device) -> None:
        self._stock, self.device = stock, torch.device(device)
        self._asks: dict[int, Ask] = {}
        self._row = torch.zeros(capacity, dtype=torch.long, device=device)
        self._mixed = torch.zeros(capacity, dtype=torch.bool, device=device)
        self._once = torch.zeros(capacity, dtype=torch.bool, device=device)
        self._count = torch.zeros(capacity, dtype=torch.long, device=device)
        self._stop = torch.zeros(capacity, dtype=torch.long, device=device)
        self.stock: Stock | None = None

    @torch.inference_mode(False)
    def refresh(self) -> Stock:
        """Take up the current stock, for all requests in flight. To be called once a step."""
        stock = self._stock()
        if stock is None:
            raise UserError(
                "no catalogue is known here: keep the model in its workspace (`<workspace>/lm/model`), or name the "
                "workspace in GENREC_CATALOGUE"
            )
        if stock is not self.stock:
            self.stock, self.mask = stock, stock.mask(self.device)
            self._bitmaps = _Bitmaps(len(stock.trie), stock.available, self.device)
            self._deny = torch.full((len(self._row), 0), len(stock.trie), device=self.device)
            for slot, ask in self._asks.items():
                self._close(slot, ask.limits(stock, strict=False))
        return stock

    @torch.inference_mode(False)
    def admit(self, slot: int, ask: Ask, stop: int) -> None:
        """A request takes a slot, whoever had it. stop: the token that ends its answer.

        UserError where its ids or its filter do not fit the catalogue; the slot is then free.
        """
        self.release(slot)
        self._close(slot, ask.limits(self.refresh()))
        self._asks[slot] = ask
        self._mixed[slot], self._once[slot] = ask.mode == "mixed", ask.once
        self._count[slot], self._stop[slot] = ask.count, stop

    def release(self, slot: int) -> None:
        if self._asks.pop(slot, None) is not None:
            self._bitmaps.drop(slot)

    def forbid(
        self, logits: Tensor, rows: Tensor, slots: Tensor, tail: Tensor, done: Tensor, named: Tensor | None
    ) -> Tensor:
        """`SidMask.forbid` for requests that have written `done` items, int64 (B,), of ranks `named`, int64 (B, T).

        slots, rows: int64 (B,). named is padded with N; None where nobody minds repeats.
        """
        return self.mask.forbid(
            logits,
            rows,
            tail,
            self.constraints(slots, named),
            mixed=self._mixed[slots],
            left=self._count[slots] - done,
            stop=self._stop[slots],
        )

    def forbid_after(self, logits: Tensor, rows: Tensor, slots: Tensor, context: Tensor) -> Tensor:
        """`forbid` where what has been written is read off `context`, int64 (B, W ≥ L + 1).

        It ends with the last token of each stream and begins L + 1 tokens before its answer, or later with -1 before:
        so an item of the prompt is not whole in it, unless it ends in the answer.
        """
        ranks, n = self.mask.finished(context), len(self.mask.trie)
        done = (ranks < n).sum(1)
        # No item is shorter than its L + 2 tokens, and what is smaller than N comes first.
        named = ranks.sort(1).values[:, : context.shape[1] // (self.mask.levels + 2)]
        return self.forbid(logits, rows, slots, context[:, -self.mask.levels - 1 :], done, named)

    def constraints(self, slots: Tensor, named: Tensor | None) -> Constraints:
        n = len(self.mask.trie)
        allowed = self._bitmaps.allowed(self._row[slots])
        closed = self._deny[slots]
        if named is not None and named.shape[1]:
            closed = torch.cat([closed, torch.where(self._once[slots, None], named, n)], 1)
        if closed.shape[1]:
            if allowed is not None:
                closed = torch.where(allowed.has(closed), closed, n)
            closed = closed.sort(1).values
            closed[:, 1:].masked_fill_(closed[:, 1:] == closed[:, :-1].clone(), n)
            closed = closed.sort(1).values
        return Constraints(closed, allowed)

    def _close(self, slot: int, limits: Limits) -> None:
        """What limits leave of the current stock."""
        assert self.stock is not None
        n, found = len(self.stock.trie), None
        if limits.where is not None:
            found = self.stock.index.compile(limits.where)
        if limits.allow is not None:
            listed = RankBitmap.of_ranks(self.stock.rank_of[limits.allow], n)
            found = listed if found is None else found & listed
        self._row[slot] = self._bitmaps.put(slot, found)
        deny = np.empty(0, np.int64) if limits.deny is None else limits.deny
        wider = len(deny) - self._deny.shape[1]
        if wider > 0:
            self._deny = torch.nn.functional.pad(self._deny, (0, wider), value=n)
        self._deny[slot] = n
        self._deny[slot, : len(deny)] = torch.from_numpy(self.stock.rank_of[deny]).to(self.device)


class _Bitmaps:
    """Bitmaps of slots with their running sums (see `Allowed`), each less what is not available. Row 0: all that is."""

    def __init__(self, n: int, available: RankBitmap | None, device: torch.device) -> None:
        self.all_open = available is None
        self.available = RankBitmap.everything(n) if available is None else available
        self.words = torch.zeros(1, width(n), dtype=torch.int32, device=device)
        self.sums = torch.zeros(1, width(n), dtype=torch.long, device=device)
        self.row_of: dict[int, int] = {}
        self._write(0, self.available)

    def put(self, slot: int, bitmap: RankBitmap | None) -> int:
        """The row for a slot; 0 without a bitmap."""
        self.drop(slot)
        if bitmap is None:
            return 0
        taken = set(self.row_of.values())
        row = next(row for row in range(1, len(taken) + 2) if row not in taken)
        if row >= len(self.words):
            self.words, self.sums = (torch.cat([table, torch.zeros_like(table)]) for table in (self.words, self.sums))
        self._write(row, bitmap & self.available)
        self.row_of[slot] = row
        return row

    def drop(self, slot: int) -> None:
        self.row_of.pop(slot, None)

    def allowed(self, rows: Tensor) -> Allowed | None:
        """None where everything is open to everyone."""
        return None if self.all_open and not self.row_of else Allowed(self.words, self.sums, rows)

    def _write(self, row: int, bitmap: RankBitmap) -> None:
        sums = np.zeros(len(bitmap.words), np.int64)
        np.cumsum(bitmap.words[:-1], out=sums[1:], dtype=np.int64)
        self.words[row] = torch.from_numpy(bitmap.words.view(np.int32))
        self.sums[row] = torch.from_numpy(sums)
