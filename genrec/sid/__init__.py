"""Semantic IDs: tokenizers (fit / encode), collision policy, codebook metrics. Gives codes (N, L), unique per item."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from genrec.sid.codes import SemanticIds

if TYPE_CHECKING:
    from genrec.sid.residual import ResidualTokenizer

__all__ = ["TOKENIZERS", "SemanticIds", "load_tokenizer", "tokenizer_class"]

TOKENIZERS = ("rqkmeans", "rqvae")


def tokenizer_class(name: str) -> type[ResidualTokenizer]:
    """The tokenizer called `name` in recipes; only then is what it needs (faiss, torch) imported."""
    from genrec.errors import UserError, nearest

    if name == "rqkmeans":
        from genrec.sid.rqkmeans import ResidualKMeans

        return ResidualKMeans
    if name == "rqvae":
        from genrec.sid.rqvae import RQVAE

        return RQVAE
    raise UserError(f"there is no tokenizer {name!r}; {nearest(name, TOKENIZERS)}")


def load_tokenizer(folder: Path) -> ResidualTokenizer:
    """The tokenizer that `save_pretrained` wrote to `folder`, of whatever kind it is."""
    from genrec.sid.residual import read_config

    return tokenizer_class(read_config(folder)["tokenizer"]).from_pretrained(folder)
