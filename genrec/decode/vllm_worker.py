"""Beam search inside a vLLM worker: vLLM's model, its attention kernels, paged keys and values; our beam core and trie.

`BeamWorker` is the worker extension: vLLM mixes it into its worker class (`worker_extension_cls`), and the engine calls
its methods on every worker by `collective_rpc`. Messages are bytes (`vllm_wire`). One call answers one chunk of
prompts: it reads them and takes all steps of the search, so nothing goes back and forth between the levels.

With tensor parallelism every worker holds its part of the heads and runs the same search: of the output layer each
computes the rows it holds, and their sum makes all workers' logits the same.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from genrec.decode.beams import search
from genrec.decode.trie import Trie
from genrec.decode.vllm_arena import Arena, Unsupported
from genrec.decode.vllm_wire import heard, pack, unpack


class BeamWorker:
    """Methods that a vLLM worker gains. Their names must be none that a worker has."""

    model_runner: Any
    genrec_beams: BeamRunner

    def genrec_open(self) -> bytes:
        """Allocate what beam calls need; says how large blocks are and how many tokens one forward pass may have."""
        self.genrec_beams = BeamRunner(self.model_runner)
        return pack(self.genrec_beams.about())

    def genrec_catalogue(self, blob: bytes) -> bytes:
        """A version of the catalogue: the trie's file, and the token ids of every level's codes."""
        about, tensors = unpack(blob)
        tokens = [tensors[f"tokens.{level}"] for level in range(len(tensors))]
        self.genrec_beams.catalogue(about["version"], Trie.load(Path(about["trie"])), tokens)
        return pack({})

    def genrec_forget(self, version: int) -> bytes:
        """A version that nobody asks any more."""
        self.genrec_beams.catalogues.pop(version, None)
        return pack({})

    def genrec_answer(self, blob: bytes) -> bytes:
        """Answer a chunk of prompts."""
        start = time.perf_counter()
        about, tensors = unpack(blob)
        found = self.genrec_beams.answer(about, tensors)
        return pack({"seconds": time.perf_counter() - start}, found)


class BeamRunner:
    """The worker's side of the beams: an arena, the versions of the catalogue, and the model that the runner holds."""

    def __init__(self, runner: Any) -> None:
        if len({group.kv_cache_spec.block_size for groups in runner.attn_groups for group in groups}) != 1:
            raise Unsupported("its layers have blocks of different sizes")
        parallel = runner.vllm_config.parallel_config
        if parallel.pipeline_parallel_size > 1:
            raise Unsupported("the model is split over a pipeline of workers")
        self.runner = runner
        self.device = runner.device
        self.arena = Arena(runner)
        self.catalogues: dict[int, tuple[Trie, Head]] = {}

    def about(self) -> dict[str, Any]:
        config = self.runner.vllm_config
        return {
            "block": self.arena.block,
            "bytes": self.arena.bytes_of_block,
            "tokens": config.scheduler_config.max_num_batched_tokens,
            "length": config.model_config.max_model_len,
        }

    @torch.inference_mode()
    def catalogue(self, version: int, trie: Trie, tokens: Sequence[Tensor]) -> None:
        self.catalogues[version] = (trie.to(self.device), Head(self.runner, tokens))

    @torch.inference_mode()
    def answer(self, about: dict[str, Any], tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        trie, head = self.catalogues[about["version"]]
        prompts, lengths = tensors.pop("prompts"), tensors.pop("lengths")
        step = Paged(self, trie, head, prompts, lengths, about["width"], about["adapter"])
        self.arena.grow(step.blocks)
        with self.arena.bound():
            constraints = heard(tensors, trie)
            found = search(
                step, trie, constraints, width=about["width"], k=about["k"], normalise=about["normalise"]
            )
        return {"items": found.items, "scores": found.scores}

    def forward(
        self, tokens: Tensor, positions: Tensor, counts: Tensor, tables: Tensor, slots: Tensor, adapter: Any
    ) -> Tensor:
        """Hidden states (n, d) of tokens (n,), several a sequence: the model runs, and keeps its keys and values.

        positions: (n,). counts: int64 (s,) on the CPU, the tokens of every sequence, all its last ones. tables: int32
        (s, m), the blocks of every sequence. slots: int64 (n,), where every token's keys and values go.
        """
        from vllm.forward_context import set_forward_context
        from vllm.v1.attention.backend import CommonAttentionMetadata

        runner = self.runner
        starts = torch.zeros(len(counts) + 1, dtype=torch.int32)
        starts[1:] = counts.cumsum(0)
        seen = (positions.cpu()[starts[1:].long() - 1] + 1).int()
        common = CommonAttentionMetadata(
            query_start_loc=starts.to(self.device),
            query_start_loc_cpu=starts,
            seq_lens=seen.to(self.device),
            num_reqs=len(counts),
            num_actual_tokens=len(tokens),
            max_query_len=int(counts.max()),
            max_seq_len=int(seen.max()),
            block_table_tensor=tables,
            slot_mapping=slots,
            positions=positions,
            seq_lens_cpu_upper_bound=seen,
            is_prefilling=counts > 1,
        )
        metadata, mapping = {}, {}
        for groups in runner.attn_groups:
            for group in groups:
                built = group.get_metadata_builder().build(0, common)
                metadata |= dict.fromkeys(group.layer_names, built)
                mapping |= dict.fromkeys(group.layer_names, slots)
        if runner.lora_config:
            number, requests = (0, set()) if adapter is None else (adapter.lora_int_id, {adapter})
            runner._set_active_loras((number,) * len(counts), (number,) * len(tokens), requests)
        with set_forward_context(metadata, runner.vllm_config, num_tokens=len(tokens), slot_mapping=mapping):
            return runner.model(input_ids=tokens, positions=positions, intermediate_tensors=None, inputs_embeds=None)


class Head:
    """The output layer's rows of a catalogue's codes, level by level."""

    def __init__(self, runner: Any, tokens: Sequence[Tensor]) -> None:
        self.model = runner.model
        self.tokens = [ids.to(runner.device) for ids in tokens]
        head = getattr(self.model, "lm_head", None)
        weight = getattr(head, "weight", None)
        self.rows: list[Tensor] | None = None
        if isinstance(weight, Tensor) and weight.dim() == 2 and len(weight):
            self._take(head, weight)
            if not self._right(weight):
                self.rows = None

    def __call__(self, level: int, hidden: Tensor) -> Tensor:
        """(n, d) → (n, codebook_sizes[level])."""
        if self.rows is None:
            return self.model.compute_logits(hidden)[:, self.tokens[level]]
        logits = nn.functional.linear(hidden, self.rows[level])
        if not self.split:
            return logits
        from vllm.distributed import tensor_model_parallel_all_reduce

        return tensor_model_parallel_all_reduce(logits)

    def _take(self, head: Any, weight: Tensor) -> None:
        """The rows that this worker holds; zeros for those that others hold, so that the sum is right."""
        self.split = getattr(head, "tp_size", 1) > 1
        begin = head.shard_indices.org_vocab_start_index if self.split else 0
        end = head.shard_indices.org_vocab_end_index if self.split else len(weight)
        self.rows = []
        for ids in self.tokens:
            here = (ids >= begin) & (ids < end)
            self.rows.append(weight.detach()[torch.where(here, ids - begin, 0)] * here[:, None])

    def _right(self, weight: Tensor) -> bool:
        """Whether these rows make the logits that the model makes: nothing scales, caps or shifts them."""
        generator = torch.Generator().manual_seed(0)
        hidden = torch.randn(2, weight.shape[1], generator=generator).to(weight)
        whole = self.model.compute_logits(hidden)
        ours = [self(level, hidden) for level in range(len(self.tokens))]
        if whole is None:  # only the first of several workers is told
            return True
        limit = 1e-3 if weight.dtype == torch.float32 else 0.1
        return all(
            bool((mine.float() - whole[:, ids].float()).abs().max() <= limit * whole.float().abs().max())
            for mine, ids in zip(ours, self.tokens, strict=True)
        )


class Paged:
    """The beam core's step for one chunk, over blocks of the arena. See `genrec.decode.beams.Step`.

    prompts: int64 (n,), all tokens, one prompt after the other; lengths: int64 (B,). blocks: how many it needs.
    """

    def __init__(
        self, owner: BeamRunner, trie: Trie, head: Head, prompts: Tensor, lengths: Tensor, width: int, adapter: Any
    ) -> None:
        self.owner, self.head, self.adapter = owner, head, adapter
        self.prompts, self.lengths = prompts, lengths
        self.block = block = owner.arena.block
        self.full = lengths // block
        whole = -(-lengths // block)
        self.tail = -(-(lengths + trie.levels - 1) // block) - self.full
        ends = (whole + width * self.tail).cumsum(0)
        # Block 0 stays free: to some backends it means «none».
        self.base = ends - (whole + width * self.tail) + 1
        self.slots_base = self.base + whole
        self.blocks = int(ends[-1]) + 1
        self.rest = (lengths % block > 0).tolist()
        self.filled = [0] * len(lengths)
        self.slots = torch.empty(0)

    def __call__(self, level: int, parents: Tensor | None, codes: Tensor | None, needed: Tensor | None) -> Tensor:
        if parents is None or codes is None:
            return self.head(0, self._read())[:, None]
        if needed is None:
            needed = torch.ones_like(parents, dtype=torch.bool)
            return self._go_on(level, parents, codes, needed).view(*codes.shape, -1)
        return self._go_on(level, parents, codes, needed)

    def _read(self) -> Tensor:
        """Bring the prompts into the arena; returns the hidden state of each one's last token, (B, d)."""
        users = torch.arange(len(self.lengths)).repeat_interleave(self.lengths)
        ends = self.lengths.cumsum(0)
        positions = torch.arange(len(self.prompts)) - (ends - self.lengths)[users]
        columns = torch.arange(int((-(-self.lengths // self.block)).max()))
        tables = (self.base[:, None] + columns).clamp(max=self.blocks - 1).int()
        slots = (self.base[users] + positions // self.block) * self.block + positions % self.block
        hidden = self.owner.forward(self.prompts, positions, self.lengths, tables, slots, self.adapter)
        return hidden[ends - 1]

    def _go_on(self, level: int, parents: Tensor, codes: Tensor, needed: Tensor) -> Tensor:
        """Logits (R, V) of the needed beams: each writes its last code and looks at its prompt and its own path."""
        slots = needed.cumsum(1) - 1
        users, places = needed.nonzero(as_tuple=True)
        if not len(users):
            return torch.zeros(0, self.head.tokens[level].shape[0])
        own = slots[users, places]
        first = self.slots_base[users] + own * self.tail[users]
        self._fill(needed.sum(1).tolist())
        if level > 1:
            former = self.slots[users, parents[users, places]]
            self._inherit(level, users, self.slots_base[users] + former * self.tail[users], first)
        self.slots = slots
        # One token each, behind the prompt and the codes that were written before.
        positions = self.lengths[users] + (level - 1)
        full, base = self.full[users][:, None], self.base[users][:, None]
        columns = torch.arange(int((self.full + self.tail).max()))
        tables = torch.where(columns < full, base + columns, first[:, None] + columns - full)
        tables = tables.clamp(max=self.blocks - 1)
        slot = tables.gather(1, (positions // self.block)[:, None])[:, 0] * self.block + positions % self.block
        tokens = self.head.tokens[level - 1][codes[users, places]]
        counts = torch.ones_like(users)
        hidden = self.owner.forward(tokens, positions, counts, tables.int(), slot, self.adapter)
        return self.head(level, hidden)

    def _fill(self, counts: list[int]) -> None:
        """Give the slots that are used for the first time the rest of the prompt, which fills no whole block."""
        for user, count in enumerate(counts):
            if count > self.filled[user]:
                if self.rest[user]:
                    source = int(self.base[user] + self.full[user])
                    begin, tail = int(self.slots_base[user]), int(self.tail[user])
                    self.owner.arena.fill(source, begin + self.filled[user] * tail, begin + count * tail)
                self.filled[user] = count

    def _inherit(self, level: int, users: Tensor, sources: Tensor, targets: Tensor) -> None:
        """Copy what the parents wrote into the slots of their children."""
        moved = (sources != targets).nonzero()[:, 0]
        if not len(moved):
            return
        places = (self.lengths[users[moved]] % self.block)[:, None] + torch.arange(level - 1)
        further = places // self.block
        self.owner.arena.move(
            sources[moved][:, None] + further, targets[moved][:, None] + further, places % self.block
        )
