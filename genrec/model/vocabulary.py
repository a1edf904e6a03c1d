"""Semantic IDs as words of a language model: one block of tokens per level, between a begin and an end token.

    <|sid_begin|><|sid_0_17|><|sid_1_203|><|sid_2_5|><|sid_3_0|><|sid_end|>

Text and items mix in one stream, so one model reads and writes both. Tokens are looked up in the tokenizer by name, so
the table needs no file of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from genrec.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

BEGIN, END = "<|sid_begin|>", "<|sid_end|>"
_UNSEEN = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")
_MARK = re.compile(r"(<(?=[^\s\d<>=-])|\](?=[(\[:]))")


def token(level: int, code: int) -> str:
    """The word for one code of one level."""
    return f"<|sid_{level}_{code}|>"


def words(codebook_sizes: Sequence[int]) -> list[str]:
    """All new words: begin, end, then level by level."""
    return [BEGIN, END, *(token(level, code) for level, size in enumerate(codebook_sizes) for code in range(size))]


def text(codes: Sequence[int] | np.ndarray) -> str:
    """One item's semantic ID (L,) as it stands in a text."""
    return BEGIN + "".join(token(level, int(code)) for level, code in enumerate(codes)) + END


def harmless(said: str) -> str:
    """A text of somebody else's, a title for instance, as nothing but a text.

    What a catalogue or a person says is data. As it is, it could name items or begin another's turn in a prompt, or be
    markup or a link where Markdown is read: «<|sid_begin|>», «<img» and «](» get a space. Or steer a terminal, or turn
    the line around it: letters that nobody sees are taken out, but for joiners, which some scripts and emoji need.
    """
    return _MARK.sub(r"\1 ", _UNSEEN.sub("", said))


@dataclass(frozen=True, eq=False)
class SidVocabulary:
    """Token ids. begin, end: of the two marks. tables: per level int64 (codebook_sizes[level],), of every code."""

    begin: int
    end: int
    tables: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerBase, codebook_sizes: Sequence[int]) -> SidVocabulary:
        """As the tokenizer has them. UserError where it lacks any, or has those of a catalogue with other codebooks."""
        known = tokenizer.get_vocab()
        missing = [word for word in words(codebook_sizes) if word not in known]
        if missing:
            raise UserError(
                f"the tokenizer has no word {missing[0]} (nor {len(missing) - 1} more): the model was not made for "
                f"semantic IDs of codebook sizes {tuple(codebook_sizes)}; run `genrec lm train` on this run"
            )
        further = _others(known, codebook_sizes)
        if further:
            raise UserError(
                f"the tokenizer has the word {further[0]}, which codebook sizes {tuple(codebook_sizes)} do not: it was "
                "made for another catalogue; give the base it was made from"
            )
        tables = tuple(
            np.array([known[token(level, code)] for code in range(size)], np.int64)
            for level, size in enumerate(codebook_sizes)
        )
        return cls(known[BEGIN], known[END], tables)

    @property
    def codebook_sizes(self) -> tuple[int, ...]:
        return tuple(len(table) for table in self.tables)

    @property
    def rows(self) -> np.ndarray:
        """All token ids, sorted, int64: the rows of the embedding that are new."""
        return np.sort(np.concatenate([[self.begin, self.end], *self.tables]))

    def tokens(self, codes: np.ndarray) -> np.ndarray:
        """uint16 (N, L) → int64 (N, L + 2): every item's tokens, marks included."""
        inner = [table[codes[:, level]] for level, table in enumerate(self.tables)]
        return np.column_stack([np.full(len(codes), self.begin), *inner, np.full(len(codes), self.end)])


def extend(
    tokenizer: PreTrainedTokenizerBase,
    model: PreTrainedModel,
    codebook_sizes: Sequence[int],
    codebooks: Sequence[np.ndarray | None] = (),
    *,
    seed: int = 0,
) -> SidVocabulary:
    """Give tokenizer and model the words of a catalogue, in place. A pair that has them already is left as it is.

    codebooks: per level float (codebook_sizes[level], d) or None, what the codes mean. A new row is the mean of the old
    ones plus its code vector, turned by a random rotation into the model's width and scaled to the old rows' spread:
    near codes begin as near words. Rows without a vector get noise of a tenth of that. An output layer of its own gets
    rows of its own, in the same way.

    UserError where the tokenizer has words of another catalogue.
    """
    import torch

    known = tokenizer.get_vocab()
    wanted = words(codebook_sizes)
    present = [word for word in wanted if word in known]
    if len(present) == len(wanted):
        return SidVocabulary.of(tokenizer, codebook_sizes)
    if present or _others(known, codebook_sizes):
        clash = (present or _others(known, codebook_sizes))[0]
        raise UserError(
            f"the base's tokenizer has the word {clash} already, but not all of codebook sizes "
            f"{tuple(codebook_sizes)}: it was made for another catalogue; give the base it was made from"
        )
    old = len(tokenizer)
    tokenizer.add_tokens(_added(wanted))
    vocabulary = SidVocabulary.of(tokenizer, codebook_sizes)
    layers = _layers(model)
    # Bases often have more rows than words; only words that are in use tell what a row looks like.
    inner = [layer.weight.detach()[: min(old, len(layer.weight))].float() for layer in layers]
    if len(tokenizer) > len(layers[0].weight):
        model.resize_token_embeddings(len(tokenizer), pad_to_multiple_of=64, mean_resizing=False)
        layers = _layers(model)
    generator = torch.Generator().manual_seed(seed)
    for layer, rows in zip(layers, inner, strict=True):
        mean, spread = rows.mean(0), float(rows.std(0).mean())
        fresh = torch.randn(len(wanted), len(mean), generator=generator) * (0.1 * spread)
        at = dict(zip(vocabulary.rows.tolist(), range(len(wanted)), strict=True))
        for table, vectors in zip(vocabulary.tables, [*codebooks, *[None] * len(vocabulary.tables)], strict=False):
            if vectors is None:
                continue
            given = torch.from_numpy(np.asarray(vectors, np.float32))
            if len(given) != len(table):
                raise ValueError(f"{len(given)} code vectors for a level of {len(table)} codes")
            given = (given - given.mean(0)) / given.std().clamp(min=1e-12)
            turn = torch.randn(given.shape[1], len(mean), generator=generator) / given.shape[1] ** 0.5
            fresh[[at[row] for row in table.tolist()]] += given @ turn * spread
        with torch.no_grad():
            layer.weight[torch.from_numpy(vocabulary.rows)] = (mean.cpu() + fresh).to(layer.weight)
    return vocabulary


def _layers(model: PreTrainedModel) -> list[Any]:
    """The modules with a row a word: the embedding, and the output layer where that has weights of its own."""
    embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
    return [embedding] if head is None or head.weight is embedding.weight else [embedding, head]


def _others(known: dict[str, int], codebook_sizes: Sequence[int]) -> list[str]:
    """Words for codes that these codebooks do not have."""
    wanted = set(words(codebook_sizes))
    return sorted(word for word in known if word.startswith("<|sid_") and word not in wanted)


def _added(wanted: list[str]) -> list:
    from transformers import AddedToken

    # Not «special»: a decoder that drops special tokens would drop the items from an answer.
    return [AddedToken(word, normalized=False, single_word=False) for word in wanted]
