"""Small inline pictures for the report: line charts and codebook use as SVG, item pictures as data: URIs.

The SVG is written by hand: its colours are classes of report.css, so it follows the reader's light or dark scheme, and
its text is text.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from markupsafe import Markup, escape

WIDTH, HEIGHT = 340, 170
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 12, 26
BARS = 256
"""Most bars of a codebook picture; larger codebooks are averaged."""


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Round numbers, about `count` of them, the first at or below `low`, the last at or above `high`."""
    span = high - low
    if not math.isfinite(span) or span <= 0:
        span = abs(high) or 1.0
        low, high = low - span / 2, low + span / 2
    raw = span / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [place * step for place in range(first, last + 1)]


def line_chart(points: Sequence[tuple[float, float]], label: str, *, mark: tuple[float, float] | None = None) -> Markup:
    """A line through the (x, y) points that are finite, one or more of them; x are whole. `mark`: the one to stress."""
    shown = [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
    if not shown:
        return Markup('<p class="none">no figure to draw</p>')
    ys = [y for _, y in shown]
    y_ticks = ticks(min(ys), max(ys))
    x_low, x_high = shown[0][0], max(shown[-1][0], shown[0][0] + 1)
    x_ticks = range(int(x_low), int(x_high) + 1, math.ceil((x_high - x_low) / 5))

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT)
        up = (y - y_ticks[0]) / (y_ticks[-1] - y_ticks[0]) * (HEIGHT - TOP - BOTTOM)
        return round(LEFT + across, 1), round(HEIGHT - BOTTOM - up, 1)

    digits = max(0, -math.floor(math.log10(y_ticks[1] - y_ticks[0]) + 1e-9)) + (_half(y_ticks[1] - y_ticks[0]))
    parts = [f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">']
    for tick in y_ticks:
        y = place(x_low, tick)[1]
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{tick:.{digits}f}</text>')
    for tick in x_ticks:
        parts.append(f'<text x="{place(tick, 0)[0]}" y="{HEIGHT - 8}" text-anchor="middle">{tick:g}</text>')
    path = " ".join(f"{x},{y}" for x, y in (place(*point) for point in shown))
    parts.append(f'<polyline class="line" points="{path}"/>')
    if len(shown) <= 60:
        parts += [f'<circle class="dot" cx="{x}" cy="{y}" r="2"/>' for x, y in (place(*point) for point in shown)]
    if mark is not None:
        x, y = place(*mark)
        parts.append(f'<circle class="mark" cx="{x}" cy="{y}" r="5"/>')
    return Markup("".join(parts) + "</svg>")


def _half(step: float) -> int:
    """1 where steps of 2.5 need a digit more."""
    mantissa = step / 10.0 ** math.floor(math.log10(step) + 1e-9)
    return int(abs(mantissa - round(mantissa)) > 1e-6)


def usage_bars(counts: np.ndarray, label: str) -> Markup:
    """How often each code of a codebook is used, int (K,), most used first; the line is where even use would be."""
    ordered = np.sort(np.asarray(counts, np.float64))[::-1]
    if len(ordered) > BARS:
        ordered = np.array([part.mean() for part in np.array_split(ordered, BARS)])
    top, width, height = max(float(ordered.max(initial=0)), 1e-9), 512, 64
    step = width / max(len(ordered), 1)
    gap = step * 0.15 if step > 3 else 0.0
    path = "".join(
        f"M{i * step:.1f} {height}V{height - count / top * height:.1f}H{(i + 1) * step - gap:.1f}V{height}Z"
        for i, count in enumerate(ordered.tolist())
        if count > 0
    )
    even = height - float(ordered.mean()) / top * height
    return Markup(
        f'<svg class="usage" viewBox="0 0 {width} {height}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(label)}"><path class="fill" d="{path}"/>'
        f'<line class="even" x1="0" x2="{width}" y1="{even:.1f}" y2="{even:.1f}"/></svg>'
    )


def picture(path: Path | None, size: int = 128) -> str | None:
    """The picture as a data: URI of at most `size` × `size` pixels; None where there is none or it cannot be read."""
    from PIL import Image, UnidentifiedImageError

    if path is None:
        return None
    try:
        with Image.open(path) as image:
            small = image.convert("RGBA")
            small.thumbnail((size, size))
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError):
        return None  # a report does without a picture; reading the catalogue is where a broken one is told
    ground = Image.new("RGBA", small.size, "white")
    ground.alpha_composite(small)
    written = io.BytesIO()
    ground.convert("RGB").save(written, "WEBP", quality=82, method=4)
    return "data:image/webp;base64," + base64.b64encode(written.getvalue()).decode("ascii")
