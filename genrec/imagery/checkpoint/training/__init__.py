"""Tuning a checkpoint on a catalogue: low-rank updates, the image prompt, items drawn into scenes."""

from __future__ import annotations

from genrec.imagery.checkpoint.training.examples import Example
from genrec.imagery.checkpoint.training.tuning import tune

__all__ = ["Example", "tune"]
