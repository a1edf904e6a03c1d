"""The question that an answer ends with: of the column that best divides what is left. Written so that it can be read
again from a transcript."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from genrec.chat.listing import LINE
from genrec.chat.senses import ASKED
from genrec.chat.shelves import Shelves
from genrec.model.tasks.facts import TAG

WHICH = "Which {column} would you like: {values} or another?"
CHEAPER, WIDER = "?cheaper", "?wider"
OFFERS = {CHEAPER: "Shall I look for something cheaper?", WIDER: "Shall I look further afield?"}
"""What an answer may offer instead; a «yes» takes it."""
READ = re.compile(r"Which (.{1,60}?) would you like: ")
NAMED, MOST = 4, 40
"""Values that a question names; a column with more than MOST is not asked for: nobody knows the names."""
COVERED = 0.6
"""The share of what is left that must say something there."""
SHARE = 0.1
"""A column must divide what is left at least so well, as 1 - Σ share²."""


def question(shelves: Shelves, mask: np.ndarray, settled: Sequence[str]) -> tuple[str, str] | None:
    """The column to ask for and the question, or None. mask: bool (N,), what is left. settled: not to be asked for."""
    best: tuple[float, str, list[str]] | None = None
    n = int(mask.sum())
    for column in shelves.words:
        if column in settled or column == TAG:
            continue
        items, codes, values = shelves.codes(column)
        if not 2 <= len(values) <= MOST:
            continue
        counts = np.bincount(codes[mask[items]], minlength=len(values))
        total = int(counts.sum())
        if total < COVERED * n or not total:
            continue
        shares = counts / max(total, n)
        worth = float(1 - (shares**2).sum())
        if worth < SHARE:
            continue
        worth *= _known(shelves, column)
        if best is None or worth > best[0]:
            order = np.argsort(-counts, kind="stable")[:NAMED]
            best = worth, column, [str(values[place]) for place in order if counts[place]]
    if best is None:
        return None
    said = f"{', '.join(best[2])}"
    return best[1], WHICH.format(column=best[1].replace("_", " "), values=said)


def _known(shelves: Shelves, column: str) -> float:
    """How well people can answer: what a thing is they know first; few values better than many; and a column whose
    values another column says more often in titles (an accent's colours) they hardly think of."""
    if column == shelves.kind:
        return 1.5
    values = shelves.values(column)
    worth = 1.0 if len(values) <= 16 else 0.8
    titled = shelves.titled
    for other in shelves.words:
        if (
            other != column
            and titled.get(other, 0) > titled.get(column, 0)
            and set(values) <= set(shelves.values(other))
        ):
            return worth * 0.5
    return worth


def asked_for(text: str, shelves: Shelves) -> str:
    """The column, word or offer that an answer asked for; empty where it asked nothing."""
    for offer, words in OFFERS.items():
        if text.rstrip().endswith(words):
            return offer
    for line in reversed([one for one in text.splitlines() if not LINE.match(one)][-8:]):
        if found := READ.search(line):
            plain = found[1].lower()
            return next((name for name in shelves.named if name.replace("_", " ").lower() == plain), "")
        if found := ASKED.search(line):
            return found[1].lower()
    return ""
