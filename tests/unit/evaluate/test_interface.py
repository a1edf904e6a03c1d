from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from genrec.evaluate.interface import top_k

# Few distinct values, so that ties (also at the border of the k best) and «never» are common.
VALUES = st.sampled_from([-np.inf, -1.5, 0.0, 0.25, 0.5, 3.0])
SCORES = hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12), elements=VALUES)


@given(scores=SCORES, k=st.integers(1, 15))
def test_top_k_equals_a_full_sort(scores: np.ndarray, k: int) -> None:
    answer = top_k(scores, k)
    assert answer.items.shape == answer.scores.shape == (len(scores), k)
    for row, items, values in zip(scores, answer.items, answer.scores, strict=True):
        ranked = sorted((-value, item) for item, value in enumerate(row) if value > -np.inf)[:k]
        expected = [item for _, item in ranked] + [-1] * (k - len(ranked))
        assert items.tolist() == expected
        assert values.tolist() == [-negative for negative, _ in ranked] + [-np.inf] * (k - len(ranked))


def test_top_k_leaves_its_input_alone() -> None:
    scores = np.random.default_rng(0).random((4, 9), dtype=np.float32)
    before = scores.copy()
    top_k(scores, 3)
    assert np.array_equal(scores, before)
