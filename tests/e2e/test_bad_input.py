"""Every mistake in the input is told once, with file, row or key and the fix: status 2, no traceback, nothing lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

ITEMS = "item_id,title\n" + "".join(f"i{n},Thing number {n} of clay\n" for n in range(20))
EVENTS = "user_id,item_id,timestamp\n" + "".join(
    f"u{user},i{(user * 3 + step * 2) % 20},{step}\n" for user in range(15) for step in range(6)
)
TINY = [
    word
    for change in ("embed.text.dim=8", "tokenizer.codebook_size=4", "tokenizer.epochs=2", "train.width=8",
                   "train.epochs=1", "train.beam=10", "evaluate.beam=10", "evaluate.baselines=[popularity]")
    for word in ("--set", change)
]  # fmt: skip


class Shop:
    """A folder with items.csv, events.csv and a run."""

    def __init__(self, folder: Path, cli: Callable) -> None:
        self.cli = cli
        self.items, self.events, self.run = folder / "items.csv", folder / "events.csv", folder / "run"
        self.items.write_text(ITEMS)
        self.events.write_text(EVENTS)

    def make(self, *more: str) -> object:
        return self.cli("run", self.run, "--events", self.events, "--items", self.items, *TINY, *more)

    def refused(self, *parts: object, verb: tuple[object, ...] = (), more: tuple[str, ...] = ()) -> str:
        """The whole message, which holds all `parts`, of the verb (default: `run`)."""
        said = self.cli(*verb, *more) if verb else self.make(*more)
        assert said.code == 2, said
        assert said.out == "" and "Traceback" not in said.err
        told = [line for line in said.err.splitlines() if line.startswith("genrec: ")]
        assert len(told) == 1 and said.err.endswith(told[0] + "\n"), said.err
        for part in parts:
            assert str(part) in told[0], told[0]
        return told[0]


@pytest.fixture
def shop(tmp_path: Path, cli: Callable) -> Shop:
    return Shop(tmp_path, cli)


@pytest.mark.parametrize("which", ["items", "events"])
@pytest.mark.parametrize("content", ["", "user_id,item_id,timestamp,title\n"])
def test_empty_file(shop: Shop, which: str, content: str) -> None:
    path = getattr(shop, which)
    path.write_text(content)
    shop.refused(path, "empty" if not content else "no rows")


def test_no_file(shop: Shop) -> None:
    shop.events.unlink()
    shop.refused(shop.events)


def test_missing_column(shop: Shop) -> None:
    shop.events.write_text(EVENTS.replace("timestamp", "moment"))
    shop.refused(shop.events, "no column", "timestamp", "user_id, item_id, moment", "data.event_columns")
    shop.events.write_text(EVENTS)
    shop.items.write_text(ITEMS.replace("item_id", "key"))
    shop.refused(shop.items, "no column", "item_id", "data.item_columns")


def test_duplicate_item(shop: Shop) -> None:
    shop.items.write_text(ITEMS + "i3,Thing again\n")
    shop.refused(shop.items, "row 21", "item_id 'i3' stands in row 4 already", "first_of_duplicates")
    assert shop.make("--set", "data.first_of_duplicates=true").code == 0
    assert json.loads((shop.run / "data/bad_rows.json").read_text())["count"] == 1


def test_event_of_an_unknown_item(shop: Shop) -> None:
    shop.events.write_text(EVENTS + "u1,i99,7\n")
    shop.refused(shop.events, "row 91", "item_id 'i99' is not in the catalogue", "--skip-bad-rows")


def test_unreadable_time(shop: Shop) -> None:
    shop.events.write_text(EVENTS.replace("u2,i6,0", "u2,i6,yesterday"))
    shop.refused(shop.events, "row 13", "cannot read the time 'yesterday'", "ISO 8601")


def test_item_without_text_and_image(shop: Shop) -> None:
    shop.items.write_text(ITEMS.replace("i5,Thing number 5 of clay", "i5,"))
    shop.refused(shop.items, "row 6", "'i5' has neither text nor image", "take the item out")


@pytest.mark.parametrize("broken", ["text", "truncated", "gone"])
def test_broken_image(shop: Shop, broken: str) -> None:
    folder = shop.items.parent
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40, 3)).astype(np.uint8)).save(folder / "ok.png")
    whole = (folder / "ok.png").read_bytes()
    if broken != "gone":
        (folder / "bad.png").write_bytes(b"no picture" if broken == "text" else whole[: len(whole) // 2])
    lines = ITEMS.splitlines()
    pictures = ["image", *("bad.png" if n == 4 else "ok.png" for n in range(20))]
    shop.items.write_text("\n".join(f"{line},{picture}" for line, picture in zip(lines, pictures, strict=True)) + "\n")
    shop.refused(
        shop.items, "row 5", f"image bad.png in {folder}: ", "no such file" if broken == "gone" else "cannot be decoded"
    )


def test_nan_in_own_vectors(shop: Shop, tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(20, 8)).astype(np.float32)
    vectors[7, 3] = np.nan
    path = tmp_path / "vectors.npy"
    own = ("--set", "embed.text.kind=vectors", "--set", f"embed.text.model={path}")
    shop.refused(path, more=own)
    np.save(path, vectors)
    shop.refused(path, "the vector of item 'i7' holds NaN or infinity", "mask", more=own)
    np.save(path, vectors[:7])
    shop.refused(path, "7 rows", "20 items", more=own)
    vectors[7, 3] = 0
    np.save(path, vectors)
    assert shop.make(*own).code == 0


def test_histories_of_one(shop: Shop) -> None:
    shop.events.write_text("user_id,item_id,timestamp\n" + "".join(f"u{n},i{n},1\n" for n in range(20)))
    shop.refused("no user has 3 events", "leave-one-out", "data.event_columns")


def test_some_histories_of_one(shop: Shop) -> None:
    shop.events.write_text(EVENTS + "once,i2,1\ntwice,i3,1\ntwice,i4,2\n")
    assert shop.make().code == 0
    users = pl.read_parquet(shop.run / "data/interactions.parquet")["user_id"]
    assert {"once", "twice"} <= set(users)
    shop.cli("generate", shop.run, "--k", "3").ok()
    assert {"once", "twice"} <= set(pl.read_parquet(shop.run / "generate/*.parquet")["user_id"])


def test_fewer_items_than_codes(shop: Shop) -> None:
    shop.refused("20", "tokenizer.codebook_size", more=("--set", "tokenizer.codebook_size=64"))


def test_more_answers_than_items(shop: Shop) -> None:
    shop.make()
    shop.refused("k = 21", "1 to 20", verb=("recommend", shop.run, "i1", "--k", "21"))
    shop.refused("k = 21", "20 items", verb=("generate", shop.run, "--k", "21"))


def test_misspelled_key(shop: Shop, tmp_path: Path) -> None:
    shop.refused("train.epoch", "did you mean 'epochs'?", more=("--set", "train.epoch=3"))
    shop.refused("tokenizer.codebook_size", "--set", more=("--set", "tokenizer.codebook_size=many"))
    recipe = tmp_path / "mine.yaml"
    recipe.write_text("seed: 1\ntokenzier: rqvae\n")
    shop.refused(recipe, "tokenzier", "did you mean 'tokenizer'?", verb=("run", shop.run, "--recipe", recipe))
    shop.refused("did you mean 'demo'?", verb=("run", shop.run, "--recipe", "demmo"))
    assert not shop.run.exists()


def test_workspace_of_another_version(shop: Shop) -> None:
    shop.make()
    for path in (shop.run / "sid" / "manifest.json", shop.run / "workspace.json"):
        path.write_text(path.read_text().replace('"schema": 1', '"schema": 99'))
        shop.refused(path, "schema 99", "this is GenRec", "new workspace", verb=("train", shop.run))


def test_edited_output(shop: Shop) -> None:
    shop.make()
    path = shop.run / "embed" / "fused.npy"
    path.write_bytes(path.read_bytes()[:-4] + b"abcd")
    shop.refused(path, "was changed after", "Put the file back", verb=("tokenize", shop.run))


def test_a_folder_that_is_no_run(shop: Shop, tmp_path: Path) -> None:
    other = tmp_path / "photos"
    other.mkdir()
    (other / "cat.txt").write_text("meow")
    shop.refused(other, "is no workspace", verb=("prepare", other))
    for verb in ("embed", "tokenize", "train", "evaluate", "generate", "update"):
        shop.refused(tmp_path / "typo", "is no run yet", verb=(verb, tmp_path / "typo"))
    assert [path.name for path in other.iterdir()] == ["cat.txt"] and not (tmp_path / "typo").exists()


def test_stages_out_of_order(shop: Shop) -> None:
    files = ("--set", f"data.events={shop.events}", "--set", f"data.items={shop.items}")
    shop.cli("prepare", shop.run, *files, *TINY).ok()
    shop.refused(f"run `genrec embed {shop.run}` first", verb=("tokenize", shop.run))
    shop.cli("embed", shop.run).ok()
    shop.refused(f"run `genrec tokenize {shop.run}` first", verb=("train", shop.run))


def test_bad_rows_are_skipped_counted_and_listed(shop: Shop) -> None:
    shop.items.write_text(ITEMS.replace("i5,Thing number 5 of clay", "i5,") + "i3,Thing again\n")
    shop.events.write_text(EVENTS + "u1,i99,7\nu1,i1,never\n,i1,3\n")
    said = shop.make("--skip-bad-rows").ok()
    listed = json.loads((shop.run / "data" / "bad_rows.json").read_text())
    of_i5 = EVENTS.count(",i5,")
    assert listed["count"] == len(listed["rows"]) == 5 + of_i5
    assert f"{5 + of_i5} bad row(s) left out, listed in {shop.run}/data/bad_rows.json" in said.err
    found = {(Path(row["file"]).name, row["row"]) for row in listed["rows"]}
    assert {("items.csv", 6), ("items.csv", 21), ("events.csv", 91), ("events.csv", 92), ("events.csv", 93)} <= found
    events = pl.read_parquet(shop.run / "data/interactions.parquet")
    assert len(events) == 90 - of_i5
