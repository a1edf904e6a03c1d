"""A workspace: one folder per experiment, in which every stage keeps what it made.

    runs/demo/
      workspace.json        schema and version of what stands here
      experiment.json       the recipe it was last worked on with
      data/ embed/ sid/ …   a finished stage: its outputs and manifest.json, which was written last
      train.part/           a stage that was begun: plan, half-made outputs, and scratch/ with its checkpoints
      versions/1/ …         former versions, each a complete set of stages
      staging/              the next version while it is being made

A stage appears all at once or not at all: it is made in `<stage>.part` and renamed. What it was made from (recipe,
seed, contents of its inputs) stands in its manifest; while that is unchanged, the stage is not made again.
"""

from __future__ import annotations

from genrec.workspace.folder import ABOUT, Stage, Workspace
from genrec.workspace.guard import Busy
from genrec.workspace.manifest import SCHEMA, Manifest, Output, Plan

__all__ = ["ABOUT", "SCHEMA", "Busy", "Manifest", "Output", "Plan", "Stage", "Workspace"]
