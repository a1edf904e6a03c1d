"""What each verb does: the whole road from a catalogue to the next items, one function per stage over a workspace.

    prepare   data/      catalog.parquet, interactions.parquet
    embed     embed/     text, image and fused item vectors; the frozen encoders
    tokenize  sid/       semantic IDs, the tokenizer, the trie, what they are worth
    train     model/     the compact generator and its leaf score
    evaluate  evaluate/  rows.json, report.html: the generator beside the baselines
    generate  generate/  the next items of every user, in Parquet shards

Each stage reads what the ones before it wrote, through the workspace, which skips what is finished, resumes what was
killed and notices what changed. Nothing is computed here: the rooms do that.

Beside the road: `language` makes the language model, `preferring` lets it learn from its own answers, `speaking` has it
answer; `updating` adds events and items to a finished run; `forgetting` takes people out of it; `imagining` has items
drawn, `judging` says what the pictures are worth, `teaching` tunes a checkpoint that draws.
"""

from __future__ import annotations

import json
import os
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from genrec import progress
from genrec.data import Catalog, Interactions, Sequences, Source, Split
from genrec.errors import UserError
from genrec.recipes import CompactRecipe, DataRecipe, Experiment
from genrec.workspace import Stage, Workspace

# ---------------------------------------------------------------------- prepare


def prepare(workspace: Workspace, experiment: Experiment) -> None:
    """Read the source, clean it, write it in GenRec's own tables."""
    recipe = experiment.data
    if "data" in workspace.stages() and "update" in workspace.manifest("data").recipe:
        raise UserError(
            f"{workspace.path} was extended by `genrec update`, and preparing it again would lose that: go on with a "
            f"later verb, take a new folder, or go back with `genrec update {workspace.path} --rollback`"
        )

    def work(stage: Stage) -> None:
        from genrec.data import deduplicate, k_core
        from genrec.stages import forgetting

        folder = stage.output("catalog.parquet").parent
        source = _read(recipe, folder, stage)
        interactions, repeats = deduplicate(source.interactions)
        interactions, forgotten = forgetting.remembered(workspace.path, interactions)
        catalog = source.catalog
        dropped = 0
        if recipe.k_core:
            interactions, dropped = k_core(interactions, users=recipe.k_core, items=recipe.k_core)
            if not len(interactions):
                raise UserError(f"data.k_core = {recipe.k_core} leaves no interaction at all: lower it")
            catalog = catalog.keep(interactions.table["item_id"].unique().to_list())
        longest = max(interactions.table["user_id"].value_counts()["count"], default=0)
        needed = 3 if recipe.split == "leave-one-out" else 2
        if longest < needed:
            raise UserError(
                f"no user has {needed} events, which the split {recipe.split} needs: give longer histories, or, if "
                f"another column says who is who, name it, --set data.event_columns.user_id=THEIR_NAME"
            )
        catalog.write(stage.output("catalog.parquet"))
        interactions.write(stage.output("interactions.parquet"))
        if source.bad_rows.count:
            source.bad_rows.write(stage.output("bad_rows.json"))
            progress.say(f"{source.bad_rows.count} bad row(s) left out, listed in {workspace.path}/data/bad_rows.json")
        users = interactions.table["user_id"].n_unique()
        stage.metrics |= {"items": len(catalog), "users": users, "interactions": len(interactions)}
        stage.metrics |= {"repeats_dropped": repeats, "k_core_dropped": dropped, "bad_rows": source.bad_rows.count}
        if forgotten:
            stage.metrics["forgotten"] = forgotten
            progress.say(f"{forgotten:,} event(s) of people who were forgotten are left out")
        progress.say(f"data: {len(catalog):,} items, {users:,} users, {len(interactions):,} interactions")

    workspace.run("data", work, recipe=recipe.model_dump(), inputs=_files(recipe), seed=recipe.seed)


def _read(recipe: DataRecipe, folder: Path, stage: Stage) -> Source:
    from genrec.data import readers

    if recipe.kind in ("fashion", "home", "music"):
        build = import_module(f"genrec.data.synthetic.{recipe.kind}").build
        world = build(folder, items=recipe.n_items, users=recipe.n_users, seed=recipe.seed)
        stage.output("oracles.json").write_text(json.dumps(world.oracles, indent=1))
        return Source(world.catalog, world.interactions, readers.BadRows())
    if recipe.kind == "tabular":
        return readers.read_tabular(
            expanded(_needed(recipe.events, "data.events", "the file of events (CSV, Parquet or JSON lines)")),
            expanded(recipe.items) if recipe.items else None,
            event_columns=recipe.event_columns,
            item_columns=recipe.item_columns,
            image_folder=expanded(recipe.images) if recipe.images else None,
            on_duplicate="first" if recipe.first_of_duplicates else "error",
            skip_bad_rows=recipe.skip_bad_rows,
        )
    path = expanded(_needed(recipe.path, "data.path", f"the folder of the {recipe.kind} data set"))
    read = readers.read_unisrec if recipe.kind == "unisrec" else readers.read_s3rec
    return read(path, skip_bad_rows=recipe.skip_bad_rows)


def _files(recipe: DataRecipe) -> list[str | Path]:
    named = [recipe.path, recipe.items, recipe.events, recipe.images]
    return [expanded(path) for path in named if path]


def expanded(path: str) -> Path:
    """A path of a recipe, with environment variables put in."""
    whole = os.path.expandvars(path)
    if "$" in whole:
        raise UserError(
            f"the data's path {path} names an environment variable that is not set: set it, or write the path out"
        )
    return Path(whole)


def _needed(value: str | None, key: str, meaning: str) -> str:
    if not value:
        raise UserError(f"{key} is not set: it names {meaning}")
    return value


def load_data(folder: Path) -> tuple[Catalog, Interactions]:
    """The tables of a finished data stage."""
    return Catalog.read(folder / "catalog.parquet"), Interactions.read(folder / "interactions.parquet")


def split_of(folder: Path, recipe: DataRecipe) -> tuple[Catalog, Split]:
    """The catalogue of a data stage and its split. The split is a function of the tables, so it is not stored."""
    from genrec.data import cold_items, global_time, leave_one_out

    catalog, interactions = load_data(folder)
    sequences = interactions.sequences(catalog)
    if recipe.split == "leave-one-out":
        return catalog, leave_one_out(sequences, len(catalog))
    if recipe.split == "global-time":
        return catalog, global_time(sequences, len(catalog))
    return catalog, cold_items(sequences, len(catalog), seed=recipe.seed)


def asked(recipe: DataRecipe, *more: str) -> dict[str, Any]:
    """What a stage after `prepare` takes from the data's recipe, for its plan; the data's files do not show it."""
    return {"data": recipe.model_dump(include={"split", "seed", *more})}


# ---------------------------------------------------------------------- embed


def embed(workspace: Workspace, experiment: Experiment) -> None:
    """Item vectors per modality, and fused."""

    def work(stage: Stage) -> None:
        from genrec.embed import vectors
        from genrec.embed.items import ItemEncoder

        catalog, split = split_of(stage.input("data"), experiment.data)
        encoder = ItemEncoder(experiment.embed)
        modalities, fused = encoder.fit(catalog, split.train, seed=stage.seed, scratch=stage.scratch)
        folder = stage.output("fused.npy").parent
        for name, (values, mask) in modalities.items():
            vectors.save(folder, name, values, mask)
        vectors.save(folder, "fused", fused, np.ones(len(fused), bool))
        if encoder.image is not None:
            from genrec.embed.colours import colours_of

            vectors.save(folder, "colours", *colours_of(catalog))  # for searches by picture
        encoder.save_pretrained(stage.output("encoders/recipe.json").parent)
        stage.metrics |= {name: {"dim": v.shape[1], "items": int(m.sum())} for name, (v, m) in modalities.items()}
        stage.metrics |= {"fused": {"dim": fused.shape[1], "items": len(fused)}} | encoder.metrics

    inputs: list[str | Path] = ["data"]
    if experiment.embed.text.kind == "vectors" and experiment.embed.text.model:
        inputs.append(Path(experiment.embed.text.model))
    if experiment.data.images and experiment.embed.image.kind != "none":
        inputs.append(expanded(experiment.data.images))  # the catalogue holds the pictures' names only
    plan = experiment.embed.model_dump() | asked(experiment.data)
    workspace.run("embed", work, recipe=plan, inputs=inputs, seed=experiment.seed)


# ---------------------------------------------------------------------- tokenize


def tokenize(workspace: Workspace, experiment: Experiment) -> None:
    """Semantic IDs: quantize, make unique, build the trie, measure."""
    recipe = experiment.tokenizer

    def work(stage: Stage) -> None:
        from genrec.decode.trie import Trie
        from genrec.embed import vectors
        from genrec.sid import metrics, tokenizer_class
        from genrec.sid.collisions import resolve

        catalog, split = split_of(stage.input("data"), experiment.data)
        fused = np.array(vectors.load(stage.input("embed"), "fused")[0])
        options = recipe.model_dump(exclude={"kind", "spare", "held_out"}, exclude_none=True)
        held_out = np.random.default_rng(stage.seed).permutation(len(fused))[: int(recipe.held_out * len(fused))]
        quality: dict[str, Any] = {}
        if len(held_out):
            # What the codes say of items that the codebooks were not fitted to, measured on a fit of its own.
            trial = tokenizer_class(recipe.kind)(**options)
            trial.fit(np.delete(fused, held_out, axis=0), seed=stage.seed, folder=stage.scratch / "held-out")
            seen = trial.prepare(np.delete(fused, held_out, axis=0)).mean(axis=0, dtype=np.float64)
            targets = trial.prepare(fused[held_out])
            quality["r2_held_out"] = metrics.r2(targets, trial.decode(trial.encode(fused[held_out])), seen)
            quality["held_out_items"] = len(held_out)
        tokenizer = tokenizer_class(recipe.kind)(**options)
        tokenizer.fit(fused, seed=stage.seed, folder=stage.scratch / "fit")
        codes = tokenizer.encode(fused)
        popularity = np.bincount(split.train.items, minlength=len(catalog))
        ids = resolve(codes, popularity, codebook_sizes=tokenizer.codebook_sizes, spare=recipe.spare)
        ids.save(stage.output("sids.safetensors"))
        Trie.build(ids).save(stage.output("trie.safetensors"))
        tokenizer.save_pretrained(stage.output("tokenizer/config.json").parent)
        stage.metrics |= metrics.report(codes, ids, fused, tokenizer, split.train) | quality
        stage.output("metrics.json").write_text(json.dumps(stage.metrics, indent=1))
        shared = stage.metrics["collisions_before"]["shared"]
        progress.say(f"sid: {len(ids):,} items, {shared:.1%} shared a content code before the collision level, 0 after")

    plan = recipe.model_dump() | asked(experiment.data)
    workspace.run("sid", work, recipe=plan, inputs=["data", "embed"], seed=experiment.seed)


# ---------------------------------------------------------------------- train


def train(workspace: Workspace, experiment: Experiment) -> None:
    """The compact generator, then the weights of its leaf score."""

    def work(stage: Stage) -> None:
        train_model(stage, experiment, start=None)

    plan = experiment.train.model_dump() | asked(experiment.data, "exclude_seen")
    workspace.run("model", work, recipe=plan, inputs=["data", "embed", "sid"], seed=experiment.seed)


def train_model(stage: Stage, experiment: Experiment, start: Path | None) -> None:
    """The work of the stage `train`. start: an earlier version of the model to go on from, with no more items."""
    from genrec import loop
    from genrec.decode.generator import Generator
    from genrec.decode.leaf import LeafScorer
    from genrec.decode.torch_engine import TorchEngine
    from genrec.decode.trie import Trie
    from genrec.embed import vectors
    from genrec.evaluate.baselines import contentknn, itemknn
    from genrec.evaluate.tuning import grid, tune
    from genrec.model.compact import CompactModel
    from genrec.sid import SemanticIds
    from genrec.train.compact import train_compact
    from genrec.train.leaf import fit_leaf

    recipe = experiment.train
    catalog, split = split_of(stage.input("data"), experiment.data)
    fused, _ = vectors.load(stage.input("embed"), "fused")
    ids = SemanticIds.load(stage.input("sid") / "sids.safetensors")
    trie = Trie.load(stage.input("sid") / "trie.safetensors")
    model = new_model(recipe, ids, np.asarray(fused), split.train, stage.seed)
    if start is not None:
        model.warm_start(CompactModel.from_pretrained(start))
    config = loop.LoopConfig(
        epochs=recipe.epochs,
        learning_rate=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        patience=recipe.patience,
        seed=stage.seed,
    )
    exclude_seen = experiment.data.exclude_seen
    record = train_compact(
        model, trie, split.train, split.validation, config, batch_tokens=recipe.batch_tokens,
        exclude_seen=exclude_seen, folder=stage.scratch / "loop",
    )  # fmt: skip
    model.save_pretrained(stage.output("config.json").parent)
    popularity = np.bincount(split.train.items, minlength=len(catalog)).astype(np.float32)
    np.save(stage.output("popularity.npy"), popularity)
    curves = record.epochs
    stage.output("curves.json").write_text(json.dumps(curves))
    stage.metrics |= {"epochs": len(curves), "best_epoch": record.best_epoch, "validation_ndcg@10": record.best_score}
    stage.metrics |= {"parameters": sum(parameter.numel() for parameter in model.parameters())}
    if recipe.leaf is None or not len(split.validation):
        return
    # All neighbours count here: cut to the nearest few they rank better alone, but know less of others' candidates.
    neighbours = tune(
        lambda params: itemknn.ItemKNN(**params).fit(split.train, len(catalog)),
        grid(itemknn.GRID | {"neighbours": [None]}),
        split.validation,
        exclude_seen=exclude_seen,
        record=stage.scratch / "itemknn.json",
        description="Neighbours",
    )
    content = tune(
        lambda params: contentknn.ContentKNN(np.asarray(fused), **params).fit(split.train, len(catalog)),
        grid(contentknn.GRID),
        split.validation,
        exclude_seen=exclude_seen,
        record=stage.scratch / "contentknn.json",
        description="Content",
    )
    features: dict[str, float] = dict.fromkeys(recipe.leaf.features, 1.0)
    nearest = itemknn.ItemKNN(**neighbours.best).fit(split.train, len(catalog))
    alike = contentknn.ContentKNN(np.asarray(fused), **content.best)
    leaf = LeafScorer(model, nearest, alike, popularity, features, recipe.leaf.proposals)
    generator = Generator(TorchEngine(model, trie, width=recipe.beam), np.log1p(popularity), leaf)
    weights = fit_leaf(generator, split.validation, seed=stage.seed, exclude_seen=exclude_seen)
    stage.metrics |= {"leaf": weights, "neighbours": neighbours.best, "content": content.best}
    assert generator.leaf is not None
    generator.leaf.save(stage.output("leaf.json").parent)
    progress.say("leaf score: " + ", ".join(f"{name} {weight:.2f}" for name, weight in weights.items()))


def new_model(recipe: CompactRecipe, ids: Any, content: np.ndarray, train: Sequences, seed: int) -> Any:
    """An untrained `CompactModel` for a catalogue; items that training never shows rely on codes and content alone."""
    import torch

    from genrec.model.compact import CompactConfig, CompactModel

    options = recipe.model_dump(
        include={
            "width",
            "layers",
            "heads",
            "dropout",
            "max_items",
            "item_ids",
            "item_dropout",
            "time_dropout",
            "dense",
            "dense_weight",
        }
    )
    torch.manual_seed(seed)
    config = CompactConfig(
        codebook_sizes=ids.codebook_sizes, n_items=len(ids), content_dim=content.shape[1] if recipe.content else 0,
        seconds_per_unit=train.seconds_per_unit if recipe.times else 0.0, **options,
    )  # fmt: skip
    model = CompactModel(config)
    known = np.zeros(len(ids), bool)
    known[train.items] = True
    model.set_items(ids.codes, content if recipe.content else None, known)
    return model


# ---------------------------------------------------------------------- evaluate


def evaluate(workspace: Workspace, experiment: Experiment) -> list[dict[str, Any]]:
    """The table, and the report. Returns the rows that `genrec evaluate --json` prints."""

    def work(stage: Stage) -> None:
        from genrec import compare

        compare.run(stage, experiment)

    plan = experiment.evaluate.model_dump() | asked(experiment.data, "exclude_seen", "name")
    workspace.run("evaluate", work, recipe=plan, inputs=["data", "embed", "sid", "model"], seed=experiment.seed)
    rows: list[dict[str, Any]] = json.loads((workspace.folder("evaluate") / "rows.json").read_text())
    return rows


# ---------------------------------------------------------------------- generate


def generate(
    workspace: Workspace,
    *,
    k: int = 10,
    exclude_seen: bool = True,
    beam: int = 50,
    shard: int = 2000,
    engine: str = "compact",
    lm: str | None = None,
) -> Path:
    """The next `k` items of every user, from all that is known of them: Parquet files of `shard` users each.

    Columns user_id, rank (1 …), item_id, score. A killed run keeps its finished shards and goes on after them.
    engine: the compact generator, or the language model `lm` (None: the run's first) by torch or vLLM.
    """
    from genrec.recommender import LIVE
    from genrec.stages import language, speaking

    recipe: dict[str, Any] = {"k": k, "exclude_seen": exclude_seen, "beam": beam, "shard": shard}
    inputs: list[str | Path] = ["data", "embed", "sid", "model"]
    if engine != "compact":
        recipe |= {"engine": engine, "lm": language.stage_name(lm)}
        inputs = ["data", "sid", recipe["lm"]]
    elif lm is not None:
        raise UserError(f"--lm {lm} names a language model, and the engine is compact: add --engine torch or vllm")
    log = workspace.path / LIVE / "log.jsonl"
    if log.exists():
        # The catalogue was changed since the run was trained; with every change the answers are other ones.
        recipe["live"] = log.read_bytes().count(b"\n") - 1

    def work(stage: Stage) -> None:
        catalog, interactions = load_data(stage.input("data"))
        if k > len(catalog):
            raise UserError(f"k = {k} is more than the {len(catalog)} items of the catalogue: ask for fewer")
        sequences = interactions.sequences(catalog)
        with (
            speaking.answers(workspace, recipe, max(beam, k)) as answers,
            progress.bar("Generating", len(sequences), "user") as shown,
        ):
            for number, begin in enumerate(range(0, len(sequences), shard)):
                rows = np.arange(begin, min(begin + shard, len(sequences)))
                whole = stage.scratch / f"part-{number:05d}.parquet"
                if not whole.exists():
                    table = answers(sequences.take(rows))
                    part = whole.with_suffix(".part")
                    table.write_parquet(part)
                    os.replace(part, whole)
                shown.advance(len(rows))
        for whole in sorted(stage.scratch.glob("part-*.parquet")):
            link_or_copy(whole, stage.output(whole.name))
        stage.metrics |= {"users": len(sequences), "k": k, "engine": engine}

    workspace.run("generate", work, recipe=recipe, inputs=inputs)
    return workspace.folder("generate")


def link_or_copy(source: Path, target: Path) -> None:
    """The same file in a second place: a hard link, which costs no space, or a copy where the disk has none."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def run(workspace: Workspace, experiment: Experiment) -> list[dict[str, Any]]:
    """Everything from the data to the table."""
    prepare(workspace, experiment)
    embed(workspace, experiment)
    tokenize(workspace, experiment)
    train(workspace, experiment)
    return evaluate(workspace, experiment)


__all__ = ["embed", "evaluate", "generate", "load_data", "prepare", "run", "split_of", "tokenize", "train"]
