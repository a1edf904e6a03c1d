"""S3-Rec's format (Zhou et al., CIKM 2020): sequences.txt, «user item item …» oldest first, beside items.jsonl."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from genrec.data.interactions import SCHEMA, Interactions
from genrec.data.readers.badrows import ROW, BadRows, Source
from genrec.data.readers.tables import read_lines
from genrec.data.readers.tabular import known_items, read_items
from genrec.errors import UserError


def read_s3rec(folder: Path, *, skip_bad_rows: bool = False) -> Source:
    """Items in the order of items.jsonl under its column `id`, which is what sequences.txt speaks of.

    text is made of the title (or short_title), brand and categories (or brand_and_categories); times are positions.

    Raises UserError as `read_items` does and, with file and row, for a line without items, a second line of one user,
    an item that items.jsonl lacks.
    """
    bad_rows = BadRows(skip_bad_rows)
    items, path = folder / "items.jsonl", folder / "sequences.txt"
    catalog = read_items(items, {"item_id": "id"}, bad_rows)

    lines = read_lines(path).with_columns(pl.col("line").str.extract_all(r"\S+").alias("ids"))
    alone = pl.col("ids").list.len() < 2
    lines = bad_rows.sift(path, lines, alone, pl.lit("a user without items"), "Write «user item item …»")
    user, items_of = pl.col("ids").list.first().alias("user_id"), pl.col("ids").list.slice(1).alias("item_id")
    lines = lines.with_columns(user, items_of)
    reason = pl.format("user {} has a line already", "user_id")
    lines = bad_rows.sift(path, lines, ~pl.col("user_id").is_first_distinct(), reason, "Keep one line for each")
    times = pl.int_ranges(0, pl.col("item_id").list.len(), dtype=pl.Int64).alias("timestamp")
    events = lines.select(ROW, "user_id", "item_id", times).explode("item_id", "timestamp")
    events = known_items(path, events, catalog, bad_rows)
    if not events.height:
        raise UserError(f"{path}: no usable event is left, {bad_rows.count} bad row(s) were passed over")
    return Source(catalog, Interactions(events.select(list(SCHEMA))), bad_rows)
