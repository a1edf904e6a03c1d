"""Columns that a message names: «any colour», «not that colour», «the same brand as the second», «fewer pages»."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from genrec.chat.amounts import compared
from genrec.chat.clauses import NEAREST, Clause, Wishes, clause_end, said_at
from genrec.chat.constraints import Value
from genrec.chat.marks import Mark
from genrec.chat.references import Reference
from genrec.chat.shelves import Shelves
from genrec.chat.state import State

MORE_OF = {"more": 1, "higher": 1, "bigger": 1, "fewer": -1, "less": -1, "lower": -1, "smaller": -1}
POINTING = ("my", "that", "this", "those", "these", "the", "its", "their")
LOW = frozenset(("low", "small", "short", "little", "few"))
MOST_OF = 0.8
"""The share of a list whose colour is «that colour»; else its first one's is."""


def hear(
    shelves: Shelves,
    marks: Sequence[Mark],
    at: int,
    now: Clause,
    found: Wishes,
    so_far: State,
    references: Sequence[Reference],
) -> None:
    """What the name of a column at `at` does, written into `found`."""
    column = marks[at].column
    now.column = True
    if found.aspect is None:
        found.aspect = column
    named = [one for ref in references for one in ref.items]
    before = said_at(marks, at - 1).split(" ")[-1]
    if column in shelves.numbers and before in MORE_OF:
        more = Mark("compare", f"more {column}", column=column, more=MORE_OF[before])
        compared(more, now.denied, now.degree, named or so_far.focus or so_far.last, shelves, so_far, found.numbers)
        return
    behind = frozenset[str]().union(*(mark.cues for mark in marks[at + 1 : clause_end(marks, at)]))
    if now.any or "any" in behind:
        found.loose.append(column)
        return
    near = range(max(0, at - NEAREST), min(len(marks), at + NEAREST + 1))
    if any(marks[p].kind in ("value", "number") and not (at < p and said_at(marks, at + 1) == "of") for p in near):
        return  # it only says which column the value is of
    pointed = at > 0 and (marks[at - 1].said in POINTING or bool(marks[at - 1].cues & {"other", "same", "not"}))
    if column in shelves.numbers and pointed and "too" in behind and "love" not in behind:
        low = {mark.said for mark in marks[at + 1 : clause_end(marks, at)]} & LOW
        compare = Mark("compare", f"more {column}", column=column, more=1 if low else -1)
        compared(compare, False, "", named or so_far.focus or so_far.last, shelves, so_far, found.numbers)
        return
    against = now.denied or now.other or now.verdict < 0 or "bad" in behind or ("not" in behind and pointed)
    towards = now.same or now.verdict > 0 or "love" in behind
    if not (pointed or now.other) or not (against or towards):
        return
    if column in (*shelves.numbers, *shelves.dates):
        if against and column == shelves.price:
            cheaper = Mark("compare", "cheaper", role="price", more=-1)
            compared(cheaper, False, "", named or so_far.last, shelves, so_far, found.numbers)
        return
    values = pointed_at(shelves, column, named, so_far)
    if not values:
        return
    if towards or now.denied or now.verdict < 0:
        found.pointed |= set(named)  # «like the second, in another colour» is about the second nevertheless
    held = found.unwanted if against else found.wanted
    held[column] = tuple(dict.fromkeys((*held.get(column, ()), *values)))
    if against:
        now.since, now.verdict = column, 0  # the column is not liked, the thing may be


def pointed_at(shelves: Shelves, column: str, named: Sequence[str], so_far: State) -> tuple[Value, ...]:
    """Which values «that colour» speaks of: of what is named, of what was spoken of, of the wish, of most of the list,
    else of the first of the list."""
    index = shelves.catalog.index
    items = list(named) or list(so_far.focus)
    if items:
        return tuple(dict.fromkeys(value for one in items for value in shelves.of(index[one], column)))
    if column in so_far.constraints.wanted:
        return so_far.constraints.wanted[column]
    rows = [shelves.of(index[one], column) for one in so_far.last]
    counts = Counter(value for values in rows for value in values)
    if not counts:
        return ()
    value, times = counts.most_common(1)[0]
    return (value,) if times >= MOST_OF * len(rows) else rows[0]
