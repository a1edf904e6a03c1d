"""An understanding that asks a model: what both kinds of model have in common.

The model is believed only where its answer is valid for this catalogue; all else is as if it had never been said, and
the gazetteer hears the message.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from genrec.chat.shelves import Shelves
from genrec.chat.state import Heard, State, Understanding
from genrec.chat.understanding import GazetteerUnderstanding
from genrec.explain.writer import Write

Understand = Callable[[GazetteerUnderstanding], Understanding]
"""Makes an understanding over one version of a catalogue, of which it gets the gazetteer."""


class AskedUnderstanding(ABC):
    """write: the model. gazetteer: hears what it does not."""

    def __init__(self, gazetteer: GazetteerUnderstanding, write: Write) -> None:
        self.gazetteer, self.write = gazetteer, write
        self.shelves: Shelves = gazetteer.shelves

    def hear(self, message: str, so_far: State) -> Heard:
        """What the model says, where it is valid; else what the gazetteer hears. Errors of the model are no error."""
        asked = self.messages(message, so_far)
        if asked is None:
            return self.gazetteer.hear(message, so_far)
        try:
            answer = self.write(asked)
        except Exception:  # whatever a model's client may raise: the conversation goes on without it
            return self.gazetteer.hear(message, so_far)
        heard = self.read(answer, message, so_far)
        return self.gazetteer.hear(message, so_far) if heard is None else heard

    @abstractmethod
    def messages(self, message: str, so_far: State) -> list[dict[str, str]] | None:
        """What the model is asked; None where it is not."""

    @abstractmethod
    def read(self, answer: Any, message: str, so_far: State) -> Heard | None:
        """None where the answer is not valid."""
