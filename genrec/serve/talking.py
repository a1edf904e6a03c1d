"""One turn of a conversation, its questions to the engine in the same queue as everybody's."""

from __future__ import annotations

import asyncio
import contextlib
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from genrec.chat.conversation import Conversation, Reply, Turn
from genrec.chat.vocabulary import QUIET, WORD
from genrec.decode.requests import Recommendations
from genrec.explain.gazetteer import stem
from genrec.serve.backend import Find, Found, Recommend
from genrec.serve.batching import Busy, TooLate
from genrec.serve.service import Answered, Service

if TYPE_CHECKING:
    from PIL import Image

    from genrec.chat.asked import Understand
    from genrec.explain.gazetteer import Synonyms

T = TypeVar("T")
_SHOWN = r"(something |one |it |show me )?(just )?like (this|that|it)( one| picture| photo)?"
LIKE = re.compile(rf"^\W*({_SHOWN})?[\s,]*(but|only)?\b", re.IGNORECASE)
"""How people begin who show a picture; what stands behind it is what shall be other."""
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
    """Conversations with a service. synonyms: words for the columns' values that people may use. understand: what
    hears messages in the gazetteer's place, see `genrec.chat.asked`."""

    def __init__(
        self, service: Service, *, synonyms: Synonyms | None = None, understand: Understand | None = None
    ) -> None:
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
            with contextlib.suppress(Moved):
                last = trial + 1 == TRIES
                return await self._chat(
                    messages, user, whole, unloved, k, where, explain, known.missing, last, language, adapter
                )
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
        language: bool,
        adapter: str | None,
    ) -> Chatted:
        """Moved where the catalogue is another one when the engine answers than when the message was heard; last: go
        on nevertheless."""

        def hear(understand: Understand | None) -> tuple[Conversation, Turn]:
            talk = self.service.recommender.conversation(self.synonyms)
            heard = None if understand is None else understand(talk.gazetteer)
            return talk, talk.hear(
                messages, history=history, disliked=disliked, k=k, where=where, understanding=heard
            )  # fmt: skip

        with self.service.metrics.stage("understand"):
            talk, turn = await self._heard(hear)
        found: Found | None = None
        if turn.ask is not None:
            asked = Recommend(turn.ask.request, turn.ask.k, language=language, adapter=adapter)
            found = await self.service.ask(asked)
            if found.now is not talk.now and not last:
                raise Moved
        shown = talk.pick(turn, found.items if found else None)
        wanted = [one.item_id for one in shown] if found else list(turn.about) if turn.intent == "explain" else []
        why = await self.service.why(history, wanted) if explain and (history or turn.about) else {}
        with self.service.metrics.stage("write"):
            reply = await asyncio.to_thread(talk.reply, turn, shown, why)
        version = found.now if found else talk.now
        signed, items = self.service.signed(language), Found(Recommendations(reply.items), version)
        answered = Answered(items, reply.reasons, missing, signed, adapter, id=_named())
        self.service.note(answered, user, {"where": reply.where, "heard": list(reply.heard)}, "chat")
        return Chatted(reply, answered)

    async def _heard(self, hear: Callable[[Understand | None], T]) -> T:
        """By the model that hears, where there is one and it does so in time; else by the gazetteer."""
        if self.understand is not None:
            with contextlib.suppress(Busy, TooLate):
                return await self.service.hearing.run(partial(hear, self.understand), timeout=self.service.patience)
        return await asyncio.to_thread(hear, None)

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
        talk = await asyncio.to_thread(self.service.recommender.conversation, self.synonyms)
        change = LIKE.sub("", words).strip(" .!?") if await asyncio.to_thread(_states, talk, words) else ""
        found: Found = await self.service.ask(Find(k, None, picture, None, change or None, where, None, denied))
        answered = Answered(found, {}, known.missing, self.service.model, id=_named())
        self.service.note(answered, user, {"where": where, "change": change, "deny": denied}, "chat")
        return Chatted(talk.seen(found.items, change), answered)


def _states(talk: Conversation, words: str) -> bool:
    """Whether they say what shall be other: «in red», and not «have you something like this?»."""
    written = talk.vocabulary.written
    return any(word not in QUIET and stem(word) in written for word in WORD.findall(words.lower()))


def _named() -> str:
    """An answer's id, as OpenAI's look."""
    return f"chatcmpl-{uuid.uuid4().hex}"
