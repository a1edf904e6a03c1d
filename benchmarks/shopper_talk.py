"""The conversation between a shopper and a system, turn by turn. Who shops is the shopper's own secret.

A system is a function of what it may know, `Dialogue`: the history, the messages, what it showed. The target is in the
`Shopper` alone, who sees no more than the items of the last answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shopper_hearing import Judged, judged
from shopper_policy import SHOWN, TURNS, Message, Shopper


@dataclass
class Dialogue:
    """What a system may know of one conversation. meant: for those alone that hear exactly."""

    history: list[str]
    messages: list[dict[str, str]] = field(default_factory=list)
    shown: list[list[int]] = field(default_factory=list)
    meant: list[Message] = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    """items: item indices, the first `SHOWN` count. asks: the text is a question back. heard: constraints, if any."""

    items: list[int]
    text: str = ""
    asks: bool = False
    heard: Any = None


System = Callable[[Sequence[Dialogue]], list[Answer]]


@dataclass(frozen=True)
class Told:
    """One whole conversation: found in turn 1 to 5 or, 0, not at all; what was heard of every message."""

    shopper: Shopper
    found: int
    judged: list[Judged]
    heard: Any
    asked: int


def told(system: System, shoppers: Sequence[Shopper], histories: Sequence[list[str]]) -> list[Told]:
    """Everybody's conversation with `system`. histories: item ids, oldest first."""
    dialogues = [Dialogue(list(history)) for history in histories]
    found, asked = [0] * len(shoppers), [0] * len(shoppers)
    heard: list[list[Any]] = [[None] for _ in shoppers]
    last: list[Answer] = [Answer([]) for _ in shoppers]
    for turn in range(1, TURNS + 1):
        going = [n for n, at in enumerate(found) if not at]
        if not going:
            break
        for n in going:
            message = shoppers[n].speak(last[n].items, last[n].text if last[n].asks else None)
            dialogues[n].meant.append(message)
            dialogues[n].messages.append({"role": "user", "content": message.text})
        for n, answer in zip(going, system([dialogues[n] for n in going]), strict=True):
            last[n] = Answer(answer.items[:SHOWN], answer.text, answer.asks, answer.heard)
            dialogues[n].messages.append({"role": "assistant", "content": answer.text})
            dialogues[n].shown.append(last[n].items)
            heard[n].append(answer.heard)
            asked[n] += answer.asks
            if shoppers[n].found(last[n].items):
                found[n] = turn
    return [
        Told(
            shopper,
            found[n],
            [judged(heard[n][t], heard[n][t + 1], message) for t, message in enumerate(dialogues[n].meant)],
            heard[n][-1],
            asked[n],
        )
        for n, shopper in enumerate(shoppers)
    ]
