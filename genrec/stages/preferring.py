"""The preference stage over a workspace: a trained language model learns from its own answers (`genrec lm prefer`).

The questions are the training histories without their last event; what is held out is asked in validation only. What
comes out is a language model like any other, lm-NAME, whose adapter belongs to the same base as the one it began with.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from genrec import progress
from genrec.errors import UserError
from genrec.recipes import Experiment, LmRecipe, PreferenceRecipe
from genrec.stages import asked, split_of
from genrec.stages.language import stage_name
from genrec.workspace import Stage, Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from genrec.data import Sequences
    from genrec.train.lm import Tuning


def prefer(
    workspace: Workspace, experiment: Experiment, recipe: PreferenceRecipe, *, name: str, start: str | None = None
) -> None:
    """Train lm-NAME from the run's `lm` (start: from lm-START)."""
    source, target = stage_name(start), stage_name(name)
    if source == target:
        raise UserError(f"--name {name} and --from {start} are the same model: give the new one another name")
    from genrec.model import lm as models

    about = models.read_about(workspace.folder(source))
    if about["method"] not in ("lora", "full", "none"):
        raise UserError(
            f"{workspace.path / source} was trained by {about['method']}: preferences are learned from there for lora "
            "and full; `genrec lm export` merges it, and `genrec lm train --set base=…` begins from that"
        )

    def work(stage: Stage) -> None:
        from genrec.train import lm
        from genrec.train.preference import train_preference

        clock = lm.Clock()
        tuning, preference, validate, config = _made(stage, experiment, recipe, stage.input(source), about)
        before = validate(preference.module)
        record = train_preference(preference, config, validate=validate, folder=stage.scratch / "loop")
        after = record.best_score
        if after <= before:
            progress.say(f"{target}: no round was better than the start ({after:.4f}, {before:.4f}), which stays")
            preference.go_back()
            after = before
        stage.output("curves.json").write_text(json.dumps(record.epochs))
        figures: dict[str, Any] = clock.read() | {
            "validation_ndcg@10_before": before, "validation_ndcg@10": after,
        }  # fmt: skip
        trained = LmRecipe(method="lora", tasks=about["tasks"], window=about["window"], max_items=about["max_items"])
        said = figures | {"method": recipe.method, "base": about["base"], "name": name, "from": source}
        from genrec.sid import SemanticIds

        ids = SemanticIds.load(stage.input("sid") / "sids.safetensors")
        lm.export(tuning, trained, ids, stage.output("lm.json").parent, said)
        stage.metrics |= figures
        progress.say(f"{target}: validation NDCG@10 {before:.4f} → {after:.4f} by {recipe.method}")

    plan = recipe.model_dump() | asked(experiment.data, "exclude_seen")
    workspace.run(target, work, recipe=plan, inputs=["data", "sid", source], seed=experiment.seed)


def _made(
    stage: Stage, experiment: Experiment, recipe: PreferenceRecipe, folder: Path, about: dict[str, Any]
) -> tuple[Tuning, Any, Any, Any]:
    """The model with what is trained of it, the questions, the validation, the loop's settings."""
    from genrec import loop
    from genrec.decode.trie import Trie
    from genrec.evaluate import metrics
    from genrec.model import adapters, prompts
    from genrec.model import lm as models
    from genrec.sid import SemanticIds
    from genrec.train import lm
    from genrec.train.items import ItemScores
    from genrec.train.preference import Preference, PreferenceConfig

    ids = SemanticIds.load(stage.input("sid") / "sids.safetensors")
    trie = Trie.load(stage.input("sid") / "trie.safetensors")
    _, split = split_of(stage.input("data"), experiment.data)
    found = models.load(folder, adapter=False, ids=ids)
    model: Any = found.model
    if about["adapter"]:
        model = adapters.go_on(model, folder / models.ADAPTER)
    else:
        model = adapters.wrap(model, "lora", np.empty(0, np.int64), rank=recipe.rank, alpha=2.0 * recipe.rank)
    sizes = adapters.sizes(model, found.vocabulary.rows)
    saved = models.dtype_of(folder / models.BASE)
    nothing = np.empty(0, np.int64)
    tuning = lm.Tuning(model, found.tokenizer, found.vocabulary, nothing, folder / models.BASE, saved, sizes)
    before, clicked = questions(split.train)
    asked_now = prompts.next_item(
        found.tokenizer, found.vocabulary, ids.codes, before, window=about["window"], max_items=about["max_items"]
    )
    rows = [row[:n].tolist() for row, n in zip(asked_now.tokens, asked_now.lengths, strict=True)]
    inner = model.get_base_model()
    preference = Preference(
        model, inner, ItemScores(found.vocabulary, trie, inner.device), rows, clicked,
        PreferenceConfig(recipe.method, recipe.group, recipe.questions, recipe.batch, recipe.beta, recipe.clip),
        seed=stage.seed,
    )  # fmt: skip
    held = lm.some_questions(split.validation, recipe.validation_users, stage.seed)

    def validate(_: Any) -> float:
        ranked = lm.answers(
            inner, found.tokenizer, found.vocabulary, ids, trie, held, beam=recipe.beam, window=about["window"],
            max_items=about["max_items"], exclude_seen=experiment.data.exclude_seen,
        )  # fmt: skip
        return float(metrics.per_question("ndcg@10", metrics.ranks_of(ranked, held.targets)).mean())

    config = loop.LoopConfig(
        epochs=recipe.rounds, learning_rate=recipe.learning_rate, patience=recipe.patience, seed=stage.seed,
    )  # fmt: skip
    return tuning, preference, validate, config


def questions(train: Sequences) -> tuple[Sequences, np.ndarray]:
    """Training histories of two events and more without their last one, and that one: int64 (Q,)."""
    long_enough = train.take(np.flatnonzero(train.lengths >= 2))
    before = long_enough.clip(np.zeros(len(long_enough), np.int64), long_enough.lengths - 1)
    return before, long_enough.items[long_enough.offsets[1:] - 1].astype(np.int64)
