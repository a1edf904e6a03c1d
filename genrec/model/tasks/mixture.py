"""Tasks mixed by weights.

Epoch e is a function of (seed, e, how many examples) alone, so a resumed run sees what it would have seen.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np

from genrec.errors import UserError, nearest
from genrec.model.tasks.interface import Example, Material, Task


class Mixture:
    """tasks: those with a weight above 0 that this catalogue has examples of. shares: how much of an epoch each makes,
    sums to 1. without: the names of the others that were asked for."""

    def __init__(self, material: Material, weights: Mapping[str, float], seed: int) -> None:
        """weights: task name → how often, relative to the others; 0 leaves a task out.

        UserError for an unknown name, a negative weight, or nothing to learn from.
        """
        from genrec.model.tasks import TASKS

        for name, weight in weights.items():
            if name not in TASKS:
                raise UserError(f"tasks: there is no task {name!r}; {nearest(name, TASKS)}")
            if not 0 <= weight < float("inf"):
                raise UserError(f"tasks.{name} = {weight}: a weight is 0 or more")
        made = {name: TASKS[name](material) for name in sorted(weights) if weights[name] > 0}
        self.tasks: dict[str, Task] = {name: task for name, task in made.items() if len(task)}
        if not self.tasks:
            raise UserError(
                f"tasks: {', '.join(sorted(weights)) or 'none named'}: none has an example; give one a weight"
            )
        self.without = tuple(name for name in made if name not in self.tasks)
        total = sum(weights[name] for name in self.tasks)
        self.shares = {name: weights[name] / total for name in self.tasks}
        self.material, self.seed = material, seed

    def epoch(self, epoch: int, examples: int) -> list[Example]:
        """`examples` examples in random order, each task's share of them. Each task goes through all it has in turn:
        none comes a second time before every one came once."""
        drawn: list[Example] = []
        for name, count in self.counts(examples).items():
            task, key = self.tasks[name], zlib.crc32(name.encode())
            random = np.random.default_rng([self.seed, key, epoch])
            drawn += [task.example(index, random) for index in self._indices(key, len(task), epoch * count, count)]
        order = np.random.default_rng([self.seed, epoch]).permutation(len(drawn))
        return [drawn[place] for place in order]

    def counts(self, examples: int) -> dict[str, int]:
        """How many of `examples` each task makes: its share, rounded so that the sum is `examples`."""
        exact = {name: share * examples for name, share in self.shares.items()}
        counts = {name: int(share) for name, share in exact.items()}
        left = examples - sum(counts.values())
        for name in sorted(exact, key=lambda name: counts[name] - exact[name])[:left]:
            counts[name] += 1
        return counts

    def _indices(self, key: int, size: int, start: int, count: int) -> list[int]:
        """Places start … start + count of the endless row of permutations of `size`."""
        rounds = range(start // size, (start + count - 1) // size + 1) if count else range(0)
        row = [np.random.default_rng([self.seed, key, 1, turn]).permutation(size) for turn in rounds]
        first = start % size
        return np.concatenate(row)[first : first + count].tolist() if row else []
