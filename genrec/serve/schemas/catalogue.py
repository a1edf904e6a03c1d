"""What there is to filter by."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class Value(BaseModel):
    """A value of a column and how many available items have it."""

    value: str | bool | int | float
    count: int


class Column(BaseModel):
    """A column that filters can name. values: frequent ones first, at most 50, none where hardly two items share one.

    min, max: of numbers and dates (ISO 8601), over the available items; null where none has a value.
    """

    name: str
    kind: Literal["text", "boolean", "integer", "number", "date", "datetime"]
    several: bool = Field(False, description="An item may have more than one value.")
    distinct: int = Field(description="Different values.")
    missing: int = Field(description="Available items without a value.")
    values: list[Value] = []
    min: float | str | None = None
    max: float | str | None = None


class Catalogue(BaseModel):
    """items: those that can be recommended now. columns: in the catalogue's order."""

    version: int
    items: int
    columns: list[Column]
