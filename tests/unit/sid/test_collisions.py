"""The collision policy against a slow one that takes items one at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrec.errors import UserError
from genrec.sid import SemanticIds
from genrec.sid.collisions import extend, resolve

SIZES = (3, 2)
CODE = st.tuples(st.integers(0, 2), st.integers(0, 1))
ALL = [(a, b) for a in range(3) for b in range(2)]


def array(rows: list[tuple[int, ...]], levels: int = 2) -> np.ndarray:
    return np.array(rows, dtype=np.uint16).reshape(-1, levels)


def slow_resolve(codes: list[tuple[int, ...]], popularity: list[int]) -> list[tuple[int, ...]]:
    answer = []
    for item, code in enumerate(codes):
        before = [
            other
            for other in range(len(codes))
            if codes[other] == code and (-popularity[other], other) < (-popularity[item], item)
        ]
        answer.append((*code, len(before)))
    return answer


def slow_extend(
    old: list[tuple[int, ...]], room: int, new: list[tuple[int, ...]], choices: list[list[tuple[int, ...]]]
) -> list[tuple[int, ...]] | None:
    free = {code: 1 + max((sid[-1] for sid in old if sid[:-1] == code), default=-1) for code in ALL}
    given_ids: dict[int, tuple[int, ...]] = {}
    for row, code in enumerate(new):
        if free[code] < room:
            given_ids[row] = (*code, free[code])
            free[code] += 1
    for row in range(len(new)):
        if row in given_ids:
            continue
        code = next((code for code in choices[row] if free[code] < room), None)
        if code is None:
            return None
        given_ids[row] = (*code, free[code])
        free[code] += 1
    return old + [given_ids[row] for row in range(len(new))]


@given(st.lists(st.tuples(CODE, st.integers(0, 3))), st.integers(0, 9))
def test_resolve_ranks_by_popularity_then_index(items: list[tuple[tuple[int, ...], int]], spare: int) -> None:
    codes, popularity = [code for code, _ in items], [count for _, count in items]
    if not items and spare == 0:
        return
    ids = resolve(array(codes), np.array(popularity), codebook_sizes=SIZES, spare=spare)
    assert list(map(tuple, ids.codes.tolist())) == slow_resolve(codes, popularity)
    largest = max((codes.count(code) for code in codes), default=0)
    assert ids.codebook_sizes == (*SIZES, largest + spare)


@given(st.data())
def test_extend_keeps_the_old_and_places_the_new(data: st.DataObject) -> None:
    room = data.draw(st.integers(1, 4), "room")
    everything = st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, room - 1))
    old = data.draw(st.lists(everything, unique=True, max_size=12), "old")  # with gaps, as after withdrawals
    new = data.draw(st.lists(CODE, max_size=10), "new")
    choices = [data.draw(st.permutations(ALL))[: data.draw(st.integers(1, 6))] for _ in new]
    ids = SemanticIds(array(old, 3), (*SIZES, room))
    expected = slow_extend(old, room, new, choices)
    if expected is None:
        with pytest.raises(UserError, match="larger `spare`"):
            extend(ids, array(new), lambda row: array(choices[row]))
        return
    after = extend(ids, array(new), lambda row: array(choices[row]))
    assert list(map(tuple, after.codes.tolist())) == expected
    assert after.codebook_sizes == ids.codebook_sizes
    assert len(set(map(tuple, after.codes.tolist()))) == len(old) + len(new)


def test_newcomers_with_room_never_ask_for_alternatives() -> None:
    ids = resolve(array([(0, 0), (0, 0)]), np.array([1, 5]), codebook_sizes=SIZES, spare=2)
    assert ids.codes.tolist() == [[0, 0, 1], [0, 0, 0]]

    def never(row: int) -> np.ndarray:
        raise AssertionError(row)

    after = extend(ids, array([(0, 0), (2, 1), (0, 0)]), never)
    assert after.codes[2:].tolist() == [[0, 0, 2], [2, 1, 0], [0, 0, 3]]


def test_bad_settings_are_named() -> None:
    with pytest.raises(UserError, match="`spare` is -1"):
        resolve(array([(0, 0)]), np.zeros(1), codebook_sizes=SIZES, spare=-1)
    with pytest.raises(UserError, match="more than 65536"):
        resolve(array([(0, 0)]), np.zeros(1), codebook_sizes=SIZES, spare=65_536)
