"""What a text states of columns' values, and rows that grow and change against rows read anew."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from genrec.data.catalog import Catalog
from genrec.data.synthetic import fashion
from genrec.errors import UserError
from genrec.search.content import Rows
from genrec.search.values import ItemValues, Reading


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return fashion.build(tmp_path_factory.mktemp("world"), items=400, users=2, seed=5).catalog


@pytest.fixture(scope="module")
def values(catalog: Catalog) -> ItemValues:
    return ItemValues.of(catalog)


def meant(values: ItemValues, reading: Reading) -> list[str]:
    return [f"{values.facts[one.fact].attribute}={values.facts[one.fact].value}" for one in reading.stated]


def test_it_reads_values_as_columns_and_titles_write_them(values: ItemValues) -> None:
    assert meant(values, values.read("a RED dress by Kerb, for summer")) == [
        "colour=red", "category=dress", "brand=Kerb", "season=summer",
    ]  # fmt: skip
    assert meant(values, values.read("sky-blue jumpers")) == ["colour=sky blue", "category=sweater"]


def test_a_colour_of_two_columns_is_that_which_titles_mean_unless_the_other_is_named(values: ItemValues) -> None:
    both = values.read("red").stated[0].facts
    accent = next(one for one, fact in enumerate(values.facts) if fact.attribute == "accent" and fact.value == "red")
    assert max(both.values()) == 1 and 0 < both[accent] < 1
    for said in ("with red accents", "accent red", "Accent: red"):
        assert meant(values, values.read(said)) == ["accent=red"], said
    assert meant(values, values.read("a navy shirt with red accents")) == [
        "colour=navy",
        "category=shirt",
        "accent=red",
    ]


def test_columns_without_a_value_and_denials(values: ItemValues) -> None:
    reading = values.read("in red. Keep the brand and the material; another season")
    assert reading.names == ("brand", "material", "season") and reading.others == ("season",)
    denied = values.read("a dress, not red and without stripes").stated
    assert [one.denied for one in denied] == [False, True, True]


def test_an_owner_s_synonyms_count(catalog: Catalog) -> None:
    values = ItemValues.of(catalog, {"category": {"hat": ["lid"]}})
    assert meant(values, values.read("a red lid")) == ["colour=red", "category=hat"]
    with pytest.raises(UserError, match="no column 'colr' of words; did you mean 'colour'"):
        ItemValues.of(catalog, {"colr": {"red": ["x"]}})
    with pytest.raises(UserError, match="no value 'redd'; did you mean 'red'"):
        ItemValues.of(catalog, {"colour": {"redd": ["x"]}})


def test_bare_values_count_only_beside_their_column() -> None:
    table = pl.DataFrame(
        {"item_id": list("abcdef"), "title": ["Shirt"] * 6, "size": ["S", "M"] * 3, "lined": ["yes", "no", "no"] * 2}
    )
    values = ItemValues.of(Catalog(table))
    assert meant(values, values.read("that's a shirt, no?")) == []
    assert meant(values, values.read("size m, lined yes")) == ["size=M", "lined=yes"]


def test_rows_that_grow_and_change_are_those_read_anew(catalog: Catalog) -> None:
    first = Rows.of(Catalog(catalog.table[:300]), None, None)
    table = catalog.table.with_row_index().with_columns(
        pl.when(pl.col("index") == 7).then(pl.lit("violet")).otherwise("colour").alias("colour"),
        pl.when(pl.col("index") == 9).then(pl.lit("Quilted Kayak")).otherwise("title").alias("title"),
    )
    later = Catalog(table.drop("index"))
    grown, anew = Rows.of(later, first, None), Rows.of(later, None, None)
    assert len(grown.words) == len(grown.values) == 400
    for item in range(400):
        one, other = ({rows.values.facts[fact] for fact in rows.values.has[item].indices} for rows in (grown, anew))
        assert one == other
    assert grown.titles.scores({"kayak": 1.0}).argmax() == 9
    assert meant(grown.values, grown.values.read("something violet")) == ["colour=violet"]  # a value never seen before
    assert not first.words.scores({"kayak": 1.0}).any() and len(first.words) == 300
    # Fewer rows, or others, are no later version of these: all is read anew.
    back = Rows.of(Catalog(catalog.table[:200]), grown, None)
    assert len(back.words) == 200 and not back.words.scores({"kayak": 1.0}).any()


def test_a_catalogue_without_columns_has_the_sentences_that_items_share() -> None:
    texts = ["Tape. Duct Tape. 3M", "Tape two. Duct Tape. Scotch", "Glue. Super Glue. 3M", "Glue two. Super Glue. Uhu"]
    table = pl.DataFrame({"item_id": list("abcd"), "title": [text.split(". ")[0] for text in texts], "text": texts})
    values = ItemValues.of(Catalog(table))
    assert values.columns == ()
    assert [fact.value for fact in values.facts if values.has[0, values.number[fact]]] == ["3M", "Duct Tape"]
    more = values.extended(Catalog(table.with_columns(pl.lit("New. 3M").alias("text"))[:1]).table)
    assert [values.facts[one].value for one in more.has[4].indices] == ["3M"]
    assert np.array_equal(more.has[:4].todense(), values.has.todense())
