"""The notebook runs from its first cell to its last in a fresh kernel, and is kept without outputs."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "quickstart.ipynb"


def test_it_is_kept_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs") and cell.get("execution_count") is None, cell.source


@pytest.mark.slow
def test_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(tmp_path)}}).execute()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]

    figures = code[1].outputs[-1].data["text/plain"]
    assert "'genrec-compact'" in figures and "'itemknn'" in figures
    shown = [output for cell in code for output in cell.outputs if "image/png" in output.get("data", {})]
    assert len(shown) == 3, "items that are alike, a history, what comes next"
    assert (tmp_path / "runs" / "quickstart" / "evaluate" / "report.html").stat().st_size > 10_000
    for_somebody_new = ast.literal_eval(code[-1].outputs[-1].data["text/plain"])
    assert len(set(for_somebody_new)) == 3
