"""The log of a living catalogue on disk: what was changed, when, and the rows, vectors and codes that came with it.

    log.jsonl          a line for the catalogue that it belongs to, then one for every version, append-only
    000007/            of version 7, where it needs them: rows.parquet, vectors.npy, codes.npy

A version's files are written and renamed into place before its line is, so a line is the proof that all is there. A
process that is killed in between leaves files that nobody looks at, or a torn last line, which was never visible.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from genrec.errors import UserError

LOG = "log.jsonl"
SCHEMA = 1
Kind = Literal["add", "change", "withdraw", "restore", "rollback"]


@dataclass(frozen=True)
class Entry:
    """One version. time: ISO 8601, UTC. item_ids: what it changed. to: the version that a rollback went back to.

    items, available: how many there are after it, and how many of them can be recommended.
    """

    version: int
    time: str
    kind: Kind
    item_ids: tuple[str, ...]
    items: int
    available: int
    to: int | None = None

    @property
    def count(self) -> int:
        return len(self.item_ids)


@dataclass(frozen=True, eq=False)
class Payload:
    """What a version brings with it. rows: catalogue columns. vectors: float32 (M, d). codes: uint16 (M, L)."""

    rows: pl.DataFrame | None = None
    vectors: np.ndarray | None = None
    codes: np.ndarray | None = None


class Journal:
    """The log in `folder`, which need not be there before the first change.

    base: what the catalogue without any change is known by; a log of another one is refused.
    """

    def __init__(self, folder: Path, base: str) -> None:
        self.folder, self.base = Path(folder), base
        self.entries: list[Entry] = []
        self._known: tuple[int, ...] = ()  # what the log's file looked like when `entries` were all of it
        path = self.folder / LOG
        if path.exists():
            with path.open("rb") as file:
                looks, said = _looks(file.fileno()), file.read()
            self.entries = self._parsed(said)
            if said.endswith(b"\n"):
                self._known = looks

    @property
    def version(self) -> int:
        return len(self.entries)

    def chain(self, version: int) -> list[int]:
        """The versions that, one after the other, make `version` out of the catalogue without any change.

        Rollbacks are none of them: what they went back over is left out.
        """
        found = []
        while version:
            entry = self.entries[version - 1]
            if entry.to is None:
                found.append(version)
            version = version - 1 if entry.to is None else entry.to
        return found[::-1]

    def payload(self, version: int) -> Payload:
        """What was written with `version`; UserError where it is gone or broken."""
        folder = self._of(version)
        try:
            rows = pl.read_parquet(folder / "rows.parquet") if (folder / "rows.parquet").exists() else None
            found = [
                np.load(folder / f"{name}.npy", allow_pickle=False) if (folder / f"{name}.npy").exists() else None
                for name in ("vectors", "codes")
            ]
        except (OSError, EOFError, ValueError, pl.exceptions.PolarsError) as error:
            raise UserError(f"{folder}: version {version} cannot be read ({error}): put the files back") from error
        return Payload(rows, *found)

    def append(self, entry: Entry, payload: Payload) -> None:
        """Write the next version; when this returns, it is on the disk. UserError where another process has written."""
        self.extend([(entry, payload)])

    def extend(self, versions: Sequence[tuple[Entry, Payload]]) -> None:
        """`append` for several, whose lines are written at once."""
        for number, (entry, _) in enumerate(versions, start=self.version + 1):
            if entry.version != number:
                raise ValueError(f"version {entry.version} cannot come after {number - 1}")
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / LOG).open("a+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UserError(f"{self.folder} is being changed by another process: try again") from None
            looks, known = _looks(file.fileno()), self._known
            self._known = ()  # until all is written
            end = looks[0]
            if looks != known:  # written by another process, or not to its end
                file.seek(0)
                said = file.read()
                if len(self._parsed(said)) != self.version:
                    raise UserError(
                        f"{self.folder} was changed by another process: one process changes a catalogue, others load "
                        f"it again (Recommender.from_pretrained)"
                    )
                end = said.rfind(b"\n") + 1
                file.truncate(end)  # a line that a killed process left unfinished
            for entry, payload in versions:
                self._write(entry.version, payload)
            lines = [] if end else [{"schema": SCHEMA, "base": self.base}]
            written = [*lines, *({**asdict(entry), "count": entry.count} for entry, _ in versions)]
            file.write("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in written).encode())
            file.flush()
            os.fsync(file.fileno())
            if not end:
                _sync_folder(self.folder)
            self._known = _looks(file.fileno())
        self.entries += [entry for entry, _ in versions]

    def _of(self, version: int) -> Path:
        return self.folder / f"{version:06d}"

    def _write(self, version: int, payload: Payload) -> None:
        target = self._of(version)
        part = target.with_suffix(".part")
        for leftover in (part, target):
            if leftover.exists():
                shutil.rmtree(leftover)
        arrays = {"vectors": payload.vectors, "codes": payload.codes}
        if payload.rows is None and all(array is None for array in arrays.values()):
            return
        part.mkdir()
        if payload.rows is not None:
            payload.rows.write_parquet(part / "rows.parquet")
        for name, array in arrays.items():
            if array is not None:
                np.save(part / f"{name}.npy", array, allow_pickle=False)
        for path in part.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        _sync_folder(part)
        os.rename(part, target)
        _sync_folder(self.folder)

    def _parsed(self, said: bytes) -> list[Entry]:
        *lines, _ = said.split(b"\n")  # what follows the last line's end is nothing, or torn
        try:
            values = [json.loads(line) for line in lines]
            if not values:
                return []
            schema, base = values[0]["schema"], values[0]["base"]
            entries = [Entry(**_entry(line)) for line in values[1:]]
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{self.folder / LOG} is damaged ({error}): put it back from a copy") from error
        if schema != SCHEMA:
            raise UserError(
                f"{self.folder / LOG} has schema {schema}, this GenRec reads {SCHEMA}: use the other version"
            )
        if base != self.base:
            raise UserError(
                f"{self.folder} holds changes to another catalogue than the one beside it, whose semantic IDs were "
                f"made anew since: move {self.folder} elsewhere to go on without them"
            )
        if [entry.version for entry in entries] != list(range(1, len(entries) + 1)):
            raise UserError(f"{self.folder / LOG} is damaged (its versions do not count up): put it back from a copy")
        return entries


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _entry(line: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name != "count"} | {"item_ids": tuple(line["item_ids"])}


def _looks(file: int) -> tuple[int, ...]:
    """By what one notices that others have written to a file, or put another in its place: bytes, time, inode."""
    found = os.fstat(file)
    return found.st_size, found.st_mtime_ns, found.st_ino


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
