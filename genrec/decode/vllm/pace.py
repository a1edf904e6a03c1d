"""How many prompts a beam call may take, so that nobody else in the engine waits longer than agreed."""

from __future__ import annotations

from torch import Tensor


class Pace:
    """seconds: what a call may take. Learnt from the calls that were made; work is counted in tokens."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.rate = 0.0  # seconds a token
        self.most = 0  # prompts that a call has had

    def fits(self, work: Tensor) -> int:
        """How many prompts of work (B,), from the first on: at least one, at most twice as many as ever before."""
        count = int((work.cumsum(0) * self.rate <= self.seconds).sum())
        return max(1, min(count, 2 * self.most))

    def took(self, seconds: float, work: Tensor) -> None:
        """A call over prompts of work (b,) took so long."""
        rate = seconds / int(work.sum())
        # At once where it has become slower, by halves where faster: the agreed time is a limit.
        self.rate = max(rate, (self.rate + rate) / 2)
        self.most = max(self.most, len(work))
