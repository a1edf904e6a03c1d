"""For end-to-end and browser tests: one small finished run, copies of it to play with, and two ways to call the CLI."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from genrec.cli import app

# The demo's recipe, made small: everything the demo does, in a few seconds on one core.
SMALL = {
    "data.n_items": 300,
    "data.n_users": 400,
    "embed.text.dim": 32,
    "embed.image.epochs": 1,
    "embed.fuse.dim": 32,
    "tokenizer.codebook_size": 32,
    "tokenizer.epochs": 20,
    "train.width": 32,
    "train.epochs": 2,
    "train.update_epochs": 1,
    "train.beam": 20,
    "evaluate.beam": 20,
    "evaluate.sasrec.width": 32,
    "evaluate.sasrec.epochs": 1,
}
GENREC = Path(sys.executable).with_name("genrec")


@dataclass(frozen=True)
class Said:
    """How a command ended: its exit status and what it wrote."""

    code: int
    out: str
    err: str

    def ok(self) -> Said:
        assert self.code == 0, self.err
        return self


def start(*args: object, **options: object) -> subprocess.Popen[str]:
    """`genrec` in a process of its own; one thread, so that two runs give the same bits on any machine."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen([str(GENREC), *map(str, args)], env=environment, text=True, **options)  # type: ignore[call-overload, no-any-return]


@pytest.fixture(scope="session")
def genrec() -> Callable[..., Said]:
    """``genrec("train", run)`` in a process of its own, to its end."""

    def call(*args: object) -> Said:
        process = start(*args, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.communicate()
        return Said(process.returncode, out, err)

    return call


@pytest.fixture(scope="session")
def launch() -> Callable[..., subprocess.Popen[str]]:
    """``launch("train", run)`` in a process of its own, which goes on meanwhile and says nothing."""
    return lambda *args: start(*args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def cli() -> Callable[..., Said]:
    """The same command in this process, which has torch loaded already."""

    def call(*args: object) -> Said:
        done = CliRunner().invoke(app, [str(arg) for arg in args])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Said(done.exit_code, done.stdout, done.stderr)

    return call


@pytest.fixture(scope="session")
def small_recipe() -> list[str]:
    return ["--recipe", "demo", *(word for key, value in SMALL.items() for word in ("--set", f"{key}={value}"))]


@pytest.fixture(scope="session")
def fashion(tmp_path_factory: pytest.TempPathFactory, genrec: Callable[..., Said], small_recipe: list[str]) -> Path:
    """A finished run on 300 garments. Shared: tests that change anything take a `copy`."""
    path = tmp_path_factory.mktemp("runs") / "fashion"
    said = genrec("run", path, *small_recipe).ok()
    assert said.out == f"{path}/evaluate/report.html\n"
    return path


@pytest.fixture
def copy(fashion: Path, tmp_path: Path) -> Callable[..., Path]:
    """``copy("evaluate")``: the finished run again, in a new place, without these stages."""

    def made(*without: str) -> Path:
        path = tmp_path / f"copy-{len(list(tmp_path.iterdir()))}"
        shutil.copytree(fashion, path, ignore=lambda folder, _: without if Path(folder) == fashion else ())
        return path

    return made
