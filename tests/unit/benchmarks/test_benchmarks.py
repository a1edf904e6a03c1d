"""Every benchmark runs on a tiny shop and prints the table it promises, with the figures that the runs hold."""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
TINY = (
    "data.n_items=120", "data.n_users=150", "embed.image.kind=none", "tokenizer=rqkmeans", "tokenizer.codebook_size=16",
    "train.epochs=1", "train.beam=10", "evaluate.beam=20", 'evaluate.baselines=["itemknn", "popularity"]',
)  # fmt: skip


def sets(changes: tuple[str, ...], flag: str = "--set") -> list[str]:
    return [part for change in changes for part in (flag, change)]


def rows_of(text: str) -> list[list[str]]:
    """Cells of every line of every Markdown table, the lines under the heads left out."""
    lines = [line for line in text.splitlines() if line.startswith("|") and not re.fullmatch(r"[|\s:-]+", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(autouse=True)
def as_a_script(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script finds the files beside it."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))


@pytest.fixture(scope="module")
def compared(runs: Path) -> tuple[str, dict[str, Any]]:
    """What the comparison of two catalogues printed, and its JSON."""
    import contextlib
    import io

    patch = pytest.MonkeyPatch()
    patch.syspath_prepend(str(BENCHMARKS))
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        importlib.import_module("recommendation").main(
            [
                "--recipe",
                "demo",
                "--seeds",
                "1",
                "2",
                "--runs",
                str(runs),
                "--json",
                str(runs / "out.json"),
                *sets(TINY),
            ]
        )
    patch.undo()
    return told.getvalue(), json.loads((runs / "out.json").read_text())


def test_engines_checks_every_answer(
    compared: tuple[str, dict[str, Any]], runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(runs / "demo-1"), "--random", "--ways", "torch", "--users", "20", "--valid", "30"]
    importlib.import_module("engines").main([*arguments, "--json", str(runs / "engines.json")])
    rows, found = rows_of(capsys.readouterr().out), json.loads((runs / "engines.json").read_text())
    assert rows[1][0] == "torch" and rows[1][4] == "0 of 600 (30 users × 20)"
    assert found["engines"]["torch"]["invalid"] == 0 and found["users"] == 20


def test_recommendation_prints_what_the_runs_hold(compared: tuple[str, dict[str, Any]], runs: Path) -> None:
    printed, found = compared
    kept = [json.loads((runs / f"demo-{seed}" / "evaluate" / "rows.json").read_text()) for seed in (1, 2)]
    values = [rows[0]["metrics"]["ndcg@10"] for rows in kept]
    ours = found["models"]["genrec-compact"]["ndcg@10"]
    assert ours["values"] == values
    assert ours["mean"] == pytest.approx(sum(values) / 2)
    assert ours["sd"] == pytest.approx(abs(values[0] - values[1]) / 2**0.5)

    rows = rows_of(printed)
    assert rows[0] == ["model", "Recall@10", "NDCG@10"]
    assert [row[0] for row in rows[1:5]] == ["genrec-compact", "genrec-compact-plain", "itemknn", "popularity"]
    assert rows[1][2] == f"{ours['mean']:.4f} ± {ours['sd']:.4f}".replace("0.", ".")
    assert [row[0] for row in rows[6:8]] == ["1", "2"], "one row for every seed"
    assert f"{values[0]:.4f}"[1:] in rows[6][1]
    assert found["machine"]["date"] in printed and f"{found['machine']['threads']} thread" in printed


def test_seeds_of_the_fashion_world_are_catalogues(compared: tuple[str, dict[str, Any]], runs: Path) -> None:
    tables = [pl.read_parquet(runs / f"demo-{seed}" / "data" / "interactions.parquet") for seed in (1, 2)]
    assert not tables[0].equals(tables[1])
    assert {one["oracles"]["history"]["ndcg@10"] > 0 for one in compared[1]["runs"]} == {True}


def test_the_best_baseline_is_the_best(compared: tuple[str, dict[str, Any]]) -> None:
    models = compared[1]["models"]
    others = {name: figures["ndcg@10"]["mean"] for name, figures in models.items() if not name.startswith("genrec")}
    assert compared[1]["best_baseline"] == max(others, key=lambda name: others[name])


def test_generate_measures_every_batch(
    compared: tuple[str, dict[str, Any]], runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    importlib.import_module("generate").main(
        [str(runs / "demo-1"), "--users", "40", "--beam", "10", "--batch", "8", "64", "--json", str(runs / "g.json")]
    )
    found = json.loads((runs / "g.json").read_text())
    assert [row["batch"] for row in found["rows"]] == [8, 64]
    assert all(row["leaf"] > 0 and row["plain"] > 0 for row in found["rows"])
    assert found["users"] == 40
    assert [row[0] for row in rows_of(capsys.readouterr().out)[1:]] == ["8", "64"]


def test_semantic_ids_compares_tokenizers(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    importlib.import_module("semantic_ids").main(
        ["--recipe", "demo", "--text", "tfidf", "--seeds", "0", "--runs", str(runs), "--json", str(runs / "s.json"),
         *sets(("data.n_items=120", "data.n_users=150"), "--set-run"), *sets(("codebook_size=16",))]
    )  # fmt: skip
    found = json.loads((runs / "s.json").read_text())
    assert [row["tokenizer"] for row in found["rows"]] == ["rqkmeans", "rqvae"]
    for row in found["rows"]:
        assert row["held_out_items"] == 12
        assert row["r2_held_out"] < row["r2"] <= 1, "what was not seen is rebuilt less well"
        assert all(level["perplexity"] <= 16 for level in row["levels"][:-1])
    assert len(rows_of(capsys.readouterr().out)) == 3


def test_trie_measures_every_setting(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    importlib.import_module("trie").main(
        ["--preset", "small", "--items", "3000", "--settings", "3x64", "--beams", "1x4", "2x3",
         "--json", str(runs / "t.json")]
    )  # fmt: skip
    found = json.loads((runs / "t.json").read_text())
    assert [(row["setting"], row["codes"]) for row in found["rows"]] == [("3x64", "clustered"), ("3x64", "uniform")]
    for row in found["rows"]:
        assert row["items"] == 3000 and row["build_s"] > row["check_s"] > 0 and row["load_s"] > 0
        assert 50 < row["peak_mb"] < 6000
        assert row["bytes_per_item"] >= row["file_bytes_per_item"] > 6
        assert [(step["beam"], step["level"]) for step in row["steps"]] == [
            (beam, level) for beam in ("1x4", "2x3") for level in range(3)
        ]
        assert all(step["children_us"] > 0 and step["open_us"] > 0 and step["mask_us"] > 0 for step in row["steps"])
    clustered, uniform = (row["fanout"] for row in found["rows"])
    assert clustered[2] > uniform[2], "items share prefixes where codes are clustered"
    rows = rows_of(capsys.readouterr().out)
    assert [len(row) for row in rows] == [9] * 3 + [6] * 5
    assert rows[1][5] == f"{found['rows'][0]['bytes_per_item']:.2f}"


KEYS = {"way", "preset", "users_per_s", "p50_ms", "p99_ms", "peak_mb", "invalid", "ratio_to_floor"}


def test_sid_mask_measures_every_setting(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--preset", "small", "--words", "50", "90", "--batch", "8", "--json", str(runs / "mask.json")]
    importlib.import_module("sid_mask").main(arguments)
    rows = rows_of(capsys.readouterr().out)[1:]
    assert [row[:3] for row in rows] == [["500", words, limits] for words in ("50", "90") for limits in ("no", "yes")]
    found = json.loads((runs / "mask.json").read_text())["rows"]
    for row, one in zip(rows, found, strict=True):
        assert row[3:] == [f"{one[column]:,.0f}" for column in ("text_us", "inside_us", "mixed_us", "argmax_us")]


def test_decoding_compares_all_ways_that_are_installed(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    decoding = importlib.import_module("decoding")
    decoding.main(
        ["--preset", "tiny", "--repeats", "2", "--ways", "hf-generate", "torch", "--json", str(runs / "d.json")]
    )
    found = json.loads((runs / "d.json").read_text())
    assert [row["way"] for row in found] == ["floor", "torch", "hf-generate"]
    for row in found:
        assert row.keys() >= KEYS and row["preset"] == "tiny" and row["users_per_s"] > 0
        assert row["p50_ms"] <= row["p99_ms"]
        assert row["invalid"] == (None if row["way"] == "floor" else 0)
    assert found[0]["ratio_to_floor"] == 1
    told = capsys.readouterr().out
    assert "100.0 % of items in the same place" in told, "the engine and Hugging Face search the same tree"
    assert "GFLOP/s" in told and [row[0] for row in rows_of(told)[1:]] == ["floor", "torch", "hf-generate"]


@pytest.mark.system
def test_decoding_measures_the_engine_in_vllm(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if importlib.util.find_spec("vllm") is None:
        pytest.skip("needs vLLM: `make vllm` installs it")
    importlib.import_module("decoding").main(
        ["--preset", "tiny", "--repeats", "1", "--ways", "torch", "vllm", "--json", str(runs / "w.json")]
    )
    found = json.loads((runs / "w.json").read_text())
    assert [(row["way"], row.get("invalid")) for row in found] == [("floor", None), ("torch", 0), ("vllm", 0)]
    assert found[2].keys() >= KEYS and found[2]["users_per_s"] > 0 and found[2]["peak_mb"] > 100


def test_decoding_measures_the_compact_generator(runs: Path) -> None:
    importlib.import_module("decoding").main(
        ["--preset", "tiny-compact", "--repeats", "1", "--json", str(runs / "c.json")]
    )
    found = json.loads((runs / "c.json").read_text())
    assert [(row["way"], row["invalid"]) for row in found] == [("floor", None), ("torch", 0)]


def test_decoding_says_a_word_where_something_is_missing(
    runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    decoding = importlib.import_module("decoding")
    if not torch.cuda.is_available():
        decoding.main(["--preset", "gpu-0.6b"])
        assert "not measured" in capsys.readouterr().out
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "vllm" else find(name, *rest))
    decoding.main(
        ["--preset", "tiny", "--repeats", "1", "--ways", "torch", "vllm-beam-search", "--json", str(runs / "v.json")]
    )
    assert "make vllm" in capsys.readouterr().out
    assert "make vllm" in json.loads((runs / "v.json").read_text())[-1]["note"]


def test_the_floors_compute_what_the_models_do() -> None:
    """A floor that left something out would be no floor: its logits are those of the model for the same tokens."""
    ways, floors = importlib.import_module("decoding_ways"), importlib.import_module("floors")
    ids = ways.catalogue(200, 8, collisions=True)
    shape = importlib.import_module("decoding").PRESETS["tiny"].shape | {"num_key_value_heads": 1}
    tokens = ways.token_table(ids)
    model = ways.qwen3(shape, 4 + sum(ids.codebook_sizes), torch.device("cpu"), torch.float32)
    with torch.no_grad():
        for weights in model.parameters():
            weights.add_(torch.randn_like(weights) * 0.1)
    rows = [model.lm_head.weight.detach()[part] for part in tokens]
    floor = floors.CausalFloor(model, rows, 2, 7, 3)
    prompts = torch.randint(4, 20, (2, 7))
    found = floor.run(prompts).view(2, 3, -1)
    written = [floor.codes[step].view(2, 3) for step in range(floor.steps)]
    for beam in range(3):
        whole = torch.cat([prompts, *[part[:, beam, None] for part in written]], dim=1)
        with torch.no_grad():
            expected = model(input_ids=whole).logits[:, -1, tokens[-1]]
        torch.testing.assert_close(found[:, beam], expected, rtol=1e-4, atol=1e-4)

    small = ways.compact(ids, 16, 5, torch.device("cpu"))
    floor = floors.CompactFloor(small, 2, 5, 3)
    items = torch.randint(0, len(ids), (2, 5))
    with torch.no_grad():
        state = small.encode(items, torch.ones(2, 5, dtype=torch.bool))[:, -1:].expand(-1, 3, -1)
        for level, codes in enumerate(floor.written[:-1]):
            state = small.descend(level, state, codes.view(2, 3))
        expected = small.level_logits(len(ids.codebook_sizes) - 1, state)
    torch.testing.assert_close(floor.run(items).view(2, 3, -1), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("leaf", [[], ["--leaf"]], ids=["plain", "leaf"])
def test_living_times_additions_and_requests(
    leaf: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    importlib.import_module("living").main(
        ["--preset", "small", "--swaps", "8", "--beam", "10", *leaf, "--json", str(tmp_path / "l.json")]
    )
    found = json.loads((tmp_path / "l.json").read_text())
    assert len(found["add_s"]) == 3 and min(*found["add_s"], *found["parts_s"].values()) > 0
    assert found["at_rest"]["requests"] == 20 <= found["during_swaps"]["requests"]
    assert all(found[part][wrong] == 0 for part in ("at_rest", "during_swaps") for wrong in ("invalid", "errors"))
    rows = rows_of(capsys.readouterr().out)
    assert len(rows) == 1 + 6 + 1 + 2 and rows[6][0].startswith("in all")
