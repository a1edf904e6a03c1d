"""The mixture: shares as weighed, epochs that can be made again, every example in its turn."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrec.data.interactions import Sequences
from genrec.errors import UserError
from genrec.model.tasks import TASKS, Material, Mixture
from genrec.model.tasks.preview import preview
from genrec.model.vocabulary import words
from tests.unit.model import bases
from tests.unit.model.tasks.conftest import SIZES

EVERY = dict.fromkeys(TASKS, 1.0)


def test_an_epoch_is_a_function_of_seed_and_number(material):
    one, other = Mixture(material, EVERY, seed=3), Mixture(material, EVERY, seed=3)
    later = [one.epoch(epoch, 50) for epoch in range(3)][2]
    assert later == other.epoch(2, 50)
    assert later != other.epoch(1, 50) and later != Mixture(material, EVERY, seed=4).epoch(2, 50)


@settings(deadline=None, max_examples=30)
@given(weights=st.lists(st.floats(0.01, 10), min_size=1, max_size=len(TASKS)), examples=st.integers(0, 300))
def test_shares_are_as_weighed(material, weights, examples):
    asked = dict(zip(TASKS, weights, strict=False))
    mixture = Mixture(material, asked, seed=0)
    made = Counter(example.task for example in mixture.epoch(0, examples))
    assert made.total() == examples
    for name, weight in asked.items():
        assert abs(made[name] - examples * weight / sum(weights)) < 1


def test_a_task_beside_others_is_what_it_is_alone(material):
    """Adding a task to a recipe does not change the examples of the others."""
    alone = Mixture(material, {"search": 1}, seed=2).epoch(0, 40)
    both = Mixture(material, {"search": 1, "taste": 1}, seed=2).epoch(0, 80)
    assert sorted(map(str, alone)) == sorted(str(example) for example in both if example.task == "search")


def test_every_example_comes_once_before_any_comes_again(material):
    mixture = Mixture(material, {"find": 1}, seed=6)
    count = len(material.catalog)
    answers: list[str] = []
    for epoch in range(8):
        answers += [example.messages[-1]["content"] for example in mixture.epoch(epoch, count // 4)]
    for turn in range(2):
        assert len(set(answers[turn * count : (turn + 1) * count])) == count


def test_unknown_names_and_senseless_weights_are_refused(material):
    with pytest.raises(UserError, match="no task 'serch'; did you mean 'search'"):
        Mixture(material, {"serch": 1}, seed=0)
    with pytest.raises(UserError, match=r"tasks\.search = -1"):
        Mixture(material, {"search": -1}, seed=0)
    with pytest.raises(UserError, match="none has an example"):
        Mixture(material, {"search": 0}, seed=0)
    empty = Material(material.catalog, material.ids, Sequences.from_lists([[1], []]), material.facts)
    with pytest.raises(UserError, match="none has an example"):
        Mixture(empty, {"next_item": 1}, seed=0)


def test_the_preview_shows_every_task_with_its_answers_marked(material):
    tokenizer = bases.byte_level(bases.TEMPLATES["chatml"])
    tokenizer.add_tokens(words(SIZES))
    mixture = Mixture(material, EVERY, seed=1)
    shown = preview(mixture, tokenizer, 2)
    for name in TASKS:
        assert f"── {name}: {1 / len(TASKS):.1%} of an epoch" in shown
        for example in Mixture(material, {name: 1.0}, seed=1).epoch(0, 2):
            for message in example.messages:
                content = message["content"].strip()
                assert (f"⟦{content}<|im_end|>⟧" if message["role"] == "assistant" else content) in shown
