"""What protects a workspace from the world: one process at a time, and clear words when the disk says no."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from genrec import progress
from genrec.errors import UserError

FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota is used up",
    errno.EFBIG: "the file-size limit is reached",
}
DENIED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR)


class Busy(UserError):
    """Another process works in the workspace."""


@contextmanager
def locked(path: Path, purpose: str) -> Iterator[None]:
    """Hold the lock file `path`; Busy where another process does.

    The kernel holds the lock (flock) and lets go of it when a process dies, however it dies; the file's content only
    says who it is.
    """
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(
                f"{path.parent} is in use by {_holder(path)}: wait until it ends, or stop it and try again"
            ) from None
        except OSError as error:
            raise UserError(f"{path}: this file system has no locks ({error.strerror}): use a local disk") from None
        if os.fstat(file.fileno()).st_size:
            progress.say(f"{path.parent}: {_holder(path)} ended without finishing; taking over")
        file.truncate(0)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        json.dump({"pid": os.getpid(), "host": socket.gethostname(), "doing": purpose, "since": now}, file)
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _holder(path: Path) -> str:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return f"process {said['pid']} on {said['host']} ({said['doing']}, since {said['since']})"
    except (OSError, ValueError, KeyError):
        return "another process"


@contextmanager
def clear_disk_errors(folder: Path) -> Iterator[None]:
    """Turn «no space» and «not allowed», whichever library met them, into a UserError with path, free bytes and fix."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        reason = _full(error, folder)
        if reason:
            where = getattr(error, "filename", None) or folder
            raise UserError(
                f"{reason} at {where}: {_free(folder):,} bytes free ({error}). Make room or choose another "
                f"--workspace, then give the same command again: it goes on where it was stopped"
            ) from error
        if isinstance(error, OSError) and error.errno in DENIED and _within(error.filename, folder):
            raise UserError(
                f"cannot write to {error.filename}: {error.strerror}. Choose another --workspace, or change its "
                f"permissions"
            ) from error
        raise


def _full(error: Exception, folder: Path) -> str | None:
    """Why there is no room, or None. Polars, safetensors and NumPy have their own ways of saying so."""
    if isinstance(error, OSError) and error.errno in FULL:
        return FULL[error.errno]
    text = str(error)
    for number, reason in FULL.items():
        if os.strerror(number) in text or re.search(rf"\bos error {number}\b", text):
            return reason
    if isinstance(error, OSError) and re.search(r"requested and \d+ written", text):
        return FULL[errno.ENOSPC]
    return None


def _free(folder: Path) -> int:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _within(filename: object, folder: Path) -> bool:
    if not isinstance(filename, str | os.PathLike):
        return False
    path, folder = Path(os.path.abspath(filename)), Path(os.path.abspath(folder))
    return path.is_relative_to(folder) or folder.is_relative_to(path)
