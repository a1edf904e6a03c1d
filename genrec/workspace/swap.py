"""Exchanging the stages of a workspace for another version's, so that a kill at any moment loses neither.

A swap is a handful of renames. What is to be done is written into swap.json first; as long as that file is there, the
swap is carried to its end at the next opening, or taken back where the new stages have gone meanwhile.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from genrec import progress
from genrec.workspace.manifest import NAME, read_json, write_json

JOURNAL = "swap.json"
VERSIONS = "versions"


def stages_in(folder: Path) -> list[str]:
    """Finished stages: the folders with a manifest."""
    return sorted(path.parent.name for path in folder.glob(f"*/{NAME}") if path.parent.suffix != ".part")


def versions_in(folder: Path) -> list[int]:
    """Numbers of the former versions kept."""
    found = (path for path in (folder / VERSIONS).glob("*") if path.name.isdigit() and stages_in(path))
    return sorted(int(path.name) for path in found)


def swap(folder: Path, incoming: Path, current: int, becomes: int) -> None:
    """Put the stages of `incoming` in the place of the folder's own, which go to versions/<current>."""
    journal = {
        "out": stages_in(folder),
        "to": f"{VERSIONS}/{current}",
        "in": stages_in(incoming),
        "from": os.path.relpath(incoming, folder),
        "becomes": becomes,
    }
    write_json(folder / JOURNAL, journal)
    finish(folder)


def finish(folder: Path) -> None:
    """Carry out what the journal says, from wherever a kill left it. Every step may be done twice."""
    journal = read_json(folder / JOURNAL)
    if journal is None:
        return
    leaving, coming = journal["out"], journal["in"]
    kept, source = folder / journal["to"], folder / journal["from"]

    def arrived(stage: str) -> bool:
        return (folder / stage).exists() and (stage not in leaving or (kept / stage).exists())

    if any(not (source / stage).exists() and not arrived(stage) for stage in coming):
        progress.say(f"{folder}: the new version is incomplete, keeping the former one")
        source.mkdir(parents=True, exist_ok=True)
        for stage in coming:
            if arrived(stage):
                os.rename(folder / stage, source / stage)
        for stage in leaving:
            if (kept / stage).exists():
                os.rename(kept / stage, folder / stage)
        with suppress(OSError):
            kept.rmdir()
        (folder / JOURNAL).unlink()
        return

    kept.mkdir(parents=True, exist_ok=True)
    for stage in leaving:
        if (folder / stage).exists() and not (kept / stage).exists():
            os.rename(folder / stage, kept / stage)
    for stage in coming:
        if (source / stage).exists():
            os.rename(source / stage, folder / stage)
    about = read_json(folder / "workspace.json") or {}
    write_json(folder / "workspace.json", about | {"version": journal["becomes"]})
    (folder / JOURNAL).unlink()
    _remove_shell(source)


def _remove_shell(folder: Path) -> None:
    """What is left of a workspace whose stages have moved out; anything that is not a workspace's stays."""
    for part in folder.glob("*.part"):
        if part.is_dir():
            shutil.rmtree(part)
    for name in ("workspace.json", "workspace.lock", "experiment.json"):
        (folder / name).unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()
