"""Search by picture, and by a picture and a change of it, beside what needs no learning.

    python benchmarks/pictures.py runs/demo --json pictures.json

RUN is a finished run on the fashion catalogue. Its garments are drawn anew (`redrawn.py`) and looked for. Found is an
item that is drawn alike, of the same category, silhouette, colour, accent, pattern and material: nobody could tell them
apart; the strict figure counts the one item itself. Three sets of garments: those whose own pictures the encoder
learned from; the tenth of the catalogue that it leaves out to measure itself; others of the same world, which come as
newcomers and which nothing was trained on. «Like this, but in red»: the item is given by a redrawn picture alone;
questions, sentences and figure are those of `search.py`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from machine import line, machine
from PIL import Image
from redrawn import LOOK, REDRAWS
from search import read
from search_baselines import best
from search_questions import by_change, precision

from genrec import Recommender
from genrec.data.catalog import Catalog
from genrec.data.synthetic import fashion
from genrec.embed.contrastive import ContrastiveEncoder, ContrastiveModel, left_out
from genrec.embed.images import read_thumbnails, thumbnail

SEED, WORLD = 30, 4711
K = 10
Scores = Callable[[list[Image.Image]], np.ndarray]
"""Pictures to float (Q, N), the likeness of every item."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="a finished run on the fashion catalogue")
    parser.add_argument("--garments", type=int, default=300, help="of each set; each is drawn once in every way")
    parser.add_argument("--questions", type=int, default=300, help="changes of each sort")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured here as well")
    asked = parser.parse_args(arguments)

    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        for part in ("data", "embed", "sid", "model"):
            shutil.copytree(asked.run / part, run / part)
        recommender = Recommender.from_pretrained(run)
        known = len(recommender.catalog)
        recommender.add_items(newcomers(Path(folder) / "world", recommender.catalog, asked.garments))
        found: dict[str, Any] = {
            "run": asked.run.name,
            "pictures": pictures(recommender, known, asked.garments),
            "changes": changes(asked.run, asked.questions),
            "machine": machine(),
        }
    print(markdown(found))
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def newcomers(folder: Path, catalog: Catalog, count: int) -> pl.DataFrame:
    """Garments of another seed's world that look like none of the catalogue's, with pictures of their own."""
    known = set(catalog.table.select(LOOK).iter_rows())
    world = fashion.build(folder, items=3 * count, users=2, seed=WORLD).catalog
    rows = [row for row in world.table.iter_rows(named=True) if tuple(row[name] for name in LOOK) not in known]
    fresh = pl.DataFrame(rows[:count], schema=world.table.schema)
    return fresh.with_columns(
        pl.concat_str(pl.lit("N"), "item_id").alias("item_id"),
        pl.concat_str(pl.lit(f"{folder}/"), "image").alias("image"),
    )


@dataclass(frozen=True)
class Found:
    """float64 (Q,) each: a garment drawn alike among the first ten, at the first place; the very item among ten."""

    ten: np.ndarray
    one: np.ndarray
    strict: np.ndarray

    def figures(self) -> dict[str, Any]:
        named = {"recall@10": self.ten, "recall@1": self.one, "strict recall@10": self.strict}
        return {name: _figure(values) for name, values in named.items()}


def pictures(recommender: Recommender, known: int, count: int) -> dict[str, Any]:
    """By set of garments and way of drawing every system's figures."""
    table = recommender.catalog.table
    looks = table.select(LOOK).rows()
    number = {look: place for place, look in enumerate(dict.fromkeys(looks))}
    alike = np.array([number[look] for look in looks])
    ways = systems(recommender)
    figures: dict[str, Any] = {}
    random = np.random.default_rng(SEED)
    recipe = json.loads((recommender.path / "embed" / "manifest.json").read_text())
    strange, seen = left_out(np.arange(known), recipe["seed"])
    sets = {
        "garments that the encoder learned from": random.permutation(seen)[:count],
        "garments that it was not shown": strange[:count],
        "newcomers": np.arange(known, len(table)),
    }
    for name, items in sets.items():
        figures[name] = {}
        for way, redraw in REDRAWS.items():
            drawn = [redraw(table.row(item, named=True), random) for item in items.tolist()]
            rows: dict[str, Any] = {}
            for label, scores in ways.items():
                begun = time.perf_counter()
                answers = best(scores(drawn), K)
                spent = (time.perf_counter() - begun) / len(drawn)
                same = alike[answers] == alike[items][:, None]
                found = Found(same.any(1), same[:, 0], (answers == items[:, None]).any(1))
                rows[label] = found.figures() | {"milliseconds": round(1000 * spent, 2)}
            figures[name][way] = rows
    return figures


def systems(recommender: Recommender) -> dict[str, Scores]:
    finding = recommender.finding(recommender.snapshot)
    catalog = recommender.catalog
    own, _ = read_thumbnails([catalog.image_path(item) for item in range(len(catalog))], ids=catalog.ids)
    import torch

    torch.manual_seed(SEED)
    untrained = ContrastiveEncoder()
    untrained.model = ContrastiveModel(1, untrained.dim).eval()

    def by(vectors: Callable[[np.ndarray], np.ndarray]) -> Scores:
        items = vectors(own)
        return lambda drawn: vectors(np.stack([thumbnail(one) for one in drawn])) @ items.T

    return {
        "ours": lambda drawn: np.stack([finding.picture(one) for one in drawn]),
        "the encoder alone": lambda drawn: recommender_vectors(finding, drawn),
        "colour histogram": by(histogram),
        "pixels": by(pixels),
        "untrained network": by(lambda some: untrained.encode(some, np.ones(len(some), bool))[0]),
    }


def recommender_vectors(finding: Any, drawn: list[Image.Image]) -> np.ndarray:
    """As the image encoder alone would have it, without looking at parts."""
    seen: np.ndarray = finding.pictures.eye.encoder.look(drawn)
    return seen @ finding.pictures.vectors.T


def histogram(some: np.ndarray) -> np.ndarray:
    """Square roots of 512 colours' shares, float32 (B, 512): the dot product is the Bhattacharyya coefficient."""
    bins = some.astype(np.int64) // 32
    bins = (bins[..., 0] * 64 + bins[..., 1] * 8 + bins[..., 2]).reshape(len(some), -1)
    counts = np.stack([np.bincount(row, minlength=512) for row in bins]).astype(np.float32)
    return np.sqrt(counts / bins.shape[1])


def pixels(some: np.ndarray) -> np.ndarray:
    """The picture itself, centred, of unit length."""
    flat = some.reshape(len(some), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)


def changes(run: Path, count: int) -> dict[str, Any]:
    """Precision@10 of «like this, but …», the item given by its own picture, by redrawn ones, and by its row."""
    material, recommender = read(run), Recommender.from_pretrained(run)
    finding, table = recommender.finding(recommender.snapshot), recommender.catalog.table
    shown = {"its own picture": None, **{way: REDRAWS[way] for way in SHOWN}}
    figures: dict[str, Any] = {}
    for name, named in (("change", False), ("change, with what stays", True)):
        questions = by_change(material, count, named, SEED)
        said = [one.text.replace(material.words[one.source], "this") for one in questions]
        rows = {}
        for way, redraw in shown.items():
            random = np.random.default_rng(SEED)
            scores, plain = [], []
            for one, change in zip(questions, said, strict=True):
                if redraw is None:
                    path = recommender.catalog.image_path(one.source)
                    assert path is not None
                    drawn = Image.open(path).convert("RGB")
                else:
                    drawn = redraw(table.row(one.source, named=True), random)
                scores.append(finding.changed(drawn, change))
                plain.append(shared_space(finding, drawn, change))
            for label, some in (("ours", scores), ("picture and text in the shared space", plain)):
                found = np.stack(some)
                found[np.arange(len(found)), [one.source for one in questions]] = -np.inf
                rows[f"{way}: {label}"] = _figure(precision(questions, best(found, K)))
        by_row = np.stack([finding.changed(one.source, change) for one, change in zip(questions, said, strict=True)])
        by_row[np.arange(len(by_row)), [one.source for one in questions]] = -np.inf
        rows["the item itself"] = _figure(precision(questions, best(by_row, K)))
        figures[name] = {"questions": len(questions), "systems": rows}
    return figures


SHOWN = ("turned", "photo (all of these)", "worn, cut out")


def shared_space(finding: Any, drawn: Image.Image, change: str) -> np.ndarray:
    """As CLIP does it: the picture's vector and the text's, added, in the space that both share."""
    encoder = finding.pictures.eye.encoder
    text, _ = encoder.text.encode([change])
    asked = encoder.look([drawn])[0] + encoder.image.encode_texts(text)[0]
    found: np.ndarray = finding.pictures.vectors @ asked
    return found


def _figure(values: np.ndarray) -> dict[str, float]:
    """Mean, and half the width of the 95 % interval."""
    values = values.astype(np.float64)
    return {"mean": float(values.mean()), "half": float(1.96 * values.std() / len(values) ** 0.5)}


def markdown(found: dict[str, Any]) -> str:
    said = [f"**{found['run']}**", ""]
    for name, ways in found["pictures"].items():
        labels = list(next(iter(ways.values())))
        said += [
            f"{name}: Recall@10 / Recall@1 (strict Recall@10)",
            "",
            *_table(
                ["drawn", *labels],
                [[way, *(_cell(rows[label]) for label in labels)] for way, rows in ways.items()],
            ),
            "",
        ]
    for name, one in found["changes"].items():
        rows = [[label, f"{cell['mean']:.3f} ± {cell['half']:.3f}"] for label, cell in one["systems"].items()]
        said += [f"{name} ({one['questions']} questions)", "", *_table(["given by", "Precision@10"], rows), ""]
    return "\n".join([*said, line(found["machine"])])


def _cell(figures: dict[str, Any]) -> str:
    ten, one, strict = (figures[name] for name in ("recall@10", "recall@1", "strict recall@10"))
    return f"{ten['mean']:.3f} ± {ten['half']:.3f} / {one['mean']:.3f} ({strict['mean']:.3f})"


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    return ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]]


if __name__ == "__main__":
    main()
