"""Learning what words are worth beside codes, on questions drawn as training draws them.

The questions need no people and nothing that is held out: wishes and words of titles that training may ask for, with
all the items that meet them as the right answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from genrec.decode.lm_generator import LmGenerator
from genrec.decode.wishes import Wishes
from genrec.model.tasks import Material, wishes
from genrec.model.tasks.search import Search, TitleSearch
from genrec.model.tasks.wording import SEARCHES

WEIGHTS = (0.0, *(2.0**power for power in range(-2, 9)))
TOP = 10


def training_queries(material: Material, count: int, seed: int) -> tuple[list[str], list[np.ndarray]]:
    """`count` queries, half for values and half for words of a title as far as the catalogue has both; and for each all
    items that meet it, int64."""
    random = np.random.default_rng(seed)
    search, titles = Search(material), TitleSearch(material)
    kinds = [one for one in (search, titles) if len(one)]
    queries: list[str] = []
    relevant: list[np.ndarray] = []
    for number in range(count if kinds else 0):
        if kinds[number % len(kinds)] is search:
            wish = wishes.draw(material.facts, int(random.choice(search.items)), random)
            said, found = wishes.phrase(material.facts, wish, random), material.facts.items(wish)
        else:
            words = titles.titles.draw(int(random.choice(titles.titles.long_enough)), random, held_out=False)
            said, found = " ".join(words), titles.titles.having(words)
        queries.append(str(random.choice(SEARCHES)).format(wish=said))
        relevant.append(np.asarray(found, np.int64))
    return queries, relevant


def fit_text_score(generator: LmGenerator, queries: Sequence[str], relevant: Sequence[np.ndarray]) -> dict[str, float]:
    """Sets the weight of `generator.text_score` to the one of highest precision among the first ten answers.

    Precision: of min(10, items that meet the query) places, the share that such an item has. Returns `weight`,
    `precision@10` with it and `codes` without. Without a question nothing changes.
    """
    assert generator.text_score is not None
    if not len(queries):
        return {"weight": generator.text_score.weight}
    score = generator.text_score
    items, codes, cosines = score.candidates(generator, generator.asked(queries), queries, TOP, Wishes(), {})
    right = np.stack([np.isin(row, found) for row, found in zip(items, relevant, strict=True)])
    places = np.array([min(TOP, len(found)) for found in relevant])
    figures = []
    for weight in WEIGHTS:
        total = np.where(items >= 0, codes + weight * cosines, -np.inf)
        top = np.argsort(-total, axis=1, kind="stable")[:, :TOP]
        figures.append(float((np.take_along_axis(right, top, axis=1).sum(axis=1) / places).mean()))
    best = int(np.argmax(figures))
    generator.text_score = replace(score, weight=WEIGHTS[best])
    return {"weight": WEIGHTS[best], "precision@10": figures[best], "codes": figures[0]}
