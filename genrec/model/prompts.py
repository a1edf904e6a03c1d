"""Conversations as tokens, by the model's own chat template, and which of them an answer is learned from.

A template is rendered once per order of roles, with marks where the contents stand, and cut there. Contents of answers
are encoded apart from what surrounds them, in training as in serving: a model that writes an answer continues exactly
the tokens that training showed it. What precedes an answer is taken from the rendered conversation and not from the
template's «generation prompt», so templates that put an empty <think> block before an answer do so in both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from genrec.data.interactions import Sequences
from genrec.errors import UserError
from genrec.model.tasks.wording import NEXT_ITEM
from genrec.model.vocabulary import BEGIN, SidVocabulary

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Message = dict[str, str]

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
"""The template for a base that has none; its marks should be words of the tokenizer, see `CHATML_WORDS`."""
CHATML_WORDS = ("<|im_start|>", "<|im_end|>")
SID = "<|sid_"
_MARK = re.compile(r"<[^<>\s]+>|\[[^\[\]\s]+\]")
"""What steers a model is written like this; the other words that a base may have added to its tokens are words."""


@dataclass(frozen=True)
class Rendered:
    """One conversation of T tokens. mask: T of them, true on every token that an answer is: the loss is taken there."""

    tokens: list[int]
    mask: list[bool]


@dataclass(frozen=True, eq=False)
class Prompts:
    """B prompts as an engine takes them.

    tokens: int64 (B, T), padded with 0 on the right. lengths: int64 (B,). dropped: int64 (B,), how many of a history's
    oldest items found no room.
    """

    tokens: np.ndarray
    lengths: np.ndarray
    dropped: np.ndarray


def render(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]) -> Rendered:
    """A conversation for training, up to the token that ends its last answer.

    The mask is true on every assistant message and on the token that ends it. Some templates rewrite what came before
    the last question (Qwen3 takes its <think> blocks out): an earlier answer that would stand after other tokens when
    the model is asked for it is left out of the mask.

    UserError: no chat template, or one that cannot be cut at its contents. ValueError: the last message is no answer.
    """
    roles = tuple(message["role"] for message in messages)
    if not roles or roles[-1] != "assistant":
        raise ValueError(f"a conversation to learn from ends with the assistant's answer, not {roles[-1:]}")
    pieces = _checked_pieces(tokenizer, messages, roles)
    tokens: list[int] = []
    mask: list[bool] = []
    between = pieces[0]
    for place, message in enumerate(messages):
        content, after = _said(tokenizer, pieces, message), pieces[place + 1]
        if message["role"] != "assistant":
            between += content + after
            continue
        asked = _pieces(tokenizer, tokenizer.chat_template, roles[: place + 1])[: place + 1] == pieces[: place + 1]
        before, answer = _encode(tokenizer, between), _encode(tokenizer, content)
        end, between = _end_of_turn(tokenizer, tokenizer.chat_template, after)
        tokens += [*before, *answer, *end]
        mask += [False] * len(before) + [asked] * (len(answer) + len(end))
    return Rendered(tokens, mask)


def prompt(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], item: bool) -> list[int]:
    """The tokens that the answer to `messages` continues; with `item` up to <|sid_begin|>, so that codes come next."""
    roles = (*(message["role"] for message in messages), "assistant")
    pieces = _checked_pieces(tokenizer, [*messages, {"role": "assistant", "content": "."}], roles)
    tokens: list[int] = []
    between = pieces[0]
    for place, message in enumerate(messages):
        content, after = _said(tokenizer, pieces, message), pieces[place + 1]
        if message["role"] != "assistant":
            between += content + after
            continue
        end, rest = _end_of_turn(tokenizer, tokenizer.chat_template, after)
        tokens += [*_encode(tokenizer, between), *_encode(tokenizer, content), *end]
        between = rest
    tokens += _encode(tokenizer, between)
    return [*tokens, _begin(tokenizer)] if item else tokens


def next_item(
    tokenizer: PreTrainedTokenizerBase,
    vocabulary: SidVocabulary,
    codes: np.ndarray,
    histories: Sequences,
    *,
    window: int,
    max_items: int,
) -> Prompts:
    """Prompts for the item after each of B histories, ending in <|sid_begin|>. Equal to `prompt`, but for many at once.

    codes: uint16 (N, L), of all items. window: tokens that the model can read, the answer's L + 1 among them; the
    oldest items are dropped where a history has more than fit, or more than `max_items`.

    UserError where not even one item fits.
    """
    frame = prompt(tokenizer, ask_next(BEGIN), item=True)
    at = frame.index(vocabulary.begin)
    head, tail, width = frame[:at], frame[at + 1 :], codes.shape[1] + 2
    room = (window - len(head) - len(tail) - (width - 1)) // width
    if room < 1:
        raise UserError(
            f"a window of {window} tokens has no room for one item: the prompt around it takes "
            f"{len(head) + len(tail)}, an item {width}, the answer {width - 1}; set a longer window"
        )
    kept = histories.recent(min(room, max_items))
    # Where no item parts them, the tokenizer may join what stands around the history.
    none = prompt(tokenizer, ask_next(""), item=True)
    lengths = np.where(kept.lengths > 0, len(head) + len(tail) + width * kept.lengths, len(none))
    tokens = np.zeros((len(kept), int(lengths.max(initial=0))), np.int64)
    place = np.arange(tokens.shape[1])[None, :]
    ends = np.where(kept.lengths > 0, lengths - len(tail), 0)[:, None]
    tokens[(place >= len(head)) & (place < ends)] = vocabulary.tokens(codes[kept.items]).ravel()
    tokens[(place >= ends) & (place < ends + len(tail))] = np.tile(tail, len(kept))
    tokens[:, : len(head)] = head
    tokens[kept.lengths == 0] = np.pad(none, (0, tokens.shape[1] - len(none)))
    return Prompts(tokens, lengths, histories.lengths - kept.lengths)


def ask_next(items: str) -> list[Message]:
    """The question for the next item after `items`, their semantic IDs as text, oldest first."""
    return [{"role": "user", "content": NEXT_ITEM + items}]


def _checked_pieces(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], roles: tuple[str, ...]
) -> tuple[str, ...]:
    if not tokenizer.chat_template:
        raise UserError(
            "the base has no chat template, so nothing says where a question ends and an answer begins: give it the "
            "usual one with --set chat_template=chatml"
        )
    return _pieces(tokenizer, tokenizer.chat_template, roles)


@lru_cache(maxsize=256)
def _pieces(tokenizer: PreTrainedTokenizerBase, template: str, roles: tuple[str, ...]) -> tuple[str, ...]:
    """The text around the contents of a conversation with these roles: one piece more than there are messages."""
    marks = [f"content{place}mark" for place in range(len(roles))]
    text = _apply(tokenizer, [{"role": role, "content": mark} for role, mark in zip(roles, marks, strict=True)])
    pieces, rest = [], text
    for mark in marks:
        piece, found, rest = rest.partition(mark)
        if not found or mark in rest:
            raise _uncuttable()
        pieces.append(piece)
    pieces.append(rest)
    if not rest:
        raise UserError(
            "the base's chat template puts nothing after an answer, so the model could not learn to end one: take "
            "another with --set chat_template=chatml"
        )
    # Another content between the same pieces, or the template looks into contents.
    others = [f"Other {place}." for place in range(len(roles))]
    whole = "".join(one for pair in zip(pieces, [*others, ""], strict=True) for one in pair)
    if whole != _apply(tokenizer, [{"role": role, "content": it} for role, it in zip(roles, others, strict=True)]):
        raise _uncuttable()
    return tuple(pieces)


def _said(tokenizer: PreTrainedTokenizerBase, pieces: tuple[str, ...], message: Message) -> str:
    """A message's content as words and semantic IDs alone. Marks of the tokenizer or template, with which a text could
    end its own turn and begin another's, get a space behind their first letter and are words like others."""
    content = message["content"].strip()
    for mark in _marks(tokenizer, pieces):
        content = content.replace(mark, f"{mark[0]} {mark[1:]}")
    return content


@lru_cache(maxsize=256)
def _marks(tokenizer: PreTrainedTokenizerBase, pieces: tuple[str, ...]) -> tuple[str, ...]:
    known = {str(added.content) for added in tokenizer.added_tokens_decoder.values()}
    known |= {mark for piece in pieces for mark in _MARK.findall(piece)}
    return tuple(sorted(mark for mark in known if _MARK.fullmatch(mark) and not mark.startswith(SID)))


def _uncuttable() -> UserError:
    return UserError(
        "the base's chat template repeats, drops or changes what is said, so answers cannot be told from questions: "
        "take another with --set chat_template=chatml"
    )


def _apply(tokenizer: PreTrainedTokenizerBase, messages: list[Message]) -> str:
    try:
        return str(tokenizer.apply_chat_template(messages, tokenize=False, enable_thinking=False))
    except Exception as error:  # a template raises whatever its author chose
        raise UserError(
            f"the base's chat template refuses a conversation of {[m['role'] for m in messages]}: {error}; take "
            "another with --set chat_template=chatml"
        ) from error


@lru_cache(maxsize=256)
def _end_of_turn(tokenizer: PreTrainedTokenizerBase, template: str, after: str) -> tuple[tuple[int, ...], str]:
    """Of the text after an answer: the tokens up to the first mark of the template, and the text behind them."""
    tokens = _encode(tokenizer, after)
    marks = set(tokenizer.all_special_ids) | set(tokenizer.added_tokens_decoder)
    last = next((place for place, token in enumerate(tokens) if token in marks), 0)
    end = tokens[: last + 1]
    if tokens[last] in marks:
        mark = str(tokenizer.convert_ids_to_tokens(tokens[last]))
        return tuple(end), after.partition(mark)[2]
    # No mark: the whole piece ends the answer.
    return tuple(tokens), ""


def _encode(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False)) if text else []


def _begin(tokenizer: PreTrainedTokenizerBase) -> int:
    found = tokenizer.convert_tokens_to_ids(BEGIN)
    if not isinstance(found, int) or found == tokenizer.unk_token_id:
        raise UserError(f"the tokenizer has no word {BEGIN}: run `genrec lm train` on this run")
    return found
