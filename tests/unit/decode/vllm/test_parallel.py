"""The model's tensors split over two workers, each with its heads' keys and values and its part of the vocabulary."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from genrec.decode.causal_engine import CausalEngine

pytestmark = pytest.mark.system


def test_two_workers_answer_as_one(spoken: Any, vllm_installed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from genrec.decode.vllm.engine import VllmEngine

    # Fewer than two cores a worker, and no binding of threads to them.
    monkeypatch.setenv("VLLM_CPU_OMP_THREADS_BIND", "nobind")
    lengths = torch.tensor([5, 32, 40, 66])
    prompts = torch.randint(2, spoken.vocabulary, (4, 66), generator=torch.Generator().manual_seed(9))
    expected = CausalEngine(spoken.model("north"), spoken.trie, spoken.tokens, width=20).answer(prompts, lengths, 10)
    with VllmEngine(
        spoken.folder, spoken.trie, spoken.tokens, width=20, adapters={"north": spoken.adapters["north"]},
        mode="worker", workers=2, max_model_len=256, memory=64 << 20,
    ) as engine:  # fmt: skip
        found = engine.answer(prompts, lengths, 10, adapter="north")
    torch.testing.assert_close(found.scores, expected.scores, rtol=0, atol=1e-3)
    assert (found.items == expected.items).float().mean() > 0.9
