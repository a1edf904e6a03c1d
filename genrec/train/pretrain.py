"""A base with no download: a tokenizer and a small language model of one's own, trained on the catalogue's rows alone.

It reads item text and pairs of semantic ID and text, in both directions. No interaction enters it, so that what a later
training learns of people can be told from what the base knew. With a domain's own texts it is a recipe for a base of
any size; on a catalogue of a few thousand items it takes minutes on a CPU.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from genrec import loop
from genrec.data.catalog import Catalog
from genrec.data.interactions import Sequences
from genrec.errors import UserError
from genrec.model import prompts, vocabulary
from genrec.model.prompts import CHATML, CHATML_WORDS
from genrec.model.tasks import Facts, Material, Mixture, wording
from genrec.recipes import PretrainRecipe
from genrec.sid.codes import SemanticIds
from genrec.train import tokens

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

END = "<|endoftext|>"


def pretrain(
    catalog: Catalog,
    ids: SemanticIds,
    codebooks: Sequence[np.ndarray | None],
    recipe: PretrainRecipe,
    *,
    seed: int = 0,
    folder: Path | None = None,
) -> tuple[PreTrainedTokenizerBase, PreTrainedModel, loop.Record]:
    """The tokenizer with the words of `ids`, the trained model, and what happened.

    codebooks: per level, what the codes mean; see `vocabulary.extend`. folder: where checkpoints go; see `loop.train`.
    """
    texts = item_texts(catalog)
    # The tasks that know items alone: there are no histories that any other could speak of.
    material = Material(catalog, ids, Sequences.from_lists([]), Facts(catalog))
    pairs = Mixture(material, {"describe": 1.0, "find": 1.0}, seed)
    tokenizer = train_tokenizer([*texts, *fixed_words(material)], recipe.pieces)
    model = new_model(recipe, tokenizer, seed)
    vocabulary.extend(tokenizer, model, ids.codebook_sizes, codebooks, seed=seed)
    said = things_said(material, texts)
    config = loop.LoopConfig(
        epochs=recipe.epochs, learning_rate=recipe.learning_rate, weight_decay=recipe.weight_decay, seed=seed,
        checkpoint_every=recipe.checkpoint_every,
    )  # fmt: skip

    def batches(epoch: int) -> list[tokens.Batch]:
        pages = [page + END for page in documents(said, ids, seed, epoch)]
        read = tokenizer(pages, add_special_tokens=False)["input_ids"]
        listed = [("pages", row, [True] * len(row)) for row in read]
        for example in pairs.epoch(epoch, round(recipe.pairs * len(catalog))):
            one = prompts.render(tokenizer, example.messages)
            listed.append((example.task, one.tokens, [True] * len(one.tokens)))
        rows = tokens.Rows.of(listed, recipe.window)
        return tokens.by_length(rows, recipe.batch_tokens, seed, epoch)

    module = tokens.TokenLoss(model)
    record = loop.train(
        module, batches, tokens.loss, config, weight=lambda batch: batch.targets, folder=folder,
        description="Pretraining",
    )  # fmt: skip
    return tokenizer, model, record


def item_texts(catalog: Catalog) -> list[str]:
    """What is written of every item: its text, else its title, else its own id."""
    columns = zip(catalog.table["text"].to_list(), catalog.table["title"].to_list(), catalog.ids, strict=True)
    return [" ".join((text or title or own).split()) for text, title, own in columns]


def things_said(material: Material, texts: Sequence[str]) -> list[list[str]]:
    """Of every item what a page may say beside its semantic ID: title and facts, both short, more often than the text,
    since codes are learned by seeing them often."""
    facts = material.facts
    found = []
    for item, (title, text) in enumerate(zip(material.titles, texts, strict=True)):
        values = ", ".join(facts.facts[number].value for number in facts.of(item))
        found.append([title, title, values or title, text])
    return found


def fixed_words(material: Material) -> list[str]:
    """What tasks say around items and their facts, often enough for the tokenizer to learn its words."""
    said = [one for value in vars(wording).values() for one in _strings(value)]
    facts = [word for words in material.facts.words for word in words]
    return [re.sub(r"{\w*}", "", one) for one in [*said, *facts, *material.facts.attributes]] * 10


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = tuple(value.values())
    return [one for inner in value for one in _strings(inner)] if isinstance(value, tuple) else []


def documents(said: Sequence[Sequence[str]], ids: SemanticIds, seed: int, epoch: int) -> list[str]:
    """An epoch's texts: every item's semantic ID and one of the things `said` of it, in pages of a few items.

    On one page the texts come first, on the next the IDs. On half of the pages the items have semantic IDs next to each
    other, as a catalogue lists its goods, so that a page is read as a whole; on the others they have nothing in common,
    so that a text has to be known from its ID. One page in four is a conversation, so that the template's marks are
    known words later.
    """
    random = np.random.default_rng([seed, epoch])
    start, end_of_turn = CHATML_WORDS
    chat = f"{start}user\n{{}}{end_of_turn}\n{start}assistant\n{{}}{end_of_turn}"
    # Any level may come first in the order, so that neighbours are of all kinds.
    levels = random.permutation(ids.levels)
    order = np.lexsort([random.random(len(ids)), *(ids.codes[:, level] for level in levels[::-1])])
    alike = random.random(len(ids)) < 0.5
    order = np.concatenate([order[alike], random.permutation(order[~alike])])
    pages, begin = [], 0
    while begin < len(order):
        end = begin + int(random.integers(1, PAGE + 1))
        form = chat if random.random() < 0.25 else "{} {}"
        turned = bool(random.random() < 0.5)
        pairs = [
            (vocabulary.text(ids.codes[item]), said[item][int(random.integers(len(said[item])))])
            for item in random.permutation(order[begin:end]).tolist()
        ]
        pages.append("\n".join(form.format(*(pair[::-1] if turned else pair)) for pair in pairs))
        begin = end
    return pages


PAGE = 8
"""Items on a page, at most."""


def train_tokenizer(texts: Iterable[str], pieces: int) -> PreTrainedTokenizerBase:
    """A unigram sentencepiece tokenizer (Kudo 2018) of at most `pieces` pieces, as a fast tokenizer of transformers.

    Nothing is normalised and any byte can be written, so that decoding gives back what was encoded. Digits are single
    pieces. It has ChatML's marks and its template.
    """
    try:
        import sentencepiece
    except ImportError:
        raise UserError("a tokenizer of one's own needs sentencepiece: pip install 'genrec[lm]'") from None
    from transformers import PreTrainedTokenizerFast

    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([line for text in texts for line in text.splitlines() if line.strip()]),
        model_writer=written, model_type="unigram", vocab_size=pieces, hard_vocab_limit=False, byte_fallback=True,
        character_coverage=0.9999, normalization_rule_name="identity", remove_extra_whitespaces=False,
        add_dummy_prefix=False, split_digits=True, unk_id=0, bos_id=-1, eos_id=-1, pad_id=-1,
        max_sentence_length=1 << 20, num_threads=1, minloglevel=2,
    )  # fmt: skip
    trained = sentencepiece.SentencePieceProcessor(model_proto=written.getvalue())
    scored = [(trained.id_to_piece(piece), trained.get_score(piece)) for piece in range(trained.get_piece_size())]
    inner = Tokenizer(models.Unigram(scored, unk_id=0, byte_fallback=True))
    inner.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="never", split=True)
    inner.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    start, end = CHATML_WORDS
    tokenizer: PreTrainedTokenizerBase = PreTrainedTokenizerFast(
        tokenizer_object=inner, unk_token=scored[0][0], pad_token=END, eos_token=end,
        additional_special_tokens=[start], clean_up_tokenization_spaces=False,
    )  # fmt: skip
    tokenizer.chat_template = CHATML
    return tokenizer


def new_model(recipe: PretrainRecipe, tokenizer: PreTrainedTokenizerBase, seed: int) -> PreTrainedModel:
    """An untrained model of Qwen3's architecture (Qwen team 2025), its embeddings tied to its output layer."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(seed)
    config = Qwen3Config(
        vocab_size=len(tokenizer), hidden_size=recipe.width, num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads, num_key_value_heads=recipe.key_heads, head_dim=recipe.head_width,
        intermediate_size=recipe.inner, tie_word_embeddings=True, max_position_embeddings=recipe.positions,
        initializer_range=recipe.width**-0.5, bos_token_id=None, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    model: PreTrainedModel = Qwen3ForCausalLM(config)
    return model
