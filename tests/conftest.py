"""What all tests share: the folder of real data, and the rule that nothing may be skipped where everything must run."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

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
