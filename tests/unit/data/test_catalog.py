"""The catalogue: row order, columns, the way to disk and back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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


def test_reading_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="genrec prepare"):
        Catalog.read(tmp_path / "catalog.parquet")


def test_the_room_does_not_import_torch() -> None:
    code = "import sys, genrec.data; assert 'torch' not in sys.modules and 'PIL' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
