"""The engine for language models in vLLM: the interface of `genrec.decode.causal_engine`, beside chat from one model.

Two ways lead to the same answers. The *worker* runs the beam search inside vLLM's worker (`worker`); the *driver*
asks vLLM's public API for every beam (`driver`), slower, with any version. At the start the worker answers a few
prompts and must agree with the public API on every score; else it is the driver.

Beam calls are cut into chunks of about `chunk_seconds`; between two of them vLLM takes a step for everybody else, so a
stream that runs beside them waits for one chunk at most.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from genrec.data.catalog import Catalog
from genrec.decode.beams import Beams
from genrec.decode.bitmaps import RankBitmap
from genrec.decode.causal_engine import checked
from genrec.decode.constraints import Constraints
from genrec.decode.trie import Trie
from genrec.decode.vllm.adapters import Adapter, Adapters, fitting, rank_of
from genrec.decode.vllm.catalogues import Catalogue, Catalogues
from genrec.decode.vllm.check import disagreement
from genrec.decode.vllm.driver import drive
from genrec.decode.vllm.install import require_vllm
from genrec.decode.vllm.lines import Inline, Line, options
from genrec.decode.vllm.pace import Pace
from genrec.decode.vllm.paged import blocks_of
from genrec.decode.vllm.wire import pack, unpack
from genrec.errors import UserError
from genrec.progress import say

ARENA = 512 << 20
"""Bytes that keys and values of a beam call may take in every worker."""
TESTED = ("0.32.",)
"""Versions of vLLM whose insides the worker is known to fit."""
TOGETHER = 32
"""Users whose requests the driver sends at once."""


class VllmEngine:
    """Generates items with a language model that vLLM runs. Safe to use from several threads.

    folder: the Hugging Face folder of the model, tokenizer included, the semantic IDs' rows baked in. tokens: per level
    int64 (codebook_sizes[level],), the token id of every code. width: beams per user. adapters: LoRA folders by name.
    mode: «worker», «driver», or «auto» for the worker where it can be trusted. chunk_seconds: how long others may wait.
    arena: bytes for a beam call's keys and values. connect: makes the line to vLLM of vLLM's arguments. Everything else
    is for `lines.options` (rank, slots, memory, workers) and for vLLM itself (`max_model_len=…`, `dtype=…`).

    `llm` is vLLM's own object, for chat. `mode` says which way answers take, and `reason` why it is not the worker.
    A UserError where vLLM is missing or broken, or an argument cannot be met. On GPUs the worker is experimental: it
    has not been measured on one.
    """

    def __init__(
        self,
        folder: str | Path,
        trie: Trie,
        tokens: Sequence[Tensor],
        *,
        width: int = 50,
        adapters: Mapping[str, str | Path] | None = None,
        mode: str = "auto",
        chunk_seconds: float = 0.08,
        arena: int = ARENA,
        connect: Callable[[dict[str, Any]], Line] = Inline,
        rank: int = 0,
        **further: Any,
    ) -> None:
        if mode not in ("auto", "worker", "driver"):
            raise UserError(f"mode is {mode!r}: it must be 'auto', 'worker' or 'driver'")
        adapters = dict(adapters or {})
        ranks = [rank, *(rank_of(name, path) for name, path in adapters.items())]
        self._adapters = Adapters(fitting(max(ranks)))
        asked = options(folder, beams=mode != "driver", rank=self._adapters.rank, **further)
        try:
            self.line = connect(asked)
        except (OSError, RuntimeError, ValueError) as error:
            raise UserError(f"vLLM cannot start with {folder}: {error}") from error
        self.width, self.arena, self.pace = width, arena, Pace(chunk_seconds)
        self._lock, self._speaking = threading.RLock(), threading.Lock()
        ids = checked([ids.cpu().long() for ids in tokens], trie, self.llm.model_config.get_vocab_size())
        self.catalogues = Catalogues(self.line, trie, list(ids))
        self.about: dict[str, Any] = {}
        self.mode, self.reason = "driver", ""
        if mode != "driver":
            self._open(must=mode == "worker")
        for name, path in adapters.items():
            self.add_adapter(name, path)

    def close(self) -> None:
        """Stop vLLM."""
        self.line.close()

    def __enter__(self) -> VllmEngine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------------ answers

    @torch.inference_mode()
    def answer(
        self,
        prompts: Tensor,
        lengths: Tensor,
        k: int,
        constraints: Callable[[Tensor], Constraints] | None = None,
        normalise: str = "catalogue",
        adapter: str | None = None,
        now: Catalogue | None = None,
    ) -> Beams:
        """k items for any number of prompts. See `CausalEngine.answer`; all on the CPU.

        prompts: int64 (B, T), token ids padded on the right with any token; lengths: int64 (B,). constraints(rows int64
        (b,)) → the `Constraints` of these prompts; None allows everything. adapter: by name. now: the version of the
        catalogue that the constraints are over, out of `snapshot`; None for the current one.

        UserError for an empty prompt, one beyond the model's window, an adapter that is not there, more beams than fit.
        """
        width = max(k, self.width)
        self._check(lengths, width)
        chosen = None if adapter is None else self._adapters.get(adapter)
        items, scores = torch.empty(len(prompts), k, dtype=torch.long), torch.empty(len(prompts), k)
        with self.catalogues.snapshot(now) as now:
            for rows in self._chunks(lengths.cpu(), width, now):
                some = Constraints.none(len(rows)) if constraints is None else constraints(rows)
                if now.available is not None:
                    some = some.within(now.available)
                found = self.search(now, prompts[rows], lengths[rows], some, k, width, normalise, chosen)
                items[rows], scores[rows] = found.items, found.scores
        return Beams(items, scores)

    def search(
        self, now: Catalogue, prompts: Tensor, lengths: Tensor, constraints: Constraints, k: int, width: int,
        normalise: str = "catalogue", adapter: Adapter | None = None,
    ) -> Beams:  # fmt: skip
        """One chunk, by the way that `mode` says."""
        rows = [row[:n] for row, n in zip(prompts.cpu(), lengths.tolist(), strict=True)]
        if self.mode == "driver":
            asked = [row.tolist() for row in rows]
            request = None if adapter is None else adapter.request()
            return drive(
                self.line, now.trie, now.tokens, asked, constraints, width=width, k=k, normalise=normalise,
                adapter=request,
            )  # fmt: skip
        told = None if adapter is None else adapter.told
        about = {"version": now.number, "width": width, "k": k, "normalise": normalise, "adapter": told}
        with self._speaking:  # what was told once is not told again, so the order counts
            try:
                further, tensors = now.teller.told(constraints)
                tensors |= {"prompts": torch.cat(rows), "lengths": lengths.cpu()}
                reply, found = unpack(self.line.call("genrec_answer", pack(about | further, tensors))[0])
            except BaseException:
                now.teller.forget()
                raise
        self.pace.took(reply["seconds"], self._work(lengths, width))
        return Beams(found["items"], found["scores"])

    def _chunks(self, lengths: Tensor, width: int, now: Catalogue) -> Iterator[Tensor]:
        """Rows of prompts of like length, as many as a chunk has time and room for."""
        order = lengths.argsort(stable=True)
        while len(order):
            count = TOGETHER
            if self.mode == "worker":
                need = blocks_of(lengths[order], now.trie.levels, width, self.about["block"]).cumsum(0)
                count = min(int((need < self._blocks).sum()), self.pace.fits(self._work(lengths[order], width)))
            count = max(1, count)
            yield order[:count]
            order = order[count:]

    def _work(self, lengths: Tensor, width: int) -> Tensor:
        """Tokens that a prompt and its beams cost, (B,)."""
        return lengths + width * (self.trie.levels - 1)

    def _check(self, lengths: Tensor, width: int) -> None:
        if not len(lengths):
            return
        longest, levels = int(lengths.max()), self.trie.levels
        if int(lengths.min()) < 1:
            raise UserError(f"prompt {int(lengths.argmin())} is empty: give every prompt at least one token")
        if longest + levels > self.window:
            raise UserError(
                f"prompt {int(lengths.argmax())} has {longest} tokens, and an item takes {levels} more, beyond the "
                f"window of {self.window}: leave out its oldest items, or start the engine with a larger max_model_len"
            )
        if self.mode == "worker":
            need = 1 + int(blocks_of(lengths.max()[None], levels, width, self.about["block"])[0])
            if need > self._blocks:
                raise UserError(
                    f"{width} beams of a prompt of {longest} tokens need {need} blocks of keys and values, the arena "
                    f"has {self._blocks}: ask for fewer beams, or start the engine with "
                    f"arena={need * self.about['bytes']}"
                )

    @property
    def _blocks(self) -> int:
        return self.arena // int(self.about["bytes"])

    @property
    def window(self) -> int:
        """Tokens of a prompt and what is generated, together, at most."""
        return int(self.llm.model_config.max_model_len)

    @property
    def dtype(self) -> str:
        return str(self.llm.model_config.dtype).removeprefix("torch.")

    @property
    def llm(self) -> Any:
        return self.line.llm

    # ------------------------------------------------------------------ the catalogue

    @property
    def trie(self) -> Trie:
        return self.catalogues.current.trie

    def snapshot(self) -> AbstractContextManager[Catalogue]:
        """The current version, kept until the context ends. Who makes constraints asks with the version they are over,
        so that a swap in between does no harm."""
        return self.catalogues.snapshot()

    def swap(self, trie: Trie, available: RankBitmap | None = None, catalog: Catalog | None = None) -> None:
        """Answer with another catalogue from the next call on; calls that are under way finish with theirs.

        The codebooks stay the same. available: the ranks that anybody may get, None for all. Chat that names items
        (`logits`) follows from its next token on, where the engine knows the catalogue; then items that are new
        need a row in its table, catalog. UserError without it.
        """
        self.catalogues.swap(trie, available, catalog)

    # ------------------------------------------------------------------ adapters

    @property
    def adapters(self) -> list[str]:
        return self._adapters.names

    def add_adapter(self, name: str, folder: str | Path) -> None:
        """Load a LoRA adapter, or another one under a name that is taken; nothing restarts."""
        with self._lock:
            adapter = self._adapters.make(name, folder)
            try:
                self.line.add_adapter(adapter.request())
            except Exception as error:
                raise UserError(f"adapter {name!r}: vLLM cannot load {folder}: {error}") from error
            former = self._adapters.put(adapter)
            if former is not None:
                self.line.remove_adapter(former.number)

    def remove_adapter(self, name: str) -> None:
        with self._lock:
            self.line.remove_adapter(self._adapters.pop(name).number)

    def adapter(self, name: str) -> Any:
        """vLLM's `LoRARequest` of an adapter, for chat through `llm`."""
        return self._adapters.get(name).request()

    # ------------------------------------------------------------------ worker or driver

    def _open(self, *, must: bool) -> None:
        """Let the worker answer if it can and is right."""
        version = require_vllm().__version__
        why = ""
        if not must and not version.startswith(TESTED):
            why = f"vLLM {version} is not among the tested versions ({', '.join(v + 'x' for v in TESTED)})"
        else:
            try:
                self.about, _ = unpack(self.line.call("genrec_open", self.arena)[0])
                self.catalogues.share()
                self.mode = "worker"
                why = disagreement(self)
            except Exception as error:  # whatever it is, the driver needs none of it
                why = f"{type(error).__name__}: {error}"
        if not why:
            return
        self.mode, self.reason = "driver", why
        self.catalogues.keep()
        if must:
            self.close()
            raise UserError(f"beams cannot run inside vLLM's worker: {why}. mode='driver' answers without it, slower")
        say(f"vLLM: beams run over the public API, not inside the worker: {why}")
