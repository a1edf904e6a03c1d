"""Items and events from CSV, TSV, Parquet or JSON lines, each in any of them.

Columns are recognised by common names or mapped, ours to theirs: {"user_id": "uid", "item_id": "asin"}.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import polars as pl

from genrec.data.catalog import COLUMNS, Catalog
from genrec.data.interactions import SCHEMA, Interactions
from genrec.data.readers import columns as cols
from genrec.data.readers.badrows import ROW, BadRows, Source
from genrec.data.readers.columns import Columns
from genrec.data.readers.images import check_images, from_template
from genrec.data.readers.tables import is_untyped, read_table
from genrec.data.readers.times import as_integers
from genrec.errors import UserError

ROW_ORDER = "row order"


def read_tabular(
    events: Path,
    items: Path | None,
    *,
    event_columns: Columns | None = None,
    item_columns: Columns | None = None,
    image_folder: Path | None = None,
    on_duplicate: Literal["error", "first"] = "error",
    skip_bad_rows: bool = False,
) -> Source:
    """`read_items` and `read_events` together.

    items: None makes a catalogue of bare ids, in order of first appearance, which has nothing for content
    embeddings to read.
    """
    bad_rows = BadRows(skip_bad_rows)
    if items is None:
        interactions = read_events(events, None, event_columns, bad_rows)
        catalog = Catalog(interactions.table.select(pl.col("item_id").unique(maintain_order=True)))
        return Source(catalog, interactions, bad_rows)
    catalog = read_items(items, item_columns, bad_rows, image_folder=image_folder, on_duplicate=on_duplicate)
    return Source(catalog, read_events(events, catalog, event_columns, bad_rows), bad_rows)


def read_items(
    path: Path,
    columns: Columns | None = None,
    bad_rows: BadRows | None = None,
    *,
    image_folder: Path | None = None,
    on_duplicate: Literal["error", "first"] = "error",
) -> Catalog:
    """The catalogue in `path`, items in the order of its rows.

    columns may map item_id, title, text and image. text: one column or several, joined; unmapped, a column of that
    name, else title, brand, categories and description, as far as they are there. image: a column of paths or a
    template such as "posters/{movie_id}.jpg", either relative to image_folder or else to the folder of `path`.
    All other columns stay as attributes; in CSV those that are numbers throughout become numbers.
    on_duplicate: "first" keeps the first row of an item_id and lists the others in bad_rows.

    Raises UserError with file, row and fix for an empty file, a missing column, an item without id, a second row of
    one id, a picture that is not there or does not decode, an item with neither text nor picture.
    """
    columns, bad_rows = columns or {}, BadRows() if bad_rows is None else bad_rows
    table = read_table(path, bad_rows)
    present = [name for name in table.columns if name != ROW]
    cols.check(columns, COLUMNS, present, path)
    ids = cols.need("item_id", columns, present, path, "item_columns")
    title, texts = cols.find("title", columns, present), cols.text_sources(columns, present)
    image = _image(columns, table)
    if title is None and not texts and image is None:
        raise UserError(
            f"{path} has no column for title, text or image, of which every item needs one. "
            f"It has {', '.join(present)}: name the right ones in item_columns, --set data.item_columns.text=THEIR_NAME"
        )

    # 1. Identity.
    table = table.with_columns(cols.identifier(table, ids).alias("#id"))
    table = bad_rows.sift(path, table, pl.col("#id").is_null(), pl.lit(f"no item id in column {ids!r}"), "Give it one")
    first = pl.col(ROW).first().over("#id")
    reason = pl.format("item_id '{}' stands in row {} already", pl.col("#id"), pl.col("#first"))
    table = table.with_columns(first.alias("#first"))
    if on_duplicate == "first":
        listed, fix = bad_rows.listing(), ""
    else:
        listed, fix = (
            bad_rows,
            'Keep one of them, or the first of each by on_duplicate="first", --set data.first_of_duplicates=true',
        )
    table = listed.sift(path, table, pl.col(ROW) != pl.col("#first"), reason, fix).drop("#first")

    # 2. Content.
    nothing = pl.lit(None, dtype=pl.String)
    used = {ids, title, image, *COLUMNS} | ({texts[0]} if len(texts) == 1 else set())
    attributes = [name for name in present if name not in used]
    table = table.select(
        ROW,
        pl.col("#id").alias("item_id"),
        (nothing if title is None else cols.plain(table, title)).alias("title"),
        (cols.compose(table, texts) if texts else nothing).alias("text"),
        (nothing if image is None else _image_path(image, table, path)).alias("image"),
        *attributes,
    )
    if is_untyped(path):
        table = cols.typed(table, attributes)
    root = None
    if image is not None:
        root = image_folder or path.parent
        table = check_images(table, root, path, bad_rows, promised=image in present)
    bare = pl.col("text").is_null() & pl.col("image").is_null()
    reason = pl.format("item_id '{}' has neither text nor image", "item_id")
    table = bad_rows.sift(path, table, bare, reason, "Give it a title, a text or an image, or take the item out")
    if not table.height:
        raise UserError(f"{path}: no usable item is left, {bad_rows.count} bad row(s) were passed over")
    return Catalog(table.drop(ROW), root)


def read_events(
    path: Path, catalog: Catalog | None, columns: Columns | None = None, bad_rows: BadRows | None = None
) -> Interactions:
    """The events in `path`, in the order of its rows.

    columns may map user_id, item_id and timestamp; {"timestamp": "row order"} takes the row's number for the time.
    Times: see `genrec.data.readers.times.as_integers`. catalog: the items there are (None: any).

    Raises UserError with file, row and fix for an empty file, a missing column, an event without user or item, an
    unreadable time, an item that the catalogue lacks.
    """
    columns, bad_rows = columns or {}, BadRows() if bad_rows is None else bad_rows
    table = read_table(path, bad_rows)
    present = [name for name in table.columns if name != ROW]
    cols.check(columns, tuple(SCHEMA), present, path)
    user = cols.need("user_id", columns, present, path, "event_columns")
    item = cols.need("item_id", columns, present, path, "event_columns")
    hint = f", or take the rows in their order with {ROW_ORDER!r} for the name"
    if columns.get("timestamp") == ROW_ORDER:
        time = ROW
    else:
        time = cols.need("timestamp", columns, present, path, "event_columns", hint)
    table = table.select(
        pl.col(ROW),
        cols.identifier(table, user).alias("user_id"),
        cols.identifier(table, item).alias("item_id"),
        as_integers(table[time]).alias("timestamp"),
        pl.col(time).alias("#time"),
    )
    for key, name in (("user_id", user), ("item_id", item)):
        missing = pl.lit(f"no {key} in column {name!r}")
        table = bad_rows.sift(path, table, pl.col(key).is_null(), missing, "Fill it in")
    value = pl.col("#time").cast(pl.String) if not table.schema["#time"].is_nested() else pl.lit("(a list or object)")
    unreadable = pl.format(f"cannot read the time '{{}}' in column {time!r}", value.fill_null(""))
    fix = "Write it as a number or as ISO 8601, 2024-05-31T12:00:00Z"
    table = bad_rows.sift(path, table, pl.col("timestamp").is_null(), unreadable, fix)
    if catalog is not None:
        table = known_items(path, table, catalog, bad_rows)
    if not table.height:
        raise UserError(f"{path}: no usable event is left, {bad_rows.count} bad row(s) were passed over")
    return Interactions(table.select(list(SCHEMA)))


def known_items(path: Path, events: pl.DataFrame, catalog: Catalog, bad_rows: BadRows) -> pl.DataFrame:
    """`events` (with `ROW` and item_id) without those of items that the catalogue lacks, which are bad rows."""
    unknown = ~pl.col("item_id").is_in(catalog.table["item_id"].implode())
    reason = pl.format("item_id '{}' is not in the catalogue", "item_id")
    return bad_rows.sift(path, events, unknown, reason, "Add the item to the catalogue or take the event out")


def _image(columns: Columns, table: pl.DataFrame) -> str | None:
    """The column or template of images; unasked only a column of texts that are no web addresses."""
    image = cols.find("image", columns, table.columns)
    if image is None or "image" in columns:
        return image
    if table.schema[image] != pl.String or table[image].str.contains("://", literal=True).any():
        return None
    return image


def _image_path(image: str, table: pl.DataFrame, path: Path) -> pl.Expr:
    if image not in table.columns:
        return from_template(image, [name for name in table.columns if not name.startswith("#")], path)
    if table.schema[image] != pl.String:
        raise UserError(f"{path}: the column {image!r} holds no paths of image files but {table.schema[image]}")
    text = pl.col(image).str.strip_chars()
    return pl.when(text != "").then(text)
