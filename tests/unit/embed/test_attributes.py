from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from genrec.data import Catalog
from genrec.embed.attributes import AttributeEncoder, suitable
from genrec.errors import UserError

ITEMS = pl.DataFrame(
    {
        "item_id": ["a", "b", "c", "d", "e", "f"],
        "title": ["one", "two", "three", "four", "five", "six"],
        "brand": ["Acme", "Acme", "Bolt", "Bolt", "Core", None],
        "tags": [["x", "y"], ["y"], ["x"], [], None, ["z", "y"]],
        "price": [10.0, 20.0, 30.0, 40.0, 50.0, None],
        "link": [f"p/{i}" for i in range(6)],
        "kind": ["thing"] * 6,
        "eco": [True, False, True, False, None, False],
        "empty": [None] * 6,
    }
)


def catalog(table: pl.DataFrame = ITEMS) -> Catalog:
    return Catalog(table)


def test_columns_that_tell_groups_apart_are_taken() -> None:
    assert suitable(catalog().table) == ["brand", "tags", "price", "eco"]


def test_equal_values_are_equal_vectors_and_rare_ones_weigh_more() -> None:
    encoder = AttributeEncoder(["brand", "eco"]).fit(catalog())
    vectors, mask = encoder.encode(catalog())
    assert mask.tolist() == [True, True, True, True, False, True]  # Core is one item's alone, and «eco» unknown
    assert vectors.shape == (6, 4) and np.allclose((vectors[0] * vectors[1]).sum(), np.log(3) ** 2)
    assert np.array_equal(vectors[1] - vectors[0], vectors[3] - vectors[2])  # the same values differ
    assert vectors[0].max() == pytest.approx(np.log(6 / 2)) and vectors[5].max() == pytest.approx(np.log(6 / 3))


def test_lists_have_all_their_values() -> None:
    vectors, mask = AttributeEncoder(["tags"]).fit(catalog()).encode(catalog())
    x, y = np.log(6 / 2), np.log(6 / 3)
    assert np.allclose(vectors[mask], [[y, x], [y, 0], [0, x], [y, 0]])
    assert mask.tolist() == [True, True, True, False, False, True]
    assert (vectors[3:5] == 0).all()


def test_numbers_near_each_other_are_near() -> None:
    vectors, mask = AttributeEncoder(["price"]).fit(catalog()).encode(catalog())
    apart = np.linalg.norm(vectors[:5, None] - vectors[None, :5], axis=-1)
    assert mask.tolist() == [True] * 5 + [False]
    assert (np.diff(apart[0]) >= -1e-6).all() and apart[0, 1] > 0
    beyond = catalog(ITEMS.with_columns(pl.Series("price", [-5.0, 15.0, 9e9, 40.0, 50.0, 10.0])))
    later, _ = AttributeEncoder(["price"]).fit(catalog()).encode(beyond)
    assert np.allclose(later[0], vectors[0]) and np.allclose(later[2], vectors[4])


def test_items_that_come_later_are_read_alike(tmp_path: Path) -> None:
    encoder = AttributeEncoder().fit(catalog())
    encoder.save_pretrained(tmp_path / "attributes")
    again = AttributeEncoder.from_pretrained(tmp_path / "attributes")
    vectors, _ = encoder.encode(catalog())
    later = pl.DataFrame({"item_id": ["n", "m"], "brand": ["Acme", "Unheard"], "eco": [True, None]})
    found, mask = again.encode(catalog(later))
    assert found.shape[1] == vectors.shape[1] and mask.tolist() == [True, False]
    assert np.array_equal(again.encode(catalog())[0], vectors)
    assert found[0].any() and not found[1].any()


def test_errors_name_the_column() -> None:
    with pytest.raises(UserError, match=r"no column 'brnd'.*brand"):
        AttributeEncoder(["brnd"]).fit(catalog())
    with pytest.raises(UserError, match="'link' has no value that two items share"):
        AttributeEncoder(["link"]).fit(catalog())
    with pytest.raises(UserError, match=r"attributes\.json is missing"):
        AttributeEncoder.from_pretrained(Path("nowhere"))


def test_a_catalogue_without_attributes_has_none() -> None:
    bare = catalog(ITEMS.select("item_id", "title", "link"))
    encoder = AttributeEncoder().fit(bare)
    vectors, mask = encoder.encode(bare)
    assert encoder.columns == {} and vectors.shape == (6, 0) and not mask.any()


def test_dates_are_values_not_stack_traces() -> None:
    dated = catalog(ITEMS.with_columns(pl.Series("since", [date(2024, 1, 1)] * 3 + [date(2024, 5, 1)] * 3)))
    assert "since" in AttributeEncoder().fit(dated).columns
