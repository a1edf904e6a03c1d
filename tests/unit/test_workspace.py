"""Workspaces: finished stages are skipped, changes noticed, and a real SIGKILL at any file operation loses nothing."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from safetensors.numpy import save_file

from genrec.errors import UserError
from genrec.workspace import SCHEMA, Stage, Workspace


def writes(text: str) -> Callable[[Stage], None]:
    def work(stage: Stage) -> None:
        stage.output("deep/text.txt").write_text(text)
        stage.metrics["length"] = np.float32(len(text))

    return work


def never(stage: Stage) -> None:
    raise AssertionError(f"the stage {stage.name} ran although nothing had changed")


def text_of(folder: Path) -> str:
    return (folder / "deep" / "text.txt").read_text()


def in_child(work: Callable[[], object]) -> int:
    """Start `work` in a forked process; its pid."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    return pid


def ended(pid: int) -> int:
    """Wait for it: 0, 1, or −9 where it was killed."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def killed_at(operation: int, work: Callable[[], object]) -> bool:
    """Run `work` in a process that kills itself (SIGKILL) before its n-th change to the disk; False: it got through."""

    def mortal() -> None:
        left = operation

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal left
            changes = event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate")
            opened = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
            if changes or opened:
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        work()

    code = ended(in_child(mortal))
    assert code in (0, -signal.SIGKILL), f"the child ended with {code}"
    return code != 0


# ---------------------------------------------------------------------- the life of a stage


def test_a_finished_stage_is_skipped_and_its_manifest_says_what_was_made(tmp_path: Path) -> None:
    table = tmp_path / "events.csv"
    table.write_text("user,item\n")
    workspace = Workspace(tmp_path / "run")
    first = workspace.run("data", writes("hello"), recipe={"k_core": 5, "share": (1, 2)}, inputs=[table], seed=3)
    again = Workspace(tmp_path / "run").run(
        "data", never, recipe={"k_core": 5, "share": [1, 2]}, inputs=[table], seed=3
    )
    assert again == first
    said = json.loads((tmp_path / "run" / "data" / "manifest.json").read_text())
    assert said["schema"] == SCHEMA and said["stage"] == "data" and said["seed"] == 3
    assert said["recipe"] == {"k_core": 5, "share": [1, 2]} and said["metrics"] == {"length": 5.0}
    assert list(said["inputs"]) == [f"file:{table}"]
    (output,) = said["outputs"]
    assert output["path"] == "deep/text.txt" and output["size"] == 5 and len(output["sha256"]) == 64
    assert workspace.stages() == ["data"] and text_of(workspace.folder("data")) == "hello"
    assert not list((tmp_path / "run").glob("*.part"))


def test_a_changed_recipe_seed_or_input_is_noticed_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "events.csv"
    table.write_text("1")
    workspace = Workspace(tmp_path / "run")

    def make(text: str, epochs: int, seed: int) -> str:
        workspace.run("data", writes(text), recipe={"train": {"epochs": epochs}}, inputs=[table], seed=seed)
        return capsys.readouterr().err

    make("a", 20, 0)
    assert "up to date" in make("a", 20, 0)
    assert "recipe train.epochs 20 → 30" in make("b", 30, 0)
    assert "seed 0 → 1" in make("c", 30, 1)
    table.write_text("2")
    assert f"input {table}" in make("d", 30, 1)
    assert text_of(workspace.folder("data")) == "d"


def test_what_follows_is_made_again_only_where_contents_changed(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.run("data", writes("a"), recipe={"v": 1})
    workspace.run("sid", writes("codes of a"), recipe={}, inputs=["data"])
    workspace.run("data", writes("a"), recipe={"v": 2})
    workspace.run("sid", never, recipe={}, inputs=["data"])

    workspace.run("data", writes("b"), recipe={"v": 3})
    with pytest.raises(UserError, match=r"'sid' .* made from another 'data'.*genrec tokenize"):
        workspace.folder("sid")
    with pytest.raises(UserError, match="made from another 'data'"):
        workspace.run("model", never, recipe={}, inputs=["sid"])

    def codes(stage: Stage) -> None:
        writes("codes of " + text_of(stage.input("data")))(stage)
        with pytest.raises(KeyError):
            stage.input("embed")

    workspace.run("sid", codes, recipe={}, inputs=["data"])
    assert text_of(workspace.folder("sid")) == "codes of b"


def test_an_input_that_is_not_there_names_the_verb_that_makes_it(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "run")
    with pytest.raises(UserError, match="no finished stage 'data': run `genrec prepare"):
        workspace.run("embed", never, recipe={}, inputs=["data"])
    with pytest.raises(UserError, match="no finished stage 'model': run `genrec train"):
        Workspace(tmp_path / "nowhere").folder("model")
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(UserError, match=r"no file or folder .*absent\.csv"):
        workspace.run("data", never, recipe={}, inputs=[tmp_path / "absent.csv"])


def test_names_that_would_leave_the_stage_are_refused(tmp_path: Path) -> None:
    def work(stage: Stage) -> None:
        for name in ("manifest.json", "../outside", "/tmp/outside"):
            with pytest.raises(ValueError, match="cannot be the name"):
                stage.output(name)

    Workspace(tmp_path).run("data", work, recipe={})


def test_the_recipe_is_remembered(tmp_path: Path) -> None:
    assert Workspace(tmp_path / "run").recall() is None
    Workspace(tmp_path / "run").remember({"seed": 1, "train": {"leaf": None}})
    Workspace(tmp_path / "run").remember({"seed": 2, "train": {"leaf": None}})
    assert Workspace(tmp_path / "run").recall() == {"seed": 2, "train": {"leaf": None}}


# ---------------------------------------------------------------------- bad weather


def test_an_edited_output_is_an_error_and_never_overwritten(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.run("data", writes("hello"), recipe={})
    path = tmp_path / "data" / "deep" / "text.txt"
    path.write_text("hallo")
    for attempt in (
        lambda: workspace.run("data", never, recipe={}),
        lambda: workspace.run("data", never, recipe={"new": 1}),
        lambda: workspace.run("embed", never, recipe={}, inputs=["data"]),
        lambda: workspace.folder("data"),
    ):
        with pytest.raises(UserError, match=r"data/deep/text\.txt was changed after"):
            attempt()
    assert path.read_text() == "hallo"
    path.write_text("hello")  # put back: only the date differs, the hash decides
    workspace.run("data", never, recipe={})
    path.unlink()
    with pytest.raises(UserError, match="was changed after"):
        workspace.folder("data")


def test_verify_reads_everything(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.run("data", writes("hello"), recipe={})
    workspace.verify()
    path = tmp_path / "data" / "deep" / "text.txt"
    stat = path.stat()
    path.write_text("hellO")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    workspace.folder("data")  # same size, same date: only a full read can tell
    with pytest.raises(UserError, match=r"not as they were written: .*text\.txt"):
        workspace.verify()


def test_another_schema_damage_and_strangers(tmp_path: Path) -> None:
    run = tmp_path / "run"
    Workspace(run).run("data", writes("x"), recipe={})
    about = json.loads((run / "workspace.json").read_text())
    (run / "workspace.json").write_text(json.dumps(about | {"schema": 99, "genrec": "9.9"}))
    with pytest.raises(UserError, match=r"GenRec 9\.9 \(workspace schema 99\)"):
        Workspace(run)
    (run / "workspace.json").write_text("{")
    with pytest.raises(UserError, match="not JSON"):
        Workspace(run)
    (run / "workspace.json").write_text(json.dumps(about))
    manifest = run / "data" / "manifest.json"
    manifest.write_text(json.dumps({"schema": SCHEMA}))
    with pytest.raises(UserError, match=r"manifest\.json is damaged"):
        Workspace(run).folder("data")
    manifest.unlink()
    with pytest.raises(UserError, match="not made by GenRec"):
        Workspace(run).run("data", never, recipe={})

    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").touch()
    with pytest.raises(UserError, match=r"no workspace and holds other things \(cat\.jpg"):
        Workspace(tmp_path / "photos").run("data", never, recipe={})
    with pytest.raises(UserError, match="is a file"):
        Workspace(tmp_path / "photos" / "cat.jpg").run("data", never, recipe={})


def test_a_folder_that_may_not_be_written() -> None:
    def as_nobody(path: Path) -> None:
        if os.geteuid() == 0:
            os.setuid(65534)  # root may write everywhere
        with pytest.raises(UserError, match=rf"cannot write to {path}.*Choose another --workspace"):
            Workspace(path).run("data", never, recipe={})

    with tempfile.TemporaryDirectory() as home:
        os.chmod(home, 0o555)
        assert ended(in_child(lambda: as_nobody(Path(home) / "run"))) == 0
        (Path(home) / "run").mkdir()
        os.chmod(Path(home) / "run", 0o555)
        assert ended(in_child(lambda: as_nobody(Path(home) / "run"))) == 0


FULL = Path("/dev/full")  # every write to it really meets ENOSPC


def _python(path: Path) -> None:
    path.write_text("x")


def _polars(path: Path) -> None:
    pl.DataFrame({"x": np.arange(100_000)}).write_parquet(path)


def _numpy(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.arange(100_000))


@pytest.mark.skipif(not FULL.exists(), reason="/dev/full is Linux's")
@pytest.mark.parametrize("write", [_python, _polars, _numpy])
def test_a_full_disk_is_said_clearly(tmp_path: Path, write: Callable[[Path], None]) -> None:
    def work(stage: Stage) -> None:
        (stage.scratch / "epoch").write_text("1")
        write(FULL)

    workspace = Workspace(tmp_path)
    with pytest.raises(UserError, match=r"the disk is full at .*: [\d,]+ bytes free.*Make room"):
        workspace.run("data", work, recipe={})

    def goes_on(stage: Stage) -> None:
        assert (stage.scratch / "epoch").read_text() == "1"
        writes("done")(stage)

    workspace.run("data", goes_on, recipe={})


def test_a_file_size_limit_in_the_middle_of_an_output(tmp_path: Path) -> None:
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

        def tensors(stage: Stage) -> None:
            save_file({"x": np.zeros(1_000_000, np.float32)}, stage.output("x.safetensors"))

        def text(stage: Stage) -> None:
            stage.output("x.txt").write_text("x" * 1_000_000)

        for work in (tensors, text):
            with pytest.raises(UserError, match="file-size limit is reached"):
                Workspace(tmp_path).run("data", work, recipe={})

    assert ended(in_child(limited)) == 0
    Workspace(tmp_path).run("data", writes("whole"), recipe={})
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["deep", "manifest.json"]


def test_one_process_at_a_time_and_a_dead_one_is_taken_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def slow(stage: Stage) -> None:
        (stage.scratch / "here").touch()
        time.sleep(60)

    pid = in_child(lambda: Workspace(tmp_path).run("data", slow, recipe={}))
    while not (tmp_path / "data.part" / "scratch" / "here").exists():
        time.sleep(0.01)
    with pytest.raises(UserError, match=rf"in use by process {pid} on .*\(data, since"):
        Workspace(tmp_path).run("data", never, recipe={})
    Workspace(tmp_path)  # looking is allowed
    os.kill(pid, signal.SIGKILL)
    assert ended(pid) == -signal.SIGKILL
    Workspace(tmp_path).run("data", writes("mine"), recipe={})
    said = capsys.readouterr().err
    assert f"process {pid}" in said and "taking over" in said and "going on where it was stopped" in said


# ---------------------------------------------------------------------- kill -9


def counting(log: Path) -> Callable[[Stage], None]:
    """Three steps, each with a checkpoint; the output says what all of them made, `log` every step that was done."""

    def work(stage: Stage) -> None:
        for step in range(3):
            checkpoint = stage.scratch / f"{step}.json"
            if not checkpoint.exists():
                time.sleep(0.002)
                with log.open("a") as file:
                    file.write(f"{step}\n")
                part = checkpoint.with_suffix(".tmp")
                part.write_text(json.dumps([stage.seed, step]))
                os.replace(part, checkpoint)
        made = [json.loads((stage.scratch / f"{step}.json").read_text()) for step in range(3)]
        stage.output("made.json").write_text(json.dumps(made))
        stage.output("more/seed.txt").write_text(str(stage.seed))

    return work


def pipeline(run: Path, log: Path, names: tuple[str, ...], seed: int = 7) -> dict[str, str]:
    """The stages `names`, each made from the one before; the hashes of what they made."""
    workspace = Workspace(run)
    for name, before in zip(names, ("", *names), strict=False):
        workspace.run(name, counting(log), recipe={"a": 1}, inputs=[before] if before else [], seed=seed)
    workspace.verify()
    return {name: workspace.manifest(name).content for name in names}


def test_a_stage_killed_at_every_single_change_to_the_disk(tmp_path: Path) -> None:
    old, names = tmp_path / "old", ("data",)
    wanted = pipeline(tmp_path / "reference", tmp_path / "log", names)
    former = pipeline(old, tmp_path / "log", names, seed=100)  # a finished stage is replaced: the hardest case
    assert former != wanted
    operation = 0
    while True:
        operation += 1
        run, log = tmp_path / f"run{operation}", tmp_path / f"log{operation}"
        shutil.copytree(old, run)
        log.touch()
        killed = killed_at(operation, lambda run=run, log=log: pipeline(run, log, names))
        workspace = Workspace(run)
        workspace.verify()
        assert workspace.manifest("data").content in (former["data"], wanted["data"])  # old or new, never none
        assert pipeline(run, log, names) == wanted
        assert not list(run.glob("*.part"))
        assert len(log.read_text().split()) <= 4, "more was done again than the one step that was cut short"
        shutil.rmtree(run)
        if not killed:
            break
    assert operation > 25


def test_checkpoints_of_another_recipe_are_never_taken_up(tmp_path: Path) -> None:
    def stopped(stage: Stage) -> None:
        (stage.scratch / "deep").mkdir(exist_ok=True)
        (stage.scratch / "deep" / "epoch").write_text(str(stage.recipe["width"]))
        stage.output("half").touch()
        raise InterruptedError

    def fresh(stage: Stage) -> None:
        assert not list(stage.scratch.iterdir())
        writes("whole")(stage)

    prepared = tmp_path / "prepared"
    with pytest.raises(InterruptedError):
        Workspace(prepared).run("model", stopped, recipe={"width": 1})
    operation, killed = 0, True
    while killed:  # the old checkpoints' removal may be killed too: what is left of them is not taken up either
        operation += 1
        run = tmp_path / f"run{operation}"
        shutil.copytree(prepared, run)
        killed = killed_at(operation, lambda run=run: Workspace(run).run("model", fresh, recipe={"width": 2}))

        def whole_or_nothing(stage: Stage) -> None:
            found = [path.name for path in stage.scratch.rglob("*")]
            assert found in ([], ["deep", "epoch"]), "half-removed checkpoints"
            writes("whole")(stage)

        Workspace(run).run("model", whole_or_nothing, recipe={"width": 1})
        assert [path.path for path in Workspace(run).manifest("model").outputs] == ["deep/text.txt"]
        shutil.rmtree(run)
    assert operation > 10


def test_stages_killed_at_random_moments_until_all_are_done(tmp_path: Path) -> None:
    names = ("data", "embed", "sid")
    wanted = pipeline(tmp_path / "reference", tmp_path / "log", names)
    chance = random.Random(0)
    run, log, kills = tmp_path / "run", tmp_path / "log2", 0
    while True:
        pid = in_child(lambda: pipeline(run, log, names))
        time.sleep(chance.uniform(0.002, 0.02 + 0.01 * kills))
        os.kill(pid, signal.SIGKILL)
        if ended(pid) == 0:
            break
        kills += 1
    assert pipeline(run, log, names) == wanted
    assert len(log.read_text().split()) <= 9 + kills


# ---------------------------------------------------------------------- versions


def contents(run: Path) -> dict[str, str]:
    workspace = Workspace(run)
    workspace.verify()
    return {name: text_of(workspace.folder(name)) for name in workspace.stages()}


OLD = {"data": "old data", "model": "old model", "report": "old report"}
NEW = {"data": "new data", "model": "new model", "sid": "new codes"}


def with_staging(run: Path) -> None:
    """A finished workspace with a finished staging workspace inside."""
    for workspace, stages in ((Workspace(run), OLD), (Workspace(run).staging(), NEW)):
        for name, text in stages.items():
            workspace.run(name, writes(text), recipe={}, inputs=[] if name == "data" else ["data"])


def replace(run: Path) -> int:
    workspace = Workspace(run)
    return workspace.replace(workspace.staging())


def test_replace_and_rollback(tmp_path: Path) -> None:
    with_staging(tmp_path)
    workspace = Workspace(tmp_path)
    assert (workspace.version, workspace.versions()) == (1, [])
    assert replace(tmp_path) == 2
    assert contents(tmp_path) == NEW and not (tmp_path / "staging").exists()
    assert (workspace.version, workspace.versions()) == (2, [1])
    assert workspace.rollback() == 1
    assert contents(tmp_path) == OLD and (workspace.version, workspace.versions()) == (1, [2])
    with pytest.raises(UserError, match="no version before this to go back to; kept: 2"):
        workspace.rollback()
    assert workspace.rollback(2) == 2
    assert contents(tmp_path) == NEW
    with pytest.raises(UserError, match="no version 7 to go back to; kept: 1"):
        workspace.rollback(7)
    workspace.staging().run("data", writes("third"), recipe={})
    assert replace(tmp_path) == 3
    assert workspace.versions() == [1, 2] and contents(tmp_path) == {"data": "third"}


def test_an_unfinished_or_outdated_version_is_not_taken(tmp_path: Path) -> None:
    with_staging(tmp_path / "run")
    with pytest.raises(UserError, match="no finished stages to put into"):
        Workspace(tmp_path / "run").replace(Workspace(tmp_path / "empty"))
    Workspace(tmp_path / "run").staging().run("data", writes("newer"), recipe={"v": 2})
    with pytest.raises(UserError, match="made from another 'data'"):
        replace(tmp_path / "run")
    assert contents(tmp_path / "run") == OLD


@pytest.mark.parametrize("verb", ["replace", "rollback"])
def test_a_swap_killed_at_every_single_change_to_the_disk(tmp_path: Path, verb: str) -> None:
    prepared = tmp_path / "prepared"
    with_staging(prepared)
    before, after, swap = OLD, NEW, replace
    if verb == "rollback":
        replace(prepared)
        before, after, swap = NEW, OLD, lambda run: Workspace(run).rollback()
    operation, seen = 0, set()
    while True:
        operation += 1
        run = tmp_path / f"run{operation}"
        shutil.copytree(prepared, run)
        killed = killed_at(operation, lambda run=run: swap(run))
        found = contents(run)
        assert found in (before, after), f"killed before change {operation}: a mixture of versions"
        seen.add(found == after)
        if found == before:
            swap(run)  # nothing of the other version is lost: the same command goes through
        assert contents(run) == after
        workspace = Workspace(run)
        workspace.rollback(workspace.versions()[0])
        assert contents(run) == before
        shutil.rmtree(run)
        if not killed:
            break
    assert seen == {True, False} and operation > 10


def test_a_swap_whose_new_stages_have_gone_is_taken_back(tmp_path: Path) -> None:
    prepared = tmp_path / "prepared"
    with_staging(prepared)
    taken_back = 0
    for operation in range(1, 40):
        run = tmp_path / f"run{operation}"
        shutil.copytree(prepared, run)
        killed_at(operation, lambda run=run: replace(run))
        half_done = (run / "swap.json").exists() and (run / "staging" / "sid").exists()
        if half_done:
            shutil.rmtree(run / "staging" / "sid")
            assert contents(run) == OLD and not (run / "swap.json").exists()
            assert Workspace(run).version == 1 and Workspace(run).versions() == []
            taken_back += 1
    assert taken_back >= 5


# ---------------------------------------------------------------------- taking something out


def kept_secret(run: Path) -> None:
    """Two versions of two stages that hold a secret, and one begun."""
    workspace = Workspace(run)
    for text in ("old secret", "new secret"):
        workspace.run("data", writes(text), recipe={"text": text})
        workspace.run("sid", writes(f"codes of {text}"), recipe={}, inputs=["data"])
        if text == "old secret":
            staging = workspace.staging()
            staging.run("data", writes("staged secret"), recipe={})
            workspace.replace(staging)
    part = run / "generate.part" / "scratch"
    part.mkdir(parents=True)
    (part / "half").write_text("half a secret")


def without_secret(stage: str, folder: Path, target: Callable[[str], Path]) -> None:
    text = text_of(folder)
    if "secret" in text and stage == "data":
        target("deep/text.txt").write_text(text.replace("secret", "…"))


def test_what_is_taken_out_is_gone_from_all_versions_and_nothing_is_made_again(tmp_path: Path) -> None:
    kept_secret(tmp_path / "run")
    workspace, order = Workspace(tmp_path / "run"), []
    workspace.redact(without_secret, first=lambda: order.append("first"))
    assert order == ["first"]
    texts = [path.read_text() for path in (tmp_path / "run").rglob("text.txt") if path.parent.parent.name == "data"]
    assert sorted(texts) == ["new …", "old …"] and not (tmp_path / "run" / "generate.part").exists()
    workspace.verify()
    assert workspace.run("data", never, recipe={"text": "new secret"}).outputs[0].size == len("new …".encode())
    workspace.run("sid", never, recipe={}, inputs=["data"])
    workspace.redact(without_secret, first=lambda: None)  # nothing left to take out
    workspace.run("sid", never, recipe={}, inputs=["data"])
    workspace.rollback(1)
    workspace.run("sid", never, recipe={}, inputs=["data"])


def test_a_redaction_killed_at_every_single_change_to_the_disk(tmp_path: Path) -> None:
    prepared = tmp_path / "prepared"
    kept_secret(prepared)

    def redact(run: Path) -> None:
        Workspace(run).redact(without_secret, first=lambda: None)

    def secrets(run: Path) -> int:
        Workspace(run).verify()  # whatever is there is whole
        return sum("secret" in path.read_text() for path in run.rglob("data/deep/text.txt"))

    operation, seen = 0, set()
    while True:
        operation += 1
        run = tmp_path / f"run{operation}"
        shutil.copytree(prepared, run)
        killed = killed_at(operation, lambda run=run: redact(run))
        seen.add(secrets(run))
        redact(run)
        assert secrets(run) == 0 and not (run / "redaction").exists()
        Workspace(run).run("sid", never, recipe={}, inputs=["data"])
        shutil.rmtree(run)
        if not killed:
            break
    assert seen == {0, 2} and operation > 10
