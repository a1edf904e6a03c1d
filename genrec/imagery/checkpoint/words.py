"""The words that a text encoder reads: the item's first, then what was asked for, then the taste.

An encoder reads so many tokens and forgets the rest. Nothing is cut without a word: what does not fit is left out here,
where it can be said.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from genrec.imagery.commission import Commission, Kind

FRAMES: dict[Kind, str] = {"cover": "{}", "tryon": "a person wearing {}", "room": "a room with {}"}


@dataclass(frozen=True)
class Said:
    """item: without the taste. taste: with it; equal where there is none. left_out: words for which was no room."""

    item: str
    taste: str
    negative: str
    left_out: int


class Reader:
    """How many tokens the pipeline's text encoders take, all of them together.

    With several, the one that reads most decides: of a long text CLIP gives SD3 and FLUX a summary, T5 the words.
    """

    def __init__(self, pipe: Any) -> None:
        default = inspect.signature(type(pipe).__call__).parameters.get("max_sequence_length")
        self._tokenizers: list[tuple[Any, int]] = []
        for name in ("tokenizer", "tokenizer_2", "tokenizer_3"):
            tokenizer = getattr(pipe, name, None)
            if tokenizer is not None:
                most = min(int(tokenizer.model_max_length), 100_000)
                if default is not None and "T5" in type(tokenizer).__name__:
                    most = int(default.default)
                self._tokenizers.append((tokenizer, most))
        self.tokens = max((most for _, most in self._tokenizers), default=100_000)

    def fits(self, text: str) -> bool:
        """Whether some encoder reads all of it."""
        if not self._tokenizers:
            return True
        return any(len(one(text, truncation=False).input_ids) <= most for one, most in self._tokenizers)


def compose(commission: Commission, fits: Callable[[str], bool]) -> Said:
    """The texts of a commission, cut at words so that they fit; the strongest keywords and the item's words stay."""
    wanted = FRAMES[commission.kind].format(_flat(commission.subject.text) or "it")
    if commission.kind == "cover" and not commission.subject.text:
        wanted = ""
    asked = ", ".join(part for part in (_flat(commission.prompt), _flat(commission.style)) if part)
    keywords = list(commission.taste.keywords) if commission.taste is not None and commission.love > 0 else []
    some = keywords[: max(1, round(commission.love * len(keywords)))] if keywords else []
    item, lost = _fitted(wanted, asked, fits)
    taste, without = item, 0
    for word in some:
        longer = ", ".join(part for part in (taste, _flat(word)) if part)
        if fits(longer):
            taste = longer
        else:
            without += len(word.split())
    negative, unsaid = _fitted(_flat(commission.negative), "", fits)
    return Said(item, taste, negative, lost + without + unsaid)


def cut(text: str, fits: Callable[[str], bool]) -> str:
    """As many of its first words as fit."""
    return _fitted(_flat(text), "", fits)[0]


def _fitted(first: str, second: str, fits: Callable[[str], bool]) -> tuple[str, int]:
    """Both, the first before the second; where they do not fit, the second gives way to half of the room."""
    both = ", ".join(part for part in (first, second) if part)
    if fits(both):
        return both, 0
    firsts, seconds = first.split(), second.split()
    room = _most(firsts + seconds, fits)
    keep = min(len(seconds), max(room - len(firsts), room // 2))

    def together(head: str) -> str:
        return ", ".join(part for part in (head, " ".join(seconds[:keep])) if part)

    head = _most(firsts, lambda text: fits(together(text)))
    while firsts and not head and keep:  # the item's words go before all others
        keep -= 1
        head = _most(firsts, lambda text: fits(together(text)))
    while keep and not fits(together(" ".join(firsts[:head]))):
        keep -= 1
    return together(" ".join(firsts[:head])), len(firsts) - head + len(seconds) - keep


def _most(words: list[str], fits: Callable[[str], bool]) -> int:
    """The largest number of words, from the first on, that fit; more words are never fewer tokens."""
    low, high = 0, len(words)
    while low < high:
        middle = (low + high + 1) // 2
        if fits(" ".join(words[:middle])):
            low = middle
        else:
            high = middle - 1
    return low


def _flat(text: str) -> str:
    return " ".join(text.split()).rstrip(",")
