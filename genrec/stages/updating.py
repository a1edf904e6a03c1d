"""`genrec update`: new events and items on top of a finished run.

Encoders and tokenizer are frozen, so semantic IDs that were given stay what they are; newcomers get IDs of their own;
the generator goes on training from its weights. The new version is made whole in RUN/staging and then put in place in
one step; the one before is kept under RUN/versions. A killed update goes on where it was.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl

from genrec import progress, stages
from genrec.data import Catalog, Interactions, deduplicate
from genrec.data.readers import BadRows, read_events, read_items
from genrec.errors import UserError
from genrec.recipes import DataRecipe, Experiment
from genrec.recommender import LIVE
from genrec.stages import forgetting
from genrec.workspace import Stage, Workspace

NOT_KEPT = ("catalog.parquet", "interactions.parquet", "bad_rows.json", "manifest.json", "oracles.json")
"""What of a data stage holds for its version only; the rest are pictures that live inside the run."""


def update(
    workspace: Workspace,
    experiment: Experiment,
    events: Path | None,
    items: Path | None,
    *,
    skip_bad_rows: bool = False,
) -> int:
    """Make and install the next version; its number. The files are read like the run's first ones.

    UserError where neither file is given, an event names an item that neither the catalogue nor `items` has, or a file
    is not in order (then nothing has changed).
    """
    if events is None and items is None:
        raise UserError("nothing to update with: give a file of events, or --items, or --rollback")
    for path in (events, items):
        if path is not None and not path.is_file():
            raise UserError(f"there is no file {path}")
    if (workspace.path / LIVE / "log.jsonl").exists():
        raise UserError(
            f"{workspace.path / LIVE} holds changes that were made to the catalogue since, which an update would lose: "
            f"give what was added there by --items (`Recommender.from_pretrained` of the run, .catalog.table, has it), "
            f"move {LIVE}/ elsewhere, and withdraw again afterwards what was withdrawn"
        )
    former = {name: workspace.folder(name) for name in ("data", "embed", "sid", "model")}
    staging = workspace.staging()
    recipe = {"update": {"version": workspace.version, "skip_bad_rows": skip_bad_rows}}
    recipe |= stages.asked(experiment.data, "exclude_seen")
    given: list[str | Path] = [path for path in (events, items) if path is not None]

    def data(stage: Stage) -> None:
        _data(stage, former["data"], workspace.path, experiment.data, events, items, skip_bad_rows)

    def embed(stage: Stage) -> None:
        _embed(stage, former["embed"])

    def sid(stage: Stage) -> None:
        _sid(stage, former["sid"], experiment.data)

    def model(stage: Stage) -> None:
        stages.train_model(stage, shorter, start=former["model"])

    train = experiment.train
    shorter = experiment.model_copy(
        update={
            "train": train.model_copy(
                update={"epochs": train.update_epochs, "learning_rate": train.update_learning_rate}
            )
        }
    )
    staging.run("data", data, recipe=recipe, inputs=[former["data"], *given], seed=experiment.seed)
    staging.run("embed", embed, recipe=recipe, inputs=["data", former["embed"]], seed=experiment.seed)
    staging.run("sid", sid, recipe=recipe, inputs=["data", "embed", former["sid"]], seed=experiment.seed)
    staging.run(
        "model", model, recipe=recipe | shorter.train.model_dump(), inputs=["data", "embed", "sid", former["model"]],
        seed=experiment.seed,
    )  # fmt: skip
    return workspace.replace(staging)


def _data(
    stage: Stage,
    former: Path,
    run: Path,
    recipe: DataRecipe,
    events: Path | None,
    items: Path | None,
    skip_bad_rows: bool,
) -> None:
    catalog, interactions = stages.load_data(former)
    bad_rows = BadRows(skip_bad_rows)
    grown = catalog if items is None else _grown(catalog, items, recipe, bad_rows)
    together = interactions
    if events is not None:
        read, forgotten = forgetting.remembered(run, read_events(events, grown, recipe.event_columns, bad_rows))
        fresh = read.table
        if forgotten:
            progress.say(f"{forgotten:,} event(s) of people who were forgotten are left out")
        if recipe.has_positions and len(interactions):
            # The times are places in a history, so what is new comes after all that was there.
            fresh = fresh.with_columns(pl.col("timestamp") + int(interactions.table["timestamp"].max()) + 1)  # type: ignore[arg-type]
        columns = interactions.table.columns
        together, _ = deduplicate(Interactions(pl.concat([interactions.table, fresh.select(columns)], rechunk=True)))
    for path in sorted(former.rglob("*")):
        if path.is_file() and path.name not in NOT_KEPT:
            stages.link_or_copy(path, stage.output(path.relative_to(former).as_posix()))
    folder = stage.output("catalog.parquet").parent
    inside = grown.root is not None and grown.root.resolve() == former.resolve()
    Catalog(grown.table, folder if inside else grown.root).write(stage.output("catalog.parquet"))
    together.write(stage.output("interactions.parquet"))
    if bad_rows.count:
        bad_rows.write(stage.output("bad_rows.json"))
    added = {"items": len(grown) - len(catalog), "interactions": len(together) - len(interactions)}
    stage.metrics |= {"items": len(grown), "interactions": len(together), "added": added, "bad_rows": bad_rows.count}
    progress.say(f"update: {added['items']:,} new item(s), {added['interactions']:,} new event(s)")


def _grown(catalog: Catalog, items: Path, recipe: DataRecipe, bad_rows: BadRows) -> Catalog:
    """The catalogue with the new items of the file behind its own; items it has already stay as they are."""
    found = read_items(
        items, recipe.item_columns, bad_rows, image_folder=stages.expanded(recipe.images) if recipe.images else None
    )
    known = pl.col("item_id").is_in(catalog.ids)
    repeated = found.table.filter(known).height
    if repeated:
        progress.say(f"{repeated} item(s) of {items} are in the catalogue already and stay as they are")
    fresh = found.table.filter(~known)
    if found.root is not None:
        folder = pl.lit(found.root.resolve().as_posix())
        fresh = fresh.with_columns(pl.format("{}/{}", folder, pl.col("image")).alias("image"))
    missing = [column for column in fresh.columns if column not in catalog.table.columns]
    if missing:
        progress.say(f"columns that the catalogue does not have are left out: {', '.join(missing)}")
        fresh = fresh.drop(missing)
    try:
        return catalog.extended(fresh)
    except UserError as error:
        raise UserError(f"{items}: {error}: mend the file") from None


def _embed(stage: Stage, former: Path) -> None:
    from genrec.embed import vectors
    from genrec.embed.colours import colours_of
    from genrec.embed.items import ItemEncoder

    catalog, _ = stages.load_data(stage.input("data"))
    before = {path.name.removesuffix(".mask.npy") for path in former.glob("*.mask.npy")}
    known = len(vectors.load(former, "fused")[0])
    fresh = Catalog(catalog.table[known:], catalog.root)
    encoder = ItemEncoder.from_pretrained(former / "encoders")
    added: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    if len(fresh):
        added, fused = encoder.encode(fresh)
        added["fused"] = (fused, np.ones(len(fused), bool))
        if "colours" in before:
            added["colours"] = colours_of(fresh)
    folder = stage.output("fused.npy").parent
    for name in sorted(before):
        values, mask = vectors.load(former, name)
        nothing = (np.zeros((len(fresh), values.shape[1]), np.float32), np.zeros(len(fresh), bool))
        more, there = added.get(name, nothing)
        vectors.save(folder, name, np.concatenate([values, more]), np.concatenate([mask, there]))
    shutil.copytree(former / "encoders", folder / "encoders")
    stage.metrics |= {"items": len(catalog), "encoded": len(fresh)}


def _sid(stage: Stage, former: Path, recipe: DataRecipe) -> None:
    from genrec.decode.trie import Trie
    from genrec.embed import vectors
    from genrec.sid import SemanticIds, load_tokenizer, metrics
    from genrec.sid.collisions import admit

    ids = SemanticIds.load(former / "sids.safetensors")
    tokenizer = load_tokenizer(former / "tokenizer")
    fused, _ = vectors.load(stage.input("embed"), "fused")
    grown = admit(ids, tokenizer, np.array(fused[len(ids) :]))
    grown.save(stage.output("sids.safetensors"))
    Trie.build(grown).save(stage.output("trie.safetensors"))
    shutil.copytree(former / "tokenizer", stage.output("tokenizer/config.json").parent, dirs_exist_ok=True)
    _, split = stages.split_of(stage.input("data"), recipe)
    everything = np.array(fused)
    stage.metrics |= metrics.report(grown.codes[:, :-1], grown, everything, tokenizer, split.train)
    stage.output("metrics.json").write_text(json.dumps(stage.metrics, indent=1))
