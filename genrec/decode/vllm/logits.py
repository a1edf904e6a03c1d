"""The mask over items inside vLLM, as a logits processor: entry point `genrec` of the group `vllm.logits_processors`.

vLLM has two interfaces, one for each of its model runners, and does not tell an entry point which one it is asked for.
So `CatalogueMask` is a class of both, and makes whichever it is called for: V1 here, V2 in
`genrec.decode.vllm.logits_v2`. Both are thin; the mask itself is `genrec.decode.sid_mask`.

Requests with {"genrec": {…}} in `SamplingParams.extra_args` are masked (`genrec.decode.sid_slots.Ask` has the keys),
all others are untouched. A request that does not fit the catalogue gets an answer that ends at once, and the log says
why: inside the engine there is nobody to tell.
"""

from __future__ import annotations

import logging
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor
from vllm.v1.sample.logits_processor.interface import BatchUpdate, MoveDirectionality
from vllm.v1.sample.logits_processor.interface import LogitsProcessor as V1
from vllm.v1.worker.gpu.sample.logits_processor.interface import LogitsProcessor as V2

from genrec.decode import stock
from genrec.decode.sid_slots import Ask, Slots
from genrec.decode.stock import Stock
from genrec.decode.vllm.lora import mend
from genrec.decode.vllm.stock import NAME, adopt, stop_of
from genrec.errors import UserError

if TYPE_CHECKING:
    from vllm import SamplingParams
    from vllm.config import VllmConfig

log = logging.getLogger("vllm.genrec")
T = TypeVar("T")


class CatalogueMask(V1, V2):
    """What vLLM loads."""

    def __new__(cls, vllm_config: VllmConfig, *rest: Any) -> Any:
        if len(rest) == 1:
            from genrec.decode.vllm.logits_v2 import MaskV2

            return MaskV2(vllm_config, *rest)
        return MaskV1(vllm_config, *rest)

    @classmethod
    def validate_params(cls, sampling_params: SamplingParams) -> None:
        """In the process that takes requests: a ValueError there is an error of that request.

        Ids and filters are looked at too where that process knows the catalogue (`genrec.decode.stock.put`).
        """
        try:
            ask = read(sampling_params)
            for name in ("ignore_eos", "min_tokens"):
                if ask is not None and ask.mode == "items" and getattr(sampling_params, name):
                    raise UserError(f"genrec.mode 'items' ends its answer itself: leave {name} out")
            if ask is not None and (now := stock.current()) is not None:
                ask.limits(now)
        except UserError as error:
            raise ValueError(str(error)) from error


def read(params: SamplingParams) -> Ask | None:
    """What a request asks of the mask; None where it asks for none."""
    said = (params.extra_args or {}).get("genrec")
    return None if said is None else Ask.read(said)


@dataclass(eq=False)
class _Stream:
    """A request in flight. before: the last L + 1 tokens of its prompt. output: vLLM's own list, which grows.

    read: how much of it has been looked at. ends: the last L + 2 tokens at every `<|sid_end|>` in it, and the ranks of
    the items they are, N where they are none.
    """

    slot: int
    once: bool
    before: list[int]
    output: list[int]
    read: int = 0
    ends: list[list[int]] = field(default_factory=list)
    ranks: list[int] = field(default_factory=list)

    def last(self, end: int, count: int) -> list[int]:
        """The `count` tokens before place `end` of the output, -1 where there are none."""
        tokens = self.output[max(0, end - count) : end]
        if len(tokens) < count:
            tokens = self.before[len(self.before) - min(len(self.before), count - len(tokens)) :] + tokens
        return [-1] * (count - len(tokens)) + tokens


class MaskV1(V1):
    """For vLLM's first model runner (CPUs, and GPUs with VLLM_USE_V2_MODEL_RUNNER=0)."""

    _working: weakref.ref[MaskV1] | None = None
    _config: VllmConfig

    def __init__(self, vllm_config: VllmConfig, device: torch.device, is_pin_memory: bool) -> None:
        # Both as entry point and by name: the second has nothing to do.
        other = None if MaskV1._working is None else MaskV1._working()
        self._rests = other is not None and other._config is vllm_config
        self._config, self._device = vllm_config, device
        if self._rests:
            return
        MaskV1._working = weakref.ref(self)
        if vllm_config.lora_config is not None and device.type == "cpu":
            mend()
        if adopt(vllm_config) is not None and _blind(vllm_config):
            raise UserError(
                "vLLM's V1 model runner keeps finished tokens from entry points while it schedules asynchronously: "
                f"start with --logits-processors {NAME} (LLM(logits_processors=['{NAME}'])), or with "
                "--no-async-scheduling"
            )
        capacity = vllm_config.scheduler_config.max_num_seqs
        self._slots = Slots(stock.current, capacity, device)
        self._free = list(range(capacity))
        self._streams: dict[int, _Stream] = {}
        self._refused: dict[int, int] = {}
        self._stock: Stock | None = None

    def is_argmax_invariant(self) -> bool:
        return False

    def update_state(self, batch_update: BatchUpdate | None) -> None:
        if batch_update is None or self._rests:
            return
        for index in batch_update.removed:
            self._remove(index)
        for index, params, prompt, output in batch_update.added:
            self._remove(index)
            self._add(index, params, prompt or [], output)
        for one, other, direction in batch_update.moved:
            _move(self._refused, one, other, direction)
            if (replaced := _move(self._streams, one, other, direction)) is not None:
                self._let_go(replaced)

    def apply(self, logits: Tensor) -> Tensor:
        """logits: float32 (R, V), changed in place; row i is the batch's request i."""
        if self._rests:
            return logits
        for index, stop in self._refused.items():
            logits[index] = -float("inf")
            logits[index, stop] = 0
        if not self._streams:
            return logits
        now = self._slots.refresh()
        self._read(now)
        streams, n, length = list(self._streams.values()), len(now.trie), self._slots.mask.levels + 1
        tail = [stream.last(len(stream.output), length) for stream in streams]
        return self._slots.forbid(
            logits,
            self._tensor(list(self._streams)),
            self._tensor([stream.slot for stream in streams]),
            self._tensor(tail),
            self._tensor([sum(rank < n for rank in stream.ranks) for stream in streams]),
            self._named(streams, n),
        )

    def _add(self, index: int, params: SamplingParams, prompt: list[int], output: list[int]) -> None:
        stop = stop_of(params, self._config)
        try:
            ask = read(params)
            if ask is None:
                return
            slot = self._free[-1]
            self._slots.admit(slot, ask, stop)
            self._free.pop()
        except UserError as error:
            log.error("GenRec ends a request at once: %s", error)
            self._refused[index] = stop
            return
        before = prompt[len(prompt) - min(len(prompt), self._slots.mask.levels + 1) :]
        self._streams[index] = _Stream(slot, ask.once, before, output)

    def _remove(self, index: int) -> None:
        self._refused.pop(index, None)
        if (stream := self._streams.pop(index, None)) is not None:
            self._let_go(stream)

    def _let_go(self, stream: _Stream) -> None:
        self._slots.release(stream.slot)
        self._free.append(stream.slot)

    def _read(self, now: Stock) -> None:
        """Take note of items that have been finished since the last step; of all of them where the stock is new."""
        mask, fresh = self._slots.mask, now is not self._stock
        self._stock = now
        found: list[tuple[_Stream, list[int]]] = []
        for stream in self._streams.values():
            for place in range(stream.read, len(stream.output)):
                if stream.output[place] == mask.end:
                    stream.ends.append(stream.last(place + 1, mask.levels + 2))
            known = 0 if fresh else len(stream.ranks)
            del stream.ranks[known:]
            found += [(stream, tokens) for tokens in stream.ends[known:]]
            stream.read = len(stream.output)
        if found:
            ranks = mask.finished(self._tensor([tokens for _, tokens in found]))[:, -1].tolist()
            for (stream, _), rank in zip(found, ranks, strict=True):
                stream.ranks.append(rank)

    def _named(self, streams: list[_Stream], n: int) -> Tensor | None:
        """Ranks int64 (B, T) of items that may not come again, N where there are none."""
        most = max((len(stream.ranks) for stream in streams if stream.once), default=0)
        if not most:
            return None
        named = [stream.ranks if stream.once else [] for stream in streams]
        return self._tensor([ranks + [n] * (most - len(ranks)) for ranks in named])

    def _tensor(self, values: list) -> Tensor:
        return torch.tensor(values, dtype=torch.long).to(self._device, non_blocking=True)


def _move(table: dict[int, T], one: int, other: int, direction: MoveDirectionality) -> T | None:
    """Row `one` of the batch becomes row `other`, or they change places. Returns what has lost its place."""
    here, there = table.pop(one, None), table.pop(other, None)
    if here is not None:
        table[other] = here
    if there is not None and direction == MoveDirectionality.SWAP:
        table[one], there = there, None
    return there


def _blind(config: VllmConfig) -> bool:
    """Whether vLLM will leave placeholders in the token lists: it fills them in for processors given by name only."""
    return bool(config.scheduler_config.async_scheduling) and not config.model_config.logits_processors
