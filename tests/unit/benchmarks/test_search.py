"""The search benchmark: its questions are held out, its figures and its baselines are what they say."""

from __future__ import annotations

import json
import math
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrec.data.synthetic import fashion
from genrec.model.tasks import Material, wishes
from genrec.model.tasks.wording import CHANGES_HELD_OUT, SEARCHES_HELD_OUT
from genrec.sid import SemanticIds
from tests.scripts import script


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What of a workspace the benchmark reads, of 60 garments."""
    folder = tmp_path_factory.mktemp("search")
    world = fashion.build(folder / "data", items=60, users=20, seed=5)
    world.catalog.write(folder / "data" / "catalog.parquet")
    world.interactions.write(folder / "data" / "interactions.parquet")
    codes = np.random.default_rng(0).permutation(512)[:60]
    codes = np.stack([codes // 64, codes // 8 % 8, codes % 8], axis=1).astype(np.uint16)
    SemanticIds(codes, (8, 8, 8)).save(folder / "sid" / "sids.safetensors")
    return folder


@pytest.fixture(scope="module")
def material(run: Path) -> Material:
    made: Material = script("search").read(run)
    return made


@pytest.mark.parametrize("held_out", [True, False])
def test_questions_state_what_training_never_does_and_tuning_only_what_it_may(material, held_out):
    made = script("search").sets(material, 20, seed=1, held_out=held_out)
    assert len(made) == 6
    for name in ("two values", "three values", "change", "change, with what stays"):
        assert made[name]
        for question in made[name]:
            assert len(question.wish) == {"two values": 2, "three values": 3}.get(name, len(question.wish))
            stated = [question.wish]
            if question.source >= 0:  # a change: the new value beside any of the item's others
                new, own = question.wish[0], material.facts.of(question.source)
                name = material.facts.facts[new].attribute
                stated += [(new, n) for n in own if material.facts.facts[n].attribute != name]
            assert any(wishes.held_out(material.facts, wish) for wish in stated) == held_out
    patterns = [re.split(r"\{\w+\}", pattern) for pattern in (*SEARCHES_HELD_OUT, *CHANGES_HELD_OUT)]
    fresh = [".+".join(re.escape(part) for part in parts) for parts in patterns]
    for question in (question for questions in made.values() for question in questions):
        assert any(re.match(pattern, question.text) for pattern in fresh) == held_out


def test_relevant_is_every_item_that_meets_the_question(material):
    questions = script("search_questions")
    facts = material.facts
    for question in (*questions.by_values(material, 20, 2, seed=2), *questions.by_change(material, 20, True, seed=2)):
        meets = [item for item in range(len(material.catalog)) if set(question.wish) <= set(facts.of(item))]
        assert question.relevant.tolist() == meets and meets
    for question in questions.by_values(material, 20, 2, seed=2):
        said = [any(word in question.text for word in facts.words[n]) for n in question.wish]
        assert all(said)
    for question in questions.by_title(material, 20, seed=2):
        assert question.target in question.relevant
    for named in (True, False):
        for question in questions.by_change(material, 20, named, seed=2):
            assert question.source not in question.relevant and len(question.relevant)
            assert material.words[question.source] in question.text
            assert "<|sid" not in question.plain and material.titles[question.source] in question.plain


def test_precision_is_of_what_could_have_been_found(material):
    questions = script("search_questions")
    one = questions.Question("", "", np.array([3, 5, 8], np.int32), target=5)
    answers = np.array([[3, 8, 1, 2, 4, 6, 7, 9, 0, 5], [1, 2, 4, 6, 7, 9, 0, 10, 11, 12], [5, *[-1] * 9]])
    assert questions.precision([one] * 3, answers).tolist() == pytest.approx([1, 0, 1 / 3])
    assert questions.precision([one] * 3, answers, k=2).tolist() == pytest.approx([1, 0, 1 / 2])
    assert questions.recall([one] * 3, answers).tolist() == [1, 0, 1]


@given(
    st.lists(st.lists(st.sampled_from(["red", "blue", "wool", "hat"]), min_size=1, max_size=6), min_size=2, max_size=6),
    st.lists(st.sampled_from(["red", "blue", "wool", "lamp"]), max_size=4),
    st.floats(0.1, 3),
    st.floats(0, 1),
)
def test_bm25_ranks_by_its_formula(documents, query, k1, b):
    engine = script("search_baselines").Bm25([" ".join(words) for words in documents], k1, b)
    mean = sum(map(len, documents)) / len(documents)

    def score(words):
        total = 0.0
        for word in set(query):
            n = sum(word in other for other in documents)
            tf = words.count(word)
            if tf:
                idf = math.log(1 + (len(documents) - n + 0.5) / (n + 0.5))
                total += idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * len(words) / mean))
        return total

    scores = [score(words) for words in documents]
    (found,) = engine([" ".join(query)], len(documents)).tolist()
    assert sorted(found) == list(range(len(documents)))
    assert all(scores[a] >= scores[b] - 1e-9 for a, b in pairwise(found))


def test_an_item_to_be_changed_is_no_answer(material):
    without = script("search_baselines").without

    def search(queries, k):
        return np.tile(np.arange(k), (len(queries), 1))

    assert without(search, [1, -1])(["a", "b"], 3).tolist() == [[0, 2, 3], [0, 1, 2]]


def test_the_table_has_every_set_and_system(run, tmp_path, capsys):
    script("search").main([str(run), "--queries", "10", "--json", str(tmp_path / "out.json")])
    shown, found = capsys.readouterr().out, json.loads((tmp_path / "out.json").read_text())
    assert list(found["sets"]) == [
        "two values", "three values", "one value", "change", "change, with what stays", "words of a title",
    ]  # fmt: skip
    for name, one in found["sets"].items():
        for system, figures in one["systems"].items():
            assert f" {system} |" in shown and 0 <= figures["precision@10"]["mean"] <= 1
            assert f"{figures['precision@10']['mean']:.3f} ± " in shown
        assert f"| {name} ({one['questions']}) | precision@10 |" in shown
    bm25 = next(name for name in found["sets"]["two values"]["systems"] if name.startswith("BM25"))
    assert found["sets"]["words of a title"]["systems"][bm25]["recall@10"]["mean"] > 0.8
