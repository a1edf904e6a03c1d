"""A language model that knows a catalogue, as a folder.

model/      a Hugging Face folder: the base, its semantic IDs' rows baked in, tokenizer and chat template
adapter/    what was trained on top, linear layers alone, for PEFT and vLLM; absent after full fine-tuning
lm.json     what it is: codebooks, the catalogue's fingerprint, tasks, window, sizes, figures
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from genrec.errors import UserError
from genrec.model import adapters, vocabulary
from genrec.model.prompts import CHATML, CHATML_WORDS
from genrec.model.vocabulary import SidVocabulary
from genrec.sid.codes import SemanticIds

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

ABOUT, BASE, ADAPTER = "lm.json", "model", "adapter"
SCHEMA = 1


@dataclass(frozen=True, eq=False)
class LanguageModel:
    """about: what lm.json says."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    vocabulary: SidVocabulary
    about: dict[str, Any]


def load(
    folder: Path,
    *,
    adapter: bool = True,
    quantize: bool = False,
    ids: SemanticIds | None = None,
    device: str | None = None,
) -> LanguageModel:
    """The model in `folder`, in eval mode.

    adapter: merge it into the weights (of a base in 4 bits it stays beside them); False gives the base alone. quantize:
    linear layers in 4 bits. ids: the semantic IDs it shall speak; UserError where it was trained on others.
    """
    about = read_about(folder)
    if ids is not None:
        check_catalogue(folder, about, ids)
    tokenizer, model = open_base(folder / BASE, quantize=quantize, device=device)
    words = SidVocabulary.of(tokenizer, about["codebook_sizes"])
    found = fingerprint_of_rows(model, words.rows)
    if found != about["rows"]:
        raise UserError(
            f"{folder / BASE} is not the base that {folder / ADAPTER} was trained on: its semantic IDs' rows are "
            f"{found}, not {about['rows']}; put the base back or train again"
        )
    if adapter and about["adapter"]:
        model = adapters.put_on(model, folder / ADAPTER, merge=not quantize)
    return LanguageModel(model.eval(), tokenizer, words, about)


def save_merged(folder: Path, target: Path) -> None:
    """Write the model in `folder` to `target` as one Hugging Face folder, adapter merged, in the base's precision."""
    found = load(folder, device="cpu")
    write(found.tokenizer, found.model, target, dtype_of(folder / BASE))


def write(
    tokenizer: PreTrainedTokenizerBase, model: PreTrainedModel, folder: Path, dtype: torch.dtype | None = None
) -> None:
    """As a Hugging Face folder; dtype: the precision, None for the model's own."""
    from transformers import logging

    logging.disable_progress_bar()
    whole: Any = model
    (whole if dtype is None else whole.to(dtype)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def read_about(folder: Path) -> dict[str, Any]:
    """lm.json of a folder; UserError where there is none."""
    path = folder / ABOUT
    if not path.exists():
        raise UserError(f"{folder} holds no language model (no {ABOUT}): `genrec lm train {folder.parent}` makes one")
    about: dict[str, Any] = json.loads(path.read_text())
    if about.get("schema") != SCHEMA:
        raise UserError(f"{path} has schema {about.get('schema')}, this GenRec reads {SCHEMA}: train the model again")
    return about


def check_catalogue(folder: Path, about: dict[str, Any], ids: SemanticIds) -> None:
    """UserError unless the items that the model was trained on have the same semantic IDs in `ids`."""
    if tuple(about["codebook_sizes"]) != ids.codebook_sizes or about["catalogue"] != fingerprint(ids, about["items"]):
        raise UserError(
            f"{folder} was trained on other semantic IDs than the run has now ({about['items']} items with codebooks "
            f"{tuple(about['codebook_sizes'])}, the run has {len(ids)} with {ids.codebook_sizes}): its words mean "
            f"other items. Run `genrec lm train` again, or take the run's version that it was trained on"
        )


def fingerprint(ids: SemanticIds, items: int | None = None) -> str:
    """A hash of the semantic IDs of the first `items` items (None: all). Items that come later do not change it."""
    codes = np.ascontiguousarray(ids.codes[:items])
    return hashlib.sha256(repr(ids.codebook_sizes).encode() + codes.tobytes()).hexdigest()[:16]


def fingerprint_of_rows(model: PreTrainedModel, rows: np.ndarray) -> str:
    """A hash of the rows' weights in embedding and output layer: adapters belong to a base with the very same ones."""
    seen = hashlib.sha256()
    for weights in adapters.rows_of(model, rows).values():
        seen.update(weights.float().cpu().contiguous().numpy().tobytes())
    return seen.hexdigest()[:16]


# ---------------------------------------------------------------------- bases


def open_base(
    source: str | Path,
    *,
    quantize: bool = False,
    dtype: torch.dtype | None = None,
    device: str | None = None,
) -> tuple[PreTrainedTokenizerBase, PreTrainedModel]:
    """Any causal language model of transformers and its tokenizer, by hub id or folder, for a GPU where there is one.

    dtype: None for float32 on a CPU, where bfloat16 is slow, and for what the base was saved in elsewhere.
    """
    import torch
    from transformers import AutoModelForCausalLM

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    if dtype is None and device == "cpu":
        dtype = torch.float32
    options: dict[str, Any] = {"dtype": dtype or "auto"}
    if quantize:
        options |= {"quantization_config": adapters.quantized(dtype or torch.bfloat16), "device_map": {"": device}}
    tokenizer = open_tokenizer(source)
    with _opening(source):
        model: Any = AutoModelForCausalLM.from_pretrained(source, **options)
    if quantize:
        adapters.steady(model)
        return tokenizer, model
    moved: PreTrainedModel = model.to(device)
    return tokenizer, moved


def open_tokenizer(source: str | Path) -> PreTrainedTokenizerBase:
    """A base's tokenizer alone."""
    from transformers import AutoTokenizer, logging

    logging.disable_progress_bar()
    with _opening(source):
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(source)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def dtype_of(source: str | Path) -> torch.dtype:
    """The precision in which a base was saved."""
    import torch
    from transformers import AutoConfig

    with _opening(source):
        return getattr(AutoConfig.from_pretrained(source), "dtype", None) or torch.float32


@contextmanager
def _opening(source: str | Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        first = str(error).strip().splitlines()[0]
        raise UserError(
            f"base {source} cannot be opened ({first}): name a hub id, or a folder with config.json, weights and "
            "tokenizer; without either, `genrec lm pretrain` makes a small one"
        ) from None


def teach_words(
    tokenizer: PreTrainedTokenizerBase,
    model: PreTrainedModel,
    ids: SemanticIds,
    codebooks: list[np.ndarray | None],
    *,
    chat_template: str | None = None,
    seed: int = 0,
) -> tuple[SidVocabulary, np.ndarray]:
    """Give a base the words of a catalogue and, with chat_template "chatml", that template and its marks.

    Returns the words, and the token ids int64 of all rows that are new or stand for semantic IDs.
    UserError for a base without a chat template, or one with another catalogue's words.
    """
    marks: list[str] = []
    if chat_template == "chatml":
        tokenizer.chat_template = CHATML
        marks = [word for word in CHATML_WORDS if word not in tokenizer.get_vocab()]
        tokenizer.add_special_tokens({"additional_special_tokens": marks}, replace_extra_special_tokens=False)
        tokenizer.eos_token = CHATML_WORDS[1]
        model.generation_config.eos_token_id = model.config.eos_token_id = tokenizer.eos_token_id
        embedding: Any = model.get_input_embeddings()
        if len(tokenizer) > len(embedding.weight):
            model.resize_token_embeddings(len(tokenizer), pad_to_multiple_of=64)
    if not tokenizer.chat_template:
        raise UserError(
            "the base has no chat template, so nothing says where a question ends and an answer begins: give it the "
            "usual one with --set chat_template=chatml"
        )
    words = vocabulary.extend(tokenizer, model, ids.codebook_sizes, codebooks, seed=seed)
    known = tokenizer.get_vocab()
    return words, np.sort(np.concatenate([words.rows, [known[mark] for mark in marks]])).astype(np.int64)
