"""The trie against a dictionary of prefixes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genrec.decode.trie import Trie
from genrec.errors import UserError
from genrec.sid import SemanticIds


@st.composite
def semantic_ids(draw: st.DrawFn) -> SemanticIds:
    """Up to 40 items with 1 to 4 codes from small vocabularies, most of them small codes."""
    sizes = tuple(draw(st.lists(st.integers(1, 6), min_size=1, max_size=4)))
    code = [st.integers(0, size - 1) | st.integers(0, min(1, size - 1)) for size in sizes]
    rows = draw(st.lists(st.tuples(*code), unique=True, min_size=1, max_size=40))
    return SemanticIds(np.array(rows).reshape(-1, len(sizes)), sizes)


def prefixes(ids: SemanticIds, length: int) -> dict[tuple[int, ...], set[int]]:
    """The items below every prefix of `length` codes, prefixes in order."""
    found: dict[tuple[int, ...], set[int]] = {}
    for item, codes in sorted(enumerate(ids.codes.tolist()), key=lambda pair: pair[1]):
        found.setdefault(tuple(codes[:length]), set()).add(item)
    return found


def levels(ids: SemanticIds) -> Iterator[tuple[int, list[tuple[int, ...]], list[tuple[int, ...]]]]:
    """Every level with its prefixes and those one code longer, both in order: a node is a place in such a list."""
    for level in range(ids.levels):
        yield level, list(prefixes(ids, level)), list(prefixes(ids, level + 1))


@settings(deadline=None)
@given(semantic_ids())
def test_items_stand_in_order_of_their_codes(ids: SemanticIds) -> None:
    trie = Trie.build(ids)
    by_codes = sorted(range(len(ids)), key=lambda item: ids.codes[item].tolist())
    assert (len(trie), trie.levels, trie.codebook_sizes) == (len(ids), ids.levels, ids.codebook_sizes)
    assert trie.order.dtype == torch.int32 and trie.order.tolist() == by_codes
    assert [by_codes[rank] for rank in trie.rank_of().tolist()] == list(range(len(ids)))


@settings(deadline=None)
@given(semantic_ids())
def test_children_are_the_codes_that_go_on(ids: SemanticIds) -> None:
    trie = Trie.build(ids)
    for level, nodes, below in levels(ids):
        # The dead node -1 in front shows that it has no children and moves nobody else's.
        found, codes, exists = trie.children(level, torch.tensor([[-1, *range(len(nodes))]]))
        assert found.shape == codes.shape == exists.shape == (1, len(nodes) + 1, trie.branching[level])
        assert not exists[0, 0].any()
        for node, prefix in enumerate(nodes):
            expected = [(place, longer[-1]) for place, longer in enumerate(below) if longer[:-1] == prefix]
            real = exists[0, node + 1]
            assert (
                list(zip(found[0, node + 1][real].tolist(), codes[0, node + 1][real].tolist(), strict=True)) == expected
            )
        assert trie.branching[level] == max(int(exists[0, node + 1].sum()) for node in range(len(nodes)))
        # Padding must be safe to look up.
        assert int(found.min()) >= 0 and int(found.max()) < len(below)
        assert int(codes.min()) >= 0 and int(codes.max()) < ids.codebook_sizes[level]


@settings(deadline=None)
@given(semantic_ids())
def test_a_node_covers_the_items_below_its_prefix(ids: SemanticIds) -> None:
    trie = Trie.build(ids)
    order, paths = trie.order.tolist(), trie.paths()
    for level, _, below in levels(ids):
        begin, end = trie.range_of(level + 1, torch.arange(len(below)))
        for node, (prefix, items) in enumerate(prefixes(ids, level + 1).items()):
            assert set(order[begin[node] : end[node]]) == items
            assert all(paths[level][item] == node for item in items), prefix


@settings(deadline=None)
@given(semantic_ids())
def test_of_several_requests_each_gets_its_own_children(ids: SemanticIds) -> None:
    trie = Trie.build(ids)
    nodes = torch.tensor([[0, -1], [-1, 0], [0, 0]])
    together = trie.children(0, nodes)
    for row in range(3):
        alone = trie.children(0, nodes[row : row + 1])
        assert all(torch.equal(a[row : row + 1], b) for a, b in zip(together, alone, strict=True))


def test_save_and_load(tmp_path: Path) -> None:
    # Codes above 32,767 are those that a signed 16-bit integer would lose.
    codes = np.array([[65_535, 2], [0, 1], [40_000, 0], [65_535, 0]])
    trie = Trie.build(SemanticIds(codes, (65_536, 3)))
    trie.save(tmp_path / "trie.safetensors")
    again = Trie.load(tmp_path / "trie.safetensors")
    assert again.codebook_sizes == trie.codebook_sizes and again.branching == trie.branching == (3, 2)
    assert torch.equal(again.order, trie.order)
    for level in range(2):
        for name in ("codes", "child", "ranks"):
            was, read = getattr(trie, name)[level], getattr(again, name)[level]
            assert read.dtype == was.dtype and torch.equal(read, was)
    assert again.children(0, torch.tensor([[0]]))[1].tolist() == [[[0, 40_000, 65_535]]]


def test_a_missing_and_a_broken_file_name_themselves(tmp_path: Path) -> None:
    path = tmp_path / "trie.safetensors"
    with pytest.raises(UserError, match=r"trie\.safetensors: there is no such file"):
        Trie.load(path)
    path.write_bytes(b"not a trie")
    with pytest.raises(UserError, match=r"trie\.safetensors: not a readable trie"):
        Trie.load(path)


def test_an_empty_catalogue_is_an_error() -> None:
    with pytest.raises(UserError, match="empty catalogue"):
        Trie.build(SemanticIds(np.empty((0, 2)), (4, 4)))


def test_two_hundred_thousand_items() -> None:
    """Built level by level, not item by item; checked by writing every item's codes back from its path."""
    random = np.random.default_rng(0)
    sizes = (256, 256, 256, 64)
    # Skewed, as real codebooks are used: the smaller of two draws.
    codes = np.minimum(random.integers(0, sizes, (210_000, 4)), random.integers(0, sizes, (210_000, 4)))
    codes = np.unique(codes, axis=0)
    codes = random.permutation(codes)[:200_000]
    ids = SemanticIds(codes, sizes)
    trie = Trie.build(ids)
    written = np.stack([trie.codes[level][path].numpy() for level, path in enumerate(trie.paths())], axis=1)
    assert np.array_equal(written, ids.codes)
    keys = np.ravel_multi_index(tuple(ids.codes[trie.order.numpy()].T), sizes)
    assert len(keys) == 200_000 and (np.diff(keys) > 0).all()
    assert [len(part) for part in trie.codes] == [len(ids.prefix_counts(length)[1]) for length in (1, 2, 3, 4)]
