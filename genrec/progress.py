"""Progress bars with rate and time left, on stderr, so that stdout stays clean for results.

The rest of the library calls `bar` and `say` and knows nothing of terminals. Where stderr is no terminal (a log
file, CI) a bar is one line when it ends.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Bar(Protocol):
    """What a long-running piece of work tells its watcher."""

    def advance(self, steps: float = 1, note: str = "") -> None: ...


class _Silent:
    def __init__(self) -> None:
        self.note = ""

    def advance(self, steps: float = 1, note: str = "") -> None:
        self.note = note or self.note


def say(message: str) -> None:
    """One line for the user, on stderr."""
    from rich.console import Console

    Console(stderr=True, highlight=False, soft_wrap=True).print(message, markup=False)


@contextmanager
def bar(description: str, total: float | None, unit: str = "it") -> Iterator[Bar]:
    """A bar of `total` steps; `unit` names one step in the rate. Bars do not nest."""
    if not sys.stderr.isatty():
        start = time.perf_counter()
        silent = _Silent()
        yield silent
        say(f"{description}: {time.perf_counter() - start:.1f} s {silent.note}".rstrip())
        return

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    class Live:
        def __init__(self, progress: Progress, task: TaskID) -> None:
            self.progress, self.task, self.start, self.done, self.note = progress, task, time.perf_counter(), 0.0, ""

        def advance(self, steps: float = 1, note: str = "") -> None:
            self.done += steps
            self.note = note or self.note
            rate = self.done / max(time.perf_counter() - self.start, 1e-9)
            self.progress.update(self.task, advance=steps, rate=f"{rate:,.1f} {unit}/s", note=self.note)

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield Live(progress, progress.add_task(description, total=total, rate="", note=""))
