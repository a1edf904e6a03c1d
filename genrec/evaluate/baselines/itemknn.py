"""Item neighbours: what was taken near the items of the history (Deshpande and Karypis 2004).

The similarity of items i ≠ j is a shrunk cosine of their users::

    s(i, j) = c(i, j) / (sqrt(n_i · n_j) + shrinkage)

n_i: users who took i. c(i, j): users who took both, or, with a `window`, the sum over their events of 1/sqrt(distance)
for pairs at most `window` places apart (nearness in the history is evidence too; cf. session kNN, Ludewig and Jannach
2018). A history asks with weights decay ** age. Where `neighbours` is given, only so many of each item's most similar
items count.

The shrinkage matters more than all the rest: without it, two items that one person took once are perfect neighbours.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from genrec.data.interactions import Sequences
from genrec.evaluate import baselines
from genrec.evaluate.interface import TopK

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

GRID: dict[str, list[Any]] = {
    "window": [None, 50],
    "shrinkage": [0.0, 20.0, 100.0],
    "decay": [0.9, 0.7, 0.5],
    "neighbours": [None, 10],
}
"""36 trials for `genrec.evaluate.tuning`."""


NO_EVENTS = -1.0
"""What `rest` gives an item without events."""
DENSE = 16
"""With one entry in so many or more, rows of scores are ranked as full rows."""


class ItemKNN:
    """decay: in (0, 1]. shrinkage: ≥ 0, in users. neighbours: per item, None = all. window: in places, None = no limit.

    `similarity`, once fitted: CSR float32 (N, N), row = the item of the history, column = its neighbour.
    """

    name = "itemknn"

    def __init__(
        self,
        *,
        decay: float = 0.8,
        shrinkage: float = 100.0,
        neighbours: int | None = 10,
        window: int | None = 50,
    ) -> None:
        self.decay, self.shrinkage, self.neighbours, self.window = decay, shrinkage, neighbours, window

    def fit(self, train: Sequences, n_items: int) -> ItemKNN:
        from scipy.sparse import coo_matrix

        users = self._users(train, n_items)
        taken = np.asarray(users.sum(axis=0), dtype=np.float64).ravel()
        together = (users.T @ users if self.window is None else _near(train, n_items, self.window)).tocoo()
        apart = together.row != together.col
        row, col, value = together.row[apart], together.col[apart], together.data[apart].astype(np.float64)
        value = (value / (np.sqrt(taken[row] * taken[col]) + self.shrinkage)).astype(np.float32)
        if self.neighbours is not None:
            order = np.lexsort((col, -value, row))
            starts = np.searchsorted(row[order], np.arange(n_items))
            kept = order[np.arange(len(order)) - starts[row[order]] < self.neighbours]
            row, col, value = row[kept], col[kept], value[kept]
        self.similarity: csr_matrix = coo_matrix((value, (row, col)), shape=(n_items, n_items)).tocsr()
        self.similarity.sort_indices()
        self.rest = baselines.popular_below(train, n_items, top=0.0)
        return self

    def extended(self, n_items: int) -> ItemKNN:
        """The same neighbours in a catalogue that has grown to n_items: newcomers are nobody's, and have no events."""
        from scipy.sparse import csr_matrix

        other = ItemKNN(decay=self.decay, shrinkage=self.shrinkage, neighbours=self.neighbours, window=self.window)
        old, more = self.similarity, n_items - self.similarity.shape[0]
        pointers = np.concatenate([old.indptr, np.full(more, old.indptr[-1], old.indptr.dtype)])
        other.similarity = csr_matrix((old.data, old.indices, pointers), shape=(n_items, n_items))
        other.rest = np.concatenate([self.rest, np.full(more, NO_EVENTS, np.float32)])
        return other

    def scores(self, histories: Sequences) -> csr_matrix:
        """CSR float32 (B, N): for each item the sum of decay ** age · similarity over the history; absent means 0."""
        from scipy.sparse import csr_matrix

        asked = (baselines.recency(histories, self.decay), histories.items, histories.offsets)
        return csr_matrix(asked, shape=(len(histories), self.similarity.shape[0])) @ self.similarity

    def neighbours_of(self, histories: Sequences, n: int) -> TopK:
        """The n items with the highest `scores`, all above 0; where there are fewer the rest is -1 with -inf."""
        return _best(self.scores(histories), n)

    def recommend(self, histories: Sequences, k: int, *, exclude_seen: bool = False) -> TopK:
        scores = self.scores(histories)
        if exclude_seen:
            scores = _without(scores, histories)
        answer = _best(scores, k)
        # Only users with too few neighbours need a look at the whole catalogue.
        short = np.flatnonzero((answer.items < 0).any(axis=1))
        if len(short):

            def dense(asked: Sequences) -> np.ndarray:
                found = self.scores(asked).toarray()
                return np.where(found > 0, found, self.rest).astype(np.float32)

            full = baselines.rank(histories.take(short), k, self.similarity.shape[0], dense, exclude_seen)
            answer.items[short], answer.scores[short] = full.items, full.scores
        return answer

    def save(self, path: Path) -> None:
        """One safetensors file: the matrix in compressed rows, the hyper-parameters in its header."""
        from safetensors.numpy import save_file

        tensors = {
            "data": self.similarity.data,
            "indices": self.similarity.indices.astype(np.int32),
            "indptr": self.similarity.indptr.astype(np.int64),
            "rest": self.rest,
        }
        said = json.dumps({name: getattr(self, name) for name in ("decay", "shrinkage", "neighbours", "window")})
        part = path.with_name(path.name + ".part")
        save_file(tensors, part, {"itemknn": said})
        os.replace(part, path)

    @classmethod
    def load(cls, path: Path) -> ItemKNN:
        from safetensors import safe_open
        from scipy.sparse import csr_matrix

        with safe_open(path, framework="numpy") as file:
            model = cls(**json.loads(file.metadata()["itemknn"]))
            parts = [file.get_tensor(name) for name in ("data", "indices", "indptr", "rest")]
        model.rest = parts[3]
        model.similarity = csr_matrix((parts[0], parts[1], parts[2]), shape=(len(model.rest), len(model.rest)))
        return model

    @staticmethod
    def _users(train: Sequences, n_items: int) -> csr_matrix:
        """CSR (U, N): 1 where the user took the item, however often."""
        from scipy.sparse import csr_matrix

        ones = np.ones(len(train.items), np.float32)
        # A copy: merging what was taken twice sorts in place, and would reorder the histories.
        users = csr_matrix((ones, train.items, train.offsets), shape=(len(train), n_items), copy=True)
        users.sum_duplicates()
        users.data[:] = 1.0
        return users


def _near(train: Sequences, n_items: int, window: int) -> csr_matrix:
    """CSR (N, N), symmetric: the sum of 1/sqrt(distance) over pairs of one user's events within `window` places."""
    from scipy.sparse import coo_matrix, csr_matrix

    user = np.repeat(np.arange(len(train)), train.lengths)
    total = csr_matrix((n_items, n_items), dtype=np.float32)
    for distance in range(1, min(window, int(train.lengths.max(initial=0)) - 1) + 1):
        same = user[:-distance] == user[distance:]
        earlier, later = train.items[:-distance][same], train.items[distance:][same]
        weights = np.full(len(earlier), 1.0 / np.sqrt(distance), np.float32)
        pairs = coo_matrix((weights, (earlier, later)), shape=(n_items, n_items)).tocsr()
        total = total + pairs + pairs.T
    return total


def _best(scores: csr_matrix, k: int) -> TopK:
    """`top_k` of the entries above 0 of CSR (B, N)."""
    rows, n_items = scores.shape
    items = np.full((rows, k), -1, np.int32)
    values = np.full((rows, k), -np.inf, np.float32)
    # One sort instead of two: the bits of positive floats rise with them, and of equal ones the lower item wins.
    if scores.nnz * DENSE >= rows * n_items:
        ids = 0xFFFFFFFF - np.arange(n_items, dtype=np.int64)
        most = min(k, n_items)
        step = max(1, 1_000_000 // max(1, n_items))
        for begin in range(0, rows, step):
            found = scores[begin : begin + step].toarray().astype(np.float32, copy=False)
            key = (found.view(np.int32).astype(np.int64) << 32) | ids
            key[found <= 0] = 0
            best = np.partition(key, n_items - most, axis=1)[:, n_items - most :]
            best = np.sort(best, axis=1)[:, ::-1]
            there = best > 0
            items[begin : begin + step, :most][there] = (0xFFFFFFFF - (best[there] & 0xFFFFFFFF)).astype(np.int32)
            values[begin : begin + step, :most][there] = (best[there] >> 32).astype(np.int32).view(np.float32)
        return TopK(items, values)
    scores.sort_indices()
    row = np.repeat(np.arange(rows), np.diff(scores.indptr))
    positive = scores.data > 0
    row, item, value = row[positive], scores.indices[positive], scores.data[positive].astype(np.float32)
    key = (row.astype(np.int64) << 32) | (0xFFFFFFFF - value.view(np.uint32).astype(np.int64))
    order = np.argsort(key, kind="stable")
    row = row[order]
    place = np.arange(len(row)) - np.searchsorted(row, np.arange(rows))[row]
    kept = place < k
    items[row[kept], place[kept]] = item[order][kept]
    values[row[kept], place[kept]] = value[order][kept]
    return TopK(items, values)


def _without(scores: csr_matrix, histories: Sequences) -> csr_matrix:
    """The same with 0 where the item is in the history."""
    from scipy.sparse import csr_matrix

    ones = np.ones(len(histories.items), np.float32)
    seen = csr_matrix((ones, histories.items, histories.offsets), shape=scores.shape, copy=True)
    return scores - scores.multiply(seen > 0)
