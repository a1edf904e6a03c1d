"""What of the vLLM engine needs no vLLM: messages, the arithmetic of blocks, the pace, what it says of adapters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genrec.decode.bitmaps import RankBitmap
from genrec.decode.constraints import Constraints
from genrec.decode.offsets import Offsets
from genrec.decode.trie import Trie
from genrec.decode.vllm.adapters import fitting, rank_of
from genrec.decode.vllm.pace import Pace
from genrec.decode.vllm.paged import blocks_of, common
from genrec.decode.vllm.wire import Listener, Teller, pack, unpack
from genrec.errors import UserError
from genrec.sid import SemanticIds

# ---------------------------------------------------------------------- messages


def test_a_message_arrives_as_it_was_sent() -> None:
    tensors = {"a": torch.arange(6).view(2, 3), "empty": torch.empty(4, 0, dtype=torch.long), "b": torch.tensor([True])}
    about, found = unpack(pack({"name": "köln", "k": None, "n": [1, 2.5]}, tensors))
    assert about == {"name": "köln", "k": None, "n": [1, 2.5]} and found.keys() == tensors.keys()
    assert all(torch.equal(found[name], part) and found[name].dtype == part.dtype for name, part in tensors.items())


@given(data=st.data())
def test_constraints_mean_the_same_after_travelling(data: st.DataObject) -> None:
    """Several batches, one after the other, their shared offsets sometimes the same and sometimes new ones."""
    random = np.random.default_rng(data.draw(st.integers(0, 1000)))
    rows = random.permutation(5 * 4 * 6)[: data.draw(st.integers(1, 100))]
    trie = Trie.build(SemanticIds(np.stack(np.unravel_index(rows, (5, 4, 6)), axis=1), (5, 4, 6)))
    n, ranks, batch = len(trie), trie.rank_of(), 3
    teller, listener = Teller(), Listener(trie)
    shared = [Offsets.build(trie, random.normal(size=n)) for _ in range(2)]
    for _ in range(4):
        offsets = data.draw(st.sampled_from([None, *shared]))
        if offsets is not None and data.draw(st.booleans()):
            items = torch.from_numpy(np.stack([random.permutation(n)[:1] for _ in range(batch)]))
            offsets = offsets.with_boosts(items, torch.ones(batch, 1), torch.ones(batch, 1, dtype=torch.bool), ranks)
        masks = [random.random(n) < 0.5 for _ in range(batch)]
        sent = Constraints.build(
            ranks,
            batch,
            closed=(torch.from_numpy(random.integers(0, n, (batch, 4))), torch.ones(batch, 4, dtype=torch.bool)),
            allowed=data.draw(st.sampled_from([None, [RankBitmap.of_mask(mask) for mask in masks]])),
            offsets=offsets,
        )
        about, tensors = teller.told(sent)
        heard = listener.heard(*unpack(pack(about, tensors)))
        begin = torch.arange(n).expand(batch, -1)
        for end in (begin + 1, torch.full_like(begin, n)):
            assert torch.equal(heard.open(begin, end), sent.open(begin, end))
        assert torch.equal(heard.count(n), sent.count(n))
        if offsets is not None and heard.offsets is not None:
            for level in range(1, 4):
                nodes = trie.nodes_at(level, begin)
                assert torch.equal(heard.offsets.bound(level, nodes), offsets.bound(level, nodes))
        else:
            assert offsets is None and heard.offsets is None


def test_shared_offsets_travel_once() -> None:
    trie = Trie.build(SemanticIds(np.arange(500)[:, None], (500,)))
    teller = Teller()
    offsets = Offsets.build(trie, np.arange(500.0))
    sent = Constraints.build(trie.rank_of(), 1, offsets=offsets)
    sizes = [len(pack(*teller.told(sent))) for _ in range(3)]
    assert sizes[0] > 2000 > sizes[1] == sizes[2]
    teller.forget()
    assert len(pack(*teller.told(sent))) == sizes[0]


@given(seed=st.integers(0, 1000), closes=st.booleans(), filters=st.booleans())
def test_within_is_what_both_allow(seed: int, closes: bool, filters: bool) -> None:
    random = np.random.default_rng(seed)
    trie = Trie.build(SemanticIds(random.permutation(60)[:, None], (60,)))
    ranks, available = trie.rank_of(), RankBitmap.of_mask(random.random(60) < 0.6)
    asked: dict[str, Any] = {}
    if closes:
        asked["closed"] = (torch.from_numpy(random.integers(0, 60, (2, 9))), torch.ones(2, 9, dtype=torch.bool))
    if filters:
        asked["allowed"] = [RankBitmap.of_mask(random.random(60) < 0.5), None]
    expected = Constraints.build(ranks, 2, available=available, **asked)
    found = Constraints.build(ranks, 2, **asked).within(available)
    places = torch.arange(60).expand(2, -1)
    assert torch.equal(found.open_ranks(places), expected.open_ranks(places))
    assert torch.equal(found.open(places, places + 1), expected.open(places, places + 1))
    assert torch.equal(found.count(60), expected.count(60))


# ---------------------------------------------------------------------- blocks and pace


@given(length=st.integers(1, 200), levels=st.integers(1, 6), width=st.integers(1, 9), block=st.sampled_from([1, 4, 32]))
def test_blocks_are_those_that_tokens_stand_in(length: int, levels: int, width: int, block: int) -> None:
    prompt = {place // block for place in range(length)}
    whole = {number for number in prompt if (number + 1) * block <= length}
    beam = {place // block for place in range(length + levels - 1)} - whole
    assert int(blocks_of(torch.tensor([length]), levels, width, block)) == len(prompt) + width * len(beam)


@given(data=st.data())
def test_the_common_beginning(data: st.DataObject) -> None:
    shared = data.draw(st.lists(st.integers(0, 2), max_size=6))
    rows = [
        shared + data.draw(st.lists(st.integers(0, 2), min_size=1, max_size=6))
        for _ in range(data.draw(st.integers(1, 4)))
    ]
    found = common(torch.tensor([token for row in rows for token in row]), torch.tensor([len(row) for row in rows]))
    limit = min(map(len, rows)) - 1
    assert found == (
        0 if len(rows) == 1 else max(n for n in range(limit + 1) if len({tuple(row[:n]) for row in rows}) == 1)
    )


def test_the_pace_holds_its_time_and_grows_by_steps() -> None:
    pace, work = Pace(0.1), torch.full((100,), 50)
    sizes = []
    for _ in range(8):
        sizes.append(pace.fits(work))
        pace.took(sizes[-1] * 0.004, work[: sizes[-1]])
    assert sizes == [1, 2, 4, 8, 16, 25, 25, 25]
    pace.took(25 * 0.012, work[:25])  # the machine has become slower
    assert pace.fits(work) == 8
    pace.took(8 * 1.0, work[:8])
    assert pace.fits(work) == 1


# ---------------------------------------------------------------------- adapters


@pytest.mark.parametrize(
    ("config", "word"),
    [
        ({"peft_type": "LORA", "r": 8, "target_modules": ["q_proj", "lm_head"]}, "lm_head"),
        ({"peft_type": "LORA", "r": 8, "modules_to_save": ["embed_tokens"]}, "modules_to_save"),
        ({"peft_type": "LORA", "r": 8, "trainable_token_indices": [3]}, "trainable_token_indices"),
        ({"peft_type": "LORA", "r": 8, "use_dora": True}, "DoRA"),
        ({"peft_type": "IA3"}, "IA3"),
    ],
)
def test_adapters_that_vllm_does_not_take_are_named(config: dict[str, Any], word: str, tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match=word):
        rank_of("north", tmp_path)


def test_the_rank_of_an_adapter(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"'north'.*adapter_config.json is missing"):
        rank_of("north", tmp_path)
    (tmp_path / "adapter_config.json").write_text("{")
    with pytest.raises(UserError, match="not JSON"):
        rank_of("north", tmp_path)
    config = {"peft_type": "LORA", "r": 8, "rank_pattern": {"q_proj": 20}, "target_modules": ["q_proj"]}
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))
    assert rank_of("north", tmp_path) == 20
    assert [fitting(rank) for rank in (0, 1, 8, 9, 20, 512)] == [0, 1, 8, 16, 32, 512]
