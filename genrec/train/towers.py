"""Training of the word towers that stand beside a language model in searches, and of what they are worth there.

They learn from questions as the language model's tasks draw them, searches and changes of items, so what is held out
from it is unknown to them too. The loss is a softmax over the catalogue (over a sample of it where it is large) with
all items that answer a question as its targets.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from genrec import loop
from genrec.decode.lm_generator import LmGenerator
from genrec.decode.text_score import CELLS
from genrec.decode.wishes import Wishes
from genrec.model.tasks import Material
from genrec.model.tasks.change import Change
from genrec.model.tasks.search import Search, TitleSearch
from genrec.model.towers import QueryReader, WordTowers, bags, words_of_rows

SHARES: dict[type[Search | TitleSearch | Change], float] = {Search: 0.25, TitleSearch: 0.45, Change: 0.3}
"""Of which examples, and how much. Titles have the most words to learn."""
EPOCHS, BATCH, WIDTH, LEARNING_RATE = 8, 256, 128, 3e-3
POOL = 16_384
"""Items in a batch's softmax: those of its answers, and others at random to fill it up."""
ANSWERS = 64
"""Of a question's answers at most so many, drawn anew for each question, are its targets."""
APART = 20
"""One answer in so many is left for the weight."""
WEIGHTS = (0.0, *(2.0**power for power in range(-4, 5)))
TOP = 10


@dataclass(frozen=True, eq=False)
class Questions:
    """queries: what people ask, an item in it by its semantic ID. relevant: for each int64, items that answer it."""

    queries: list[str]
    relevant: list[np.ndarray]

    def __len__(self) -> int:
        return len(self.queries)


def questions(material: Material, count: int, seed: int, *, apart: bool = False) -> Questions:
    """Up to `count` questions as training draws them, none where a catalogue has neither values nor titles.

    One answer in twenty, as a set of items, is kept from the towers. apart: only such answers, to learn the weight on,
    or only others.
    """
    tasks = {task: share for task, share in ((kind(material), share) for kind, share in SHARES.items()) if len(task)}
    if not tasks:
        return Questions([], [])
    random = np.random.default_rng(seed)
    shares = np.array(list(tasks.values()))
    kinds = random.choice(len(tasks), size=count * (2 * APART if apart else 2), p=shares / shares.sum())
    made = Questions([], [])
    for kind in kinds.tolist():
        if len(made) == count:
            break
        task = list(tasks)[kind]
        query, found = task.question(int(random.integers(len(task))), random)
        answer = np.sort(found).astype(np.int64)
        if (zlib.crc32(answer.tobytes()) % APART == 0) == apart:
            made.queries.append(query)
            made.relevant.append(answer)
    return made


def fit(material: Material, count: int, *, seed: int = 0, folder: Path | None = None) -> WordTowers | None:
    """Towers that learned from `count` questions; None where there are none. folder: see `loop.train`."""
    asked = questions(material, count, seed)
    if not len(asked):
        return None
    torch.manual_seed(seed)
    catalog = material.catalog
    reader = QueryReader(WordTowers.over([], catalog, 1), catalog, material.ids)
    words = [reader.words(query) for query in asked.queries]
    towers = WordTowers.over(words, catalog, WIDTH)
    queries = [towers.known(query, towers.asked) for query in words]
    few = np.random.default_rng([seed, 1])
    wanted = [
        found if len(found) <= ANSWERS else np.sort(few.choice(found, ANSWERS, replace=False))
        for found in asked.relevant
    ]
    rows = [towers.known(row, towers.said) for row in words_of_rows(catalog.table, towers.columns)]

    def batches(epoch: int) -> list[_Batch]:
        random = np.random.default_rng([seed, epoch])
        order = random.permutation(len(asked))
        parts = np.array_split(order, math.ceil(len(order) / BATCH))
        return [_Batch(part, int(random.integers(1 << 31))) for part in parts]

    def loss(module: nn.Module, batch: _Batch) -> Tensor:
        inner, starts = bags([queries[row] for row in batch.questions.tolist()])
        targets = [wanted[row] for row in batch.questions.tolist()]
        pool = _pool(targets, len(rows), batch.seed)
        items = towers.of_items(*bags([rows[item] for item in pool.tolist()]))
        likely = (module(inner, starts) @ items.T).log_softmax(1)
        lines = np.repeat(np.arange(len(targets)), [len(some) for some in targets])
        places = np.searchsorted(pool, np.concatenate(targets))
        each = likely[torch.from_numpy(lines), torch.from_numpy(places)]
        shares = torch.from_numpy(np.concatenate([np.full(len(some), 1 / len(some)) for some in targets])).float()
        return -(each * shares).sum() / len(targets)

    config = loop.LoopConfig(epochs=EPOCHS, learning_rate=LEARNING_RATE, weight_decay=1e-3, seed=seed)
    loop.train(towers, batches, loss, config, folder=folder, description="Words of searches", device="cpu")
    return towers


@dataclass(frozen=True, eq=False)
class _Batch:
    """questions: int64, their numbers. seed: of the items at random."""

    questions: np.ndarray
    seed: int


def _pool(targets: Sequence[np.ndarray], total: int, seed: int) -> np.ndarray:
    """int64, sorted: the items that a batch's softmax is taken over."""
    if total <= POOL:
        return np.arange(total)
    wanted = np.unique(np.concatenate(targets))
    others = np.random.default_rng(seed).integers(total, size=max(0, POOL - len(wanted)))
    found: np.ndarray = np.union1d(wanted, others)
    return found


def fit_weight(generator: LmGenerator, asked: Questions) -> dict[str, float]:
    """Sets the weight of `generator.text_score` to the one of highest precision among the first ten answers.

    Precision: of min(10, items that answer) places, the share that such an item has. Returns `weight`, `precision@10`
    with it and `codes` without, on these questions. Without a question nothing changes, and one that the model cannot
    read is left out.
    """
    assert generator.text_score is not None
    score = generator.text_score
    fitting = [n for n, query in enumerate(asked.queries) if generator.fits(query)]
    if not fitting:
        return {"weight": score.weight}
    asked = Questions([asked.queries[n] for n in fitting], [asked.relevant[n] for n in fitting])
    queries = asked.queries
    hits = np.zeros(len(WEIGHTS))
    size = max(1, CELLS // max(1, len(score.vectors)))
    for begin in range(0, len(queries), size):
        some, found = queries[begin : begin + size], asked.relevant[begin : begin + size]
        items, codes, words = score.candidates(generator, generator.asked(some), some, None, TOP, Wishes(), {})
        right = np.stack([np.isin(row, one) for row, one in zip(items, found, strict=True)])
        places = np.array([min(TOP, len(one)) for one in found])
        for number, weight in enumerate(WEIGHTS):
            total = np.where(items >= 0, codes + weight * words, -np.inf)
            top = np.argsort(-total, axis=1, kind="stable")[:, :TOP]
            hits[number] += (np.take_along_axis(right, top, axis=1).sum(axis=1) / places).sum()
    figures = (hits / len(queries)).tolist()
    best = int(np.argmax(figures))
    generator.text_score = replace(score, weight=WEIGHTS[best])
    return {"weight": WEIGHTS[best], "precision@10": figures[best], "codes": figures[0]}
