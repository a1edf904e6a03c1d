"""Somebody's own two CSV files: from one command to the table, the report and answers in their own ids."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genrec import Recommender

COLOURS, THINGS = ("red", "green", "blue", "black", "white"), ("mug", "bowl", "plate", "jug", "vase", "dish")
TINY = {
    "embed.text.dim": 16,
    "tokenizer.codebook_size": 8,
    "tokenizer.epochs": 5,
    "train.width": 16,
    "train.epochs": 2,
    "train.update_epochs": 1,
    "evaluate.sasrec.width": 16,
    "evaluate.sasrec.epochs": 1,
}
CHANGES = [word for key, value in TINY.items() for word in ("--set", f"{key}={value}")]


def write(folder: Path) -> tuple[Path, Path]:
    """60 items, 40 people who walk around the shelf; columns under names that shops use."""
    items, events = folder / "items.csv", folder / "events.csv"
    names = [f"{size} {colour} {thing}" for size in ("Small", "Large") for colour in COLOURS for thing in THINGS]
    rows = [f'sku-{i},"{name}","A {name.lower()}, hand made",{5 + i}' for i, name in enumerate(names)]
    items.write_text("\n".join(["sku,name,description,price", *rows]) + "\n")
    draws = np.random.default_rng(0)
    lines = ["customer,sku,date"]
    for user in range(40):
        place = int(draws.integers(60))
        for day in range(int(draws.integers(5, 12))):
            place = (place + int(draws.integers(1, 4))) % 60
            lines.append(f"u{user},sku-{place},2024-05-{day + 1:02d}T12:00:00Z")
    events.write_text("\n".join(lines) + "\n")
    return items, events


COLUMNS = ["--set", "data.item_columns={item_id: sku, title: name}",
           "--set", "data.event_columns={user_id: customer, item_id: sku, timestamp: date}"]  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, cli: Callable) -> Path:
    folder = tmp_path_factory.mktemp("own")
    items, events = write(folder)
    said = cli("run", folder / "run", "--events", events, "--items", items, *COLUMNS, *CHANGES).ok()
    assert said.out == f"{folder}/run/evaluate/report.html\n"
    assert "genrec-compact-plain" in said.err and "ndcg@10" in said.err
    return folder / "run"


def test_the_table(run: Path, cli: Callable) -> None:
    rows = json.loads(cli("evaluate", run, "--json").ok().out)
    assert len(rows) == 6 and {row["dataset"] for row in rows} == {"events"}
    assert {row["exclude_seen"] for row in rows} == {False}
    assert all(0 <= value <= 1 for row in rows for name, value in row["metrics"].items() if name.startswith("recall"))


def test_the_report(run: Path) -> None:
    page = (run / "evaluate" / "report.html").read_text()
    assert "Large green jug" in page or "Small green jug" in page
    assert "oracle: history" not in page


def test_answers_are_in_their_own_words(run: Path) -> None:
    answer = Recommender.from_pretrained(run).recommend(["sku-3", "sku-5"], k=3)
    assert all(one.item_id.startswith("sku-") for one in answer)
    assert all(str(one.title).split()[0] in ("Small", "Large") for one in answer)


def test_a_changed_file_is_noticed(tmp_path: Path, cli: Callable) -> None:
    items, events = write(tmp_path)
    path = tmp_path / "run"
    asked = ["prepare", path, "--set", f"data.events={events}", "--set", f"data.items={items}", *COLUMNS, *CHANGES]
    cli(*asked).ok()
    cli("embed", path).ok()
    with events.open("a") as file:
        file.write("u1,sku-7,2024-06-01T12:00:00Z\n")
    assert f"data: made again, changed: input {events}" in cli("prepare", path).ok().err
    behind = cli("tokenize", path)
    assert behind.code == 2 and f"run `genrec embed {path}` again" in behind.err
    assert "embed: made again, changed: input data" in cli("embed", path).ok().err
    cli("tokenize", path).ok()


def test_the_order_of_columns_and_formats_does_not_matter(run: Path, tmp_path: Path, cli: Callable) -> None:
    import polars as pl

    items, events = write(tmp_path)
    pl.read_csv(events).select("date", "sku", "customer").write_parquet(tmp_path / "e.parquet")
    pl.read_csv(items).write_ndjson(tmp_path / "i.jsonl")
    cli("prepare", tmp_path / "run", "--set", f"data.events={tmp_path}/e.parquet",
        "--set", f"data.items={tmp_path}/i.jsonl", *COLUMNS).ok()  # fmt: skip
    assert pl.read_parquet(tmp_path / "run/data/interactions.parquet").equals(
        pl.read_parquet(run / "data/interactions.parquet")
    )


def test_a_changed_picture_is_noticed(tmp_path: Path, cli: Callable) -> None:
    items, events = write(tmp_path)
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(60):
        Image.new("RGB", (32, 32), (4 * number, 90, 255 - 4 * number)).save(pictures / f"sku-{number}.png")
    asked = ["--set", f"data.events={events}", "--set", f"data.items={items}", "--set", f"data.images={pictures}",
             *COLUMNS, "--set", "data.item_columns.image='{sku}.png'", *CHANGES,
             "--set", "embed.image={kind: contrastive, dim: 8, epochs: 1}"]  # fmt: skip
    path = tmp_path / "run"
    cli("prepare", path, *asked).ok()
    cli("embed", path).ok()
    vectors = (path / "embed" / "image.npy").read_bytes()
    assert "embed: up to date" in cli("embed", path).ok().err
    Image.new("RGB", (32, 32), "yellow").save(pictures / "sku-7.png")
    assert f"embed: made again, changed: input {pictures}" in cli("embed", path).ok().err
    assert (path / "embed" / "image.npy").read_bytes() != vectors
