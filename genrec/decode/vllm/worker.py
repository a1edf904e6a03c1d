"""Beam search inside a vLLM worker: vLLM's model, its attention kernels, paged keys and values; our beam core and trie.

`BeamWorker` is the worker extension: vLLM mixes it into its worker class (`worker_extension_cls`), and the engine calls
its methods on every worker by `collective_rpc`. Messages are bytes (`wire`). One call answers one chunk of
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
from torch import Tensor

from genrec.decode.beams import search
from genrec.decode.trie import Trie
from genrec.decode.vllm.arena import Arena, Unsupported
from genrec.decode.vllm.head import Head
from genrec.decode.vllm.paged import Paged
from genrec.decode.vllm.stock import StockExtension
from genrec.decode.vllm.wire import Listener, pack, unpack

PIECE = 1024
"""Tokens of a forward pass on a CPU: what is computed of so many stays in its caches, and more wins nothing."""


class BeamWorker(StockExtension):
    """Methods that a vLLM worker gains. Their names must be none that a worker has."""

    model_runner: Any
    genrec_beams: BeamRunner

    def genrec_open(self, room: int) -> bytes:
        """Prepare for beam calls, once; says how large blocks are, in tokens and bytes. room: bytes for the arena."""
        if not hasattr(self, "genrec_beams"):
            self.genrec_beams = BeamRunner(self.model_runner)
        arena = self.genrec_beams.arena
        if self.genrec_beams.device.type != "cpu":
            # What a device has no room for shows now, not in some later call. A CPU's arena grows as it is needed.
            arena.grow(room // arena.bytes_of_block)
        return pack({"block": arena.block, "bytes": arena.bytes_of_block})

    def genrec_catalogue(self, blob: bytes) -> bytes:
        """A version of the catalogue: the trie's file, and the token ids of every level's codes; says its number."""
        about, tensors = unpack(blob)
        tokens = [tensors[f"tokens.{level}"] for level in range(len(tensors))]
        return pack({"version": self.genrec_beams.learn(Trie.load(Path(about["trie"])), tokens)})

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
        config = runner.vllm_config
        if not hasattr(runner, "attn_groups") or config.use_v2_model_runner:
            raise Unsupported("this is vLLM's second model runner; VLLM_USE_V2_MODEL_RUNNER=0 selects the first")
        if config.parallel_config.pipeline_parallel_size > 1:
            raise Unsupported("the model is split over a pipeline of workers")
        self.runner, self.device = runner, runner.device
        self.limit: int = config.scheduler_config.max_num_batched_tokens
        if self.device.type == "cpu":
            self.limit = min(self.limit, PIECE)
            self.sequences = self.limit
        else:
            # Attention backends keep buffers for so many.
            self.sequences = config.scheduler_config.max_num_seqs
        self.arena = Arena(runner)
        self.catalogues: dict[int, tuple[Trie, Head, Listener]] = {}
        self._versions = 0

    @torch.inference_mode()
    def learn(self, trie: Trie, tokens: Sequence[Tensor]) -> int:
        """Keep a version of the catalogue; returns its number, the same on all workers."""
        trie = trie.to(self.device)
        self._versions += 1
        self.catalogues[self._versions] = (trie, Head(self, tokens), Listener(trie))
        return self._versions

    @torch.inference_mode()
    def answer(self, about: dict[str, Any], tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        trie, head, listener = self.catalogues[about["version"]]
        width, adapter = about["width"], _adapter(about["adapter"])
        step = Paged(self, head, tensors.pop("prompts"), tensors.pop("lengths"), trie.levels, width, adapter)
        self.arena.grow(step.blocks)
        constraints = listener.heard(about, tensors)
        with self.arena.bound():
            found = search(step, trie, constraints, width=width, k=about["k"], normalise=about["normalise"])
        return {"items": found.items, "scores": found.scores}

    def forward(
        self, tokens: Tensor, positions: Tensor, counts: Tensor, tables: Tensor, slots: Tensor, adapter: Any
    ) -> Tensor:
        """Hidden states (n, d) of tokens (n,): the model runs, and keeps their keys and values.

        All on the CPU. positions: int64 (n,). counts: int64 (s,), how many tokens each sequence has here, all its last
        ones. tables: int32 (s, m), the blocks of every sequence. slots: int64 (n,), where keys and values go.
        """
        from vllm.forward_context import set_forward_context
        from vllm.v1.attention.backend import CommonAttentionMetadata

        runner, device = self.runner, self.device
        starts = torch.zeros(len(counts) + 1, dtype=torch.int32)
        starts[1:] = counts.cumsum(0)
        seen = (positions[starts[1:].long() - 1] + 1).int()
        common = CommonAttentionMetadata(
            query_start_loc=starts.to(device),
            query_start_loc_cpu=starts,
            seq_lens=seen.to(device),
            seq_lens_cpu_upper_bound=seen,
            num_reqs=len(counts),
            num_actual_tokens=len(tokens),
            max_query_len=int(counts.max()),
            max_seq_len=int(seen.max()),
            block_table_tensor=tables.to(device),
            slot_mapping=slots.to(device),
            positions=positions.to(device),
            is_prefilling=counts > 1,
        )
        metadata: dict[str, Any] = {}
        mapping: dict[str, Tensor] = {}
        for groups in runner.attn_groups:
            for group in groups:
                built = group.get_metadata_builder().build(0, common)
                metadata |= dict.fromkeys(group.layer_names, built)
                mapping |= dict.fromkeys(group.layer_names, common.slot_mapping)
        self.use(adapter, len(counts), len(tokens))
        with set_forward_context(metadata, runner.vllm_config, num_tokens=len(tokens), slot_mapping=mapping):
            hidden: Tensor = runner.model(
                input_ids=tokens.to(device), positions=common.positions, intermediate_tensors=None, inputs_embeds=None
            )
        return hidden

    def use(self, adapter: Any, sequences: int, tokens: int) -> None:
        """The next so many tokens are the adapter's, a `LoRARequest`, or nobody's."""
        if self.runner.lora_config:
            number, active = (0, set()) if adapter is None else (adapter.lora_int_id, {adapter})
            self.runner._set_active_loras((number,) * sequences, (number,) * tokens, active)


def _adapter(told: dict[str, Any] | None) -> Any:
    if told is None:
        return None
    from vllm.lora.request import LoRARequest

    return LoRARequest(told["name"], told["number"], told["path"])
