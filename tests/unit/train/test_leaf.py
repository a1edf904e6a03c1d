"""Learning the weights of the leaf score."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from genrec.data.interactions import Sequences
from genrec.data.splits import Evaluation, Split, leave_one_out
from genrec.decode.constraints import Constraints
from genrec.decode.generator import Generator
from genrec.decode.leaf import FEATURES, LeafScorer
from genrec.decode.torch_engine import TorchEngine
from genrec.decode.trie import Trie
from genrec.evaluate import metrics
from genrec.evaluate.baselines.contentknn import ContentKNN
from genrec.evaluate.baselines.itemknn import ItemKNN
from genrec.model.compact import CompactConfig, CompactModel
from genrec.sid import SemanticIds
from genrec.train.leaf import best_weights, fit_leaf, gather

N = 120
SIZES = (6, 5, 6)


def ndcg(features: Tensor, place: Tensor, weights: list[float]) -> float:
    """By the definition: a question's answer is behind every other candidate with a score as high."""
    figures = []
    for rows, answer in zip(features.double().numpy(), place.tolist(), strict=True):
        scores = np.where(np.isneginf(rows[:, 0]), -np.inf, np.where(np.isneginf(rows), 0, rows) @ weights)
        rank = (scores >= scores[answer]).sum() - 1
        figures.append(1 / math.log2(rank + 2) if rank < 10 else 0.0)
    return float(np.mean(figures))


def planted(weights: list[float], questions: int = 1500, candidates: int = 60) -> tuple[Tensor, Tensor]:
    """Features of which the answer has the highest weighted sum, a Gumbel away; a third of the candidates is absent."""
    random = np.random.default_rng(0)
    features = random.normal(size=(questions, candidates, len(weights)))
    absent = random.random((questions, candidates)) < 1 / 3
    utility = features @ np.array(weights) + random.gumbel(size=(questions, candidates))
    place = np.where(absent, -np.inf, utility).argmax(1)
    # What is absent has features of some other item: nobody may look at them.
    features[absent] = 50.0
    features[absent, 0] = -np.inf
    return torch.from_numpy(features.astype(np.float32)), torch.from_numpy(place)


@pytest.mark.parametrize("weights", [[2.0, 1.0, 0.0], [0.5, 0.0, 2.0], [0.0, 3.0, 0.0]])
def test_weights_find_the_answers_as_well_as_the_planted_ones(weights: list[float]) -> None:
    features, place = planted(weights)
    found = best_weights(features, place)
    assert len(found) == len(weights) and min(found) >= 0 and max(found) == 1
    assert ndcg(features, place, found) > 0.97 * ndcg(features, place, weights)
    for feature, weight in enumerate(weights):
        if weight == 0:
            assert found[feature] < 0.3
        else:
            alone = [float(place == feature) for place in range(len(weights))]
            assert ndcg(features, place, found) >= ndcg(features, place, alone)


def test_weights_do_not_depend_on_the_units_of_a_feature() -> None:
    features, place = planted([2.0, 1.0, 0.5])
    units = torch.tensor([1.0, 1000.0, 0.01])
    found, other = torch.tensor(best_weights(features, place)), torch.tensor(best_weights(features * units, place))
    torch.testing.assert_close(other * units / (other * units).max(), found / found.max(), rtol=1e-3, atol=1e-3)


def test_no_answer_among_the_candidates_leaves_the_codes() -> None:
    assert best_weights(torch.empty(0, 10, 3), torch.empty(0, dtype=torch.long)) == [1.0, 0.0, 0.0]


def test_a_feature_that_says_nothing_gets_no_weight() -> None:
    """All candidates are equal by it, which must not count as having found the answer."""
    features, place = planted([1.0, 0.0])
    features[..., 1] = 0.0
    found = best_weights(features, place)
    assert found[0] == 1.0 and ndcg(features, place, found) == pytest.approx(ndcg(features, place, [1.0, 0.0]))


# ---------------------------------------------------------------------- with a generator


@pytest.fixture(scope="module")
def split() -> Split:
    """Everybody stays in one of ten groups of twelve items, which an untrained model knows nothing of."""
    random = np.random.default_rng(0)
    lists = [(random.permutation(12)[: random.integers(3, 9)] + 12 * random.integers(10)).tolist() for _ in range(150)]
    return leave_one_out(Sequences.from_lists([*lists, [3]]), N)


@pytest.fixture
def generator(split: Split) -> Generator:
    random = np.random.default_rng(1)
    codes = np.stack(np.unravel_index(random.permutation(np.prod(SIZES))[:N], SIZES), axis=1)
    ids = SemanticIds(codes, SIZES)
    content = random.normal(size=(N, 8)).astype(np.float32)
    torch.manual_seed(0)
    model = CompactModel(CompactConfig(SIZES, N, 8, width=16, layers=1))
    model.set_items(ids.codes, content, np.ones(N, bool))
    popularity = np.bincount(split.train.items, minlength=N).astype(np.float32)
    neighbours = ItemKNN(shrinkage=1.0).fit(split.train, N)
    weights = dict.fromkeys(FEATURES, 1.0)
    leaf = LeafScorer(model, neighbours, ContentKNN(content), popularity, weights, proposals=10)
    return Generator(TorchEngine(model, Trie.build(ids), width=12, batch=32), popularity, leaf)


def answered(generator: Generator, asked: Evaluation) -> float:
    answer = generator.recommend(asked.histories, 10)
    return float(metrics.per_question("ndcg@10", metrics.ranks_of(answer.items, asked.targets)).mean())


def test_gathered_features_are_those_of_the_candidates(generator: Generator, split: Split) -> None:
    assert generator.leaf is not None
    asked = split.validation
    features, place = gather(generator, asked, list(FEATURES))
    states = generator.engine.states(asked.histories)
    tables = generator.leaf.tables(states, asked.histories)
    targets = torch.from_numpy(asked.targets.astype(np.int64))
    row, left_out = 0, 0
    items, _ = generator.candidates(states, tables, Constraints.none(len(asked)), 10)
    codes = generator.engine.score(states, targets[:, None])[:, 0]
    for question, target in enumerate(targets.tolist()):
        if target not in items[question].tolist():
            left_out += 1
            continue
        at_answer = features[row, place[row]]
        expected = [codes[question], *(tables[name][question, target] for name in FEATURES[1:])]
        torch.testing.assert_close(at_answer, torch.stack(expected), rtol=1e-4, atol=1e-4)
        assert int((~torch.isneginf(features[row, :, 0])).sum()) == int((items[question] >= 0).sum())
        row += 1
    assert row == len(features) == len(place) and left_out > 0


def test_fitted_weights_answer_better_and_are_repeatable(generator: Generator, split: Split) -> None:
    assert generator.leaf is not None
    first = generator.leaf
    before, test_before = (answered(generator, asked) for asked in (split.validation, split.test))
    weights = fit_leaf(generator, split.validation)
    assert generator.leaf.weights == weights and tuple(weights) == FEATURES
    # Only the neighbours know the groups.
    assert weights["neighbours"] > 0
    assert answered(generator, split.validation) > before and answered(generator, split.test) > test_before
    assert answered(generator, split.test) > 0.3
    # The scorer that was there is another object, as it was.
    assert first.weights == dict.fromkeys(FEATURES, 1.0)
    generator.leaf = first
    assert fit_leaf(generator, split.validation) == weights


def test_people_without_a_history_teach_nothing(generator: Generator, split: Split) -> None:
    first = generator.leaf
    weights = fit_leaf(generator, split.validation)
    generator.leaf = first
    lists = [row.tolist() for row in split.validation.histories]
    more = Evaluation(Sequences.from_lists([[], *lists, []]), np.concatenate([[5], split.validation.targets, [7]]))
    assert fit_leaf(generator, more) == weights


def test_only_the_features_with_a_weight_take_part(generator: Generator, split: Split) -> None:
    assert generator.leaf is not None
    generator.leaf.weights = {"codes": 1.0, "content": 0.0, "neighbours": 1.0}
    assert set(fit_leaf(generator, split.validation)) == {"codes", "neighbours"}


def test_without_a_question_the_weights_stay(generator: Generator) -> None:
    assert generator.leaf is not None
    nobody = Evaluation(Sequences.from_lists([[]]), np.array([3], np.int32))
    assert fit_leaf(generator, nobody) == generator.leaf.weights == dict.fromkeys(FEATURES, 1.0)


def test_a_model_without_a_dense_head_has_no_such_feature(generator: Generator, split: Split) -> None:
    assert generator.leaf is not None
    old, former = generator.leaf, generator.engine.model
    model = CompactModel(CompactConfig(SIZES, N, 8, width=16, layers=1, dense=False))
    model.set_items(former.codes.numpy(), former.content.numpy(), former.known.numpy())
    leaf = LeafScorer(model, old.neighbours, old.content, old.popularity, dict.fromkeys(FEATURES, 1.0))
    other = Generator(TorchEngine(model, generator.engine.trie), old.popularity, leaf)
    assert set(fit_leaf(other, split.validation)) == set(FEATURES) - {"dense"}


def test_the_codes_take_part_even_where_no_weight_names_them(generator: Generator, split: Split) -> None:
    """They say which candidates are there at all."""
    assert generator.leaf is not None
    generator.leaf.weights = {"neighbours": 1.0}
    assert list(fit_leaf(generator, split.validation)) == ["codes", "neighbours"]
