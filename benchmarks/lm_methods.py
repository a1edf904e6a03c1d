"""What LoRA and QLoRA lose against training all weights, and what they save: the table of train/README.

    python benchmarks/lm_methods.py runs/scientific --methods none lora qlora full
    python benchmarks/lm_methods.py runs/scientific --methods --memory-steps 3      # the second table alone

The run needs its stages up to `tokenize` and, unless --set base=… names another, a base (`genrec lm pretrain`). Every
method is an ordinary `genrec lm train RUN --name bench-METHOD-SEED` in a process of its own, so that its memory is its
own, and is kept; figures are of the test questions. The second table is a few steps on random weights of the shape of
Qwen3-0.6B (28 layers, width 1,024, 151,936 words): what a base of that size takes, not what it learns.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from machine import line, machine

METHODS = ("none", "lora", "dora", "qlora", "full")
SAID = {"none": "base, untuned", "lora": "LoRA", "dora": "DoRA", "qlora": "QLoRA (NF4)", "full": "all weights"}
QWEN3_06B = {
    "vocab_size": 151_936, "hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": 28,
    "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128, "tie_word_embeddings": True,
    "max_position_embeddings": 40_960,
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="a run whose stages up to `tokenize` are done")
    parser.add_argument("--methods", nargs="*", choices=METHODS, default=["none", "lora", "qlora", "full"])
    parser.add_argument("--recipe", default="lora", help="recipe of all methods that `--recipe-of` does not name")
    parser.add_argument("--recipe-of", nargs="*", default=["full=full", "qlora=qlora"], metavar="METHOD=RECIPE")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="for all methods")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--beam", type=int, default=50, help="beams per user in the test")
    parser.add_argument("--memory-steps", type=int, default=0, help="steps on random weights; 0 leaves that table out")
    parser.add_argument("--memory-shape", default="{}", help="JSON: other keys of the random model's configuration")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured here as well")
    parser.add_argument("--worker", choices=["test", "memory"], help=argparse.SUPPRESS)
    parser.add_argument("--model", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.worker == "test":
        sys.stdout.write(json.dumps(tested(asked.run, asked.model, asked.beam)) + "\n")
        return
    if asked.worker == "memory":
        sys.stdout.write(json.dumps(remembered(asked.run, asked.model, asked.set, asked.memory_steps)) + "\n")
        return

    found: dict[str, Any] = {"run": str(asked.run), "rows": [], "memory": [], "machine": machine()}
    recipes = dict.fromkeys(METHODS, asked.recipe) | dict(one.split("=", 1) for one in asked.recipe_of)
    for method in asked.methods:
        for seed in asked.seeds:
            found["rows"].append(trained(asked, method, recipes[method], seed))
    if asked.memory_steps:
        with tempfile.TemporaryDirectory() as folder:
            shape = write_random_base(asked.run, Path(folder), json.loads(asked.memory_shape))
            found["shape"] = shape
            for method in ("lora", "qlora"):
                changes = [f"method={method}", *asked.set]
                row = in_a_process(asked, "memory", folder, changes)
                found["memory"].append({"method": method} | row)
    tell(found)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


# ---------------------------------------------------------------------- the work, each in a process of its own


def trained(asked: argparse.Namespace, method: str, recipe: str, seed: int) -> dict[str, Any]:
    """One row: train (or find it trained), then test."""
    name = f"bench-{method}-{seed}"
    changes = [f"method={method}", f"seed={seed}", *asked.set]
    command = [sys.executable, "-c", "from genrec.cli import app; app()", "lm", "train", str(asked.run), "--name", name,
               "--recipe", recipe, *(word for change in changes for word in ("--set", change))]  # fmt: skip
    subprocess.run(command, check=True)
    about = json.loads((asked.run / f"lm-{name}" / "lm.json").read_text())
    return {"method": method, "seed": seed, "about": about} | in_a_process(asked, "test", name, [])


def in_a_process(asked: argparse.Namespace, worker: str, model: str, changes: Sequence[str]) -> dict[str, Any]:
    command = [sys.executable, __file__, str(asked.run), "--worker", worker, "--model", model,
               "--beam", str(asked.beam), "--memory-steps", str(asked.memory_steps),
               *(word for change in changes for word in ("--set", change))]  # fmt: skip
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return row


def tested(run: Path, name: str, beam: int) -> dict[str, Any]:
    """NDCG@10 and Recall@10 over items on all test questions, by constrained beams."""
    from genrec.decode.trie import Trie
    from genrec.evaluate import metrics
    from genrec.model import lm
    from genrec.recipes import Experiment
    from genrec.sid import SemanticIds
    from genrec.stages import split_of
    from genrec.train.lm import answers
    from genrec.workspace import Workspace

    workspace = Workspace(run)
    experiment = Experiment.model_validate(workspace.recall())
    _, split = split_of(workspace.folder("data"), experiment.data)
    ids = SemanticIds.load(run / "sid" / "sids.safetensors")
    loaded = lm.load(run / f"lm-{name}", ids=ids)
    start = time.perf_counter()
    ranked = answers(
        loaded.model, loaded.tokenizer, loaded.vocabulary, ids, Trie.load(run / "sid" / "trie.safetensors"), split.test,
        beam=beam, window=loaded.about["window"], max_items=loaded.about["max_items"],
        exclude_seen=experiment.data.exclude_seen,
    )  # fmt: skip
    ranks = metrics.ranks_of(ranked, split.test.targets)
    figures = {name: float(metrics.per_question(name, ranks).mean()) for name in ("ndcg@10", "recall@10")}
    return figures | {"users": len(ranks), "users_per_second": len(ranks) / (time.perf_counter() - start)}


def remembered(run: Path, base: str, changes: Sequence[str], steps: int) -> dict[str, Any]:
    """Peak memory of a few training steps on the base in a folder, and seconds a step."""
    import torch

    from genrec import recipes
    from genrec.loop import LoopConfig, train
    from genrec.model.tasks import Mixture
    from genrec.recipes import Experiment
    from genrec.sid import SemanticIds
    from genrec.stages.language import codebooks_of, material_of
    from genrec.train import lm, tokens
    from genrec.workspace import Workspace

    workspace = Workspace(run)
    recipe = recipes.load("lora", recipes.LmRecipe, [*changes, f"base={json.dumps(base)}"])
    ids = SemanticIds.load(run / "sid" / "sids.safetensors")
    empty = lm.peak_memory()
    tuning = lm.begin(base, ids, codebooks_of(run / "sid", ids.levels), recipe)
    opened = lm.peak_memory()
    data = Experiment.model_validate(workspace.recall()).data
    material, _ = material_of(workspace.folder("data"), run / "sid", data, recipe, tuning.tokenizer)
    rows = lm.rendered(tuning.tokenizer, Mixture(material, recipe.tasks, 0).epoch(0, 64 * steps), recipe.window)
    batches = tokens.by_length(rows, recipe.batch_tokens, 0, 0)[:steps]
    start = time.perf_counter()
    train(tokens.TokenLoss(tuning.model), lambda epoch: batches, tokens.loss, LoopConfig(epochs=1, learning_rate=1e-4))
    held = sum(parameter.nbytes for parameter in tuning.model.parameters()) / 2**20
    return {
        "before": empty, "opened": opened, "peak": lm.peak_memory(), "weights_mb": held, "dtype": recipe.precision,
        "seconds_per_step": (time.perf_counter() - start) / len(batches), "steps": len(batches),
        "batch_tokens": recipe.batch_tokens, "parameters": vars(tuning.sizes), "gpu": torch.cuda.is_available(),
    }  # fmt: skip


def write_random_base(run: Path, folder: Path, changes: dict[str, Any]) -> dict[str, Any]:
    """Random weights in bfloat16 with the tokenizer of the run's own base."""
    import torch
    from transformers import AutoTokenizer, Qwen3Config, Qwen3ForCausalLM

    tokenizer = AutoTokenizer.from_pretrained(run / "base" / "model")
    shape = QWEN3_06B | changes
    config = Qwen3Config(**shape, bos_token_id=None, eos_token_id=tokenizer.eos_token_id)
    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    Qwen3ForCausalLM(config).save_pretrained(folder)
    torch.set_default_dtype(torch.float32)
    tokenizer.save_pretrained(folder)
    return shape


# ---------------------------------------------------------------------- the tables


def tell(found: dict[str, Any]) -> None:
    rows = found["rows"]
    if rows:
        full = mean([row for row in rows if row["method"] == "full"], "ndcg@10")
        print("| training | NDCG@10 | of all weights | Recall@10 | trained besides the new rows | peak memory, MB "
              "| minutes | epochs |\n" + "| --- " * 8 + "|")  # fmt: skip
        for method in dict.fromkeys(row["method"] for row in rows):
            some = [row for row in rows if row["method"] == method]
            about = some[0]["about"]
            ndcg = mean(some, "ndcg@10")
            share = f"{ndcg / full:.0%}" if full else "–"
            spread = f" ± {statistics.stdev(row['ndcg@10'] for row in some):.4f}" if len(some) > 1 else ""
            minutes = statistics.mean(row["about"]["seconds"] for row in some) / 60
            print(f"| {SAID[method]} | {ndcg:.4f}{spread} | {share} | {mean(some, 'recall@10'):.4f} "
                  f"| {about['parameters']['share']:.1%} | {max(row['about']['peak_memory_mb'] for row in some):,.0f} "
                  f"| {minutes:.1f} | {about['epochs']} |")  # fmt: skip
        print(f"\n{rows[0]['users']:,} test questions, {len({row['seed'] for row in rows})} seed(s).\n")
    if found["memory"]:
        print("| training | peak memory, MB | of it before the base | weights, MB | seconds a step |\n"
              + "| --- " * 5 + "|")  # fmt: skip
        for row in found["memory"]:
            print(f"| {SAID[row['method']]} | {row['peak']:,.0f} | {row['before']:,.0f} | {row['weights_mb']:,.0f} "
                  f"| {row['seconds_per_step']:.1f} |")  # fmt: skip
        shape, first = found["shape"], found["memory"][0]
        print(
            f"\nRandom weights, {shape['num_hidden_layers']} layers of width {shape['hidden_size']:,}, "
            f"{shape['vocab_size']:,} words; {first['steps']} steps of {first['batch_tokens']:,} tokens.\n"
        )
    print(line(found["machine"]))


def mean(rows: Sequence[dict[str, Any]], name: str) -> float:
    return statistics.mean(row[name] for row in rows) if rows else 0.0


if __name__ == "__main__":
    main()
