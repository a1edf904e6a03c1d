"""One small run of the demo's recipe, through the command line: what it leaves behind and what it prints."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from genrec.data import Catalog, Interactions
from genrec.embed import vectors
from genrec.sid import SemanticIds

MODELS = ["genrec-compact", "genrec-compact-plain", "sasrec", "itemknn", "contentknn", "popularity"]
FILES = {
    "data": ["catalog.parquet", "interactions.parquet", "oracles.json", "images/F00000.png"],
    "embed": ["text.npy", "text.mask.npy", "image.npy", "image.mask.npy", "fused.npy", "encoders/recipe.json"],
    "sid": ["sids.safetensors", "trie.safetensors", "tokenizer/config.json", "metrics.json"],
    "model": ["config.json", "model.safetensors", "popularity.npy", "curves.json", "leaf.json"],
    "evaluate": ["rows.json", "comparisons.json", "report.html"],
}


@pytest.mark.parametrize("stage", FILES)
def test_stages_leave_their_files(fashion: Path, stage: str) -> None:
    manifest = json.loads((fashion / stage / "manifest.json").read_text())
    assert manifest["stage"] == stage and manifest["metrics"]
    listed = {output["path"] for output in manifest["outputs"]}
    found = {path.relative_to(fashion / stage).as_posix() for path in (fashion / stage).rglob("*") if path.is_file()}
    assert listed | {"manifest.json"} == found
    assert set(FILES[stage]) <= listed


def test_nothing_of_the_work_is_left(fashion: Path) -> None:
    assert {path.name for path in fashion.iterdir()} == {*FILES, "workspace.json", "workspace.lock", "experiment.json"}


def test_tables_and_vectors_belong_together(fashion: Path) -> None:
    catalog = Catalog.read(fashion / "data" / "catalog.parquet")
    events = Interactions.read(fashion / "data" / "interactions.parquet")
    ids = SemanticIds.load(fashion / "sid" / "sids.safetensors")
    fused, mask = vectors.load(fashion / "embed", "fused")
    assert len(catalog) == len(ids) == len(fused) == 300 and mask.all()
    assert events.table.columns == ["user_id", "item_id", "timestamp"]
    assert events.table["user_id"].n_unique() == 400
    assert len(np.unique(ids.codes, axis=0)) == 300


def test_evaluate_prints_one_json_array(fashion: Path, genrec: Callable) -> None:
    said = genrec("evaluate", fashion, "--json").ok()
    rows = json.loads(said.out)
    assert said.out.count("\n") == 1
    assert [row["model"] for row in rows] == MODELS
    for row in rows:
        assert {"model", "dataset", "split", "seed", "exclude_seen", "metrics"} <= row.keys()
        assert (row["dataset"], row["split"], row["seed"]) == ("fashion", "leave-one-out", 0)
        assert row["exclude_seen"] is True
        assert 0 <= row["metrics"]["ndcg@10"] <= row["metrics"]["recall@10"] <= 1
    assert rows == json.loads((fashion / "evaluate" / "rows.json").read_text())


def test_every_verb_skips_what_is_done(fashion: Path, cli: Callable) -> None:
    def dates() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in fashion.glob("*/*") if path.is_file()}

    before = dates()
    start = time.perf_counter()
    for verb, stage in zip(("prepare", "embed", "tokenize", "train", "evaluate"), FILES, strict=True):
        assert f"{stage}: up to date, skipped" in cli(verb, fashion).ok().err
    everything = cli("run", fashion).ok()
    assert time.perf_counter() - start < 5
    assert everything.err.count("up to date, skipped") == 5
    assert everything.out == f"{fashion}/evaluate/report.html\n"
    assert dates() == before


def test_the_table_names_models_in_full(fashion: Path, genrec: Callable) -> None:
    table = genrec("evaluate", fashion).ok().err
    assert all(re.search(rf"^ ?{model} +0\.\d{{4}} ", table, re.MULTILINE) for model in MODELS), table


def test_the_report_draws_for_three_people_along_the_slider_and_on_somebody(fashion: Path) -> None:
    pytest.importorskip("diffusers")
    section = (fashion / "evaluate" / "report.html").read_text().split('<section id="drawn">')[1].split("</section>")[0]
    steps = ("as it is", "25%", "50%", "75%", "as they would love it", "tried on")
    for step in steps:
        assert section.count(f', {step}" width=') == 3
    files = [part.split('"')[0] for part in section.split('src="data:image/png;base64,')[1:]]
    drawn = [base64.b64decode(file) for file in files if b"generated" in base64.b64decode(file)]
    assert len(drawn) == 3 * len(steps) and len(set(drawn)) > len(steps)


def test_the_report_is_one_offline_file(fashion: Path) -> None:
    page = (fashion / "evaluate" / "report.html").read_text()
    assert all(model in page for model in MODELS)
    pointers = re.findall(r"""\b(?:src|href)\s*=\s*["']?([^"'\s>]+)""", page)
    assert pointers and all(pointer.startswith(("data:", "#")) for pointer in pointers)
    assert not re.search(r"<script[^>]*\bsrc|@import|url\(\s*['\"]?(?!data:|#)", page)
    assert len(page) < 5_000_000


def test_a_changed_key_makes_the_stages_behind_it_again(copy: Callable, cli: Callable) -> None:
    run = copy()
    former = (run / "sid" / "sids.safetensors").read_bytes()
    said = cli("tokenize", run, "--set", "tokenizer.kind=rqkmeans", "--set", "tokenizer.latent=null",
               "--set", "tokenizer.hidden=null", "--set", "tokenizer.codebook_update=null", "--set",
               "tokenizer.commitment=null", "--set", "tokenizer.epochs=null", "--set", "tokenizer.batch_size=null",
               "--set", "tokenizer.learning_rate=null").ok()  # fmt: skip
    assert "sid: made again, changed: recipe kind" in said.err
    assert (run / "sid" / "sids.safetensors").read_bytes() != former
    behind = cli("evaluate", run)
    assert behind.code == 2 and f"run `genrec train {run}` again" in behind.err


def test_the_other_splits(tmp_path: Path, cli: Callable, small_recipe: list[str]) -> None:
    run = tmp_path / "run"
    cheap = [*small_recipe, "--set", "data.n_items=100", "--set", "data.n_users=80", "--set", "train.leaf=null",
             "--set", "embed.image.kind=none", "--set", "evaluate.baselines=[popularity]"]  # fmt: skip
    for split in ("global-time", "cold-items"):
        cli("run", run, *cheap, "--set", f"data.split={split}").ok()
        rows = json.loads(cli("evaluate", run, "--json").ok().out)
        assert [(row["model"], row["split"]) for row in rows] == [("genrec-compact", split), ("popularity", split)]


def test_help_and_import_load_nothing_heavy() -> None:
    heavy = {"torch", "polars", "numpy", "transformers", "sklearn", "faiss", "matplotlib", "scipy", "accelerate",
             "sentence_transformers", "PIL", "pydantic"}  # fmt: skip
    code = (
        "import sys, genrec; print(*sys.modules, file=sys.stderr)\n"
        "from genrec.cli import app\n"
        "try: app(['--help'])\n"
        "except SystemExit as end: assert not end.code\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for loaded in done.stderr.splitlines():
        assert not heavy & set(loaded.split())
    assert all(f"  {verb} " in done.stdout for verb in ("run", "demo", "prepare", "recommend", "generate", "update"))


def test_the_catalogue_is_a_function_of_its_seed(fashion: Path, tmp_path: Path, cli: Callable) -> None:
    again, other = tmp_path / "again", tmp_path / "other"
    small = ["--recipe", "demo", "--set", "data.n_items=300", "--set", "data.n_users=400"]
    cli("prepare", again, *small).ok()
    cli("prepare", other, *small, "--set", "data.seed=8").ok()
    kept, same, differs = (pl.read_parquet(run / "data/interactions.parquet") for run in (fashion, again, other))
    assert same.equals(kept) and not differs.equals(kept)
    for name in ("catalog.parquet", "interactions.parquet", "images/F00042.png"):
        assert (again / "data" / name).read_bytes() == (fashion / "data" / name).read_bytes()
