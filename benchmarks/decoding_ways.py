"""The ways that `decoding.py` compares, and what they are asked: a catalogue, a model, prompts.

A way is `answer(prompts) -> items`: int64 (B, T) token ids (or items, for the compact model) in, int64 (B, k) items
out, best first, -1 for what is no item; None where it answers nothing. Each knows its name and the batch it likes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from floors import CausalFloor, CompactFloor, captured
from torch import Tensor
from transformers import PreTrainedModel, Qwen3Config, Qwen3ForCausalLM

from genrec.data import Sequences
from genrec.decode.beams import Beams
from genrec.decode.causal_engine import CausalEngine
from genrec.decode.constraints import Constraints
from genrec.decode.torch_engine import TorchEngine
from genrec.decode.trie import Trie
from genrec.model.compact import CompactConfig, CompactModel
from genrec.sid import SemanticIds

SPECIAL = 4
"""Token ids before those of the codes: what a tokenizer keeps for itself."""


def catalogue(items: int, codes: int, *, collisions: bool, seed: int = 0) -> SemanticIds:
    """Clustered random IDs of three levels of `codes` codes, and a fourth that tells apart those that share them.

    Without collisions, items that would share three codes are left out, and there is no fourth level.

    Like those of real catalogues, where about four items in five have three codes for themselves: items gather around
    pairs of first codes, popular pairs more than others, and most third codes of a pair are close together.
    """
    random = np.random.default_rng(seed)
    n = max(2, items // 2)
    pairs = np.column_stack([(random.random(n) ** 1.3 * codes).astype(int), random.integers(0, codes, n)])
    weights = 1 / np.arange(10, n + 10) ** 0.6
    pick = random.choice(n, items, p=weights / weights.sum())
    third = ((random.random(items) ** 2.5 * codes * 3 / 16).astype(int) + pick * 37) % codes
    three = np.column_stack([pairs[pick], third])
    if not collisions:
        return SemanticIds(random.permutation(np.unique(three, axis=0)), (codes, codes, codes))
    _, inverse, counts = np.unique(three, axis=0, return_inverse=True, return_counts=True)
    order = np.argsort(inverse, kind="stable")
    fourth = np.empty(items, int)
    fourth[order] = np.arange(items) - np.repeat(np.cumsum(counts) - counts, counts)
    return SemanticIds(np.column_stack([three, fourth]), (codes, codes, codes, int(counts.max()) + 4))


def token_table(ids: SemanticIds) -> list[Tensor]:
    """Per level the token of every code: one block after the other."""
    bounds = np.cumsum([SPECIAL, *ids.codebook_sizes])
    return [torch.arange(begin, end) for begin, end in pairwise(bounds)]


def qwen3(shape: dict[str, Any], vocabulary: int, device: torch.device, dtype: torch.dtype) -> PreTrainedModel:
    """A Qwen3 of this shape, weights random but of the scale that gives opinions. No end-of-text token."""
    config = Qwen3Config(
        vocab_size=vocabulary, initializer_range=0.05, bos_token_id=None, eos_token_id=None, pad_token_id=None, **shape
    )
    torch.manual_seed(0)
    with torch.device(device):
        return Qwen3ForCausalLM(config).to(dtype).eval()


def compact(ids: SemanticIds, width: int, length: int, device: torch.device) -> CompactModel:
    """A compact generator as `train/compact.yaml` has it, weights random but of the scale that gives opinions."""
    torch.manual_seed(0)
    model = CompactModel(CompactConfig(ids.codebook_sizes, len(ids), 128, width=width, max_items=length))
    content = np.random.default_rng(0).normal(size=(len(ids), 128)).astype(np.float32)
    model.set_items(ids.codes, content, np.ones(len(ids), bool))
    with torch.no_grad():
        for weights in model.parameters():
            if weights.ndim == 2:
                weights.normal_(std=0.1)
    return model.to(device).eval()


@dataclass
class Way:
    name: str
    batch: int
    answer: Callable[[Tensor], Tensor | None]
    scores: Callable[[Tensor], Beams] | None = None


def floor_way(engine: CausalEngine, batch: int, length: int, width: int) -> tuple[Way, CausalFloor]:
    floor = CausalFloor(engine.model, engine.rows, batch, length, width)
    run = captured(floor.run, (batch, length), engine.model.device)
    return Way("floor", batch, lambda prompts: _nothing(run(_filled(prompts, batch)))), floor


def compact_floor_way(model: CompactModel, batch: int, length: int, width: int) -> tuple[Way, CompactFloor]:
    floor = CompactFloor(model, batch, length, width)
    run = captured(floor.run, (batch, length), model.device)
    return Way("floor", batch, lambda items: _nothing(run(_filled(items, batch)))), floor


def _filled(rows: Tensor, batch: int) -> Tensor:
    """The floor's shapes are fixed: a batch that is not full is filled."""
    return rows if len(rows) == batch else rows[torch.arange(batch, device=rows.device) % len(rows)]


def _nothing(_: Tensor) -> None:
    return None


def torch_way(engine: CausalEngine, k: int, length: int) -> Way:
    def scores(prompts: Tensor) -> Beams:
        return engine.answer(prompts, torch.full((len(prompts),), prompts.shape[1]), k)

    return Way("torch", engine.batch_of(length, k), lambda prompts: scores(prompts).items, scores)


def compact_way(model: CompactModel, trie: Trie, k: int, width: int, batch: int) -> Way:
    engine = TorchEngine(model, trie, width=width, batch=batch)

    def scores(items: Tensor) -> Beams:
        histories = Sequences.from_lists(items.tolist())
        states = engine.states(histories)
        return engine.search(states, Constraints.none(len(items), states.device), k)

    return Way("torch", batch, lambda items: scores(items).items, scores)


class HfGenerate:
    """`generate` with beams and `prefix_allowed_tokens_fn`, log-probabilities normalised over what is allowed."""

    def __init__(self, model: PreTrainedModel, ids: SemanticIds, tokens: list[Tensor], width: int, k: int) -> None:
        self.model, self.width, self.k, self.levels = model, width, k, len(tokens)
        self.ids, self.tokens = ids, tokens
        rows = np.column_stack([table.numpy()[ids.codes[:, level]] for level, table in enumerate(tokens)]).tolist()
        self.item = {tuple(row): item for item, row in enumerate(rows)}
        after: dict[tuple[int, ...], set[int]] = {}
        for row in rows:
            for level in range(self.levels):
                after.setdefault(tuple(row[:level]), set()).add(row[level])
        self.after = {prefix: sorted(found) for prefix, found in after.items()}

    def generate(self, prompts: Tensor) -> tuple[Tensor, Tensor]:
        """Items and scores, (B, k)."""
        length = prompts.shape[1]

        def allowed(_: int, sequence: Tensor) -> list[int]:
            # What is no prefix any more has score -inf already; `generate` wants to be told something for it.
            return self.after.get(tuple(sequence[length:].tolist()), [0])

        with torch.inference_mode():
            found = self.model.generate(
                prompts.to(self.model.device), attention_mask=torch.ones_like(prompts), num_beams=self.width,
                num_return_sequences=self.k, max_new_tokens=self.levels, do_sample=False, length_penalty=0.0,
                prefix_allowed_tokens_fn=allowed, renormalize_logits=True, return_dict_in_generate=True,
                output_scores=True, pad_token_id=0,
            )  # fmt: skip
        items = [self.item.get(tuple(row), -1) for row in found.sequences[:, length:].tolist()]
        return torch.tensor(items).view(-1, self.k), found.sequences_scores.view(-1, self.k).cpu()

    def way(self, batch: int) -> Way:
        return Way(
            "hf-generate", batch, lambda prompts: self.generate(prompts)[0],
            lambda prompts: Beams(*self.generate(prompts)),
        )  # fmt: skip


def through_vllm(folder: Path, hf: HfGenerate, prompts: Tensor, **ask: Any) -> dict[str, Any] | str:
    """What `decoding_vllm.py` measured of a way, or a word on why it did not. ask: what its `ask.json` says."""
    import importlib.util

    if importlib.util.find_spec("vllm") is None:
        return "not measured: vLLM is not installed; `make vllm` installs it"
    from tokenizers.models import WordLevel
    from transformers import PreTrainedTokenizerFast

    from tokenizers import Tokenizer

    folder.mkdir(parents=True, exist_ok=True)
    model = hf.model
    model.save_pretrained(folder)
    # vLLM asks for a tokenizer; the prompts never meet it.
    words = {f"t{token}": token for token in range(model.config.vocab_size)}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(WordLevel(words, unk_token="t0")), eos_token="t1")
    tokenizer.save_pretrained(folder)
    np.save(folder / "prompts.npy", prompts.numpy())
    np.save(folder / "codes.npy", hf.ids.codes)
    ask |= {
        "width": hf.width, "tokens": [table.tolist() for table in hf.tokens],
        "dtype": str(model.dtype).removeprefix("torch."), "eager": model.device.type == "cpu",
    }  # fmt: skip
    (folder / "ask.json").write_text(json.dumps(ask), encoding="utf-8")
    script = Path(__file__).with_name("decoding_vllm.py")
    threads = os.environ | {"OMP_NUM_THREADS": str(torch.get_num_threads())}
    done = subprocess.run([sys.executable, str(script), str(folder)], capture_output=True, text=True, env=threads)
    if done.returncode:
        return f"failed: {(done.stderr.strip().splitlines() or ['no message'])[-1]}"
    found: dict[str, Any] = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
    return found
