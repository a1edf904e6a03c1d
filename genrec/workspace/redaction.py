"""Taking something out of what finished stages hold, so that a kill leaves all of it there or all of it gone.

New files and manifests are made in RUN/redaction; the journal, written last, decides. From then on they are moved into
place, at the next opening if need be.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

from genrec.workspace.manifest import NAME, Manifest, Output, read_json, sha256, write_json
from genrec.workspace.swap import stages_in

FOLDER = "redaction"
_JOURNAL = "journal.json"

Target = Callable[[str], Path]
Change = Callable[[str, Path, Target], None]
"""Of a stage: its name, its folder, and `target(output)`, where a new version of that output is to be written."""


def begun(folder: Path) -> bool:
    return (folder / FOLDER).exists()


def redact(folder: Path, roots: list[Path], change: Change) -> None:
    """Ask `change` about every finished stage in `roots` (below `folder`, or it), and put what it wrote into place."""
    place = folder / FOLDER
    place.mkdir()
    moves: list[tuple[str, str]] = []
    numbers = count()
    for root in roots:
        for stage in stages_in(root):
            manifest = Manifest.read(root / stage)
            assert manifest is not None
            written: dict[str, Path] = {}

            def target(path: str, written: dict[str, Path] = written) -> Path:
                return written.setdefault(path, place / str(next(numbers)))

            change(stage, root / stage, target)
            if not written:
                continue
            outputs = tuple(_now(output, written.get(output.path)) for output in manifest.outputs)
            moves += [(new.name, _within(folder, root / stage / path)) for path, new in written.items()]
            moves.append((str(next(numbers)), _within(folder, root / stage / NAME)))
            write_json(place / moves[-1][0], replace(manifest, outputs=outputs).values())
    write_json(place / _JOURNAL, {"moves": moves})
    finish(folder)


def finish(folder: Path) -> None:
    """Carry out what was decided; what was not is thrown away. Every step may be done twice."""
    place = folder / FOLDER
    if not place.exists():
        return
    for source, target in (read_json(place / _JOURNAL) or {"moves": []})["moves"]:
        if (place / source).exists():
            os.replace(place / source, folder / target)
    (place / _JOURNAL).unlink(missing_ok=True)
    shutil.rmtree(place)


def _now(output: Output, written: Path | None) -> Output:
    """The line of the manifest. What later stages know the output by stays, so that they are not made again."""
    if written is None:
        return output
    stat = written.stat()
    known = output.known_by or output.sha256
    return Output(output.path, stat.st_size, stat.st_mtime_ns, sha256(written), known)


def _within(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()
