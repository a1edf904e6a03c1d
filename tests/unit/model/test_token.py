"""Histories as tokens, one a code."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrec.data.interactions import Sequences
from genrec.model import token

SIZES = (3, 2, 5)
CODES = np.random.default_rng(0).integers(0, SIZES, (10, 3)).astype(np.uint16)


def test_every_code_has_a_token_of_its_own_and_none_is_the_beginning() -> None:
    ids = np.concatenate(token.tables(SIZES))
    assert sorted([token.BEGIN, *ids.tolist()]) == list(range(1 + sum(SIZES)))
    model = token.token_model(SIZES, width=8, layers=1, heads=2, max_items=4)
    assert len(model.get_input_embeddings().weight) == 1 + sum(SIZES)


@given(st.lists(st.lists(st.integers(0, 9), max_size=6), max_size=5), st.integers(1, 4))
def test_histories_are_written_code_by_code(lists: list[list[int]], limit: int) -> None:
    tokens, lengths = token.prompts(CODES, SIZES, Sequences.from_lists(lists), limit)
    first = (1, 1 + 3, 1 + 3 + 2)
    for row, length, history in zip(tokens.tolist(), lengths.tolist(), lists, strict=True):
        said = [first[level] + int(code) for item in history[-limit:] for level, code in enumerate(CODES[item])]
        assert row[:length] == [0, *said]
        assert not any(row[length:])


def test_a_width_that_heads_cannot_share() -> None:
    from genrec.errors import UserError

    with pytest.raises(UserError, match="multiple"):
        token.token_model(SIZES, width=10, layers=1, heads=4, max_items=4)
