"""`genrec imagine` and `genrec imagery`: in a file of their own, since they have many options."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand

from genrec.cli import common
from genrec.cli.common import Changes, Run
from genrec.errors import UserError

DEFAULT = "imagery_fashion"
Words = Annotated[str, typer.Option(help="Words beside the item's.")]
Strength = Annotated[float | None, typer.Option(min=0, max=30, help="By default the painter's own.")]
Painter = Annotated[str | None, typer.Option(help="Our own, or a checkpoint's recipe (.yaml), hub id or folder.")]
Steps = Annotated[int | None, typer.Option(min=1, help="Denoising steps.")]

painters = common.group("imagery", "Painters: what draws for `genrec imagine`.")


@partial(common.verb, painters)
def train(
    folder: Annotated[Path, typer.Argument(help="Where it is made; the finished painter is FOLDER/pipeline.")],
    recipe: Annotated[str, typer.Option("--recipe", help="A name (train/imagery_*.yaml) or a path.")] = DEFAULT,
    run: Annotated[Path | None, typer.Option("--run", help="Learn this run's own pictures, not a world's.")] = None,
    set: Changes = None,
) -> None:
    """Train a small painter from nothing. What is finished there is not made again."""
    from genrec import recipes
    from genrec.imagery.artist import require_diffusers

    require_diffusers()
    from genrec.imagery.small.training import fit

    changes = [*(set or ()), *([f"run={run}"] if run is not None else [])]
    fit(recipes.load(recipe, recipes.ImageryRecipe, changes), folder)
    typer.echo(folder / "pipeline")


@partial(common.verb, painters)
def card(
    painter: Annotated[Path, typer.Argument(metavar="PIPELINE", help="What `genrec imagery train` made.")],
    figures: Annotated[Path, typer.Argument(metavar="FIGURES", help="imagery.json of `genrec evaluate imagery`.")],
) -> None:
    """Write a painter's model card and checksums, with its figures."""
    from genrec.imagery.small.card import with_figures

    with_figures(painter, figures)
    typer.echo(painter / "README.md")


@partial(common.verb, painters)
def tune(
    run: Run,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="For LoRA weights and image prompt.")],
    recipe: Annotated[str, typer.Option("--recipe", help="A name (train/imagery_*.yaml) or a path.")] = "imagery_lora",
    items: Annotated[int, typer.Option(min=2, help="Pictures to learn from, at most.")] = 2000,
    pairs: Annotated[
        Path | None, typer.Option(help="Task pairs: a table of item_id, picture (item in a scene), mask.")
    ] = None,
    set: Changes = None,
) -> None:
    """Tune a checkpoint of diffusers on a run's items: LoRA, and an image prompt of the run's own vectors."""
    from genrec import recipes
    from genrec.stages import teaching

    teaching.tune(run, recipes.load(recipe, recipes.ImageryLoraRecipe, set or ()), folder, items=items, pairs=pairs)
    typer.echo(folder)


@partial(common.verb, painters)
def sheet(
    run: Run,
    by: Annotated[str, typer.Option(help="A column of the catalogue, for example genre.")],
    painter: Painter = None,
    out: Annotated[Path | None, typer.Option(help="A folder; by default RUN/imagine/by-COLUMN.")] = None,
    values: Annotated[int, typer.Option(min=1, help="Of the column, the most frequent.")] = 12,
    count: Annotated[int, typer.Option(min=1, help="Items of each.")] = 4,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds, equal sheets.")] = 0,
    steps: Steps = None,
) -> None:
    """A contact sheet by a column: the catalogue's pictures beside those that are drawn."""
    from genrec.stages import imagining

    folder = out or run / "imagine" / f"by-{by}"
    typer.echo(imagining.sheet(run, by, folder, painter=painter, values=values, count=count, seed=seed, steps=steps))


def evaluation() -> TyperCommand:
    """The verb `genrec evaluate imagery`."""
    alone = typer.Typer(rich_markup_mode=None, add_completion=False)

    @partial(common.verb, alone)
    def evaluate(
        run: Run,
        painter: Painter = None,
        out: Annotated[Path | None, typer.Option(help="A folder; by default RUN/evaluate/imagery.")] = None,
        judges: Annotated[
            Path | None, typer.Option(help="Where judges and their lessons are, or are made; by default OUT/judges.")
        ] = None,
        items: Annotated[int, typer.Option(min=2, help="Held-out items drawn as covers.")] = 200,
        people: Annotated[int, typer.Option(min=2, help="People drawn for.")] = 120,
        placed: Annotated[int, typer.Option(min=1, help="Held-out items put into every scene.")] = 40,
        seeds: Annotated[int, typer.Option(min=1, help="Drawings of each.")] = 3,
        steps: Steps = None,
        clip: Annotated[str | None, typer.Option(help="A CLIP model, hub id or folder: its score as well.")] = None,
    ) -> None:
        """Measure what a painter draws: RUN/evaluate/imagery/imagery.json and contact sheets.

        Fidelity, taste, diversity, previews beside a pasted picture, each with a 95 % interval; the judges say first
        how often they are right on real pictures.
        """
        from genrec.stages.judging import FIGURES, Extent, judge

        folder = out or run / "evaluate" / "imagery"
        extent = Extent(items, people, placed, seeds)
        judge(run, folder, extent, judges=judges or folder / "judges", painter=painter, clip=clip, steps=steps)
        typer.echo(folder / FIGURES)

    found: TyperCommand = typer.main.get_command(alone)  # type: ignore[assignment]
    return found


def add_to(app: typer.Typer) -> None:
    """Register verb and group."""
    app.add_typer(painters)

    @partial(common.verb, app)
    def imagine(
        run: Run,
        user: Annotated[list[str] | None, typer.Option(help="Whom to draw for; may be given again.")] = None,
        people: Annotated[int, typer.Option(min=0, help="So many more people, drawn by --seed.")] = 0,
        item: Annotated[list[str] | None, typer.Option(help="What to draw; by default what comes next.")] = None,
        k: Annotated[int, typer.Option("--k", min=1, help="Without --item: next items per person.")] = 1,
        kind: Annotated[str, typer.Option(help="cover, tryon or room.")] = "cover",
        love: Annotated[
            list[float] | None, typer.Option(help="0, the item as it is, to 1, as they would love it: 0, 0.5 and 1.")
        ] = None,
        out: Annotated[Path | None, typer.Option(help="A folder; by default RUN/imagine.")] = None,
        scene: Annotated[str | None, typer.Option(help="tryon, room: a scene's name, or a picture file.")] = None,
        mask: Annotated[Path | None, typer.Option(help="With a picture: white where the item may be.")] = None,
        reference: Annotated[bool, typer.Option("--reference", help="Look at the item's own picture.")] = False,
        painter: Painter = None,
        prompt: Words = "",
        style: Words = "",
        negative: Annotated[str, typer.Option(help="What shall not be seen.")] = "",
        item_guidance: Strength = None,
        taste_guidance: Strength = None,
        steps: Steps = None,
        seed: Annotated[int, typer.Option(min=0, help="Equal seeds, equal pictures.")] = 0,
        label: Annotated[bool, typer.Option("--label", help="Write «generated» into a corner.")] = False,
    ) -> None:
        """Draw items for people: PNG files, index.parquet and a contact sheet."""
        from genrec.imagery.commission import KINDS
        from genrec.imagery.reading import read_scene
        from genrec.stages.forgetting import DRAWN
        from genrec.stages.imagining import SHEET, Wanted
        from genrec.stages.imagining import imagine as draw

        if kind not in KINDS:
            raise UserError(f"--kind {kind}: one of {', '.join(KINDS)}")
        if mask is not None and scene is None:
            raise UserError("--mask needs --scene, the picture that it belongs to")
        place = scene if scene is None or mask is None else read_scene(Path(scene), mask)
        words = {"prompt": prompt, "style": style, "negative": negative}
        wanted = Wanted(
            users=user or (), people=people, items=item or (), count=k, kind=kind, love=love or (0.0, 0.5, 1.0),
            scene=place, reference=reference, painter=painter, steps=steps, seed=seed, label=label,
            words=words | {"item_guidance": item_guidance, "taste_guidance": taste_guidance},
        )  # fmt: skip
        folder = out or run / DRAWN
        draw(run, wanted, folder)
        typer.echo(folder / SHEET)
