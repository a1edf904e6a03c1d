"""What the groups of verbs share: their common options, and errors that become messages."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer
from typer.core import TyperCommand

from genrec.errors import UserError

if TYPE_CHECKING:
    from rich.text import Text

    from genrec.recipes import Experiment
    from genrec.workspace import Workspace

# OpenMP's threads spin while they wait. Where other programs want the cores too, as on any laptop, long spinning makes
# small kernels many times slower; none at all loses what a second core gives. It must be said before torch is loaded.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

Run = Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder, for example runs/mine.")]
Recipe = Annotated[str | None, typer.Option("--recipe", help="A recipe's name (train/*.yaml) or a path to one.")]
Changes = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one key of the recipe.")]
DEFAULT = "default"


def group(name: str, about: str) -> typer.Typer:
    """A group of verbs that shows its help when none is named."""
    return typer.Typer(
        name=name, help=about, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None,
        add_completion=False,
    )  # fmt: skip


def verb(group: typer.Typer, work: Callable[..., None], cls: type[TyperCommand] = TyperCommand) -> Callable[..., None]:
    """Register `work` as a verb of the group; a `UserError` becomes its message and status 2."""

    @wraps(work)
    def guarded(*args: Any, **kwargs: Any) -> None:
        try:
            work(*args, **kwargs)
        except UserError as error:
            typer.echo(f"genrec: {error}", err=True)
            raise typer.Exit(2) from None
        except KeyboardInterrupt:
            typer.echo("genrec: stopped; the same command goes on from here", err=True)
            raise typer.Exit(130) from None

    group.command(cls=cls)(guarded)
    return guarded


def open_run(
    run: Path, recipe: str | None, changes: list[str] | None, *, begins: bool = False
) -> tuple[Workspace, Experiment]:
    """The workspace and its experiment: the recipe given, else the one the run was last used with, plus changes.

    begins: the verb may be a run's first; others want a folder that is one.
    """
    from genrec import recipes
    from genrec.workspace import Workspace

    workspace = Workspace(run)
    known = workspace.recall()
    if known is None and not begins:
        raise UserError(f"{run} is no run yet: `genrec prepare {run}` or `genrec run {run}` begins one")
    if recipe is not None or known is None:
        experiment = recipes.load(recipe or DEFAULT, recipes.Experiment, changes or ())
    else:
        experiment = recipes.build(known, recipes.Experiment, f"the recipe of {run}", changes or ())
    workspace.remember(experiment.model_dump())
    return workspace, experiment


def cell(title: str | None) -> Text:
    """A title in a table, as nothing but a text: rich would read «[red]» as its own, and a terminal an escape."""
    from rich.text import Text

    from genrec.model.vocabulary import harmless

    return Text(harmless(title or ""))


def rows_table(rows: list[dict[str, Any]]) -> None:
    """The short table, best model of each column in bold."""
    from rich.console import Console
    from rich.table import Column, Table

    names = ("recall@5", "recall@10", "ndcg@5", "ndcg@10", "mrr@10", "coverage@10")
    best = {name: max(row["metrics"][name] for row in rows) for name in names}
    table = Table(Column("model", no_wrap=True), *names, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        shown = [(row["metrics"][name], row["metrics"][name] == best[name]) for name in names]
        table.add_row(row["model"], *(f"[bold]{value:.4f}[/bold]" if top else f"{value:.4f}" for value, top in shown))
    Console(stderr=True).print(table)


class Branching(TyperCommand):
    """A verb whose first word may name a verb of `branches` instead: `genrec evaluate RUN`, `genrec evaluate imagery
    RUN`. A run of such a name is told apart by its path: `./imagery`."""

    branches: ClassVar[dict[str, TyperCommand]] = {}

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **more: Any) -> Any:
        branch = self.branches.get(args[0]) if args else None
        if branch is None:
            return super().make_context(info_name, args, parent, **more)
        return branch.make_context(f"{info_name} {args[0]}", args[1:], parent, **more)


def hint(text: str) -> None:
    """What one could do next, on stderr, where it is in no program's way."""
    typer.echo(text, err=True)
