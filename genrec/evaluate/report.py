"""The report: one HTML file that needs nothing else. No script, no request; pictures travel as data: URIs.

It shows what the protocol measured: `write_report` takes plain values and knows neither generator nor tokenizer. Tables
are made in report_tables.py, small pictures in figures.py; what it looks like is in report.html.j2 and report.css.
"""

from __future__ import annotations

import base64
import datetime
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from genrec import __version__
from genrec.data.catalog import COLUMNS, Catalog
from genrec.errors import UserError
from genrec.evaluate import figures, report_tables
from genrec.evaluate.protocol import Result

HISTORY, ANSWERS, PER_CODE = 6, 5, 8
"""Pictures shown: last items of a history, answers of a model, items of a code."""
FEATURES = {
    "codes": "log-probability of the semantic ID",
    "dense": "log-softmax of history state · item vector",
    "neighbours": "similarity with the neighbours of the history",
    "content": "cosine with the content of the history",
    "popularity": "log(1 + training events)",
    "repeat": "-1 for what the history holds already",
}
PACKAGES = ("torch", "transformers", "accelerate", "numpy", "polars", "faiss-cpu")


@dataclass(frozen=True)
class Example:
    """One question and what the models said: item indices, best first; -1 is no answer.

    scores: of a model's answers, where they are known. target: what the user really took next.
    """

    user: str
    history: Sequence[int]
    target: int
    answers: Mapping[str, Sequence[int]]
    scores: Mapping[str, Sequence[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Drawn:
    """An item drawn for somebody. item: its index. pictures: what each is, and its PNG file."""

    user: str
    item: int
    pictures: Sequence[tuple[str, bytes]]


@dataclass(frozen=True, kw_only=True, eq=False)
class ReportInput:
    """What a report tells. Everything from `oracles` on may be left out; its section is then absent.

    counts: "users", "items", "events". oracles: as the synthetic world states them, {"history": {"ndcg@10": …}, …}.
    comparisons: from `protocol.compare`. curves: by model, rows {"epoch", "loss", "score" or None, "seconds"}.
    tokenizer: from `genrec.sid.metrics.report`. code_groups: (label, items that share the code). tuning: by model
    {"best", "trials", "seconds"}. leaf_weights: by feature. codes: uint16 (N, L), the semantic IDs, for the use of
    codes and under the pictures. drawn: items drawn for some of the examples' people.
    """

    dataset: str
    counts: Mapping[str, int]
    split: str
    seed: int
    results: Sequence[Result]
    catalog: Catalog
    oracles: Mapping[str, Any] | None = None
    comparisons: Sequence[Mapping[str, Any]] = ()
    curves: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    tokenizer: Mapping[str, Any] | None = None
    code_groups: Sequence[tuple[str, Sequence[int]]] = ()
    examples: Sequence[Example] = ()
    drawn: Sequence[Drawn] = ()
    tuning: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    leaf_weights: Mapping[str, float] | None = None
    codes: np.ndarray | None = None
    environment: Mapping[str, str] | None = None
    date: datetime.date = field(default_factory=datetime.date.today)


def write_report(path: Path, said: ReportInput) -> None:
    """Write the report of `said` to `path`, whole or not at all. UserError where no model was evaluated."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    if not said.results:
        raise UserError("a report needs at least one evaluated model: run `genrec evaluate` first")
    templates = Environment(
        loader=PackageLoader("genrec", "evaluate"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shelf = _Shelf(said.catalog, said.codes)
    tables = report_tables.Tables(said.results, said.oracles, said.comparisons)
    html = templates.get_template("report.html.j2").render(
        said=said,
        version=__version__,
        environment=said.environment or environment(),
        tables=tables,
        curves=[_curve(name, rows) for name, rows in said.curves.items() if rows],
        levels=_levels(said.tokenizer, said.codes),
        groups=[shelf.group(label, items) for label, items in said.code_groups],
        examples=[_example(example, tables, shelf) for example in said.examples],
        drawn=[_drawn(one, shelf) for one in said.drawn],
        features=FEATURES,
        duration=report_tables.duration,
        metric=report_tables.metric_name,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(html, encoding="utf-8")
    os.replace(part, path)


def environment() -> dict[str, str]:
    """What the figures were made with: versions of what computes them, and the machine in a few words."""
    said = {"genrec": __version__, "Python": platform.python_version()}
    for package in PACKAGES:
        try:
            said[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    threads = os.environ.get("OMP_NUM_THREADS")
    cores = f"{os.cpu_count()} cores" + (f", {threads} thread(s)" if threads else "")
    return said | {"system": f"{platform.system()} {platform.machine()}", "processor": cores}


class _Shelf:
    """Items as the template shows them; every picture is read once."""

    def __init__(self, catalog: Catalog, codes: np.ndarray | None) -> None:
        self.catalog, self.codes = catalog, codes
        self.titles: list[str | None] = catalog.table["title"].to_list()
        self.shown: dict[int, dict[str, Any]] = {}

    def item(self, index: int) -> dict[str, Any]:
        if index not in self.shown:
            self.shown[index] = {
                "index": index,
                "title": self.titles[index] or self.catalog.ids[index],
                "picture": figures.picture(self.catalog.image_path(index)),
                "sid": None if self.codes is None else "·".join(map(str, self.codes[index].tolist())),
            }
        return self.shown[index]

    def group(self, label: str, items: Sequence[int]) -> dict[str, Any]:
        items = [int(item) for item in items]
        return {
            "label": label,
            "items": [self.item(item) for item in items[:PER_CODE]],
            "more": max(0, len(items) - PER_CODE),
            "traits": self.traits(items),
        }

    @cached_property
    def attributes(self) -> dict[str, np.ndarray]:
        """The catalogue's further columns that sort items into kinds: text, and far fewer values than items."""
        import polars as pl

        table = self.catalog.table.select(pl.exclude(COLUMNS)).select(pl.col(pl.String))
        kinds = {column: table[column].n_unique() for column in table.columns}
        return {column: table[column].to_numpy() for column, n in kinds.items() if 2 <= n <= max(2, len(table) // 8)}

    def traits(self, items: list[int], most: int = 3) -> list[dict[str, Any]]:
        """What most of `items` have in common and the catalogue has not: attributes, the most telling first."""
        found = []
        for column, values in self.attributes.items():
            own = [value for value in values[items] if value is not None]
            if not own:
                continue
            names, counts = np.unique(own, return_counts=True)
            value = names[counts.argmax()]
            share, overall = counts.max() / len(items), float((values == value).mean())
            if share >= 0.5 and share >= 1.5 * overall:
                found.append({"column": column, "value": str(value), "share": share, "overall": overall})
        return sorted(found, key=lambda trait: trait["overall"] - trait["share"])[:most]


def _curve(name: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    losses = [(row["epoch"] + 1, row["loss"]) for row in rows]
    scores = [(row["epoch"] + 1, row["score"]) for row in rows if row.get("score") is not None]
    best = max(scores, key=lambda point: point[1]) if scores else None
    seconds = sum(row.get("seconds") or 0.0 for row in rows)
    told = f"{len(rows)} epochs, {report_tables.duration(seconds)}"
    if best is not None:
        told += f"; best score {best[1]:.4f} in epoch {best[0]}"
    fell = f"{name}: training loss by epoch, from {losses[0][1]:.3g} to {losses[-1][1]:.3g}"
    return {
        "name": name,
        "told": told,
        "loss": figures.line_chart(losses, fell),
        "score": figures.line_chart(scores, f"{name}: validation score by epoch; {told}", mark=best) if best else None,
    }


def _levels(tokenizer: Mapping[str, Any] | None, codes: np.ndarray | None) -> list[dict[str, Any]]:
    levels = []
    for number, level in enumerate((tokenizer or {}).get("levels", [])):
        picture = None
        if codes is not None:
            counts = np.bincount(codes[:, number], minlength=level["size"])
            used = f"{level['used']} of {level['size']} codes used, the most used by {counts.max()} items"
            picture = figures.usage_bars(counts, f"Level {number + 1}: {used}")
        levels.append({"number": number + 1, **level, "picture": picture})
    return levels


def _drawn(drawn: Drawn, shelf: _Shelf) -> dict[str, Any]:
    """Shown as the files that were drawn, so that whoever saves one finds in it what it is."""
    pictures = [
        (label, "data:image/png;base64," + base64.b64encode(file).decode("ascii")) for label, file in drawn.pictures
    ]
    return {"user": drawn.user, "item": shelf.item(drawn.item), "pictures": pictures}


def _example(example: Example, tables: report_tables.Tables, shelf: _Shelf) -> dict[str, Any]:
    seen = {int(item) for item in example.history}

    def answer(model: str) -> dict[str, Any]:
        items = [int(item) for item in example.answers[model] if item >= 0]
        scores = [float(score) for score in example.scores.get(model, [])] + [None] * len(items)
        lines = [
            {"item": shelf.item(item), "score": score, "hit": item == example.target, "seen": item in seen}
            for item, score in zip(items[:ANSWERS], scores, strict=False)
        ]
        return {"model": model, "lines": lines} | place(model)

    def place(model: str) -> dict[str, Any]:
        items = [int(item) for item in example.answers[model]]
        found = items.index(example.target) + 1 if example.target in items else None
        return {"model": model, "place": found, "of": len(items)}

    main = [model for model in (tables.leader, tables.rival) if model is not None and model in example.answers]
    history = [int(item) for item in example.history]
    return {
        "user": example.user,
        "history": [shelf.item(item) for item in history[-HISTORY:]],
        "older": max(0, len(history) - HISTORY),
        "target": shelf.item(int(example.target)),
        "repeat": int(example.target) in seen,
        "answers": [answer(model) for model in main],
        "others": [place(model) for model in example.answers if model not in main],
    }
