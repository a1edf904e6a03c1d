"""Random draws that are the same on every machine and with every NumPy.

NumPy promises the bit stream, not what `choice` or `shuffle` make of it. Here everything is made of
`Generator.random` and comparisons of integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Draws:
    """One stream of draws. Different `stream` numbers of a seed are independent."""

    def __init__(self, seed: int, stream: int) -> None:
        self._rng = np.random.default_rng([seed, stream])

    def chance(self, percent: int) -> bool:
        return self.below(100) < percent

    def below(self, n: int) -> int:
        """Uniform in 0 … n - 1."""
        return int(self._rng.random() * n)

    def uniform(self, n: int) -> np.ndarray:
        """float64 (n,) in [0, 1)."""
        return self._rng.random(n)

    def one(self, options: Sequence[T], weights: Sequence[int] | None = None) -> T:
        """One of the options, with integer weights where given."""
        if weights is None:
            return options[self.below(len(options))]
        mark = self.below(sum(weights))
        for option, weight in zip(options, weights, strict=True):
            mark -= weight
            if mark < 0:
                return option
        raise ValueError("all weights are 0")

    def order(self, n: int) -> np.ndarray:
        """A permutation of 0 … n - 1, int64 (n,)."""
        return np.argsort(self._rng.random(n), kind="stable")
