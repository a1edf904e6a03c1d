"""What a message is for: a small classifier, trained in milliseconds when it is first asked.

Features: words, pairs of neighbours, letters in fours, and what the catalogue makes of words (VALUE, COLUMN, REF …).
Multinomial logistic regression over the phrases of `genrec.chat.phrases`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Literal, cast, get_args

import numpy as np

from genrec.chat.marks import Mark
from genrec.chat.phrases import PHRASES

Act = Literal["find", "more", "explain", "compare", "question", "feedback", "smalltalk"]
ACTS: tuple[Act, ...] = get_args(Act)
DEFINITE = frozenset(("the", "that", "this"))
LONGEST = 60
"""Words of a message that are looked at: the first and the last half of it."""
STRENGTH = 20.0
"""C of the regression: phrases are few and say what they mean."""


class Acts:
    """Trained. `of` gives the act of a message and its probability."""

    def __init__(self) -> None:
        from scipy.sparse import csr_matrix
        from sklearn.linear_model import LogisticRegression

        rows: list[list[str]] = []
        labels: list[int] = []
        for act, lines in PHRASES.items():
            for line in lines.split("|"):
                rows.append(features(line.split()))
                labels.append(ACTS.index(cast(Act, act)))
        self._place = {name: place for place, name in enumerate(sorted({one for row in rows for one in row}))}
        columns = [self._place[one] for row in rows for one in row]
        starts = np.cumsum([0, *map(len, rows)])
        table = csr_matrix((np.ones(len(columns)), columns, starts), shape=(len(rows), len(self._place)))
        model = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=300)
        model.fit(table, labels)
        self._weights, self._intercept = model.coef_.T.copy(), model.intercept_

    def of(self, words: Sequence[str]) -> tuple[Act, float]:
        """words: as `words_of` gives them."""
        places = [self._place[one] for one in features(words) if one in self._place]
        scores = self._intercept + self._weights[places].sum(axis=0)
        chances = np.exp(scores - scores.max())
        best = int(scores.argmax())
        return ACTS[best], float(chances[best] / chances.sum())


@lru_cache(maxsize=1)
def acts() -> Acts:
    """The one of this process."""
    return Acts()


def features(words: Sequence[str]) -> list[str]:
    """Each once."""
    words = list(words) if len(words) <= LONGEST else [*words[: LONGEST // 2], *words[-LONGEST // 2 :]]
    found = dict.fromkeys(f"w:{word}" for word in words)
    framed = ["^", *words, "$"]
    found |= dict.fromkeys(f"p:{one} {other}" for one, other in pairwise(framed))
    for word in words:
        if word.islower() and len(word) > 4:
            found |= dict.fromkeys(f"c:{word[at : at + 4]}" for at in range(len(word) - 3))
    found[f"n:{min(len(words), 6)}"] = None
    refs = sum(word == "REF" for word in words)
    found[f"r:{min(refs, 2)}"] = None
    return list(found)


def words_of(marks: Sequence[Mark], shown: bool) -> list[str]:
    """The message as the classifier reads it. shown: whether there is a list that ordinals can speak of."""
    found: list[str] = []
    for mark in marks:
        if mark.kind in ("value", "sense"):
            if not found or found[-1] != "VALUE" or mark.cues:
                found.append("VALUE")
        elif mark.kind == "item" or (mark.kind == "ordinal" and shown):
            while found and found[-1] in ("the", "number"):
                found.pop()
            found.append("REF")
        elif mark.said in ("one", "ones") and _said_by(found):
            continue
        elif mark.kind == "number":
            found.append("NUMBER")
        elif mark.kind == "column" and mark.said not in ("how much", "when", "made of", "who wrote", "who makes"):
            found.append("COLUMN")
        elif mark.kind != "stop":
            found += mark.said.replace("’", "'").split()
    return found


def _said_by(before: Sequence[str]) -> bool:
    """Whether «one» adds nothing: «the second one», «a red one»; «the red one» speaks of a thing shown."""
    return before[-1:] == ["REF"] or (before[-1:] == ["VALUE"] and not DEFINITE & set(before[-3:]))
