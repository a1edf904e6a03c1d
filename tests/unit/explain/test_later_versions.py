"""What explains a later version of a catalogue, made from what explained the former, is what reading it anew gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from genrec.data.catalog import Catalog
from genrec.data.interactions import Sequences
from genrec.explain.writer import Explainer
from genrec.model.tasks.facts import TAG, Fact, Facts
from genrec.model.vocabulary import text
from genrec.sid.codes import SemanticIds

SIZES = (5, 5, 5)
SCHEMA = {"title": pl.String, "text": pl.String, "colour": pl.String, "tags": pl.List(pl.String), "price": pl.Float64}
# Words of two letters are never learned to mean a value: what titles teach stays as it was, by intention.
TITLES = st.one_of(
    st.none(),
    st.lists(st.sampled_from(["Ox", "ox", "Ab", "the", "St.", "of", "(Up)", "5"]), min_size=1, max_size=12).map(
        " ".join
    ),
)
ROWS = st.tuples(
    TITLES,
    st.sampled_from(["Red one. Loud.", "Blue one.", ""]),
    st.sampled_from(["red", "blue", "dark  red", "Night Bus", None]),
    st.sampled_from([["a1", "b2"], ["b2"], [], ["b2", "b2", "New One"], None]),
    st.sampled_from([1.5, 12.0, None]),
)


class Even:
    """Scores nothing."""

    def score(self, histories: Sequences, items: np.ndarray) -> np.ndarray:
        return np.zeros(items.shape, np.float32)


def codes(count: int) -> SemanticIds:
    return SemanticIds(np.stack(np.unravel_index(np.arange(count), SIZES), axis=1), SIZES)


def anew(catalog: Catalog) -> Explainer:
    return Explainer(catalog, codes(len(catalog)), Even())


def said(facts: Facts, numbers: Any) -> list[Fact]:
    return [facts.facts[number] for number in numbers]


def same(one: Explainer, other: Explainer) -> None:
    """Facts, whose numbers may differ; names; and what a text is read as."""
    assert one.facts.total == other.facts.total and one.facts.attributes == other.facts.attributes
    for item in range(one.facts.total):
        assert said(one.facts, one.facts.of(item)) == said(other.facts, other.facts.of(item))
    having = {fact: one.facts.items([number]).tolist() for number, fact in enumerate(one.facts.facts)}
    assert {fact: items for fact, items in having.items() if items} == {
        fact: other.facts.items([number]).tolist() for number, fact in enumerate(other.facts.facts)
    }
    assert one.titles == other.titles and one.catalog is other.catalog
    assert one.checker.texts == other.checker.texts and one.checker.prices == other.checker.prices
    texts = [*one.titles, *map(text, one.ids.codes), *(f"It is {fact.value}, by Ox" for fact in other.facts.facts)]
    for written in texts:
        read = [explainer.checker.gazetteer.marks(f"You own {written}. Ox of the St.") for explainer in (one, other)]
        for mine, its in zip(*read, strict=True):
            assert (mine.kind, mine.begin, mine.end, mine.items) == (its.kind, its.begin, its.end, its.items)
            assert set(said(one.facts, mine.facts)) == set(said(other.facts, its.facts))


@settings(max_examples=60, deadline=None)
@given(st.lists(ROWS, min_size=2, max_size=12), st.data())
def test_a_later_version_is_read_as_if_anew(rows: list[Any], data: st.DataObject) -> None:
    # Rows that make both columns count, whatever comes.
    fixed = [("Ox", "", colour, [tag], 1.0) for colour in ("red", "blue") for tag in ("a1", "b2")] * 3
    table = pl.DataFrame([*fixed, *rows], schema=SCHEMA, orient="row")
    names = pl.Series("item_id", [f"i{n}" for n in range(len(table))])
    catalog = Catalog(table.with_columns(names))
    explainer = anew(catalog)
    assert explainer.facts.attributes == ("colour", "tags")
    if data.draw(st.booleans()):  # some is only made when it is asked for
        same(explainer, anew(catalog))
    for step in range(data.draw(st.integers(1, 4))):
        if data.draw(st.booleans()):
            more = pl.DataFrame(data.draw(st.lists(ROWS, min_size=1, max_size=3)), schema=SCHEMA, orient="row")
            new_names = pl.Series("item_id", [f"n{step}-{n}" for n in range(len(more))])
            catalog = catalog.extended(more.with_columns(new_names))
        else:
            items = data.draw(st.lists(st.integers(12, len(catalog) - 1), min_size=1, max_size=4, unique=True))
            own = st.lists(ROWS, min_size=len(items), max_size=len(items))
            catalog = catalog.changed(np.array(items), pl.DataFrame(data.draw(own), schema=SCHEMA, orient="row"))
        former, before = (
            explainer,
            (explainer.facts.facts, [explainer.facts.of(n) for n in range(explainer.facts.total)]),
        )
        later = former.after(catalog, codes(len(catalog)), Even())
        assert later is not None
        explainer = later
        same(explainer, anew(catalog))
        # The former version is still in use.
        assert before == (former.facts.facts, [former.facts.of(n) for n in range(former.facts.total)])
        same(former, anew(former.catalog))


def test_only_what_a_later_version_can_be_is_gone_on_from() -> None:
    rows = [(f"Ox {n}", "", ["red", "blue"][n % 2], ["a1"], 1.0) for n in range(6)]
    table = pl.DataFrame(rows, schema=SCHEMA, orient="row").with_columns(item_id=pl.Series(list("abcdef")))
    explainer = anew(Catalog(table))
    assert explainer.after(Catalog(table[:5]), codes(5), Even()) is None
    assert explainer.after(Catalog(table.reverse()), codes(6), Even()) is None
    other = SemanticIds(codes(6).codes[::-1].copy(), SIZES)
    assert explainer.after(Catalog(table), other, Even()) is None
    # Another price or availability leaves everything that was read of words in its place.
    cheaper = explainer.after(Catalog(table), codes(6), Even())
    assert cheaper is not None and cheaper.facts is explainer.facts


def test_tags_of_a_later_version_are_those_that_are_known() -> None:
    texts = [f"Thing {n}. Tools & More {['Saws', 'Glue'][n % 2]}. {['Bo', 'Ur', 'Ix'][n % 3]}." for n in range(6)]
    table = pl.DataFrame({"item_id": list("abcdef"), "title": [f"Thing {n}" for n in range(6)], "text": texts})
    catalog = Catalog(table)
    explainer = anew(catalog)
    fresh = pl.DataFrame({"item_id": ["g"], "title": ["Thing 6"], "text": ["Thing 6. Tools & More Saws. Bo. Alone."]})
    later = explainer.after(catalog.extended(fresh), codes(7), Even())
    assert later is not None and later.facts.attributes == (TAG,)
    assert {fact.value for fact in said(later.facts, later.facts.of(6))} == {"Saws", "Bo"}
    assert later.facts.items([later.facts.number[Fact(TAG, "Saws")]]).tolist() == [0, 2, 4, 6]
