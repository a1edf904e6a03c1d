"""A small catalogue with a `CompactModel` whose weights are large enough to have opinions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from genrec.data.interactions import Sequences
from genrec.decode.trie import Trie
from genrec.model.compact import CompactConfig, CompactModel
from genrec.sid import SemanticIds

N = 60
SIZES = (5, 4, 6)


@dataclass(frozen=True, eq=False)
class Small:
    ids: SemanticIds
    trie: Trie
    model: CompactModel
    content: np.ndarray
    histories: Sequences


def small(ids: SemanticIds, seed: int = 0) -> Small:
    random = np.random.default_rng(seed)
    content = random.normal(size=(len(ids), 8)).astype(np.float32)
    torch.manual_seed(seed)
    config = CompactConfig(ids.codebook_sizes, len(ids), 8, width=16, layers=2, heads=2, max_items=6)
    model = CompactModel(config)
    known = random.random(len(ids)) < 0.8
    model.set_items(ids.codes, content, known)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if "norm" not in name:
                weights.copy_(torch.randn_like(weights) * 0.3)
    # From one event to more than the model reads, in no order of length; events repeat.
    lengths = [3, 1, 9, 6, 2, 6, 14, 1, 4, 7, 5, 3]
    histories = Sequences.from_lists(random.integers(0, len(ids), length).tolist() for length in lengths)
    return Small(ids, Trie.build(ids), model.eval(), content, histories)


@pytest.fixture(scope="package")
def world() -> Small:
    """60 items; most prefixes have fewer children than the codebook has codes."""
    random = np.random.default_rng(7)
    rows = random.permutation(np.prod(SIZES))[:N]
    return small(SemanticIds(np.stack(np.unravel_index(rows, SIZES), axis=1), SIZES))


@pytest.fixture(scope="package")
def full_world() -> Small:
    """A catalogue in which every code goes on from every prefix: no probability is lost on what does not exist."""
    rows = np.random.default_rng(8).permutation(3 * 4 * 2)
    return small(SemanticIds(np.stack(np.unravel_index(rows, (3, 4, 2)), axis=1), (3, 4, 2)))
