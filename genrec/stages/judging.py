"""`genrec evaluate imagery`: what a painter's pictures of a run's items are worth.

On a synthetic world judges read attributes off the pictures; on any other catalogue a CLIP model, if one is named.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from genrec import progress
from genrec.data import Interactions
from genrec.errors import UserError
from genrec.imagery.artist import Artist, kind_of, require_diffusers, vectors_of
from genrec.imagery.commission import Commission
from genrec.recommender import Recommender

if TYPE_CHECKING:
    from genrec.decode.living import Snapshot
    from genrec.imagery.painter import Painter
    from genrec.imagery.small.domains import Domain

FIGURES = "imagery.json"


@dataclass(frozen=True)
class Extent:
    """items, people, placed: how many items are drawn as covers, people asked, items put into scenes. seeds: drawings
    of each. epochs, scenes: of the judges' own learning, where they are made."""

    items: int = 200
    people: int = 120
    placed: int = 40
    seeds: int = 3
    epochs: int = 20
    scenes: int = 20_000


def judge(
    run: Path, out: Path, extent: Extent, *, judges: Path, painter: str | None = None, clip: str | None = None,
    steps: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """All figures, written to out/imagery.json, with contact sheets in out/index.html.

    judges: a folder for the judges and the pictures they learn from, made there if they are not; the folder of `genrec
    imagery train` has the pictures already. UserError for a catalogue of no world GenRec knows, unless `clip` is named.
    """
    require_diffusers()
    from genrec.imagery.small.domains import DOMAINS

    now = Recommender.from_pretrained(run).snapshot
    world = DOMAINS.get(kind_of(run) or "")
    if world is None and clip is None:
        raise UserError(
            f"{run} is of none of the worlds whose pictures can be judged ({', '.join(DOMAINS)}): name a CLIP model by "
            "--clip"
        )
    figures: dict[str, Any] = {}
    if world is not None:
        figures = _by_attributes(run, now, world, painter, out, judges, extent, steps)
    if clip is not None:
        figures["clip"] = _by_clip(run, now, painter, clip, extent, steps)
    out.mkdir(parents=True, exist_ok=True)
    (out / FIGURES).write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return figures


def _by_attributes(
    run: Path, now: Snapshot, world: Domain, painter: str | None, out: Path, judges: Path, extent: Extent,
    steps: int | None,
) -> dict[str, Any]:  # fmt: skip
    from genrec.imagery.measures import judging
    from genrec.imagery.measures.evaluate import evaluate
    from genrec.imagery.small.lessons import drawn, held_out, made
    from genrec.recipes import ImageryRecipe, load

    lessons = made(judges / "lessons", world.name)
    if lessons is None:
        recipe = load(f"imagery_{world.name}", ImageryRecipe)
        lessons = drawn(
            world, judges / "lessons", worlds=recipe.worlds, items=recipe.items, users=recipe.users,
            previews=recipe.previews, seed=recipe.seed,
        )  # fmt: skip
    flat, placed = judging.judges(lessons, world, judges / "judges", epochs=extent.epochs, count=extent.scenes)
    vectors, present = vectors_of(run, now)
    held = held_out(now.catalog.table, world.held_by)
    histories = list(Interactions.read(run / "data" / "interactions.parquet").sequences(now.catalog))
    able = _opened(run, now, painter, ~held)
    trial = judging.Trial(able, world, now.catalog, vectors, present, histories, flat, placed, steps, lessons)
    return evaluate(
        trial, out, items=extent.items, persons=extent.people, placed=extent.placed, seeds=tuple(range(extent.seeds)),
        told=progress.say,
    )  # fmt: skip


def _by_clip(
    run: Path, now: Snapshot, painter: str | None, clip: str, extent: Extent, steps: int | None
) -> dict[str, Any]:
    from genrec.imagery.measures.clip import Clip, clip_figures
    from genrec.imagery.reading import read_picture

    eyes = Clip.from_pretrained(clip)
    artist = Artist(run, now, _opened(run, now, painter, None), None)
    shown = [item for item in range(len(now.catalog)) if now.catalog.image_path(item) is not None]
    if not shown:
        raise UserError(f"{run}: no item has a picture that drawn ones could be held against")
    some = np.random.default_rng(5).permutation(shown)[: extent.items].tolist()
    subjects = [artist.subject(item) for item in some]
    drawn: Sequence[Image.Image] = artist.painter.draw(
        [Commission("cover", subject, seed=number) for number, subject in enumerate(subjects)], steps=steps
    )
    paths = [now.catalog.image_path(item) for item in some]
    return clip_figures(eyes, [one.text for one in subjects], drawn, [read_picture(path) for path in paths if path])


def _opened(run: Path, now: Snapshot, painter: str | None, fitted: np.ndarray | None) -> Painter:
    """fitted: bool (N,), the rows that a small painter's projection may be fitted on; None for all."""
    from genrec.imagery.artist import opened
    from genrec.imagery.small.painter import SmallPainter
    from genrec.imagery.small.projection import Projection

    able = opened(run, now, painter, kind_of(run))
    if fitted is not None and isinstance(able, SmallPainter):
        vectors, present = vectors_of(run, now)
        able.projection = Projection.of_run(able.pipeline.conditioner, now.catalog.table, vectors, present & fitted)
    return able
