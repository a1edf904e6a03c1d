"""The word towers of searches: what they learn and from what, and what they are worth beside codes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from genrec.data.catalog import Catalog
from genrec.data.interactions import Sequences
from genrec.decode.causal_engine import CausalEngine
from genrec.decode.lm_generator import LmGenerator
from genrec.decode.text_score import TextScore
from genrec.decode.trie import Trie
from genrec.model.prompts import CHATML
from genrec.model.tasks import Facts, Material, wishes
from genrec.model.towers import QueryReader, WordTowers
from genrec.model.vocabulary import SidVocabulary, text
from genrec.sid import SemanticIds
from genrec.train import towers as room
from genrec.train.towers import WEIGHTS, Questions, fit_weight
from tests.unit.model.bases import SIZES, byte_level

N = 60
COLOURS, THINGS, BRANDS = (
    ("red", "blue", "green"),
    ("dress", "jacket", "coat", "hat"),
    ("Ayu", "Bela", "Corvo", "Dune", "Elm"),
)
ROWS = [(COLOURS[i % 3], THINGS[i % 4], BRANDS[i % 5]) for i in range(N)]
CATALOG = Catalog(
    pl.DataFrame(
        {"item_id": [f"i{i}" for i in range(N)], "title": [f"{b} {c} {t}" for c, t, b in ROWS],
         "text": ["-"] * N, "image": [None] * N, "colour": [row[0] for row in ROWS],
         "category": [row[1] for row in ROWS], "brand": [row[2] for row in ROWS]},
        schema_overrides={"image": pl.String},
    )
)  # fmt: skip
TITLES = CATALOG.table["title"].to_list()
IDS = SemanticIds(np.stack(np.unravel_index(np.arange(0, 630, 10)[:N], SIZES), axis=1), SIZES)


@pytest.fixture(scope="module")
def material() -> Material:
    return Material(CATALOG, IDS, Sequences.from_lists([[1, 2]]), Facts(CATALOG))


def test_questions_of_training_and_all_that_answers_them(material: Material) -> None:
    asked = room.questions(material, 300, seed=3)
    assert len(asked) == 300 and len(set(asked.queries)) > 150
    said = [" ".join(row).lower() for row in ROWS]
    for query, found in zip(asked.queries, asked.relevant, strict=True):
        shared = set.intersection(*(set(said[item].split()) for item in found.tolist()))
        assert found.tolist() == [item for item in range(N) if shared <= set(said[item].split())]
        assert any(word in query.lower() for word in shared) or text(IDS.codes[0])[:10] in query
    apart = {tuple(found) for found in room.questions(material, 300, seed=4, apart=True).relevant}
    assert apart and not apart & {tuple(found) for found in asked.relevant}
    assert room.questions(material, 20, seed=3).queries == room.questions(material, 20, seed=3).queries
    nothing = Catalog(CATALOG.table.select("item_id", "text", "image").with_columns(title=pl.lit(None, pl.String)))
    bare = Material(nothing, IDS, Sequences.from_lists([[1, 2]]), Facts(nothing))
    assert not len(room.questions(bare, 10, 0)) and room.fit(bare, 10) is None


@pytest.fixture(scope="module")
def towers(material: Material, tmp_path_factory: pytest.TempPathFactory) -> WordTowers:
    learned = room.fit(material, 3000, folder=tmp_path_factory.mktemp("loop"))
    assert learned is not None
    return learned


def reader(towers: WordTowers) -> QueryReader:
    return QueryReader(towers, CATALOG, IDS)


def best(towers: WordTowers, query: str) -> list[int]:
    order = np.argsort(-(reader(towers).encode([query]) @ towers.items(CATALOG.table).T)[0], kind="stable")
    return order.tolist()


def test_what_is_asked_for_comes_first_also_in_pairs_never_asked_for_before(
    material: Material, towers: WordTowers
) -> None:
    facts = material.facts
    for held_out in (False, True):
        pairs = [(a, b) for a in range(len(facts)) for b in range(a) if len(facts.items((a, b)))]
        pairs = [pair for pair in pairs if wishes.held_out(facts, pair) == held_out]
        assert len(pairs) >= 2
        right = []
        for pair in pairs:
            found = facts.items(pair).tolist()
            asked = f"anything {facts.facts[pair[0]].value} and {facts.facts[pair[1]].value}"
            first = best(towers, asked)[: len(found)]
            right.append(len(set(first) & set(found)) / len(found))
        assert np.mean(right) > 0.7


def test_an_item_that_is_named_is_what_its_row_says(towers: WordTowers) -> None:
    """Twelve kinds of rows: the same kind in another colour, whatever the codes are called."""
    right = 0
    for item in range(0, 12):
        colour, thing, _ = ROWS[item]
        other = COLOURS[(COLOURS.index(colour) + 1) % 3]
        top = best(towers, f"like {text(IDS.codes[item])}, but in {other}")[:3]
        right += sum(ROWS[one][0] == other and ROWS[one][1] == thing for one in top)
    assert right >= 0.7 * 36
    assert reader(towers).words(f"but {text(np.array([0, 0, 0]))}") == ["but"]


def test_a_newcomer_s_row_makes_its_vector_and_an_unknown_word_none(towers: WordTowers) -> None:
    row = CATALOG.table[7:8].with_columns(item_id=pl.lit("new"), title=pl.lit("Neverheard"))
    known = CATALOG.table[7:8].with_columns(title=pl.lit(""))
    np.testing.assert_allclose(towers.items(row), towers.items(known), atol=1e-6)
    assert not reader(towers).encode(["xyzzy", ""]).any()


def test_as_saved(towers: WordTowers, tmp_path: Path) -> None:
    towers.save(tmp_path / "words", weight=0.5)
    again, said = WordTowers.from_pretrained(tmp_path / "words")
    assert said == {"weight": 0.5}
    asked = ["a red dress", f"like {text(IDS.codes[5])} in blue"]
    np.testing.assert_array_equal(reader(again).encode(asked), reader(towers).encode(asked))
    np.testing.assert_array_equal(again.items(CATALOG.table), towers.items(CATALOG.table))


def test_a_softmax_over_a_sample_learns_too(material: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a large catalogue has it: fewer items in the pool than there are."""
    monkeypatch.setattr(room, "POOL", 40)
    monkeypatch.setattr(room, "BATCH", 8)
    learned = room.fit(material, 600)
    assert learned is not None
    assert ROWS[best(learned, "red hat")[0]][:2] == ("red", "hat")


@pytest.fixture(scope="module")
def generator(towers: WordTowers) -> LmGenerator:
    """A model that knows nothing, and words that know what items are called."""
    tokenizer = byte_level(CHATML)
    torch.manual_seed(0)
    model = Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=len(tokenizer), hidden_size=32, intermediate_size=48, num_hidden_layers=1,
            num_attention_heads=2, num_key_value_heads=1, head_dim=16, initializer_range=0.2,
            bos_token_id=None, eos_token_id=None, pad_token_id=None,
        )
    )  # fmt: skip
    vocabulary = SidVocabulary.of(tokenizer, SIZES)
    engine = CausalEngine(model, Trie.build(IDS), [torch.from_numpy(table) for table in vocabulary.tables], width=10)
    score = TextScore(reader(towers), towers.items(CATALOG.table), proposals=12)
    return LmGenerator(engine, tokenizer, vocabulary, IDS, window=300, text_score=score)


def test_the_weight_of_highest_precision(material: Material, generator: LmGenerator) -> None:
    asked = room.questions(material, 30, seed=1)
    found = fit_weight(generator, asked)
    assert generator.text_score is not None and generator.text_score.weight == found["weight"]

    def precision(weight: float) -> float:
        assert generator.text_score is not None
        generator.text_score = replace(generator.text_score, weight=weight)
        answers = generator.search(asked.queries, 10).items.tolist()
        pairs = zip(answers, asked.relevant, strict=True)
        return sum(len(set(row) & set(right)) / min(10, len(right)) for row, right in pairs) / len(asked)

    figures = {weight: precision(weight) for weight in WEIGHTS}
    assert found["precision@10"] == pytest.approx(max(figures.values())) == pytest.approx(figures[found["weight"]])
    assert found["codes"] == pytest.approx(figures[0.0])
    # Words know something here, and the model does not.
    assert found["precision@10"] > found["codes"] + 0.1


def test_without_a_question_nothing_changes(generator: LmGenerator) -> None:
    before = generator.text_score
    assert before is not None
    assert fit_weight(generator, Questions([], [])) == {"weight": before.weight}
    assert generator.text_score is before
