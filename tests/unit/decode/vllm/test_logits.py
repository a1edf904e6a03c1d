"""The mask and the adapters in vLLM: its own interfaces first, then engines that really run."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from torch import Tensor

from genrec.data.catalog import Catalog
from genrec.decode import stock as stocks
from genrec.decode.bitmaps import RankBitmap
from genrec.decode.hf_logits import SidLogitsProcessor
from genrec.decode.sid_slots import Ask, Slots
from genrec.decode.stock import Stock
from genrec.decode.trie import Trie
from genrec.decode.vllm.stock import NAME
from genrec.errors import UserError
from genrec.model import vocabulary
from genrec.model.lm import ABOUT, SCHEMA, fingerprint
from genrec.sid import SemanticIds

pytestmark = pytest.mark.system
SIZES, N, STOP = (8, 8, 4), 60, 0
SHAPE: dict[str, Any] = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 32, "initializer_range": 0.3, "eos_token_id": STOP, "pad_token_id": STOP,
    "max_position_embeddings": 512,
}  # fmt: skip
GREEDY = {"temperature": 0.0, "max_tokens": 12, "logprobs": 1}


@pytest.fixture(scope="module", autouse=True)
def with_vllm() -> None:
    """Not imported with this file: that takes seconds, which nobody should wait who only collects tests."""
    pytest.importorskip("vllm", reason="needs vLLM: `make vllm`")


def mask_of(config: Any, *rest: Any) -> Any:
    """As vLLM makes one."""
    from genrec.decode.vllm.logits import CatalogueMask

    return CatalogueMask(config, *rest)


def validate(params: Any) -> None:
    from genrec.decode.vllm.logits import CatalogueMask

    CatalogueMask.validate_params(params)


def params_of(**further: Any) -> Any:
    from vllm import SamplingParams

    return SamplingParams(**further)


# ---------------------------------------------------------------------- a small model in its workspace


@dataclass
class Model:
    """A workspace's language model: its folders, what it may name, the items' codes, the model with its adapters."""

    folder: Path
    merged: Path
    adapters: dict[str, Path]
    stock: Stock
    codes: np.ndarray
    tuned: Any


def made(root: Path, tied: bool) -> Model:
    """Random weights, large enough for opinions; two adapters of linear layers; one of them merged as well."""
    from peft import LoraConfig, get_peft_model
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

    from tokenizers import Tokenizer, models, pre_tokenizers

    words = ["<end>", "<unk>", *(f"w{number}" for number in range(18))]
    inner = Tokenizer(models.WordLevel({word: place for place, word in enumerate(words)}, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<end>", unk_token="<unk>")
    torch.manual_seed(7 + tied)
    model = Qwen3ForCausalLM(Qwen3Config(vocab_size=len(words), tie_word_embeddings=tied, **SHAPE)).eval()
    known = vocabulary.extend(tokenizer, model, SIZES)
    folder = root / "lm" / "model"
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)

    random = np.random.default_rng(3)
    codes = np.stack(np.unravel_index(random.permutation(np.prod(SIZES))[:N], SIZES), axis=1)
    ids = SemanticIds(codes, SIZES)
    ids.save(root / "sid" / "sids.safetensors")
    about = {"schema": SCHEMA, "codebook_sizes": SIZES, "items": N, "catalogue": fingerprint(ids)}
    (root / "lm" / ABOUT).write_text(json.dumps(about))
    (root / "data").mkdir()
    colours = ["red" if item % 3 else "blue" for item in range(N)]
    catalog = Catalog(pl.DataFrame({"item_id": [f"i{item}" for item in range(N)], "colour": colours}))
    catalog.write(root / "data" / "catalog.parquet")

    adapters, tuned = {}, None
    for name in ("one", "two"):
        config = LoraConfig(task_type="CAUSAL_LM", r=4, lora_alpha=8, target_modules="all-linear")
        tuned = get_peft_model(model, config, name) if tuned is None else tuned
        if name not in tuned.peft_config:
            tuned.add_adapter(name, config)
        adapters[name] = root / "lm" / "adapters" / name
    for parameter_name, parameter in tuned.named_parameters():
        if "lora_B" in parameter_name:
            torch.nn.init.normal_(parameter, std=0.2)
    tuned.save_pretrained(root / "lm" / "adapters")
    merged = root / "merged"
    tuned.set_adapter("one")
    other = Qwen3ForCausalLM.from_pretrained(folder)
    whole = get_peft_model(other, tuned.peft_config["one"], "one")
    whole.load_state_dict({key: value for key, value in tuned.state_dict().items() if ".two." not in key})
    whole.merge_and_unload().save_pretrained(merged)
    tokenizer.save_pretrained(merged)
    return Model(folder, merged, adapters, Stock(Trie.build(ids), known, catalog), codes, tuned.eval())


@pytest.fixture(scope="module", params=[True, False], ids=["tied", "untied"])
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Model, Any]]:
    """A model and an engine that serves it, one after the other. One has the mask from its name, one finds it."""
    model = made(tmp_path_factory.mktemp(request.node.name), request.param)
    installed = any(point.value == NAME for point in entry_points(group="vllm.logits_processors"))
    engine = started(model, None if installed and not request.param else [NAME])
    yield model, engine
    engine.llm_engine.engine_core.shutdown()


def started(model: Model, processors: list[str] | None) -> Any:
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
    from vllm import LLM

    return LLM(
        model=str(model.folder), dtype="float32", max_model_len=256, enforce_eager=True, max_num_seqs=32,
        enable_lora=True, max_lora_rank=8, max_loras=2, logprobs_mode="processed_logprobs",
        logits_processors=processors, worker_extension_cls="genrec.decode.vllm.stock.StockExtension",
    )  # fmt: skip


def asked(engine: Any, prompts: list[list[int]], said: Any = None, adapters: Any = None, **further: Any) -> list[Any]:
    """vLLM's answers. said: {"genrec": …} of all prompts or of each."""
    each = said if isinstance(said, list) else [said] * len(prompts)
    parameters = [params_of(**GREEDY | further, extra_args=None if one is None else {"genrec": one}) for one in each]
    inputs = [{"prompt_token_ids": prompt} for prompt in prompts]
    found = engine.generate(inputs, parameters, lora_request=adapters, use_tqdm=False)
    return [one.outputs[0] for one in found]


def prompts_of(model: Model) -> list[list[int]]:
    """Short ones and long ones, over one block of the cache and over several; some end inside an item."""
    random = np.random.default_rng(11)
    words, begin = model.stock.vocabulary, model.stock.vocabulary.begin
    text = [random.integers(2, 20, length).tolist() for length in (1, 5, 31, 64, 110)]
    rank = torch.tensor([[7]])
    nodes = [model.stock.trie.nodes_at(level + 1, rank) for level in range(3)]
    codes = [int(model.stock.trie.codes_at(level + 1, node)) for level, node in enumerate(nodes)]
    item = words.tokens(np.array([codes]))[0].tolist()
    begun = text[3] + [begin, int(words.tables[0][0])]
    return [*text, text[1] + [begin], begun, item, [5, *item, 6, *item, begin]]


@torch.no_grad()
def check(model: Any, prompts: list[list[int]], answers: list[Any], processors: list[Any] | None = None) -> None:
    """Hugging Face would have chosen the same tokens, for the same log-probabilities."""
    for row, (prompt, answer) in enumerate(zip(prompts, answers, strict=True)):
        tokens = torch.tensor([[*prompt, *answer.token_ids]])
        logits = model(tokens).logits[0, len(prompt) - 1 : -1].float()
        if processors is not None:
            for place in range(len(logits)):
                processors[row](tokens[:, : len(prompt) + place], logits[place : place + 1])
        expected = logits.log_softmax(-1)
        assert expected.argmax(-1).tolist() == list(answer.token_ids)
        found = [place[token].logprob for token, place in zip(answer.token_ids, answer.logprobs, strict=True)]
        torch.testing.assert_close(torch.tensor(found), expected.amax(-1), rtol=0, atol=1e-3)


# ---------------------------------------------------------------------- the interfaces


def test_the_entry_point_is_the_class() -> None:
    found = [point for point in entry_points(group="vllm.logits_processors") if point.name == "genrec"]
    if not found:
        pytest.skip("needs GenRec to be installed: `make venv`")
    from genrec.decode.vllm.logits import CatalogueMask

    assert found[0].value == NAME
    assert found[0].load() is CatalogueMask


@dataclass
class Running:
    """A request of the tests below."""

    ask: dict[str, Any] | None
    prompt: list[int]
    output: list[int] = field(default_factory=list)

    @property
    def params(self) -> Any:
        params = params_of(extra_args=None if self.ask is None else {"genrec": self.ask})
        params.update_from_generation_config({}, STOP)
        return params


ASKS: list[dict[str, Any] | None] = [
    {}, {"mode": "items", "count": 2}, {"where": {"colour": "red"}, "repeats": False}, {"deny": ["i1", "i2"]},
    {"mode": "items", "count": 9, "allow": ["i3", "i4", "i5"]}, None, {"deny": ["nothing"]},
]  # fmt: skip


def expected(running: Running, stock: Stock, given: Tensor) -> Tensor:
    """What `sid_slots`, which has its own tests, leaves of logits (V,)."""
    if running.ask is None:
        return given
    logits = given.clone()[None]
    if running.ask.get("deny") == ["nothing"]:
        logits[:], logits[:, STOP] = -float("inf"), 0
        return logits[0]
    slots = Slots(lambda: stock, 1, "cpu")
    slots.admit(0, Ask.read(running.ask), STOP)
    before = stock.trie.levels + 1
    context = [*[-1] * before, *running.prompt][-before:] + running.output
    row = torch.zeros(1, dtype=torch.long)
    return slots.forbid_after(logits, row, row, torch.tensor([context]))[0]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, Any]:
    """A model and vLLM's own configuration for it."""
    from vllm.engine.arg_utils import EngineArgs

    model = made(tmp_path_factory.mktemp("small"), True)
    arguments = EngineArgs(
        model=str(model.folder), dtype="float32", max_model_len=256, max_num_seqs=8, enforce_eager=True,
        logits_processors=[NAME], additional_config={"genrec": {"catalogue": str(model.folder.parents[1])}},
    )  # fmt: skip
    return model, arguments.create_engine_config()


@pytest.fixture
def nothing_in_stock() -> Iterator[None]:
    stocks.put(None)
    yield
    stocks.put(None)


def next_stock(model: Model, random: np.random.Generator) -> Stock:
    """All items or the first 40 of them, and not all of these."""
    n = int(random.choice([40, N]))
    trie = Trie.build(SemanticIds(model.codes[:n], SIZES))
    available = RankBitmap.of_mask(random.random(n) < random.random())
    catalog = Catalog(model.stock.catalog.table[:n])
    return model.stock.changed(available=available, trie=trie, catalog=catalog)


def any_prompt(model: Model, random: np.random.Generator) -> list[int]:
    """Half of the time one with items before the answer."""
    return prompts_of(model)[random.integers(7, 9) if random.random() < 0.5 else random.integers(7)]


def token_of(logits: Tensor, stock: Stock, random: np.random.Generator) -> int:
    """Any token that is left, a begin rather than a word."""
    begin = stock.vocabulary.begin
    left = logits.isfinite().nonzero()[:, 0].tolist()
    return begin if begin in left and random.random() < 0.5 else int(random.choice(left))


@pytest.mark.usefixtures("nothing_in_stock")
def test_the_first_interface_follows_a_batch(small: tuple[Model, Any]) -> None:
    """Requests come, go, move and change places; their rows are what the mask leaves, other rows are untouched."""
    from vllm.v1.sample.logits_processor.interface import BatchUpdate, MoveDirectionality

    model, config = small
    random = np.random.default_rng(1)
    mask = mask_of(config, torch.device("cpu"), False)
    assert stocks.current() is not None
    assert not mask.is_argmax_invariant()
    batch: list[Running] = []
    for step in range(150):
        removed, added, moved = [], [], []
        if len(batch) > 2 and random.random() < 0.3:
            gone = int(random.integers(len(batch)))
            if random.random() < 0.5 and gone < len(batch) - 1:  # the last takes the place of one that went
                removed.append(gone)
                moved.append((len(batch) - 1, gone, MoveDirectionality.UNIDIRECTIONAL))
                batch[gone] = batch[-1]
            else:
                removed.append(len(batch) - 1)
            batch.pop()
        elif len(batch) < 8 and random.random() < 0.6:
            prompt = any_prompt(model, random)
            # Some come back after they were put aside, with what they have written.
            batch.append(Running(ASKS[random.integers(len(ASKS))], prompt, [2] if random.random() < 0.3 else []))
            added.append((len(batch) - 1, batch[-1].params, prompt, batch[-1].output))
        elif len(batch) > 1 and random.random() < 0.5:
            one, other = random.permutation(len(batch))[:2].tolist()
            batch[one], batch[other] = batch[other], batch[one]
            moved.append((one, other, MoveDirectionality.SWAP))
        mask.update_state(BatchUpdate(len(batch), removed, added, moved) if removed or added or moved else None)
        if step % 10 == 9:
            stocks.put(next_stock(model, random))
        given = torch.from_numpy(random.normal(size=(len(batch), 64))).float()
        logits = mask.apply(given.clone())
        for row, running in enumerate(batch):
            assert logits[row].equal(expected(running, stocks.current(), given[row])), (step, row, running)
            running.output.append(token_of(logits[row], model.stock, random))


@pytest.mark.usefixtures("nothing_in_stock")
def test_the_second_interface_reads_the_runners_history(
    small: tuple[Model, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the runner's own request states, which need no GPU but for the kernel that writes tokens into them."""
    from vllm.v1.worker.cpu import buffer_utils as on_cpu
    from vllm.v1.worker.gpu import buffer_utils
    from vllm.v1.worker.gpu.sample.logits_processor.interface import LogitsContext, LogitsProcRequestState
    from vllm.v1.worker.gpu.states import RequestState

    monkeypatch.setattr(buffer_utils, "UvaBuffer", on_cpu.UvaBuffer)
    model, config = small
    states = RequestState(8, 256, 512, 0, 64, torch.device("cpu"))
    mask = mask_of(config, LogitsProcRequestState.from_request_state(states))
    random = np.random.default_rng(2)
    batch: dict[int, Running] = {}
    for step in range(120):
        if batch and random.random() < 0.2:
            gone = list(batch)[random.integers(len(batch))]
            states.remove_request(str(gone))
            del batch[gone]
        elif len(batch) < 8 and random.random() < 0.6:
            name = next(number for number in range(9) if str(number) not in states.req_id_to_index)
            running = Running(ASKS[random.integers(len(ASKS))], any_prompt(model, random))
            running.output += [2] * int(random.integers(3))
            everything = running.prompt + running.output
            states.add_request(str(name), len(running.prompt), everything, len(everything) - 1, 100)
            slot = states.req_id_to_index[str(name)]
            batch[name] = running
            assert mask.add_request(slot, running.params) == (running.ask is not None)
        if not batch:
            continue
        if step % 10 == 9:
            stocks.put(next_stock(model, random))
        order = random.permutation(list(batch)).tolist()
        slots = [states.req_id_to_index[str(name)] for name in order]
        states.prompt_len.copy_to_uva()
        for name, slot in zip(order, slots, strict=True):
            everything = batch[name].prompt + batch[name].output
            states.all_token_ids.gpu[slot] = 19  # what somebody left there
            states.all_token_ids.gpu[slot, : len(everything)] = torch.tensor(everything)
            states.total_len.gpu[slot] = len(everything)
        lengths = np.array([len(batch[name].prompt + batch[name].output) for name in order])
        given = torch.from_numpy(random.normal(size=(len(order), 64))).float()
        mapping = torch.tensor(slots, dtype=torch.int32)
        last = torch.tensor([(batch[name].prompt + batch[name].output)[-1] for name in order])
        context = LogitsContext(
            mapping, mapping, np.array(slots), torch.zeros(len(order), dtype=torch.int32), last,
            torch.from_numpy(lengths - 1), lengths,
        )  # fmt: skip
        logits = mask.apply(given.clone(), context)
        for row, name in enumerate(order):
            assert logits[row].equal(expected(batch[name], stocks.current(), given[row]))
            batch[name].output.append(token_of(logits[row], model.stock, random))


@pytest.mark.usefixtures("nothing_in_stock")
def test_the_second_interface_reads_draft_tokens(small: tuple[Model, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from vllm.v1.worker.cpu import buffer_utils as on_cpu
    from vllm.v1.worker.gpu import buffer_utils
    from vllm.v1.worker.gpu.sample.logits_processor.interface import LogitsContext, LogitsProcRequestState
    from vllm.v1.worker.gpu.states import RequestState

    monkeypatch.setattr(buffer_utils, "UvaBuffer", on_cpu.UvaBuffer)
    model, config = small
    states = RequestState(8, 256, 512, 3, 64, torch.device("cpu"))
    mask = mask_of(config, LogitsProcRequestState.from_request_state(states))
    item = model.stock.vocabulary.tokens(np.array([[0, 0, 0]]))[0].tolist()
    requests = [Running({}, [5, 6], [7, *item[:1]]), Running(None, [5]), Running({"mode": "items"}, [5], item[:2])]
    drafts = [item[1:3], [4], []]
    rows = []
    for number, (running, draft) in enumerate(zip(requests, drafts, strict=True)):
        everything = running.prompt + running.output
        states.add_request(str(number), len(running.prompt), everything, len(everything) - 1, 100)
        slot = states.req_id_to_index[str(number)]
        mask.add_request(slot, running.params)
        states.all_token_ids.gpu[slot, : len(everything)] = torch.tensor(everything)
        states.total_len.gpu[slot] = len(everything)
        for place in range(len(draft) + 1):
            seen = everything + draft[:place]
            rows.append(
                (
                    slot,
                    place,
                    seen[-1],
                    len(seen) - 1,
                    Running(running.ask, running.prompt, running.output + draft[:place]),
                )
            )
    states.prompt_len.copy_to_uva()
    slots, places, fed, positions = (torch.tensor([row[column] for row in rows]) for column in range(4))
    each = torch.tensor([states.req_id_to_index[str(number)] for number in range(3)])
    bound = np.array([len(one.prompt + one.output) + 3 for one in requests])
    given = torch.randn(len(rows), 64, generator=torch.Generator().manual_seed(0))
    context = LogitsContext(slots, each, each.numpy(), places, fed, positions, bound)
    logits = mask.apply(given.clone(), context)
    for found, before, row in zip(logits, given, rows, strict=True):
        assert found.equal(expected(row[4], stocks.current(), before))


@pytest.mark.usefixtures("nothing_in_stock")
def test_where_the_catalogue_is_found(
    small: tuple[Model, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the workspace that the model lies in, or the one that is named; each model has its own."""
    from genrec.decode.vllm.stock import adopt

    model, config = small
    config = deepcopy(config)
    config.additional_config = {}
    found = adopt(config)
    assert found is not None
    assert len(found.trie) == len(found.catalog) == N
    assert adopt(config) is found
    alone = tmp_path / "elsewhere" / "model"
    shutil.copytree(model.folder, alone)
    config.model_config.model = str(alone)
    assert adopt(config) is None
    monkeypatch.setenv("GENREC_CATALOGUE", str(model.folder.parents[1]))
    assert len(adopt(config).trie) == N
    config.additional_config = {"genrec": {"catalogue": str(tmp_path / "nowhere")}}
    stocks.put(None)
    with pytest.raises(UserError, match="no such file"):
        adopt(config)
    # The model's words, trained on other items.
    shutil.copytree(model.folder.parents[1], tmp_path / "other")
    SemanticIds(model.codes[::-1].copy(), SIZES).save(tmp_path / "other" / "sid" / "sids.safetensors")
    config.model_config.model, config.additional_config = str(tmp_path / "other" / "lm" / "model"), {}
    monkeypatch.delenv("GENREC_CATALOGUE")
    with pytest.raises(UserError, match="trained on other semantic IDs"):
        adopt(config)


def test_a_second_mask_of_an_engine_rests(small: tuple[Model, Any]) -> None:
    """Where the entry point is installed and the class is named as well, vLLM makes two."""
    _, config = small
    first = mask_of(config, torch.device("cpu"), False)
    second = mask_of(config, torch.device("cpu"), False)
    from vllm.v1.sample.logits_processor.interface import BatchUpdate

    running = Running({"mode": "items"}, [5])
    update = BatchUpdate(1, [], [(0, running.params, running.prompt, running.output)], [])
    for mask in (first, second):
        mask.update_state(update)
    given = torch.zeros(1, 64)
    assert second.apply(given.clone()).equal(given)
    assert not first.apply(given.clone()).equal(given)


def test_asynchronous_scheduling_hides_tokens_from_entry_points(small: tuple[Model, Any]) -> None:
    _, config = small
    config = deepcopy(config)
    config.scheduler_config.async_scheduling, config.model_config.logits_processors = True, None
    with pytest.raises(UserError, match="--logits-processors"):
        mask_of(config, torch.device("cpu"), False)


@pytest.mark.usefixtures("nothing_in_stock")
def test_requests_that_cannot_be_met_are_refused_at_the_door(small: tuple[Model, Any]) -> None:
    model, _ = small
    for said, message in [({"mod": "items"}, "did you mean 'mode'"), ({"deny": "i1"}, "list of item ids")]:
        with pytest.raises(ValueError, match=message):
            validate(Running(said, []).params)
    validate(Running({"deny": ["i99"]}, []).params)
    stocks.put(model.stock)
    with pytest.raises(ValueError, match="no item 'i99'"):
        validate(Running({"deny": ["i99"]}, []).params)
    for setting in ({"ignore_eos": True}, {"min_tokens": 5}):
        with pytest.raises(ValueError, match=next(iter(setting))):
            validate(params_of(**setting, extra_args={"genrec": {"mode": "items"}}))
    validate(params_of(ignore_eos=True))


def test_adapters_on_cpus_are_mended() -> None:
    """Rows without an adapter get nothing of the last slot's; the others what they got before."""
    from vllm.lora.ops.torch_ops import lora_ops

    from genrec.decode.vllm.lora import mend

    mend()
    assert not mend()
    inputs, weights = torch.randn(3, 4), torch.randn(2, 1, 5, 4)
    found = torch.zeros(3, 5)
    lora_ops.bgmv_shrink(inputs, weights, found, torch.tensor([-1, 1, 0]), 2.0)
    torch.testing.assert_close(
        found, torch.stack([torch.zeros(5), 2 * weights[1, 0] @ inputs[1], 2 * weights[0, 0] @ inputs[2]])
    )


# ---------------------------------------------------------------------- engines


def requests_for(model: Model) -> dict[str, Any]:
    from vllm.lora.request import LoRARequest

    return {name: LoRARequest(name, number, str(path)) for number, (name, path) in enumerate(model.adapters.items(), 1)}


def test_base_and_adapters_have_hugging_faces_logits(either: tuple[Model, Any]) -> None:
    """Base, two adapters and no adapter again, in one batch; with the mask and without."""
    model, engine = either
    prompts, adapters = prompts_of(model), requests_for(model)
    order = [None, "one", "two"] * len(prompts)
    repeated = [prompt for prompt in prompts for _ in range(3)]
    chosen = [None if name is None else adapters[name] for name in order]
    for said in (None, {"mode": "items", "count": 2}, {"where": {"colour": "red"}}):
        found = asked(engine, repeated, said, chosen)
        for name in (None, "one", "two"):
            mine = [place for place, other in enumerate(order) if other == name]
            some, answers = [repeated[place] for place in mine], [found[place] for place in mine]
            masks = None
            if said is not None:
                masks = [SidLogitsProcessor(model.stock, len(prompt), Ask.read(said), STOP) for prompt in some]
            if name is None:
                with model.tuned.disable_adapter():
                    check(model.tuned, some, answers, masks)
            else:
                model.tuned.set_adapter(name)
                check(model.tuned, some, answers, masks)


def test_a_merged_checkpoint_has_its_adapters_logits(either: tuple[Model, Any]) -> None:
    """In the same engine: vLLM reads the other weights as it would at its start."""
    model, engine = either
    prompts = prompts_of(model)
    engine.collective_rpc("reload_weights", kwargs={"weights_path": str(model.merged)})
    engine.reset_prefix_cache()
    try:
        model.tuned.set_adapter("one")
        check(model.tuned, prompts, asked(engine, prompts))
    finally:
        engine.collective_rpc("reload_weights", kwargs={"weights_path": str(model.folder)})
        engine.reset_prefix_cache()
    with model.tuned.disable_adapter():
        check(model.tuned, prompts, asked(engine, prompts))


def items_in(model: Model, prompt: list[int], tokens: list[int]) -> list[int]:
    """The items of an answer; fails on anything between the marks that is none. The last one may be cut off."""
    words, trie = model.stock.vocabulary, model.stock.trie
    paths = torch.stack([trie.codes_at(level + 1, nodes) for level, nodes in enumerate(trie.paths())], 1).numpy()
    item_of = {tuple(row): item for item, row in enumerate(words.tokens(paths).tolist())}
    stream = prompt[len(prompt) - prompt[::-1].index(words.begin) - 1 :] if words.begin in prompt else []
    found, inside = [], None
    for token in (stream if words.end not in stream else []) + tokens:
        if token == words.begin:
            inside = [token]
        elif inside is not None:
            inside.append(token)
            if token == words.end:
                found.append(item_of[tuple(inside)])
                inside = None
        else:
            assert token not in words.rows
    return found


def test_answers_name_only_items_that_are_open(either: tuple[Model, Any]) -> None:
    """Thousands of sampled tokens of every kind of request in one batch; requests that ask for nothing are as ever."""
    model, engine = either
    said: list[Any] = [
        {}, {"where": {"colour": "red"}, "repeats": False}, {"mode": "items", "count": 3},
        {"mode": "items", "count": 4, "allow": ["i7", "i9"]}, {"deny": [f"i{item}" for item in range(30)]}, None,
    ]  # fmt: skip
    prompts = prompts_of(model) * 18
    each = [said[place % 6] for place in range(len(prompts))]
    sampled = {"temperature": 1.5, "max_tokens": 120, "seed": 5, "logprobs": None}
    found = asked(engine, prompts, each, **sampled)
    named = written = 0
    for prompt, settings, answer in zip(prompts, each, found, strict=True):
        if settings is None:
            continue
        tokens = list(answer.token_ids)
        if settings.get("mode") == "items":
            assert tokens[-1] == STOP
            tokens = tokens[:-1]
        items = items_in(model, prompt, tokens)
        named, written = named + len(items), written + len(tokens)
        if settings.get("mode") == "items":
            wanted = 2 if "allow" in settings else 3
            # One prompt begins an item that no allowed one goes on from: it is given up for a fresh one.
            assert len(items) == len(set(items)) == wanted
            assert "allow" not in settings or set(items) == {7, 9}
        if settings.get("where"):
            assert all(item % 3 for item in items)
            assert len(items) == len(set(items))
        assert "deny" not in settings or min(items, default=30) >= 30
    assert named > 100
    assert written > 1000
    alone = [place for place, settings in enumerate(each) if settings is None]
    plain = asked(engine, [prompts[place] for place in alone], **sampled)
    assert [list(one.token_ids) for one in plain] == [list(found[place].token_ids) for place in alone]


def test_a_request_that_does_not_fit_ends_at_once(either: tuple[Model, Any]) -> None:
    _, engine = either
    from vllm.exceptions import VLLMValidationError

    with pytest.raises(VLLMValidationError, match="did you mean 'mode'"):
        asked(engine, [[5, 6]], {"mod": "items"})
    unfit = [{}, {"where": {"color": "red"}}]
    if stocks.current() is not None:
        # vLLM's core runs in this process, as tests of other engines may have set it: then it is refused when it comes.
        with pytest.raises(VLLMValidationError, match="did you mean 'colour'"):
            asked(engine, [[5, 6], [5, 6]], unfit)
        return
    good, bad = asked(engine, [[5, 6], [5, 6]], unfit)
    assert list(bad.token_ids) == [STOP]
    assert len(good.token_ids) > 1


def test_a_swap_holds_for_answers_under_way(either: tuple[Model, Any], tmp_path: Path) -> None:
    """One half of the items is there, then the other: no answer names one of the first after one of the second."""
    model, engine = either
    halves = [RankBitmap.of_mask(np.arange(N) % 2 == half) for half in (0, 1)]
    swap = partial(engine.collective_rpc, "swap_stock")
    swap(kwargs={"version": 1, "available": halves[0].words.tobytes()})
    for number in range(16):
        parameters = params_of(temperature=1.5, max_tokens=200, min_tokens=200, seed=number, extra_args={"genrec": {}})
        engine.llm_engine.add_request(str(number), {"prompt_token_ids": [5, 6]}, parameters)
    done: dict[str, list[int]] = {}
    for step in range(100_000):
        if step == 60:
            assert swap(kwargs={"version": 2, "available": halves[1].words.tobytes()}) == [True]
        done |= {one.request_id: list(one.outputs[0].token_ids) for one in engine.llm_engine.step() if one.finished}
        if len(done) == 16:
            break
    ranks = [[model.stock.rank_of[item] % 2 for item in items_in(model, [], tokens)] for tokens in done.values()]
    assert all(one == sorted(one) for one in ranks)
    assert {half for one in ranks for half in one} == {0, 1}
    # And another catalogue, from files.
    trie, catalog = model.stock.trie, model.stock.catalog
    trie.save(tmp_path / "trie.safetensors")
    catalog.write(tmp_path / "catalog.parquet")
    files = {"trie": str(tmp_path / "trie.safetensors"), "catalog": str(tmp_path / "catalog.parquet")}
    assert swap(kwargs={"version": 3, **files}) == [True]
    answer = asked(engine, [[5, 6]], {"mode": "items", "count": 40}, max_tokens=201)[0]
    assert len(items_in(model, [], list(answer.token_ids[:-1]))) == 40
