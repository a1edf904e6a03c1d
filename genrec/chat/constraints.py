"""What somebody wants, as far as it was heard: typed, checked against a catalogue, and sayable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from genrec.errors import UserError, nearest
from genrec.model.tasks.facts import TAG
from genrec.model.tasks.messages import PRICES

Intent = Literal[
    "recommend", "refine", "search", "explain", "compare", "question", "clarify", "feedback", "smalltalk"
]  # fmt: skip
INTENTS: tuple[Intent, ...] = get_args(Intent)
Value = bool | str
"""Of a column of words, or of one that says yes or no."""


class Bounds(BaseModel):
    """Of a column of numbers or dates (ISO 8601). min, max: included; above, below: excluded. At least one of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min: float | str | None = None
    max: float | str | None = None
    above: float | str | None = None
    below: float | str | None = None

    @model_validator(mode="after")
    def _sound(self) -> Bounds:
        low, high = self.low, self.high
        if low is None and high is None:
            raise ValueError("bounds without a bound: give min, max, above or below")
        if (self.min is not None and self.above is not None) or (self.max is not None and self.below is not None):
            raise ValueError("a bound both included and excluded: keep one of min and above, and of max and below")
        if low is not None and high is not None:
            if isinstance(low, str) != isinstance(high, str):
                raise ValueError("one bound is a number and the other a date")
            if low > high:  # type: ignore[operator]
                raise ValueError(f"bounds {low} to {high} leave nothing: swap them")
        return self

    @property
    def low(self) -> float | str | None:
        return self.above if self.min is None else self.min

    @property
    def high(self) -> float | str | None:
        return self.below if self.max is None else self.max

    def but(self, newer: Bounds) -> Bounds:
        """Both; where they say the same end, or contradict each other, the newer one counts."""
        low = newer if newer.low is not None else self
        high = newer if newer.high is not None else self
        try:
            return Bounds(min=low.min, above=low.above, max=high.max, below=high.below)
        except ValueError:
            return newer

    def where(self) -> dict[str, Any]:
        return self.model_dump(exclude_none=True)

    def said(self) -> str:
        """«under 50», «20 to 40»."""
        if self.low is not None and self.high is not None:
            return f"{number(self.low)} to {number(self.high)}"
        if self.high is not None:
            return f"{'under' if self.max is None else 'at most'} {number(self.high)}"
        assert self.low is not None
        return f"{'over' if self.min is None else 'at least'} {number(self.low)}"


class Constraints(BaseModel):
    """wanted: by column, any of these values. unwanted: none of these. bounds: of columns of numbers and dates.

    liked: item ids that answers shall resemble. disliked: item ids that never come again, and their like less. words:
    what was asked for and no column says; texts are searched for it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    wanted: dict[str, tuple[Value, ...]] = Field(default_factory=dict)
    unwanted: dict[str, tuple[Value, ...]] = Field(default_factory=dict)
    bounds: dict[str, Bounds] = Field(default_factory=dict)
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    words: str = ""

    def where(self) -> dict[str, Any] | None:
        """In the language of `genrec.decode.filters`, as JSON; None without any filter.

        Tags of a catalogue without columns have no column to filter: `Shelves.filter` adds them. What is unwanted
        leaves items of which the column says nothing.
        """
        parts: list[dict[str, Any]] = []
        for column, values in self.wanted.items():
            if column != TAG:
                parts.append({column: values[0] if len(values) == 1 else list(values)})
        for column, values in self.unwanted.items():
            if column != TAG:
                parts.append({"any": [{column: {"not": list(values)}}, {column: None}]})
        parts += [{column: bounds.where()} for column, bounds in self.bounds.items()]
        if not parts:
            return None
        return parts[0] if len(parts) == 1 else {"all": parts}

    def said(self) -> tuple[str, ...]:
        """In words, for the answer: «coat», «winter», «not black», «under 50»."""
        wanted = [spoken(column, values, "or") for column, values in self.wanted.items()]
        unwanted = [f"not {spoken(column, values, 'or')}" for column, values in self.unwanted.items()]
        bounds = [
            one.said() if column in PRICES else f"{column.replace('_', ' ')} {one.said()}"
            for column, one in self.bounds.items()
        ]
        return (*wanted, *unwanted, *bounds, *([f"“{self.words}”"] if self.words else []))

    @property
    def empty(self) -> bool:
        """Whether nothing was said that leaves items out."""
        return not (self.wanted or self.unwanted or self.bounds or self.words)

    @classmethod
    def checked(cls, said: Mapping[str, Any], known: Mapping[str, Mapping[Value, int]]) -> Constraints:
        """Read from outside. known: by column its values. UserError where a column or value is none of these."""
        try:
            found = cls.model_validate(said)
        except ValueError as error:
            raise UserError(f"constraints: {error}") from None
        for column, values in [*found.wanted.items(), *found.unwanted.items()]:
            if column not in known:
                raise UserError(f"constraints: the catalogue has no column {column!r}; {nearest(column, known)}")
            for value in values:
                if value not in known[column]:
                    hint = nearest(str(value), map(str, known[column]))
                    raise UserError(f"constraints.{column}: no item has {value!r}; {hint}")
        return found


def spoken(column: str, values: tuple[Value, ...], join: str) -> str:
    """Values as one says them; of a column that says yes or no, its name."""
    name = column.replace("_", " ")
    said = [(name if value else f"not {name}") if isinstance(value, bool) else value for value in values]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} {join} {said[-1]}"


def number(value: float | str) -> str:
    """50, 49.90, 2021-04-01."""
    if isinstance(value, str):
        return value
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.2f}"
