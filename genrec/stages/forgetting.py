"""Forgetting people: what the run's own files say of them goes, and does not come back when stages are made again.

Rows of interactions, of generated answers and of bad rows, and their place in the report. Weights stay as they were
trained until the run is trained again, and so do the files that the run was made from, which are not GenRec's.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import polars as pl
from markupsafe import escape

from genrec.data import Interactions
from genrec.data.interactions import FIRST_SECOND
from genrec.workspace import Workspace
from genrec.workspace.manifest import read_json, write_json
from genrec.workspace.redaction import Target

DRAWN = "imagine"
"""Where `genrec imagine` puts its pictures, by default."""
FORGOTTEN = "forgotten.json"
"""Salted hashes of the people, and when they were forgotten: without the name nobody reads one."""


def forget(workspace: Workspace, users: Sequence[str], now: float | None = None) -> dict[str, int]:
    """Take everything that names one of `users` out of the run's files; rows that are gone, by file.

    now: Unix seconds, by default the present. What they did until then stays away when the data are prepared or
    extended again. UserError (`Busy`) where another process works in the workspace.
    """
    gone: Counter[str] = Counter()
    wanted = set(users)

    def change(stage: str, folder: Path, target: Target) -> None:
        for path in sorted({*folder.glob("interactions.parquet"), *folder.glob("part-*.parquet")}):
            table = pl.scan_parquet(path)
            count = int(table.filter(pl.col("user_id").is_in(wanted)).select(pl.len()).collect().item())
            if count:
                table.filter(~pl.col("user_id").is_in(wanted)).collect().write_parquet(target(path.name))
                gone["interactions" if path.name == "interactions.parquet" else stage] += count
        for path, without in ((folder / "report.html", _report), (folder / "bad_rows.json", _bad_rows)):
            if path.exists():
                text = path.read_text(encoding="utf-8")
                shorter, count = without(text, wanted)
                if count:
                    target(path.name).write_text(shorter, encoding="utf-8")
                    gone[path.stem] += count

    def first() -> None:
        _note(workspace.path, wanted, time.time() if now is None else now)
        drawn = _drawings(workspace.path / DRAWN, wanted)
        if drawn:
            gone["pictures"] = drawn

    workspace.redact(change, first=first)
    return dict(gone)


def _drawings(folder: Path, users: set[str]) -> int:
    """What `genrec imagine` drew for them goes, and the contact sheet, which names everybody it was drawn for."""
    index = folder / "index.parquet"
    if not index.exists():
        return 0
    table = pl.read_parquet(index)
    theirs = table.filter(pl.col("user_id").is_in(users))
    kept = table.filter(~pl.col("user_id").is_in(users) | pl.col("user_id").is_null())
    if not theirs.height:
        return 0
    for path in set(theirs["path"]) - set(kept["path"]):
        (folder / path).unlink(missing_ok=True)
    (folder / "index.html").unlink(missing_ok=True)
    part = index.with_name("index.parquet.part")
    kept.write_parquet(part)
    os.replace(part, index)
    return theirs.height


def remembered(run: Path, interactions: Interactions) -> tuple[Interactions, int]:
    """The interactions without those of people whom `run` was told to forget; how many were left out.

    Where times are real, what they did after they were forgotten is a new person's, and stays.
    """
    known = read_json(run / FORGOTTEN)
    if known is None or not len(interactions):
        return interactions, 0
    salt = bytes.fromhex(known["salt"])
    users = interactions.table["user_id"].unique().to_list()
    when = {user: known["people"].get(_hashed(salt, user)) for user in users}
    found = {user: moment for user, moment in when.items() if moment is not None}
    if not found:
        return interactions, 0
    table = interactions.table
    greatest = int(table["timestamp"].max())  # type: ignore[arg-type]
    unit = 1000 if greatest >= 1000 * FIRST_SECOND else 1
    buried = pl.col("user_id").replace_strict(found, default=None, return_dtype=pl.Float64)
    late = pl.col("timestamp") > buried * unit if greatest >= FIRST_SECOND else pl.lit(False)
    kept = table.filter(buried.is_null() | late)
    return Interactions(kept), table.height - kept.height


def _note(run: Path, users: set[str], now: float) -> None:
    known = read_json(run / FORGOTTEN) or {"salt": secrets.token_hex(16), "people": {}}
    salt = bytes.fromhex(known["salt"])
    write_json(run / FORGOTTEN, known | {"people": known["people"] | {_hashed(salt, user): now for user in users}})


def _hashed(salt: bytes, user: str) -> str:
    return hashlib.blake2b(user.encode(), key=salt, digest_size=24).hexdigest()


def _report(text: str, users: set[str]) -> tuple[str, int]:
    """Without the cards of these people."""
    count = 0
    for user in users:
        label = re.escape(f'aria-label="User {escape(user)}"')
        text, cut = re.subn(rf"<article\b[^>]*{label}[^>]*>.*?</article>", "", text, flags=re.DOTALL)
        count += cut
    return text, count


def _bad_rows(text: str, users: set[str]) -> tuple[str, int]:
    """Without the reasons that name them."""
    said = json.loads(text)
    names = re.compile("|".join(rf"(?<!\w){re.escape(user)}(?!\w)" for user in sorted(users, key=len, reverse=True)))
    count = 0
    for row in said["rows"]:
        if names.search(row["reason"]):
            row["reason"], count = "a row of somebody who was forgotten", count + 1
    return json.dumps(said, ensure_ascii=False, indent=1) + "\n", count
