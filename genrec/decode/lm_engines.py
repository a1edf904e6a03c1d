"""A language model's folder opened by an engine: torch, in this process, or vLLM."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from genrec.decode.trie import Trie
from genrec.errors import UserError
from genrec.model import lm
from genrec.model.vocabulary import SidVocabulary
from genrec.sid.codes import SemanticIds

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from genrec.decode.causal_generator import Engine
    from genrec.decode.vllm.lines import Line

ENGINES = ("torch", "vllm")


@dataclass(frozen=True, eq=False)
class Opened:
    """engine: over the trie it was opened with. about: what lm.json says. options: what `engine.answer` always gets."""

    engine: Engine
    tokenizer: PreTrainedTokenizerBase
    vocabulary: SidVocabulary
    about: dict[str, Any]
    options: dict[str, Any] = field(default_factory=dict)


def open_lm(
    folder: Path,
    ids: SemanticIds,
    trie: Trie,
    *,
    engine: str = "torch",
    beam: int = 50,
    connect: Callable[[dict[str, Any]], Line] | None = None,
) -> Opened:
    """The model in `folder` (see `genrec.model.lm`), over `trie`, which is that of `ids`. beam: beams per user.

    torch has the adapter merged into the weights; vLLM gets base and adapter, so that further adapters can be added.
    connect: the line to vLLM, see `VllmEngine`; None for one in this process. UserError for another catalogue's model,
    an adapter that vLLM cannot apply, vLLM missing.
    """
    if engine == "torch":
        from genrec.decode.causal_engine import CausalEngine

        loaded = lm.load(folder, ids=ids)
        made = CausalEngine(loaded.model, trie, _tokens(loaded.vocabulary), width=beam)
        return Opened(made, loaded.tokenizer, loaded.vocabulary, loaded.about)
    if engine != "vllm":
        raise UserError(f"there is no engine {engine!r} for language models: take one of {', '.join(ENGINES)}")
    from transformers import AutoTokenizer

    from genrec.decode.vllm.engine import VllmEngine

    about = lm.read_about(folder)
    lm.check_catalogue(folder, about, ids)
    if about["adapter"] and not about["hot_swap"]:
        raise UserError(
            f"{folder} is {about['method']}, which vLLM does not apply to a model that runs: take --engine torch, or "
            "train with --set method=lora"
        )
    tokenizer = AutoTokenizer.from_pretrained(folder / lm.BASE)
    vocabulary = SidVocabulary.of(tokenizer, about["codebook_sizes"])
    adapters = {folder.name: folder / lm.ADAPTER} if about["adapter"] else {}
    line: dict[str, Any] = {} if connect is None else {"connect": connect}
    served = VllmEngine(
        folder / lm.BASE,
        trie,
        _tokens(vocabulary),
        width=beam,
        adapters=adapters,
        max_model_len=about["window"],
        **line,
    )
    return Opened(served, tokenizer, vocabulary, about, {"adapter": next(iter(adapters))} if adapters else {})


def _tokens(vocabulary: SidVocabulary) -> list[torch.Tensor]:
    return [torch.from_numpy(table) for table in vocabulary.tables]
