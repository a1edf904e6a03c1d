"""LoRA in vLLM on CPUs, mended: a request without an adapter gets none, whoever else is in its batch.

vLLM marks such requests with the slot -1. On GPUs its kernels skip them; its operations for CPUs (0.32) take -1 for the
last slot, and so another request's adapter (vLLM's pull request 48421 describes it).
"""

from __future__ import annotations

import importlib
from functools import wraps
from typing import Any

import torch
from torch import Tensor


def mend() -> bool:
    """Put the check in where this vLLM lacks it; in the worker's process. Says whether it did."""
    operations: Any = importlib.import_module("vllm.lora.ops.torch_ops.lora_ops")
    wrapper: Any = importlib.import_module("vllm.lora.punica_wrapper.punica_cpu")
    given = operations.bgmv_shrink
    found = torch.zeros(1, 1)
    given(torch.ones(1, 1), torch.ones(1, 1, 1), found, torch.tensor([-1]), 1.0)
    if not found.any():
        return False

    @wraps(given)
    def bgmv_shrink(
        inputs: Tensor, weights: Tensor, output: Tensor, slots: Tensor, *arguments: Any, **further: Any
    ) -> None:
        given(inputs, weights, output, slots, *arguments, **further)
        # What is nothing between the two matrices stays nothing behind the second.
        output[: len(slots)].masked_fill_((slots < 0)[:, None], 0)

    operations.bgmv_shrink = wrapper.bgmv_shrink = bgmv_shrink
    return True
