"""The one training loop: batches, optimizer, schedule, validation, early stopping, exact resume."""

from __future__ import annotations

from genrec.loop.batches import by_length, shuffled
from genrec.loop.checkpoint import Record
from genrec.loop.training import LoopConfig, train

__all__ = ["LoopConfig", "Record", "by_length", "shuffled", "train"]
