"""The grammar of what was heard: whatever a line can say is read back, and nothing else is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrec.model.tasks import lines
from genrec.model.tasks.lines import Line, Part

names = st.one_of(
    st.sampled_from(["colour", "weight_kg", "less", "like", "of stock", "größe", 'a"b', "x = y"]),
    st.text(min_size=1, max_size=12),
)
values = st.one_of(
    st.sampled_from(
        ["sky blue", "Alder & Finch", "a; b", "x | y", "50", "5'-Ü", "\\", '"', "it", " red", "a\nb", "!="]
    ),
    st.text(min_size=1, max_size=20),
)
several = st.lists(values, min_size=1, max_size=4).map(tuple)
refs = st.lists(
    st.one_of(st.integers(1, lines.MOST).map(str), st.sampled_from(lines.PLACES)), min_size=1, max_size=4
).map(tuple)
no_refs, degrees = st.just(()), st.sampled_from(["", *lines.DEGREES])
numbers = st.one_of(
    st.integers(-(10**9), 10**9).map(float), st.decimals(-10_000, 10_000, places=4).map(float),
    st.sampled_from(["2021-04-01", "2021-04-01T12:30:00"]),
)  # fmt: skip
parts = st.one_of(
    st.builds(Part, st.sampled_from(lines.IS), names, several),
    st.builds(Part, st.sampled_from(lines.BOUNDS), names, number=numbers),
    st.builds(Part, st.sampled_from(lines.COMPARED), names, refs=st.one_of(no_refs, refs), degree=degrees),
    st.builds(Part, st.sampled_from(lines.EXTREMES), names),
    st.builds(Part, st.sampled_from(lines.POINTED), names, refs=st.one_of(no_refs, refs)),
    st.builds(Part, st.just("forget"), names),
    st.builds(Part, st.sampled_from(lines.JUDGED), refs=refs),
    st.builds(Part, st.just("ask"), names, st.one_of(st.just(()), several)),
    st.builds(Part, st.just("show"), number=st.integers(1, lines.MOST).map(float)),
    st.builds(Part, st.just("words"), values=values.map(lambda one: (one,))),
    st.builds(Part, st.sampled_from(lines.ALONE)),
)  # fmt: skip
whole = st.builds(Line, st.sampled_from(lines.INTENTS), st.lists(parts, max_size=5).map(tuple))


@given(whole)
def test_whatever_a_line_says_is_read_back(line: Line) -> None:
    text = str(line)
    assert "\n" not in text
    if len(text) <= lines.LONGEST:
        assert lines.read(text) == line


def test_a_line_as_a_model_writes_it() -> None:
    text = "refine: colour = red | sky blue; colour != black; price < 49.9; forget season; like 2, last; others"
    line = lines.read(text)
    assert line is not None and str(line) == text
    assert line.parts[0] == Part("=", "colour", ("red", "sky blue")) and line.parts[2].number == 49.9
    assert line.parts[4].refs == ("2", "last")
    assert lines.read("smalltalk") == Line("smalltalk")


@pytest.mark.parametrize(
    "text",
    [
        "", "refine:", "refine: ", "refine colour = red", "order: colour = red", "refine: colour = ",
        "refine: colour == red",
        "refine: colour = red;", "refine: colour = red;price < 5", "refine: price < cheap", "refine: price < 5 euros",
        "refine: like 0", "refine: like 100", "refine: like F00042", "refine: like the second", "refine: show 0",
        "refine: buy 2", "refine: colour = red\nrefine: colour = blue", "refine: colour = \"red",
        'refine: colour = "\\x"',
        "Refine: colour = red", "refine: colour = red | ", "refine: more price than", " refine: others",
        "refine: price < 1e9",
        "refine: " + "others; " * 400 + "others",
    ],
)  # fmt: skip
def test_what_is_no_line_is_none(text: str) -> None:
    assert lines.read(text) is None


@given(st.text(max_size=60), st.sampled_from(["refine: ", "search: colour = ", "refine: x = a; ", ""]))
def test_no_text_breaks_it_and_what_it_reads_it_writes(text: str, begin: str) -> None:
    line = lines.read(begin + text)
    if line is not None:
        assert lines.read(str(line)) == line
