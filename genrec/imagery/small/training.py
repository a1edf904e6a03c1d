"""The small painter from nothing: lessons, words, latents, fitter, network. A stage that is done is skipped."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_dc import AutoencoderDC
from diffusers.schedulers.scheduling_flow_match_euler_discrete import FlowMatchEulerDiscreteScheduler
from safetensors.torch import load_file, save_file
from torch.nn import functional

from genrec import loop, progress
from genrec.errors import UserError
from genrec.imagery.small import lessons as drawing_lessons
from genrec.imagery.small.autoencoding import autoencoder, begin_linear, encoded, fit_autoencoder, packed
from genrec.imagery.small.card import write_card
from genrec.imagery.small.conditioner import Conditioner
from genrec.imagery.small.domains import domain, of_run
from genrec.imagery.small.fitter import Fitter, Fittings, fit_fitter, fitted
from genrec.imagery.small.learning import Examples, Latents, Sketch, Studio, fit_network, network
from genrec.imagery.small.lessons import Lessons
from genrec.imagery.small.meanings import Readings, fit_meanings
from genrec.imagery.small.pipeline import SmallPipeline
from genrec.recipes.models import ImageryRecipe

MOST = 4_400_000
"""Parameters of a painter, so that three of them are small enough to travel in a package."""


def fit(recipe: ImageryRecipe, folder: Path) -> SmallPipeline:
    """Train what the recipe says in `folder`, and write folder/pipeline in half precision. Goes on where it was killed.

    folder/lessons, words, latents, fitter, sketch and network hold the stages; folder/training.json what each took and
    its last loss.
    """
    spent: dict[str, Any] = {}
    if recipe.run is None:
        world, data = domain(recipe.domain), ""
    else:
        world = of_run(Path(recipe.run), recipe.domain, recipe.columns, recipe.identity)
        data = hashlib.sha256((Path(recipe.run) / "data" / "catalog.parquet").read_bytes()).hexdigest()
    begun = time.perf_counter()

    written = folder / "training.json"
    before = json.loads(written.read_text()) if written.exists() else {}

    def took(stage: str, **more: Any) -> None:
        """A stage that was done already took what it took then."""
        nonlocal begun
        now = time.perf_counter()
        seconds = max(round(now - begun, 1), before.get(stage, {}).get("seconds", 0.0))
        spent[stage], begun = {"seconds": seconds} | more, now

    def learned(stage: str, record: loop.Record) -> None:
        """Its seconds are those of all its epochs, whenever they were."""
        seconds = round(sum(row["seconds"] for row in record.epochs), 1)
        took(stage, seconds=seconds, loss=record.epochs[-1]["loss"])

    folder.mkdir(parents=True, exist_ok=True)
    _claim(folder, {"recipe": recipe.model_dump(mode="json"), "data": data})
    lessons = drawing_lessons.drawn(
        world, folder / "lessons", worlds=recipe.worlds, items=recipe.items, users=recipe.users,
        previews=recipe.previews, seed=recipe.seed, data=data,
    )  # fmt: skip
    took("lessons", things=len(lessons.pictures), held=int(lessons.held.sum()), previews=len(lessons.of))
    torch.manual_seed(recipe.seed)
    known = {name: sorted({row[name] for row in lessons.told}) for name in world.judged}
    conditioner = Conditioner(
        recipe.buckets, recipe.width, recipe.tokens, recipe.token_width, recipe.hidden, 4 * recipe.channels,
        recipe.sketch_layers, columns={name: len(values) for name, values in known.items()},
    )  # fmt: skip
    readings = fit_meanings(conditioner, lessons, epochs=recipe.word_epochs, seed=recipe.seed, folder=folder / "words")
    meanings = whole(conditioner, readings)
    conditioner.centre(meanings)
    conditioner.leaning.fit(
        conditioner.unit(meanings),
        {name: [values.index(row[name]) for row in lessons.told] for name, values in known.items()},
        [name for name in world.judged if name not in world.identity],
        lessons.histories, np.flatnonzero(~lessons.held), seed=recipe.seed,
    )  # fmt: skip
    took("words")
    vae = autoencoder(recipe.channels, (16, *recipe.autoencoder_widths))
    shown = np.concatenate([lessons.pictures[~lessons.held], lessons.scenes[::3], lessons.placed])
    begin_linear(vae, shown[:: max(1, len(shown) // 160)])
    record = fit_autoencoder(
        vae, shown, steps=recipe.autoencoder_steps, batch=recipe.autoencoder_batch,
        learning_rate=recipe.autoencoder_learning_rate, seed=recipe.seed, folder=folder / "latents",
    )  # fmt: skip
    learned("latents", record)
    fitter = None
    if len(lessons.of):
        fittings = Fittings.of(lessons)
        torch.manual_seed(recipe.seed + 2)
        fitter = Fitter(recipe.fit_widths)
        record = fit_fitter(
            fitter, fittings, steps=recipe.fit_steps, batch=recipe.fit_batch,
            learning_rate=recipe.fit_learning_rate, seed=recipe.seed, folder=folder / "fitter",
        )  # fmt: skip
        learned("fitter", record)
    kept = folder / "latents.safetensors"
    begun_with = None if fitter is None or kept.exists() else fitted(fitter, fittings)
    latents, mean, std = in_latents(vae, lessons, begun_with, kept)
    took("encoding")
    examples = Examples(lessons, latents, readings, meanings, world.identity, recipe.preview_share)
    record = fit_network(
        Sketch(conditioner), examples.covers, steps=recipe.sketch_steps, batch=recipe.sketch_batch,
        learning_rate=recipe.sketch_learning_rate, seed=recipe.seed, folder=folder / "sketch",
    )  # fmt: skip
    learned("sketch", record)
    torch.manual_seed(recipe.seed + 1)  # so that it begins alike, whether or not the stages before were resumed
    unet = network(recipe.channels, recipe.widths, recipe.token_width)
    studio = Studio(unet, conditioner)
    record = fit_network(
        studio, examples.batch, steps=recipe.steps, batch=recipe.batch, learning_rate=recipe.learning_rate,
        seed=recipe.seed, folder=folder / "network",
    )  # fmt: skip
    learned("network", record)
    scheduler = FlowMatchEulerDiscreteScheduler(shift=recipe.shift)
    trained = recipe.model_dump(mode="json")
    if recipe.run is not None:
        trained["run"] = Path(recipe.run).name  # weights may travel; where they were made is nobody's business
    pipeline = SmallPipeline(
        vae, unet, conditioner, scheduler, {"mean": mean, "std": std}, recipe.domain, trained, fitter
    )
    count = parameters(pipeline)
    if count > MOST:
        progress.say(f"{count:,} parameters; {MOST:,} is the most for a painter that travels in the package")
    spent["parameters"] = count
    write(pipeline, folder / "pipeline")
    written.write_text(json.dumps(spent, indent=1))
    write_card(folder / "pipeline", trained, spent, {})
    return pipeline


def _claim(folder: Path, mark: dict[str, Any]) -> None:
    """Stages of another recipe or of other pictures would be taken for finished."""
    path = folder / "of.json"
    if path.exists() and json.loads(path.read_text()) != mark:
        raise UserError(
            f"{folder} holds a painter of another recipe, or of other pictures: remove it, or give another folder"
        )
    path.write_text(json.dumps(mark))


def in_latents(
    vae: AutoencoderDC, lessons: Lessons, begun: np.ndarray | None, kept: Path | None = None
) -> tuple[Latents, list[float], list[float]]:
    """Every lesson's latents, packed, each channel of mean 0 and all together of size 1, and what made them so.

    begun: what the fitter made of the previews, uint8 (M, 64, 64, 3); None where there are none, or `kept` is there: a
    file for the latents, in half precision, since making them takes minutes.
    """
    if kept is not None and kept.exists():
        found = load_file(kept)
    else:
        shown = {"pictures": lessons.pictures, "scenes": lessons.scenes, "placed": lessons.placed}
        shown["fitted"] = lessons.scenes if begun is None else begun
        found = {name: packed(encoded(vae, part)).contiguous().half() for name, part in shown.items()}
        if kept is not None:
            part = kept.with_name(f"{kept.name}.part")
            save_file(found, part)
            os.replace(part, kept)
    found = {name: part.float() for name, part in found.items()}
    both = torch.cat([found["pictures"][torch.from_numpy(~np.asarray(lessons.held))], found["placed"]])
    mean = both.mean(dim=(0, 2, 3))
    std = (both - mean.view(1, -1, 1, 1)).std().expand(len(mean))
    shape = (1, -1, 1, 1)
    unit = {name: (part - mean.view(shape)) / std.view(shape) for name, part in found.items()}
    masks = torch.from_numpy(np.array(lessons.masks)).float()[:, None] / 255
    side = 2 * unit["pictures"].shape[2]
    small = functional.adaptive_avg_pool2d(masks, (side, side)) if len(masks) else masks[:, :, :side, :side]
    return Latents(**unit, masks=small), mean.tolist(), std.tolist()


@torch.no_grad()
def whole(conditioner: Conditioner, readings: Readings) -> torch.Tensor:
    """float32 (N, width): the meaning of all that each row says."""
    return conditioner.meaning([readings.full(row) for row in range(len(readings.texts))])


def parameters(pipeline: SmallPipeline) -> int:
    return sum(parameter.numel() for part in pipeline.models for parameter in part.parameters())


def write(pipeline: SmallPipeline, folder: Path) -> None:
    """In half precision: what the weights lose by it is far below what a picture shows."""
    import copy

    fitter = None if pipeline.fitter is None else copy.deepcopy(pipeline.fitter).half()
    half = SmallPipeline(
        copy.deepcopy(pipeline.vae).half(), copy.deepcopy(pipeline.unet).half(),
        copy.deepcopy(pipeline.conditioner).half(), pipeline.scheduler, pipeline.config["latents"],
        pipeline.config["domain"], pipeline.config["trained"], fitter,
    )  # fmt: skip
    half.save_pretrained(folder, safe_serialization=True)
