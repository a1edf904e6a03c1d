"""When events happened, as numbers a model can read."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

CYCLES = {365.2425 * 86_400: 4, 7 * 86_400.0: 3, 86_400.0: 2}
"""Seconds of the year, the week and the day, and how many harmonics of each an event's time is given by."""
TIME_FEATURES = 2 * sum(CYCLES.values()) + 1
FIRST_TIME = 315_532_800
"""1980 in Unix seconds. A time before it is a mere position, and says nothing of the calendar."""


def time_features(seconds: Tensor) -> Tensor:
    """When events happened: float64 Unix seconds (B, T) → float32 (B, T, TIME_FEATURES), zeros where nothing is known.

    Sine and cosine of the place in the year, the week and the day, and the logarithm of the days since the event
    before: season and rhythm, in a form in which 31 December is beside 1 January (cf. Time2Vec, Kazemi et al. 2019).
    """
    known = seconds >= FIRST_TIME
    features = []
    for cycle, harmonics in CYCLES.items():
        angle = 2 * torch.pi * (seconds % cycle) / cycle
        for harmonic in range(1, harmonics + 1):
            features += [(harmonic * angle).sin(), (harmonic * angle).cos()]
    gap = F.pad((seconds[:, 1:] - seconds[:, :-1]).clamp(min=0) / 86_400, (1, 0))
    features.append(gap.log1p())
    return torch.stack(features, dim=-1).float() * known[..., None]
