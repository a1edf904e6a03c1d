"""Item tokenizers on the same vectors, before any generator is trained: the table of tokenizers/README.

    python benchmarks/semantic_ids.py --recipe scientific --text minilm --seeds 2 3

The vectors are those of the text encoder in the embed stage of runs/bench/<recipe>-<encoder>, which is made where it is
missing. Each tokenizer is fitted on all items but a tenth; everything is measured on all items but R², which is of the
held-out tenth. (This script cannot be called tokenizers.py: it would stand in the way of the package of that name.)
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from machine import line, machine

from genrec import recipes, stages
from genrec.embed import vectors as stored
from genrec.sid import metrics, tokenizer_class
from genrec.sid.collisions import resolve
from genrec.workspace import Workspace

HELD_OUT = 0.1


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="scientific", help="whose data: a recipe's name or a path to one")
    parser.add_argument("--text", default="minilm", choices=["minilm", "tfidf"], help="the text encoder")
    parser.add_argument("--seeds", type=int, nargs="+", default=[2, 3])
    parser.add_argument("--tokenizers", nargs="+", default=["rqkmeans", "rqvae"], help="recipes' names or paths")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a key of the tokenizer")
    parser.add_argument("--set-run", action="append", default=[], metavar="KEY=VALUE", help="change one of the recipe")
    parser.add_argument("--runs", type=Path, default=Path("runs/bench"), help="where the workspaces stand")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured here as well")
    asked = parser.parse_args(arguments)

    # 1. The vectors.
    changes = [f"embed.text.kind={asked.text}", "embed.image.kind=none", "embed.fuse.dim=null", *asked.set_run]
    changes += ["embed.text.dim=128"] if asked.text == "tfidf" else []
    experiment = recipes.load(asked.recipe, recipes.Experiment, changes)
    workspace = Workspace(asked.runs / f"{Path(asked.recipe).stem}-{asked.text}")
    stages.prepare(workspace, experiment)
    stages.embed(workspace, experiment)
    _, split = stages.split_of(workspace.folder("data"), experiment.data)
    items, there = stored.load(workspace.folder("embed"), "text")
    if not there.all():
        raise SystemExit(f"{(~there).sum()} item(s) without text: this comparison needs vectors of all items")

    # 2. The tokenizers.
    rows = []
    for name in asked.tokenizers:
        recipe = recipes.load(name, recipes.TokenizerRecipe, asked.set)
        for seed in asked.seeds:
            rows.append(
                {"tokenizer": Path(name).stem, "seed": seed} | measure(recipe, np.array(items), split.train, seed)
            )

    # 3. The table.
    about = f"{len(items):,} items, {asked.text} {items.shape[1]}-d, a tenth of the items held out"
    print(f"{experiment.data.label}: {about}\n")
    head = ("tokenizer", "seed", "R² held out", "perplexity by level", "unique", "largest group", "neighbours kept@10",
            "first-code lift", "seconds")  # fmt: skip
    print("| " + " | ".join(head) + " |\n|" + " --- |" * len(head))
    for row in rows:
        used = ", ".join(f"{level['perplexity']:.0f}" for level in row["levels"][:-1])
        before = row["collisions_before"]
        lift = "–" if row["first_code_lift"] is None else f"{row['first_code_lift']:.1f}"
        cells = (row["tokenizer"], row["seed"], f"{row['r2_held_out']:.3f}", used, f"{1 - before['shared']:.3f}",
                 before["largest"], f"{row['neighbours_kept@10']:.3f}", lift, f"{row['seconds']:.1f}")  # fmt: skip
        print("| " + " | ".join(map(str, cells)) + " |")
    print(f"\n{line(machine())}")
    if asked.json:
        found = {"recipe": asked.recipe, "text": asked.text, "set": asked.set, "rows": rows, "machine": machine()}
        asked.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def measure(recipe: recipes.TokenizerRecipe, items: np.ndarray, train: Any, seed: int) -> dict[str, Any]:
    """`genrec.sid.metrics.report` of one fit, and its seconds. items: float32 (N, d)."""
    held_out = np.random.default_rng(seed).permutation(len(items))[: int(HELD_OUT * len(items))]
    tokenizer = tokenizer_class(recipe.kind)(
        **recipe.model_dump(exclude={"kind", "spare", "held_out"}, exclude_none=True)
    )
    start = time.perf_counter()
    tokenizer.fit(np.delete(items, held_out, axis=0), seed=seed)
    seconds = time.perf_counter() - start
    codes = tokenizer.encode(items)
    popularity = np.bincount(train.items, minlength=len(items))
    ids = resolve(codes, popularity, codebook_sizes=tokenizer.codebook_sizes, spare=recipe.spare)
    return metrics.report(codes, ids, items, tokenizer, train, held_out) | {"seconds": seconds}


if __name__ == "__main__":
    main()
