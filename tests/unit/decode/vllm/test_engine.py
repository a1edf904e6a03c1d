"""Items from vLLM: worker, driver and the engine in torch answer alike, and chat beside them does not notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from genrec.data.catalog import Catalog
from genrec.decode.beams import Beams
from genrec.decode.bitmaps import RankBitmap
from genrec.decode.causal_engine import CausalEngine
from genrec.decode.constraints import Constraints
from genrec.decode.offsets import Offsets
from genrec.decode.trie import Trie
from genrec.decode.vllm import engine as vllm_engine
from genrec.decode.vllm.check import disagreement
from genrec.errors import UserError
from genrec.sid import SemanticIds

pytestmark = pytest.mark.system

LENGTHS = torch.tensor([1, 2, 5, 29, 30, 31, 32, 33, 61, 64, 65, 90, 96, 120])
"""Shorter and longer than a block of 32 tokens, whole blocks, and ends that the beams' own tokens cross."""


@pytest.fixture(scope="module")
def driver(started: Any, spoken: Any) -> Any:
    """Over the public API of the same vLLM."""
    engine = over(started, spoken, mode="driver", rank=8)
    assert engine.mode == "driver"
    return engine


@pytest.fixture(scope="module")
def torch_engine(spoken: Any) -> CausalEngine:
    return CausalEngine(spoken.model(), spoken.trie, spoken.tokens, width=20)


@pytest.fixture(scope="module")
def asked(spoken: Any) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(2)
    return torch.randint(2, spoken.vocabulary, (len(LENGTHS), 120), generator=random), LENGTHS


def over(started: Any, spoken: Any, **further: Any) -> vllm_engine.VllmEngine:
    """Another engine over the vLLM that runs already."""
    settings = {"width": 20, "connect": lambda _: started.line} | further
    return vllm_engine.VllmEngine(spoken.folder, spoken.trie, spoken.tokens, **settings)


def same(found: Beams, expected: Beams) -> None:
    """Scores agree in order to 1e-3; items change places only where scores are as good as equal."""
    torch.testing.assert_close(found.scores, expected.scores, rtol=0, atol=1e-3)
    for items, others, scores in zip(found.items, expected.items, expected.scores, strict=True):
        for place in torch.nonzero(items != others).flatten().tolist():
            assert (scores - scores[place]).abs().lt(2e-3).sum() > 1


def wishes(trie: Trie) -> dict[str, Callable[[Tensor], Constraints]]:
    """What requests may ask for. Every function takes rows of the 14 prompts."""
    random = np.random.default_rng(4)
    n, ranks = len(trie), trie.rank_of()
    denied = torch.from_numpy(random.integers(0, n, (len(LENGTHS), 30)))
    filters = [None, *(RankBitmap.of_mask(random.random(n) < share) for share in (0.5, 0.1, 0.02))]
    available = RankBitmap.of_mask(random.random(n) < 0.7)
    shared = Offsets.build(trie, random.normal(size=n))
    boosts = torch.from_numpy(random.normal(size=(len(LENGTHS), 4))).float()
    boosted = torch.from_numpy(np.stack([random.permutation(n)[:4] for _ in LENGTHS]))

    def everything(rows: Tensor) -> Constraints:
        mask = torch.ones(len(rows), 30, dtype=torch.bool)
        some = [filters[int(row) % 4] for row in rows]
        own = shared.with_boosts(boosted[rows], boosts[rows], mask[:, :4], ranks)
        return Constraints.build(
            ranks, len(rows), closed=(denied[rows], mask), allowed=some, available=available, offsets=own
        )

    def build(**made: Callable[[Tensor], Any]) -> Callable[[Tensor], Constraints]:
        return lambda rows: Constraints.build(ranks, len(rows), **{name: part(rows) for name, part in made.items()})

    return {
        "deny lists": build(closed=lambda rows: (denied[rows], torch.ones(len(rows), 30, dtype=torch.bool))),
        "filters": build(allowed=lambda rows: [filters[int(row) % 4] for row in rows]),
        "availability": build(available=lambda rows: available),
        "offsets": build(offsets=lambda rows: shared),
        "everything": everything,
    }


# ---------------------------------------------------------------------- the same answers


def test_the_worker_answers_here(started: Any) -> None:
    assert (started.mode, started.reason) == ("worker", "")


@pytest.mark.parametrize("normalise", ["catalogue", "vocabulary"])
def test_worker_driver_and_torch_agree(
    normalise: str, started: Any, driver: Any, torch_engine: CausalEngine, asked: tuple[Tensor, Tensor]
) -> None:
    expected = torch_engine.answer(*asked, 20, normalise=normalise)
    assert expected.items.min() >= 0
    same(started.answer(*asked, 20, normalise=normalise), expected)
    same(driver.answer(*asked, 20, normalise=normalise), expected)


@pytest.mark.parametrize("shared", [31, 32, 33, 70])
def test_prompts_that_begin_alike_share_blocks(
    shared: int, started: Any, torch_engine: CausalEngine, spoken: Any, asked: tuple[Tensor, Tensor]
) -> None:
    prompts = asked[0].clone()
    prompts[:, :shared] = prompts[0, :shared]
    lengths = torch.tensor([shared + more for more in (0, 1, 2, 25, 26, 27, 31, 32, 33, 50, 1, 1, 40, 9)])
    same(started.answer(prompts, lengths, 20), torch_engine.answer(prompts, lengths, 20))


def test_more_tokens_than_a_forward_pass_takes(started: Any, spoken: Any) -> None:
    """One chunk of 4,800 tokens and 1,600 beams: passes begin and end within prompts."""
    prompts = torch.randint(2, spoken.vocabulary, (40, 120), generator=torch.Generator().manual_seed(8))
    lengths = torch.full((40,), 120)
    engine = over(started, spoken, mode="worker", width=40, chunk_seconds=1000.0)
    engine.pace.most = 40
    sizes = []

    def everything(rows: Tensor) -> Constraints:
        sizes.append(len(rows))
        return Constraints.none(len(rows))

    found = engine.answer(prompts, lengths, 20, everything)
    assert sizes == [40]
    same(found, CausalEngine(spoken.model(), spoken.trie, spoken.tokens, width=40).answer(prompts, lengths, 20))


@pytest.mark.parametrize("name", ["deny lists", "filters", "availability", "offsets", "everything"])
def test_constraints_are_the_same_in_all(
    name: str, started: Any, driver: Any, torch_engine: CausalEngine, spoken: Any, asked: tuple[Tensor, Tensor]
) -> None:
    wish = wishes(spoken.trie)[name]
    expected = torch_engine.answer(*asked, 12, wish)
    same(started.answer(*asked, 12, wish), expected)
    same(driver.answer(*asked, 12, wish), expected)
    # Every answer is an item that this request may get, once.
    for row, items in enumerate(started.answer(*asked, 12, wish).items.tolist()):
        there = [item for item in items if item >= 0]
        allowed = wish(torch.tensor([row])).open_ranks(spoken.trie.rank_of()[torch.tensor([there], dtype=torch.long)])
        assert len(set(there)) == len(there) and bool(allowed.all())


def test_more_answers_than_beams_and_a_catalogue_in_full(
    started: Any, torch_engine: CausalEngine, asked: tuple[Tensor, Tensor]
) -> None:
    prompts, lengths = asked[0][3:6], asked[1][3:6]
    k = len(started.trie)
    found = started.answer(prompts, lengths, k)
    same(found, torch_engine.answer(prompts, lengths, k))
    torch.testing.assert_close(found.scores.exp().sum(1), torch.ones(3))


def test_adapters_come_and_go_while_it_runs(
    started: Any, driver: Any, torch_engine: CausalEngine, spoken: Any, asked: tuple[Tensor, Tensor]
) -> None:
    plain = torch_engine.answer(*asked, 10)
    for name in ("north", "south"):
        for engine in (started, driver):
            engine.add_adapter(name, spoken.adapters[name])
        merged = CausalEngine(spoken.model(name), spoken.trie, spoken.tokens, width=20).answer(*asked, 10)
        assert (merged.scores - plain.scores).abs().max() > 0.1
        same(started.answer(*asked, 10, adapter=name), merged)
        same(driver.answer(*asked, 10, adapter=name), merged)
        same(started.answer(*asked, 10), plain)
    # Under a name that is taken, another adapter: nothing of the former is left anywhere.
    started.add_adapter("north", spoken.adapters["south"])
    same(started.answer(*asked, 10, adapter="north"), started.answer(*asked, 10, adapter="south"))
    assert started.adapters == ["north", "south"]
    started.remove_adapter("north")
    with pytest.raises(UserError, match=r"no adapter 'norht': .*'south'|known: south"):
        started.answer(*asked, 10, adapter="norht")
    started.remove_adapter("south")
    with pytest.raises(UserError, match="the engine has none"):
        started.answer(*asked, 10, adapter="south")
    for name in ("north", "south"):
        driver.remove_adapter(name)


# ---------------------------------------------------------------------- beside chat


def stream(started: Any, beside: Callable[[int], None]) -> list[list[int]]:
    """Greedy tokens of two chats, one step of vLLM at a time; `beside` runs between the steps."""
    from vllm import SamplingParams

    engine = started.llm.llm_engine
    settings = SamplingParams(max_tokens=40, temperature=0.0, ignore_eos=True)
    for number in range(2):
        prompt = {"prompt_token_ids": [5 + number, 9, 11, *range(20, 60)]}
        engine.add_request(f"chat-{number}", prompt, settings)
    found, step = {}, 0
    while engine.has_unfinished_requests():
        for output in engine.step():
            found[output.request_id] = list(output.outputs[0].token_ids)
        beside(step)
        step += 1
    return [found[name] for name in sorted(found)]


def test_a_chat_does_not_notice_beams(started: Any, asked: tuple[Tensor, Tensor]) -> None:
    alone = stream(started, lambda _: None)
    assert [len(tokens) for tokens in alone] == [40, 40] and len(set(alone[0])) > 5
    assert stream(started, lambda step: started.answer(*asked, 20)) == alone


def test_a_call_that_fails_leaves_nothing_behind(started: Any, asked: tuple[Tensor, Tensor]) -> None:
    """The trouble begins after the prompts were read: 3 beams cannot be spread over bitmaps for 99 requests."""
    alone, expected = stream(started, lambda _: None), started.answer(*asked, 5)

    def fail(_: int) -> None:
        wrong = Constraints.from_items(torch.zeros(99, 1, dtype=torch.long), torch.ones(99, 1, dtype=torch.bool),
                                       started.trie.rank_of())  # fmt: skip
        with pytest.raises((RuntimeError, IndexError)):
            started.answer(asked[0][:3], asked[1][:3], 5, lambda _: wrong)

    assert stream(started, fail) == alone
    same(started.answer(*asked, 5), expected)


# ---------------------------------------------------------------------- the catalogue changes


@pytest.fixture
def other(spoken: Any, started: Any) -> Iterator[tuple[Trie, None, Catalog]]:
    """Half of the catalogue, as `swap` takes it."""
    table = Catalog.read(spoken.run / "data" / "catalog.parquet").table
    ids = SemanticIds(spoken.ids.codes[::2], spoken.ids.codebook_sizes)
    yield Trie.build(ids), None, Catalog(table.gather_every(2))
    started.swap(spoken.trie, None, Catalog(table))


def test_calls_under_way_finish_with_their_catalogue(
    started: Any, spoken: Any, other: tuple[Trie, None, Catalog], asked: tuple[Tensor, Tensor]
) -> None:
    expected = started.answer(*asked, 10)
    engine = over(started, spoken, mode="worker")
    engine.pace.most = 1  # so that one call is several chunks
    seen = []

    def while_asked(rows: Tensor) -> Constraints:
        if not seen:
            engine.swap(*other)
        seen.append(len(rows))
        return Constraints.none(len(rows))

    same(engine.answer(*asked, 10, while_asked), expected)
    assert len(seen) > 1
    torch_engine = CausalEngine(spoken.model(), other[0], spoken.tokens, width=20)
    same(engine.answer(*asked, 10), torch_engine.answer(*asked, 10))
    same(started.answer(*asked, 10), expected)


def test_constraints_are_asked_with_the_version_they_are_over(
    started: Any, spoken: Any, torch_engine: CausalEngine, other: tuple[Trie, None, Catalog],
    asked: tuple[Tensor, Tensor],
) -> None:  # fmt: skip
    wish = wishes(spoken.trie)["everything"]
    engine = over(started, spoken, mode="worker")
    with engine.snapshot() as now:
        engine.swap(*other)
        same(engine.answer(*asked, 12, wish, now=now), torch_engine.answer(*asked, 12, wish))
        same(engine.answer(*asked, 12, wish, now=now), torch_engine.answer(*asked, 12, wish))
    assert engine.answer(*asked, 12).items.max() < len(other[0]) == len(engine.trie)


def test_what_is_not_available_is_not_answered(
    started: Any, driver: Any, torch_engine: CausalEngine, spoken: Any, asked: tuple[Tensor, Tensor]
) -> None:
    available = RankBitmap.of_mask(np.random.default_rng(0).random(len(spoken.trie)) < 0.5)
    wish = wishes(spoken.trie)["deny lists"]

    def both(rows: Tensor) -> Constraints:
        return wish(rows).within(available)

    expected = torch_engine.answer(*asked, 10, both)
    for engine in (started, driver):
        engine.swap(spoken.trie, available)
        same(engine.answer(*asked, 10, wish), expected)
        engine.swap(spoken.trie)


def test_chat_names_what_the_engine_answers_with(started: Any, spoken: Any, other: tuple[Trie, None, Catalog]) -> None:
    available = np.random.default_rng(1).random(len(spoken.trie)) < 0.3

    def named() -> set[int]:
        """Items by their codes' rows, as chats write them."""
        from vllm import SamplingParams

        wish = {"genrec": {"mode": "items", "count": 3}}
        params = [SamplingParams(max_tokens=20, temperature=1.0, seed=n, extra_args=wish) for n in range(40)]
        begin = started.llm.get_tokenizer().convert_tokens_to_ids("<|sid_begin|>")
        found = set()
        for output in started.line.generate([[7, 9, begin]] * 40, params, None):
            tokens = [token for token in output.outputs[0].token_ids if any((t == token).any() for t in spoken.tokens)]
            for place in range(0, len(tokens), 4):
                codes = [int((t == v).nonzero()) for t, v in zip(spoken.tokens, tokens[place : place + 4], strict=True)]
                found.add(int(np.flatnonzero((spoken.ids.codes == codes).all(1))[0]))
        return found

    order = spoken.trie.order.numpy()
    everything = named()
    assert len(everything) > 20 and not everything <= set(order[available].tolist())
    started.swap(spoken.trie, RankBitmap.of_mask(available))
    assert named() <= set(order[available].tolist())
    with pytest.raises(UserError, match="table"):
        started.swap(other[0])
    assert named() <= set(order[available].tolist()), "a swap that fails changes nothing"
    started.swap(*other)
    assert {item % 2 for item in named()} == {0}


def test_another_tokenizers_catalogue_is_refused(started: Any) -> None:
    with pytest.raises(UserError, match="codebook sizes"):
        started.swap(Trie.build(SemanticIds(np.array([[0, 0]]), (12, 10))))


# ---------------------------------------------------------------------- whom to trust


def test_a_worker_that_is_wrong_is_found_out(started: Any, spoken: Any) -> None:
    assert disagreement(started) == ""
    wrong = over(started, spoken, mode="worker")
    assert disagreement(wrong) == ""
    # The workers take codes for each other's tokens from here on; the public API does not.
    wrong.catalogues.swap(spoken.trie, None, None)
    current = wrong.catalogues.current
    tokens, current.tokens = current.tokens, [ids.roll(1) for ids in current.tokens]
    wrong.catalogues.share()
    current.tokens = tokens
    assert "differ" in disagreement(wrong) or "does not know" in disagreement(wrong)


def test_an_untested_version_is_driven(
    started: Any, spoken: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(vllm_engine, "TESTED", ("0.1.",))
    engine = over(started, spoken)
    assert engine.mode == "driver" and "not among the tested versions" in engine.reason
    assert "public API" in capsys.readouterr().err


# ---------------------------------------------------------------------- bad input


def test_errors_say_what_to_do(started: Any, spoken: Any, asked: tuple[Tensor, Tensor]) -> None:
    with pytest.raises(UserError, match="prompt 1 is empty"):
        started.answer(asked[0][:2], torch.tensor([3, 0]), 3)
    long = torch.full((2, 300), 7)
    with pytest.raises(UserError, match=r"prompt 1 has 253 tokens.*window of 256.*oldest"):
        started.answer(long, torch.tensor([5, 253]), 3)
    started.answer(long, torch.tensor([5, 252]), 3)
    small = over(started, spoken, mode="worker", arena=40 * started.about["bytes"])
    assert small.answer(*asked, 5).items.min() >= 0
    with pytest.raises(UserError, match=r"64 beams of a prompt of 120 tokens.*fewer beams.*arena="):
        small.answer(*asked, 64)
    with pytest.raises(UserError, match="'worker'"):
        over(started, spoken, mode="inside")
    with pytest.raises(UserError, match="2 levels"):
        vllm_engine.VllmEngine(spoken.folder, spoken.trie, spoken.tokens[:2], connect=lambda _: started.line)


def test_an_adapter_that_does_not_fit_is_refused(started: Any, spoken: Any, tmp_path: Any) -> None:
    with pytest.raises(UserError, match=r"start it with adapters"):
        over(started, spoken, mode="driver").add_adapter("north", spoken.adapters["north"])
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 64, "target_modules": ["q_proj"]}')
    with pytest.raises(UserError, match=r"rank 64.*8 at most.*rank=64"):
        started.add_adapter("large", tmp_path)
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 4, "target_modules": ["q_proj"]}')
    with pytest.raises(UserError, match="cannot load"):
        started.add_adapter("empty", tmp_path)
    assert started.adapters == []
