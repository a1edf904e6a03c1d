"""The engine for language models: any Hugging Face decoder whose vocabulary holds semantic-ID tokens.

Each user's prompt is read once; its keys and values are shared by all beams of that user
(`genrec.decode.shared_attention`). Of the output layer only the rows of a level's codes are computed, so a logit that
no code stands for costs nothing. The model runs unchanged: norms, rotary positions and grouped heads are its own.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from genrec.decode.beams import Beams, Step, search
from genrec.decode.constraints import Constraints
from genrec.decode.prompt_cache import PromptCache, Read
from genrec.decode.shared_attention import NAME, PromptState
from genrec.decode.trie import Trie
from genrec.errors import UserError

CPU_MEMORY = 64 << 20
"""Bytes a batch may take on a CPU: enough for products to run at full speed; more wins nothing."""


class CausalEngine:
    """Generates with a decoder-only language model over a `Trie`.

    model: a `…ForCausalLM`, its weights final. It belongs to the engine from now on, since its attention function is
    exchanged. tokens: per level int64 (codebook_sizes[level],), the token id of every code. width: beams per user.
    batch: users per forward pass; None for as many as `memory` bytes hold, which is where `answer` cuts. cache: bytes
    of prompts kept for the next requests of the same users; 0 keeps none.

    A UserError where the model cannot share prompts between beams: the constructor compares a few logits with the
    model's own.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        trie: Trie,
        tokens: Sequence[Tensor],
        *,
        width: int = 50,
        batch: int | None = None,
        memory: int | None = None,
        cache: int = 0,
    ) -> None:
        self.model = model.eval()
        self.trie = trie.to(model.device)
        self.width, self.batch = width, batch
        self.memory = memory if memory is not None else _memory(model.device)
        self.cache = PromptCache(cache) if cache else None
        head = model.get_output_embeddings()
        if not isinstance(head, nn.Linear):
            raise UserError(f"{type(model).__name__} has no output layer over tokens: give a model for causal language")
        self.tokens = [ids.to(model.device) for ids in checked(tokens, trie, len(head.weight))]
        self.rows = [head.weight.detach()[ids] for ids in self.tokens]
        self.biases = [None if head.bias is None else head.bias.detach()[ids] for ids in self.tokens]
        self._state: PromptState | None = None
        self._turn = threading.Lock()
        self._share()

    def over(self, trie: Trie) -> CausalEngine:
        """The same model over another catalogue of the same codebooks. Both may be asked; they take turns."""
        if trie.codebook_sizes != self.trie.codebook_sizes:
            raise ValueError(f"codebook sizes {trie.codebook_sizes}: the engine has {self.trie.codebook_sizes}")
        other = copy.copy(self)
        other.trie, other._state = trie.to(self.model.device), None
        return other

    # ------------------------------------------------------------------ answers

    @torch.inference_mode()
    def answer(
        self,
        prompts: Tensor,
        lengths: Tensor,
        k: int,
        constraints: Callable[[Tensor], Constraints] | None = None,
        normalise: str = "catalogue",
    ) -> Beams:
        """k items for any number of prompts, in batches that fit the memory; prompts of like length go together.

        constraints(rows int64 (b,)) → the `Constraints` of these prompts; None allows everything.
        """
        items = torch.empty(len(prompts), k, dtype=torch.long)
        scores = torch.empty(len(prompts), k)
        order = lengths.argsort(stable=True).cpu()
        begin = 0
        while begin < len(order):
            # Ascending, so a batch that is cut for its first prompt's length may have to be cut again for its last's.
            count = self.batch_of(int(lengths[order[begin]]), k)
            while count > 1 and count > (fit := self.batch_of(int(lengths[order[begin : begin + count][-1]]), k)):
                count = fit
            rows = order[begin : begin + count]
            some = Constraints.none(len(rows), self.model.device) if constraints is None else constraints(rows)
            found = self.search(prompts[rows], lengths[rows], some, k, normalise=normalise)
            items[rows], scores[rows] = found.items.cpu(), found.scores.cpu()
            begin += count
        return Beams(items, scores)

    @torch.inference_mode()
    def search(
        self,
        prompts: Tensor,
        lengths: Tensor,
        constraints: Constraints,
        k: int,
        width: int | None = None,
        normalise: str = "catalogue",
    ) -> Beams:
        """k items for each prompt, all in one batch. prompts: int64 (B, T), token ids padded on the right with any
        token; lengths: int64 (B,), at least 1. width: prefixes kept per request, never fewer than k."""
        if len(lengths) and int(lengths.min()) < 1:
            raise UserError(f"prompt {int(lengths.argmin())} is empty: give every prompt at least one token")
        width = max(k, width or self.width)
        compact = normalise == "catalogue" and self.model.device.type == "cpu"
        with self.step(prompts, lengths, width, compact=compact) as step:
            return search(step, self.trie, constraints, width=width, k=k, normalise=normalise)

    @contextmanager
    def step(self, prompts: Tensor, lengths: Tensor, width: int, *, compact: bool = False) -> Iterator[Step]:
        """The beam core's step for one batch of prompts and up to `width` beams each. compact: see `_Beams`."""
        device = self.model.device
        prompts, lengths = prompts[:, : int(lengths.max())].to(device), lengths.to(device)
        # Keys and values have one place, so requests of several threads take turns.
        with self._turn:
            state = self._room(len(prompts), prompts.shape[1], width * (self.trie.levels - 1))
            yield _Beams(self, state, self._read(state, prompts, lengths), compact=compact)

    def batch_of(self, length: int, k: int = 1) -> int:
        """How many prompts of `length` tokens go into one batch."""
        if self.batch is not None:
            return self.batch
        config, size = self.model.config.get_text_config(), self.model.dtype.itemsize
        heads = config.num_attention_heads
        head = getattr(config, "head_dim", None) or config.hidden_size // heads
        keys = getattr(config, "num_key_value_heads", None) or heads
        width = max(k, self.width)
        kept = 2 * config.num_hidden_layers * keys * head * (length + width * (self.trie.levels - 1)) * size
        inner = getattr(config, "intermediate_size", None) or 4 * config.hidden_size
        active = max(length, width) * (4 * config.hidden_size + 3 * inner + 3 * heads * head) * size
        masks = width * heads // keys * (length + width * self.trie.levels) * size
        leaves = 8 * width * max(self.trie.codebook_sizes) * 4
        return max(1, self.memory // (kept + active + masks + leaves))

    # ------------------------------------------------------------------ the model

    def forward(self, tokens: Tensor, positions: Tensor, state: PromptState) -> Tensor:
        """Hidden states (B, n, d), final norm included, of tokens (B, n) that `state` was told of."""
        out = self.model.base_model(
            input_ids=tokens, position_ids=positions, past_key_values=state, use_cache=True, shared_prompt=state
        )
        return out.last_hidden_state

    def logits(self, level: int, hidden: Tensor) -> Tensor:
        """(…, d) → (…, codebook_sizes[level])."""
        return nn.functional.linear(hidden, self.rows[level], self.biases[level])

    def _room(self, batch: int, length: int, tail: int) -> PromptState:
        if self._state is None or not self._state.fits(batch, length, tail):
            self._state = None  # the old one goes before the new one comes
            self._state = PromptState(batch, length, tail, self.model.device)
        return self._state

    def _read(self, state: PromptState, prompts: Tensor, lengths: Tensor) -> Tensor:
        """Bring prompts into the state; returns the hidden state of each one's last token, (B, d)."""
        state.start(lengths, prompts.shape[1])
        if self.cache is not None:
            return self._recall(self.cache, state, prompts, lengths)
        hidden = self.forward(prompts, state.read(prompts.shape[1]), state)
        return hidden[torch.arange(len(prompts), device=prompts.device), lengths - 1]

    def _recall(self, cache: PromptCache, state: PromptState, prompts: Tensor, lengths: Tensor) -> Tensor:
        """As `_read`, but what the cache knows of a prompt is not read again."""
        asked = [row[:n] for row, n in zip(prompts.cpu(), lengths.tolist(), strict=True)]
        found = [cache.find(tokens) for tokens in asked]
        reads = {b: hit[0] for b, hit in enumerate(found) if hit and hit[1] == len(hit[0].tokens) == len(asked[b])}
        rows = [b for b in range(len(asked)) if b not in reads]
        if rows:
            # At least the last token is read anew: its hidden state is wanted.
            starts = [min(hit[1], len(asked[b]) - 1) if (hit := found[b]) else 0 for b in rows]
            longest = max(len(asked[b]) for b in rows)
            part = PromptState(len(rows), longest, 0, self.model.device)
            at = torch.tensor(rows, device=prompts.device)
            part.start(lengths[at], longest)
            for i, b in enumerate(rows):
                if hit := found[b]:
                    part.put(i, hit[0].kept[..., : starts[i], :])
            begin = torch.tensor(starts, device=prompts.device)
            count = max(len(asked[b]) - start for b, start in zip(rows, starts, strict=True))
            positions = part.read(count, begin if any(starts) else None)
            tokens = prompts[at].gather(1, positions.clamp(max=prompts.shape[1] - 1))
            hidden = self.forward(tokens, positions, part)
            for i, b in enumerate(rows):
                last = len(asked[b]) - starts[i] - 1
                reads[b] = Read(asked[b].clone(), part.take(i, len(asked[b])), hidden[i, last].clone())
                cache.keep(reads[b])
        for b, read in reads.items():
            state.put(b, read.kept)
        return torch.stack([reads[b].hidden for b in range(len(asked))])

    # ------------------------------------------------------------------ can this model do it

    @torch.inference_mode()
    def _share(self) -> None:
        """Exchange the attention function, and see that the model answers as before."""
        name, device = type(self.model).__name__, self.model.device
        if not getattr(self.model, "_supports_attention_backend", False):
            raise UserError(
                f"{name} does not use transformers' attention interface, so its beams cannot share a prompt"
            )
        path = torch.stack([ids[[0, -1]] for ids in self.tokens])[:, None, :]  # (levels, 1, two beams)
        prompt = path.flatten()[:3].repeat(2)[None, :3]
        whole = torch.cat([prompt.expand(2, -1), path[:-1, 0].T], dim=1)
        self.model.set_attn_implementation("eager")
        expected = self.model(input_ids=whole).logits[:, 2:]
        self.model.set_attn_implementation(NAME)
        try:
            state = PromptState(1, 3, 2 * len(path), device)
            state.start(torch.tensor([3], device=device), 3)
            hidden = [self.forward(prompt, state.read(3), state)[:, -1:].expand(-1, 2, -1)]
            for level in range(1, len(path)):
                places = torch.arange(2 * level, device=device).view(level, 2).T[None]
                positions = torch.full((1, 2), 2 + level, device=device)
                state.write(positions, places)
                hidden.append(self.forward(path[level - 1], positions, state))
        except (AttributeError, IndexError, NotImplementedError, RuntimeError, TypeError, ValueError) as error:
            raise UserError(f"{name} cannot share a prompt between beams: {error}") from error
        if state.calls != len(state.keys) or not state.keys:
            raise UserError(f"{name} has layers without ordinary attention, which beams cannot share a prompt in")
        for level, ids in enumerate(self.tokens):
            right = expected[:, level, ids].float()
            error_of = (self.logits(level, hidden[level])[0].float() - right).abs().max()
            limit = 1e-3 if self.model.dtype == torch.float32 else 0.1
            if error_of > limit * right.abs().max().clamp(min=1e-3):
                raise UserError(
                    f"{name} does something to its output or its attention that the engine does not know: logits of "
                    f"level {level} differ by {float(error_of):.2g}"
                )


class _Beams:
    """The beam core's step for one batch."""

    def __init__(self, engine: CausalEngine, state: PromptState, hidden: Tensor, *, compact: bool) -> None:
        self.engine, self.state, self.hidden, self.compact = engine, state, hidden, compact
        self.paths = torch.empty(len(hidden), 1, 0, dtype=torch.long, device=hidden.device)

    def __call__(self, level: int, parents: Tensor | None, codes: Tensor | None, needed: Tensor | None) -> Tensor:
        """See `genrec.decode.beams.Step`."""
        engine, state = self.engine, self.state
        if parents is None or codes is None:
            return engine.logits(0, self.hidden[:, None])
        paths = self.paths.gather(1, parents[..., None].expand(-1, -1, self.paths.shape[2]))
        tokens = engine.tokens[level - 1][codes]
        chosen = None
        if self.compact and needed is not None:
            # A CPU may wait for a count; then only the beams that still have a choice are computed.
            count = int(needed.sum(1).max())
            if count == 0:
                return self.hidden.new_zeros(*codes.shape, len(engine.rows[level]))
            if count < codes.shape[1]:
                chosen = needed.byte().argsort(dim=1, descending=True, stable=True)[:, :count]
                tokens = tokens.gather(1, chosen)
                paths = paths.gather(1, chosen[..., None].expand(-1, -1, paths.shape[2]))
        batch, n = tokens.shape
        place = torch.arange(n, device=codes.device) + (state.used - state.width)
        paths = torch.cat([paths, place.expand(batch, -1)[..., None]], dim=2)
        positions = (state.lengths + (level - 1))[:, None].expand(-1, n)
        state.write(positions, paths)
        logits = engine.logits(level, engine.forward(tokens, positions, state))
        if chosen is None:
            self.paths = paths
            return logits
        self.paths = _spread(paths, chosen, codes.shape[1])
        return _spread(logits, chosen, codes.shape[1])


def _spread(rows: Tensor, chosen: Tensor, width: int) -> Tensor:
    """Rows (B, n, c) at the places chosen (B, n) of (B, width, c); zeros elsewhere."""
    return rows.new_zeros(len(rows), width, rows.shape[2]).scatter(1, chosen[..., None].expand_as(rows), rows)


def checked(tokens: Sequence[Tensor], trie: Trie, vocabulary: int) -> Sequence[Tensor]:
    """The token ids of every level's codes; a UserError where they cannot be those of this trie and vocabulary."""
    if len(tokens) != trie.levels:
        raise UserError(
            f"token ids are given for {len(tokens)} levels, the catalogue's semantic IDs have {trie.levels}"
        )
    for level, (ids, size) in enumerate(zip(tokens, trie.codebook_sizes, strict=True)):
        if len(ids) != size:
            raise UserError(f"level {level} has {size} codes but {len(ids)} token ids: give one for each code")
        if not ((ids >= 0) & (ids < vocabulary)).all():
            raise UserError(f"level {level} has token ids outside the model's vocabulary of {vocabulary}")
        if len(ids.unique()) != len(ids):
            raise UserError(f"level {level} has one token id for two codes: every code needs its own")
    return tokens


def _memory(device: torch.device) -> int:
    if device.type != "cuda":
        return CPU_MEMORY
    return torch.cuda.mem_get_info(device)[0] // 2
