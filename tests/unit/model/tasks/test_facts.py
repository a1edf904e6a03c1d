"""Facts: columns value by value, and how they are said."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from genrec.data import Catalog
from genrec.model.tasks.facts import TAG, Fact, Facts


def facts_of(**columns: list) -> Facts:
    count = len(next(iter(columns.values())))
    return Facts(Catalog(pl.DataFrame({"item_id": [str(n) for n in range(count)], **columns})))


def test_facts_are_what_the_columns_say():
    facts = facts_of(
        colour=["dark  red", "blue", None, "dark  red"],
        tags=[["a", "b"], ["b"], ["b", "b", ""], None],
        price=[1.5, 2.5, 3.5, 4.5],
    )
    said = [[(facts.facts[n].attribute, facts.facts[n].value) for n in facts.of(item)] for item in range(4)]
    assert said == [
        [("colour", "dark red"), ("tags", "a"), ("tags", "b")],
        [("colour", "blue"), ("tags", "b")],
        [("tags", "b")],
        [("colour", "dark red")],
    ]
    assert facts.attributes == ("colour", "tags")
    assert [facts.columns(item) for item in range(4)] == [2, 2, 1, 1]


def test_descriptions_keys_and_numbers_are_no_facts():
    words = [f"a text of its own, number {n}" for n in range(8)]
    facts = facts_of(description=words, key=[f"k{n}" for n in range(8)], weight=list(range(8)), kind=["x", "y"] * 4)
    assert facts.attributes == ("kind",)


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.sampled_from("pq")), min_size=2, max_size=30),
    st.data(),
)
def test_items_of_several_facts_are_those_that_have_them_all(rows, data):
    facts = facts_of(one=[r[0] for r in rows], two=[r[1] for r in rows], three=[r[2] for r in rows])
    wish = data.draw(st.lists(st.integers(0, max(len(facts) - 1, 0)), max_size=3, unique=True)) if len(facts) else []
    having = [item for item in range(len(rows)) if set(wish) <= set(facts.of(item))]
    assert facts.items(wish).tolist() == having


def test_a_catalogue_without_columns_has_what_its_texts_share():
    kinds = [
        "Tools & More Hammers",
        "Tools & More Saws",
        "Tools & More Hammers",
        "Tools & More Saws",
        "Tools & More Glue",
    ]
    brands = ["Bo", "Bo", "Ur", "Ur", "Ix"]
    titles = [f"Thing number {n}" for n in range(5)]
    texts = [f"{title}. {kind}. {brand}." for title, kind, brand in zip(titles, kinds, brands, strict=True)]
    facts = facts_of(title=titles, text=texts)
    assert facts.attributes == (TAG,)
    # What all begin with is gone, and what one alone says.
    assert [fact.value for fact in facts.facts] == ["Bo", "Hammers", "Saws", "Ur"]
    assert facts.items([facts.number[Fact(TAG, "Hammers")], facts.number[Fact(TAG, "Bo")]]).tolist() == [0]
    assert facts.of(4) == ()


def test_a_catalogue_that_says_nothing_has_no_facts():
    facts = facts_of(title=["A b", "C d", None])
    assert len(facts) == 0 and facts.of(0) == () and facts.items([]).tolist() == [0, 1, 2]


def test_words_are_learned_from_titles(material):
    """Each stands in the titles of items that have the value, and in no others."""
    facts, learned = material.facts, 0
    for n, words in enumerate(facts.words):
        assert words[0] == facts.facts[n].value
        for word in words[1:]:
            having = [item for item, title in enumerate(material.titles) if f" {word} " in f" {title.lower()} "]
            assert having and {n} <= set.intersection(*(set(facts.of(item)) for item in having))
            learned += 1
    assert learned > 10


def test_a_word_means_the_value_it_covers_best_and_no_other():
    titles = ["Deep Mac in Blue", "Mac, Blue", "Red Mac", "Long Mac", "Big Mac", "Parka", "Blue Parka", "Old Parka"]
    titles += ["Deep Coat", "Coat for Men", "Red Coat", "Odd Coat", "Blue Coat", "Deep Parka", "The Parka", "Deep Mac"]
    cut = ["trench" if "Mac" in title else "parka" if "Parka" in title else "cape" for title in titles]
    facts = facts_of(title=titles, category=["coat"] * 15 + ["hat"], cut=cut)
    words = {fact.value: words for fact, words in zip(facts.facts, facts.words, strict=True)}
    assert words["trench"] == ("trench", "mac") and words["cape"] == ("cape", "coat")
    assert "mac" not in words["coat"]


def test_siblings_are_the_other_values_of_the_column(plain):
    facts = plain.facts
    oak = facts.number[Fact("stuff", "oak")]
    assert {facts.facts[n].value for n in facts.siblings(oak)} == {"teak", "zinc", "glass"}


def test_facts_do_not_depend_on_the_order_of_rows(plain):
    turned = plain.catalog.table.reverse()
    assert Facts(Catalog(turned)).facts == plain.facts.facts
    assert np.array_equal(np.sort(199 - Facts(Catalog(turned)).items([0])), plain.facts.items([0]))
