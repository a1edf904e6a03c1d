"""Timestamps of any source as 64-bit integers."""

from __future__ import annotations

import polars as pl

_DATE = r"^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?\s*(Z|[+-]\d{2}(?::?\d{2})?)?$"


def as_integers(column: pl.Series) -> pl.Series:
    """Int64 (n,), null where a value is missing or unreadable.

    - Integers stay as they are, in their own unit. Text that is a number counts as that number.
    - Floats that are all whole become those integers. If one has a fraction the column is in Unix seconds
      (or, from 1e11 on, already finer), and all of it becomes Unix milliseconds, rounded.
    - Dates, datetimes and ISO 8601 text become Unix milliseconds; without a zone they are UTC.

    A column of text is one or the other, numbers or dates, whichever fits more of it: two units never mix.
    """
    kind = column.dtype
    if kind.is_integer():
        return column.cast(pl.Int64, strict=False)
    if kind.is_float():
        return _floats(column)
    if isinstance(kind, pl.Datetime | pl.Date):
        return column.cast(pl.Datetime("ms", getattr(kind, "time_zone", None))).dt.epoch("ms")
    if kind != pl.String:
        return pl.Series(column.name, [None] * len(column), dtype=pl.Int64)
    text = column.str.strip_chars()
    numbers = text.cast(pl.Float64, strict=False)
    dates = _dates(text)
    if dates.null_count() <= numbers.null_count():
        return dates
    whole = text.cast(pl.Int64, strict=False)
    return whole if whole.null_count() == numbers.null_count() else _floats(numbers)


def _floats(column: pl.Series) -> pl.Series:
    values = column.cast(pl.Float64)
    finite = values.filter(values.is_finite())
    if (finite != finite.round()).any():
        seconds = finite.abs().max() < 1e11  # type: ignore[operator]
        values = (values * 1000 if seconds else values).round()
    return values.cast(pl.Int64, strict=False)


def _dates(text: pl.Series) -> pl.Series:
    frame = text.to_frame("text").select(pl.col("text").str.extract_groups(_DATE).struct.unnest())
    date, time, zone = (pl.col(name) for name in frame.columns)
    time = time.fill_null("00:00")
    time = pl.when(time.str.len_chars() == 5).then(time + ":00").otherwise(time)
    moment = (date + " " + time).str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False, time_unit="ms").dt.epoch("ms")
    digits = zone.str.replace_all(":", "")
    minutes = digits.str.slice(1, 2).cast(pl.Int64, strict=False) * 60
    minutes += digits.str.slice(3, 2).cast(pl.Int64, strict=False).fill_null(0)
    sign = pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    return frame.select(moment - (sign * minutes).fill_null(0) * 60_000).to_series().alias(text.name)
