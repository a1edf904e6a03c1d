"""What both understandings are measured with: phrases that neither knows, each with a meaning that can be read."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest

from genrec.chat.phrases import PHRASES
from genrec.model.tasks import lines, messages

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture
def phrasings(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A script finds the files beside it."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("hearing_phrasings")


def plain(text: str) -> str:
    """Its words alone, slots alike."""
    return " ".join(re.findall(r"[a-z']+|_", re.sub(r"\{[^}]*\}", "_", text.lower())))


def test_every_meaning_is_a_line_of_what_the_phrase_says(phrasings: Any) -> None:
    for frame, meaning in (*phrasings.FIRST, *phrasings.LATER, *phrasings.ASKED):
        numbers = {"n": "50", "low": "20", "high": "40", "first": "1", "other": "2", "place": "3"}
        filled = re.sub(r"\{(\w+)\}", lambda slot, known=numbers: known.get(slot[1], "sky blue"), meaning)  # type: ignore[misc]
        line = lines.read(filled)
        assert line is not None and str(line) == filled
        assert set(re.findall(r"\{(\w+)\}", meaning)) == set(re.findall(r"\{(\w+)~?\}", frame))


def test_no_phrase_is_one_that_somebody_learned_from(phrasings: Any) -> None:
    frames = [one for value in vars(messages).values() if isinstance(value, tuple) for one in value]
    learned = {plain(one) for one in frames if isinstance(one, str)}
    learned |= {plain(phrase) for phrases in PHRASES.values() for phrase in phrases.split("|")}
    asked = {plain(frame) for frame, _ in (*phrasings.FIRST, *phrasings.LATER, *phrasings.ASKED)}
    assert len(asked) >= 60 and not asked & learned
