"""Many pictures offline: a folder of PNGs and `index.parquet`, one row per picture that was wanted.

A picture's file name is a fingerprint of all that decides it, so a killed run finds what it finished and draws only
the rest. Users stand in the index and nowhere else: not in the files, not in their names.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image

from genrec.errors import UserError
from genrec.imagery.commission import Commission
from genrec.imagery.painter import Painter
from genrec.imagery.pictures import Provenance, read_provenance, write_picture

INDEX = "index.parquet"
SCHEMA = {
    "path": pl.String, "item_id": pl.String, "user_id": pl.String, "kind": pl.String, "seed": pl.Int64,
    "love": pl.Float64, "model": pl.String, "catalogue": pl.String, "metadata": pl.String,
}  # fmt: skip
"""metadata: JSON of the picture's `Provenance`. path: relative to the folder."""


@dataclass(frozen=True, eq=False)
class Order:
    """A picture that is wanted, and for whom; user_id is null where it is for nobody in particular."""

    commission: Commission
    user_id: str | None = None


def draw_batch(
    painter: Painter,
    orders: Sequence[Order],
    folder: Path,
    *,
    catalogue: str,
    steps: int | None = None,
    at_once: int = 16,
    label: bool = False,
    progress: Callable[[float], None] | None = None,
) -> pl.DataFrame:
    """Draw what is not there yet; the index, orders' rows first and in their order, then what it held before.

    at_once: pictures between two looks at the disk; a kill loses at most so many. Orders that differ in nothing that is
    drawn share a file. The index is written at the end, and when the work stops early, always whole.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = [file_name(painter, order.commission, catalogue=catalogue, steps=steps, label=label) for order in orders]
    waiting = {name: order for name, order in zip(names, orders, strict=True) if not (folder / name).exists()}
    finished, total = len(set(names)) - len(waiting), max(1, len(set(names)))

    def share(done: float) -> None:
        if progress is not None:
            progress(min(1.0, (finished + done) / total))

    share(0)
    try:
        pending = list(waiting.items())
        for begin in range(0, len(pending), at_once):
            some = pending[begin : begin + at_once]
            count = len(some)

            def inner(done: float, count: int = count) -> None:
                share(done * count)

            drawn = painter.draw([order.commission for _, order in some], steps=steps, progress=inner)
            for (name, order), picture in zip(some, drawn, strict=True):
                write_picture(folder / name, picture, _provenance(painter, order, picture, catalogue), label=label)
            finished += count
            share(0)
    finally:
        index = _index(folder, names, orders)
        part = folder / f"{INDEX}.part"
        index.write_parquet(part)
        os.replace(part, folder / INDEX)
    return index


def read_index(folder: Path) -> pl.DataFrame:
    """UserError where there is none."""
    path = folder / INDEX
    try:
        return pl.read_parquet(path).select(SCHEMA.keys())
    except FileNotFoundError:
        raise UserError(f"there is no index {path}: draw a batch first") from None
    except pl.exceptions.PolarsError as error:
        raise UserError(f"{path}: no index of pictures ({error}): remove it, the next batch writes it anew") from None


def file_name(
    painter: Painter, commission: Commission, *, catalogue: str, steps: int | None = None, label: bool = False
) -> str:
    """`ITEM-KIND-FINGERPRINT.png`: equal for equal pictures of an equal model, and for no others."""
    subject, taste, scene = commission.subject, commission.taste, commission.scene
    digest = hashlib.sha256()

    def add(value: object) -> None:
        said = value if isinstance(value, bytes) else json.dumps(value).encode()
        digest.update(len(said).to_bytes(8, "big") + said)

    add([painter.fingerprint, painter.name, list(painter.size), catalogue, steps, label])
    add([subject.item_id, subject.text, commission.kind])
    add([commission.love, commission.item_guidance, commission.taste_guidance, commission.reference, commission.seed])
    add([commission.prompt, commission.style, commission.negative, list(taste.keywords) if taste else None])
    add(_bytes_of(subject.vector))
    add(_bytes_of(taste.vector) if taste else b"")
    looked_at = commission.reference or commission.kind != "cover"
    add(_pixels(subject.picture) if looked_at and subject.picture is not None else b"")
    add(_pixels(scene.picture) + np.packbits(scene.mask).tobytes() if scene else b"")
    item = re.sub(r"[^A-Za-z0-9_.-]+", "_", subject.item_id)[:60].lstrip(".") or "item"
    return f"{item}-{commission.kind}-{digest.hexdigest()[:16]}.png"


def _bytes_of(vector: np.ndarray | None) -> bytes:
    return b"" if vector is None else np.ascontiguousarray(vector, dtype=np.float32).tobytes()


def _pixels(picture: Image.Image) -> bytes:
    return f"{picture.size}".encode() + picture.convert("RGB").tobytes()


def _provenance(painter: Painter, order: Order, picture: Image.Image, catalogue: str) -> Provenance:
    return Provenance.of(
        order.commission, model=painter.name, licence=painter.licence, catalogue=catalogue,
        refused=str(picture.info.get("refused", "")),
    )  # fmt: skip


def _index(folder: Path, names: Sequence[str], orders: Sequence[Order]) -> pl.DataFrame:
    """Rows of the finished pictures; those of former batches stay for as long as their files do."""
    rows = []
    for name, order in zip(names, orders, strict=True):
        said = read_provenance(folder / name) if (folder / name).exists() else None
        if said is not None:
            rows.append(
                (name, said.item_id, order.user_id, said.kind, said.seed, said.love, said.model, said.catalogue,
                 json.dumps(asdict(said), ensure_ascii=False))
            )  # fmt: skip
    index = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    if (folder / INDEX).exists():
        former = read_index(folder)
        known = set(zip(index["path"], index["user_id"], strict=True))
        kept = [
            (name, user) not in known and (folder / name).exists()
            for name, user in zip(former["path"], former["user_id"], strict=True)
        ]
        index = pl.concat([index, former.filter(pl.Series(kept, dtype=pl.Boolean))])
    return index
