"""What of a language model is trained, and how it is taken apart again afterwards.

Training adds low-rank updates to every linear layer (LoRA, Hu et al. 2021; DoRA, Liu et al. 2024; on a base in 4 bits,
QLoRA, Dettmers et al. 2023) and trains the embedding rows of semantic IDs in place (PEFT's `trainable_token_indices`,
tied to the output layer's where the base ties them). What is kept are two things: the base with these rows baked in,
and an adapter of linear layers alone. vLLM exchanges such adapters while it runs, and knows nothing of adapters with
vocabulary.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from genrec.errors import UserError

if TYPE_CHECKING:
    from peft import PeftModel
    from torch import nn
    from transformers import PreTrainedModel

METHODS = ("lora", "dora", "qlora")
"""Those that make an adapter; the others are `full` and `none`."""


@dataclass(frozen=True)
class Sizes:
    """Parameters. total: of the whole model as it is served, adapter included. trained: of it, in training, but for
    the rows of semantic IDs. rows: in these."""

    total: int
    trained: int
    rows: int

    @property
    def share(self) -> float:
        return self.trained / max(1, self.total)


def wrap(
    model: PreTrainedModel, method: str, rows: np.ndarray, *, rank: int, alpha: float, dropout: float = 0.0
) -> PeftModel:
    """The model with new, untrained updates; only these and `rows` (int64, token ids; may be empty) can be trained."""
    peft = _peft()
    indices = {name: rows.tolist() for name in _vocabulary_layers(model)} if len(rows) else None
    config = peft.LoraConfig(
        task_type="CAUSAL_LM", r=rank, lora_alpha=alpha, lora_dropout=dropout, use_dora=method == "dora",
        target_modules="all-linear", trainable_token_indices=indices, bias="none",
    )  # fmt: skip
    tuned = peft.get_peft_model(model, config)
    for parameter in tuned.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    return tuned


def sizes(model: PreTrainedModel | PeftModel, rows: np.ndarray) -> Sizes:
    """Counted on the model as it is trained. Weights of 4 bits count as the weights they stand for."""
    inner = _inner(model)
    vocabulary = {id(parameter) for _, _, wrapper in _wrappers(inner)
                  for parameter in wrapper.token_adapter.trainable_tokens_delta.parameters()}  # fmt: skip
    total = trained = in_rows = 0
    for parameter in inner.parameters():
        count = _count(parameter)
        if id(parameter) in vocabulary:
            in_rows += count  # these stand for rows of the embedding, which are counted there
            continue
        total += count
        trained += count if parameter.requires_grad else 0
    if not vocabulary and trained:
        layers = {id(layer.weight): layer for layer in _vocabulary_layers(inner).values()}
        in_rows = sum(len(rows) * layer.weight.shape[1] for layer in layers.values() if layer.weight.requires_grad)
        trained -= in_rows
    return Sizes(total, trained, in_rows)


@contextmanager
def bare(model: PreTrainedModel | PeftModel) -> Iterator[PreTrainedModel]:
    """The model as an engine takes it: trained rows in their places, plain embedding and output layer, LoRA layers as
    they are. Training can go on afterwards, from the very same weights."""
    inner = _inner(model)
    exchanged = list(_wrappers(inner))
    for parent, name, wrapper in exchanged:
        _write_rows(wrapper)
        setattr(parent, name, wrapper.original_module)
    try:
        yield inner
    finally:
        for parent, name, wrapper in exchanged:
            setattr(parent, name, wrapper)


def save_adapter(model: PeftModel, folder: Path) -> None:
    """Bake the trained rows into the base for good, and write the updates of linear layers to `folder`."""
    for parent, name, wrapper in list(_wrappers(_inner(model))):
        _write_rows(wrapper)
        setattr(parent, name, wrapper.original_module)
    config: Any = model.peft_config["default"]
    config.trainable_token_indices = None
    model.save_pretrained(str(folder), save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
    said = json.loads((folder / "adapter_config.json").read_text())
    said["base_model_name_or_path"] = None  # the folder beside it, wherever that is
    (folder / "adapter_config.json").write_text(json.dumps(said, indent=1))


def put_on(model: PreTrainedModel, folder: Path, *, merge: bool) -> PreTrainedModel:
    """The base with the adapter in `folder`: merged into its weights, or as layers beside them."""
    peft = _peft()
    tuned = peft.PeftModel.from_pretrained(model, folder)
    merged: PreTrainedModel = tuned.merge_and_unload() if merge else tuned.get_base_model()
    return merged.eval()


def go_on(model: PreTrainedModel, folder: Path) -> PeftModel:
    """The base with the adapter in `folder` as layers beside its weights, to be trained further."""
    tuned: PeftModel = _peft().PeftModel.from_pretrained(model, folder, is_trainable=True)
    return tuned


def quantized(compute: Any) -> Any:
    """Weights of linear layers in 4 bits: NormalFloat4 with quantized constants. compute: the dtype of products."""
    # Where its optional faster kernel is missing, bitsandbytes says so at every start.
    logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
    try:
        import bitsandbytes  # noqa: F401
    except ImportError:
        raise UserError("a base in 4 bits needs bitsandbytes: pip install 'genrec[lm]'") from None
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=compute
    )


def steady(model: PreTrainedModel) -> None:
    """Let weights of 4 bits stay as they are.

    On CPUs with bfloat16 instructions bitsandbytes packs them anew at the first answer, for products in bfloat16 that
    have no gradient: training after a validation would miss it, and answers would differ from those in training.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            vars(module)["support_avx512bf16_for_cpu"] = False


def rows_of(model: PreTrainedModel, rows: np.ndarray) -> dict[str, Any]:
    """The rows' weights, (len(rows), width), of the embedding and, where it has its own, of the output layer."""
    return {name: layer.weight.detach()[rows] for name, layer in _vocabulary_layers(model).items()}


def put_rows(model: PreTrainedModel, rows: np.ndarray, weights: dict[str, Any]) -> None:
    """The inverse of `rows_of`."""
    for name, layer in _vocabulary_layers(model).items():
        layer.weight.data[rows] = weights[name].to(layer.weight)


def _vocabulary_layers(model: PreTrainedModel) -> dict[str, Any]:
    """The embedding and the output layer, if it has weights of its own, by their names in the model."""
    embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
    layers = [embedding] if head is None or head.weight is embedding.weight else [embedding, head]
    return {name: module for layer in layers for name, module in model.named_modules() if module is layer}


def _wrappers(model: PreTrainedModel) -> Iterator[tuple[nn.Module, str, Any]]:
    """PEFT's wrappers of rows: (module that holds it, under which name, wrapper)."""
    if "peft" not in sys.modules:
        return
    from peft.utils.other import TrainableTokensWrapper

    for parent in model.modules():
        for name, module in list(parent.named_children()):
            if isinstance(module, TrainableTokensWrapper):
                yield parent, name, module


def _write_rows(wrapper: Any) -> None:
    adapter, weight = wrapper.token_adapter, wrapper.original_module.weight
    weight.data[adapter.token_indices["default"]] = adapter.trainable_tokens_delta["default"].detach().to(weight)


def _inner(model: Any) -> PreTrainedModel:
    """The model itself, where PEFT's stands around it."""
    inner: PreTrainedModel = model.get_base_model() if hasattr(model, "get_base_model") else model
    return inner


def _count(parameter: Any) -> int:
    if type(parameter).__name__ == "Params4bit" and getattr(parameter, "quant_state", None) is not None:
        return int(np.prod(parameter.quant_state.shape))
    return int(parameter.numel())


def _peft() -> Any:
    logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
    try:
        import peft
    except ImportError:
        raise UserError("adapters need PEFT: pip install 'genrec[lm]'") from None
    return peft
