"""Batches of token rows: nothing is lost, packing changes no loss, and a step is the same however it is cut."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    BloomConfig,
    BloomForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from genrec import loop
from genrec.errors import UserError
from genrec.train import tokens
from genrec.train.tokens import Batch, Rows, TokenLoss

WORDS = 50
SHAPE: dict[str, Any] = {
    "vocab_size": WORDS, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 1, "head_dim": 16, "initializer_range": 0.3, "bos_token_id": None, "eos_token_id": None,
}  # fmt: skip


def made(kind: str = "qwen3") -> TokenLoss:
    torch.manual_seed(0)
    if kind == "bloom":
        config = BloomConfig(vocab_size=WORDS, hidden_size=32, n_layer=1, n_head=2, initializer_range=0.3)
        return TokenLoss(BloomForCausalLM(config))
    if kind == "llama":
        return TokenLoss(LlamaForCausalLM(LlamaConfig(**SHAPE)))
    return TokenLoss(Qwen3ForCausalLM(Qwen3Config(**SHAPE, tie_word_embeddings=True)))


def some(count: int, seed: int = 0, longest: int = 12) -> Rows:
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        length = int(random.integers(2, longest + 1))
        mask = random.random(length) < 0.5
        mask[-1] = True
        rows.append((str(random.choice(["a", "b"])), random.integers(0, WORDS, length).tolist(), mask.tolist()))
    return Rows.of(rows, 64)


def plain(model: Any, rows: Rows) -> dict[str, tuple[float, int]]:
    """Sum and count of each kind's losses, row by row, from all logits."""
    found = dict.fromkeys(rows.names, (0.0, 0))
    for row, kind in enumerate(rows.kinds):
        span = slice(rows.offsets[row], rows.offsets[row + 1])
        ids = torch.from_numpy(rows.tokens[span].astype(np.int64))[None]
        said = model(input_ids=ids).logits[0].log_softmax(-1)
        for place in range(1, ids.shape[1]):
            if rows.mask[span][place]:
                value, count = found[rows.names[kind]]
                found[rows.names[kind]] = (value - float(said[place - 1, ids[0, place]]), count + 1)
    return found


@pytest.mark.parametrize("kind", ["qwen3", "llama"])
@torch.no_grad()
def test_the_loss_is_that_of_every_answer_read_alone(kind: str) -> None:
    module, rows = made(kind).eval(), some(30)
    expected = plain(module.model, rows)
    for batches in (tokens.by_length(rows, 64, 0, 0), tokens.packed(rows, 24, 64, 0, 0)):
        assert len(batches) > 3
        sums: dict[str, list[float]] = {name: [0.0, 0.0] for name in rows.names}
        for batch in batches:
            mean, parts = tokens.loss(module, batch)
            assert float(mean) == pytest.approx(sum(v for v, _ in parts.values()) / batch.targets, rel=1e-5)
            for name, (value, count) in parts.items():
                sums[name][0] += value
                sums[name][1] += count
        for name, (value, count) in expected.items():
            assert sums[name][1] == count and sums[name][0] == pytest.approx(value, rel=1e-5)


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(0, 9), st.integers(12, 60), st.integers(1, 200), st.integers(0, 3))
def test_batches_hold_every_row_once(count: int, seed: int, window: int, budget: int, epoch: int) -> None:
    rows = some(count, seed)
    for batches, width in ((tokens.by_length(rows, budget, seed, epoch), None),
                           (tokens.packed(rows, window, budget, seed, epoch), window)):  # fmt: skip
        assert sorted(row for batch in batches for line in batch.lines for row in line) == list(range(count))
        for batch in batches:
            read, positions, kinds = batch.arrays()
            assert int((kinds >= 0).sum()) == batch.targets
            assert read.size <= budget or len(batch.lines) == 1
            assert width is None or read.shape[1] <= width
            for line, (got, place) in zip(batch.lines, zip(read, positions, strict=True), strict=True):
                said = np.concatenate([rows.tokens[rows.offsets[row] : rows.offsets[row + 1]] for row in line])
                assert (got[: len(said)] == said).all()
                begins = np.flatnonzero(place[: len(said)] == 0)
                assert begins.tolist() == np.cumsum([0, *(int(rows.lengths[row]) for row in line[:-1])]).tolist()


def test_packing_leaves_little_room() -> None:
    rows = some(500, longest=40)
    batches = tokens.packed(rows, 128, 512, 0, 0)
    room = sum(batch.arrays()[0].size for batch in batches)
    assert rows.lengths.sum() > 0.95 * room


def test_a_window_keeps_the_answer() -> None:
    rows = Rows.of([("a", list(range(10)), [False] * 8 + [True] * 2)], 4)
    assert rows.tokens.tolist() == [6, 7, 8, 9] and rows.mask.tolist() == [False, False, True, True]


def test_a_model_that_cannot_read_packed_rows_is_refused() -> None:
    tokens.check_packing(made(), WORDS)
    with pytest.raises(UserError, match="--set packing=false"):
        tokens.check_packing(made("bloom"), WORDS)


def test_recomputed_activations_give_the_same_gradients() -> None:
    gradients = []
    for checkpointing in (False, True):
        module = made().train()
        if checkpointing:
            module.model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        value, _ = tokens.loss(module, tokens.by_length(some(20), 1000, 0, 0)[0])
        value.backward()
        gradients.append([parameter.grad for parameter in module.parameters()])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other)


def trained(size: int, accumulate: int) -> list[torch.Tensor]:
    """Weights after two epochs whose batches hold `size` rows each, `accumulate` batches a step."""
    module, rows = made(), some(24)
    order = [loop.shuffled(24, size, 0, epoch) for epoch in range(2)]
    loop.train(
        module, lambda epoch: [Batch(rows, [[row] for row in part.tolist()]) for part in order[epoch]], tokens.loss,
        loop.LoopConfig(epochs=2, learning_rate=1e-2, accumulate=accumulate), weight=lambda batch: batch.targets,
        device="cpu",
    )  # fmt: skip
    return [parameter.detach() for parameter in module.parameters()]


def test_a_step_is_the_same_in_one_batch_or_several() -> None:
    """24 rows in steps of 8; then in steps of 10, so that the last is shorter."""
    for whole, parts in (((8, 1), (2, 4)), ((10, 1), (5, 2))):
        for one, other in zip(trained(*whole), trained(*parts), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(trained(8, 1)[0], trained(2, 1)[0], atol=1e-3)


WORKER = """
    import sys, torch
    from pathlib import Path
    from safetensors.torch import save_file
    from tests.unit.train.test_tokens import trained
    size, accumulate, out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    save_file({str(n): tensor.contiguous() for n, tensor in enumerate(trained(size, accumulate))}, out)
"""


def test_two_processes_train_as_one(tmp_path: Path) -> None:
    """The same batches, four a step: by one process, or by two. 24 rows in batches of 5 leave a step with one batch."""
    from safetensors.torch import load_file

    (tmp_path / "worker.py").write_text(textwrap.dedent(WORKER))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = os.environ | {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port,
                           "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1",
                           "PYTHONPATH": f"{Path.cwd()}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}  # fmt: skip
    workers = [
        subprocess.Popen(
            [sys.executable, tmp_path / "worker.py", "5", "4", tmp_path / f"{rank}.safetensors"],
            env=shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in (0, 1)
    ]
    assert [worker.wait(timeout=120) for worker in workers] == [0, 0]
    expected = trained(5, 4)
    for rank in (0, 1):
        found = load_file(tmp_path / f"{rank}.safetensors")
        for number, tensor in enumerate(expected):
            torch.testing.assert_close(found[str(number)], tensor, rtol=1e-4, atol=1e-5)


def test_the_schedule_is_walked_to_its_end_by_epochs_of_any_size(tmp_path: Path) -> None:
    """Epochs of 3, 5 and 2 batches: the last step's rate is the same as with three epochs of 3."""
    rates: list[float] = []

    class One(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(1))

    for sizes in ((3, 5, 2), (3, 3, 3)):
        module = One()
        moves: list[float] = []
        before = [1.0]

        def after(one: torch.nn.Module, _: int, moves: list[float] = moves, before: list[float] = before) -> None:
            now = next(one.parameters()).item()
            moves.append(abs(now - before[0]))
            before[0] = now

        record = loop.train(
            module, lambda epoch, sizes=sizes: [1.0] * sizes[epoch], lambda one, _: one.weight.sum(),
            loop.LoopConfig(epochs=3, learning_rate=0.1, clip_norm=0.0), after_step=after, folder=tmp_path / str(sizes),
            device="cpu",
        )  # fmt: skip
        assert len(record.epochs) == 3 and len(moves) == sum(sizes)
        rates.append(moves[sum(sizes[:2])])
        assert json.loads((tmp_path / str(sizes) / "loop.json").read_text())["epoch"] == 3
    assert rates[0] == pytest.approx(rates[1], rel=1e-3)
