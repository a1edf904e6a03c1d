"""Flow matching whose network guesses the clean latents.

x_t = (1 - t)·x + t·n runs from the picture's latents x (t = 0) to noise n (t = 1); its velocity is n - x = (x_t - x)/t
(Lipman et al. 2023; the straight paths of Liu et al. 2023). What the network tells is x: in a world in which the
condition all but decides the picture, that is nearly the same answer at every t, and learnt soonest.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

SHORTEST = 1e-3
"""Times below this count as this: the velocity divides by it."""


def noised(clean: Tensor, noise: Tensor, times: Tensor) -> Tensor:
    """x_t of latents (B, C, h, w) at times (B,) in [0, 1]."""
    t = times[:, None, None, None]
    return (1 - t) * clean + t * noise


def velocity(latents: Tensor, guess: Tensor, time: Tensor) -> Tensor:
    """From x_t and the network's guess of x at one time."""
    return (latents - guess) / torch.clamp(time, min=SHORTEST)


def times_of(steps: int) -> np.ndarray:
    """float64 (steps,): from 1 down in equal steps, of which the last one ends at 0."""
    return np.linspace(1.0, 1.0 / steps, steps)
