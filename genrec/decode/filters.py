"""The filter language: what a request says about the catalogue's columns, in Python or as JSON.

    {"category": "dress", "price": {"min": 10, "max": 50}}     both hold
    {"colour": ["red", "blue"]}                                one of these values; of a list column, any of its values
    {"country": {"not": ["DE", "AT"]}}                         a value, and none of these
    {"price": {"above": 10, "below": 50}}                      the bounds themselves excluded
    {"released": {"min": "2024-01-01"}}                        dates as datetime.date or in ISO 8601
    {"colour": null}, {"colour": {"missing": false}}           no value; any value
    {"any": [..., ...]}, {"all": [..., ...]}, {"not": {...}}   combinations, to any depth

A missing value (null, NaN) matches nothing unless it is asked for, negated or not: {"not": {"colour": "red"}} leaves
items that have a colour. That is the logic of Polars and SQL, and a Boolean Polars expression can stand wherever a
filter can, for what this language has no words for. A column called any, all or not needs one.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import polars as pl

from genrec.errors import UserError, nearest

Value = str | bool | int | float | dt.date | dt.datetime
KEYS = ("min", "max", "above", "below", "not", "missing")
JOINS = ("any", "all", "not")


@dataclass(frozen=True)
class Values:
    """The column has one of the values; negated: it has a value and none of these."""

    column: str
    values: tuple[Value, ...]
    negated: bool = False

    def __str__(self) -> str:
        if len(self.values) == 1:
            return f"{self.column} {'≠' if self.negated else '='} {_said(self.values[0])}"
        return f"{self.column} {'not in' if self.negated else 'in'} ({', '.join(map(_said, self.values))})"


@dataclass(frozen=True)
class Range:
    """The column's value lies between the bounds, None being no bound; negated: it has a value outside of them."""

    column: str
    low: Value | None
    high: Value | None
    low_excluded: bool = False
    high_excluded: bool = False
    negated: bool = False

    def __str__(self) -> str:
        parts = []
        if self.low is not None:
            parts.append(f"{self.column} {'>' if self.low_excluded else '≥'} {_said(self.low)}")
        if self.high is not None:
            parts.append(f"{self.column} {'<' if self.high_excluded else '≤'} {_said(self.high)}")
        text = " and ".join(parts)
        return f"not ({text})" if self.negated else text


@dataclass(frozen=True)
class Missing:
    """The column has no value; negated: it has one."""

    column: str
    negated: bool = False

    def __str__(self) -> str:
        return f"{self.column} is {'not ' if self.negated else ''}missing"


@dataclass(frozen=True)
class Joined:
    """All of the parts hold, or any of them does. All of nothing is everything, any of nothing is nothing."""

    parts: tuple[Where, ...]
    every: bool

    def __str__(self) -> str:
        if not self.parts:
            return "anything" if self.every else "nothing"
        said = [f"({part})" if isinstance(part, Joined) and len(part.parts) > 1 else str(part) for part in self.parts]
        return (" and " if self.every else " or ").join(said)


@dataclass(frozen=True, eq=False)
class Expression:
    """A Boolean Polars expression over the catalogue's table; null is false."""

    expression: pl.Expr

    def __str__(self) -> str:
        return str(self.expression)


Where = Values | Range | Missing | Joined | Expression
"""A filter that has been read. Hashable; equal filters are equal (Polars expressions by identity)."""


def parse(said: Any, schema: Mapping[str, pl.DataType]) -> Where:
    """Read a filter for a table of this schema; `said` may also be None (no filter) or one that was read before.

    UserError naming the key, the column and the fix where it cannot be read.
    """
    return said if isinstance(said, Where) else _read(said, schema, "filter", negated=False)


def _read(said: Any, schema: Mapping[str, pl.DataType], where: str, negated: bool) -> Where:
    """Negations are pushed down to the leaves (De Morgan), where they are exact about missing values."""
    if said is None:
        return Joined((), not negated)
    if isinstance(said, pl.Expr):
        return Expression(~said if negated else said)
    if not isinstance(said, Mapping):
        raise UserError(f'{where}: expected {{"column": condition, …}}, not {_shown(said)}')
    parts: list[Where] = []
    for key, value in said.items():
        at = f"{where}.{key}"
        if not isinstance(key, str):
            raise UserError(f"{where}: {key!r} is not the name of a column")
        if key in ("any", "all"):
            if not isinstance(value, Sequence) or isinstance(value, str):
                raise UserError(f"{at}: expected a list of filters, not {_shown(value)}")
            read = tuple(_read(one, schema, f"{at}[{i}]", negated) for i, one in enumerate(value))
            parts.append(Joined(read, (key == "all") != negated))
        elif key == "not":
            parts.append(_read(value, schema, at, not negated))
        elif key not in schema:
            hint = nearest(key, [*schema, *JOINS])
            raise UserError(f"{where}: the catalogue has no column {key!r}; {hint}")
        else:
            parts.append(_condition(key, value, schema[key], at, negated))
    return parts[0] if len(parts) == 1 else Joined(tuple(parts), not negated)


def _condition(column: str, said: Any, dtype: pl.DataType, at: str, negated: bool) -> Where:
    kind = kind_of(dtype)
    if kind is None:
        raise UserError(f"{at}: filters cannot read a column of type {dtype}; use a Polars expression")
    if not isinstance(said, Mapping):
        return _values(column, said, kind, at, negated)
    unknown = [key for key in said if key not in KEYS]
    if unknown or not said:
        hint = nearest(str(unknown[0]), KEYS) if unknown else f"known: {', '.join(KEYS)}"
        raise UserError(f"{at}: {f'no such key {unknown[0]!r}' if unknown else 'an empty condition'}; {hint}")
    parts: list[Where] = []
    if "not" in said:
        if isinstance(said["not"], Mapping):
            parts.append(_condition(column, said["not"], dtype, f"{at}.not", not negated))
        else:
            parts.append(_values(column, said["not"], kind, f"{at}.not", not negated))
    if "missing" in said:
        if not isinstance(said["missing"], bool):
            raise UserError(f"{at}.missing: expected true or false, not {_shown(said['missing'])}")
        parts.append(Missing(column, said["missing"] == negated))
    if any(key in said for key in ("min", "max", "above", "below")):
        parts.append(_range(column, said, kind, dtype, at, negated))
    return parts[0] if len(parts) == 1 else Joined(tuple(parts), not negated)


def _values(column: str, said: Any, kind: str, at: str, negated: bool) -> Where:
    several = isinstance(said, list | tuple | set | frozenset | np.ndarray | pl.Series)
    listed = list(said) if several else [said]
    values = dict.fromkeys(_value(one, kind, column, at) for one in listed if one is not None)
    if None not in listed:
        return Values(column, tuple(values), negated)
    missing = Missing(column, negated)
    return Joined((Values(column, tuple(values), negated), missing), negated) if values else missing


def _range(column: str, said: Mapping[str, Any], kind: str, dtype: pl.DataType, at: str, negated: bool) -> Range:
    if isinstance(dtype, pl.List | pl.Array) or kind in ("text", "boolean"):
        what = "a list" if isinstance(dtype, pl.List | pl.Array) else kind
        raise UserError(f"{at}: a range is for numbers and dates, and {column!r} is {what}; name the values instead")
    for inclusive, exclusive in (("min", "above"), ("max", "below")):
        if inclusive in said and exclusive in said:
            raise UserError(f"{at}: both {inclusive!r} and {exclusive!r}; keep one of them")
    bound: dict[str, Any] = {}
    for key in ("min", "above", "max", "below"):
        if said.get(key) is not None:
            bound[key] = _value(said[key], kind, column, f"{at}.{key}")
    if not bound:
        raise UserError(f"{at}: a range without a bound; give min, max, above or below")
    low, high = bound.get("min", bound.get("above")), bound.get("max", bound.get("below"))
    if low is not None and high is not None and _moment(low) > _moment(high):
        names = [key for key in ("min", "above", "max", "below") if key in bound]
        raise UserError(f"{at}: {names[0]} {_said(low)} lies beyond {names[1]} {_said(high)}; swap them")
    return Range(column, low, high, "above" in bound, "below" in bound, negated)


def kind_of(dtype: pl.DataType) -> str | None:
    """text, boolean, integer, number, date or datetime, of a list column that of its values; None for another."""
    if isinstance(dtype, pl.List | pl.Array):
        inner = cast(pl.DataType, dtype.inner)
        return None if isinstance(inner, pl.List | pl.Array) else kind_of(inner)
    if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        return "text"
    if isinstance(dtype, pl.Boolean):
        return "boolean"
    if dtype.is_integer():
        return None if dtype in (pl.Int128, pl.UInt128) else "integer"
    if dtype.is_numeric():
        return "number"
    return {pl.Date: "date", pl.Datetime: "datetime"}.get(dtype.base_type())


def _value(said: Any, kind: str, column: str, at: str) -> Value:
    """`said` as a value of the column's kind."""
    if isinstance(said, np.generic):
        said = said.item()
    if kind == "text" and isinstance(said, str):
        return said
    if kind == "boolean" and isinstance(said, bool):
        return said
    if kind in ("integer", "number") and isinstance(said, int | float) and not isinstance(said, bool):
        try:
            finite = math.isfinite(said) if isinstance(said, float) or kind == "number" else True
        except OverflowError:
            finite = False
        if not finite:
            raise UserError(f"{at}: {said} is not a number to compare {column!r} with; give a finite one")
        return said
    if kind in ("date", "datetime") and isinstance(said, str | dt.date):
        return _date(said, kind, column, at)
    wanted = {"text": "text", "boolean": "true or false", "integer": "a number", "number": "a number"}
    raise UserError(f"{at}: {column!r} is {kind}: expected {wanted.get(kind, 'a date')}, not {_shown(said)}")


def _date(said: str | dt.date, kind: str, column: str, at: str) -> dt.date:
    if isinstance(said, str):
        try:
            said = dt.date.fromisoformat(said) if len(said) <= 10 else dt.datetime.fromisoformat(said)
        except ValueError as error:
            form = "2024-01-31" if kind == "date" else "2024-01-31 or 2024-01-31T12:00:00"
            raise UserError(f"{at}: {said!r} is not a date ({error}); write {form}") from error
    if kind == "date":
        if isinstance(said, dt.datetime):
            raise UserError(f"{at}: {column!r} holds dates without a time of day, not {said.isoformat()}; give the day")
        return said
    return said if isinstance(said, dt.datetime) else dt.datetime(said.year, said.month, said.day)


def _moment(value: Any) -> Any:
    """Comparable with others of its column: of two datetimes one may have a time zone and the other none."""
    if isinstance(value, dt.datetime):
        return value if value.tzinfo else value.replace(tzinfo=dt.UTC)
    return value


def _said(value: Value) -> str:
    return value.isoformat() if isinstance(value, dt.date) else repr(value)


def _shown(value: Any) -> str:
    """A value in an error: short, with its type."""
    text = repr(value)
    return f"{text if len(text) <= 60 else text[:57] + '…'} ({type(value).__name__})"
