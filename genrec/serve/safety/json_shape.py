"""What JSON may look like before it is parsed: how deep, how many values, and nothing that JSON does not have.

Python's parser takes more than JSON (`NaN`), and what it gives may be text that no database stores and no answer can
repeat: NUL, halves of surrogate pairs. One pass over the bytes, in regular expressions that cannot backtrack.
"""

from __future__ import annotations

import re

from genrec.serve.safety.asgi import Refusal

DEPTH = 32
VALUES = 100_000
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_ESCAPE = re.compile(rb"\\u([0-9a-fA-F]{4})|\\.", re.DOTALL)
_MARKS = b"[]{},"
_NO_BRACKETS = bytes(sorted({*range(256)} - {*b"[]{}"}))
_ALIKE = bytes.maketrans(b"{}", b"[]")
_UNKNOWN = re.compile(rb"NaN|Infinity")


def check_json(data: bytes, *, depth: int = DEPTH, values: int = VALUES) -> None:
    """Refusal 400 for what is nested deeper, has more values, or holds what no JSON text has.

    It does not say that `data` is JSON: the parser does. depth: brackets within one another. values: commas and
    brackets, of which there are as many as values, about.
    """
    bare = _STRING.sub(b'""', data)
    if _UNKNOWN.search(bare):
        raise Refusal(400, "invalid_json", "JSON has no NaN and no Infinity")
    if sum(map(bare.count, _MARKS)) > values:
        raise Refusal(413, "json_too_large", f"the JSON has more than {values:,} values")
    if _deeper(bare.translate(_ALIKE, _NO_BRACKETS), depth):
        raise Refusal(400, "json_too_deep", f"the JSON is nested more than {depth} deep")
    if b"\\u" in data:
        _check_escapes(data)
    if b"\0" in data:
        raise Refusal(400, "invalid_json", "there is a NUL in the JSON")


def _deeper(brackets: bytes, depth: int) -> bool:
    """brackets: only [ and ]. Each round takes the innermost pairs away, one level of what is well-formed."""
    rest = brackets
    for _ in range(depth):
        rest = rest.replace(b"[]", b"")
    if not rest:
        return False
    inside = 0  # too deep, or not JSON: counted one by one
    for mark in brackets:
        inside += 1 if mark == b"["[0] else -1
        if inside > depth:
            return True
    return False


def _check_escapes(data: bytes) -> None:
    high_ends = None  # where the first half of a pair ended, whose second half must begin there
    for escape in _ESCAPE.finditer(data):
        code = int(escape[1], 16) if escape[1] else -1
        low = 0xDC00 <= code < 0xE000
        if (high_ends is not None or low) and not (low and high_ends == escape.start()):
            raise Refusal(400, "invalid_json", "half of a surrogate pair (\\ud800 to \\udfff) is no text")
        if code == 0:
            raise Refusal(400, "invalid_json", "NUL (\\u0000) is in no text")
        high_ends = escape.end() if 0xD800 <= code < 0xDC00 else None
    if high_ends is not None:
        raise Refusal(400, "invalid_json", "half of a surrogate pair (\\ud800 to \\udfff) is no text")
