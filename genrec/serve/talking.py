"""One turn of a conversation, its questions to the engine in the same queue as everybody's."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genrec.chat.model import ModelUnderstanding
from genrec.decode.requests import Recommendations
from genrec.serve.backend import Found, Recommend
from genrec.serve.batching import TooLate
from genrec.serve.service import Answered, Service

if TYPE_CHECKING:
    from genrec.chat.conversation import Conversation, Reply, Turn
    from genrec.explain.gazetteer import Synonyms
    from genrec.explain.writer import Write

TRIES = 3
"""Times that the catalogue may change under one answer."""


class Moved(Exception):
    """The catalogue has changed under an answer."""


@dataclass(frozen=True)
class Chatted:
    """What is said, and its items with the version they are of."""

    reply: Reply
    answered: Answered


class Talking:
    """Conversations with a service. synonyms: words for the columns' values that people may use. understand: a chat
    model that hears messages in the gazetteer's place, see `genrec.chat.model`."""

    def __init__(self, service: Service, *, synonyms: Synonyms | None = None, understand: Write | None = None) -> None:
        self.service, self.synonyms, self.understand = service, synonyms, understand

    async def chat(
        self,
        messages: Sequence[Mapping[str, str]],
        user: str | None = None,
        history: Sequence[str] = (),
        *,
        disliked: Sequence[str] = (),
        k: int = 5,
        where: Any = None,
        explain: bool = True,
    ) -> Chatted:
        """The answer to a conversation; what it asks of the engine goes through the batcher like all questions."""
        known = await self.service.known(user)
        self.service.check(history, where, disliked)
        whole = self.service.there([*known.history, *history])
        unloved = list(dict.fromkeys([*self.service.there(known.disliked), *disliked]))
        for trial in range(TRIES):
            try:
                return await self._chat(messages, user, whole, unloved, k, where, explain, known.missing)
            except Moved:
                if trial + 1 == TRIES:
                    raise TooLate("the catalogue changes faster than an answer is made: try again") from None
        raise AssertionError("unreachable")

    async def _chat(
        self,
        messages: Sequence[Mapping[str, Any]],
        user: str | None,
        history: list[str],
        disliked: list[str],
        k: int,
        where: Any,
        explain: bool,
        missing: list[str],
    ) -> Chatted:
        """Moved where the catalogue is another one when the engine answers than when the message was heard."""

        def hear() -> tuple[Conversation, Turn]:
            talk = self.service.recommender.conversation(self.synonyms)
            heard = None if self.understand is None else ModelUnderstanding(talk.gazetteer, self.understand)
            return talk, talk.hear(
                messages, history=history, disliked=disliked, k=k, where=where, understanding=heard
            )  # fmt: skip

        with self.service.metrics.stage("understand"):
            talk, turn = await asyncio.to_thread(hear)
        found: Found | None = None
        if turn.ask is not None:
            found = await self.service.ask(Recommend(turn.ask.request, turn.ask.k))
            if found.now is not talk.now:
                raise Moved
        shown = talk.pick(turn, found.items if found else None)
        wanted = [one.item_id for one in shown] if found else list(turn.about) if turn.intent == "explain" else []
        why = await self.service.why(history, wanted) if explain and (history or turn.about) else {}
        with self.service.metrics.stage("write"):
            reply = await asyncio.to_thread(talk.reply, turn, shown, why)
        answered = Answered(
            Found(Recommendations(reply.items), talk.now), reply.reasons, missing, self.service.model,
            id=f"chatcmpl-{uuid.uuid4().hex}",
        )  # fmt: skip
        self.service.note(answered, user, {"where": reply.where, "heard": list(reply.heard)}, "chat")
        return Chatted(reply, answered)
