"""Covers: each visible attribute shows, and a simple rule tells it on covers that it has not seen."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from itertools import combinations

import numpy as np
import pytest

from genrec.data.synthetic.music.attributes import ERAS, GENRES, INSTRUMENTS, MOODS
from genrec.data.synthetic.music.drawing import picture
from genrec.data.synthetic.music.tracks import tracks

PLAIN = {"genre": "rock", "mood": "calm", "era": "today", "instrument": "piano", "artist": "Gravel Choir"}
VISIBLE = {"genre": GENRES, "mood": MOODS, "era": ERAS, "instrument": INSTRUMENTS}


def small(one: dict[str, str]) -> np.ndarray:
    image = picture(one)
    assert image.size == (128, 128) and image.mode == "RGB"
    return np.asarray(image.resize((64, 64))).astype(int)


@pytest.mark.parametrize("attribute", VISIBLE)
def test_covers_that_differ_in_one_attribute_differ(attribute: str) -> None:
    made = [small(PLAIN | {attribute: value}) for value in VISIBLE[attribute]]
    for one, other in combinations(made, 2):
        assert (np.abs(one - other).max(axis=2) > 40).sum() > 90


def test_what_cannot_be_seen_changes_nothing() -> None:
    assert (small(PLAIN) == small(PLAIN | {"tempo": "fast", "backing": "organ", "key": "C major"})).all()


def test_a_linear_rule_reads_covers_it_has_not_seen() -> None:
    """Ridge regression on 32 × 32 pixels: 700 covers to learn from, 200 of another seed to be asked about."""

    def pixels(rows: list[dict[str, str]]) -> np.ndarray:
        found = np.stack([np.asarray(picture(row).resize((32, 32))).reshape(-1) for row in rows]) / 255.0
        return np.hstack([found, np.ones((len(found), 1))])

    known, asked = ([asdict(one) for one in tracks(n, seed)] for n, seed in ((700, 5), (200, 6)))
    seen, new = pixels(known), pixels(asked)
    solved = np.linalg.solve(seen @ seen.T + 8.0 * np.eye(len(seen)), np.eye(len(seen)))
    for attribute, floor in (("era", 0.97), ("mood", 0.97), ("genre", 0.8)):
        values = VISIBLE[attribute]
        wanted = np.array([[float(row[attribute] == value) for value in values] for row in known])
        told = (new @ (seen.T @ (solved @ wanted))).argmax(axis=1)
        assert np.mean([values[place] == row[attribute] for place, row in zip(told, asked, strict=True)]) > floor


def test_covers_are_the_same_on_every_machine() -> None:
    digest = hashlib.sha256()
    for number, genre in enumerate(GENRES):
        for era in ERAS:
            instrument = INSTRUMENTS[number % len(INSTRUMENTS)]
            one = {"genre": genre, "era": era, "instrument": instrument, "mood": MOODS[number % 5]}
            digest.update(picture(PLAIN | one).tobytes())
    assert digest.hexdigest()[:16] == "cdffbeff8b4cb9e7"
