"""SemanticIds against plain dictionaries, and its file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from genrec.errors import UserError
from genrec.sid import SemanticIds

SIZES = (3, 2, 300)
ROW = st.tuples(st.integers(0, 2), st.integers(0, 1), st.sampled_from([0, 1, 255, 256, 299]))


def ids_of(rows: list[tuple[int, ...]]) -> SemanticIds:
    return SemanticIds(np.array(rows, dtype=np.uint16).reshape(-1, 3), SIZES)


@given(st.lists(ROW, unique=True), st.lists(ROW))
def test_lookup_is_a_dictionary(rows: list[tuple[int, ...]], queries: list[tuple[int, ...]]) -> None:
    ids = ids_of(rows)
    table = {row: item for item, row in enumerate(rows)}
    asked = queries + rows
    found = ids.lookup(np.array(asked, dtype=np.int64).reshape(-1, 3))
    assert found.dtype == np.int32
    assert found.tolist() == [table.get(row, -1) for row in asked]


def test_lookup_of_codes_outside_the_codebooks_finds_nothing() -> None:
    ids = ids_of([(0, 0, 0)])
    assert ids.lookup(np.array([[0, 0, 65_536], [-65_536, 0, 0], [0, 2, 0], [0, 0, 0]])).tolist() == [-1, -1, -1, 0]


@given(st.lists(ROW, unique=True), st.integers(0, 3))
def test_prefix_counts(rows: list[tuple[int, ...]], length: int) -> None:
    prefixes, counts = ids_of(rows).prefix_counts(length)
    expected = sorted(Counter(row[:length] for row in rows).items())
    assert [tuple(prefix) for prefix in prefixes.tolist()] == [prefix for prefix, _ in expected]
    assert counts.tolist() == [count for _, count in expected]


def test_round_trip_is_bit_equal(tmp_path: Path) -> None:
    codes = np.stack([np.arange(500) % 7, np.arange(500) // 7], axis=1).astype(np.uint16)
    ids = SemanticIds(codes, (7, 65_536))
    path = tmp_path / "sid" / "ids.safetensors"
    ids.save(path)
    again = SemanticIds.load(path)
    assert again.codes.dtype == np.uint16
    assert again.codes.tobytes() == codes.tobytes()
    assert again.codebook_sizes == (7, 65_536)
    assert [file.name for file in path.parent.iterdir()] == ["ids.safetensors"]
    written = path.read_bytes()
    again.save(path)
    assert path.read_bytes() == written


def test_shared_id_names_both_items() -> None:
    with pytest.raises(UserError, match=r"items 1 and 3 share the semantic ID \(2, 1, 5\)"):
        ids_of([(0, 0, 0), (2, 1, 5), (1, 1, 1), (2, 1, 5)])


@pytest.mark.parametrize("code", [300, -1])
def test_code_out_of_its_codebook_is_named(code: int) -> None:
    with pytest.raises(UserError, match=f"item 1 has code {code} on level 2"):
        SemanticIds(np.array([[0, 0, 0], [0, 0, code]]), SIZES)


def test_sizes_must_fit_the_codes() -> None:
    with pytest.raises(UserError, match="one size per level"):
        SemanticIds(np.zeros((1, 2), np.uint16), SIZES)
    with pytest.raises(UserError, match="65536"):
        SemanticIds(np.zeros((1, 1), np.uint16), (65_537,))


def test_load_says_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "ids.safetensors"
    with pytest.raises(UserError, match="no such file"):
        SemanticIds.load(path)
    path.write_bytes(b"not this")
    with pytest.raises(UserError, match="not a readable safetensors file"):
        SemanticIds.load(path)
    save_file({"codes": np.zeros((1, 1), np.uint16)}, path, metadata={"schema_version": "99"})
    with pytest.raises(UserError, match="found 99"):
        SemanticIds.load(path)


@pytest.mark.parametrize("levels", [2, 4, 5])
def test_the_code_that_follows_the_last_one_given(levels: int) -> None:
    random = np.random.default_rng(levels)
    sizes = (3,) * (levels - 1) + (65_536,)
    codes = np.column_stack([random.integers(0, 3, (60, levels - 1)), random.choice([0, 1, 255, 256, 65_535], 60)])
    ids = SemanticIds(np.unique(codes, axis=0), sizes)
    asked = np.array(list(np.ndindex(*sizes[:-1])), np.uint16)
    held = ids.codes.tolist()
    expected = [max((row[-1] + 1 for row in held if row[:-1] == prefix), default=0) for prefix in asked.tolist()]
    assert ids.following(asked).tolist() == expected
    assert SemanticIds(codes[:0], sizes).following(asked).tolist() == [0] * len(asked)
