"""The evaluate stage: the generator and the baselines on the same questions, then the table and the report.

Everything that has a choice is chosen on validation questions only; the test questions are asked once, at the end.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from genrec.data import Catalog, Split
from genrec.evaluate import protocol
from genrec.evaluate.interface import Recommends
from genrec.recipes import Experiment
from genrec.workspace import Stage

if TYPE_CHECKING:
    from genrec import loop
    from genrec.decode.causal_generator import CausalGenerator

EXAMPLES, DRAWN, GROUPS, PER_GROUP = 6, 3, 6, 8
Trials = dict[str, dict[str, Any]]


def run(stage: Stage, experiment: Experiment) -> None:
    """Evaluate every model that has no result in the stage's scratch yet; write rows.json and report.html."""
    from genrec import stages
    from genrec.evaluate.report import Example, ReportInput, write_report
    from genrec.sid import SemanticIds
    from genrec.stages import imagining

    catalog, split = stages.split_of(stage.input("data"), experiment.data)
    tuning: Trials = {}
    curves: dict[str, list[dict[str, Any]]] = {}
    makers = contestants(stage, experiment, catalog, split, tuning, curves)
    results: list[protocol.Result] = []
    for name, make in makers.items():
        kept = stage.scratch / f"{name}.safetensors"
        about = stage.scratch / f"{name}.json"
        if not kept.exists():
            result = protocol.evaluate(
                make(),
                split.test,
                train=split.train,
                n_items=len(catalog),
                dataset=experiment.data.label,
                split=split.name,
                seed=stage.seed,
                exclude_seen=experiment.data.exclude_seen,
            )
            about.write_text(json.dumps({"tuning": tuning.get(name), "curve": curves.get(name)}))
            result.write(kept)
        results.append(protocol.Result.read(kept))
        said = json.loads(about.read_text())
        tuning |= {name: said["tuning"]} if said["tuning"] else {}
        curves |= {name: said["curve"]} if said["curve"] else {}
    rows = [result.row for result in results]
    stage.output("rows.json").write_text(json.dumps(rows, indent=1))
    comparisons = [
        protocol.compare(results[0], other, metric) for other in results[1:] for metric in ("ndcg@10", "recall@10")
    ]
    stage.output("comparisons.json").write_text(json.dumps(comparisons, indent=1))
    oracles = stage.input("data") / "oracles.json"
    model = json.loads((stage.input("model") / "manifest.json").read_text())["metrics"]
    curves["genrec-compact"] = json.loads((stage.input("model") / "curves.json").read_text())
    ids = SemanticIds.load(stage.input("sid") / "sids.safetensors")
    chosen = np.sort(np.random.default_rng(stage.seed).permutation(len(split.test))[:EXAMPLES])
    asked = split.test.take(chosen)
    examples = [
        Example(
            user=asked.histories.users[row],
            history=asked.histories[row].tolist(),
            target=int(asked.targets[row]),
            answers={result.row["model"]: result.items[chosen[row]][:10].tolist() for result in results},
        )
        for row in range(len(asked))
    ]
    drawn = imagining.for_report(
        stage.input("model").parent,
        catalog,
        [(one.user, one.history, one.answers["genrec-compact"][0]) for one in examples[:DRAWN]],
    )
    write_report(
        stage.output("report.html"),
        ReportInput(
            dataset=experiment.data.label,
            counts={"items": len(catalog), "users": len(split.train), "events": len(split.train.items)},
            split=split.name,
            seed=stage.seed,
            results=results,
            oracles=json.loads(oracles.read_text()) if oracles.exists() else None,
            comparisons=comparisons,
            curves=curves,
            tokenizer=json.loads((stage.input("sid") / "metrics.json").read_text()),
            codes=ids.codes,
            code_groups=code_groups(ids.codes, split),
            examples=examples,
            drawn=drawn,
            catalog=catalog,
            tuning=tuning,
            leaf_weights=model.get("leaf"),
        ),
    )
    stage.metrics |= {row["model"]: {name: row["metrics"][name] for name in ("recall@10", "ndcg@10")} for row in rows}


def contestants(
    stage: Stage,
    experiment: Experiment,
    catalog: Catalog,
    split: Split,
    tuning: Trials,
    curves: dict[str, list[dict[str, Any]]],
) -> dict[str, Callable[[], Recommends]]:
    """By name, in the table's order, how to get every model fitted; `tuning` and `curves` learn what was tried."""
    from genrec.embed import vectors
    from genrec.evaluate.baselines import contentknn, itemknn
    from genrec.evaluate.baselines.popularity import Popularity
    from genrec.evaluate.baselines.sasrec import SASRec
    from genrec.evaluate.baselines.unrepeated import Unrepeated
    from genrec.evaluate.tuning import Tuned, grid, score_of, tune
    from genrec.recommender import load_generator

    n_items, recipe = len(catalog), experiment.evaluate
    root = stage.input("model").parent

    def told(name: str, tuned: Tuned) -> Recommends:
        seconds = sum(trial["seconds"] for trial in tuned.trials)
        tuning[name] = {"best": tuned.best, "trials": len(tuned.trials), "seconds": seconds}
        return tuned.model

    def neighbours() -> Recommends:
        return told("itemknn", tune(
            lambda params: itemknn.ItemKNN(**params).fit(split.train, n_items), grid(itemknn.GRID), split.validation,
            exclude_seen=experiment.data.exclude_seen, record=stage.scratch / "trials-itemknn.json",
            description="ItemKNN",
        ))  # fmt: skip

    def content() -> Recommends:
        # The baseline may choose between the vectors as the encoders gave them and the fused ones.
        folder = stage.input("embed")
        known = ("text", "image", "attributes", "fused")
        spaces = {name: vectors.load(folder, name) for name in known if _has(folder, name)}
        trials = grid({"vectors": list(spaces)} | contentknn.GRID)
        return told("contentknn", tune(
            lambda params: contentknn.ContentKNN(*spaces[params["vectors"]], decay=params["decay"])
            .fit(split.train, n_items),
            trials, split.validation,
            exclude_seen=experiment.data.exclude_seen, record=stage.scratch / "trials-contentknn.json",
            description="Content kNN",
        ))  # fmt: skip

    def sasrec() -> Recommends:
        model = SASRec(**recipe.sasrec.model_dump()).fit(
            split.train,
            n_items,
            validation=split.validation,
            seed=stage.seed,
            folder=stage.scratch / "sasrec",
            exclude_seen=experiment.data.exclude_seen,
        )
        curves["sasrec"] = model.record.epochs
        seconds = sum(row["seconds"] for row in model.record.epochs)
        tuning["sasrec"] = {"best": recipe.sasrec.model_dump(), "trials": 1, "seconds": seconds}
        return model

    def token() -> Recommends:
        made, record, parameters = token_of(stage, experiment, split)
        curves["genrec-token"] = record.epochs
        seconds = sum(row["seconds"] for row in record.epochs)
        best = recipe.token.model_dump() | {"parameters": parameters}
        tuning["genrec-token"] = {"best": best, "trials": 1, "seconds": seconds}
        return made

    def popular() -> Recommends:
        tuning["popularity"] = {"best": {}, "trials": 1, "seconds": 0.0}
        return Popularity().fit(split.train, n_items)

    def choosing(name: str, make: Callable[[], Recommends]) -> Callable[[], Recommends]:
        """`make`, and then the choice on validation whether to repeat what the history holds."""

        def made() -> Recommends:
            model = make()
            if experiment.data.exclude_seen or not len(split.validation):
                return model
            fresh = Unrepeated(model)
            repeats = score_of(model, split.validation) >= score_of(fresh, split.validation)
            tuning[name]["best"] = tuning[name]["best"] | {"repeats": repeats}
            return model if repeats else fresh

        return made

    makers: dict[str, Callable[[], Recommends]] = {
        "genrec-compact": lambda: load_generator(root, beam=recipe.beam),
        "genrec-compact-plain": lambda: load_generator(root, beam=recipe.beam, plain=True),
        "genrec-token": token,
        "sasrec": choosing("sasrec", sasrec),
        "itemknn": choosing("itemknn", neighbours),
        "contentknn": choosing("contentknn", content),
        "popularity": choosing("popularity", popular),
    }
    if experiment.train.leaf is None:
        del makers["genrec-compact-plain"]
    compact = ("genrec-compact", "genrec-compact-plain")
    asked = {*compact, *(name if name != "token" else "genrec-token" for name in recipe.baselines)}
    return {name: make for name, make in makers.items() if name in asked}


def token_of(stage: Stage, experiment: Experiment, split: Split) -> tuple[CausalGenerator, loop.Record, int]:
    """`genrec-token`, trained here from scratch on the same semantic IDs; its epochs, its parameters."""
    import torch

    from genrec import loop
    from genrec.decode.trie import Trie
    from genrec.model.token import token_model
    from genrec.sid import SemanticIds
    from genrec.train.token import token_generator, train_token

    recipe = experiment.evaluate.token
    ids = SemanticIds.load(stage.input("sid") / "sids.safetensors")
    trie = Trie.load(stage.input("sid") / "trie.safetensors")
    torch.manual_seed(stage.seed)
    model = token_model(ids.codebook_sizes, **recipe.model_dump(include={"width", "layers", "heads", "max_items"}))
    config = loop.LoopConfig(
        **recipe.model_dump(include={"epochs", "patience", "learning_rate", "weight_decay"}), seed=stage.seed
    )
    record = train_token(
        model, ids, trie, split.train, split.validation, config,
        **recipe.model_dump(include={"max_items", "dropout", "batch_tokens"}),
        exclude_seen=experiment.data.exclude_seen, folder=stage.scratch / "token",
    )  # fmt: skip
    generator = token_generator(model, ids, trie, max_items=recipe.max_items, beam=experiment.evaluate.beam)
    return generator, record, sum(parameter.numel() for parameter in model.parameters())


def code_groups(codes: np.ndarray, split: Split) -> list[tuple[str, list[int]]]:
    """The most used first codes of uint16 (N, L), each with the items of it that training saw most."""
    popularity = np.bincount(split.train.items, minlength=len(codes))
    used = np.bincount(codes[:, 0])
    groups = []
    for code in np.argsort(-used, kind="stable")[:GROUPS]:
        items = np.flatnonzero(codes[:, 0] == code)
        best = items[np.argsort(-popularity[items], kind="stable")][:PER_GROUP]
        label = ", ".join([str(code), *["*"] * (codes.shape[1] - 1)])
        groups.append((f"{label} ({used[code]} items)", best.tolist()))
    return groups


def _has(folder: Path, name: str) -> bool:
    return (folder / f"{name}.npy").exists()
