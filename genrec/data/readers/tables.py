"""One file of rows (CSV, TSV, Parquet, JSON lines) as a frame, with its row numbers.

Polars reads. Only where it gives up is the file read again, slowly, line by line, to say which row is at fault.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from pathlib import Path
from typing import Any

import polars as pl

from genrec.data.readers.badrows import ROW, BadRows
from genrec.errors import UserError

_SEPARATORS = {".csv": ",", ".tsv": "\t"}
_SUFFIXES = (*_SEPARATORS, ".parquet", ".jsonl", ".ndjson")


def read_table(path: Path, bad_rows: BadRows) -> pl.DataFrame:
    """The rows of `path` under the columns of the file, and `ROW`. CSV and TSV columns are all String.

    .csv, .tsv, .jsonl, .ndjson (each also with .gz) or .parquet, by the name; text is UTF-8. Blank lines are no rows.
    Raises UserError for a missing, unreadable or empty file and, unless skipped, a row that cannot be parsed.
    """
    if not path.is_file():
        raise UserError(f"there is no file {path}")
    suffix = _suffix(path)
    if suffix not in _SUFFIXES:
        raise UserError(f"{path}: cannot tell its format from the name; known: {', '.join(_SUFFIXES)}")
    if path.stat().st_size == 0:
        raise UserError(f"{path} is empty: there must be a row for each item or event")
    try:
        table = _quickly(path, suffix)
    except (pl.exceptions.PolarsError, OSError) as error:
        if suffix == ".parquet":
            raise UserError(f"{path} is not a readable Parquet file ({error}): write it again") from error
        text = _text(path)
        table = _jsonl(path, text, bad_rows) if suffix in (".jsonl", ".ndjson") else _csv(path, text, suffix, bad_rows)
    columns = [c for c in table.columns if c != ROW]
    table = table.filter(~pl.all_horizontal(pl.col(columns).is_null())) if columns else table.clear()
    if not table.height:
        has = f"columns {', '.join(columns)} but no rows" if columns else "no rows"
        raise UserError(f"{path} has {has}: there must be a row for each item or event")
    return table.rechunk()  # pl.format panics on columns in several chunks (Polars 2.1)


def is_untyped(path: Path) -> bool:
    """Whether the format knows no types, so that `read_table` gives text for everything."""
    return _suffix(path) in _SEPARATORS


def read_lines(path: Path) -> pl.DataFrame:
    """The lines of a text file as the column `line`, and `ROW` (from 1). Blank lines are no rows."""
    if not path.is_file():
        raise UserError(f"there is no file {path}")
    try:
        table = pl.read_csv(
            path, has_header=False, new_columns=["line"], separator="\n", quote_char=None, infer_schema=False
        )
    except pl.exceptions.NoDataError as error:
        raise UserError(f"{path} is empty") from error
    except pl.exceptions.PolarsError as error:
        _text(path)
        raise UserError(f"{path} is not a readable text file: {error}") from error
    table = table.with_columns(pl.col("line").str.strip_chars()).with_row_index(ROW, 1)
    return table.filter(pl.col("line").str.len_bytes() > 0).rechunk()


def _suffix(path: Path) -> str:
    return Path(path.name.removesuffix(".gz")).suffix.lower()


def _quickly(path: Path, suffix: str) -> pl.DataFrame:
    if suffix == ".parquet":
        return pl.read_parquet(path).with_row_index(ROW, 1)
    if suffix in _SEPARATORS:
        # No types are guessed: an id 007 must stay what it is.
        return pl.read_csv(path, separator=_SEPARATORS[suffix], infer_schema=False).with_row_index(ROW, 1)
    return pl.read_ndjson(path, infer_schema_length=None).with_row_index(ROW, 1)


def _text(path: Path) -> str:
    try:
        raw = gzip.decompress(path.read_bytes()) if path.name.endswith(".gz") else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read ({error}): copy it again") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"{path}, line {line}: byte 0x{raw[error.start]:02x} is not UTF-8 text: save the file as UTF-8 "
            f"(`iconv -f latin1 -t utf-8 {path.name}`)"
        ) from error


def _csv(path: Path, text: str, suffix: str, bad_rows: BadRows) -> pl.DataFrame:
    """The same as a quick read, by Python's csv module, which bears with stray quotes and knows where a row begins."""
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(lines, delimiter=_SEPARATORS[suffix])
    header = next(reader, [])
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise UserError(f"{path}: the column {twice!r} stands in the header twice: rename one")
    good: list[list[str | None]] = []
    numbers: list[int] = []
    faults: list[tuple[int, str]] = []
    begin = reader.line_num
    for number, fields in enumerate(reader, 1):
        span = f"lines {begin + 1} to {reader.line_num}" if reader.line_num > begin + 1 else f"line {begin + 1}"
        if reader.line_num == len(lines) and _open_quote("".join(lines[begin:]), _SEPARATORS[suffix]):
            faults.append((number, f"a quote is opened and never closed ({span})"))
        elif len(fields) > len(header):
            faults.append((number, f"{len(fields)} fields where the header has {len(header)} ({span})"))
        else:
            numbers.append(number)
            good.append([field or None for field in fields] + [None] * (len(header) - len(fields)))
        begin = reader.line_num
    found = pl.DataFrame(faults, schema={ROW: pl.UInt32, "why": pl.String}, orient="row")
    bad_rows.report(path, found, pl.col("why"), "Quote fields that contain the separator, close every quote")
    table = pl.DataFrame(good, schema=dict.fromkeys(header, pl.String), orient="row")
    return table.insert_column(0, pl.Series(ROW, numbers, dtype=pl.UInt32))


def _open_quote(record: str, separator: str) -> bool:
    try:
        list(csv.reader(io.StringIO(record), delimiter=separator, strict=True))
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False


def _jsonl(path: Path, text: str, bad_rows: BadRows) -> pl.DataFrame:
    """The same as a quick read, by Python's json module; a column of mixed types becomes JSON text."""
    good: list[dict[str, Any]] = []
    numbers: list[int] = []
    faults: list[tuple[int, str]] = []
    for number, line in enumerate((line for line in text.split("\n") if line.strip()), 1):
        try:
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError(f"a {type(row).__name__} where an object {{…}} is wanted")
        except ValueError as error:
            faults.append((number, f"not a JSON object: {error}"))
            continue
        numbers.append(number)
        good.append(row)
    found = pl.DataFrame(faults, schema={ROW: pl.UInt32, "why": pl.String}, orient="row")
    bad_rows.report(path, found, pl.col("why"), "Write one JSON object per line")
    columns: dict[str, pl.Series] = {ROW: pl.Series(numbers, dtype=pl.UInt32)}
    for name in dict.fromkeys(key for row in good for key in row):
        values = [row.get(name) for row in good]
        try:
            columns[name] = pl.Series(values)
        except (TypeError, pl.exceptions.PolarsError):
            as_text = [v if v is None or isinstance(v, str) else json.dumps(v, ensure_ascii=False) for v in values]
            columns[name] = pl.Series(as_text, dtype=pl.String)
    return pl.DataFrame(columns)
