"""Numbers of a message: bounds («under 50», «20 to 40»), comparisons («cheaper»), counts («show me ten»)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from genrec.chat import english
from genrec.chat.constraints import Bounds, Constraints
from genrec.chat.marks import UNIT_WORDS, Mark
from genrec.chat.shelves import Shelves
from genrec.chat.state import State, mask_of

MOST = 50
"""Items that one may ask for."""
NEAR = 0.25
"""«Around 50»: so much less or more of it."""
CHEAP, EXTREME = 0.35, 0.15
"""«Cheap»: below which share of what is left; «cheapest»."""
YEARS = range(1000, 2200)
_ASKING = "show give see list want need find me top just only get display maybe another recommend suggest"
ASKING = frozenset(_ASKING.split())


@dataclass
class Amounts:
    """What was found. bounds: by column. count: of items. used: places of marks that are no wish in words any more."""

    bounds: dict[str, Bounds] = field(default_factory=dict)
    count: int | None = None
    used: set[int] = field(default_factory=set)
    unsaid: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)

    def add(self, column: str, bounds: Bounds) -> None:
        """Beside what was said of the column before: «at least 30 but no more than 90»."""
        former = self.bounds.get(column)
        self.bounds[column] = bounds if former is None else former.but(bounds)


def column_of(shelves: Shelves, role: str) -> str | None:
    """The column of numbers or dates that plays a role of `english.COMPARISONS`."""
    if role == "price" and shelves.price:
        return shelves.price
    parts = english.COMPARISONS[role][0]
    for column in (*shelves.numbers, *shelves.dates):
        if set(column.lower().split("_")) & set(parts) or column.lower() in parts:
            return column
    return None


def numbers(marks: Sequence[Mark], shelves: Shelves, skip: frozenset[int]) -> Amounts:
    """Bounds and counts. skip: places that belong to references."""
    found = Amounts()
    places = [at for at, mark in enumerate(marks) if mark.kind == "number" and at not in skip]
    done: set[int] = set()
    for at in places:
        if at in done or marks[at].said == "one":
            continue
        pair = _pair(marks, at, places)
        column, sure = _column(marks, at, pair or at, shelves)
        cues, cue_places = _bound_cues(marks, at, pair or at)
        if pair is not None and column:
            low, high = sorted((marks[at].number, marks[pair].number))
            found.add(column, bounds_of(shelves, column, min=low, max=high))
            done.add(pair)
            found.used |= {at, pair, *cue_places}
            continue
        if not cues and not sure and _counts(marks, at):
            found.count = max(1, min(int(marks[at].number), MOST))
            found.used.add(at)
            continue
        if not cues and not sure:
            continue
        if column is None:
            names = [name.replace("_", " ") for name in (*shelves.numbers, *shelves.dates)]
            known = f"Do you mean {', '.join(names[:4])}?" if names else "The catalogue has no numbers."
            found.unclear.append(f"{marks[at].text} of what? {known}")
            continue
        value = marks[at].number
        if marks[at].unit == "decade":
            found.add(column, bounds_of(shelves, column, min=value, max=value + 9))
        elif "under" in cues:
            found.add(column, bounds_of(shelves, column, **{"max" if "included" in cues else "below": value}))
        elif "over" in cues:
            found.add(column, bounds_of(shelves, column, **{"min" if "included" in cues else "above": value}))
        elif "about" in cues:
            found.add(column, bounds_of(shelves, column, min=value * (1 - NEAR), max=value * (1 + NEAR)))
        elif column == shelves.price:
            found.add(column, bounds_of(shelves, column, max=value))
        else:
            found.add(column, bounds_of(shelves, column, min=value, max=value))
        found.used |= {at, *cue_places}
    return found


def compared(
    mark: Mark, denied: bool, degree: str, base: Sequence[str], shelves: Shelves, so_far: State, found: Amounts
) -> None:
    """«cheaper»: than `base`, items shown; «cheap»: beside what is left. Writes into `found`."""
    column = mark.column or column_of(shelves, mark.role)
    if column is None:
        if not denied and degree != "too" and mark.role not in ("price",):
            return
        found.unsaid.append(f"which are {mark.said}")
        return
    more = -mark.more if denied else mark.more
    relative = mark.said in english.COMPARATIVE or mark.said.split(" ")[0] in ("more", "less") or denied
    relative = relative or degree == "than"
    if degree == "too":
        more, relative = -mark.more, True
    known = [shelves.number(shelves.catalog.index[one], column) for one in base] if column in shelves.numbers else []
    values = sorted(value for value in known if value is not None)
    if relative and values:
        # Of one thing it is clear what is meant; of several the middle one is compared with.
        value = float(np.median(values))
        if degree == "much":
            value = values[0] if more < 0 else values[-1]
        elif degree == "little" and len(values) > 1:
            value = values[-1] if more < 0 else values[0]
        found.bounds[column] = bounds_of(shelves, column, **{"below" if more < 0 else "above": value})
        return
    share = EXTREME if mark.said.endswith("est") or mark.said.startswith("most ") else CHEAP
    kept = {c: b for c, b in so_far.constraints.bounds.items() if c != column}
    left = mask_of(shelves, Constraints(wanted=so_far.constraints.wanted, bounds=kept))
    if column in shelves.dates or not left.any():
        return
    edge = shelves.quantile(column, share if more < 0 else 1 - share, left)
    if edge is not None:
        found.bounds[column] = bounds_of(shelves, column, **{"max" if more < 0 else "min": round(edge, 2)})


def _pair(marks: Sequence[Mark], at: int, places: Sequence[int]) -> int | None:
    """The other number of «between 20 and 40», «20 to 40», «20-40»."""
    after = next((place for place in places if place > at), None)
    if after is None or after - at > 3:
        return None
    between = [mark.said for mark in marks[at + 1 : after]]
    before = marks[at - 1].cues if at else frozenset()
    if between in (["to"], ["-"], ["–"], ["till"], ["until"]) or ("between" in before and between in (["and"], ["to"])):
        return after
    return None


def _bound_cues(marks: Sequence[Mark], at: int, end: int) -> tuple[frozenset[str], set[int]]:
    """What stands around a number and says which end it is."""
    found: set[str] = set()
    places: set[int] = set()
    for place in range(at - 1, max(-1, at - 5), -1):
        mark = marks[place]
        if mark.kind in ("number", "item") or (mark.kind == "stop" and mark.text.strip() in ",.;!?"):
            break
        own = set(mark.cues) & {"under", "over", "about", "included"}
        if "<" in mark.text or ">" in mark.text:
            own = {"under"} if "<" in mark.text else {"over"}
        if mark.kind == "compare" and place + 1 < at and marks[place + 1].said == "than":
            own = {"under" if mark.more < 0 else "over"}
            places.add(place + 1)
        if own & {"under", "over", "about"} and not (
            mark.said in ("from", "near", "about", "limit") and place < at - 1
        ):
            found |= own
            places.add(place)
            break
    for place in range(end + 1, min(len(marks), end + 3)):
        own = set(marks[place].cues) & {"under", "over", "about", "included"}
        if own & {"under", "over", "about"} and (
            marks[place].said.split()[0] in ("or", "and", "at")
            or place == len(marks) - 1
            or marks[place].said in ("max", "maximum", "tops", "min", "minimum")
        ):
            found |= own
            places.add(place)
            break
        if marks[place].kind != "column" and marks[place].said not in UNIT_WORDS:
            break
    return frozenset(found), places


def _column(marks: Sequence[Mark], at: int, end: int, shelves: Shelves) -> tuple[str | None, bool]:
    """Which column a number is of, and whether that is said."""
    unit = marks[at].unit or marks[end].unit
    if unit == "decade":
        return column_of(shelves, "year"), True
    if unit:
        role = UNIT_WORDS.get(unit)
        found = column_of(shelves, role) if role else None
        if found is not None:
            return found, True
        if role and role != "price":
            return None, True
    near = [*range(at - 1, max(-1, at - 5), -1), *range(end + 1, min(len(marks), end + 3))]
    for place in near:
        mark = marks[place]
        if mark.kind == "stop" and mark.text.strip() in (",", ".", ";", "!", "?"):
            continue
        if mark.kind in ("column", "compare") and (mark.column in (*shelves.numbers, *shelves.dates)):
            return mark.column, True
        if mark.kind == "compare" and (column := column_of(shelves, mark.role)) is not None:
            return column, True
    if marks[at].number in YEARS and float(marks[at].number).is_integer():
        before = {marks[place].said for place in range(max(0, at - 2), at)}
        year = column_of(shelves, "year")
        if year is not None and before & {
            "before",
            "after",
            "since",
            "from",
            "in",
            "until",
            "older than",
            "newer than",
        }:
            return year, True
    if shelves.price:
        return shelves.price, False
    inside = [name for name in shelves.numbers if _within(shelves, name, marks[at].number)]
    return (inside[0] if len(inside) == 1 else shelves.numbers[0] if len(shelves.numbers) == 1 else None), False


def _within(shelves: Shelves, column: str, value: float) -> bool:
    low, high = shelves.quantile(column, 0), shelves.quantile(column, 1)
    return low is not None and high is not None and low <= value <= high


def _counts(marks: Sequence[Mark], at: int) -> bool:
    """Whether a number says how many items."""
    mark = marks[at]
    if not float(mark.number).is_integer() or not 1 <= mark.number <= MOST:
        return False
    before = {marks[place].said.split(" ")[-1] for place in range(max(0, at - 2), at)}
    after = {marks[place].said for place in range(at + 1, min(len(marks), at + 3))}
    things = {"more", "others", "items", "ideas", "options", "suggestions", "things", "results", "pieces", "products"}
    return bool(before & ASKING or after & things or len(marks) <= 2)


def bounds_of(shelves: Shelves, column: str, **ends: float) -> Bounds:
    """Of a column of dates by their years."""
    if column not in shelves.dates:
        return Bounds(**ends)
    days = {"min": "{:04.0f}-01-01", "max": "{:04.0f}-12-31", "below": "{:04.0f}-01-01", "above": "{:04.0f}-12-31"}
    return Bounds(**{end: days[end].format(value) for end, value in ends.items()})
