"""One turn of a conversation with a recommender, from messages to the answer: what `Recommender.chat` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from genrec.chat.asked import Understand
from genrec.chat.conversation import Conversation, Reply
from genrec.errors import UserError

if TYPE_CHECKING:
    from genrec.decode.living import Snapshot
    from genrec.decode.requests import Recommendations, Request
    from genrec.explain.gazetteer import Synonyms
    from genrec.explain.writer import Explanation, Write

TRIES = 3
"""Times that a catalogue may change under one answer."""


class Engine(Protocol):
    """What a conversation needs of a recommender."""

    @property
    def snapshot(self) -> Snapshot: ...

    def conversation(self, synonyms: Synonyms | None = None) -> Conversation: ...

    def recommend_many(self, requests: list[Request], k: int) -> list[Recommendations]: ...

    def explain(
        self, history: Sequence[str], item_id: str, *, write: Write | None = None, synonyms: Synonyms | None = None
    ) -> Explanation: ...


def talk(
    engine: Engine,
    messages: Sequence[Mapping[str, Any]],
    history: Sequence[str],
    disliked: Sequence[str],
    k: int,
    where: Any,
    explain: bool,
    write: Write | None,
    synonyms: Synonyms | None,
    understand: Understand | None,
) -> Reply:
    """See `Recommender.chat`. understand: in the gazetteer's place. Where the catalogue changes between hearing and
    answering, it is all done again."""
    for trial in range(TRIES):
        conversation = engine.conversation(synonyms)
        heard = None if understand is None else understand(conversation.gazetteer)
        turn = conversation.hear(
            messages, history=history, disliked=disliked, k=k, where=where, understanding=heard
        )  # fmt: skip
        try:
            found = None if turn.ask is None else engine.recommend_many([turn.ask.request], turn.ask.k)[0]
            shown = conversation.pick(turn, found)
            past = [one for one in history if one in conversation.now.catalog.index]
            wanted = [one.item_id for one in shown] if turn.ask is not None else list(turn.about)
            wanted = wanted if explain and (turn.ask is not None or turn.intent == "explain") else []
            reasons = {
                one: engine.explain(past, one, write=write, synonyms=synonyms) for one in wanted if past or turn.about
            }
        except UserError:
            if trial + 1 < TRIES and engine.snapshot is not conversation.now:
                continue
            raise
        return conversation.reply(turn, shown, reasons)
    raise AssertionError("unreachable")
