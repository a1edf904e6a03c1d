"""vLLM, started once, over a language model that is made on the spot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from torch import Tensor

from genrec.data.catalog import Catalog
from genrec.decode.trie import Trie
from genrec.model.vocabulary import extend
from genrec.sid import SemanticIds


@dataclass(frozen=True, eq=False)
class Spoken:
    """A Qwen3 in float32 with the semantic IDs of a catalogue in its vocabulary, and two LoRA adapters for it.

    Three levels and a fourth for collisions; prefixes with one child and with many. run: a workspace with `sid` and
    `data`.
    """

    run: Path
    folder: Path
    ids: SemanticIds
    trie: Trie
    tokens: list[Tensor]
    adapters: dict[str, Path]
    vocabulary: int

    def model(self, adapter: str | None = None) -> Any:
        """For the engine in torch, an adapter merged into its weights."""
        from transformers import AutoModelForCausalLM

        model = AutoModelForCausalLM.from_pretrained(self.folder, dtype=torch.float32)
        if adapter is None:
            return model
        from peft import PeftModel

        return PeftModel.from_pretrained(model, self.adapters[adapter]).merge_and_unload()


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Spoken:
    from peft import LoraConfig, get_peft_model
    from tokenizers.models import WordLevel
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

    from tokenizers import Tokenizer

    sizes, random = (12, 10, 8, 3), np.random.default_rng(3)
    three = np.column_stack([(random.random(260) ** 2 * size).astype(int) for size in sizes[:3]])
    _, inverse, counts = np.unique(three, axis=0, return_inverse=True, return_counts=True)
    order = np.argsort(inverse, kind="stable")
    fourth = np.empty(len(three), int)
    fourth[order] = np.arange(len(three)) - np.repeat(np.cumsum(counts) - counts, counts)
    ids = SemanticIds(np.column_stack([three, fourth])[fourth < sizes[3]], sizes)

    folder = tmp_path_factory.mktemp("spoken")
    words = {word: number for number, word in enumerate(["<unk>", "</s>", *(f"word{n}" for n in range(60))])}
    backend = Tokenizer(WordLevel(words, unk_token="<unk>"))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>", eos_token="</s>")
    torch.manual_seed(5)
    config = Qwen3Config(
        vocab_size=len(words), hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=32, initializer_range=0.3, tie_word_embeddings=True, bos_token_id=None,
        eos_token_id=1, pad_token_id=None, max_position_embeddings=512,
    )  # fmt: skip
    model = Qwen3ForCausalLM(config)
    vocabulary = extend(tokenizer, model, sizes)
    with torch.no_grad():
        rows = torch.from_numpy(vocabulary.rows)
        model.get_input_embeddings().weight[rows] = torch.randn(len(rows), 64) * 0.3
    model.save_pretrained(folder / "base")
    tokenizer.save_pretrained(folder / "base")
    adapters = {}
    for name, parts in {"north": ["q_proj", "v_proj", "down_proj"], "south": ["k_proj", "o_proj", "gate_proj"]}.items():
        grown = get_peft_model(
            Qwen3ForCausalLM.from_pretrained(folder / "base"), LoraConfig(r=4, lora_alpha=8, target_modules=parts)
        )
        with torch.no_grad():
            for part, weights in grown.named_parameters():
                if "lora_B" in part:
                    weights.normal_(std=0.2)
        adapters[name] = folder / name
        grown.save_pretrained(adapters[name])
    for stage in ("sid", "data"):
        (folder / stage).mkdir()
    ids.save(folder / "sid" / "sids.safetensors")
    Catalog(pl.DataFrame({"item_id": [f"i{n}" for n in range(len(ids))]})).write(folder / "data" / "catalog.parquet")
    tokens = [torch.from_numpy(table) for table in vocabulary.tables]
    return Spoken(folder, folder / "base", ids, Trie.build(ids), tokens, adapters, len(tokenizer))


@pytest.fixture(scope="session")
def started(spoken: Spoken, vllm_installed: None) -> Iterator[Any]:
    """A `VllmEngine` in this process with its worker, and room for adapters. It takes half a minute to start."""
    from genrec.decode.vllm.engine import VllmEngine

    with VllmEngine(
        spoken.folder, spoken.trie, spoken.tokens, width=20, mode="worker", rank=8, max_model_len=256,
        memory=64 << 20, additional_config={"genrec": {"catalogue": str(spoken.run)}},
    ) as engine:  # fmt: skip
        yield engine
