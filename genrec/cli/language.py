"""Verbs of the language model: `genrec lm …`, `genrec tasks …`."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from genrec.cli import common
from genrec.cli.common import Changes, Recipe, Run, open_run

if TYPE_CHECKING:
    from genrec.recipes import Experiment
    from genrec.workspace import Workspace

models = common.group("lm", "The language model: a base of one's own, training, export.")
tasks = common.group("tasks", "What a language model learns: examples of every task.")
lm_verb = partial(common.verb, models)

Name = Annotated[str | None, typer.Option("--name", help="A further model beside the first: RUN/lm-NAME.")]


@lm_verb
def pretrain(run: Run, recipe: Recipe = None, set: Changes = None) -> None:
    """Make a base with no download: a tokenizer and a small model, trained on the catalogue's rows alone."""
    from genrec import recipes
    from genrec.stages import language

    workspace, experiment = open_run(run, None, None)
    language.pretrain(workspace, experiment, recipes.load(recipe or "pretrain", recipes.PretrainRecipe, set or ()))


@lm_verb
def train(run: Run, recipe: Recipe = None, set: Changes = None, name: Name = None) -> None:
    """Teach a base the catalogue and the tasks: recipes lora (the default), qlora, full and others."""
    from genrec import recipes
    from genrec.stages import language

    workspace, experiment = open_run(run, None, None)
    language.tune(workspace, experiment, recipes.load(recipe or "lora", recipes.LmRecipe, set or ()), name)


@lm_verb
def prefer(
    run: Run,
    recipe: Recipe = None,
    set: Changes = None,
    name: Annotated[str, typer.Option("--name", help="The new model: RUN/lm-NAME.")] = "preferred",
    start: Annotated[str | None, typer.Option("--from", help="RUN/lm-FROM instead of RUN/lm.")] = None,
) -> None:
    """Let a trained model learn from its own answers: recipes grpo (the default) and dpo."""
    from genrec import recipes
    from genrec.stages import preferring

    workspace, experiment = open_run(run, None, None)
    loaded = recipes.load(recipe or "grpo", recipes.PreferenceRecipe, set or ())
    preferring.prefer(workspace, experiment, loaded, name=name, start=start)


@lm_verb
def evaluate(
    run: Run,
    name: Name = None,
    engine: Annotated[str, typer.Option(help="torch or vllm.")] = "torch",
    as_json: Annotated[bool, typer.Option("--json", help="Print the rows as one JSON array, nothing else.")] = False,
) -> None:
    """Measure a language model on the questions of `genrec evaluate`; write RUN/evaluate-lm/."""
    from genrec.stages import speaking

    workspace, experiment = open_run(run, None, None)
    rows = speaking.evaluate(workspace, experiment, name, engine=engine)
    if as_json:
        sys.stdout.write(json.dumps(rows) + "\n")
    else:
        common.rows_table(rows)


@lm_verb
def export(
    run: Run,
    merged: Annotated[Path, typer.Option("--merged", help="The folder to write: base and adapter in one.")],
    name: Name = None,
) -> None:
    """Write a trained model as one checkpoint. (Base and adapter apart lie in RUN/lm/model and RUN/lm/adapter.)"""
    from genrec.stages import language

    workspace, _ = open_run(run, None, None)
    language.export(workspace, name, merged)
    typer.echo(merged)


def demo(workspace: Workspace, experiment: Experiment) -> list[dict[str, Any]]:
    """What `genrec demo --lm` adds: a base, a model that knows all tasks, its row beside the others."""
    from genrec import recipes
    from genrec.stages import language, speaking

    language.pretrain(workspace, experiment, recipes.load("demo-base", recipes.PretrainRecipe))
    language.tune(workspace, experiment, recipes.load("demo-lm", recipes.LmRecipe))
    return speaking.evaluate(workspace, experiment)


@partial(common.verb, tasks)
def preview(
    run: Run,
    recipe: Recipe = None,
    set: Changes = None,
    task: Annotated[str | None, typer.Option("--task", help="One task only.")] = None,
    count: Annotated[int, typer.Option("--count", min=1, help="Examples of each.")] = 2,
) -> None:
    """Show examples as a model reads them; what it learns to say stands in ⟦ ⟧."""
    from genrec import recipes
    from genrec.stages import language

    workspace, experiment = open_run(run, None, None)
    loaded = recipes.load(recipe or "lora", recipes.LmRecipe, set or ())
    for name, pieces in language.preview(workspace, experiment, loaded, task, count):
        typer.echo(f"── {name}")
        typer.echo("".join(f"⟦{text}⟧" if learned else text for text, learned in pieces))
