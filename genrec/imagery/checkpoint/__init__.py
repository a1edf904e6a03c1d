"""Drawing with any diffusers checkpoint: Stable Diffusion 1.5, XL and 3, FLUX, and others with words alone.

`CheckpointPainter` draws; `training` tunes a checkpoint on a catalogue. Importing this is cheap.
"""

from __future__ import annotations

from genrec.imagery.checkpoint.painter import CheckpointPainter

__all__ = ["CheckpointPainter"]
