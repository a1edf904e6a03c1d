"""What somebody may have meant."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from genrec.errors import slip

NAME = st.text("F0124ab-", min_size=1, max_size=8)


def distance(one: str, other: str) -> int:
    """Insertions, deletions and replacements that make one of the other."""
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, start=1):
        last, row = row, [place]
        for at, wanted in enumerate(other, start=1):
            row.append(min(last[at] + 1, row[-1] + 1, last[at - 1] + (letter != wanted)))
    return row[-1]


@given(NAME, st.sets(NAME, max_size=8))
def test_whoever_is_one_letter_off_is_found_and_nobody_else(name: str, known: set[str]) -> None:
    turned = {name[:at] + name[at + 1] + name[at] + name[at + 2 :] for at in range(len(name) - 1)}
    near = {one for one in known if distance(one, name) <= 1 or one in (name.upper(), name.lower(), *turned)}
    found = slip(name, known)
    assert (found in near) if near else found is None


def test_likely_slips_come_first() -> None:
    known = {f"F{n:05}" for n in range(100_000)}
    assert slip("F0042", known) == "F00042" and slip(" f00042 ", known) == "F00042"
    assert slip("F000O42", known) == "F00042" and slip("%", known) is None and slip("F" * 200, known) is None
