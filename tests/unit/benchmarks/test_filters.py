"""The benchmark of filters on a small catalogue: its table, and answers that hold."""

from __future__ import annotations

import datetime as dt
import importlib
import json
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


def test_filters_measures_both_ways_and_finds_nothing_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    script = importlib.import_module("filters")
    script.main(["--preset", "small", "--rounds", "2", "--compiled", "40", "--json", str(tmp_path / "f.json")])
    found = json.loads((tmp_path / "f.json").read_text())
    assert 0 < found["compile_p50_us"] <= found["compile_p99_us"] and found["filters"] == 40
    assert [row["histories"] for row in found["rows"]] == ["allowed", "excluded"]
    for row in found["rows"]:
        assert row["invalid"] == row["incomplete"] == 0
        assert row["unfiltered_users_per_s"] > 0 and row["filtered_users_per_s"] > 0 and row["ratio"] > 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[0] for line in printed if line.startswith("| ")][2:] == ["| allowed", "| excluded"]


def test_the_check_by_hand_sees_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    holds = importlib.import_module("filters").holds
    row = {"category": "3", "price": 12.0, "countries": ["DE", "FR"], "released": dt.date(2022, 5, 1)}
    price = {"price": {"min": 10, "max": 12.0}}
    assert holds({"category": ["3", "4"], **price, "countries": ["FR"]}, row)
    assert not holds({"category": ["4"]}, row)
    assert not holds(price, row | {"price": None}) and not holds(price, row | {"price": 12.01})
    assert not holds({"countries": {"not": ["DE"]}}, row) and holds({"countries": {"not": ["US"]}}, row)
    assert not holds({"released": {"min": "2022-05-02", "max": "2023-01-01"}}, row)
