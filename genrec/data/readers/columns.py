"""Which of a file's columns is which of ours, and how a text is made of several."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from genrec.errors import UserError, nearest

Columns = Mapping[str, str | Sequence[str]]
"""From our name to theirs, e.g. {"user_id": "uid", "text": ["title", "plot"]}."""

# In order of preference; compared without case, spaces, dashes, underscores and RecBole's «:token».
_KNOWN = {
    "user_id": ("userid", "user", "uid", "customerid", "customer", "reviewerid"),
    "item_id": ("itemid", "item", "movieid", "asin", "productid", "product", "sku", "id"),
    "timestamp": ("timestamp", "time", "unixtimestamp", "unixtime", "unixreviewtime", "datetime", "date", "ts"),
    "title": ("title", "name", "itemname", "productname", "shorttitle"),
    "text": ("text",),
    "image": ("image", "imagepath", "imagefile", "img", "picture"),
    "brand": ("brand", "manufacturer"),
    "categories": ("categories", "category", "genres", "genre"),
    "brand_and_categories": ("brandandcategories",),
    "description": ("description", "overview", "summary", "plot"),
}
_TEXT_PARTS = ("title", "brand", "categories", "brand_and_categories", "description")


def _squash(name: str) -> str:
    return re.sub(r"[\s_\-]", "", name.split(":")[0]).lower()


def check(columns: Columns, ours: Sequence[str], present: Sequence[str], path: Path) -> None:
    """UserError for a mapping with a key that is not among `ours` or a value that the file does not have.

    Templates (with braces) and «row order» are looked at where they are used.
    """
    for key, value in columns.items():
        if key not in ours:
            raise UserError(f"column mapping for {path}: unknown key {key!r}, {nearest(key, ours)}")
        for name in [value] if isinstance(value, str) else value:
            spelt_out = (key == "image" and "{" in name) or (key == "timestamp" and name == "row order")
            if not spelt_out and name not in present:
                raise UserError(
                    f"{path} has no column {name!r} (mapped to {key}), {nearest(name, present)}. "
                    f"It has {', '.join(present)}"
                )


def find(key: str, columns: Columns, present: Sequence[str]) -> str | None:
    """The file's column for `key`: the mapped one, else one of a common name, else None."""
    if key in columns:
        return str(columns[key])
    squashed: dict[str, str] = {}
    for name in present:
        squashed.setdefault(_squash(name), name)
    return next((squashed[name] for name in _KNOWN[key] if name in squashed), None)


def need(key: str, columns: Columns, present: Sequence[str], path: Path, mapping: str, hint: str = "") -> str:
    """`find`, or UserError that names the file, the columns present and the way to map one in `mapping`."""
    found = find(key, columns, present)
    if found is None:
        raise UserError(
            f"{path} has no column for {key}. It has {', '.join(present)}: "
            f"name the right one in {mapping}, --set data.{mapping}.{key}=THEIR_NAME{hint}"
        )
    return found


def text_sources(columns: Columns, present: Sequence[str]) -> list[str]:
    """What `text` is made of: the columns mapped; else one called text; else title, brand, categories, description."""
    if "text" in columns:
        mapped = columns["text"]
        return [mapped] if isinstance(mapped, str) else list(mapped)
    whole = find("text", {}, present)
    if whole is not None:
        return [whole]
    parts = (find(key, columns if key in ("title",) else {}, present) for key in _TEXT_PARTS)
    return list(dict.fromkeys(part for part in parts if part is not None))


def identifier(table: pl.DataFrame, name: str) -> pl.Expr:
    """A column as ids: text as it stands, whole floats (integers with gaps) without their «.0», empty is null."""
    column = pl.col(name)
    if table.schema[name].is_float():
        whole = column.cast(pl.Int64, strict=False)
        return pl.when(whole == column).then(whole.cast(pl.String)).otherwise(column.fill_nan(None).cast(pl.String))
    if table.schema[name].is_nested():
        raise UserError(f"the column {name!r} holds lists or objects and cannot name users or items: map another")
    text = column.cast(pl.String)
    return pl.when(text.str.strip_chars() != "").then(text)


def plain(table: pl.DataFrame, name: str) -> pl.Expr:
    """A column as lines of text: lists joined by commas, HTML entities resolved, spaces collapsed, empty is null."""
    kind: Any = table.schema[name]
    column = pl.col(name)
    if isinstance(kind, pl.Struct):
        column = column.struct.json_encode()
    elif isinstance(kind, pl.List) and isinstance(kind.inner, pl.List):
        inner = pl.element().cast(pl.List(pl.String)).list.drop_nulls().list.join(", ")
        column = column.list.eval(inner).list.join(", ")
    elif isinstance(kind, pl.List) and isinstance(kind.inner, pl.Struct):
        column = column.list.eval(pl.element().struct.json_encode()).list.join(", ")
    elif isinstance(kind, pl.List):
        column = column.cast(pl.List(pl.String)).list.drop_nulls().list.join(", ")
    text = column.cast(pl.String).map_batches(_unescape, return_dtype=pl.String)
    text = text.str.replace_all(r"\s+", " ").str.strip_chars()
    if _squash(name) in _KNOWN["brand"]:
        text = pl.when(text.str.to_lowercase() != "unknown").then(text)
    return pl.when(text != "").then(text)


def compose(table: pl.DataFrame, sources: Sequence[str]) -> pl.Expr:
    """The columns `sources` as one text, «title. brand. categories. description»; null where all are empty."""
    if len(sources) == 1:
        return plain(table, sources[0])
    parts = [plain(table, name).str.strip_chars_end(". ") for name in sources]
    text = pl.concat_str(parts, separator=". ", ignore_nulls=True)
    return pl.when(text != "").then(text)


def typed(table: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Text columns of which every value is a plain number as numbers; 007 and the like stay text."""
    casts: list[pl.Series] = []
    for name in names:
        column = table[name]
        if column.dtype != pl.String or column.null_count() == len(column):
            continue
        whole = column.cast(pl.Int64, strict=False)
        if whole.null_count() == column.null_count():
            if (whole.cast(pl.String) == column).all():
                casts.append(whole)
            continue
        number = column.cast(pl.Float64, strict=False)
        if number.null_count() == column.null_count() and not column.str.contains(r"^-?0\d").any():
            casts.append(number)
    return table.with_columns(casts)


def _unescape(column: pl.Series) -> pl.Series:
    if not column.str.contains("&", literal=True).any():
        return column
    return pl.Series([html.unescape(text) if text and "&" in text else text for text in column], dtype=pl.String)
