"""Search on a run without a language model: by text, by a picture, by a change; in Python and on the command line."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image, ImageOps

from genrec import Recommender
from genrec.data.synthetic.drawing import picture
from genrec.errors import UserError

LOOK = ("category", "silhouette", "colour", "accent", "pattern", "material")


@pytest.fixture(scope="module")
def recommender(fashion: Path) -> Recommender:
    return Recommender.from_pretrained(fashion, beam=20)


def rows(recommender: Recommender, found: list) -> list[dict]:
    table = recommender.catalog.table
    return [table.row(recommender.catalog.index[one.item_id], named=True) for one in found]


def test_a_text_finds_what_has_the_values_it_states(recommender: Recommender) -> None:
    found = recommender.search("a navy sweater, please", 3)
    navy = recommender.catalog.table.filter((pl.col("colour") == "navy") & (pl.col("category") == "sweater"))
    assert navy.height and {one.item_id for one in found[: navy.height]} <= set(navy["item_id"])
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    title = recommender.catalog.table["title"][11]
    assert title in [one.title for one in recommender.search(title.lower(), 3)]


def test_texts_that_say_nothing(recommender: Recommender) -> None:
    for empty in ("", "  \n"):
        with pytest.raises(UserError, match="the search is empty"):
            recommender.search(empty)
    strange = recommender.search("qqqqq 漢字 ☃")
    assert not strange and strange.reason == "no item has a word of «qqqqq 漢字 ☃»"
    assert recommender.search("qqqqq navy")[0].item_id == recommender.search("navy")[0].item_id
    with pytest.raises(UserError, match="k = 0"):
        recommender.search("navy", 0)


def test_filters_and_lists_act_on_searches(recommender: Recommender) -> None:
    bags = recommender.search("navy", 300, where={"category": "bag"})
    assert {row["category"] for row in rows(recommender, bags)} == {"bag"} and bags.reason
    first = recommender.search("navy", 2)
    assert recommender.search("navy", 1, deny=[first[0].item_id])[0] == first[1]
    assert [one.item_id for one in recommender.search("navy", 5, allow=[first[1].item_id])] == [first[1].item_id]


def test_a_change_keeps_the_kind_and_has_the_new_value(recommender: Recommender) -> None:
    table = recommender.catalog.table
    item = table.row(0, named=True)
    others = table.filter((pl.col("category") == item["category"]) & (pl.col("colour") != item["colour"]))
    colour = others["colour"][0]
    wanted = others.filter(pl.col("colour") == colour)
    found = recommender.refine(item["item_id"], f"in {colour}", wanted.height)
    assert {one.item_id for one in found} == set(wanted["item_id"])
    assert item["item_id"] not in {one.item_id for one in recommender.refine(item["item_id"], "nicer", 300)}


def test_a_picture_finds_the_item_whatever_it_comes_as(recommender: Recommender, tmp_path: Path) -> None:
    item = recommender.catalog.table.row(5, named=True)
    path = recommender.catalog.image_path(5)
    assert path is not None
    alike = {tuple(item[name] for name in LOOK)}
    mirrored = ImageOps.mirror(Image.open(path).convert("RGB"))
    written = io.BytesIO()
    mirrored.save(written, "JPEG", quality=80)
    for given in (path, path.read_bytes(), Image.open(path), mirrored, written.getvalue()):
        found = rows(recommender, recommender.search_picture(given, 10))
        assert alike & {tuple(row[name] for name in LOOK) for row in found}
    assert len(recommender.search_picture(path, 4, where={"category": "bag"})) == 4
    (tmp_path / "no.png").write_bytes(b"no picture")
    for broken in (tmp_path / "no.png", b"", tmp_path / "absent.png"):
        with pytest.raises(UserError, match="picture"):
            recommender.search_picture(broken)
    with pytest.raises(UserError, match="the change is empty"):
        recommender.search_picture(path, change=" ")


def test_a_picture_and_a_change(recommender: Recommender) -> None:
    item = recommender.catalog.table.row(5, named=True)
    path = recommender.catalog.image_path(5)
    assert path is not None
    colour = "black" if item["colour"] != "black" else "navy"
    found = rows(recommender, recommender.search_picture(path, 5, change=f"like this, but in {colour}"))
    assert {row["colour"] for row in found} == {colour}
    # Of one epoch's encoder no more can be asked; what the kind of thing is, `benchmarks/pictures.py` measures.
    other = rows(recommender, recommender.search_picture(path, 5, change=f"in {colour}, as a bag"))
    assert {(row["colour"], row["category"]) for row in other[:1]} == {(colour, "bag")}


def test_newcomers_are_found_and_what_is_withdrawn_is_not(copy: Callable, tmp_path: Path) -> None:
    recommender = Recommender.from_pretrained(copy("evaluate"), beam=20)
    path = recommender.catalog.image_path(3)
    assert path is not None
    twin = recommender.search_picture(path, 1)[0].item_id
    recommender.withdraw([twin, "F00011"])
    assert twin not in {one.item_id for one in recommender.search_picture(path, 300)}
    assert "F00011" not in {one.item_id for one in recommender.search("navy", 300)}

    look = {"category": "bag", "silhouette": "backpack", "colour": "lilac", "accent": "mint", "pattern": "checks"}
    picture({**look, "material": "nylon"}).save(tmp_path / "new.png")
    former = recommender.finding(recommender.snapshot)
    recommender.add_items([{"item_id": "N1", "title": "Zebra Knapsack", "image": str(tmp_path / "new.png"), **look}])
    assert recommender.search("zebra", 1)[0].item_id == "N1"
    assert recommender.search_picture(tmp_path / "new.png", 1)[0].item_id == "N1"
    now = recommender.finding(recommender.snapshot)
    assert now.pictures.eye is former.pictures.eye  # encoders are loaded once
    # A version that grew says what one that is made anew says.
    again = Recommender.from_pretrained(recommender.path, beam=20)
    other = again.finding(again.snapshot)
    drawn = picture({**look, "material": "nylon"})
    assert np.allclose(now.text("lilac zebra"), other.text("lilac zebra"), atol=0.5)
    assert np.allclose(now.picture(drawn), other.picture(drawn), atol=1e-5)

    red = tmp_path / "red.png"
    picture({**look, "colour": "red", "pattern": "solid", "material": "nylon"}).save(red)
    recommender.change_items([{"item_id": "N1", "image": str(red), "colour": "red"}])
    assert recommender.search("zebra in red", 1)[0].item_id == "N1"
    assert recommender.search_picture(red, 1)[0].item_id == "N1"
    recommender.rollback(0)
    assert not recommender.search("zebra") and len(recommender.search_picture(red, 300)) == 300


def test_a_run_that_reads_no_pictures_says_so(tmp_path: Path, cli: Callable, small_recipe: list[str]) -> None:
    table = pl.DataFrame(
        {"id": [f"i{n}" for n in range(30)], "title": [f"Thing {n % 7} of kind {n % 3}" for n in range(30)]}
    )
    table.write_csv(tmp_path / "items.csv")
    events = [{"user": f"u{n % 12}", "item": f"i{(7 * n) % 30}", "time": n} for n in range(120)]
    pl.DataFrame(events).write_csv(tmp_path / "events.csv")
    run = tmp_path / "run"
    files = ("--events", tmp_path / "events.csv", "--items", tmp_path / "items.csv")
    small = (
        "train.width=32",
        "train.epochs=1",
        "tokenizer.epochs=5",
        "tokenizer.codebook_size=16",
        "evaluate.baselines=[]",
    )
    cli("run", run, *files, *(word for one in small for word in ("--set", one))).ok()
    recommender = Recommender.from_pretrained(run)
    assert recommender.search("kind 2 thing 5", 1)[0].title == "Thing 5 of kind 2"
    with pytest.raises(UserError, match=r"cannot be searched by picture.*embed.image.kind"):
        recommender.search_picture(Image.new("RGB", (20, 20)))


def test_on_the_command_line(fashion: Path, cli: Callable, recommender: Recommender) -> None:
    def ids(out: str) -> list[str]:
        return [word for word in out.split() if word.startswith("F0") and word[1:].isdigit()]

    best = recommender.search("navy sweater", 3)
    assert ids(cli("search", fashion, "navy sweater", "--k", "3").ok().out) == [one.item_id for one in best]
    path = recommender.catalog.image_path(5)
    assert path is not None
    best = recommender.search_picture(path, 4, where={"category": ["bag", "hat"]})
    said = cli("search", fashion, "--picture", path, "--k", "4", "--where", '{"category": ["bag", "hat"]}').ok()
    assert ids(said.out) == [one.item_id for one in best]
    best = recommender.search_picture(path, 4, change="in black")
    assert ids(cli("search", fashion, "in black", "--picture", path, "--k", "4").ok().out) == [
        one.item_id for one in best
    ]
    assert "write TEXT" in cli("search", fashion).err and cli("search", fashion).code == 2
    assert "does not exist" in cli("search", fashion, "--picture", "absent.png").err
