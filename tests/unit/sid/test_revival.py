"""Codes that nobody uses come back, and would not by themselves."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from genrec.sid.rqvae import Quantizer

SIZE = 32


def codes_used(ema: bool, revive_below: float) -> int:
    """How many codes of one level serve a spread-out batch after 60 steps from a collapsed start."""
    torch.manual_seed(0)
    batch = torch.randn(512, 4)
    quantizer = Quantizer(1, SIZE, 4, ema=ema, decay=0.9, revive_below=revive_below)
    start = np.full((1, SIZE, 4), 1e3, dtype=np.float32)  # out of everyone's reach,
    start[0, 0] = 0  # but for one
    quantizer.start(start)
    optimizer = None if ema else torch.optim.Adam(quantizer.parameters(), lr=1e-2)
    for step in range(60):
        _, codebook_loss, _ = quantizer(batch)
        if optimizer is not None:
            optimizer.zero_grad()
            codebook_loss.backward()
            optimizer.step()
        quantizer.upkeep(step, last_revival=50)
    codes = (batch[:, None] - quantizer.codebooks[0]).square().sum(2).argmin(1)
    return len(codes.unique())


@pytest.mark.parametrize("ema", [True, False], ids=["ema", "gradient"])
def test_dead_codes_come_back(ema: bool) -> None:
    assert codes_used(ema, revive_below=0.0) == 1
    assert codes_used(ema, revive_below=0.1) > 0.9 * SIZE


def test_unused_codeword_stays_where_it_was_without_revival() -> None:
    quantizer = Quantizer(1, 2, 1, ema=True, decay=0.5, revive_below=0.0)
    quantizer.start(np.array([[[0.0], [100.0]]], dtype=np.float32))
    for step in range(200):
        quantizer(torch.tensor([[1.0], [2.0]]))
        quantizer.upkeep(step, last_revival=0)
    assert quantizer.codebooks[0, 0].item() == pytest.approx(1.5)
    assert quantizer.codebooks[0, 1].item() == pytest.approx(100.0, rel=1e-3)
