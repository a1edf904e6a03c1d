"""Errors that a user can mend.

A `UserError` says what is wrong, where (file, row or key) and what to do about it. The command line prints its
message and exits with status 2; a traceback is for our own mistakes only.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """Something in the input, the recipe or the machine that the user can change."""


def nearest(name: str, known: Iterable[str]) -> str:
    """«Did you mean 'x'?» for the known name closest to `name`, else the list of known names."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    return "known: " + ", ".join(names)
