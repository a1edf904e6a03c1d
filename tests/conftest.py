"""What all tests share: the folder of real data, a PostgreSQL server, and the rule that nothing may be skipped where
everything must run."""

from __future__ import annotations

import contextlib
import glob
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Generator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.painters import studio, tiny_painter  # noqa: F401
from tests.runs import cli, copy, fashion, genrec, launch, small_recipe  # noqa: F401  (fixtures, made once for all)
from tests.serving import serve, server  # noqa: F401

# Where everything must run, the same examples run every time; anywhere else, new ones each time.
hypothesis.settings.register_profile("repeatable", derandomize=True)
if os.environ.get("GENREC_REQUIRE_ALL"):
    hypothesis.settings.load_profile("repeatable")

# As the command line does, and as early: before any test loads torch.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of public data sets that GENREC_DATA names."""
    named = os.environ.get("GENREC_DATA")
    if not named:
        pytest.skip("needs real data: set GENREC_DATA to the folder of the public data sets")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"GENREC_DATA names {named}, which is no folder")
    return folder


def _forbid_skip(report: Any) -> None:
    """With GENREC_REQUIRE_ALL=1 a skipped test is a failed one; an expected failure is none."""
    if os.environ.get("GENREC_REQUIRE_ALL") == "1" and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: skipped, which GENREC_REQUIRE_ALL=1 forbids. {why}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    report = yield
    _forbid_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    report = yield
    _forbid_skip(report)
    return report


class Postgresql:
    """A PostgreSQL server of our own, in a folder that goes away: reached by a socket there, so without a port."""

    def __init__(self, programs: Path, folder: Path, user: str | None) -> None:
        self._programs, self._folder, self._user = programs, folder, user
        self._run("initdb", "--auth=trust", "--username=genrec", "--encoding=UTF8", "--locale=C", "--no-sync")
        settings = {"listen_addresses": "", "unix_socket_directories": folder}
        settings |= {"fsync": "off", "deadlock_timeout": "50ms"}  # we kill processes, never the machine
        with (folder / "data" / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        self.start()

    def _run(self, program: str, *args: str) -> None:
        # The server refuses to run as root, and keeps what output it is given: a pipe of ours would never end.
        command = [str(self._programs / program), "-D", str(self._folder / "data"), *args]
        with (self._folder.parent / f"{self._folder.name}.log").open("a") as log:
            subprocess.run(command, check=True, cwd="/", stdout=log, stderr=log, user=self._user, env={"LC_ALL": "C"})

    def start(self) -> None:
        self._run("pg_ctl", "start", "--wait", "--log", str(self._folder / "log"))

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "stop", "--wait", "--mode", mode)

    def signal(self, number: int) -> None:
        """To the server and every process that serves a connection."""
        first = int((self._folder / "data" / "postmaster.pid").read_text().split()[0])
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):  # gone meanwhile
                name_and_after = stat.read_text().rpartition(")")[2].split()  # state, parent, …
                if int(name_and_after[1]) == first:
                    os.kill(int(stat.parent.name), number)
        os.kill(first, number)

    def database(self) -> str:
        """The address of a new, empty database."""
        import psycopg

        name = f"d{uuid.uuid4().hex}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self._address(name)

    def _address(self, name: str) -> str:
        return f"postgresql://genrec@/{name}?host={self._folder}"


@pytest.fixture(scope="session")
def vllm_installed() -> None:
    if importlib.util.find_spec("vllm") is None:
        pytest.skip("needs vLLM: `make vllm` installs it")


@pytest.fixture(scope="session")
def postgresql() -> Generator[Postgresql, None, None]:
    """A running PostgreSQL: Debian's package `postgresql` has the programs, outside the path."""
    programs = [Path(found).parent for found in sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))]
    programs += [Path(found).parent.resolve() for found in [shutil.which("initdb")] if found]
    if not programs:
        pytest.skip("needs PostgreSQL's programs: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="genrec-pg-"))
    user = None
    if os.getuid() == 0:
        user = "postgres" if "postgres" in {entry.pw_name for entry in pwd.getpwall()} else "nobody"
        shutil.chown(folder, user)
    running = Postgresql(programs[-1], folder, user)
    yield running
    running.stop("immediate")
    shutil.rmtree(folder)
    folder.with_name(f"{folder.name}.log").unlink()
