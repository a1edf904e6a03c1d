"""Training of a language model on the tasks of a catalogue: LoRA, DoRA, QLoRA, all weights, or none.

The loss stands on answers alone; the score that decides is NDCG@10 over items on validation questions, answered by
constrained beams exactly as the finished model answers them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from genrec import loop
from genrec.data.splits import Evaluation
from genrec.decode.causal_engine import CausalEngine
from genrec.decode.constraints import Constraints
from genrec.decode.trie import Trie
from genrec.errors import UserError
from genrec.evaluate import metrics
from genrec.model import adapters, lm, prompts
from genrec.model.tasks import Example, Material, Mixture
from genrec.model.vocabulary import SidVocabulary
from genrec.recipes import LmRecipe
from genrec.sid.codes import SemanticIds
from genrec.train import tokens

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(eq=False)
class Tuning:
    """A model in training. rows: int64, the token ids whose embeddings are new. saved: the dtype the base came in."""

    model: PreTrainedModel | PeftModel
    tokenizer: PreTrainedTokenizerBase
    words: SidVocabulary
    rows: np.ndarray
    base: str | Path
    saved: torch.dtype
    sizes: adapters.Sizes


def begin(
    base: str | Path,
    ids: SemanticIds,
    codebooks: list[np.ndarray | None],
    recipe: LmRecipe,
    seed: int = 0,
    device: str | None = None,
) -> Tuning:
    """The base with the catalogue's words, and what the recipe's method trains of it set up.

    codebooks: per level, what its codes mean, for the new rows to begin with; see `vocabulary.extend`.
    """
    torch.manual_seed(seed)
    compute = _compute(recipe, device)
    light = recipe.method in adapters.METHODS and compute == torch.bfloat16
    tokenizer, model = lm.open_base(
        base, quantize=recipe.method == "qlora", dtype=torch.bfloat16 if light else torch.float32, device=device
    )
    saved = lm.dtype_of(base)
    before = len(tokenizer)
    words, rows = lm.teach_words(tokenizer, model, ids, codebooks, chat_template=recipe.chat_template, seed=seed)
    if recipe.rows == "frozen":
        if len(tokenizer) > before or recipe.method in ("full", "none"):
            raise UserError(
                "rows=frozen trains one more adapter for a base that knows this catalogue's semantic IDs already: set "
                "base=RUN/lm/model, the folder of a trained run, and a method that makes adapters"
            )
        rows = rows[:0]
    if recipe.checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    if recipe.method == "qlora":
        from peft import prepare_model_for_kbit_training

        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    tuned: Any = model
    if recipe.method in adapters.METHODS:
        tuned = adapters.wrap(
            model, recipe.method, rows, rank=recipe.rank, alpha=recipe.alpha, dropout=recipe.dropout
        )  # fmt: skip
    elif recipe.method == "none":
        model.requires_grad_(False)
    return Tuning(tuned, tokenizer, words, rows, base, saved, adapters.sizes(tuned, words.rows))


def fit(
    tuning: Tuning,
    material: Material,
    validation: Evaluation,
    trie: Trie,
    recipe: LmRecipe,
    *,
    exclude_seen: bool = False,
    seed: int = 0,
    folder: Path | None = None,
    device: str | None = None,
) -> loop.Record:
    """Train in place, up to the best epoch by validation; see `loop.train` for folder."""
    mixture = Mixture(material, recipe.tasks, seed)
    count = recipe.examples or len(material.train)
    config = loop.LoopConfig(
        epochs=recipe.epochs, learning_rate=recipe.learning_rate, weight_decay=recipe.weight_decay,
        patience=recipe.patience, seed=seed, accumulate=recipe.accumulate, checkpoint_every=recipe.checkpoint_every,
    )  # fmt: skip
    module = tokens.TokenLoss(tuning.model, _compute(recipe, device))
    if recipe.packing:
        tokens.check_packing(module, len(tuning.tokenizer))
    listed: dict[int, list[tokens.Batch]] = {}

    def batches(epoch: int) -> list[tokens.Batch]:
        if epoch not in listed:
            rows = rendered(tuning.tokenizer, mixture.epoch(epoch, count), recipe.window)
            listed.clear()
            if recipe.packing:
                listed[epoch] = tokens.packed(rows, recipe.window, recipe.batch_tokens, seed, epoch)
            else:
                listed[epoch] = tokens.by_length(rows, recipe.batch_tokens, seed, epoch)
        return listed[epoch]

    asked = some_questions(validation, recipe.validation_users, seed)

    def score(_: torch.nn.Module) -> float:
        with adapters.bare(tuning.model) as model:
            ranked = answers(
                model, tuning.tokenizer, tuning.words, material.ids, trie, asked, beam=recipe.beam,
                window=recipe.window, max_items=recipe.max_items, exclude_seen=exclude_seen,
            )  # fmt: skip
        return float(metrics.per_question("ndcg@10", metrics.ranks_of(ranked, asked.targets)).mean())

    return loop.train(
        module, batches, tokens.loss, config, weight=lambda batch: batch.targets,
        validate=score if len(asked) else None, folder=folder, description=f"Training {recipe.method}", device=device,
    )  # fmt: skip


def rendered(tokenizer: PreTrainedTokenizerBase, examples: Sequence[Example], window: int) -> tokens.Rows:
    """Examples as rows of tokens by the model's own chat template, the loss on every answer."""
    found = []
    for example in examples:
        one = prompts.render(tokenizer, example.messages)
        if any(one.mask[-window + 1 :]):
            found.append((example.task, one.tokens, one.mask))
    return tokens.Rows.of(found, window)


def items_in(window: int, ids: SemanticIds, tokenizer: PreTrainedTokenizerBase, at_most: int) -> int:
    """How many items of a history an example of `window` tokens holds."""
    frame = len(prompts.render(tokenizer, [*prompts.ask_next(""), {"role": "assistant", "content": ""}]).tokens)
    return max(2, min(at_most, (window - frame) // (ids.levels + 2)))


def some_questions(validation: Evaluation, users: int, seed: int) -> Evaluation:
    """At most so many of those with a history; the same ones always."""
    asked = validation.take(np.flatnonzero(validation.histories.lengths > 0))
    if len(asked) <= users:
        return asked
    return asked.take(np.sort(np.random.default_rng(seed).permutation(len(asked))[:users]))


@torch.inference_mode()
def answers(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    words: SidVocabulary,
    ids: SemanticIds,
    trie: Trie,
    asked: Evaluation,
    *,
    beam: int,
    window: int,
    max_items: int,
    exclude_seen: bool,
    k: int = 10,
) -> np.ndarray:
    """int64 (Q, k): the items that constrained beams find for each question. The model's attention is as it was."""
    former = model.config._attn_implementation
    engine = CausalEngine(model, trie, [torch.from_numpy(table) for table in words.tables], width=beam)
    try:
        said = prompts.next_item(
            tokenizer, words, ids.codes, asked.histories, window=window, max_items=max_items
        )  # fmt: skip
        rank_of = trie.rank_of().to(model.device)

        def constraints(rows: torch.Tensor) -> Constraints:
            seen = asked.histories.take(rows.numpy())
            items, mask = (torch.from_numpy(one) for one in seen.padded(int(seen.lengths.max(initial=0))))
            return Constraints.from_items(items.to(model.device), mask.to(model.device), rank_of)

        found = engine.answer(
            torch.from_numpy(said.tokens), torch.from_numpy(said.lengths), k, constraints if exclude_seen else None
        )
    finally:
        model.set_attn_implementation(former)
    ranked: np.ndarray = found.items.numpy()
    return ranked


# ---------------------------------------------------------------------- export


def export(tuning: Tuning, recipe: LmRecipe, ids: SemanticIds, folder: Path, about: dict[str, Any]) -> dict[str, Any]:
    """Write `folder` as `genrec.model.lm` reads it; returns what lm.json says. The model is of no further use.

    about: what more it shall say.
    """
    adapter = recipe.method in adapters.METHODS
    model: Any = tuning.model
    if adapter:
        adapters.save_adapter(model, folder / lm.ADAPTER)
        model = model.unload()
    if recipe.method == "qlora":
        # The base itself, in its own precision, with the rows that were trained beside its 4-bit image.
        trained = adapters.rows_of(model, tuning.words.rows if not len(tuning.rows) else tuning.rows)
        tokenizer, model = lm.open_base(tuning.base, dtype=tuning.saved, device="cpu")
        _, rows = lm.teach_words(
            tokenizer, model, ids, [None] * ids.levels, chat_template=recipe.chat_template
        )  # fmt: skip
        if len(tuning.rows):
            adapters.put_rows(model, rows, trained)
    lm.write(tuning.tokenizer, model, folder / lm.BASE, tuning.saved)
    said = {
        "schema": lm.SCHEMA,
        "codebook_sizes": list(ids.codebook_sizes),
        "items": len(ids),
        "catalogue": lm.fingerprint(ids),
        "rows": lm.fingerprint_of_rows(model, tuning.words.rows),
        "base": str(tuning.base),
        "method": recipe.method,
        "adapter": adapter,
        "hot_swap": adapter and recipe.method != "dora",  # vLLM knows no DoRA: merge it
        "tasks": {name: weight for name, weight in recipe.tasks.items() if weight},
        "window": recipe.window,
        "max_items": recipe.max_items,
        "parameters": vars(tuning.sizes) | {"share": tuning.sizes.share},
    }
    said |= about
    (folder / lm.ABOUT).write_text(json.dumps(said, indent=1))
    return said


class Clock:
    """Seconds, and the most memory that the process has taken so far, in MB (on a GPU: of the GPU's)."""

    def __init__(self) -> None:
        self.start = time.perf_counter()

    def read(self) -> dict[str, float]:
        return {"seconds": round(time.perf_counter() - self.start, 1), "peak_memory_mb": round(peak_memory())}


def peak_memory() -> float:
    """MB; 0 where the system does not say."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**20
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    import sys

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def _compute(recipe: LmRecipe, device: str | None) -> torch.dtype:
    on_gpu = torch.cuda.is_available() and device != "cpu"
    if recipe.precision == "auto":
        return torch.bfloat16 if on_gpu and torch.cuda.is_bf16_supported() else torch.float32
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[recipe.precision]
