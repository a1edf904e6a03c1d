"""Pictures of a run's items for its people: the library, the command, what they leave behind, and mistakes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from genrec import Recommender
from genrec.errors import UserError
from genrec.imagery import Scene
from genrec.imagery.pictures import read_provenance
from tests.painters import TINY
from tests.runs import Said


@pytest.fixture(scope="module")
def people(fashion: Path) -> dict[str, list[str]]:
    table = pl.read_parquet(fashion / "data" / "interactions.parquet").sort("timestamp", maintain_order=True)
    grouped = table.group_by("user_id", maintain_order=True).agg("item_id")
    return dict(zip(grouped["user_id"].to_list(), grouped["item_id"].to_list(), strict=True))


@pytest.fixture(scope="module")
def recommender(fashion: Path) -> Recommender:
    return Recommender.from_pretrained(fashion, beam=20)


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and one.tobytes() == other.tobytes()


def test_an_item_is_drawn_along_the_slider_and_again_the_same(
    recommender: Recommender, tiny_painter: Path, people: dict[str, list[str]], tmp_path: Path
) -> None:
    history = next(iter(people.values()))
    drawn = recommender.imagine("F00007", history, love=[0, 0.5, 1], seed=3, steps=2, painter=tiny_painter)
    assert [one.provenance.love for one in drawn] == [0, 0.5, 1] and {one.picture.size for one in drawn} == {(64, 64)}
    assert not same(drawn[0].picture, drawn[2].picture)
    again = recommender.imagine("F00007", history, love=1, seed=3, steps=2, painter=tiny_painter)
    assert same(again[0].picture, drawn[2].picture)
    other = recommender.imagine("F00007", history, love=1, seed=4, steps=2, painter=tiny_painter)
    assert not same(other[0].picture, drawn[2].picture)
    # Nobody's taste is looked at where love is 0, and another's taste is another picture.
    somebody = list(people.values())[5]
    for love, equal in ((0, True), (1, False)):
        one, two = (
            recommender.imagine("F00007", taste, love=love, seed=3, steps=2, painter=tiny_painter)[0].picture
            for taste in (history, somebody)
        )
        assert same(one, two) is equal
    drawn[1].save(tmp_path / "one.png", label=True)
    said = read_provenance(tmp_path / "one.png")
    assert said is not None and said.item_id == "F00007" and said.kind == "cover" and said.catalogue == "0"


def test_a_garment_is_tried_on_and_the_rest_of_the_scene_stays(recommender: Recommender, tiny_painter: Path) -> None:
    artist = recommender.artist(tiny_painter)
    scene = artist.scene("tryon", 7, "walking")
    (drawn,) = recommender.imagine("F00007", kind="tryon", love=0, scene="walking", steps=2, painter=tiny_painter)
    before, after = np.asarray(scene.picture), np.asarray(drawn.picture)
    assert after.shape == before.shape and (after != before).any()
    assert (after[~scene.mask] == before[~scene.mask]).all()
    own = Scene(scene.picture.resize((200, 180)), np.pad(np.ones((40, 50), bool), ((60, 80), (70, 80))), "mine")
    (mine,) = recommender.imagine("F00007", kind="tryon", love=0, scene=own, steps=2, painter=tiny_painter)
    assert mine.picture.size == (200, 180)


def test_newcomers_are_drawn_and_changes_of_the_catalogue_are_noticed(
    copy: Callable[..., Path], tiny_painter: Path
) -> None:
    run = copy()
    recommender = Recommender.from_pretrained(run, beam=20)
    row = recommender.catalog.table.row(7, named=True)
    recommender.imagine("F00007", love=0, steps=1, painter=tiny_painter)
    recommender.add_items([row | {"item_id": "NEW", "image": None}])
    (drawn,) = recommender.imagine("NEW", love=0, steps=1, painter=tiny_painter)
    assert drawn.provenance.item_id == "NEW" and drawn.provenance.catalogue == "1"


def test_the_command_draws_for_people_leaves_an_index_and_goes_on(
    copy: Callable[..., Path], cli: Callable[..., Said], tiny_painter: Path, people: dict[str, list[str]]
) -> None:
    run, (first, second, *_) = copy(), list(people)
    asked = ("imagine", run, "--user", first, "--user", second, "--k", 2, "--love", 0, "--love", 1)
    asked += ("--painter", tiny_painter, "--steps", 1, "--seed", 5)
    said = cli(*asked).ok()
    assert said.out == f"{run}/imagine/index.html\n"
    index = pl.read_parquet(run / "imagine" / "index.parquet")
    assert index["user_id"].to_list() == [first] * 4 + [second] * 4 and index["love"].to_list() == [0.0, 1.0] * 4
    expected = [one.item_id for one in Recommender.from_pretrained(run).recommend(people[first], 2)]
    assert index["item_id"].to_list()[:4:2] == expected
    page = (run / "imagine" / "index.html").read_text()
    assert page.count("<img") == 8 and first in page and "generated" in page
    times = {path: path.stat().st_mtime_ns for path in (run / "imagine").glob("*.png")}
    lost = next(iter(times))
    lost.unlink()
    cli(*asked).ok()
    after = {path: path.stat().st_mtime_ns for path in (run / "imagine").glob("*.png")}
    assert after.keys() == times.keys() and [path for path in times if times[path] != after[path]] == [lost]
    # A forgotten person's pictures go, and nobody else's.
    cli("forget", run, first).ok()
    kept = pl.read_parquet(run / "imagine" / "index.parquet")
    assert set(kept["user_id"]) == {second} and len(list((run / "imagine").glob("*.png"))) == kept["path"].n_unique()
    assert not (run / "imagine" / "index.html").exists()


def test_mistakes_are_told_with_their_fix(
    recommender: Recommender, fashion: Path, cli: Callable[..., Said], tiny_painter: Path, tmp_path: Path
) -> None:
    for options, words in (
        ({"item_id": "nothing"}, "no item 'nothing'"),
        ({"love": 0.5}, "needs a taste"),
        ({"love": 0, "kind": "room"}, "no scenes of its own"),
        ({"love": 0, "kind": "tryon", "scene": "walkin"}, "no scene 'walkin'"),
        ({"love": 0, "scene": "walking"}, "a cover has no scene"),
    ):
        with pytest.raises(UserError, match=words):
            recommender.imagine(**({"item_id": "F00007", "painter": tiny_painter} | options))
    Image.new("RGB", (64, 64)).save(tmp_path / "scene.png")
    Image.new("L", (32, 32), 255).save(tmp_path / "mask.png")
    place = ("--kind", "tryon", "--scene", tmp_path / "scene.png", "--mask", tmp_path / "mask.png")
    for options, words in (
        ((), "name a --user"),
        (("--user", "nobody"), "no user 'nobody'"),
        (("--item", "F00007", "--kind", "poster"), "one of cover, tryon, room"),
        (("--item", "F00007", *place), "32 × 32, its picture 64 × 64"),
        (("--item", "F00007", "--mask", tmp_path / "mask.png"), "--mask needs --scene"),
    ):
        said = cli("imagine", fashion, *options, "--painter", tiny_painter, "--out", tmp_path / "out")
        assert said.code == 2 and words in said.err, said.err


def test_a_run_of_no_known_world_needs_a_painter(fashion: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(fashion, run)
    for name, key in (("experiment.json", '"kind": "fashion"'), ("data/manifest.json", '"kind": "fashion"')):
        path = run / name
        path.write_text(path.read_text().replace(key, '"kind": "tabular"'))
    with pytest.raises(UserError, match="--painter"):
        Recommender.from_pretrained(run).imagine("F00007", love=0)


@pytest.mark.slow
def test_a_painter_is_trained_by_a_command_and_draws(
    recommender: Recommender, cli: Callable[..., Said], tmp_path: Path
) -> None:
    changes = [f"{key}={value}" for key, value in TINY.model_dump(exclude_defaults=True).items()]
    asked = ["imagery", "train", tmp_path, *(word for one in changes for word in ("--set", one))]
    assert cli(*asked).ok().out == f"{tmp_path}/pipeline\n"
    (drawn,) = recommender.imagine("F00007", love=0, steps=2, painter=tmp_path / "pipeline")
    assert drawn.provenance.model == "genrec-small-fashion" and drawn.provenance.licence == "Apache-2.0"
    weights = tmp_path / "pipeline" / "unet" / "diffusion_pytorch_model.safetensors"
    before = weights.stat().st_mtime_ns
    cli(*asked).ok()
    assert weights.exists() and weights.stat().st_mtime_ns >= before
