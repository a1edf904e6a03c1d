"""What a stage was made from and what it made, as JSON beside its outputs."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from genrec.errors import UserError

SCHEMA = 1
"""Version of the workspace's layout; it changes when a workspace of before can no longer be read."""

NAME = "manifest.json"


@dataclass(frozen=True)
class Output:
    """One file of a stage. path: relative to the stage's folder. mtime_ns: lets later looks skip the hash. known_by:
    the hash that it had before something was taken out of it, by which later stages know it."""

    path: str
    size: int
    mtime_ns: int
    sha256: str
    known_by: str | None = None


@dataclass(frozen=True)
class Plan:
    """All that decides what a stage makes. inputs: an earlier stage's name or ``file:<path>`` → its content's hash."""

    schema: int
    stage: str
    recipe: dict[str, Any]
    seed: int
    inputs: dict[str, str]

    def differences(self, other: Plan) -> list[str]:
        """What `other` changes, in words: «recipe epochs 20 → 30», «input embed»."""
        said = [
            f"recipe {key} {_short(before)} → {_short(after)}"
            for key, before, after in _changes(self.recipe, other.recipe, "")
        ]
        if self.seed != other.seed:
            said.append(f"seed {self.seed} → {other.seed}")
        for name in sorted(self.inputs.keys() | other.inputs.keys()):
            if self.inputs.get(name) != other.inputs.get(name):
                said.append(f"input {name.removeprefix('file:')}")
        return said


@dataclass(frozen=True)
class Manifest(Plan):
    """A finished stage. seconds: of the run that finished it, after a kill without what came before."""

    genrec: str
    started: str
    seconds: float
    metrics: dict[str, Any]
    outputs: tuple[Output, ...]

    @property
    def plan(self) -> Plan:
        return Plan(self.schema, self.stage, self.recipe, self.seed, self.inputs)

    @property
    def content(self) -> str:
        """The hash that later stages know this one's outputs by: names and contents, not dates."""
        return _hash_of_files((output.path, output.known_by or output.sha256) for output in self.outputs)

    def damaged(self, folder: Path, *, thorough: bool = False) -> list[str]:
        """Outputs in `folder` that are gone or not as they were written; a file of the same size and date is
        believed unless `thorough`."""
        bad = []
        for output in self.outputs:
            path = folder / output.path
            try:
                stat = path.stat()
            except OSError:
                bad.append(output.path)
                continue
            believed = not thorough and stat.st_mtime_ns == output.mtime_ns
            if stat.st_size != output.size or not (believed or sha256(path) == output.sha256):
                bad.append(output.path)
        return bad

    def values(self) -> dict[str, Any]:
        """As `read` reads it."""
        outputs = [{key: value for key, value in asdict(one).items() if value is not None} for one in self.outputs]
        return {field.name: getattr(self, field.name) for field in fields(self)} | {"outputs": outputs}

    def write(self, folder: Path) -> None:
        write_json(folder / NAME, self.values())

    @classmethod
    def read(cls, folder: Path) -> Manifest | None:
        """The manifest in `folder`, None where there is none."""
        path = folder / NAME
        values = read_json(path)
        if values is None:
            return None
        check_schema(values, path)
        try:
            outputs = tuple(Output(**output) for output in values["outputs"])
            return cls(**{field.name: values[field.name] for field in fields(cls)} | {"outputs": outputs})
        except (KeyError, TypeError) as error:
            raise UserError(f"{path} is damaged ({error}): remove {folder} and make the stage again") from None


def check_schema(values: dict[str, Any], path: Path) -> None:
    found = values.get("schema")
    if found != SCHEMA:
        from genrec import __version__

        raise UserError(
            f"{path} was written by GenRec {values.get('genrec', '?')} (workspace schema {found}), this is GenRec "
            f"{__version__} (schema {SCHEMA}): use that version, or make the experiment again in a new workspace"
        )


def outputs_in(folder: Path) -> tuple[Output, ...]:
    """Every file below `folder`, hashed, in the order of their paths."""
    found = []
    for path in _files(folder):
        stat = path.stat()
        found.append(Output(path.relative_to(folder).as_posix(), stat.st_size, stat.st_mtime_ns, sha256(path)))
    return tuple(found)


def content_of(path: Path) -> str:
    """The hash of a file's content or, for a folder, of all files in it; a finished stage has it written down."""
    if path.is_file():
        return sha256(path)
    if not path.is_dir():
        raise UserError(f"there is no file or folder {path}")
    manifest = Manifest.read(path)
    if manifest is not None:
        return manifest.content
    return _hash_of_files((file.relative_to(path).as_posix(), sha256(file)) for file in _files(path))


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_json(path: Path) -> dict[str, Any] | None:
    """None where there is no such file."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError as error:
        raise UserError(f"{path} is damaged, not JSON: {error}") from None
    if not isinstance(values, dict):
        raise UserError(f"{path} is damaged: an object is expected")
    return values


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Written beside and renamed, so that the file is whole whenever it is there."""
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(values, indent=1, default=_plain, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(part, path)


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):  # NumPy's and torch's numbers and arrays
        return value.tolist()
    raise TypeError(f"{value!r} cannot stand in a manifest: give numbers, strings, lists and dicts")


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _hash_of_files(files: Iterator[tuple[str, str]]) -> str:
    return hashlib.sha256(json.dumps(list(files)).encode()).hexdigest()


def _changes(before: Any, after: Any, prefix: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from _changes(before.get(key), after.get(key), f"{prefix}.{key}" if prefix else key)
    elif before != after:
        yield prefix, before, after


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:37] + "…"
