"""What a text encoder is given to read: nothing is lost without a word, and the item's words are lost last."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrec.imagery import Commission, Subject, Taste
from genrec.imagery.checkpoint.words import Reader, compose, cut
from tests.unit.imagery.checkpoint import tiny
from tests.unit.imagery.checkpoint.conftest import Painting, Wanted

WORDS = st.lists(st.sampled_from(["red", "long", "dress", "wool", "of", "linen", "by"]), max_size=30).map(" ".join)


KEYWORDS = st.lists(st.sampled_from(["floral", "soft", "loud"]), max_size=4)


@given(
    text=WORDS, prompt=WORDS, style=WORDS, keywords=KEYWORDS, love=st.floats(0.01, 1), room=st.integers(4, 120)
)  # fmt: skip
def test_all_that_is_said_fits_and_what_is_not_is_counted(
    text: str, prompt: str, style: str, keywords: list[str], love: float, room: int
) -> None:
    subject = Subject("i", text=text) if text else Subject("i", text="x")
    taste = Taste(keywords=tuple(keywords)) if keywords else None
    one = Commission("cover", subject, taste, love=love if taste else 0.0, prompt=prompt, style=style)
    said = compose(one, lambda words: len(words) <= room)
    wanted = [word for part in (subject.text, prompt, style) for word in part.split()]
    kept = said.item.replace(",", "").split()
    assert len(said.item) <= room and len(said.taste) <= room
    assert said.taste.startswith(said.item)
    some = max(1, round(love * len(keywords))) if keywords else 0
    added = len(said.taste.replace(",", "").split()) - len(kept)
    assert said.left_out == len(wanted) - len(kept) + some - added
    assert not subject.text or not kept or kept[0] == subject.text.split()[0]
    if len(", ".join(part for part in (subject.text, prompt, style) if part)) <= room:
        assert kept == wanted


def test_frames_and_order() -> None:
    subject = Subject("i", text="red dress")
    taste = Taste(keywords=("floral", "cotton", "loose", "long"))
    one = Commission("cover", subject, taste, love=0.5, prompt="on a hanger", style="oil painting", negative="text")
    said = compose(one, lambda _: True)
    assert said.item == "red dress, on a hanger, oil painting"
    assert said.taste == "red dress, on a hanger, oil painting, floral, cotton"  # half of the keywords
    assert (said.negative, said.left_out) == ("text", 0)


def test_the_tokenizers_count() -> None:
    pipe = tiny.pipeline("sd")
    reader = Reader(pipe)
    assert reader.tokens == 77
    assert reader.fits("a" * 75) and not reader.fits("a" * 76)  # begin and end take two
    assert cut("ab " * 60, reader.fits) == " ".join(["ab"] * 37)
    assert Reader(tiny.pipeline("flux")).fits("a" * 400)  # T5 reads on where CLIP stops


def test_it_is_said_once(painting: Painting, wanted: Wanted, capsys: pytest.CaptureFixture[str]) -> None:
    painter = painting("sd", licence="ours")
    long = wanted(prompt="so very " * 40)
    painter.draw([long])
    painter.draw([long])
    assert capsys.readouterr().err.count("77 tokens: of item d-1 ") == 1
