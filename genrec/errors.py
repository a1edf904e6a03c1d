"""Errors that a user can mend.

A `UserError` says what is wrong, where (file, row or key) and what to do about it. The command line prints its
message and exits with status 2; a traceback is for our own mistakes only.
"""

from __future__ import annotations

import difflib
import string
from collections.abc import Container, Iterable, Iterator


class UserError(Exception):
    """Something in the input, the recipe or the machine that the user can change."""


def nearest(name: str, known: Iterable[str]) -> str:
    """«Did you mean 'x'?» for the known name closest to `name`, else the list of known names."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    return "known: " + ", ".join(names)


ALPHABET = string.digits + string.ascii_letters + "-_."
LONGEST = 64
"""Letters of a name beyond which no slip is looked for: there would be very many."""


def slip(name: str, known: Container[str]) -> str | None:
    """The known name that differs from `name` in case, in blanks around it or in one letter; None where there is none.

    It asks `known` some thousand times, however many it holds: for ids, of which there are very many.
    """
    return next((one for one in _slips(name) if one in known), None) if len(name) <= LONGEST else None


def _slips(name: str) -> Iterator[str]:
    bare = name.strip()
    yield from (bare, bare.upper(), bare.lower())
    letters = "".join(dict.fromkeys(bare + ALPHABET))  # its own first: F0042 is likelier F00042 than F90042
    for at in range(len(bare) - 1):
        yield bare[:at] + bare[at + 1] + bare[at] + bare[at + 2 :]
    for at in range(len(bare)):
        yield bare[:at] + bare[at + 1 :]
    for at in range(len(bare) + 1):
        yield from (bare[:at] + letter + bare[at:] for letter in letters)
    for at in range(len(bare)):
        yield from (bare[:at] + letter + bare[at + 1 :] for letter in letters)
