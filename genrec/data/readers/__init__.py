"""Readers: other people's files in, `(Catalog, Interactions, BadRows)` out."""

from genrec.data.readers.badrows import BadRows, Source
from genrec.data.readers.s3rec import read_s3rec
from genrec.data.readers.tabular import read_events, read_items, read_tabular
from genrec.data.readers.unisrec import read_unisrec

__all__ = ["BadRows", "Source", "read_events", "read_items", "read_s3rec", "read_tabular", "read_unisrec"]
