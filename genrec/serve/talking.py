"""One turn of a conversation, its questions to the engine in the same queue as everybody's."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genrec.chat.constraints import Constraints
from genrec.chat.conversation import Conversation, Reply, Turn
from genrec.chat.listing import line, plain
from genrec.chat.model import ModelUnderstanding
from genrec.chat.vocabulary import QUIET, WORD
from genrec.decode.requests import Recommendations
from genrec.explain.gazetteer import stem
from genrec.serve.backend import Find, Found, Recommend
from genrec.serve.service import Answered, Service

if TYPE_CHECKING:
    from PIL import Image

    from genrec.explain.gazetteer import Synonyms
    from genrec.explain.writer import Explanation, Write

TRIES = 2
"""Times that an answer is begun whose catalogue changes under it. Then it is made of what there is: the engine's items
and their cards are of the newer version, words about them may be of the one before."""


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
            with contextlib.suppress(Moved):
                last = trial + 1 == TRIES
                return await self._chat(messages, user, whole, unloved, k, where, explain, known.missing, last)
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
        last: bool,
    ) -> Chatted:
        """Moved where the catalogue is another one when the engine answers than when the message was heard; last: go
        on nevertheless."""

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
            if found.now is not talk.now and not last:
                raise Moved
        shown = talk.pick(turn, found.items if found else None)
        wanted = [one.item_id for one in shown] if found else list(turn.about) if turn.intent == "explain" else []
        why = await self.service.why(history, wanted) if explain and (history or turn.about) else {}
        with self.service.metrics.stage("write"):
            reply = await asyncio.to_thread(talk.reply, turn, shown, why)
        version = found.now if found else talk.now
        answered = _answered(Found(Recommendations(reply.items), version), reply.reasons, missing, self.service.model)
        self.service.note(answered, user, {"where": reply.where, "heard": list(reply.heard)}, "chat")
        return Chatted(reply, answered)

    async def look(
        self,
        picture: Image.Image,
        words: str,
        user: str | None = None,
        *,
        disliked: Sequence[str] = (),
        k: int = 5,
        where: Any = None,
    ) -> Chatted:
        """The answer to a picture: what looks like it, but for what the words beside it state."""
        known = await self.service.known(user)
        self.service.check([], where, disliked)
        denied = list(dict.fromkeys([*self.service.there(known.disliked), *disliked]))
        change = words if await asyncio.to_thread(self._states, words) else None
        found: Found = await self.service.ask(Find(k, None, picture, None, change, where, None, denied))
        lines = [line(place, one.title or one.item_id, one.item_id) for place, one in enumerate(found.items, 1)]
        head = "Most like your picture:" if change is None else f"Like your picture, {plain(words, 80)}:"
        text = "\n".join([head, "", *lines]) if lines else "There is nothing left that fits."
        reply = Reply(text, tuple(found.items), {}, (), where, "search", Constraints())
        answered = _answered(found, {}, known.missing, self.service.model)
        self.service.note(answered, user, {"where": where, "change": change, "deny": denied}, "chat")
        return Chatted(reply, answered)

    def _states(self, words: str) -> bool:
        """Whether they say what shall be other: «in red», and not «have you something like this?»."""
        written = self.service.recommender.conversation(self.synonyms).vocabulary.written
        return any(word not in QUIET and stem(word) in written for word in WORD.findall(words.lower()))


def _answered(found: Found, why: Mapping[str, Explanation], missing: list[str], model: str) -> Answered:
    return Answered(found, why, missing, model, id=f"chatcmpl-{uuid.uuid4().hex}")
