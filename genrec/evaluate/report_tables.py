"""The report's tables, from results to cells: which models, which columns, what is best, how long a bar is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from genrec.evaluate import figures
from genrec.evaluate.protocol import Result

LEADER = "genrec-compact"
NEIGHBOURS = ("popularity", "itemknn", "contentknn")
ACCURACY = ("recall", "ndcg", "mrr")
BEYOND = {"coverage": max, "gini": min, "novelty": None, "long_tail": None}
"""Figures beyond accuracy, and which of two is better: for novelty and long tail, neither (a random list has most)."""


class Tables:
    """metric: the figure that decides, ndcg@10 where there is one. leader: the model that the report is about.

    rival: the best of the models that are not GenRec's, by `metric`; None where there is none.
    """

    def __init__(
        self,
        results: Sequence[Result],
        oracles: Mapping[str, Any] | None,
        comparisons: Sequence[Mapping[str, Any]],
    ) -> None:
        self.results, self.comparisons = results, comparisons
        names = results[0].row["metrics"]
        self.ks = sorted({int(name.partition("@")[2]) for name in names if name.partition("@")[2].isdigit()})
        self.k = 10 if 10 in self.ks else self.ks[-1]
        self.metric = f"ndcg@{self.k}"
        # Beside the figures of each oracle stands the number of users; it is no oracle.
        stated = {name: said for name, said in (oracles or {}).items() if isinstance(said, Mapping)}
        self.oracles = {name: said for name, said in stated.items() if self.metric in said}
        models = [result.row["model"] for result in results]
        ranked = sorted(results, key=lambda result: -result[self.metric])
        self.leader: str = LEADER if LEADER in models else ranked[0].row["model"]
        others = [result.row["model"] for result in ranked if not result.row["model"].startswith("genrec")]
        self.rival: str | None = next((model for model in others if model != self.leader), None)
        self.lead = next(result for result in results if result.row["model"] == self.leader)
        self.highlights = self._highlights()

    def _highlights(self) -> list[dict[str, str]]:
        """The figures on top, and so the summary: {"figure", "what", "detail"}."""
        metrics, name = self.lead.row["metrics"], metric_name(self.metric)
        low, high = metrics.get(f"{self.metric}_low"), metrics.get(f"{self.metric}_high")
        detail = "" if low is None else f"95 % interval {low:.4f}–{high:.4f}"
        told = [{"figure": f"{metrics[self.metric]:.4f}", "what": name, "detail": detail}]
        best = max(
            (result for result in self.results if result.row["model"] in NEIGHBOURS and result is not self.lead),
            key=lambda result: result[self.metric],
            default=None,
        )
        for other, what in ((best, "the best neighbour method"), (self._named("sasrec"), "SASRec")):
            if other is None or other is self.lead or not other[self.metric]:
                continue
            model = other.row["model"]
            paired = self._paired(model)
            detail = f"{name} {other[self.metric]:.4f}"
            if paired:
                detail = f"95 % interval {paired['ratio_low']:.2f}–{paired['ratio_high']:.2f}"
            if other is best:
                detail = f"{model}, {detail}"
            ratio = self.lead[self.metric] / other[self.metric]
            told.append({"figure": f"{ratio:.2f}×", "what": what, "detail": detail})
        history = self.oracles.get("history", {}).get(self.metric)
        if history:
            share, what = f"{100 * self.lead[self.metric] / history:.0f} %", "of what the history alone allows"
            told.append({"figure": share, "what": what, "detail": f"oracle: {history:.4f}"})
        return told

    @property
    def summary(self) -> str:
        """The result in one sentence."""
        first, *rest = self.highlights
        parts = [f"{first['what']} {first['figure']}"]
        parts += [f"{one['figure']} {one['what']} ({one['detail']})" for one in rest]
        return f"{self.leader}: " + ", ".join(parts) + "."

    def _named(self, model: str) -> Result | None:
        return next((result for result in self.results if result.row["model"] == model), None)

    def _paired(self, model: str) -> Mapping[str, Any] | None:
        pair = (self.metric, self.leader, model)
        found = (one for one in self.comparisons if (one["metric"], one["model_a"], one["model_b"]) == pair)
        one = next(found, None)
        return one if one is not None and one["ratio"] is not None else None

    # ------------------------------------------------------------------ tables

    @property
    def accuracy(self) -> list[dict[str, Any]]:
        """Rows {"label", "role", "cells"} of recall, ndcg and mrr at every k, the oracles last."""
        columns = [f"{name}@{k}" for name in ACCURACY for k in self.ks]
        rows = self._rows(columns, dict.fromkeys(columns, max), 4)
        for name, said in self.oracles.items():
            cells = [_cell(f"{said[column]:.4f}" if column in said else "–") for column in columns]
            rows.append({"label": f"oracle: {name}", "role": "oracle", "seen": "yes", "cells": cells})
        return rows

    @property
    def beyond(self) -> list[dict[str, Any]]:
        """Rows of `BEYOND` at k, then the share of places filled and the speed."""
        better = {f"{name}@{self.k}": choose for name, choose in BEYOND.items()}
        rows = self._rows(list(better), better, 3)
        for row, result in zip(rows, self.results, strict=True):
            speed = len(result.ranks) / result.seconds if result.seconds > 0 else math.nan
            filled = result.row["metrics"].get(f"filled@{self.k}", 1.0)
            row["cells"] += [_cell(f"{100 * filled:.1f} %"), _cell("–" if math.isnan(speed) else f"{speed:,.0f}")]
        return rows

    def _rows(self, columns: list[str], better: Mapping[str, Any], digits: int) -> list[dict[str, Any]]:
        rows = []
        for result in self.results:
            metrics, cells = result.row["metrics"], []
            for column in columns:
                # Only models that were asked the same question can be better than one another.
                peers = [
                    other[column] for other in self.results if other.row["exclude_seen"] == result.row["exclude_seen"]
                ]
                choose = better[column]
                span = ""
                if f"{column}_low" in metrics:
                    span = f"{metrics[f'{column}_low']:.{digits}f}–{metrics[f'{column}_high']:.{digits}f}"
                best = choose is not None and len(peers) > 1 and metrics[column] == choose(peers)
                cells.append(_cell(f"{metrics[column]:.{digits}f}", best, span))
            seen = "yes" if result.row["exclude_seen"] else "no"
            rows.append({"label": result.row["model"], "role": self._role(result), "seen": seen, "cells": cells})
        return rows

    def _role(self, result: Result) -> str:
        if result is self.lead:
            return "leader"
        return "ours" if result.row["model"].startswith("genrec") else "other"

    # ------------------------------------------------------------------ pictures in HTML

    @property
    def bars(self) -> dict[str, Any]:
        """The deciding metric as bars: {"rows", "ticks", "oracles"}; places and widths in percent of the axis."""
        tops = [result.row["metrics"].get(f"{self.metric}_high", result[self.metric]) for result in self.results]
        lines = {name: said[self.metric] for name, said in self.oracles.items()}
        # An oracle that stands far outside would make the bars short: it is in the table.
        reach = max([*tops, lines.get("history", 0.0)])
        lines = {name: value for name, value in lines.items() if value <= 1.6 * reach}
        marks = figures.ticks(0.0, max([*tops, *lines.values(), 1e-6]), 5)
        top = marks[-1]
        rows = [
            {
                "label": result.row["model"],
                "role": self._role(result),
                "value": result[self.metric],
                "width": 100 * result[self.metric] / top,
                "low": 100 * result.row["metrics"].get(f"{self.metric}_low", result[self.metric]) / top,
                "high": 100 * result.row["metrics"].get(f"{self.metric}_high", result[self.metric]) / top,
            }
            for result in self.results
        ]
        return {
            "rows": rows,
            "ticks": [{"at": 100 * tick / top, "text": f"{tick:.3g}"} for tick in marks],
            "oracles": [
                {"name": name, "at": 100 * value / top, "value": value}
                for name, value in sorted(lines.items(), key=lambda line: -line[1])
            ],
        }

    @property
    def slices(self) -> list[dict[str, Any]]:
        """One table by what the questions are sliced by: {"by", "buckets", "rows", "empty"}."""
        tables = []
        for by in dict.fromkeys(row["by"] for row in self.lead.slices):
            every = [row for row in self.lead.slices if row["by"] == by]
            buckets = [row for row in every if row["questions"]]
            values = [self._slice(result, by, row) or 0.0 for result in self.results for row in buckets]
            top = max(values, default=0.0) or 1.0
            rows = []
            for result in self.results:
                cells = []
                for bucket in buckets:
                    value = self._slice(result, by, bucket)
                    peers = [self._slice(other, by, bucket) or 0.0 for other in self.results]
                    best = value is not None and value > 0 and value == max(peers) and len(peers) > 1
                    cells.append({"value": value, "width": 100 * (value or 0.0) / top, "best": best})
                rows.append({"label": result.row["model"], "role": self._role(result), "cells": cells})
            tables.append(
                {
                    "by": by,
                    "buckets": [{"name": row["bucket"], "questions": row["questions"]} for row in buckets],
                    "rows": rows,
                    "empty": [row["bucket"] for row in every if not row["questions"]],
                }
            )
        return tables

    def _slice(self, result: Result, by: str, bucket: Mapping[str, Any]) -> float | None:
        for row in result.slices:
            if row["by"] == by and row["bucket"] == bucket["bucket"] and row["questions"]:
                return float(row["metrics"][self.metric])
        return None

    @property
    def forests(self) -> list[dict[str, Any]]:
        """Paired comparisons by metric: ratios on a logarithmic axis, in percent of its width."""
        forests = []
        for metric in dict.fromkeys(one["metric"] for one in self.comparisons):
            rows = [dict(one) for one in self.comparisons if one["metric"] == metric]
            ends = [row[end] for row in rows if row["ratio"] for end in ("ratio_low", "ratio_high") if row[end] > 0]
            low, high = min([*ends, 0.9]) / 1.05, max([*ends, 1.1]) * 1.05

            def at(ratio: float, low: float = low, high: float = high) -> float:
                share = math.log(max(ratio, low) / low) / math.log(high / low)
                return round(100 * min(share, 1.0), 2)

            for row in rows:
                above, below = row["difference_low"] > 0, row["difference_high"] < 0
                row["verdict"] = "better" if above else "worse" if below else "level"
                if row["ratio"]:
                    row |= {"at": at(row["ratio"]), "from": at(row["ratio_low"]), "to": at(row["ratio_high"])}
            marks = [mark for mark in (0.1, 0.2, 0.5, 0.8, 1, 1.2, 1.5, 2, 3, 5, 10, 20, 50) if low <= mark <= high]
            kept: list[float] = []
            for mark in sorted(marks, key=lambda mark: mark != 1):  # 1 has its place; others where there is room
                if all(abs(at(mark) - at(other)) > 18 for other in kept):
                    kept.append(mark)
            ticks = [{"at": at(mark), "text": f"{mark:g}×"} for mark in kept]
            forests.append({"metric": metric_name(metric), "rows": rows, "ticks": ticks, "one": at(1.0)})
        return forests


def _cell(text: str, best: bool = False, span: str = "") -> dict[str, Any]:
    return {"text": text, "best": best, "span": span}


def metric_name(metric: str) -> str:
    """«NDCG@10» of "ndcg@10", «Recall@10» of "recall@10"."""
    return metric.capitalize() if metric.startswith("recall") else metric.upper()


def duration(seconds: float) -> str:
    """«12 s», «3 min 20 s», «1 h 5 min»."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
