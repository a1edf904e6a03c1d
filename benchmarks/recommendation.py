"""GenRec beside its baselines on one recipe over several seeds: the tables of README, docs/results.md and train/README.

    python benchmarks/recommendation.py --recipe scientific --seeds 0 1 2 --json scientific.json

Every seed is an ordinary run in runs/bench/<recipe>-<seed>; what is finished there is not made again. On the fashion
world a seed names the catalogue, as in `genrec demo --seed`; on real data it is the experiment's. Nothing is chosen
on test figures; the baseline called best is the one that is best on the test, which is the hardest to beat.
"""

from __future__ import annotations

import argparse
import json
import shlex
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from machine import line, machine

from genrec import recipes, stages
from genrec.workspace import Workspace

METRICS = ("recall@10", "ndcg@10")
OURS = "genrec-compact"
STAGES = ("data", "embed", "sid", "model", "evaluate")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="demo", help="a recipe's name (train/*.yaml) or a path to one")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a key of the recipe")
    parser.add_argument("--runs", type=Path, default=Path("runs/bench"), help="where the workspaces stand")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured here as well")
    asked = parser.parse_args(arguments)

    measured = [run(asked.recipe, seed, asked.set, asked.runs) for seed in asked.seeds]
    found = summary(asked.recipe, asked.set, measured) | {"machine": machine()}
    print(markdown(found))
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def run(recipe: str, seed: int, changes: Sequence[str], runs: Path) -> dict[str, Any]:
    """One whole run: {"seed", "rows", "comparisons", "oracles" or None, "seconds" by stage}."""
    experiment = recipes.load(recipe, recipes.Experiment, changes)
    key = "data.seed" if experiment.data.kind == "fashion" else "seed"
    experiment = recipes.load(recipe, recipes.Experiment, [*changes, f"{key}={seed}"])
    workspace = Workspace(runs / f"{Path(recipe).stem}-{seed}")
    workspace.remember(experiment.model_dump())
    rows = stages.run(workspace, experiment)
    oracles = workspace.folder("data") / "oracles.json"
    return {
        "seed": seed,
        "rows": rows,
        "comparisons": json.loads((workspace.folder("evaluate") / "comparisons.json").read_text()),
        "oracles": json.loads(oracles.read_text()) if oracles.exists() else None,
        # From the manifests: what a stage took when it was made, not now, when it may have been skipped.
        "seconds": {stage: workspace.manifest(stage).seconds for stage in STAGES},
    }


def summary(recipe: str, changes: Sequence[str], measured: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean and standard deviation (of the sample; None for one seed) by model and metric, and all that was measured."""
    models: dict[str, dict[str, Any]] = {}
    for model in (row["model"] for row in measured[0]["rows"]):
        models[model] = {}
        for metric in METRICS:
            values = [row["metrics"][metric] for one in measured for row in one["rows"] if row["model"] == model]
            spread = statistics.stdev(values) if len(values) > 1 else None
            models[model][metric] = {"mean": statistics.fmean(values), "sd": spread, "values": values}
    baselines = [model for model in models if not model.startswith("genrec")]
    best = max(baselines, key=lambda model: models[model]["ndcg@10"]["mean"], default=None)
    about = {name: measured[0]["rows"][0][name] for name in ("dataset", "split", "exclude_seen")}
    return {"recipe": recipe, "set": list(changes), **about, "best_baseline": best, "models": models, "runs": measured}


def markdown(found: dict[str, Any]) -> str:
    """Three tables: means, every seed, and our model over each baseline on the same questions."""
    models, runs, best = found["models"], found["runs"], found["best_baseline"]
    seeds = ", ".join(str(one["seed"]) for one in runs)
    seen = "excluded" if found["exclude_seen"] else "not excluded"
    said = [f"**{found['dataset']}**, {found['split']}, full ranking, seen items {seen}, seed(s) {seeds}", ""]

    said += _table(
        ["model", "Recall@10", "NDCG@10"],
        [[model, *(_mean(figures[metric]) for metric in METRICS)] for model, figures in models.items()],
    )
    rows = []
    for place, one in enumerate(runs):
        pairs = [
            " / ".join(_plain(figures[metric]["values"][place]) for metric in METRICS) for figures in models.values()
        ]
        rows.append([str(one["seed"]), *pairs, f"{sum(one['seconds'].values()):.0f}"])
    said += ["Recall@10 / NDCG@10 of every seed, and the seconds of the whole run:", ""]
    said += _table(["seed", *models, "seconds"], rows)

    against = [model for model in models if model != OURS]
    oracle = any(one["oracles"] for one in runs)
    rows = []
    for one in runs:
        pairs = {row["model_b"]: row for row in one["comparisons"] if row["metric"] == "ndcg@10"}
        cells = [_ratio(pairs[model]) for model in against]
        if oracle:
            ours = next(row["metrics"]["ndcg@10"] for row in one["rows"] if row["model"] == OURS)
            cells.append(f"{ours / one['oracles']['history']['ndcg@10']:.0%}")
        rows.append([str(one["seed"]), *cells])
    named = [f"{model} (best baseline)" if model == best else model for model in against]
    said += [f"NDCG@10 of {OURS} over that of each other model, with a paired 95 % interval:", ""]
    said += _table(["seed", *named, *(["share of the history-only oracle"] if oracle else [])], rows)

    changes = "".join(f" --set {shlex.quote(change)}" for change in found["set"])
    numbers = " ".join(str(one["seed"]) for one in runs)
    said += [f"`python benchmarks/recommendation.py --recipe {found['recipe']} --seeds {numbers}{changes}`", ""]
    return "\n".join([*said, line(found["machine"])])


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    return ["| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows)] + [""]


def _mean(figure: dict[str, Any]) -> str:
    return _plain(figure["mean"]) + (f" ± {_plain(figure['sd'])}" if figure["sd"] is not None else "")


def _ratio(pair: dict[str, Any]) -> str:
    # None: the other model found nothing at all, in the sample or in one of the bootstrap's.
    low, middle, high = (
        "–" if pair[name] is None else f"{pair[name]:.2f}" for name in ("ratio_low", "ratio", "ratio_high")
    )
    return f"{middle} [{low}, {high}]"


def _plain(value: float) -> str:
    return f"{value:.4f}".removeprefix("0")


if __name__ == "__main__":
    main()
