"""Seconds and megabytes of the ways that `decoding.py` compares."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from decoding_ways import Way
from torch import Tensor


def seconds(run: Callable[[], object], device: torch.device) -> float:
    """One call, waited for."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    run()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def over(way: Way, prompts: Tensor) -> Callable[[], None]:
    """All prompts in the way's batches."""

    def run() -> None:
        for begin in range(0, len(prompts), way.batch):
            way.answer(prompts[begin : begin + way.batch])

    return run


def latencies(way: Way, prompts: Tensor, count: int, device: torch.device) -> list[float]:
    """Seconds of single requests."""
    way.answer(prompts[:1].to(device))
    return [seconds(over(way, prompts[i : i + 1].to(device)), device) for i in range(count)]


@contextmanager
def peak(device: torch.device) -> Iterator[list[float]]:
    """MB in use at most, model and catalogue included, as the first of a list: the GPU's, or the process's, looked at
    every few milliseconds."""
    most = [0.0]
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        yield most
        most[0] = torch.cuda.max_memory_allocated() / 2**20
        return
    most[0], done = resident(), threading.Event()

    def watch() -> None:
        while not done.wait(0.002):
            most[0] = max(most[0], resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield most
    finally:
        done.set()
        watcher.join()


def resident() -> float:
    """MB of this process in memory; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20
    except OSError:
        return 0.0
