"""What a message says, as one line: an intent and how the wishes change. Written by the task, read strictly.

    refine: colour = red | navy; colour != black; price < 50; forget season; like 2

| part | says |
|---|---|
| `COLUMN = VALUE | …`, `COLUMN != VALUE | …` | any of these is wanted; none of these is |
| `COLUMN < N`, `<=`, `>`, `>=`, `~` | a number or a date (ISO 8601); `~`: about so much |
| `less COLUMN`, `more COLUMN`, `less COLUMN than REF`, `… a bit`, `… by far` | than what was shown |
| `lowest COLUMN`, `low COLUMN`, `high COLUMN`, `highest COLUMN` | of what there is |
| `same COLUMN REFS`, `other COLUMN REFS` | the value of something shown is wanted, or is not |
| `forget COLUMN` | it does not matter any more |
| `like REFS`, `dislike REFS`, `about REFS` | things shown: places in the list from 1, `last`, `it`, `all` |
| `ask COLUMN`, `ask COLUMN = VALUE` | what a question asks for; whether something is so |
| `show N`, `words WORDS` | how many; what no column says |
| `others`, `also`, `keep`, `anew` | other items; beside what was wanted; the rest stays; all is forgotten |

A column or value with marks of the grammar in it stands in quotes, as JSON writes them. Whether columns and values are
a catalogue's is not asked here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

INTENTS = ("recommend", "refine", "search", "explain", "compare", "question", "feedback", "smalltalk")
IS = ("=", "!=")
BOUNDS = ("<=", ">=", "<", ">", "~")
COMPARED = ("less", "more")
EXTREMES = ("lowest", "low", "high", "highest")
POINTED = ("same", "other")
JUDGED = ("like", "dislike", "about")
ALONE = ("others", "also", "keep", "anew")
DEGREES = ("a bit", "by far")
PLACES = ("last", "it", "all")
LONGEST = 2_000
"""Letters of a line, at most."""
MOST = 99
"""The last place and the highest count that a line can say."""

_NAME = r'"(?:[^"\\]|\\.)*"|[^\W_][\w]*'
_VALUE = r'"(?:[^"\\]|\\.)*"|[^\s;|=<>!~"](?:[^;|=<>!~"\n]*[^\s;|=<>!~"])?'
_REFS = rf"(?:\d{{1,2}}|{'|'.join(PLACES)})(?:, (?:\d{{1,2}}|{'|'.join(PLACES)}))*"
_NUMBER = r"-?\d{1,12}(?:\.\d{1,12})?|\d{4}-\d\d-\d\d(?:T[\d:.]{5,15})?"
_PARTS = {
    kind: re.compile(pattern)
    for kind, pattern in {
        "is": rf"(?P<column>{_NAME}) (?P<verb>!?=) (?P<values>(?:{_VALUE})(?: \| (?:{_VALUE}))*)",
        "bound": rf"(?P<column>{_NAME}) (?P<verb><=|>=|<|>|~) (?P<number>{_NUMBER})",
        "compared": rf"(?P<verb>less|more) (?P<column>{_NAME})(?: than (?P<refs>{_REFS}))?"
        r"(?: (?P<degree>a bit|by far))?",
        "extreme": rf"(?P<verb>lowest|low|highest|high) (?P<column>{_NAME})",
        "pointed": rf"(?P<verb>same|other) (?P<column>{_NAME})(?: (?P<refs>{_REFS}))?",
        "forget": rf"(?P<verb>forget) (?P<column>{_NAME})",
        "judged": rf"(?P<verb>like|dislike|about) (?P<refs>{_REFS})",
        "ask": rf"(?P<verb>ask) (?P<column>{_NAME})(?: = (?P<values>(?:{_VALUE})(?: \| (?:{_VALUE}))*))?",
        "show": r"(?P<verb>show) (?P<number>[1-9]\d?)",
        "words": rf"(?P<verb>words) (?P<values>{_VALUE})",
        "alone": rf"(?P<verb>{'|'.join(ALONE)})",
    }.items()
}
_EITHER = re.compile(rf"{_VALUE}")


@dataclass(frozen=True)
class Part:
    """verb: a sign or a word of the table above. number: of a bound or count. refs: places as text. degree: of
    `DEGREES`, or empty."""

    verb: str
    column: str = ""
    values: tuple[str, ...] = ()
    number: float | str | None = None
    refs: tuple[str, ...] = ()
    degree: str = ""


@dataclass(frozen=True)
class Line:
    """One message. intent: of `INTENTS`."""

    intent: str
    parts: tuple[Part, ...] = ()

    def __str__(self) -> str:
        return f"{self.intent}: {said(self.parts)}" if self.parts else self.intent


def said(parts: Sequence[Part]) -> str:
    """Parts as a line has them."""
    return "; ".join(_said(part) for part in parts)


def read(text: str) -> Line | None:
    """None where a text is no line of this grammar, to the letter."""
    if len(text) > LONGEST or "\n" in text:
        return None
    intent, colon, rest = text.partition(": ")
    if intent not in INTENTS or (colon and not rest):
        return None
    parts = [_part(one) for one in _split(rest)] if colon else []
    found = tuple(part for part in parts if part is not None)
    return Line(intent, found) if len(found) == len(parts) else None


def _said(part: Part) -> str:
    column = _quoted(part.column, _NAME)
    values = " | ".join(_quoted(value, _VALUE) for value in part.values)
    refs = ", ".join(part.refs)
    if part.verb in IS:
        return f"{column} {part.verb} {values}"
    if part.verb in BOUNDS:
        return f"{column} {part.verb} {_number(part.number)}"
    if part.verb in COMPARED:
        than = f" than {refs}" if refs else ""
        return f"{part.verb} {column}{than}{f' {part.degree}' if part.degree else ''}"
    if part.verb in POINTED:
        return f"{part.verb} {column}{f' {refs}' if refs else ''}"
    if part.verb in JUDGED:
        return f"{part.verb} {refs}"
    if part.verb == "ask":
        return f"ask {column}{f' = {values}' if values else ''}"
    if part.verb == "show":
        return f"show {_number(part.number)}"
    if part.verb == "words":
        return f"words {values}"
    return part.verb if part.verb in ALONE else f"{part.verb} {column}"


def _part(text: str) -> Part | None:
    for kind, pattern in _PARTS.items():
        found = pattern.fullmatch(text)
        if found is None:
            continue
        named = found.groupdict()
        try:
            values = tuple(_plain(one) for one in _EITHER.findall(named.get("values") or ""))
            column = _plain(named.get("column") or "")
        except ValueError:
            return None
        number: float | str | None = named.get("number")
        if number is not None and not re.fullmatch(r"\d{4}-\d\d-\d\d.*", str(number)):
            number = float(number)
        refs = tuple((named.get("refs") or "").split(", ")) if named.get("refs") else ()
        if any(one.isdigit() and not 1 <= int(one) <= MOST for one in refs) or (kind == "is" and not values):
            return None
        return Part(named["verb"], column, values, number, refs, named.get("degree") or "")
    return None


def _split(text: str) -> list[str]:
    """At semicolons outside of quotes."""
    found, begin, inside, at = list[str](), 0, False, 0
    while at < len(text):
        if inside and text[at] == "\\":
            at += 1
        elif text[at] == '"':
            inside = not inside
        elif not inside and text.startswith("; ", at):
            found.append(text[begin:at])
            begin = at + 2
        at += 1
    return [*found, text[begin:]]


def _quoted(text: str, plain: str) -> str:
    """Of what is no plain name or value."""
    fits = re.fullmatch(plain, text) and not text.startswith('"') and text.isprintable()
    return text if fits else json.dumps(text, ensure_ascii=True)


def _plain(text: str) -> str:
    """ValueError where what stands in quotes is no JSON."""
    return str(json.loads(text)) if text.startswith('"') else text


def _number(value: float | str | None) -> str:
    return value if isinstance(value, str) else np.format_float_positional(float(value or 0), trim="-")
