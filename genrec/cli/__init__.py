"""The command line: one verb per stage. Nothing heavy is imported before a verb runs."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer
from typer.core import TyperCommand

from genrec.cli import common, imagery
from genrec.cli.common import Changes, Recipe, Run
from genrec.cli.common import open_run as _open
from genrec.errors import UserError

if TYPE_CHECKING:
    from genrec.decode.requests import Recommendations

app = common.group(
    "genrec",
    "Generative recommendation with semantic IDs. A run is a folder: every verb takes it first, and reads what "
    "the verbs before it wrote there. `genrec run` and `genrec demo` do all of them.",
)
verb = partial(common.verb, app)

Skip = Annotated[bool, typer.Option("--skip-bad-rows", help="Leave out and list what cannot be used.")]


@verb
def prepare(run: Run, recipe: Recipe = None, set: Changes = None, skip_bad_rows: Skip = False) -> None:
    """Read the data into RUN/data: catalog.parquet and interactions.parquet."""
    from genrec import stages

    changes = (set or []) + (["data.skip_bad_rows=true"] if skip_bad_rows else [])
    stages.prepare(*_open(run, recipe, changes, begins=True))


@verb
def embed(run: Run, recipe: Recipe = None, set: Changes = None) -> None:
    """Turn items' text and pictures into vectors."""
    from genrec import stages

    stages.embed(*_open(run, recipe, set))


@verb
def tokenize(run: Run, recipe: Recipe = None, set: Changes = None) -> None:
    """Quantize the vectors into semantic IDs, one of its own for every item."""
    from genrec import stages

    stages.tokenize(*_open(run, recipe, set))


@verb
def train(run: Run, recipe: Recipe = None, set: Changes = None) -> None:
    """Train the generator on the histories."""
    from genrec import stages

    stages.train(*_open(run, recipe, set))


class Evaluate(common.Branching):
    """`genrec evaluate RUN` and `genrec evaluate imagery RUN`."""

    branches: ClassVar[dict[str, TyperCommand]] = {"imagery": imagery.evaluation()}


@partial(verb, cls=Evaluate)
def evaluate(
    run: Run,
    recipe: Recipe = None,
    set: Changes = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the rows as one JSON array, nothing else.")] = False,
) -> None:
    """Measure the generator beside its baselines; write RUN/evaluate/report.html.

    `genrec evaluate imagery RUN` measures what is drawn.
    """
    from genrec import stages

    rows = stages.evaluate(*_open(run, recipe, set))
    if as_json:
        sys.stdout.write(json.dumps(rows) + "\n")
    else:
        common.rows_table(rows)
        typer.echo(run / "evaluate" / "report.html")


@verb
def generate(
    run: Run,
    k: Annotated[int, typer.Option("--k", min=1, help="Items per user.")] = 10,
    beam: Annotated[int, typer.Option(min=1, help="Beams per user.")] = 50,
    include_seen: Annotated[bool, typer.Option("--include-seen", help="Also what the user has already.")] = False,
    shard: Annotated[int, typer.Option("--shard", min=1, help="Users per file; a kill costs one at most.")] = 2000,
    engine: Annotated[str, typer.Option(help="compact; torch or vllm: the run's language model.")] = "compact",
    lm: Annotated[str | None, typer.Option("--lm", help="Which: RUN/lm-NAME; by default RUN/lm.")] = None,
) -> None:
    """Write the next items of every user to RUN/generate/*.parquet."""
    from genrec import stages

    workspace, _ = _open(run, None, None)
    folder = stages.generate(
        workspace, k=k, exclude_seen=not include_seen, beam=beam, shard=shard, engine=engine, lm=lm
    )
    typer.echo(folder)


@verb
def recommend(
    run: Run,
    history: Annotated[list[str] | None, typer.Argument(metavar="[ITEM]...", help="Item ids, oldest first.")] = None,
    k: Annotated[int, typer.Option("--k", min=1, help="How many items.")] = 10,
    where: Annotated[str | None, typer.Option(help='A filter as JSON: {"category": "dress"}.')] = None,
) -> None:
    """Show what comes next after a history."""
    from genrec.recommender import Recommender

    _answers(Recommender.from_pretrained(run).recommend(history or [], k, where=_filter(where)))


@verb
def search(
    run: Run,
    text: Annotated[
        str | None, typer.Argument(metavar="[TEXT]", help='What is looked for, "a red dress for summer".')
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE", help='What it looks like; TEXT: but "in red".')
    ] = None,
    k: Annotated[int, typer.Option("--k", min=1, help="How many items.")] = 10,
    where: Annotated[str | None, typer.Option(help='A filter as JSON: {"category": "dress"}.')] = None,
) -> None:
    """Show what is found for a text, for a picture, or for a picture that the text changes."""
    from genrec.recommender import Recommender

    if text is None and picture is None:
        raise UserError('nothing is asked for: write TEXT ("a red dress for summer"), or --picture FILE, or both')
    recommender, filtered = Recommender.from_pretrained(run), _filter(where)
    if picture is not None:
        _answers(recommender.search_picture(picture, k, change=text, where=filtered))
    else:
        _answers(recommender.search(text or "", k, where=filtered))


def _filter(where: str | None) -> Any:
    try:
        return None if where is None else json.loads(where)
    except json.JSONDecodeError as error:
        raise UserError(
            f'--where {where}: not JSON ({error}); write it as --where \'{{"category": "dress"}}\''
        ) from None


def _answers(found: Recommendations) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("", "item", "title", "score", box=None)
    for place, one in enumerate(found, start=1):
        table.add_row(str(place), one.item_id, common.cell(one.title), f"{one.score:.2f}")
    Console().print(table)
    if found.reason:
        typer.echo(found.reason)


@verb
def explain(
    run: Run,
    history: Annotated[list[str] | None, typer.Argument(metavar="[ITEM]...", help="Item ids, oldest first.")] = None,
    item: Annotated[str, typer.Option("--item", help="The item id of the recommendation.")] = "",
    lm: Annotated[bool, typer.Option("--lm", help="The run's language model writes; its text is checked.")] = False,
) -> None:
    """Say why an item is recommended after a history, and by how much its score falls without each thing of it."""
    from rich.console import Console
    from rich.table import Table

    from genrec.recommender import Recommender

    if not item:
        raise UserError("name the recommended item: --item ID")
    recommender = Recommender.from_pretrained(run)
    told = recommender.explain(history or [], item, write=recommender.speech() if lm else None)
    typer.echo(told.text)
    table = Table("without", "title", "score falls by", box=None)
    for one in told.evidence.influences:
        row = recommender.catalog.table.row(one.item, named=True)
        table.add_row(row["item_id"], common.cell(row["title"]), f"{one.change:.4f}")
    if told.evidence.influences:
        Console().print(table)


@verb
def update(
    run: Run,
    events: Annotated[Path | None, typer.Argument(metavar="[EVENTS]", help="New events, like the first.")] = None,
    items: Annotated[Path | None, typer.Option("--items", help="New items, in the form of the first.")] = None,
    rollback: Annotated[bool, typer.Option("--rollback", help="Go back to the version before.")] = False,
    skip_bad_rows: Skip = False,
) -> None:
    """Add events and items: existing semantic IDs stay, training goes on from where it was, the old version is kept."""
    from genrec.stages import updating

    workspace, experiment = _open(run, None, None)
    if rollback:
        typer.echo(f"{run} is at version {workspace.rollback()} again")
        return
    version = updating.update(workspace, experiment, events, items, skip_bad_rows=skip_bad_rows)
    typer.echo(f"{run} is at version {version}; `genrec update {run} --rollback` goes back")


@verb
def run(
    run: Run,
    events: Annotated[str | None, typer.Option(help="Your events: user, item, time (CSV, Parquet, JSONL).")] = None,
    items: Annotated[str | None, typer.Option(help="Your items: id, title and what else is known of them.")] = None,
    recipe: Recipe = None,
    set: Changes = None,
    skip_bad_rows: Skip = False,
) -> None:
    """Everything, from the data to the table and the report. Goes on where it was stopped."""
    from genrec import stages

    changes = list(set or [])
    changes += [f"data.events={json.dumps(events)}"] if events else []
    changes += [f"data.items={json.dumps(items)}"] if items else []
    changes += ["data.skip_bad_rows=true"] if skip_bad_rows else []
    common.rows_table(stages.run(*_open(run, recipe, changes, begins=True)))
    typer.echo(run / "evaluate" / "report.html")


@verb
def demo(
    workspace: Annotated[Path, typer.Option("--workspace", help="The run's folder.")] = Path("runs/demo"),
    seed: Annotated[int | None, typer.Option(help="Another fashion catalogue.")] = None,
    lm: Annotated[bool, typer.Option("--lm", help="A language model too, from nothing: about an hour more.")] = False,
) -> None:
    """The whole road on a synthetic fashion catalogue: a few minutes, no GPU, no network."""
    from genrec import stages

    changes = [f"data.seed={seed}"] if seed is not None else []
    run, experiment = _open(workspace, "demo", changes, begins=True)
    rows = stages.run(run, experiment)
    if lm:
        rows = language.demo(run, experiment)
    common.rows_table(rows)
    if lm:
        search(workspace, "a red dress for summer", k=5)
    common.hint(f"Talk to it: genrec serve {workspace}")
    typer.echo(workspace / "evaluate" / "report.html")


from genrec.cli import language, serving  # noqa: E402 (they stand behind the verbs)

imagery.add_to(app)
serving.add_to(app)
app.add_typer(language.models)
app.add_typer(language.tasks)
