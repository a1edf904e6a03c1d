"""UniSRec's downstream folders (Hou et al., KDD 2022): NAME.text, NAME.{train,valid,test}.inter and two id maps.

The three .inter files are one leave-one-out split written out: a user's row in the test file is all the user did.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from genrec.data.catalog import Catalog
from genrec.data.interactions import SCHEMA, Interactions
from genrec.data.readers.badrows import ROW, BadRows, Source
from genrec.data.readers.tables import read_lines
from genrec.errors import UserError


def read_unisrec(folder: Path, *, skip_bad_rows: bool = False) -> Source:
    """Items in the order of NAME.item2index, with their text; the text's first sentence is the title.

    A user's events are the history and the target of the user's row in NAME.test.inter; their times are positions. A
    user who is not there is taken from the valid file, else from the train file (the longest row). Histories that
    were cut when the files were made stay cut. Ids are those of the two maps.

    Raises UserError for a missing file and, with file and row, for an item without text, a second row of one user, a
    user or item that the maps lack.
    """
    name, bad_rows = _name(folder), BadRows(skip_bad_rows)
    items, users = (_fields(folder / f"{name}.{kind}2index", ("id", "index")) for kind in ("item", "user"))

    # 1. The catalogue.
    texts = _fields(folder / f"{name}.text", ("id", "text"), header=True).unique("id", keep="first")
    items = items.join(texts.select("id", "text"), on="id", how="left", maintain_order="left")
    reason = pl.format(f"item {{}} has no text in {name}.text", "id")
    items = bad_rows.sift(folder / f"{name}.item2index", items, pl.col("text").is_null(), reason, "Add its text")
    title = pl.col("text").str.split(". ").list.first().str.strip_chars_end(".")
    catalog = Catalog(items.select(pl.col("id").alias("item_id"), title.alias("title"), "text"))

    # 2. The fullest row of every user.
    found: list[pl.DataFrame] = []
    for part in ("test", "valid", "train"):
        path = folder / f"{name}.{part}.inter"
        rows = _fields(path, ("user", "history", "target"), header=True)
        for earlier in found:
            rows = rows.join(earlier, on="user", how="anti", maintain_order="left")
        history = pl.concat_str("history", "target", separator=" ", ignore_nulls=True)
        rows = rows.with_columns(history.str.split(" ").alias("index"))
        if part == "train":
            rows = rows.filter(pl.col("index").list.len().rank("ordinal", descending=True).over("user") == 1)
        reason = pl.format("user {} has a row already", "user")
        rows = bad_rows.sift(path, rows, ~pl.col("user").is_first_distinct(), reason, "Keep one row for each user")
        found.append(_named(path, rows, users, items, bad_rows))
    events = pl.concat(found)
    if not events.height:
        raise UserError(f"{folder}: no usable event is left, {bad_rows.count} bad row(s) were passed over")
    return Source(catalog, Interactions(events.select(list(SCHEMA))), bad_rows)


def _named(path: Path, rows: pl.DataFrame, users: pl.DataFrame, items: pl.DataFrame, bad_rows: BadRows) -> pl.DataFrame:
    """One event per item of each row's `index` (list of String), under the users' and items' own ids."""
    users = users.select(pl.col("index").alias("user"), pl.col("id").alias("user_id"))
    rows = rows.join(users, on="user", how="left", maintain_order="left")
    reason = pl.format("user {} is not in user2index", "user")
    rows = bad_rows.sift(path, rows, pl.col("user_id").is_null(), reason, "Add the user to it")
    rows = rows.with_columns(pl.int_ranges(0, pl.col("index").list.len(), dtype=pl.Int64).alias("timestamp"))
    events = rows.select(ROW, "user", "user_id", "index", "timestamp").explode("index", "timestamp")
    items = items.select("index", pl.col("id").alias("item_id"))
    events = events.join(items, on="index", how="left", maintain_order="left")
    reason = pl.format("item {} is not in item2index or has no text", "index")
    return bad_rows.sift(path, events, pl.col("item_id").is_null(), reason, "Add the item")


def _name(folder: Path) -> str:
    names = sorted(path.stem for path in folder.glob("*.text"))
    if len(names) != 1:
        raise UserError(f"{folder} must hold one NAME.text file (UniSRec's layout), it has {names or 'none'}")
    return names[0]


def _fields(path: Path, names: tuple[str, ...], *, header: bool = False) -> pl.DataFrame:
    """Tab-separated `names` of every line, stripped, null where empty or not there, and `ROW`."""
    lines = read_lines(path)
    if header:
        lines = lines.with_columns(pl.col(ROW).cast(pl.Int64) - 1).filter(pl.col(ROW) > 0)
    parts = lines.select(pl.col(ROW).cast(pl.Int64), pl.col("line").str.split("\t").alias("parts"))
    fields = [pl.col("parts").list.get(i, null_on_oob=True).str.strip_chars().alias(n) for i, n in enumerate(names)]
    table = parts.select(ROW, *fields)
    return table.with_columns(pl.when(pl.col(n) != "").then(n).alias(n) for n in names)
