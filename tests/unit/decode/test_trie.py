"""The trie against a dictionary of prefixes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from genrec.decode.trie import DENSE_BYTES, Trie
from genrec.errors import UserError
from genrec.sid import SemanticIds


@st.composite
def semantic_ids(draw: st.DrawFn) -> SemanticIds:
    """Up to 40 items with 1 to 5 codes from small vocabularies or the largest, most of them small or the last codes.

    Five levels of 65,536 codes do not fit a 64-bit key.
    """
    sizes = tuple(draw(st.lists(st.integers(1, 6) | st.just(65_536), min_size=1, max_size=5)))
    code = [st.integers(0, size - 1) | st.sampled_from([0, min(1, size - 1), size - 1]) for size in sizes]
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


# No dense level, room for few, the default.
budgets = st.sampled_from([0, 80, DENSE_BYTES])


@settings(deadline=None)
@given(semantic_ids(), budgets)
def test_children_are_the_codes_that_go_on(ids: SemanticIds, dense_bytes: int) -> None:
    trie = Trie.build(ids, dense_bytes=dense_bytes)
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
        most = max(int(exists[0, node + 1].sum()) for node in range(len(nodes)))
        assert trie.branching[level] == (ids.codebook_sizes[level] if trie.dense[level] else most)
        begin, count = trie.spans(level, torch.arange(-1, len(nodes)))
        assert count.tolist() == exists[0].sum(-1).tolist()
        real = [list(range(first, first + many)) for first, many in zip(begin.tolist(), count.tolist(), strict=True)]
        assert real == [row[there].tolist() for row, there in zip(found[0], exists[0], strict=True)]
        assert trie.codes_at(level + 1, torch.arange(len(below))).tolist() == [prefix[-1] for prefix in below]
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
        assert torch.equal(trie.mask(0, nodes)[row], trie.mask(0, nodes[row : row + 1])[0])


@settings(deadline=None)
@given(semantic_ids(), budgets)
def test_a_mask_opens_the_codes_that_go_on(ids: SemanticIds, dense_bytes: int) -> None:
    trie = Trie.build(ids, dense_bytes=dense_bytes)
    for level, nodes, below in levels(ids):
        mask = trie.mask(level, torch.tensor([[-1, *range(len(nodes))]]))
        assert mask.dtype == torch.bool and mask.shape == (1, len(nodes) + 1, ids.codebook_sizes[level])
        open_codes = {(row, code) for _, row, code in mask.nonzero().tolist()}
        assert open_codes == {(nodes.index(prefix[:-1]) + 1, prefix[-1]) for prefix in below}


@settings(deadline=None)
@given(semantic_ids(), budgets)
def test_following_codes_leads_to_their_node_or_nowhere(ids: SemanticIds, dense_bytes: int) -> None:
    trie = Trie.build(ids, dense_bytes=dense_bytes)
    for level, nodes, below in levels(ids):
        asked = [-1, 0, 1, 2, ids.codebook_sizes[level] - 1, ids.codebook_sizes[level], 70_000]
        asked += sorted({prefix[-1] for prefix in below})
        expected = [[below.index((*node, code)) if (*node, code) in below else -1 for code in asked] for node in nodes]
        grid = torch.arange(len(nodes))[:, None].expand(-1, len(asked))
        assert trie.follow(level, grid, torch.tensor(asked).expand(grid.shape)).tolist() == expected
        dead = trie.follow(level, torch.full((len(asked),), -1), torch.tensor(asked))
        assert dead.tolist() == [-1] * len(asked)


@settings(deadline=None)
@given(semantic_ids(), budgets)
def test_dense_and_sparse_levels_say_the_same(ids: SemanticIds, dense_bytes: int) -> None:
    sparse, other = Trie.build(ids, dense_bytes=0), Trie.build(ids, dense_bytes=dense_bytes)
    assert not any(sparse.dense)
    for level, nodes, _ in levels(ids):
        asked = torch.tensor([[-1, *range(len(nodes)), -1]])
        one, two = sparse.children(level, asked), other.children(level, asked)
        for part in (0, 1):
            assert torch.equal(one[part][one[2]], two[part][two[2]])
        assert torch.equal(one[2].sum(-1), two[2].sum(-1))
        assert torch.equal(sparse.mask(level, asked), other.mask(level, asked))


@settings(deadline=None)
@given(semantic_ids())
def test_ranks_and_nodes_find_each_other(ids: SemanticIds) -> None:
    trie = Trie.build(ids)
    ranks = torch.arange(len(ids))
    for level in range(1, ids.levels + 1):
        nodes = trie.nodes_at(level, ranks)
        begin, end = trie.range_of(level, nodes)
        assert ((begin <= ranks) & (ranks < end)).all()
        assert torch.equal(trie.nodes_at(level, begin), nodes) and torch.equal(trie.nodes_at(level, end - 1), nodes)


def test_the_budget_decides_what_is_dense() -> None:
    """A full trie of 4 · 8 · 16 items: its tables take 16, 128 and 2,048 bytes."""
    rows = np.stack(np.unravel_index(np.arange(512), (4, 8, 16)), axis=1)
    ids = SemanticIds(rows, (4, 8, 16))
    dense = {budget: Trie.build(ids, dense_bytes=budget).dense for budget in (15, 16, 144, 2191, 2192)}
    assert dense == {
        15: (False, False, False),
        16: (True, False, False),
        144: (True, True, False),
        2191: (True, True, False),
        2192: (True, True, True),
    }
    assert Trie.build(ids, dense_bytes=2192).nbytes == Trie.build(ids, dense_bytes=0).nbytes + 2192
    # A codebook of which no node uses half: its table would be mostly holes.
    assert Trie.build(SemanticIds(rows, (9, 8, 33))).dense == (False, True, False)


def test_bytes_an_item() -> None:
    """No array twice: nearly every prefix of two codes is an item's own, the worst case."""
    random = np.random.default_rng(0)
    for levels, most in ((3, 16), (4, 24)):
        codes = np.unique(random.integers(0, 8192, (100_000, levels)), axis=0)
        trie = Trie.build(SemanticIds(codes, (8192,) * levels))
        assert len(trie.codes[1]) > 0.99 * len(trie)
        assert trie.nbytes <= most * len(trie)


def test_what_is_kept_in_inference_mode_serves_training() -> None:
    trie = Trie.build(SemanticIds(np.array([[1, 0], [0, 1], [1, 1]]), (2, 2)))
    with torch.inference_mode():
        trie.children(0, torch.tensor([[0]]))
        kept = [trie.rank_of(), *trie.paths(), *(table for table in trie.tables if table is not None)]
    assert len(kept) == 5 and not any(part.is_inference() for part in kept)
    assert trie.rank_of() is kept[0]


@settings(deadline=None)
@given(ids=semantic_ids(), dense_bytes=budgets)
def test_a_mapped_trie_answers_as_the_built_one(
    tmp_path_factory: pytest.TempPathFactory, ids: SemanticIds, dense_bytes: int
) -> None:
    path = tmp_path_factory.mktemp("mapped") / "trie.safetensors"
    trie = Trie.build(ids, dense_bytes=dense_bytes)
    trie.save(path)
    again = Trie.load(path, dense_bytes=dense_bytes)
    assert (again.branching, again.nbytes) == (trie.branching, trie.nbytes)
    assert torch.equal(again.order, trie.order) and torch.equal(again.rank_of(), trie.rank_of())
    for level, nodes, below in levels(ids):
        asked = torch.tensor([[-1, *range(len(nodes))]])
        assert all(
            torch.equal(a, b) for a, b in zip(again.children(level, asked), trie.children(level, asked), strict=True)
        )
        every = torch.arange(len(below))
        for a, b in zip(again.range_of(level + 1, every), trie.range_of(level + 1, every), strict=True):
            assert torch.equal(a, b)


def test_a_file_replaced_leaves_who_has_it_mapped_alone(tmp_path: Path) -> None:
    path = tmp_path / "trie.safetensors"
    Trie.build(SemanticIds(np.arange(5000)[:, None], (5000,))).save(path)
    mapped = Trie.load(path)
    Trie.build(SemanticIds(np.array([[3]]), (5000,))).save(path)
    assert mapped.order.tolist() == list(range(5000))
    assert len(Trie.load(path)) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["trie.safetensors"]


def test_save_and_load(tmp_path: Path) -> None:
    # Codes above 32,767 are those that a signed 16-bit integer would lose.
    codes = np.array([[65_535, 2], [0, 1], [40_000, 0], [65_535, 0]])
    trie = Trie.build(SemanticIds(codes, (65_536, 3)))
    trie.save(tmp_path / "trie.safetensors")
    again = Trie.load(tmp_path / "trie.safetensors")
    assert again.codebook_sizes == trie.codebook_sizes and again.branching == trie.branching == (3, 3)
    assert again.fanout == trie.fanout == (3, 2)
    assert torch.equal(again.order, trie.order)
    for name in ("codes", "child", "ranks"):
        assert len(getattr(again, name)) == len(getattr(trie, name))
        for was, read in zip(getattr(trie, name), getattr(again, name), strict=True):
            assert read.dtype == was.dtype and torch.equal(read, was)
    assert again.children(0, torch.tensor([[0]]))[1].tolist() == [[[0, 40_000, 65_535]]]


def test_a_missing_and_a_broken_file_name_themselves(tmp_path: Path) -> None:
    path = tmp_path / "trie.safetensors"
    with pytest.raises(UserError, match=r"trie\.safetensors: there is no such file"):
        Trie.load(path)
    trie = Trie.build(SemanticIds(np.array([[1, 0], [0, 1]]), (2, 2)))
    trie.save(path)
    whole = path.read_bytes()
    foreign, crooked = tmp_path / "foreign", tmp_path / "crooked"
    save_file({"order": torch.arange(2)}, foreign)
    save_file({**load_file(path), "child.1": torch.tensor([0, 1], dtype=torch.int32)}, crooked)
    for broken in (b"not a trie", b"", whole[:-4], whole[:20], foreign.read_bytes(), crooked.read_bytes()):
        path.write_bytes(broken)
        with pytest.raises(UserError, match=r"trie\.safetensors: not a readable trie.*tokenize"):
            Trie.load(path)


def test_a_file_of_genrec_0_1_is_read(tmp_path: Path) -> None:
    """It has `ranks` of every level and no `fanout`."""
    path = tmp_path / "trie.safetensors"
    trie = Trie.build(SemanticIds(np.array([[1, 0, 1], [0, 1, 0], [0, 1, 1]]), (2, 2, 2)))
    trie.save(path)
    tensors = {name: part for name, part in load_file(path).items() if name != "fanout"}
    for level in range(3):
        every = torch.arange(len(trie.codes[level]))
        tensors[f"ranks.{level}"] = torch.cat([trie.range_of(level + 1, every)[0], torch.tensor([3])]).int()
    save_file(tensors, path)
    again = Trie.load(path)
    assert again.fanout == trie.fanout == (2, 1, 2) and len(again.ranks) == 1
    assert torch.equal(again.children(2, torch.tensor([[0, 1]]))[0], trie.children(2, torch.tensor([[0, 1]]))[0])


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
