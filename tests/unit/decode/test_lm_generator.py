"""The language model as a recommender, against a plain forward pass over prompt and item, item by item."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest
import torch
from scipy.special import log_softmax
from transformers import Qwen3Config, Qwen3ForCausalLM

from genrec.data.catalog import Catalog
from genrec.data.interactions import Sequences
from genrec.decode.causal_engine import CausalEngine
from genrec.decode.columns import ColumnIndex
from genrec.decode.limits import Limits
from genrec.decode.lm_generator import LmGenerator
from genrec.decode.offsets import Offsets
from genrec.decode.text_score import TextScore
from genrec.decode.trie import Trie
from genrec.decode.wishes import Wishes
from genrec.errors import UserError
from genrec.model import prompts
from genrec.model.towers import QueryReader, WordTowers
from genrec.model.vocabulary import SidVocabulary, text
from genrec.sid import SemanticIds
from tests.unit.model.bases import SIZES, byte_level

N = 40
COLOURS, THINGS = ("red", "blue", "green", "rust"), ("dress", "jacket", "coat", "hat", "scarf")
TITLES = [f"{COLOURS[i % 4]} {THINGS[i % 5]} number {i}" for i in range(N)]
CATALOG = Catalog(
    pl.DataFrame(
        {"item_id": [f"i{i}" for i in range(N)], "title": TITLES, "text": TITLES, "image": [None] * N,
         "colour": [COLOURS[i % 4] for i in range(N)]},
        schema_overrides={"image": pl.String},
    )
)  # fmt: skip
HISTORIES = Sequences.from_lists([[3, 5], [], [1, 2, 3, 4, 5, 6, 7, 8], [7], [0, 0, 0]])
K = 8


@pytest.fixture(scope="module")
def ids() -> SemanticIds:
    rows = np.random.default_rng(2).permutation(int(np.prod(SIZES)))[:N]
    return SemanticIds(np.stack(np.unravel_index(rows, SIZES), axis=1), SIZES)


@pytest.fixture(scope="module")
def tokenizer():
    return byte_level(prompts.CHATML)


def fresh(tokenizer) -> Qwen3ForCausalLM:
    torch.manual_seed(4)
    return Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=len(tokenizer), hidden_size=32, intermediate_size=48, num_hidden_layers=2,
            num_attention_heads=4, num_key_value_heads=2, head_dim=8, initializer_range=0.3,
            bos_token_id=None, eos_token_id=None, pad_token_id=None,
        )
    ).eval()  # fmt: skip


def generator(ids: SemanticIds, tokenizer, *, width: int = N, window: int = 400, max_items: int = 6, **options):
    trie = Trie.build(ids)
    vocabulary = SidVocabulary.of(tokenizer, SIZES)
    engine = CausalEngine(fresh(tokenizer), trie, [torch.from_numpy(table) for table in vocabulary.tables], width=width)
    index = ColumnIndex(CATALOG.table, trie.order)
    return LmGenerator(
        engine, tokenizer, vocabulary, ids, window=window, max_items=max_items, index=index, **options
    )  # fmt: skip


@pytest.fixture(scope="module")
def whole(ids: SemanticIds, tokenizer) -> LmGenerator:
    """With a beam as wide as the catalogue."""
    return generator(ids, tokenizer)


@pytest.fixture(scope="module")
def oracle(ids: SemanticIds, tokenizer):
    """From messages to log p of every item (N,), normalised at every level over the codes that go on from there."""
    model = fresh(tokenizer)
    vocabulary = SidVocabulary.of(tokenizer, SIZES)
    tables = vocabulary.tables

    @torch.no_grad()
    def score(question: str) -> np.ndarray:
        asked = prompts.prompt(tokenizer, [{"role": "user", "content": question}], item=True)
        rows = torch.tensor([asked + vocabulary.tokens(ids.codes[i : i + 1])[0, 1:-1].tolist() for i in range(N)])
        logits = model(rows).logits[:, len(asked) - 1 : -1].double()
        total = np.zeros(N)
        for item in range(N):
            for level, table in enumerate(tables):
                same = (ids.codes[:, :level] == ids.codes[item, :level]).all(1)
                codes = np.unique(ids.codes[same, level]).astype(np.int64)
                row = logits[item, level]
                norm = row[table[codes]].logsumexp(0)
                total[item] += float(row[int(table[ids.codes[item, level]])] - norm)
        return total

    return score


def said(ids: SemanticIds, items: Sequence[int]) -> str:
    return prompts.ask_next("".join(text(ids.codes[item]) for item in items))[0]["content"]


def ranked(scores: np.ndarray, closed: Sequence[int] = ()) -> list[int]:
    scores = scores.copy()
    scores[list(closed)] = -np.inf
    return [int(item) for item in np.argsort(-scores, kind="stable") if np.isfinite(scores[item])]


def test_the_next_item_is_the_model_s_own_opinion(whole: LmGenerator, ids: SemanticIds, oracle) -> None:
    """People without a history and those with more than the model reads (6 items) too."""
    answer = whole.recommend(HISTORIES, K)
    closed = whole.recommend(HISTORIES, N, exclude_seen=True)
    for row, history in enumerate(HISTORIES):
        expected = oracle(said(ids, history[-6:]))
        assert answer.items[row].tolist() == ranked(expected)[:K]
        np.testing.assert_allclose(answer.scores[row], expected[answer.items[row]], atol=1e-4)
        rest = ranked(expected, history.tolist())
        assert closed.items[row].tolist() == rest + [-1] * (N - len(rest))
    assert answer.items.dtype == np.int32 and answer.scores.dtype == np.float32


def test_what_is_left_out_is_said_once(ids: SemanticIds, tokenizer, capsys: pytest.CaptureFixture[str]) -> None:
    made = generator(ids, tokenizer, max_items=3)
    for _ in range(2):
        made.recommend(HISTORIES, 2)
    assert capsys.readouterr().err.count("1 of 5 histories are longer than the model reads") == 1


@pytest.mark.parametrize("width", [N, 4])
def test_limits_and_offsets_act_inside_the_search(
    ids: SemanticIds, tokenizer, whole: LmGenerator, oracle, width: int
) -> None:
    made = whole if width == N else generator(ids, tokenizer, width=width)
    index = made.offer.index
    assert index is not None
    red = Limits.read(index, CATALOG.index, where={"colour": "red"})
    few = Limits.read(index, CATALOG.index, allow=["i1", "i3"], deny=["i9"])
    wishes = Wishes([red, few, Limits(), red, Limits()])
    answer = made.recommend(HISTORIES, K, wishes=wishes)
    assert set(answer.items[0].tolist()) <= {i for i in range(N) if i % 4 == 0}
    assert (answer.items[0] >= 0).all() and sorted(answer.items[1].tolist()) == [-1] * (K - 2) + [1, 3]
    values = np.zeros(N, np.float32)
    values[17] = 100.0
    offsets = Offsets.build(made.engine.trie, values)
    boosted = made.recommend(HISTORIES, K, wishes=Wishes(offsets=offsets))
    assert (boosted.items[:, 0] == 17).all()
    found = made.search(["a red dress", "hat"], K, wishes=Wishes([red, few]))
    assert set(found.items[0].tolist()) <= {i for i in range(N) if i % 4 == 0}
    assert sorted(found.items[1].tolist())[-2:] == [1, 3]
    if width == N:
        expected = ranked(oracle(said(ids, [3, 5])), [i for i in range(N) if i % 4])
        assert answer.items[0].tolist() == expected[:K]


def test_what_is_withdrawn_is_never_an_answer(ids: SemanticIds, tokenizer) -> None:
    available = np.arange(N) >= 10
    made = generator(ids, tokenizer, available=available)
    for answer in (made.recommend(HISTORIES, N), made.search(["hat"], N), made.refine([3], ["in red"], N)):
        assert set(answer.items.flatten().tolist()) - {-1} <= set(range(10, N))


def test_searches_and_changes_are_asked_as_they_were_trained(whole: LmGenerator, ids: SemanticIds, oracle) -> None:
    queries = ["a red dress", "something for winter evenings, please"]
    found = whole.search(queries, K)
    for row, query in enumerate(queries):
        assert found.items[row].tolist() == ranked(oracle(query))[:K]
    changes = ["in red", "I love {item}, just make it blue"]
    found = whole.refine([3, 4], changes, N)
    words = [text(ids.codes[item]) for item in (3, 4)]
    for row, question in enumerate([f"like {words[0]}, but in red", f"I love {words[1]}, just make it blue"]):
        assert found.items[row].tolist() == [*ranked(oracle(question), [3 + row]), -1]


def test_bad_questions(whole: LmGenerator) -> None:
    with pytest.raises(UserError, match="the search is empty"):
        whole.search(["hat", "  "], 3)
    with pytest.raises(UserError, match="the change is empty"):
        whole.refine([1], [""], 3)
    with pytest.raises(UserError, match="fewer words"):
        whole.search(["dress " * 500], 3)
    with pytest.raises(ValueError, match="1 limits for 2 requests"):
        whole.search(["hat", "coat"], 3, wishes=Wishes([Limits()]))
    with pytest.raises(ValueError, match="neither spread out nor sampled"):
        whole.recommend(HISTORIES, 3, wishes=Wishes(spread=2))


# ---------------------------------------------------------------------- codes and words


@pytest.fixture(scope="module")
def words(ids: SemanticIds) -> TextScore:
    """Towers as they are before training: every word some vector, the same for what is asked for and what is said."""
    torch.manual_seed(1)
    said = [title.split() for title in TITLES]
    towers = WordTowers.over(said * 2, CATALOG, 16).eval()
    with torch.no_grad():
        for word, place in towers.asked.items():
            towers.queries.weight[place] = towers.rows.weight[towers.said[word]]
    return TextScore(QueryReader(towers, CATALOG, ids), towers.items(CATALOG.table), weight=3.0, proposals=5)


def test_words_add_to_codes(ids: SemanticIds, tokenizer, oracle, words: TextScore) -> None:
    """With a narrow beam the words bring in items that no beam reached, scored by their codes exactly."""
    queries = ["rust scarf", "the blue hat number 17", "xyzzy"]
    by_words = log_softmax(words.reader.encode(queries) @ words.vectors.T, axis=1)
    index = ColumnIndex(CATALOG.table, Trie.build(ids).order)
    red = Limits.read(index, CATALOG.index, where={"colour": ["red", "rust"]})
    for width in (N, 2):
        made = generator(ids, tokenizer, width=width, text_score=words)
        answer = made.search(queries, K)
        reds = made.search(queries, K, wishes=Wishes([red] * 3))
        assert all(CATALOG.table["colour"][item] in ("red", "rust") for item in reds.items.flatten().tolist())
        for row, query in enumerate(queries):
            codes = oracle(query)
            total, items = codes + 3.0 * by_words[row], answer.items[row]
            np.testing.assert_allclose(answer.scores[row], total[items], atol=1e-3)
            if width == N:
                beams = ranked(codes)[:K]
                candidates = beams + ranked(by_words[row], beams)[:5]
                assert items.tolist() == [item for item in ranked(total) if item in candidates][:K]
            # An item of few equals in words is there, unless K others are better.
            first = ranked(by_words[row])[0]
            if np.ptp(by_words[row]) > 0:
                assert first in items or total[first] < answer.scores[row, -1]


def test_with_no_weight_the_codes_decide_alone(
    ids: SemanticIds, tokenizer, whole: LmGenerator, words: TextScore
) -> None:
    silent = TextScore(words.reader, words.vectors, weight=0.0, proposals=N)
    made = generator(ids, tokenizer, text_score=silent)
    queries = ["rust scarf", "hat"]
    found, expected = made.search(queries, K), whole.search(queries, K)
    assert np.array_equal(found.items, expected.items)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-5)


def test_a_change_counts_words_too_and_never_names_the_item(
    ids: SemanticIds, tokenizer, whole: LmGenerator, words: TextScore
) -> None:
    made = generator(ids, tokenizer, text_score=words)
    found, codes = (one.refine([7, 12], ["in red", "as a hat"], N) for one in (made, whole))
    for row, (item, change) in enumerate([(7, "in red"), (12, "as a hat")]):
        asked = f"like {text(ids.codes[item])}, but {change}"
        by_words = log_softmax(words.reader.encode([asked]) @ words.vectors.T, axis=1)[0]
        plain = dict(zip(codes.items[row].tolist(), codes.scores[row].tolist(), strict=True))
        answer = [one for one in found.items[row].tolist() if one >= 0]
        assert item not in answer and len(answer) == len(set(answer)) == N - 1
        expected = [plain[one] + 3.0 * by_words[one] for one in answer]
        np.testing.assert_allclose(found.scores[row][: N - 1], expected, atol=1e-3)
