"""The catalogue: row order, columns, the way to disk and back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from genrec.data import Catalog
from genrec.errors import UserError

TABLE = pl.DataFrame({"price": [1.5, 2.0, 3.0], "item_id": ["b", "a", "c"], "image": ["p/b.png", None, "p/c.png"]})


def test_columns_rows_and_index() -> None:
    catalog = Catalog(TABLE)
    assert catalog.table.columns == ["item_id", "title", "text", "image", "price"]
    assert catalog.table.schema["text"] == pl.String
    assert catalog.ids == ["b", "a", "c"] and catalog.index == {"b": 0, "a": 1, "c": 2} and len(catalog) == 3


def test_images_are_relative_to_the_root(tmp_path: Path) -> None:
    catalog = Catalog(TABLE, tmp_path)
    assert catalog.image_path(0) == tmp_path / "p/b.png"
    assert catalog.image_path(1) is None


def test_sounds_are_where_a_catalogue_has_them(tmp_path: Path) -> None:
    assert Catalog(TABLE, tmp_path).audio_path(0) is None
    sounding = Catalog(TABLE.with_columns(audio=pl.Series(["a/b.wav", None, "a/c.wav"])), tmp_path)
    assert sounding.audio_path(0) == tmp_path / "a/b.wav" and sounding.audio_path(1) is None


def test_keep_holds_the_order() -> None:
    assert Catalog(TABLE).keep(["c", "b", "other"]).ids == ["b", "c"]


def test_write_and_read_from_a_moved_folder(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    Catalog(TABLE, old / "pictures").write(old / "catalog.parquet")
    old.rename(new)
    back = Catalog.read(new / "catalog.parquet")
    assert back.table.equals(Catalog(TABLE).table)
    assert back.image_path(0) == new / "pictures/p/b.png"


def test_a_root_elsewhere_stays_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    Catalog(TABLE, tmp_path / "shop").write(tmp_path / "run/catalog.parquet")
    assert Catalog.read(tmp_path / "run/catalog.parquet").image_path(2) == tmp_path / "shop/p/c.png"


def test_without_a_root(tmp_path: Path) -> None:
    Catalog(TABLE.drop("image")).write(tmp_path / "catalog.parquet")
    assert Catalog.read(tmp_path / "catalog.parquet").root is None


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pl.DataFrame({"sku": ["a"]}), "lacks the column item_id; it has sku"),
        (pl.DataFrame({"item_id": ["a", None]}), "row 2 has no item_id"),
        (pl.DataFrame({"item_id": ["a", "b", "a"]}), r"'a' stands in the catalogue rows \[1, 3\]"),
    ],
)
def test_what_is_no_catalogue(table: pl.DataFrame, message: str) -> None:
    with pytest.raises(UserError, match=message):
        Catalog(table)


ROWS = pl.DataFrame({"item_id": ["x", "y"], "price": [1, None], "text": ["new", None]})


@pytest.mark.parametrize("listed", [False, True])
def test_growing_and_changing_leaves_the_one_before_as_it_was(listed: bool) -> None:
    first = Catalog(pl.DataFrame({"item_id": ["a", "b", "c"], "price": [1.5, 2.5, None]}), Path("pictures"))
    before = first.table.clone()
    if listed:
        assert first.index == {"a": 0, "b": 1, "c": 2}
    grown = first.extended(ROWS)
    changed = grown.changed(np.array([3, 0]), pl.DataFrame({"price": [9.0, None], "title": ["X", "A"]}))
    assert grown.table.schema == first.table.schema and grown.root == changed.root == first.root
    assert grown.ids == changed.ids == ["a", "b", "c", "x", "y"]
    assert grown.index == changed.index == {name: i for i, name in enumerate(grown.ids)}
    assert grown.table["price"].to_list() == [1.5, 2.5, None, 1.0, None]
    assert changed.table["price"].to_list() == [None, 2.5, None, 9.0, None]
    assert changed.table["title"].to_list() == ["A", None, None, "X", None]
    assert first.table.equals(before) and grown.table["title"].null_count() == 5
    assert first.ids == ["a", "b", "c"] and len(first.index) == 3
    for _ in range(40):
        grown = grown.extended(ROWS.with_columns(pl.col("item_id") + str(len(grown))))
    assert len(grown) == 85 and grown.table.n_chunks() <= 17


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (pl.DataFrame({"item_id": ["x"], "prize": [1.0]}), "no column 'prize'; did you mean 'price'"),
        (pl.DataFrame({"item_id": ["x"], "price": ["a lot"]}), "other values than the catalogue's"),
        (pl.DataFrame({"item_id": ["a"], "price": [1.0]}), "'a' stands in the catalogue rows"),
    ],
)
def test_what_a_catalogue_cannot_take_in(rows: pl.DataFrame, message: str) -> None:
    with pytest.raises(UserError, match=message):
        Catalog(pl.DataFrame({"item_id": ["a"], "price": [1.5]})).extended(rows)


def test_reading_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="genrec prepare"):
        Catalog.read(tmp_path / "catalog.parquet")


def test_the_room_does_not_import_torch() -> None:
    code = "import sys, genrec.data; assert 'torch' not in sys.modules and 'PIL' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_columns_of_lists_change_like_others() -> None:
    rows = pl.DataFrame({"item_id": ["a", "b", "c"], "tags": [["x"], None, ["y", "z"]]})
    changed = Catalog(rows).changed(np.array([2, 0]), pl.DataFrame({"tags": [["new"], []]}))
    assert changed.table["tags"].to_list() == [[], None, ["new"]] and changed.ids == ["a", "b", "c"]
