"""The data room: catalogue, events, readers, cleaning, splits. Nothing here needs torch."""

from genrec.data.catalog import Catalog
from genrec.data.cleaning import deduplicate, k_core, stable_order
from genrec.data.interactions import Interactions, Sequences
from genrec.data.readers import BadRows, Source, read_s3rec, read_tabular, read_unisrec
from genrec.data.splits import Evaluation, Split, cold_items, cold_of, global_time, leave_one_out

__all__ = [
    "BadRows",
    "Catalog",
    "Evaluation",
    "Interactions",
    "Sequences",
    "Source",
    "Split",
    "cold_items",
    "cold_of",
    "deduplicate",
    "global_time",
    "k_core",
    "leave_one_out",
    "read_s3rec",
    "read_tabular",
    "read_unisrec",
    "stable_order",
]
