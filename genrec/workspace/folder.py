"""The workspace itself: runs stages, skips finished ones, resumes killed ones, keeps former versions."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from genrec import __version__, progress
from genrec.errors import UserError
from genrec.workspace import manifest as records
from genrec.workspace import redaction, swap
from genrec.workspace.guard import Busy, clear_disk_errors, locked
from genrec.workspace.manifest import SCHEMA, Manifest, Plan, read_json, write_json

ABOUT, LOCK, STARTED = "workspace.json", "workspace.lock", "started.json"
EXPERIMENT, STAGING = "experiment.json", "staging"
# Which verb makes a stage, where its name is another.
VERBS = {"data": "prepare", "sid": "tokenize", "model": "train", "base": "lm pretrain", "lm": "lm train"}


def verb_of(stage: str) -> str:
    """The verb that makes a stage; `lm-NAME` is made as `lm` is."""
    return VERBS.get("lm" if stage.startswith("lm-") else stage, stage)


@dataclass(eq=False)
class Stage:
    """What the work of a stage is given.

    scratch: a folder for checkpoints. A killed stage finds it again as long as recipe, seed and inputs are the same,
    and nothing else of the killed run: outputs are written anew, or moved out of scratch. metrics: for the manifest.
    """

    name: str
    recipe: dict[str, Any]
    seed: int
    scratch: Path
    _outputs: Path
    _inputs: Mapping[str, Path]
    metrics: dict[str, Any] = field(default_factory=dict)

    def input(self, name: str) -> Path:
        """The folder of an earlier stage; it must be among the declared inputs, or changes would go unnoticed."""
        return self._inputs[name]

    def output(self, path: str) -> Path:
        """Where to write the output `path` (relative to the stage's folder); its parent folder is there."""
        target = self._outputs / path
        if target == self._outputs / records.NAME or not target.resolve().is_relative_to(self._outputs.resolve()):
            raise ValueError(f"{path!r} cannot be the name of an output")
        target.parent.mkdir(parents=True, exist_ok=True)
        return target


class Workspace:
    """The experiment in the folder `path`, which is made when the first stage runs."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        with clear_disk_errors(self.path):
            about = read_json(self.path / ABOUT)
            if about is not None:
                records.check_schema(about, self.path / ABOUT)
                # A busy workspace is settled by the process that holds it.
                with suppress(Busy):
                    if self._unsettled():
                        with locked(self.path / LOCK, "recovery"):
                            self._settle()

    def run(
        self,
        name: str,
        work: Callable[[Stage], None],
        *,
        recipe: Mapping[str, Any],
        inputs: Sequence[str | Path] = (),
        seed: int = 0,
    ) -> Manifest:
        """Make the stage `name` by ``work(stage)``, unless it is finished and nothing it was made from has changed.

        recipe: anything JSON can hold. inputs: names of earlier stages (str), files or folders (Path). Raises UserError
        where an input is missing, damaged or out of date, an output was edited, the disk is full, or another process
        works here.
        """
        with self._writing(name):
            wanted = Plan(
                SCHEMA, name, json.loads(json.dumps(dict(recipe), allow_nan=False)), seed, self._contents(inputs)
            )
            former = self._intact(name)
            if former is not None:
                changes = former.plan.differences(wanted)
                if not changes:
                    progress.say(f"{name}: up to date, skipped")
                    return former
                more = f" and {len(changes) - 4} more" if len(changes) > 4 else ""
                progress.say(f"{name}: made again, changed: {', '.join(changes[:4])}{more}")
            elif (self.path / name).exists():
                raise UserError(f"{self.path / name} was not made by GenRec (no {records.NAME}): move it elsewhere")

            part = self._begin(wanted)
            folders = {source: self.path / source for source in inputs if isinstance(source, str)}
            stage = Stage(name, wanted.recipe, seed, part / "scratch", part / "outputs", folders)
            started, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.perf_counter()
            work(stage)
            outputs = records.outputs_in(part / "outputs")
            seconds = round(time.perf_counter() - clock, 3)
            done = Manifest(**vars(wanted), genrec=__version__, started=started, seconds=seconds,
                            metrics=stage.metrics, outputs=outputs)  # fmt: skip
            done.write(part / "outputs")
            self._settle()
            return self.manifest(name)

    def manifest(self, name: str) -> Manifest:
        """What is written about the finished stage `name`; UserError where it is not finished."""
        found = Manifest.read(self.path / name)
        if found is None:
            raise UserError(
                f"{self.path} has no finished stage {name!r}: run `genrec {verb_of(name)} {self.path}` first"
            )
        return found

    def folder(self, name: str) -> Path:
        """The folder of the finished stage `name`; UserError where outputs were edited or inputs have changed."""
        self._current(name)
        return self.path / name

    def stages(self) -> list[str]:
        """Names of the finished stages."""
        return swap.stages_in(self.path)

    def remember(self, experiment: Mapping[str, Any]) -> None:
        """Keep the experiment's recipe beside its stages, for `recall`."""
        if self.recall() != experiment:
            with self._writing("setting the recipe"):
                write_json(self.path / EXPERIMENT, dict(experiment))

    def recall(self) -> dict[str, Any] | None:
        """The recipe that was last remembered, or None."""
        return read_json(self.path / EXPERIMENT)

    def verify(self) -> None:
        """Read every output and compare it with its hash; UserError names all that are damaged."""
        bad = [
            f"{self.path / name / path}"
            for name in self.stages()
            for path in self.manifest(name).damaged(self.path / name, thorough=True)
        ]
        if bad:
            raise UserError("outputs that are not as they were written: " + ", ".join(bad) + ". " + _MEND)

    # ------------------------------------------------------------------ versions

    @property
    def version(self) -> int:
        """The number of what stands here now; it counts from 1, and every `replace` gives a new one."""
        return int((read_json(self.path / ABOUT) or {}).get("version", 1))

    def versions(self) -> list[int]:
        """Numbers of the former versions that `rollback` can bring back."""
        return swap.versions_in(self.path)

    def staging(self) -> Workspace:
        """The workspace in which the next version is made; it is there again after a kill."""
        return Workspace(self.path / STAGING)

    def replace(self, other: Workspace) -> int:
        """Put the finished stages of `other` (on the same disk, as `staging` is) in place of these; the new number.

        All stages here go to versions/<their number>. A kill at any moment leaves one version or the other, whole.
        """
        with self._writing("replace"), other._writing("replace"):
            if not other.stages():
                raise UserError(f"{other.path} has no finished stages to put into {self.path}")
            for name in other.stages():
                other._current(name)
            if os.stat(self.path).st_dev != os.stat(other.path).st_dev:
                raise UserError(
                    f"{other.path} and {self.path} are on different disks: make the new version in staging/"
                )
            becomes = max([self.version, *self.versions()]) + 1
            swap.swap(self.path, other.path, self.version, becomes)
            return becomes

    def rollback(self, version: int | None = None) -> int:
        """Bring back `version` (default: the one before this); what stands here is kept under its own number."""
        with self._writing("rollback"):
            earlier = [number for number in self.versions() if number < self.version]
            target = version if version is not None else max(earlier, default=None)
            if target not in self.versions():
                kept = ", ".join(map(str, self.versions())) or "none"
                raise UserError(f"{self.path} has no version {target or 'before this'} to go back to; kept: {kept}")
            swap.swap(self.path, self.path / swap.VERSIONS / str(target), self.version, target)
            return target

    def redact(self, change: redaction.Change, *, first: Callable[[], None]) -> None:
        """Take something out of finished stages, of former versions as well, without their being made again.

        change: is asked about every stage, and may write new versions of its outputs (see redaction.Change). What was
        made from a stage stays up to date. A kill leaves all outputs as they were, or all changed; stages that were
        begun start over. first: called before anything else, alone in the workspace.
        """
        with self._writing("redaction"):
            first()
            roots = [self.path, *(self.path / swap.VERSIONS / str(number) for number in self.versions())]
            roots += [root for root in [self.path / STAGING] if root.is_dir()]
            for root in roots:
                for part in root.glob("*.part"):
                    (part / STARTED).unlink(missing_ok=True)
                    shutil.rmtree(part) if part.is_dir() else part.unlink()
            redaction.redact(self.path, roots, change)

    # ------------------------------------------------------------------ inside

    @contextmanager
    def _writing(self, purpose: str) -> Iterator[None]:
        """Alone in the workspace, everything a kill left settled, the disk's refusals in clear words."""
        with clear_disk_errors(self.path):
            if self.path.exists() and not self.path.is_dir():
                raise UserError(f"{self.path} is a file; a workspace is a folder: choose another --workspace")
            self.path.mkdir(parents=True, exist_ok=True)
            strangers = [path.name for path in self.path.iterdir() if path.name not in (LOCK, ABOUT + ".part")]
            if strangers and ABOUT not in strangers:
                raise UserError(
                    f"{self.path} is no workspace and holds other things ({min(strangers)}, …): choose a new folder"
                )
            with locked(self.path / LOCK, purpose):
                if not (self.path / ABOUT).exists():
                    write_json(self.path / ABOUT, {"schema": SCHEMA, "genrec": __version__, "version": 1})
                self._settle()
                yield

    def _unsettled(self) -> bool:
        sealed = self.path.glob(f"*.part/outputs/{records.NAME}")
        return (self.path / swap.JOURNAL).exists() or redaction.begun(self.path) or any(sealed)

    def _settle(self) -> None:
        """Finish what was begun and decided: a swap with a journal, a stage with a manifest. Steps may be repeated."""
        swap.finish(self.path)
        redaction.finish(self.path)
        for part in self.path.glob("*.part"):
            if not part.is_dir():
                continue
            target = self.path / part.name.removesuffix(".part")
            if (part / "outputs" / records.NAME).exists():
                (part / STARTED).unlink(missing_ok=True)
                if target.exists():
                    os.rename(target, part / "former")
                os.rename(part / "outputs", target)
            if not (part / STARTED).exists():
                shutil.rmtree(part)

    def _begin(self, wanted: Plan) -> Path:
        """The folder to make the stage in: scratch of a killed run with the same plan is kept, all else is new."""
        part = self.path / f"{wanted.stage}.part"
        if part.exists() and read_json(part / STARTED) != asdict(wanted):
            # First of all the plan goes, so that half-removed scratch cannot pass for whole.
            (part / STARTED).unlink(missing_ok=True)
            shutil.rmtree(part)
        if (part / "outputs").exists():
            shutil.rmtree(part / "outputs")
        for folder in ("outputs", "scratch"):
            (part / folder).mkdir(parents=True, exist_ok=True)
        write_json(part / STARTED, asdict(wanted))
        if any((part / "scratch").iterdir()):
            progress.say(f"{wanted.stage}: going on where it was stopped")
        return part

    def _contents(self, inputs: Sequence[str | Path]) -> dict[str, str]:
        contents = {}
        for source in inputs:
            if isinstance(source, str):
                contents[source] = self._current(source).content
            else:
                contents[f"file:{source.as_posix()}"] = records.content_of(source)
        return contents

    def _intact(self, name: str) -> Manifest | None:
        """The manifest of a finished stage whose outputs are as it wrote them; None where it is not finished."""
        found = Manifest.read(self.path / name)
        bad = found.damaged(self.path / name) if found is not None else []
        if bad:
            more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
            raise UserError(f"{self.path / name / bad[0]}{more} was changed after the stage {name!r} wrote it. {_MEND}")
        return found

    def _current(self, name: str) -> Manifest:
        """The manifest of a finished, intact stage that was made from the earlier stages as they are now."""
        found = self._intact(name) or self.manifest(name)
        self._check_inputs(found)
        return found

    def _check_inputs(self, found: Manifest) -> None:
        for source, content in found.inputs.items():
            upstream = None if source.startswith("file:") else Manifest.read(self.path / source)
            if upstream is None:
                continue
            self._check_inputs(upstream)
            if upstream.content != content:
                name = found.stage
                raise UserError(
                    f"the stage {name!r} in {self.path} was made from another {source!r} than is there now: "
                    f"run `genrec {verb_of(name)} {self.path}` again"
                )


_MEND = "Put the file back, or remove the stage's folder to make it again (your change is lost then)"
