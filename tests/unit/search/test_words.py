"""The word index against BM25 written out, and its growing against one made anew."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrec.search.words import K1, B, WordIndex, weighed, words_of

WORDS = st.lists(st.sampled_from(["red", "dress", "wool", "coat", "summer", "a", "blue"]), max_size=8)
TEXTS = st.lists(WORDS, min_size=1, max_size=12)


def bm25(texts: list[list[str]], query: dict[str, float], mean: float) -> np.ndarray:
    """Robertson and Zaragoza 2009, section 3.4, word by word."""
    found = np.zeros(len(texts))
    for word, weight in query.items():
        having = sum(word in text for text in texts)
        if not having:
            continue
        rarity = math.log1p((len(texts) - having + 0.5) / (having + 0.5))
        for item, text in enumerate(texts):
            tf = text.count(word)
            found[item] += weight * rarity * tf * (K1 + 1) / (tf + K1 * (1 - B + B * len(text) / mean))
    return found


@given(TEXTS, st.dictionaries(st.sampled_from(["red", "coat", "blue", "hat"]), st.floats(0.1, 2), max_size=3))
def test_scores_are_those_of_bm25(texts, query):
    mean = max(1.0, sum(map(len, texts)) / len(texts))
    assert WordIndex.of(texts).scores(query) == pytest.approx(bm25(texts, query, mean), abs=1e-4)


@given(TEXTS, TEXTS, st.data())
def test_what_grows_and_changes_is_what_was_made_anew(first, more, data):
    changed = data.draw(st.lists(st.integers(0, len(first) - 1), unique=True, max_size=4))
    others = [data.draw(WORDS) for _ in changed]
    index = WordIndex.of(first)
    before = index.scores({"red": 1.0, "coat": 1.0})
    grown = index.changed(np.array(changed, np.int64), others).extended(more)
    texts = list(first)
    for item, text in zip(changed, others, strict=True):
        texts[item] = text
    mean = max(1.0, sum(map(len, first)) / len(first))  # lengths stay measured by the first
    for query in ({"red": 1.0}, {"coat": 0.5, "blue": 1.0}, {"summer": 1.0}):
        assert grown.scores(query) == pytest.approx(bm25([*texts, *more], query, mean), abs=1e-4)
    assert np.array_equal(index.scores({"red": 1.0, "coat": 1.0}), before)  # an older version stays as it was


def test_a_word_of_a_later_version_is_unknown_to_an_older_one():
    index = WordIndex.of([["red"], ["blue"]])
    later = index.extended([["green"]])
    assert index.number("green") is None and not index.scores({"green": 1.0}).any()
    assert later.scores({"green": 1.0}).argmax() == 2
    beside = index.extended([["mauve"]])  # another line of versions, as after a rollback
    assert beside.number("green") is None and beside.scores({"mauve": 1.0}).argmax() == 2


def test_words_of_any_language():
    assert words_of("Red DRESSES, for the girl's 2 cats!") == ["red", "dress", "for", "the", "girl", "2", "cat"]
    assert words_of("Café crème – Größe") == ["cafe", "creme", "grosse"]
    assert words_of("Красное ПЛАТЬЕ") == ["красное", "платье"]
    assert words_of("लाल पोशाक") == ["लाल", "पोशाक"]
    assert words_of("红色连衣裙") == ["红色", "色连", "连衣", "衣裙"]
    assert words_of("赤") == ["赤"] and words_of("iPhone用ケース") == ["iphone", "用ケ", "ケー", "ース"]
    assert words_of("…!?") == words_of("") == []


@given(st.text(max_size=60))
def test_no_text_breaks_it(text):
    assert all(word and not word.isspace() for word in words_of(text))


def test_a_misspelt_word_counts_as_its_likes_for_less():
    index = WordIndex.of([["jumper", "navy"], ["trouser"], ["jumpsuit"]])
    found = weighed(["jumpr", "navy", "navy", "xq"], index)
    assert found["navy"] == 1 and 0.5 <= found["jumper"] < 1 and "trouser" not in found
    assert index.scores(found).argmax() == 0
    assert weighed(["zzzz"], index) == {}
