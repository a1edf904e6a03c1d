"""What a figure is quoted with: machine, threads, date. Import it before torch is loaded."""

from __future__ import annotations

import datetime
import os
import platform
from pathlib import Path

# As the command line has it: threads that wait spin only briefly.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")


def machine() -> dict[str, str | int]:
    """processor, cores this process may use, torch's threads, GPU where there is one, versions and today's date."""
    import torch

    import genrec

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    about: dict[str, str | int] = {
        "processor": _processor(),
        "cores": cores,
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "genrec": genrec.__version__,
        "date": datetime.date.today().isoformat(),
    }
    return about | ({"gpu": torch.cuda.get_device_name()} if torch.cuda.is_available() else {})


def line(about: dict[str, str | int]) -> str:
    """The same as one sentence for under a table."""
    gpu = f", {about['gpu']}" if "gpu" in about else ", no GPU"
    return (
        f"{about['processor']}, {about['cores']} cores, {about['threads']} thread(s){gpu}; "
        f"GenRec {about['genrec']}, torch {about['torch']}, Python {about['python']}; {about['date']}"
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for row in cpuinfo.read_text().splitlines():
            name, _, value = row.partition(":")
            if name.strip() == "model name" and value.strip() not in ("", "unknown"):
                return value.strip()
    return platform.processor() or platform.machine()
