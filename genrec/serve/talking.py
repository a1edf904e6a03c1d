"""One turn of a conversation, its questions to the engine in the same queue as everybody's."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from genrec.chat.model import ModelUnderstanding
from genrec.decode.requests import Recommendations
from genrec.serve.backend import Find, Found, Recommend
from genrec.serve.batching import TooLate
from genrec.serve.service import Answered, Service

if TYPE_CHECKING:
    from PIL import Image

    from genrec.chat.conversation import Conversation, Reply, Turn
    from genrec.explain.gazetteer import Synonyms
    from genrec.explain.writer import Write

LIKE = r"(something |one |it |show me )?(just )?like (this|that|it)( one| picture| photo)?"
BUT = re.compile(rf"^\W*({LIKE})?[\s,]*(but|only)?\b", re.IGNORECASE)
"""How people begin who show a picture; what stands behind it is what shall be other."""
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
        adapter: str | None = None,
    ) -> Chatted:
        """The answer to a conversation; what it asks of the engine goes through the batcher like all questions."""
        language = self.service.by_language(None, adapter, False)
        known = await self.service.known(user)
        self.service.check(history, where, disliked)
        whole = self.service.there([*known.history, *history])
        unloved = list(dict.fromkeys([*self.service.there(known.disliked), *disliked]))
        for trial in range(TRIES):
            try:
                return await self._chat(
                    messages, user, whole, unloved, k, where, explain, known.missing, language, adapter
                )
            except Moved:
                if trial + 1 == TRIES:
                    raise TooLate("the catalogue changes faster than an answer is made: try again") from None
        raise AssertionError("unreachable")

    async def look(
        self,
        picture: Image.Image,
        said: str,
        user: str | None = None,
        *,
        disliked: Sequence[str] = (),
        k: int = 5,
        where: Any = None,
    ) -> Chatted:
        """The answer to a picture and what is said of it: «like this, but in red»; nothing, for what looks like it."""
        known = await self.service.known(user)
        deny = tuple(dict.fromkeys([*self.service.there(known.disliked), *disliked]))
        change = BUT.sub("", said).strip(" .!?")
        question = Find(k, picture=picture, change=change or None, where=where, deny=deny)
        answered = await self.service.find(question, user)
        talk = await asyncio.to_thread(self.service.recommender.conversation, self.synonyms)
        there = [one for one in answered.found.items if one.item_id in talk.now.catalog.index]
        reply = talk.seen(Recommendations(there), change)
        return Chatted(reply, replace(answered, missing=known.missing))

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
        language: bool,
        adapter: str | None,
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
            found = await self.service.ask(Recommend(turn.ask.request, turn.ask.k, language=language, adapter=adapter))
            if found.now is not talk.now:
                raise Moved
        shown = talk.pick(turn, found.items if found else None)
        wanted = [one.item_id for one in shown] if found else list(turn.about) if turn.intent == "explain" else []
        why = await self.service.why(history, wanted) if explain and (history or turn.about) else {}
        with self.service.metrics.stage("write"):
            reply = await asyncio.to_thread(talk.reply, turn, shown, why)
        items = Found(Recommendations(reply.items), talk.now)
        answered = Answered(items, reply.reasons, missing, self.service.signed(language), adapter)
        self.service.note(answered, user, {"where": reply.where, "heard": list(reply.heard)}, "chat")
        return Chatted(reply, answered)
