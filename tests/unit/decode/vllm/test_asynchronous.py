"""The engine over vLLM's `AsyncLLM`, in processes of its own: a chat streams while beams run."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from genrec.decode.beams import Beams
from genrec.decode.causal_engine import CausalEngine
from genrec.decode.trie import Trie
from genrec.errors import UserError
from genrec.sid import SemanticIds

pytestmark = pytest.mark.system

LENGTHS = torch.tensor([3, 32, 40, 64, 65, 90])


@dataclass(frozen=True, eq=False)
class Told:
    """What happened, in one event loop."""

    mode: str
    alone: list[int]
    beside: list[int]
    during: list[Beams]
    adapted: Beams
    kept: Beams
    swapped: Beams
    unknown: str


@pytest.fixture(scope="module")
def asked(spoken: Any) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(6)
    return torch.randint(2, spoken.vocabulary, (len(LENGTHS), 90), generator=random), LENGTHS


@pytest.fixture(scope="module")
def half(spoken: Any) -> Trie:
    return Trie.build(SemanticIds(spoken.ids.codes[::2], spoken.ids.codebook_sizes))


@pytest.fixture(scope="module")
def told(spoken: Any, half: Trie, asked: tuple[Tensor, Tensor], vllm_installed: None) -> Told:
    return asyncio.run(scene(spoken, half, asked))


async def scene(spoken: Any, half: Trie, asked: tuple[Tensor, Tensor]) -> Told:
    from vllm import SamplingParams

    from genrec.decode.vllm.asynchronous import AsyncVllmEngine

    engine = await AsyncVllmEngine.start(
        spoken.folder, spoken.trie, spoken.tokens, width=20, adapters={"north": spoken.adapters["north"]},
        mode="worker", max_model_len=256, memory=64 << 20,
    )  # fmt: skip

    async def chat(name: str) -> list[int]:
        settings = SamplingParams(max_tokens=80, temperature=0.0, ignore_eos=True)
        prompt: Any = {"prompt_token_ids": list(range(10, 50))}
        found: list[int] = []
        async for output in engine.llm.generate(prompt, settings, name):
            found = list(output.outputs[0].token_ids)
        return found

    try:
        alone = await chat("alone")
        talking = asyncio.create_task(chat("beside"))
        during = []
        while not talking.done() or not during:
            pair = (engine.answer(*asked, 10), engine.answer(asked[0][:2], asked[1][:2], 10))
            during += await asyncio.gather(*pair)
        adapted = await engine.answer(*asked, 10, adapter="north")
        async with engine.snapshot() as now:
            await engine.swap(half)
            kept = await engine.answer(*asked, 10, now=now)
        with pytest.raises(RuntimeError, match="to_thread"):
            engine.engine.swap(half)  # it would wait for the loop that waits for it
        swapped = await engine.answer(*asked, 10)
        await engine.remove_adapter("north")
        try:
            unknown = str(await engine.answer(*asked, 10, adapter="north"))
        except UserError as error:
            unknown = str(error)
        return Told(engine.engine.mode, alone, await talking, during, adapted, kept, swapped, unknown)
    finally:
        engine.close()


def same(found: Beams, expected: Beams) -> None:
    torch.testing.assert_close(found.scores, expected.scores, rtol=0, atol=1e-3)
    assert (found.items == expected.items).float().mean() > 0.95


def test_a_stream_is_the_same_with_beams_beside_it(told: Told) -> None:
    assert told.mode == "worker"
    assert len(told.alone) == 80 and len(set(told.alone)) > 5
    assert told.beside == told.alone and len(told.during) >= 2


def test_answers_are_those_of_torch(told: Told, spoken: Any, half: Trie, asked: tuple[Tensor, Tensor]) -> None:
    engine = CausalEngine(spoken.model(), spoken.trie, spoken.tokens, width=20)
    expected = engine.answer(*asked, 10)
    for found in told.during:
        same(found, Beams(expected.items[: len(found.items)], expected.scores[: len(found.items)]))
    same(told.adapted, CausalEngine(spoken.model("north"), spoken.trie, spoken.tokens, width=20).answer(*asked, 10))
    same(told.kept, expected)
    same(told.swapped, CausalEngine(spoken.model(), half, spoken.tokens, width=20).answer(*asked, 10))
    assert "no adapter 'north'" in told.unknown
