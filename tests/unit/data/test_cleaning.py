"""De-duplication, k-core and stable order, against slow and obvious versions of themselves."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from genrec.data import Interactions, deduplicate, k_core, stable_order
from genrec.data.interactions import SCHEMA

Row = tuple[str, str, int]
ROWS = st.lists(st.tuples(st.sampled_from("uvwxyz"), st.sampled_from("abcdef"), st.integers(0, 5)), max_size=60)


def interactions(rows: list[Row]) -> Interactions:
    return Interactions(pl.DataFrame(rows, schema=SCHEMA, orient="row"))


@given(ROWS, st.integers(0, 5), st.integers(0, 5))
def test_k_core_is_what_taking_one_row_at_a_time_leaves(rows: list[Row], users: int, items: int) -> None:
    left = list(rows)
    while True:
        by_user, by_item = Counter(row[0] for row in left), Counter(row[1] for row in left)
        weak = [i for i, row in enumerate(left) if by_user[row[0]] < users or by_item[row[1]] < items]
        if not weak:
            break
        del left[weak[-1]]
    core, gone = k_core(interactions(rows), users=users, items=items)
    assert core.table.rows() == left
    assert gone == len(rows) - len(left)


def test_k_core_follows_a_chain_to_its_end() -> None:
    chain = [(f"u{i}", f"i{i + step}", 0) for i in range(200) for step in (0, 1)]
    core, gone = k_core(interactions(chain), users=2, items=2)
    assert len(core) == 0 and gone == 400


@given(ROWS, st.booleans())
def test_deduplicate(rows: list[Row], consecutive: bool) -> None:
    kept = list(dict.fromkeys(rows))
    if consecutive:
        order = sorted(range(len(kept)), key=lambda i: (kept[i][0], kept[i][2], i))
        again = {b for a, b in pairwise(order) if kept[a][:2] == kept[b][:2]}
        kept = [row for i, row in enumerate(kept) if i not in again]
    clean, gone = deduplicate(interactions(rows), consecutive=consecutive)
    assert clean.table.rows() == kept
    assert gone == len(rows) - len(kept)


@given(ROWS)
def test_stable_order(rows: list[Row]) -> None:
    ordered = stable_order(interactions(rows))
    assert ordered.table.rows() == sorted(rows, key=lambda row: (row[0], row[2]))
    assert stable_order(ordered).table.equals(ordered.table)
