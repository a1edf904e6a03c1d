"""For tests of benchmarks: their files are scripts and no package."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def script(name: str) -> ModuleType:
    """One of the benchmarks' files, as a script beside it would import it."""
    patch = pytest.MonkeyPatch()
    patch.syspath_prepend(str(BENCHMARKS))
    try:
        return importlib.import_module(name)
    finally:
        patch.undo()
