"""The one training loop: batches, optimizer, schedule, validation, early stopping, exact resume. Knows no recommender."""

from __future__ import annotations

from genrec.loop.batches import by_length, shuffled
from genrec.loop.training import LoopConfig, Record, train

__all__ = ["LoopConfig", "Record", "by_length", "shuffled", "train"]
