"""What words are worth beside codes: the questions it is learned on, and the weight that comes out."""

from __future__ import annotations

from dataclasses import replace

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
from genrec.embed.text import TfidfSvd
from genrec.model.prompts import CHATML
from genrec.model.tasks import Facts, Material
from genrec.model.vocabulary import SidVocabulary
from genrec.sid import SemanticIds
from genrec.train.text_score import WEIGHTS, fit_text_score, training_queries
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


def test_questions_of_training_and_all_that_meets_them(material: Material) -> None:
    queries, relevant = training_queries(material, 200, seed=3)
    assert len(queries) == len(relevant) == 200 and len(set(queries)) > 100
    said = [" ".join(row).lower() for row in ROWS]
    for query, found in zip(queries, relevant, strict=True):
        # What is common to all of the items that meet it, and to no other, is what was asked for.
        shared = set.intersection(*(set(said[item].split()) for item in found.tolist()))
        assert found.tolist() == [item for item in range(N) if shared <= set(said[item].split())]
        assert any(word in query.lower() for word in shared)
    assert training_queries(material, 20, seed=3)[0] == training_queries(material, 20, seed=3)[0]


@pytest.fixture(scope="module")
def generator() -> LmGenerator:
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
    encoder = TfidfSvd(dim=16).fit(TITLES, seed=0)
    score = TextScore(encoder, encoder.encode(TITLES)[0], proposals=12)
    return LmGenerator(engine, tokenizer, vocabulary, IDS, window=300, text_score=score)


def test_the_weight_of_highest_precision(material: Material, generator: LmGenerator) -> None:
    queries, relevant = training_queries(material, 30, seed=1)
    found = fit_text_score(generator, queries, relevant)
    assert generator.text_score is not None and generator.text_score.weight == found["weight"]

    def precision(weight: float) -> float:
        assert generator.text_score is not None
        generator.text_score = replace(generator.text_score, weight=weight)
        answers = generator.search(queries, 10).items.tolist()
        pairs = zip(answers, relevant, strict=True)
        return sum(len(set(row) & set(found)) / min(10, len(found)) for row, found in pairs) / len(queries)

    figures = {weight: precision(weight) for weight in WEIGHTS}
    assert found["precision@10"] == pytest.approx(max(figures.values())) == pytest.approx(figures[found["weight"]])
    assert found["codes"] == pytest.approx(figures[0.0])
    # Words know something here, and the model does not.
    assert found["precision@10"] > found["codes"] + 0.1


def test_without_a_question_nothing_changes(generator: LmGenerator) -> None:
    before = generator.text_score
    assert before is not None
    assert fit_text_score(generator, [], []) == {"weight": before.weight}
    assert generator.text_score is before
