"""A small world for language models: 96 things whose codes mean something, people who walk through them, tiny bases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

from genrec.data import Catalog, Sequences, Split, leave_one_out
from genrec.decode.trie import Trie
from genrec.model.prompts import CHATML, CHATML_WORDS
from genrec.model.tasks import Facts, Material
from genrec.recipes import LmRecipe, PretrainRecipe
from genrec.sid import SemanticIds
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

COLOURS = ("red", "blue", "green", "amber", "black", "white")
THINGS = ("coat", "scarf", "boots", "shirt")
CLOTHS = ("wool", "silk", "linen", "denim")
TINY = PretrainRecipe(
    pieces=400, width=32, layers=2, heads=2, key_heads=1, head_width=32, inner=64, window=128, epochs=1,
    batch_tokens=1024, learning_rate=3e-3,
)  # fmt: skip
FAST = LmRecipe(
    tasks={"next_item": 2.0, "describe": 1.0}, rank=4, alpha=8, epochs=2, learning_rate=1e-2, batch_tokens=512,
    validation_users=40, beam=10, window=160, max_items=8,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class World:
    """codebooks: what the codes of each level mean; the last level tells nothing."""

    catalog: Catalog
    ids: SemanticIds
    trie: Trie
    split: Split
    codebooks: list[np.ndarray | None]

    @property
    def material(self) -> Material:
        return Material(self.catalog, self.ids, self.split.train, Facts(self.catalog), 8)


def made(histories: Sequences) -> World:
    rows = list(product(COLOURS, THINGS, CLOTHS))
    table = pl.DataFrame(rows, schema=["colour", "kind", "cloth"], orient="row").with_columns(
        item_id=pl.format("i{}", pl.int_range(pl.len())),
        title=pl.format("{} {}", pl.col("colour"), pl.col("kind")),
        text=pl.format("A {} {} of {}.", pl.col("colour"), pl.col("kind"), pl.col("cloth")),
    )
    codes = np.array(list(product(range(len(COLOURS)), range(len(THINGS)), range(len(CLOTHS)), [0])))
    ids = SemanticIds(codes, (len(COLOURS), len(THINGS), len(CLOTHS), 2))
    random = np.random.default_rng(0)
    books = [random.normal(size=(size, 8)).astype(np.float32) for size in ids.codebook_sizes[:3]]
    catalog = Catalog(table)
    return World(catalog, ids, Trie.build(ids), leave_one_out(histories, len(ids)), [*books, None])


def walks(users: int = 120, seed: int = 1) -> Sequences:
    """Everybody goes on to the next thing of the catalogue, now and then to the one after."""
    random = np.random.default_rng(seed)
    lists = []
    for length in random.integers(4, 11, users):
        steps = random.choice([1, 2], length, p=[0.9, 0.1])
        lists.append(((random.integers(96) + np.cumsum(steps)) % 96).tolist())
    return Sequences.from_lists(lists)


@pytest.fixture(scope="session")
def world() -> World:
    return made(walks())


Bases = Callable[[str], Path]


@pytest.fixture(scope="session")
def bases(tmp_path_factory: pytest.TempPathFactory, world: World) -> Bases:
    """``bases("tied")``: the folder of an untrained base with a byte-level tokenizer, as hubs have them.

    "tied" and "untied" embeddings; "silent" has no chat template.
    """
    made: dict[str, Path] = {}

    def base(name: str) -> Path:
        if name not in made:
            made[name] = tmp_path_factory.mktemp("bases") / name
            _write_base(name, world, made[name])
        return made[name]

    return base


def _write_base(name: str, world: World, folder: Path) -> None:
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    core.train_from_iterator(
        world.catalog.table["text"].to_list(),
        trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False),
    )
    if name == "silent":
        tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, eos_token="</s>")
    else:
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_object=core, eos_token=CHATML_WORDS[1], additional_special_tokens=[CHATML_WORDS[0]]
        )
        tokenizer.chat_template = CHATML
    shape = {
        "vocab_size": len(tokenizer) + 5, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
        "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 32, "initializer_range": 0.1,
        "max_position_embeddings": 512, "eos_token_id": tokenizer.eos_token_id, "bos_token_id": None,
    }  # fmt: skip
    torch.manual_seed(4)
    if name == "untied":
        LlamaForCausalLM(LlamaConfig(**shape, tie_word_embeddings=False)).save_pretrained(folder)
    else:
        Qwen3ForCausalLM(Qwen3Config(**shape, tie_word_embeddings=True)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
