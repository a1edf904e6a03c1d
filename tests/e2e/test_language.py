"""A language model by the command line: made, resumed after kill -9, trained by two processes, exported, refused."""

from __future__ import annotations

import json
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from genrec.errors import UserError
from genrec.model import lm
from genrec.model.tasks import TASKS
from genrec.sid import SemanticIds

BASE = {"width": 48, "layers": 1, "heads": 2, "key_heads": 1, "head_width": 32, "inner": 96, "epochs": 2, "pieces": 512,
        "checkpoint_every": 4}  # fmt: skip
FAST = {"epochs": 2, "rank": 4, "validation_users": 40, "beam": 10, "tasks": "{next_item: 2.0, describe: 1.0}",
        "checkpoint_every": 5}  # fmt: skip


def sets(changes: dict[str, object], **more: object) -> list[str]:
    return [word for key, value in (changes | more).items() for word in ("--set", f"{key}={value}")]


@pytest.fixture(scope="module")
def spoken(fashion: Path, genrec: Callable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished run with a base and a language model."""
    path = tmp_path_factory.mktemp("language") / "run"
    shutil.copytree(fashion, path)
    genrec("lm", "pretrain", path, *sets(BASE)).ok()
    genrec("lm", "train", path, *sets(FAST)).ok()
    return path


def again(spoken: Path, path: Path, *without: str) -> Path:
    shutil.copytree(spoken, path, ignore=lambda folder, _: without if Path(folder) == spoken else ())
    return path


def same_weights(one: Path, other: Path) -> None:
    names = sorted(path.relative_to(one).as_posix() for path in one.rglob("*.safetensors"))
    assert names and names == sorted(path.relative_to(other).as_posix() for path in other.rglob("*.safetensors"))
    for name in names:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


def test_a_run_keeps_base_adapter_and_what_they_are(spoken: Path, cli: Callable) -> None:
    about = json.loads((spoken / "lm" / "lm.json").read_text())
    assert {"model", "adapter", "lm.json", "curves.json", "manifest.json"} == {
        p.name for p in (spoken / "lm").iterdir()
    }
    assert about["method"] == "lora" and about["hot_swap"] and about["tasks"] == {"next_item": 2.0, "describe": 1.0}
    assert about["seconds"] > 0 and about["peak_memory_mb"] > 0 and 0 <= about["validation_ndcg@10"] <= 1
    curves = json.loads((spoken / "lm" / "curves.json").read_text())
    assert [row["epoch"] for row in curves] == [0, 1] and "loss of describe" in curves[0]
    ids = SemanticIds.load(spoken / "sid" / "sids.safetensors")
    loaded = lm.load(spoken / "lm", ids=ids, device="cpu")
    assert loaded.vocabulary.codebook_sizes == ids.codebook_sizes
    assert "lm: up to date, skipped" in cli("lm", "train", spoken, *sets(FAST)).ok().err
    assert "base: up to date, skipped" in cli("lm", "pretrain", spoken, *sets(BASE)).ok().err


@pytest.mark.parametrize(("stage", "verb"), [("base", "pretrain"), ("lm", "train")])
def test_killed_and_called_again(
    spoken: Path, tmp_path: Path, genrec: Callable, launch: Callable, stage: str, verb: str
) -> None:
    run = again(spoken, tmp_path / "run", stage, *(["lm"] if stage == "base" else []))
    command = ("lm", verb, run, *sets(BASE if stage == "base" else FAST))
    for _ in range(3):
        process, begun = launch(*command), time.time()
        state = run / f"{stage}.part" / "scratch" / "loop" / "loop.json"
        before = state.stat().st_mtime_ns if state.exists() else 0
        # Killed as soon as it has got further than the last time, wherever it then is.
        while process.poll() is None and not (state.exists() and state.stat().st_mtime_ns > before):
            assert time.time() - begun < 120
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not (run / stage).exists()
    said = genrec(*command).ok()
    assert f"{stage}: going on where it was stopped" in said.err
    same_weights(run / stage, spoken / stage)


@pytest.mark.slow
def test_two_processes_make_the_model_of_one(spoken: Path, tmp_path: Path, genrec: Callable) -> None:
    """Two batches a step: by one process, or by two."""
    one, two = again(spoken, tmp_path / "one", "lm"), again(spoken, tmp_path / "two", "lm")
    genrec("lm", "train", one, *sets(FAST, accumulate=2)).ok()
    genrec("lm", "train", two, *sets(FAST, accumulate=2, processes=2)).ok()
    for name in ("model/model.safetensors", "adapter/adapter_model.safetensors"):
        expected, found = load_file(one / "lm" / name), load_file(two / "lm" / name)
        assert expected.keys() == found.keys()
        for key, tensor in expected.items():
            np.testing.assert_allclose(found[key], tensor, rtol=2e-2, atol=2e-3)
    curves = [json.loads((path / "lm" / "curves.json").read_text()) for path in (one, two)]
    for row, other in zip(*curves, strict=True):
        assert row["loss"] == pytest.approx(other["loss"], rel=1e-3)


def test_merged_is_base_and_adapter(spoken: Path, tmp_path: Path, cli: Callable) -> None:
    target = tmp_path / "merged"
    assert cli("lm", "export", spoken, "--merged", target).ok().out.strip() == str(target)
    both = lm.load(spoken / "lm", device="cpu")
    tokens = torch.tensor([[5, 6, 7, *both.vocabulary.rows[:5].tolist()]])
    merged = AutoModelForCausalLM.from_pretrained(target)
    with torch.no_grad():
        torch.testing.assert_close(merged(input_ids=tokens).logits, both.model(input_ids=tokens).logits)
    assert AutoTokenizer.from_pretrained(target).chat_template == both.tokenizer.chat_template
    again = cli("lm", "export", spoken, "--merged", target)
    assert again.code == 2 and "is there already" in again.err


def test_a_second_adapter_by_name(spoken: Path, tmp_path: Path, cli: Callable) -> None:
    run = again(spoken, tmp_path / "run")
    cli("lm", "train", run, "--name", "b", *sets(FAST, base=run / "lm" / "model", rows="frozen", epochs=1)).ok()
    abouts = [lm.read_about(run / stage) for stage in ("lm", "lm-b")]
    assert abouts[0]["rows"] == abouts[1]["rows"] and abouts[1]["parameters"]["rows"] == 0
    assert abouts[1]["name"] == "b"


def test_examples_are_shown_as_they_are_read(spoken: Path, cli: Callable) -> None:
    everything = ", ".join(f"{name}: 1.0" for name in TASKS)
    out = cli("tasks", "preview", spoken, "--count", "1", "--set", f"tasks={{{everything}}}").ok().out
    for name in TASKS:
        part = out.partition(f"── {name}\n")[2].partition("\n── ")[0]
        assert part.startswith("<|im_start|>user\n") and part.count("⟦") == part.count("⟧") >= 1, name
        assert part.rstrip().endswith("<|im_end|>⟧")
    only = cli("tasks", "preview", spoken, "--count", "3", "--task", "describe").ok().out
    assert only.count("── describe") == 3 == only.count("── ")


def test_refusals_name_the_fix(spoken: Path, copy: Callable, tmp_path: Path, cli: Callable) -> None:
    def refused(*command: object) -> str:
        said = cli(*command)
        assert said.code == 2, said
        return said.err

    bare = copy()
    assert f"`genrec lm pretrain {bare}`" in refused("lm", "train", bare)
    assert "name a hub id, or a folder" in refused("lm", "train", bare, "--set", f"base={tmp_path / 'nothing'}")
    assert "did you mean 'next_item'" in refused("lm", "train", spoken, "--name", "x", "--set", "tasks={next_itm: 1.0}")
    assert "--name tenant-a" in refused("lm", "train", spoken, "--name", "Tenant A")
    assert "did you mean 'describe'" in refused("tasks", "preview", spoken, "--task", "descrbe")
    assert "set base=RUN/lm/model" in refused(
        "lm", "train", spoken, "--name", "x", *sets(FAST, rows="frozen", method="full")
    )
    assert "run `genrec lm train" in refused("lm", "export", spoken, "--name", "y", "--merged", tmp_path / "m")


def test_another_catalogue_s_words_are_refused(spoken: Path, tmp_path: Path, cli: Callable) -> None:
    run = again(spoken, tmp_path / "run")
    cli("tokenize", run, "--set", "tokenizer.codebook_size=24").ok()
    ids = SemanticIds.load(run / "sid" / "sids.safetensors")
    with pytest.raises(UserError, match="was trained on other semantic IDs"):
        lm.load(run / "lm", ids=ids)
    said = cli("lm", "export", run, "--merged", tmp_path / "merged")
    assert said.code == 2 and f"run `genrec lm train {run}` again" in said.err
    # The base of other words cannot be taught these either.
    said = cli("lm", "train", run, "--name", "x", *sets(FAST, base=spoken / "base" / "model"))
    assert said.code == 2 and "made for another catalogue" in said.err
