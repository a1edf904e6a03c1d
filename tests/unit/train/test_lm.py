"""Training a language model on tasks: it learns what comes next, and what is kept of it is what was trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from genrec.errors import UserError
from genrec.evaluate import metrics
from genrec.model import adapters, lm
from genrec.recipes import LmRecipe
from genrec.train import lm as room
from tests.unit.train.conftest import FAST, Bases, World

peft = pytest.importorskip("peft")
METHODS = ("lora", "dora", "qlora", "full")


def begun(world: World, base: Path, **changes: Any) -> tuple[room.Tuning, LmRecipe]:
    recipe = FAST.model_copy(update=changes)
    return room.begin(base, world.ids, world.codebooks, recipe, device="cpu"), recipe


def fitted(world: World, base: Path, folder: Path | None = None, **changes: Any) -> tuple[room.Tuning, LmRecipe, Any]:
    tuning, recipe = begun(world, base, **changes)
    record = room.fit(
        tuning, world.material, world.split.validation, world.trie, recipe, folder=folder, device="cpu"
    )  # fmt: skip
    return tuning, recipe, record


def ndcg(world: World, model: Any, tuning: room.Tuning, beam: int = 10) -> float:
    asked = room.some_questions(world.split.validation, 40, 0)
    ranked = room.answers(
        model, tuning.tokenizer, tuning.words, world.ids, world.trie, asked, beam=beam, window=160, max_items=8,
        exclude_seen=False,
    )  # fmt: skip
    return float(metrics.per_question("ndcg@10", metrics.ranks_of(ranked, asked.targets)).mean())


def logits(model: Any, words: Any) -> torch.Tensor:
    tokens = torch.tensor([[1, 7, 3, *words.tokens(np.array([[1, 2, 3, 0]]))[0].tolist(), 9, 4]])
    with torch.no_grad():
        found: torch.Tensor = model.eval()(input_ids=tokens).logits
    return found


@pytest.mark.parametrize("base", ["tied", "untied"])
@pytest.mark.parametrize("method", METHODS)
def test_a_folder_answers_as_the_model_in_training(
    world: World, bases: Bases, tmp_path: Path, method: str, base: str
) -> None:
    """Learned something; base and adapter apart, put together by PEFT or merged, have the logits of training."""
    tuning, recipe = begun(world, bases(base), method=method)
    with adapters.bare(tuning.model) as model:
        before = ndcg(world, model, tuning)
    record = room.fit(tuning, world.material, world.split.validation, world.trie, recipe, device="cpu")
    with adapters.bare(tuning.model) as model:
        assert ndcg(world, model, tuning) == record.best_score > before
    expected = logits(tuning.model, tuning.words)
    about = room.export(tuning, recipe, world.ids, tmp_path, {})

    quantize = method == "qlora"
    loaded = lm.load(tmp_path, ids=world.ids, quantize=quantize, device="cpu")
    torch.testing.assert_close(logits(loaded.model, loaded.vocabulary), expected, rtol=1e-4, atol=1e-4)
    assert (tmp_path / "adapter").exists() == about["adapter"] == (method != "full")
    if method == "full":
        return
    weights = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    assert weights and all("lora_" in name and "embed" not in name and "lm_head" not in name for name in weights)
    said = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())
    assert said["trainable_token_indices"] is None and said["modules_to_save"] is None
    assert said["base_model_name_or_path"] is None
    if not quantize:
        plain = lm.load(tmp_path, adapter=False, device="cpu").model
        beside = peft.PeftModel.from_pretrained(plain, tmp_path / "adapter")
        torch.testing.assert_close(logits(beside, loaded.vocabulary), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("base", ["tied", "untied"])
def test_of_the_base_only_rows_of_semantic_ids_change(world: World, bases: Bases, tmp_path: Path, base: str) -> None:
    tuning, recipe = begun(world, bases(base))
    begun_with = {name: tensor.clone() for name, tensor in tuning.model.get_base_model().state_dict().items()}
    room.fit(tuning, world.material, world.split.validation, world.trie, recipe, device="cpu")
    about = room.export(tuning, recipe, world.ids, tmp_path, {})
    model = lm.load(tmp_path, adapter=False, device="cpu").model
    rows = torch.from_numpy(tuning.words.rows)
    others = torch.ones(model.get_input_embeddings().weight.shape[0], dtype=torch.bool)
    others[rows] = False
    for name, tensor in model.state_dict().items():
        former = begun_with.get(name.replace(".weight", ".base_layer.weight"), begun_with.get(name))
        if former is None:
            former = begun_with[name.replace(".weight", ".token_adapter.base_layer.weight")]
        if "embed_tokens" in name or "lm_head" in name:
            assert torch.equal(tensor[others], former[others]) and not torch.equal(tensor[rows], former[rows]), name
        else:
            assert torch.equal(tensor, former), name
    sizes = about["parameters"]
    assert sizes["rows"] == len(rows) * 32 * (2 if base == "untied" else 1)
    assert (
        0
        < sizes["trained"]
        < sizes["total"]
        == sum(parameter.numel() for parameter in model.parameters())
        + sum(tensor.numel() for tensor in load_file(tmp_path / "adapter" / "adapter_model.safetensors").values())
    )


def test_a_second_adapter_leaves_the_base_as_it_is(world: World, bases: Bases, tmp_path: Path) -> None:
    first, recipe, _ = fitted(world, bases("tied"))
    room.export(first, recipe, world.ids, tmp_path / "lm", {})
    second, other, record = fitted(world, tmp_path / "lm" / "model", rows="frozen", learning_rate=3e-3)
    about = room.export(second, other, world.ids, tmp_path / "lm-b", {})
    assert second.sizes.rows == 0 and second.sizes.trained == first.sizes.trained
    assert about["rows"] == lm.read_about(tmp_path / "lm")["rows"]
    model = "model/model.safetensors"
    assert (tmp_path / "lm" / model).read_bytes() == (tmp_path / "lm-b" / model).read_bytes()
    # The one base with the other's adapter is the other model.
    base = lm.load(tmp_path / "lm", adapter=False, device="cpu")
    swapped = adapters.put_on(base.model, tmp_path / "lm-b" / "adapter", merge=True)
    assert ndcg(world, swapped, second) == pytest.approx(record.best_score)


def test_nothing_trained_is_the_base_with_words(world: World, bases: Bases, tmp_path: Path) -> None:
    tuning, recipe = begun(world, bases("tied"), method="none")
    about = room.export(tuning, recipe, world.ids, tmp_path, {"validation": None})
    loaded = lm.load(tmp_path, ids=world.ids, device="cpu")
    assert about["parameters"]["trained"] == about["parameters"]["rows"] == 0 and not about["adapter"]
    torch.testing.assert_close(logits(loaded.model, loaded.vocabulary), logits(tuning.model, tuning.words))


def test_frozen_rows_want_a_base_that_knows_them(world: World, bases: Bases) -> None:
    with pytest.raises(UserError, match="set base=RUN/lm/model"):
        begun(world, bases("tied"), rows="frozen")


def test_a_base_without_chat_template(world: World, bases: Bases, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--set chat_template=chatml"):
        begun(world, bases("silent"))
    tuning, recipe = begun(world, bases("silent"), chat_template="chatml", epochs=1)
    # The template's marks are words of their own, trained like semantic IDs.
    marks = tuning.tokenizer.convert_tokens_to_ids(["<|im_start|>", "<|im_end|>"])
    assert set(marks) <= set(tuning.rows.tolist())
    before = tuning.model.get_base_model().get_input_embeddings().original_module.weight[marks].clone()
    room.fit(tuning, world.material, world.split.validation, world.trie, recipe, device="cpu")
    room.export(tuning, recipe, world.ids, tmp_path, {})
    loaded = lm.load(tmp_path, device="cpu")
    assert loaded.tokenizer.eos_token_id == loaded.model.generation_config.eos_token_id == marks[1]
    assert not torch.equal(loaded.model.get_input_embeddings().weight[marks], before)


class Killed(Exception):
    pass


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_run_killed_within_an_epoch_ends_as_an_unbroken_one(
    world: World, bases: Bases, tmp_path: Path, method: str
) -> None:
    changes: dict[str, Any] = {
        "method": method,
        "checkpoint_every": 2,
        "accumulate": 2,
        "batch_tokens": 1024,
        "dropout": 0.1,
    }
    unbroken, _, expected = fitted(world, bases("tied"), tmp_path / "unbroken", **changes)

    killed, recipe = begun(world, bases("tied"), **changes)
    left = 14  # forward passes: into the second epoch, some steps after a checkpoint

    def kill(*_: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed

    inner = killed.model if method == "full" else killed.model.get_base_model()
    inner.model.layers[0].register_forward_pre_hook(lambda module, _: kill() if module.training else None)
    with pytest.raises(Killed):
        room.fit(
            killed, world.material, world.split.validation, world.trie, recipe, folder=tmp_path / "k", device="cpu"
        )
    place = json.loads((tmp_path / "k" / "loop.json").read_text())
    assert place["epoch"] == 1 and place["step"] > 0, place

    resumed, _, record = fitted(world, bases("tied"), tmp_path / "k", **changes)
    state = dict(unbroken.model.named_parameters())
    for name, parameter in resumed.model.named_parameters():
        assert torch.equal(parameter, state[name]), name
    timeless = [[row | {"seconds": 0} for row in one.epochs] for one in (record, expected)]
    assert timeless[0] == timeless[1]
    assert {"loss of next_item", "loss of describe"} <= record.epochs[0].keys()


def test_checkpoints_hold_only_what_is_trained(world: World, bases: Bases, tmp_path: Path) -> None:
    tuning, _, _ = fitted(world, bases("tied"), tmp_path, epochs=1)
    trained = sum(parameter.numel() for parameter in tuning.model.parameters() if parameter.requires_grad)
    state = load_file(tmp_path / "epoch-0001.safetensors")
    moments = sum(tensor.numel() for name, tensor in state.items() if name.endswith(("exp_avg", "exp_avg_sq")))
    kept = sum(tensor.numel() for name, tensor in state.items() if name.startswith("module."))
    assert moments == 2 * trained and kept == trained
