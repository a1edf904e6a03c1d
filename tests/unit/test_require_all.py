"""GENREC_REQUIRE_ALL=1 turns every skip into a failure, in a pytest of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CASES = """
import pytest

def test_fine(): pass

def test_skipped(): pytest.skip("no reason")

@pytest.mark.skip(reason="marked")
def test_marked(): pass

@pytest.mark.xfail
def test_expected(): assert False

def test_real(real_data): pass
"""


@pytest.mark.parametrize(
    ("require", "tail"), [("0", "1 passed, 4 skipped, 1 xfailed"), ("1", "1 failed, 1 passed, 1 xfailed, 3 errors")]
)
def test_skips(tmp_path: Path, require: str, tail: str) -> None:
    shutil.copy(Path(__file__).parent.parent / "conftest.py", tmp_path)
    (tmp_path / "test_cases.py").write_text(CASES)
    (tmp_path / "test_whole.py").write_text("import pytest\npytest.importorskip('no_such_module')\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    environment = {k: v for k, v in os.environ.items() if k not in ("GENREC_DATA", "PYTEST_ADDOPTS")}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--continue-on-collection-errors", tmp_path],
        env=environment | {"GENREC_REQUIRE_ALL": require},
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert tail in run.stdout, run.stdout
    assert run.returncode == int(require)
    if require == "1":
        assert "no_such_module" in run.stdout
        assert "set GENREC_DATA" in run.stdout
