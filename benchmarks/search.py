"""Search by values, by change and by title: a language model beside BM25 and dense retrieval.

    python benchmarks/search.py runs/demo --lm lm --json search.json

RUN is a workspace that has its semantic IDs (`genrec tokenize`); --lm names a stage of it that holds a language model,
without it only text search is measured. Precision@10 counts relevant answers of min(10, all relevant): a question that
only three items meet is answered fully by three. Relevant is every item that has all the values asked for; for a
change every item of the same kind that has the new value and keeps what the request names or, where it names nothing,
keeps as many of the other values as the tenth best does. Text search reads the catalogue's text and its columns, and in
place of an item that text; BM25's k1 and b are the best on 400 questions of the same sort that are not reported. «Words
and values» is `genrec.search`, where the run is trained; it is told which item a change is about.
"""

from __future__ import annotations

import argparse
import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from machine import line, machine
from search_baselines import SearchFunction, best, dense, tuned_bm25, without
from search_questions import Question, by_change, by_title, by_values, documents, precision, recall

from genrec.data import Catalog, Interactions
from genrec.data.splits import leave_one_out
from genrec.model.tasks import Facts, Material
from genrec.sid import SemanticIds

if TYPE_CHECKING:
    from genrec.search.content import ContentSearch

SEED = 20
K = 10


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="a workspace")
    parser.add_argument("--lm", metavar="STAGE", help="the stage with the language model, usually lm")
    parser.add_argument("--queries", type=int, default=500, help="questions of each sort")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured here as well")
    asked = parser.parse_args(arguments)

    material = read(asked.run)
    systems = text_search(material)
    if (asked.run / "model" / "manifest.json").exists():
        systems.append(ContentSystem.of(asked.run, material))
    if asked.lm:
        systems += language_models(asked.run, asked.lm)
    found = {"run": asked.run.name, "sets": measured(material, systems, asked.queries), "machine": machine()}
    print(markdown(found))
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def read(run: Path) -> Material:
    """What questions are made of. No history is among it: `leave_one_out` only gives the material its shape."""
    catalog = Catalog.read(run / "data" / "catalog.parquet")
    sequences = Interactions.read(run / "data" / "interactions.parquet").sequences(catalog)
    train = leave_one_out(sequences, len(catalog)).train
    return Material(catalog, SemanticIds.load(run / "sid" / "sids.safetensors"), train, Facts(catalog))


@dataclass(frozen=True)
class System:
    """Something that searches. plain: it reads no semantic IDs, and is asked with `Question.plain`."""

    name: str
    search: SearchFunction
    plain: bool = True

    def answers(self, questions: Sequence[Question], k: int) -> np.ndarray:
        """Item indices (Q, ≥ k) of the k best to each question, never the item that it is about; -1 where none is."""
        texts = [question.plain if self.plain else question.text for question in questions]
        return without(self.search, [question.source for question in questions])(texts, k)


@dataclass(frozen=True)
class ContentSystem(System):
    """`genrec.search`, which is told which item a change is about, and reads `this` in its place."""

    finding: ContentSearch | None = None
    words: Sequence[str] = ()

    @classmethod
    def of(cls, run: Path, material: Material) -> ContentSystem:
        from genrec import Recommender

        recommender = Recommender.from_pretrained(run)
        finding = recommender.finding(recommender.snapshot)

        def search(queries: Sequence[str], k: int) -> np.ndarray:
            return best(np.stack([finding.text(query) for query in queries]), k)

        return cls("words and values", search, True, finding, material.words)

    def answers(self, questions: Sequence[Question], k: int) -> np.ndarray:
        if questions[0].source < 0:
            return super().answers(questions, k)
        assert self.finding is not None
        changes = [question.text.replace(self.words[question.source], "this") for question in questions]
        scores = np.stack(
            [self.finding.changed(one.source, change) for one, change in zip(questions, changes, strict=True)]
        )
        scores[np.arange(len(questions)), [question.source for question in questions]] = -np.inf
        return best(scores, k)


def text_search(material: Material) -> list[System]:
    texts = documents(material)
    tuning = [question for one in sets(material, 100, SEED + 1, held_out=False).values() for question in one]

    def score(answers: np.ndarray) -> float:
        return float(precision(tuning, answers).mean())

    bm25, k1, b = tuned_bm25(texts, [question.plain for question in tuning], score)
    return [System(f"BM25 (k1 {k1}, b {b})", bm25), System(*dense(texts))]


def language_models(run: Path, stage: str) -> list[System]:
    """The model by its codes alone and, where it learned them, with words; and those words alone."""
    from genrec.decode.lm_generator import LmGenerator
    from genrec.decode.text_score import text_score_of

    generator = LmGenerator.read(run, stage)
    found = [System(f"{stage}, codes alone", lambda queries, k: generator.search(list(queries), k).items, plain=False)]
    catalog = Catalog.read(run / "data" / "catalog.parquet")
    score = text_score_of(run / stage, catalog, generator.ids)
    if score is not None:
        both = copy.copy(generator)
        both.text_score = score
        found += [
            System(stage, lambda queries, k: both.search(list(queries), k).items, plain=False),
            System("its words alone", lambda queries, k: best(score.scores(queries), k), plain=False),
        ]
    return found


def sets(material: Material, count: int, seed: int, *, held_out: bool = True) -> dict[str, list[Question]]:
    """Questions by the name of their set; sets that the catalogue has none for are left out."""
    made = {
        "two values": by_values(material, count, 2, seed, held_out=held_out),
        "three values": by_values(material, count, 3, seed, held_out=held_out),
        "one value": by_values(material, count, 1, seed, held_out=held_out),
        "change": by_change(material, count, False, seed, held_out=held_out),
        "change, with what stays": by_change(material, count, True, seed, held_out=held_out),
        "words of a title": by_title(material, count, seed, held_out=held_out),
    }
    return {name: questions for name, questions in made.items() if questions}


def measured(material: Material, systems: Sequence[System], count: int) -> dict[str, Any]:
    """By set: how many questions and relevant items, and every system's figures with the 95 % interval's half width."""
    figures: dict[str, Any] = {}
    for name, questions in sets(material, count, SEED).items():
        metrics = {"precision@10": precision} | ({"recall@10": recall} if questions[0].target >= 0 else {})
        rows: dict[str, Any] = {}
        for system in systems:
            answers = system.answers(questions, K)
            values = {metric: of(questions, answers) for metric, of in metrics.items()}
            rows[system.name] = {
                metric: {"mean": float(one.mean()), "half": float(1.96 * one.std() / len(one) ** 0.5)}
                for metric, one in values.items()
            }
        relevant = float(np.median([len(question.relevant) for question in questions]))
        figures[name] = {"questions": len(questions), "relevant": relevant, "systems": rows}
    return figures


def markdown(found: dict[str, Any]) -> str:
    """One table: a row for each set and metric, a column for each system."""
    names = list(next(iter(found["sets"].values()))["systems"])
    rows = [["questions", "metric", "relevant items (median)", *names], ["---"] * (3 + len(names))]
    for label, one in found["sets"].items():
        for metric in one["systems"][names[0]]:
            cells = (one["systems"][name][metric] for name in names)
            said = [f"{cell['mean']:.3f} ± {cell['half']:.3f}" for cell in cells]
            rows.append([f"{label} ({one['questions']})", metric, f"{one['relevant']:.0f}", *said])
    table = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([f"**{found['run']}**, held-out questions", "", *table, "", line(found["machine"])])


if __name__ == "__main__":
    main()
