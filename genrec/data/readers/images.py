"""Product pictures beside the items file: where they are, and whether they open."""

from __future__ import annotations

import os
import string
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl

from genrec import progress
from genrec.data.readers.badrows import ROW, BadRows
from genrec.errors import UserError, nearest


def from_template(template: str, present: Sequence[str], path: Path) -> pl.Expr:
    """«posters/{movie_id}.jpg» over the file's columns; null where one of them is."""
    pieces = list(string.Formatter().parse(template))
    names = [name for _, name, _, _ in pieces if name is not None]
    for name in names:
        if name not in present:
            raise UserError(
                f"{path} has no column {name!r}, which the image template {template!r} names, {nearest(name, present)}"
            )
    pattern = "".join(literal + ("{}" if name is not None else "") for literal, name, _, _ in pieces)
    return pl.format(pattern, *[pl.col(name).cast(pl.String) for name in names])


def check_images(table: pl.DataFrame, root: Path, path: Path, bad_rows: BadRows, *, promised: bool) -> pl.DataFrame:
    """`table` with `image` null where no picture can be had; every picture is opened and decoded.

    promised: each name stands in the file, so that a file that is not there is a bad row. A template promises
    nothing for a single item: how many have none is said, and only if none has one is that an error.
    A bad picture never costs an item that has a text: with skipping on it is kept without the picture.
    """
    named = table.filter(pl.col("image").is_not_null())
    if not named.height:
        return table
    files = [root / image for image in named["image"]]
    with progress.bar("Checking images", len(files), "image") as shown, ThreadPoolExecutor(os.cpu_count()) as pool:
        faults: list[str | None] = []
        for fault in pool.map(_fault, files):
            faults.append(fault)
            shown.advance()
    named = named.select(ROW, "image", pl.Series("why", faults, dtype=pl.String)).filter(pl.col("why").is_not_null())
    absent = named.filter(pl.col("why") == "no such file")
    if absent.height == len(files):
        raise UserError(
            f"{path}: not one of its {len(files)} images is there, the first would be {files[0]}: mend the image folder"
        )
    if not promised and len(files) - absent.height < table.height:
        without = table.height - len(files) + absent.height
        progress.say(f"{path.name}: {without} of {table.height} items have no image file")
    said = named if promised else named.filter(pl.col("why") != "no such file")
    reason = pl.format(f"image {{}} in {root}: {{}}", "image", "why")
    kept = pl.lit("; the item is kept without it") if bad_rows.skip else pl.lit("")
    bad_rows.report(path, said, reason + kept, "Mend the file or empty the cell")
    gone = pl.col(ROW).is_in(named[ROW].implode())
    return table.with_columns(pl.when(~gone).then("image").alias("image"))


def _fault(file: Path) -> str | None:
    from PIL import Image

    if not file.is_file():
        return "no such file"
    try:
        with Image.open(file) as image:
            # verify() looks at a JPEG's head only; a truncated one shows when it is decoded, cheaply at reduced size.
            image.draft("RGB", (32, 32))
            image.load()
    except Exception as error:  # Pillow raises many kinds, all of which mean: not a picture that can be used
        return f"cannot be decoded ({error})"
    return None
