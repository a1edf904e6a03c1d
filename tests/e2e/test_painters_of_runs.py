"""A run's painters: what their pictures are worth, and a checkpoint that is tuned on a run's items."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from genrec.data.catalog import Catalog
from genrec.errors import UserError
from genrec.imagery.small.lessons import held_out
from genrec.recipes import CheckpointRecipe, ImageryLoraRecipe
from tests.painters import TINY
from tests.runs import Said

pytest.importorskip("diffusers")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Stable Diffusion, in a folder."""
    from tests.unit.imagery.checkpoint import tiny

    folder = tmp_path_factory.mktemp("checkpoint")
    tiny.pipeline("sd").save_pretrained(folder)
    return folder


def _recipe(checkpoint: Path, **changes: object) -> ImageryLoraRecipe:
    given = {"epochs": 1, "rank": 2, "alpha": 2, "tokens": 2, "batch": 4, "width": 32, "height": 32}
    model = CheckpointRecipe(model=str(checkpoint), licence="ours")
    return ImageryLoraRecipe(checkpoint=model, **given | changes)  # type: ignore[arg-type]


def test_pictures_are_measured_and_a_command_finds_the_same(
    fashion: Path, studio: Path, cli: Callable[..., Said], tmp_path: Path
) -> None:
    from genrec.stages.judging import Extent, judge

    judges, painter = tmp_path / "judges", studio / "pipeline"
    shutil.copytree(studio / "lessons", judges / "lessons")
    extent = Extent(items=4, people=3, placed=1, seeds=1, epochs=1, scenes=20)
    found = judge(fashion, tmp_path / "one", extent, judges=judges, painter=str(painter), steps=1)
    assert found["painter"] == "genrec-small-fashion" and found["judge of covers"]["void"]
    asked = ("--painter", painter, "--judges", judges, "--out", tmp_path / "two", "--items", 4, "--people", 3)
    said = cli("evaluate", "imagery", fashion, *asked, "--placed", 1, "--seeds", 1, "--steps", 1).ok()
    assert said.out == f"{tmp_path}/two/imagery.json\n"
    assert json.loads((tmp_path / "two" / "imagery.json").read_text()) == json.loads(json.dumps(found))
    assert (tmp_path / "two" / "index.html").read_text().count("<img") > 30


def test_lessons_of_another_world_are_no_judges(fashion: Path, studio: Path, tmp_path: Path) -> None:
    from genrec.stages.judging import Extent, judge

    shutil.copytree(studio / "lessons", tmp_path / "lessons")
    mark = tmp_path / "lessons" / "lessons.json"
    mark.write_text(mark.read_text().replace("fashion", "home"))
    with pytest.raises(UserError, match="lessons of the domain 'home'"):
        judge(fashion, tmp_path / "out", Extent(), judges=tmp_path, painter=str(studio / "pipeline"))


def test_a_run_of_no_known_world_is_measured_by_clip_alone(
    copy: Callable[..., Path], tiny_painter: Path, cli: Callable[..., Said], tmp_path: Path
) -> None:
    run = copy()
    for name in ("experiment.json", "data/manifest.json"):
        path = run / name
        path.write_text(path.read_text().replace('"kind": "fashion"', '"kind": "tabular"'))
    said = cli("evaluate", "imagery", run, "--painter", tiny_painter)
    assert said.code == 2 and "fashion, home, music" in said.err and "--clip" in said.err
    said = cli("evaluate", "imagery", run, "--painter", tiny_painter, "--clip", tmp_path)
    assert said.code == 2 and "no CLIP model" in said.err


def test_a_checkpoint_is_tuned_on_a_runs_items_and_then_draws_them(
    fashion: Path, checkpoint: Path, cli: Callable[..., Said], tmp_path: Path
) -> None:
    recipe = tmp_path / "tuned.yaml"
    recipe.write_text(json.dumps(_recipe(checkpoint).model_dump(mode="json")))
    said = cli("imagery", "tune", fashion, tmp_path / "tuned", "--recipe", recipe, "--items", 12).ok()
    assert said.out == f"{tmp_path}/tuned\n"
    told = json.loads((tmp_path / "tuned" / "training.json").read_text())
    assert told["examples"] + told["held_out"] == 12 and told["task"] == "pictures"
    drawing = {"model": str(checkpoint), "licence": "ours", "steps": 1, "width": 32, "height": 32}
    drawing |= {"loras": [{"path": str(tmp_path / "tuned")}], "image_prompt": str(tmp_path / "tuned")}
    (tmp_path / "draws.yaml").write_text(json.dumps(drawing))
    asked = ("--people", 1, "--love", 1, "--painter", tmp_path / "draws.yaml", "--out", tmp_path / "out")
    cli("imagine", fashion, *asked).ok()
    assert len(list((tmp_path / "out").glob("*.png"))) == 1


def test_pairs_are_the_worlds_own_scenes_or_those_of_a_table(
    fashion: Path, checkpoint: Path, copy: Callable[..., Path], tmp_path: Path
) -> None:
    from genrec.stages.teaching import tune

    recipe = _recipe(checkpoint, task="pairs", tokens=0)
    assert tune(fashion, recipe, tmp_path / "drawn", items=6)["task"] == "pairs"
    scene, mask = Image.new("RGB", (60, 50), (200, 180, 160)), np.zeros((50, 60), np.uint8)
    mask[10:40, 10:40] = 255
    for number in range(5):
        scene.save(tmp_path / f"scene-{number}.png")
        Image.fromarray(mask).save(tmp_path / f"mask-{number}.png")
    rows = [{"item_id": f"F0000{n}", "picture": f"scene-{n}.png", "mask": f"mask-{n}.png"} for n in range(5)]
    table = tmp_path / "pairs.csv"
    pl.DataFrame(rows).write_csv(table)
    told = tune(fashion, recipe, tmp_path / "listed", pairs=table)
    assert told["examples"] + told["held_out"] == 5
    run = copy()
    for name in ("experiment.json", "data/manifest.json"):
        path = run / name
        path.write_text(path.read_text().replace('"kind": "fashion"', '"kind": "tabular"'))
    for folder, given, words in (
        (run, None, "no scenes of its own"),
        (fashion, pl.DataFrame(rows).drop("mask"), "no column 'mask'"),
        (fashion, pl.DataFrame([rows[0] | {"item_id": "nothing"}]), "row 1: there is no item 'nothing'"),
    ):
        if given is not None:
            given.write_csv(table)
        with pytest.raises(UserError, match=words):
            tune(folder, recipe, tmp_path / "never", pairs=None if given is None else table)
    with pytest.raises(UserError, match="task=pairs"):
        tune(fashion, _recipe(checkpoint), tmp_path / "never", pairs=table)


@pytest.mark.slow
def test_a_painter_learns_a_runs_own_pictures_and_a_sheet_shows_those_it_never_saw(
    fashion: Path, cli: Callable[..., Said], tmp_path: Path
) -> None:
    small = TINY.model_dump(exclude_defaults=True) | {"domain": "mine", "worlds": 1, "previews": 0}
    changes = [f"{key}={value}" for key, value in small.items()] + ["columns=[category]"]
    asked = ["imagery", "train", tmp_path / "painter", "--run", fashion]
    asked += [word for one in changes for word in ("--set", one)]
    cli(*asked).ok()
    painter = tmp_path / "painter" / "pipeline"
    assert str(fashion.parent) not in (painter / "model_index.json").read_text()
    said = cli(
        "imagery", "sheet", fashion, "--by", "category", "--painter", painter, "--out", tmp_path, "--steps", 1
    ).ok()
    assert said.out == f"{tmp_path}/index.html\n"
    page = (tmp_path / "index.html").read_text()
    catalog = Catalog.read(fashion / "data" / "catalog.parquet")
    held = catalog.table.filter(pl.Series(held_out(catalog.table, ("item_id",))))["category"].value_counts()
    wanted = sum(min(4, count) for count in sorted(held["count"].to_list(), reverse=True)[:12])
    assert page.count("<img") == 2 * wanted
    for options, words in (
        (("--by", "categry"), "did you mean 'category'"),
        (("--by", "category", "--painter", tmp_path / "nowhere"), "nowhere"),
    ):
        said = cli("imagery", "sheet", fashion, "--painter", painter, *options)
        assert said.code == 2 and words in said.err, said.err
    # Another catalogue under the same name is noticed; so are columns that cannot be learned from.
    said = cli(*asked, "--set", "seed=1")
    assert said.code == 2 and "another recipe" in said.err
    for column, words in (("titel", "no column 'titel'"), ("description", "values; a painter is judged by 2 to 64")):
        said = cli("imagery", "train", tmp_path / "other", "--run", fashion, "--set", f"columns=[{column}]")
        assert said.code == 2 and words in said.err, said.err
