"""Questions about items, answered from their rows and nothing else: what no column says, the catalogue does not say."""

from __future__ import annotations

from collections.abc import Sequence

from genrec.chat.constraints import Constraints, Value, number, spoken
from genrec.chat.listing import plain
from genrec.chat.shelves import Shelves
from genrec.chat.state import Heard
from genrec.data.catalog import COLUMNS
from genrec.model.tasks.facts import TAG

DETAILS = 14
"""Columns that «tell me about it» says."""
LONGEST = 400
"""Letters of a description."""
MOST = 5
"""Items that one answer is about."""


class Answers:
    """Of one catalogue."""

    def __init__(self, shelves: Shelves) -> None:
        self.shelves = shelves
        self.columns = tuple(dict.fromkeys((*shelves.words, *shelves.flags, *shelves.numbers, *shelves.dates)))

    def called(self, item_id: str) -> str:
        return self.shelves.table["title"][self.shelves.catalog.index[item_id]] or item_id

    def answered(self, heard: Heard) -> str:
        """The answer to `heard`, of every item that it is about."""
        return "\n".join(self._one(item_id, heard) for item_id in heard.about[:MOST])

    def _one(self, item_id: str, heard: Heard) -> str:
        item, title = self.shelves.catalog.index[item_id], plain(self.called(item_id))
        if heard.asked:
            return f"{title}: {'; '.join(self._whether(item, c, values) for c, values in heard.asked.items())}."
        if heard.aspect is not None:
            said = self.said(item, heard.aspect) if heard.aspect in self.columns else ""
            name = heard.aspect.replace("_", " ")
            return f"{title}: {name} {said}." if said else f"{title}: the catalogue does not say its {name}."
        if heard.words:
            return f"{title}: the catalogue does not say. What it says: {self.details(item)}"
        return f"{title}: {self.details(item)}"

    def _whether(self, item: int, column: str, values: tuple[Value, ...]) -> str:
        """«yes, material wool»; «no, material cotton»."""
        own = self.shelves.of(item, column)
        name = column.replace("_", " ")
        if not own:
            return f"the catalogue does not say its {name}"
        if isinstance(own[0], bool):
            return f"{'yes' if set(own) & set(values) else 'no'}, {spoken(column, own, 'and')}"
        said = ", ".join(map(str, own))
        there = "yes" if set(own) & set(values) else "no"
        return f"{there}, {said}" if column == TAG else f"{there}, its {name} is {said}"

    def said(self, item: int, column: str) -> str:
        """The value of a column as one says it; empty where there is none."""
        if column in self.shelves.numbers:
            value = self.shelves.number(item, column)
            return "" if value is None else number(value)
        if column in self.shelves.dates:
            return str(self.shelves.table[column][item] or "")
        values = self.shelves.of(item, column)
        if values and isinstance(values[0], bool):
            return "yes" if values[0] else "no"
        return plain(", ".join(map(str, values)), 200)

    def details(self, item: int) -> str:
        """All that its columns say, and its description."""
        said = [(c, self.said(item, c)) for c in self.columns]
        rows = [value if column == TAG else f"{column.replace('_', ' ')} {value}" for column, value in said if value]
        parts = [", ".join(rows[:DETAILS]) + "." if rows else ""]
        table = self.shelves.table
        if "description" in table.columns and "description" not in (*self.columns, *COLUMNS):
            text = table["description"][item]
            if isinstance(text, str) and text.strip():
                parts.append(f"Its description: “{plain(text, LONGEST)}”")
        return " ".join(part for part in parts if part) or "the catalogue says no more of it."

    def compared(self, item_ids: Sequence[str]) -> str:
        """What is the same and what is not, column by column."""
        ids = list(item_ids)[:MOST]
        items = [self.shelves.catalog.index[one] for one in ids]
        lines, same = [], []
        for column in self.columns:
            values = [self.said(item, column) for item in items]
            if not any(values):
                continue
            if len(set(values)) == 1:
                same.append(f"{column.replace('_', ' ')} {values[0]}")
            else:
                told = "; ".join(
                    f"{place} {value or 'not said'}" for place, value in zip(self._names(ids), values, strict=True)
                )
                lines.append(f"- {column.replace('_', ' ')}: {told}")
        heads = [f"{name} is {plain(self.called(one))}." for name, one in zip(self._names(ids), ids, strict=True)]
        both = (
            f"The same in {'both' if len(ids) == 2 else 'all'}: {', '.join(same)}." if same else "They share nothing."
        )
        return "\n".join([" ".join(heads), both, *(lines or ["They differ in nothing that the catalogue says."])])

    def _names(self, ids: Sequence[str]) -> list[str]:
        return [chr(ord("A") + place) for place in range(len(ids))]

    def meets(self, item: int, constraints: Constraints) -> list[str]:
        """The wishes that an item meets, in words."""
        found = []
        for column, values in constraints.wanted.items():
            own = tuple(value for value in self.shelves.of(item, column) if value in values)
            if own:
                found.append(spoken(column, own, "and"))
        for column, values in constraints.unwanted.items():
            if not set(self.shelves.of(item, column)) & set(values):
                found.append(f"not {spoken(column, values, 'or')}")
        for column, bounds in constraints.bounds.items():
            value = self.shelves.number(item, column) if column in self.shelves.numbers else None
            if value is not None and holds(value, bounds.low, bounds.high):
                found.append(f"{column.replace('_', ' ')} {number(value)}")
        return found


def holds(value: float, low: float | str | None, high: float | str | None) -> bool:
    """Whether a number lies between bounds, these included."""
    return (low is None or float(low) <= value) and (high is None or value <= float(high))
