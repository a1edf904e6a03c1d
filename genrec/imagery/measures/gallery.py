"""Contact sheets: what was drawn, side by side, as one PNG and as a page of HTML."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

CELL, LABEL, EDGE = 96, 14, 4
GROUND, INK = (255, 255, 255), (60, 56, 52)


@dataclass(frozen=True, eq=False)
class Sheet:
    """rows: (what the row is, its pictures). heads: what each column is."""

    title: str
    heads: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Image.Image]]]


def png(sheet: Sheet) -> Image.Image:
    """The sheet as one picture, its cells 96 × 96."""
    left = 8 + max((7 * len(name) for name, _ in sheet.rows), default=0)
    width = left + len(sheet.heads) * (CELL + EDGE)
    page = Image.new("RGB", (width, 2 * LABEL + 8 + len(sheet.rows) * (CELL + EDGE)), GROUND)
    pen = ImageDraw.Draw(page)
    pen.text((4, 2), sheet.title, INK)
    for column, head in enumerate(sheet.heads):
        pen.text((left + column * (CELL + EDGE) + 2, LABEL + 4), head[:15], INK)
    for number, (name, pictures) in enumerate(sheet.rows):
        top = 2 * LABEL + 8 + number * (CELL + EDGE)
        pen.text((4, top + CELL // 2 - 6), name, INK)
        for column, picture in enumerate(pictures):
            page.paste(_shown(picture), (left + column * (CELL + EDGE), top))
    return page


def page(sheets: Sequence[Sheet], title: str) -> str:
    """All sheets as HTML that needs no other file."""
    parts = [
        "<!doctype html><meta charset='utf-8'><meta name='viewport' content='width=device-width'>",
        f"<title>{html.escape(title)}</title>",
        "<style>body{font:14px/1.4 system-ui,sans-serif;margin:2rem;color:#3c3834}table{border-collapse:collapse}"
        "th{font-weight:400;text-align:left;padding:2px 6px}td{padding:2px}img{width:96px;height:96px;display:block}"
        "h2{margin-top:2rem;font-size:1.1rem}</style>",
        f"<h1>{html.escape(title)}</h1>",
    ]
    for sheet in sheets:
        parts.append(f"<h2>{html.escape(sheet.title)}</h2><table><tr><th></th>")
        parts += [f"<th scope='col'>{html.escape(head)}</th>" for head in sheet.heads]
        parts.append("</tr>")
        for name, pictures in sheet.rows:
            cells = "".join(
                f"<td><img src='{_embedded(picture)}' alt='{html.escape(f'{name}, {head}')}'></td>"
                for head, picture in zip(sheet.heads, pictures, strict=False)
            )
            parts.append(f"<tr><th scope='row'>{html.escape(name)}</th>{cells}</tr>")
        parts.append("</table>")
    return "\n".join(parts)


def write(sheets: Sequence[Sheet], folder: Path, title: str) -> list[Path]:
    """folder/index.html and a PNG for each sheet; what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_text(page(sheets, title), encoding="utf-8")
    made = [folder / "index.html"]
    for number, sheet in enumerate(sheets, 1):
        made.append(folder / f"sheet-{number}.png")
        png(sheet).save(made[-1])
    return made


def _shown(picture: Image.Image) -> Image.Image:
    whole = picture.convert("RGB")
    way = Image.Resampling.NEAREST if whole.width < CELL else Image.Resampling.LANCZOS
    return whole.resize((CELL, CELL), way)


def _embedded(picture: Image.Image) -> str:
    held = io.BytesIO()
    picture.convert("RGB").save(held, "PNG")
    return "data:image/png;base64," + base64.b64encode(held.getvalue()).decode()
